"""grpc_stats: what is counted of gRPC calls, by method and for the cluster."""

from harness.vocabulary import *

GRPC_STATS = TYPE + "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig"
GRPC = {"content-type": "application/grpc", "te": "trailers"}
TRAILERS = {"enable_trailers": True}


def frame(text=b"x"):
    return b"\0" + len(text).to_bytes(4, "big") + text


def call(path="/p.S/M", body=None, **headers):
    return post(path, frame() if body is None else body, {**GRPC, **headers})


def answer(status=0, body=None, **headers):
    fields = {"content-type": "application/grpc", **headers}
    return reply(200, fields, frame() if body is None else body, trailers={"grpc-status": str(status)})


def trailers_only(status):
    return reply(200, {"content-type": "application/grpc", "grpc-status": str(status)})


def counted(name, fields, *steps, upstream=None, hcm=None, **more):
    chain = [{"name": "stats", "typed_config": {"@type": GRPC_STATS, **fields}}, router()]
    case(
        name,
        hcm={"http_filters": chain, "http_protocol_options": TRAILERS, **(hcm or {})},
        cluster=http_options(http_protocol_options=TRAILERS),
        upstream=upstream or [answer()],
        send=list(steps),
        expected_timeout=True,
        **more,
    )


ALL = {"stats_for_all_methods": True}
SEVERAL = frame(b"") + frame(b"a" * 300) + frame(b"b")

counted("all methods", ALL, call(), call("/p.S/N"), call("/q.T/M"))
counted("no methods", {}, call(), call("/p.S/N"))
counted("stats_for_all_methods false", {"stats_for_all_methods": False}, call())
counted("failures", ALL, call(), call(), call(), upstream=[answer(14), trailers_only(5), answer(0)])
counted("odd statuses", ALL, call(), call(), call(), upstream=[answer(99), answer("x"), answer("00")])
counted("no status", ALL, call(), call(), upstream=[reply(200, body="x"), reply(503)])
counted("several messages", ALL, call(body=SEVERAL), upstream=[answer(0, SEVERAL)])
counted("a message cut", ALL, call(body=frame()[:3]), upstream=[answer(0, frame(b"abcdef")[:7])])
counted(
    "messages in pieces",
    ALL,
    conn(
        send(
            raw_request(
                "POST /p.S/M HTTP/1.1\r\nhost: h\r\ncontent-type: application/grpc\r\n"
                "transfer-encoding: chunked\r\n\r\n"
                "3\r\n\0\0\0\r\n"
            )
        ),
        pause(0.1),
        raw("4\r\n\0\2ab\r\n5\r\n\0\0\0\0\0\r\n0\r\n\r\n"),
        read(),
    ),
)
counted("not gRPC", ALL, get("/p.S/M"), post("/p.S/M", "x", {"content-type": "application/json"}))
counted("paths of no method", ALL, *[call(path) for path in ("/", "/a", "/a/b/c", "/a/b?x=/y", "//a//b/", "/a/b/")])
counted("paths of no method, allow-listed", {}, *[call(path) for path in ("/", "/a", "/a/b/c")])
LISTED = {"individual_method_stats_allowlist": {"services": [{"name": "p.S", "method_names": ["M", "O"]}]}}
counted("allow-listed methods", LISTED, call(), call("/p.S/N"), call("/q.T/M"))
counted("dots replaced", {**ALL, "replace_dots_in_grpc_service_name": True}, call("/a.b.S/M"))
counted(
    "dots replaced in the list",
    {
        "individual_method_stats_allowlist": {"services": [{"name": "a.b.S", "method_names": ["M"]}]},
        "replace_dots_in_grpc_service_name": True,
    },
    call("/a.b.S/M"),
)
counted("upstream stats", {**ALL, "enable_upstream_stats": True}, call(), call("/p.S/N"))
counted("a reply of our own", ALL, call(), upstream=[refused()])
counted(
    "no route",
    ALL,
    call("/none"),
    hcm={"route_config": {"virtual_hosts": [{"name": "v", "domains": ["h"], "routes": []}]}},
)
counted("an unknown cluster", ALL, call(), route={"cluster": None, "cluster_header": "x"})
counted(
    "retried", ALL, call(), upstream=[trailers_only(14), answer()], route={"retry_policy": {"retry_on": "unavailable"}}
)
counted("characters in a method", ALL, call("/p.S:x/M-%20=|"), call("/a..b/c"))
counted(
    "before another filter's reply",
    ALL,
    call(),
    hcm={
        "http_filters": [
            {"name": "stats", "typed_config": {"@type": GRPC_STATS, **ALL}},
            {
                "name": "rbac",
                "typed_config": {"@type": TYPE + "envoy.extensions.filters.http.rbac.v3.RBAC", "rules": {}},
            },
            router(),
        ]
    },
)
case(
    "a class of counters for the cluster's other name",
    hcm={"http_filters": [{"name": "s", "typed_config": {"@type": GRPC_STATS, **ALL}}, router()]},
    cluster={"alt_stat_name": "other"},
    upstream=[trailers_only(0)],
    send=[call()],
)

STATE = "envoy.filters.http.grpc_stats"
STATES = [STATE, *(f"{STATE}:{style}" for style in ("PLAIN", "TYPED", "FIELD:request_message_count")), "other"]
counted(
    "the filter state is logged",
    {**ALL, "emit_filter_state": True},
    call(body=SEVERAL),
    get("/"),
    call(),
    upstream=[answer(), answer(), reply()],
    log=[
        file_log(
            json_format={**{name: f"%FILTER_STATE({name})%" for name in STATES}, "in": f"a%FILTER_STATE({STATE})%b"}
        ),
        file_log(
            "@dir@/text.log",
            text_format_source={"inline_string": "".join(f"{name} = %FILTER_STATE({name})%\n" for name in STATES)},
        ),
    ],
    files=("text.log",),
)
counted("no filter state", ALL, call(), log=[file_log(json_format={"state": f"%FILTER_STATE({STATE})%"})])
