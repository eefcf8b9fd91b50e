"""Headers that the proxy adds, changes and removes on the way, in both directions."""

from harness.vocabulary import *

edge = {"use_remote_address": True}


def seen(name, headers=None, **more):
    """One GET with these headers: what did the upstream get, what the client?"""
    case(name, send=more.pop("send", [get("/", headers)]), **more)


# What is added by default ---------------------------------------------------------------------------------------------

seen("defaults of a GET")
case(
    "defaults of other methods",
    send=[request(method, "/") for method in ("DELETE", "OPTIONS", "PATCH", "PUT", "POST", "TRACE", "PROPFIND")],
)
case("POST without a body is sent on with content-length 0", send=[post("/"), request("PUT", "/")])
seen(
    "upstream's server and date are replaced",
    upstream=[reply(200, {"Server": "mine", "Date": "Mon, 01 Jan 2001 00:00:00 GMT", "X-Other": "kept"}, "ok")],
)
seen("server_name", hcm={"server_name": "front"})
seen(
    "server header passed through",
    hcm={"server_header_transformation": "PASS_THROUGH"},
    upstream=[reply(200, {"server": "mine"}), reply(200)],
    send=[get("/"), get("/without")],
)
seen(
    "server header appended if absent",
    hcm={"server_header_transformation": "APPEND_IF_ABSENT"},
    upstream=[reply(200, {"server": "mine"}), reply(200)],
    send=[get("/"), get("/without")],
)
seen(
    "via and user agent",
    hcm={"via": "1.1 front", "add_user_agent": True},
    bootstrap={"node": {"cluster": "c"}},
    send=[get("/"), get("/", {"via": "1.0 other", "user-agent": "ua"})],
)
seen("names are lower-cased, values trimmed", {"X-MiXed": " \t padded \t ", "X-Empty": ""})
seen(
    "repeated headers keep their order",
    [("x-a", "1"), ("x-b", "2"), ("x-a", "3"), ("cookie", "a=1"), ("cookie", "b=2")],
)
seen(
    "repeated response headers keep their order",
    upstream=[
        reply(200, [("X-A", "1"), ("Set-Cookie", "a=1"), ("x-b", "2"), ("x-a", "3"), ("set-cookie", "b=2")], "ok")
    ],
)
seen("suppress_envoy_headers", router={"suppress_envoy_headers": True})
seen(
    "x-envoy headers of the upstream reach the client",
    upstream=[
        reply(
            200,
            {"x-envoy-ratelimited": "true", "x-envoy-overloaded": "true", "x-envoy-upstream-service-time": "99"},
            "ok",
        )
    ],
)

# Forwarding headers ---------------------------------------------------------------------------------------------------

seen("x-forwarded-for is left alone by default", {"x-forwarded-for": "203.0.113.7, 198.51.100.9"})
seen("x-forwarded-for at the edge", hcm=edge, send=[get("/"), get("/", {"x-forwarded-for": "203.0.113.7"})])
seen(
    "x-forwarded-for with a trusted hop",
    {"x-forwarded-for": "203.0.113.7, 198.51.100.9"},
    hcm={**edge, "xff_num_trusted_hops": 1},
)
seen("skip_xff_append", {"x-forwarded-for": "203.0.113.7"}, hcm={**edge, "skip_xff_append": True})
seen("x-forwarded-proto is kept by default", {"x-forwarded-proto": "https"})
seen("x-forwarded-proto at the edge is overwritten", {"x-forwarded-proto": "https"}, hcm=edge)
seen("odd x-forwarded-proto", send=[get("/", {"x-forwarded-proto": value}) for value in ("ftp", "HTTPS", "a b")])
seen("empty x-forwarded-proto", {"x-forwarded-proto": ""})
seen("x-forwarded-host and -port pass", {"x-forwarded-host": "other", "x-forwarded-port": "99"}, hcm=edge)
seen(
    "append_x_forwarded_port at the edge",
    hcm={**edge, "append_x_forwarded_port": True},
    send=[get("/"), get("/", {"x-forwarded-port": "99"})],
)
seen(
    "append_x_forwarded_port with a trusted hop",
    hcm={**edge, "append_x_forwarded_port": True, "xff_num_trusted_hops": 1},
    send=[get("/"), get("/", {"x-forwarded-port": "99", "x-forwarded-proto": "https"})],
)
seen(
    "append_x_forwarded_port without use_remote_address",
    hcm={"append_x_forwarded_port": True},
    send=[get("/"), get("/", {"x-forwarded-port": "99"})],
)
seen(
    "add_user_agent at the edge with every header",
    {"x-envoy-downstream-service-cluster": "spoofed", "user-agent": ""},
    hcm={**edge, "add_user_agent": True, "append_x_forwarded_port": True, "via": "v"},
    bootstrap={"node": {"cluster": "c"}},
)
seen("add_user_agent by the flags", hcm={"add_user_agent": True}, flags=("--service-cluster", "flagged", "--service-node", "n"))
seen(
    "add_user_agent with a node in the file and in the flags",
    hcm={"add_user_agent": True},
    bootstrap={"node": {"cluster": "c", "id": "i"}},
    flags=("--service-cluster", "flagged", "--service-node", "n"),
)
MARKED = [
    direct({"prefix": "/", "headers": [{"name": "x-request-id", "string_match": {"prefix": "12345678-1234-4"}}]}, "not"),
    direct({"prefix": "/", "headers": [{"name": "x-request-id", "string_match": {"prefix": "12345678-1234-"}}]}, "kept"),
]
UUIDS = ["12345678-1234-9234-8234-123456789abc", "12345678-1234-1234-8234-123456789abc", "12345678-1234-923"]
preserving = {**edge, "preserve_external_request_id": True}
seen(
    "a traced x-request-id preserved at the edge",
    hcm=preserving,
    routes=MARKED,
    send=[get("/", {"x-request-id": uuid}) for uuid in UUIDS],
)
seen(
    "a traced x-request-id preserved without pack_trace_reason",
    hcm={
        **preserving,
        "request_id_extension": {
            "typed_config": {
                "@type": TYPE + "envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
                "pack_trace_reason": False,
            }
        },
    },
    routes=MARKED,
    send=[get("/", {"x-request-id": UUIDS[0]})],
)
seen(
    "x-request-id of the client is kept by default",
    send=[get("/", {"x-request-id": "abc"}), get("/", {"x-request-id": ""})],
)
seen("x-request-id at the edge is replaced", {"x-request-id": "abc"}, hcm=edge)
seen("x-request-id preserved at the edge", {"x-request-id": "abc"}, hcm={**edge, "preserve_external_request_id": True})
seen("x-request-id in the response", {"x-request-id": "abc"}, hcm={"always_set_request_id_in_response": True})
seen(
    "x-request-id in a local reply",
    {"x-request-id": "abc"},
    hcm={"always_set_request_id_in_response": True},
    routes=[to("/none")],
)
seen("x-request-id not generated", hcm={"generate_request_id": False})
seen(
    "x-envoy headers of an external client are stripped",
    {
        "x-envoy-retry-on": "5xx",
        "x-envoy-max-retries": "2",
        "x-envoy-upstream-rq-timeout-ms": "10",
        "x-envoy-internal": "true",
        "x-envoy-force-trace": "true",
        "x-envoy-original-path": "/orig",
        "x-envoy-expected-rq-timeout-ms": "5",
        "x-envoy-decorator-operation": "op",
        "x-envoy-other": "stays",
    },
)
seen(
    "x-envoy headers of an internal client work",
    {"x-envoy-upstream-rq-timeout-ms": "200"},
    upstream=[hang()],
    hcm={**edge, "internal_address_config": {"cidr_ranges": [{"address_prefix": "127.0.0.0", "prefix_len": 8}]}},
)

# Hop by hop -----------------------------------------------------------------------------------------------------------

seen(
    "headers named in connection are removed",
    {"connection": "x-drop, keep-alive, X-Also", "x-drop": "1", "x-also": "2", "x-keep": "3"},
)
seen(
    "hop-by-hop headers of a request",
    {
        "keep-alive": "timeout=5",
        "proxy-connection": "keep-alive",
        "proxy-authorization": "Basic xyz",
        "proxy-authenticate": "x",
        "trailer": "x-t",
        "te": "gzip, trailers",
    },
)
seen(
    "te only as trailers", send=[get("/", {"te": value}) for value in ("trailers", "gzip", "trailers, gzip;q=0.5", "")]
)
seen(
    "hop-by-hop headers of a response",
    upstream=[
        reply(
            200,
            {
                "connection": "x-drop",
                "x-drop": "1",
                "keep-alive": "timeout=5",
                "proxy-connection": "keep-alive",
                "proxy-authenticate": "Basic",
                "trailer": "x-t",
                "upgrade": "h2c",
            },
            "ok",
        )
    ],
)
seen(
    "connection naming what must stay",
    send=[
        get("/", {"connection": "host"}),
        post("/", "abc", {"connection": "content-length"}),
        get("/", {"connection": "cookie", "cookie": "a=1"}),
        get("/", {"connection": "x-forwarded-proto"}),
        get("/", {"connection": "transfer-encoding"}),
        get("/", {"connection": "x-request-id"}),
    ],
)
seen("client asks to close", {"connection": "close"})
seen("client asks to close with proxy-connection", {"proxy-connection": "close"})
seen("client asks to keep alive", send=[conn(get("/", {"connection": "keep-alive"}), get("/again"))])
seen("upgrade that is not allowed", {"connection": "upgrade", "upgrade": "websocket"})
seen(
    "upgrade to h2c is ignored",
    {"connection": "upgrade, http2-settings", "upgrade": "h2c", "http2-settings": "AAMAAABk"},
)

# Mutations ------------------------------------------------------------------------------------------------------------


def add(key, value, action=None, **more):
    option = {"header": {"key": key, "value": value}, **more}
    if action:
        option["append_action"] = action
    return option


case(
    "mutations of request and response, innermost first",
    send=[get("/", {"x-l": "client"})],
    upstream=[reply(200, {"x-l": "upstream"}, "ok")],
    route_entry={"request_headers_to_add": [add("x-l", "route")], "response_headers_to_add": [add("x-l", "route")]},
    vhost={"request_headers_to_add": [add("x-l", "vhost")], "response_headers_to_add": [add("x-l", "vhost")]},
    route_config={"request_headers_to_add": [add("x-l", "global")], "response_headers_to_add": [add("x-l", "global")]},
)

case(
    "most specific mutations win",
    send=[get("/")],
    route_entry={"request_headers_to_add": [add("x-l", "route", "OVERWRITE_IF_EXISTS_OR_ADD")]},
    vhost={"request_headers_to_add": [add("x-l", "vhost", "OVERWRITE_IF_EXISTS_OR_ADD")]},
    route_config={
        "most_specific_header_mutations_wins": True,
        "request_headers_to_add": [add("x-l", "global", "OVERWRITE_IF_EXISTS_OR_ADD")],
    },
)

case(
    "append actions on present and absent headers",
    send=[get("/", [("x-a", "1"), ("x-a", "2"), ("x-b", "1"), ("x-c", "1"), ("x-d", "1")])],
    route_entry={
        "request_headers_to_add": [
            add("x-a", "new", "APPEND_IF_EXISTS_OR_ADD"),
            add("x-a2", "new", "APPEND_IF_EXISTS_OR_ADD"),
            add("x-b", "new", "ADD_IF_ABSENT"),
            add("x-b2", "new", "ADD_IF_ABSENT"),
            add("x-c", "new", "OVERWRITE_IF_EXISTS_OR_ADD"),
            add("x-c2", "new", "OVERWRITE_IF_EXISTS_OR_ADD"),
            add("x-d", "new", "OVERWRITE_IF_EXISTS"),
            add("x-d2", "new", "OVERWRITE_IF_EXISTS"),
        ]
    },
)

case(
    "empty values are not added, unless kept",
    send=[get("/")],
    route_entry={
        "request_headers_to_add": [
            add("x-empty", "%REQ(x-none)%"),
            add("x-kept", "%REQ(x-none)%", keep_empty_value=True),
            add("x-blank", ""),
        ]
    },
)

case(
    "headers removed, then added",
    send=[get("/", {"x-a": "1", "x-b": "2", "user-agent": "ua"})],
    upstream=[reply(200, {"x-a": "1", "x-b": "2"}, "ok")],
    route_entry={
        "request_headers_to_remove": ["x-a", "X-B", "user-agent"],
        "response_headers_to_remove": ["x-a", "server"],
        "request_headers_to_add": [add("x-b", "again")],
    },
)

case(
    "command operators in added headers",
    send=[get("/p?q=1", {"x-in": "v"})],
    upstream=[reply(200, {"x-up": "u"}, "ok")],
    route_entry={
        "name": "named",
        "request_headers_to_add": [
            add(f"x-{number}", text)
            for number, text in enumerate(
                [
                    "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
                    "%REQ(x-in)%",
                    "%REQ(x-none?x-in)%",
                    "%REQ(x-in):1%",
                    "%PROTOCOL%",
                    "%REQ(:METHOD)% %REQ(:PATH)% %REQ(:AUTHORITY)%",
                    "100%%",
                    "%ROUTE_NAME%",
                    "%UPSTREAM_CLUSTER%",
                ]
            )
        ],
        "response_headers_to_add": [
            add("x-code", "%RESPONSE_CODE%"),
            add("x-up2", "%RESP(x-up)%"),
            add("x-flags", "%RESPONSE_FLAGS%"),
            add("x-from", "%REQ(x-in)%"),
        ],
    },
)

case(
    "response mutations on local replies",
    routes=[
        {"match": {"path": "/direct"}, "direct_response": {"status": 200, "body": {"inline_string": "d"}}},
        {"match": {"path": "/redirect"}, "redirect": {"path_redirect": "/x"}},
        {"match": {"path": "/refused"}, "route": {"cluster": "b"}},
    ],
    upstreams={"b": [refused()]},
    vhost={"response_headers_to_add": [add("x-v", "vhost")]},
    route_config={"response_headers_to_add": [add("x-g", "global")]},
    send=[get("/direct"), get("/redirect"), get("/refused"), get("/none")],
)
