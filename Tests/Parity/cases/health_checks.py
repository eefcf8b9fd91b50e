"""Active health checks: gRPC, HTTP and TCP."""

from harness.grpc import OPENED, failed, message
from harness.vocabulary import *

GRPC = {"grpc_health_check": {}}
HTTP = {"http_health_check": {"path": "/health"}}
TCP = {"tcp_health_check": {}}


def checked(name, check, *upstream, send=None, cluster=None, **more):
    """One check before the first request, by default: what it said, and what becomes of a request."""
    fields = {
        "timeout": "0.4s",
        "interval": "60s",
        "no_traffic_interval": "60s",
        "unhealthy_threshold": 1,
        "healthy_threshold": 1,
    }
    flags = admin("/clusters", view="lines", only="health_flags")
    case(
        name,
        upstream=list(upstream),
        send=send or [wait_stat("cluster.a.health_check.attempt", 1, least=True, then=0.6), get("/"), flags],
        cluster=merge(
            {"health_checks": [{**fields, **check}], "common_lb_config": {"healthy_panic_threshold": {"value": 0}}},
            cluster or {},
        ),
        scopes=("cluster.a.health_check", "cluster.a.membership", "cluster.a.upstream_rq_total"),
        expected_timeout=True,
        **more,
    )


def grpc(name, *script, check=None, **more):
    script = list(script)
    upstream = [refused()] if script == [refused] else [h2_host(script, reply(body="ok"))]
    checked(f"gRPC: {name}", merge(GRPC, check or {}), *upstream, cluster=http2_options(), **more)


def said(status):
    return (send_headers(OPENED), send_data(message(bytes([8, status]))), send_trailers([("grpc-status", "0")]))


for title, status in {"UNKNOWN": 0, "SERVING": 1, "NOT_SERVING": 2, "SERVICE_UNKNOWN": 3}.items():
    grpc(title, *said(status))
grpc("an error in the head", *failed(12))
grpc("an error in trailers", *failed(13, trailers=True))
grpc("SERVING with an error", *said(1)[:2], send_trailers([("grpc-status", "13")]))
grpc("HTTP 503", reply(503))
grpc("another content type", send_headers([(":status", "200"), ("content-type", "text/plain")]), *said(1)[1:])
# Whether a stream that has ended is reset too is nobody's business.
grpc(
    "nonsense",
    *said(1)[:1],
    send_data(message(b"\xff\xff")),
    said(1)[2],
    rules=((r"\n\[RST_STREAM INTERNAL_ERROR\]", ""),),
)
grpc("no message", *said(1)[:1], said(1)[2])
grpc("reset", send_rst("CANCEL"))
grpc("GOAWAY", send_goaway(last=0))
grpc("silence", hang())
grpc("connection refused", refused)
NAMED = {
    "service_name": "my.Svc",
    "authority": "auth.example",
    "initial_metadata": [{"header": {"key": "x-a", "value": "b"}}],
}
grpc("service name, authority and metadata", *said(1), check={"grpc_health_check": NAMED})
refuses(
    "gRPC: not over an HTTP/1.1 cluster",
    cluster={
        "health_checks": [
            {"timeout": "0.3s", "interval": "60s", "unhealthy_threshold": 1, "healthy_threshold": 1, **GRPC}
        ]
    },
)

checked("HTTP: 200", HTTP, host(reply(body="ok")))
checked("HTTP: 503", HTTP, host(reply(503), reply(body="ok")))
checked("HTTP: reset", HTTP, host(rst(), reply(body="ok")))
checked("HTTP: connection refused", HTTP, refused())
checked("HTTP: silence", HTTP, host(hang(), reply(body="ok")))
checked(
    "HTTP: over HTTP/2",
    {"http_health_check": {"path": "/health", "codec_client_type": "HTTP2"}},
    h2_host(reply(body="ok")),
    cluster=http2_options(),
)
checked(
    "HTTP: host, headers and expected statuses",
    {"http_health_check": {"path": "/health", "host": "hc.example", "expected_statuses": [{"start": 201, "end": 202}],
                           "request_headers_to_add": [{"header": {"key": "x-a", "value": "b"}}]}},
    host(reply(201), reply(body="ok")),
)  # fmt: skip
checked("TCP: connected", TCP, host(reply(body="ok")), rules=((r"connection \d", "connection N"),))
checked("TCP: connection refused", TCP, refused())
ANSWER = {"tcp_health_check": {"send": {"text": "70696e67"}, "receive": [{"text": "706f6e67"}]}}
ONLY = [
    wait_stat("cluster.a.health_check.attempt", 1, least=True, then=0.7),
    admin("/clusters", view="lines", only="health_flags"),
]
checked("TCP: the right answer", ANSWER, tcp_host([recv(4), raw("pong"), recv_eof(1)]), send=ONLY)
checked("TCP: another answer", ANSWER, tcp_host([recv(4), raw("nope"), recv_eof(1)]), send=ONLY)
KEPT = [
    wait_stat("cluster.a.health_check.success", 1, then=0.1),
    admin("/clusters", view="lines", only="health_flags"),
    wait_stat("cluster.a.health_check.failure", 1, then=0.1),
    admin("/clusters", view="lines", only="health_flags"),
]
for title, end in {"ends": close(), "resets": rst()}.items():
    script = [recv(4), raw("po"), pause(0.05), raw("ng"), pause(0.8), end]
    checked(f"TCP: the upstream {title} the connection between two checks", ANSWER, tcp_host(script), send=KEPT)
    checked(
        f"TCP: the upstream {title} the connection between two checks, below the threshold",
        {**ANSWER, "unhealthy_threshold": 2},
        tcp_host(script),
        send=KEPT,
    )
