"""rbac of requests and of connections: by SPIFFE id, name and subject, by what is asked for, and its refusals."""

from harness.vocabulary import *

HTTP_RBAC = TYPE + "envoy.extensions.filters.http.rbac.v3.RBAC"
NETWORK_RBAC = TYPE + "envoy.extensions.filters.network.rbac.v3.RBAC"
LOG = [
    file_log(
        json_format={
            "code": "%RESPONSE_CODE%",
            "flags": "%RESPONSE_FLAGS%",
            "details": "%RESPONSE_CODE_DETAILS%",
            "cluster": "%UPSTREAM_CLUSTER%",
            "termination": "%CONNECTION_TERMINATION_DETAILS%",
            "requests": "%DYNAMIC_METADATA(envoy.filters.http.rbac)%",
            "connections": "%DYNAMIC_METADATA(envoy.filters.network.rbac)%",
            "hint": "%DYNAMIC_METADATA(envoy.common:access_log_hint)%",
        }
    )
]
ANYTHING, ANYBODY = {"any": True}, {"any": True}
SPIFFE = "spiffe://cluster.local/ns/default/sa/"


def rules(*principals, action="ALLOW", permissions=(ANYTHING,), **more):
    policy = {"permissions": list(permissions), "principals": list(principals or (ANYBODY,)), **more}
    return {"action": action, "policies": {"p": policy}}


def called(**match):
    return {"authenticated": {"principal_name": match}}


CLIENT = called(exact=SPIFFE + "client")


def of_requests(name, *steps, socket=None, filters=None, **fields):
    typed = [{"@type": HTTP_RBAC, **one} for one in (filters or [fields])]
    chain = [{"name": f"rbac{number}", "typed_config": one} for number, one in enumerate(typed)]
    case(
        name,
        chains=[downstream_tls(ca="root") if socket is None else socket],
        hcm={"http_filters": [*chain, router()]},
        log=LOG,
        send=list(steps),
        scopes=("http.h.",),
    )


def by(*certificates, path="/"):
    return [tls(get(path), cert=name) if name else tls(get(path)) for name in certificates]


# By identity ----------------------------------------------------------------------------------------------------------

of_requests("a SPIFFE id is allowed", *by("client", "other", None), rules=rules(CLIENT))
of_requests("a SPIFFE id is denied", *by("client", "other", None), rules=rules(CLIENT, action="DENY"))
of_requests(
    "a namespace", *by("client", "other", "odd"), rules=rules(called(prefix="spiffe://cluster.local/ns/default/"))
)
of_requests("a pattern", *by("client", "other"), rules=rules(called(safe_regex={"regex": ".*/sa/cli[a-z]+"})))
of_requests("a second SPIFFE id", *by("odd"), rules=rules(called(suffix="sa/second")))
of_requests("a DNS name", *by("wild", "client"), rules=rules(called(exact="wild.example")))
of_requests("a DNS name beside a SPIFFE id", *by("client"), rules=rules(called(exact="client.example")))
of_requests("a subject", *by("common-name"), rules=rules(called(exact="CN=server.example")))
of_requests("a subject beside names", *by("client"), rules=rules(called(exact="CN=client,O=Mesh")))
of_requests("anybody who is authenticated", *by("client", "common-name", None), rules=rules({"authenticated": {}}))
of_requests("anybody who is authenticated, plaintext", get("/"), socket={}, rules=rules({"authenticated": {}}))
of_requests("a SPIFFE id over plaintext", get("/"), socket={}, rules=rules(CLIENT))
of_requests(
    "a header is no identity",
    tls(get("/", {"x-forwarded-client-cert": "URI=" + SPIFFE + "client"}), cert="other"),
    rules=rules(CLIENT),
)
of_requests("not a SPIFFE id", *by("client", "other"), rules=rules({"not_id": CLIENT}))
of_requests(
    "one of two", *by("client", "other", "second"), rules=rules({"or_ids": {"ids": [CLIENT, called(suffix="/other")]}})
)
of_requests(
    "both of two",
    *by("client", "other"),
    rules=rules({"and_ids": {"ids": [CLIENT, {"direct_remote_ip": {"address_prefix": "127.0.0.0", "prefix_len": 8}}]}}),
)

# By what is asked for -------------------------------------------------------------------------------------------------


def permitted(name, permission, *steps):
    of_requests(name, *steps, socket={}, rules=rules(permissions=[permission]))


permitted(
    "a path",
    {"url_path": {"path": {"prefix": "/open"}}},
    get("/open/x?y=1"),
    get("/closed"),
    get("/openness"),
    get("/%6fpen"),
)
permitted("an exact path", {"url_path": {"path": {"exact": "/open"}}}, get("/open?x=1"), get("/open/"), get("/OPEN"))
permitted("a method", {"header": {"name": ":method", "string_match": {"exact": "GET"}}}, get("/"), post("/", "x"))
permitted(
    "a header",
    {"header": {"name": "x-role", "string_match": {"exact": "admin"}}},
    get("/", {"x-role": "admin"}),
    get("/"),
)
permitted(
    "not a header",
    {"not_rule": {"header": {"name": "x-role", "present_match": True}}},
    get("/", {"x-role": "a"}),
    get("/"),
)
permitted("a port", {"destination_port": 1}, get("/"))
permitted("a range of ports", {"destination_port_range": {"start": 1024, "end": 65535}}, get("/"))
permitted("an address", {"destination_ip": {"address_prefix": "127.0.0.1", "prefix_len": 32}}, get("/"))
permitted(
    "all of several",
    {
        "and_rules": {
            "rules": [
                {"url_path": {"path": {"prefix": "/a"}}},
                {"header": {"name": ":method", "string_match": {"exact": "GET"}}},
            ]
        }
    },
    get("/a"),
    get("/b"),
    post("/a", ""),
)
permitted(
    "one of several",
    {"or_rules": {"rules": [{"url_path": {"path": {"prefix": "/a"}}}, {"url_path": {"path": {"prefix": "/b"}}}]}},
    get("/a"),
    get("/b"),
    get("/c"),
)

# Several, shadows, nothing --------------------------------------------------------------------------------------------

of_requests("rules that are only logged", *by("client", "other"), rules=rules(CLIENT, action="LOG"))
of_requests("shadow rules", *by("client", "other"), rules=rules(), shadow_rules=rules(CLIENT))
of_requests("shadow rules alone", *by("client", "other"), shadow_rules=rules(CLIENT))
of_requests(
    "rules with names",
    *by("client", "other"),
    rules=rules(),
    shadow_rules=rules(CLIENT),
    rules_stat_prefix="ru_",
    shadow_rules_stat_prefix="sh_",
)
of_requests("policies counted", *by("client", "other"), rules=rules(CLIENT), track_per_rule_stats=True)
of_requests("no policy", get("/"), socket={}, rules={"action": "ALLOW"})
of_requests("no policy denies nobody", get("/"), socket={}, rules={"action": "DENY"})
of_requests("no rules", get("/"), socket={})
of_requests(
    "several policies",
    *by("client", "other"),
    rules={
        "policies": {
            "z": {"permissions": [ANYTHING], "principals": [CLIENT]},
            "a": {"permissions": [ANYTHING], "principals": [called(prefix="spiffe://")]},
        }
    },
)
of_requests(
    "two filters",
    *by("client", "other"),
    filters=[{"rules": rules(called(suffix="/other"), action="DENY")}, {"rules": rules(called(prefix="spiffe://"))}],
)
of_requests("HEAD and POST refused", tls(head("/"), post("/", "body")), rules=rules(CLIENT))

# Per route ------------------------------------------------------------------------------------------------------------

PER_ROUTE = TYPE + "envoy.extensions.filters.http.rbac.v3.RBACPerRoute"
FILTER_CONFIG = TYPE + "envoy.config.route.v3.FilterConfig"
DENY_ALL = rules(action="DENY")


def says(rbac=None, **config):
    """typed_per_filter_config: what a route says to the filter `rbac0`."""
    typed = config or {"@type": PER_ROUTE, **({"rbac": rbac} if rbac is not None else {})}
    return {"typed_per_filter_config": {"rbac0": typed}}


def with_routes(name, *steps, disabled=False, vhost=None, route_config=None, routes=(), **fields):
    named = {"name": "rbac0", "typed_config": {"@type": HTTP_RBAC, **fields}}
    if disabled:
        named["disabled"] = True
    case(
        name,
        routes=[*routes, to("/")],
        vhost=vhost or {},
        route_config=route_config or {},
        hcm={"http_filters": [named, router()]},
        log=LOG,
        send=list(steps),
        scopes=("http.h.",),
    )


with_routes(
    "a route's own rules",
    get("/open"), get("/shadow"), get("/named"), get("/other"),
    rules=DENY_ALL, rules_stat_prefix="f.", shadow_rules_stat_prefix="s",
    routes=[
        {**to("/open"), **says()},
        {**to("/shadow"), **says({"shadow_rules": DENY_ALL})},
        {**to("/named"), **says({
            "rules": rules(), "rules_stat_prefix": "route_", "track_per_rule_stats": True,
            "shadow_rules": rules(action="LOG"), "shadow_rules_stat_prefix": "route.",
        })},
    ],
)  # fmt: skip
with_routes(
    "the most specific level has the word",
    get("/route"), get("/host"),
    rules=rules(), routes=[{**to("/route"), **says({"rules": rules()})}],
    vhost=says({"rules": DENY_ALL}), route_config=says({"rules": rules()}),
)  # fmt: skip
with_routes("a route configuration's rules", get("/"), rules=rules(), route_config=says({"rules": DENY_ALL}))
with_routes(
    "a weighted cluster's rules", get("/"), rules=rules(),
    routes=[{"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": [
        {"name": "a", "weight": 1, **says({"rules": DENY_ALL})},
    ]}}}],
)  # fmt: skip
with_routes(
    "a filter left out, and brought back",
    get("/out"), get("/in"),
    rules=DENY_ALL, vhost=says(**{"@type": FILTER_CONFIG, "disabled": True}),
    routes=[{**to("/in"), **says(**{"@type": FILTER_CONFIG, "config": {}})}],
)  # fmt: skip
with_routes(
    "a disabled filter, and brought back",
    get("/out"), get("/in"), get("/own"),
    disabled=True, rules=DENY_ALL,
    routes=[
        {**to("/in"), **says(**{"@type": FILTER_CONFIG, "config": {}})},
        {**to("/own"), **says({"rules": rules()})},
    ],
)  # fmt: skip


def looks_up(source, namespace, *path, **value):
    matcher = {"filter": namespace, "path": [{"key": key} for key in path], "value": value}
    return {"sourced_metadata": {"metadata_matcher": matcher, "metadata_source": source}}


LABELS = {"metadata": {"filter_metadata": {"labels": {"app": {"tier": ["gold", 3, None]}, "on": True, "n": 2.5}}}}
for label, value in {
    "a list": looks_up("ROUTE", "labels", "app", "tier", list_match={"one_of": {"string_match": {"exact": "gold"}}}),
    "no list": looks_up("ROUTE", "labels", "app", "tier", string_match={"exact": "gold"}),
    "a number": looks_up("ROUTE", "labels", "n", double_match={"range": {"start": 2.5, "end": 3}}),
    "a bool": looks_up("ROUTE", "labels", "on", bool_match=False),
    "an object": looks_up("ROUTE", "labels", "app", present_match=True),
    "nothing": looks_up("ROUTE", "labels", "gone", present_match=False),
    "no absence": looks_up("ROUTE", "labels", "on", present_match=False),
    "nothing null": looks_up("ROUTE", "labels", "gone", null_match={}),
    "one of two": looks_up(
        "ROUTE", "labels", "n", or_match={"value_matchers": [{"null_match": {}}, {"double_match": {"exact": 2.5}}]}
    ),
    "the request's own": looks_up("DYNAMIC", "labels", "on", present_match=True),
}.items():
    with_routes(
        f"a route's metadata has {label}", get("/m"), get("/none"),
        rules=rules(permissions=[value]), routes=[{**to("/m"), **LABELS}],
    )  # fmt: skip
of_requests(
    "what the filter before has found",
    get("/a"), get("/b"),
    socket={},
    filters=[
        {"rules": rules(permissions=[{"url_path": {"path": {"exact": "/a"}}}], action="LOG")},
        {"rules": rules(permissions=[looks_up("DYNAMIC", "envoy.common", "access_log_hint", bool_match=True)])},
    ],
)  # fmt: skip

# Where from -----------------------------------------------------------------------------------------------------------

NET = {"address_prefix": "10.1.0.0", "prefix_len": 16}
FORWARDED = {"x-forwarded-for": "10.1.2.3"}
for kind in ("remote_ip", "direct_remote_ip", "source_ip"):
    of_requests(f"{kind} and x-forwarded-for", get("/", FORWARDED), get("/"), socket={}, rules=rules({kind: NET}))
NAMED = rules(permissions=[{"requested_server_name": {"exact": "server.example"}}])
case(
    "a server name that tls_inspector saw",
    chains=[downstream_tls()],
    listener=tls_inspector(),
    hcm={"http_filters": [{"name": "r", "typed_config": {"@type": HTTP_RBAC, "rules": NAMED}}, router()]},
    log=LOG,
    send=[tls(get("/"), sni="Server.Example"), tls(get("/"), sni="other.example")],
    scopes=("http.h.",),
)
of_requests("a server name that only TLS saw", tls(get("/"), sni="server.example"), rules=NAMED)

# Of connections -------------------------------------------------------------------------------------------------------


def of_connections(name, *steps, socket=None, upstream=None, http=False, **fields):
    rbac = {"@type": NETWORK_RBAC, "stat_prefix": "rb.", **fields}
    proxy = {"@type": TCP_PROXY, "stat_prefix": "t", "cluster": "a", "access_log": LOG}
    last = http_filter(access_log=LOG) if http else {"name": "t", "typed_config": proxy}
    chain = {**(mutual_tls() if socket is None else socket), "filters": [{"name": "r", "typed_config": rbac}, last]}
    case(
        name,
        chains=[chain],
        log=False,
        upstream=upstream or [tcp_host([recv(4), raw("pong"), recv_eof()])],
        send=list(steps),
        scopes=("rb.", "tcp.t.downstream_cx_total", "http.h.downstream_rq"),
    )


def ping(**fields):
    return tls(raw("ping"), recv_eof(0.4), **fields)


of_connections("a connection by SPIFFE id", ping(cert="client"), ping(cert="other"), rules=rules(CLIENT))
of_connections("a connection denied", ping(cert="client"), ping(cert="other"), rules=rules(CLIENT, action="DENY"))
of_connections("a plaintext connection", conn(raw("ping"), recv_eof(0.4)), socket={}, rules=rules(CLIENT))
of_connections(
    "an HTTP connection",
    tls(get("/"), cert="client"),
    tls(get("/"), cert="other"),
    http=True,
    upstream=[reply()],
    rules=rules(CLIENT),
)
of_connections(
    "shadow rules of connections", ping(cert="client"), ping(cert="other"), rules=rules(), shadow_rules=rules(CLIENT)
)
of_connections(
    "connections that are only logged", ping(cert="client"), ping(cert="other"), rules=rules(CLIENT, action="LOG")
)
of_connections("no rules for connections", ping(cert="client"))
of_connections("an end without data", conn(fin(), recv_eof(0.4)), socket={}, rules=rules(action="DENY"))
# Each piece is answered before the next is sent, so that each is judged by itself; and the client leaves by a reset, since
# whether the end of a connection comes as a piece of its own is a matter of luck.
of_connections(
    "every piece of data is judged", tls(raw("pi"), recv(1), raw("ng"), recv(1), rst(), cert="client"),
    upstream=[tcp_host([recv(2), raw("1"), recv(2), raw("2"), drain()])],
    rules=rules(CLIENT), enforcement_type="CONTINUOUS",
)  # fmt: skip
of_connections(
    "a refusal that takes its time", conn(raw("ping"), still_open(0.2), recv_eof(2)),
    socket={}, rules=rules(CLIENT), delay_deny="0.5s",
)  # fmt: skip
