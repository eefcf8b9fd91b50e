"""Connection pools and circuit breakers."""

from harness.vocabulary import *


def limits(**threshold):
    return {"circuit_breakers": {"thresholds": [threshold]}}


slow = [pause(0.4), reply(body="slow")]

case("one connection is kept and reused", send=[get("/1"), get("/2"), get("/3")])
case(
    "a connection per request that is under way",
    upstream=[slow],
    unordered=True,
    send=[together(*(get(f"/{number}") for number in range(4)))],
    rules=((r"connection \d", "connection N"),),
)
case(
    "max_connections queues the rest",
    upstream=[slow],
    cluster=limits(max_connections=1),
    send=[
        background(conn(get("/first"))),
        upstream_saw(1),
        background(conn(get("/second"))),
        wait_stat("cluster.a.upstream_rq_pending_active", 1),
        background(conn(get("/third"))),
        wait_stat("cluster.a.upstream_rq_pending_active", 2),
    ],
)
case(
    "max_pending_requests refuses the rest",
    upstream=[[pause(0.8), reply(body="slow")]],
    cluster=limits(max_connections=1, max_pending_requests=1),
    send=[
        background(conn(get("/first"))),
        upstream_saw(1),
        background(conn(get("/queued"))),
        wait_stat("cluster.a.upstream_rq_pending_active", 1),
        get("/refused"),
    ],
    unordered=True,
)
case("max_pending_requests 0", cluster=limits(max_pending_requests=0), send=[get("/"), get("/")])
case(
    "max_requests refuses the rest",
    upstream=[[pause(0.8), reply(body="slow")]],
    cluster=limits(max_requests=1),
    send=[background(conn(get("/first"))), upstream_saw(1), get("/refused"), get("/refused-too")],
    unordered=True,
)
case(
    "overflow is retried no more",
    upstream=[[pause(0.8), reply(body="slow")]],
    cluster=limits(max_requests=1),
    route={"retry_policy": {"retry_on": "5xx"}},
    unordered=True,
    send=[background(conn(get("/first"))), upstream_saw(1), get("/refused")],
)
case("max_connections 0", cluster=limits(max_connections=0), send=[get("/"), get("/")])
case(
    "remaining is tracked when asked for",
    cluster=limits(track_remaining=True, max_requests=5),
    send=[get("/")],
    stats=[
        "cluster.a.circuit_breakers.default.remaining_rq",
        "cluster.a.circuit_breakers.default.remaining_cx",
        "cluster.a.circuit_breakers.default.remaining_pending",
        "cluster.a.circuit_breakers.default.remaining_retries",
    ],
)
case(
    "open breakers are gauges",
    upstream=[[pause(0.6), reply(body="slow")]],
    cluster=limits(max_requests=1),
    send=[
        background(conn(get("/first"))),
        upstream_saw(1),
        show_stats(
            "cluster.a.circuit_breakers.default.rq_open",
            "cluster.a.circuit_breakers.default.cx_open",
            "cluster.a.upstream_rq_active",
            "cluster.a.upstream_cx_active",
        ),
    ],
    stats=["cluster.a.circuit_breakers.default.rq_open"],
)

case(
    "max_requests_per_connection of the cluster",
    send=[get(f"/{number}") for number in range(5)],
    cluster=http_options(common={"max_requests_per_connection": 2}),
)
case(
    "max_requests_per_connection 1",
    send=[get(f"/{number}") for number in range(2)],
    cluster=http_options(common={"max_requests_per_connection": 1}),
)
case("upstream asks to close", upstream=[reply(200, {"connection": "close"}, "ok")], send=[get("/1"), get("/2")])

kept = [get("/1"), wait_stat("cluster.a.upstream_cx_active", 0), get("/2")]
case("a kept connection that the upstream closed", upstream=[[reply(body="ok"), close()]], send=kept)
case("a kept connection that the upstream reset", upstream=[[reply(body="ok"), pause(0.1), rst()]], send=kept)
case(
    "a kept connection closed under the next request",
    upstream=[reply(body="1"), close(), reply(body="2")],
    send=[get("/1"), get("/2"), get("/3")],
)
case(
    "a kept connection reset under the next request",
    upstream=[reply(body="1"), rst(), reply(body="2")],
    send=[get("/1"), get("/2"), get("/3")],
)
case(
    "a kept connection closed under a POST",
    upstream=[reply(body="1"), close(), reply(body="2")],
    send=[get("/1"), post("/2", "body")],
)
case(
    "a kept connection closed under a request with retries",
    upstream=[reply(body="1"), close(), reply(body="2")],
    route={"retry_policy": {"retry_on": "reset"}},
    expected_timeout=True,
    send=[get("/1"), get("/2")],
)
case(
    "408 on an idle connection",
    upstream=[
        [
            reply(body="1"),
            pause(0.1),
            raw("HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
            close(),
        ]
    ],
    send=kept,
)
case(
    "half-close by the upstream after its reply",
    upstream=[[reply(body="1"), fin(), hang()]],
    send=[get("/1"), upstream_closed(1), get("/2")],
)

case(
    "response larger than the upstream buffer",
    cluster={"per_connection_buffer_limit_bytes": 1024},
    upstream=[reply(body="z" * 200000)],
    send=[conn(get("/"), get("/"))],
)
case(
    "request larger than the listener's buffer",
    listener={"per_connection_buffer_limit_bytes": 1024},
    send=[conn(post("/", "y" * 200000), get("/"))],
)
case(
    "slow reader of a large response",
    upstream=[reply(body="z" * 3000000)],
    send=[conn(send(get("/")), pause(0.4), read(), get("/again"))],
)
case(
    "slow upstream reader of a large request",
    upstream=[on_head(pause(0.4)), reply(body="done")],
    send=[conn(send(post("/", "y" * 3000000)), read(seconds=2))],
    route={"timeout": "1s"},
)
