"""gRPC: routes that only gRPC requests match, retries, outliers, and what hosts count."""

from harness.vocabulary import *

GRPC = {"content-type": "application/grpc", "te": "trailers"}
FRAME = b"\0\0\0\0\1x"


def call(path="/p.S/M", **headers):
    return post(path, FRAME, {**GRPC, **headers})


def trailers_only(status, message=None):
    fields = {"content-type": "application/grpc", "grpc-status": str(status)}
    return reply(200, {**fields, **({"grpc-message": message} if message else {})})


good = trailers_only(0)
BODY = reply(200, {"content-type": "application/grpc"}, FRAME, trailers={"grpc-status": "14"})
TRAILERS = {
    "hcm": {"http_protocol_options": {"enable_trailers": True}},
    "cluster": http_options(http_protocol_options={"enable_trailers": True}),
}

case(
    "the grpc matcher",
    routes=[direct({"prefix": "/", "grpc": {}}, "grpc"), direct("/", "other")],
    send=[
        *[
            post("/x", FRAME, {"content-type": kind})
            for kind in ("application/grpc", "application/grpc+json", "application/grpc-web", "application/json")
        ],
        get("/x"),
        get("/x", GRPC),
    ],
)


def retrying(name, retry_on, *upstream, **more):
    policy = {"retry_on": retry_on, **more.pop("policy", {})}
    case(
        name,
        route={"retry_policy": policy},
        upstream=list(upstream),
        expected_timeout=True,
        send=more.pop("send", [call()]),
        **more,
    )


CONDITIONS = {"cancelled": 1, "deadline-exceeded": 4, "internal": 13, "resource-exhausted": 8, "unavailable": 14}
for condition, status in CONDITIONS.items():
    retrying(f"{condition} is retried", condition, trailers_only(status), good)
retrying("another status is not retried", "cancelled,internal", trailers_only(14), good)
retrying(
    "all conditions at once",
    ",".join(CONDITIONS),
    *[trailers_only(n) for n in CONDITIONS.values()],
    good,
    policy={"num_retries": 5},
)
retrying("a retry too few", "unavailable", trailers_only(14, "one"), trailers_only(14, "two"))
retrying("a status in trailers is not retried", "unavailable", BODY, good, **TRAILERS)
retrying(
    "a status before a body",
    "unavailable",
    reply(200, {"content-type": "application/grpc", "grpc-status": "14"}, "body"),
    good,
)
retrying("5xx does not see gRPC's status", "5xx", trailers_only(14), good)
retrying("an unknown status", "unavailable", trailers_only(99), good)
retrying("a status that is no number", "unavailable", reply(200, {"grpc-status": "x"}), good)
retrying("a request that is not gRPC", "unavailable", trailers_only(14), good, send=[get("/")])
INTERNAL = {
    "internal_address_config": {"cidr_ranges": [{"address_prefix": "127.0.0.0", "prefix_len": 8}]},
    "use_remote_address": True,
}
case(
    "x-envoy-retry-grpc-on of an internal request",
    upstream=[trailers_only(14), good],
    hcm=INTERNAL,
    send=[call(**{"x-envoy-retry-grpc-on": "unavailable"})],
    expected_timeout=True,
)
case(
    "x-envoy-retry-grpc-on of a stranger",
    upstream=[trailers_only(14), good],
    hcm={"use_remote_address": True},
    send=[call(**{"x-envoy-retry-grpc-on": "unavailable"})],
)


def watching(**fields):
    return {
        "outlier_detection": {"interval": "0.2s", "base_ejection_time": "30s", "max_ejection_percent": 100, **fields},
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}, "update_merge_window": "0s"},
    }


EJECTED = wait_stat("cluster.a.outlier_detection.ejections_active", 1, then=0.25)
for status in (2, 4, 12, 13, 14, 15):
    case(
        f"status {status} ejects",
        upstream=[trailers_only(status)],
        cluster=watching(consecutive_5xx=2),
        send=[call(), call(), EJECTED, call("/ejected")],
    )
case(
    "what is the client's fault does not eject",
    upstream=[trailers_only(status) for status in (1, 3, 5, 6, 7, 8, 9, 10, 11, 16)],
    cluster=watching(consecutive_5xx=1),
    send=[call() for _ in range(10)],
)
case(
    "gateway failures",
    upstream=[trailers_only(14), trailers_only(4)],
    cluster=watching(consecutive_gateway_failure=2, enforcing_consecutive_gateway_failure=100, consecutive_5xx=9),
    send=[call(), call(), EJECTED, call("/ejected")],
)
case(
    "a status in trailers does not eject",
    upstream=[BODY],
    hcm=TRAILERS["hcm"],
    cluster={**watching(consecutive_5xx=1), **TRAILERS["cluster"]},
    send=[call(), call()],
)
case(
    "a request that is not gRPC does not eject",
    upstream=[trailers_only(14)],
    cluster=watching(consecutive_5xx=1),
    send=[get("/"), get("/")],
)


def hosts(name, *requests, **more):
    case(
        name,
        expected_timeout=True,
        send=[*requests, admin("/clusters", view="lines", only="rq_(error|success|total|timeout)")],
        **more,
    )


hosts("hosts count: trailers-only", *[call() for _ in range(3)], upstream=[good, trailers_only(14), trailers_only(5)])
hosts(
    "hosts count: trailers",
    call(),
    call(),
    upstream=[BODY, reply(200, {"content-type": "application/grpc"}, FRAME, trailers={"grpc-status": "0"})],
    **TRAILERS,
)
hosts("hosts count: no status at all", call(), call(), upstream=[reply(200), reply(200, body="x")])
hosts("hosts count: HTTP errors", call(), call(), call(), upstream=[reply(503), reply(404), close()])
hosts(
    "hosts count: a cut", call(), get("/"), upstream=[[raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"), rst()]]
)
hosts(
    "hosts count: retried",
    call(),
    call(),
    route={"retry_policy": {"retry_on": "unavailable,retriable-4xx"}},
    upstream=[trailers_only(14), good, reply(409), good],
)
hosts(
    "hosts count: retried, not gRPC",
    get("/"),
    get("/"),
    route={"retry_policy": {"retry_on": "5xx,retriable-4xx"}},
    upstream=[reply(409), reply(), reply(500), reply()],
)
case(
    "suppress_grpc_request_failure_code_stats",
    router={"suppress_grpc_request_failure_code_stats": True},
    upstream=[good, trailers_only(14), reply(503), close()],
    send=[call(), call(), call(), call(), get("/")],
)
