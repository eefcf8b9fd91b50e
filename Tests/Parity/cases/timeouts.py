"""Timeouts: connect, route, per-try, stream idle, request, request headers, connection idle, durations."""

from harness.vocabulary import *

case("route timeout gives 504 UT", route={"timeout": "0.3s"}, upstream=[hang()], send=[get("/")])

case(
    "route timeout counts from the end of the request",
    route={"timeout": "0.3s"},
    upstream=[hang()],
    send=[
        conn(
            send(raw_request("POST /late HTTP/1.1\r\nhost: h.example\r\ncontent-length: 4\r\n\r\nab")),
            pause(0.5),
            raw("cd"),
            read(),
        )
    ],
)

case(
    "route timeout after the response began cuts it",
    route={"timeout": "0.3s"},
    send=[get("/")],
    upstream=[[raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"), hang()]],
)

case("default route timeout is announced upstream", send=[get("/")])

case(
    "route timeout of zero is not announced",
    route={"timeout": "0s"},
    send=[get("/")],
    upstream=[[pause(0.3), reply(body="late")]],
)

case(
    "per-try timeout without a retry policy for it",
    send=[get("/")],
    upstream=[hang()],
    route={"timeout": "2s", "retry_policy": {"per_try_timeout": "0.2s", "retry_on": "connect-failure"}},
)

case(
    "per-try timeout is retried under 5xx",
    send=[get("/")],
    upstream=[hang(), reply(body="second")],
    expected_timeout=True,
    route={"timeout": "2s", "retry_policy": {"per_try_timeout": "0.2s", "retry_on": "5xx"}},
)

case(
    "per-try timeout on every try",
    send=[get("/")],
    upstream=[hang()],
    expected_timeout=True,
    route={"timeout": "3s", "retry_policy": {"per_try_timeout": "0.15s", "retry_on": "5xx", "num_retries": 2}},
)

case(
    "per-try timeout above the route timeout",
    send=[get("/")],
    upstream=[hang()],
    route={"timeout": "0.3s", "retry_policy": {"per_try_timeout": "2s", "retry_on": "5xx"}},
)

case(
    "route timeout during a retry",
    send=[get("/")],
    upstream=[reply(503), hang()],
    expected_timeout=True,
    route={"timeout": "0.4s", "retry_policy": {"retry_on": "5xx", "num_retries": 3}},
)

case("connect timeout", upstream=[blackhole()], cluster={"connect_timeout": "0.25s"}, send=[get("/")])

case(
    "connect timeout below the route timeout retries",
    upstream=[blackhole()],
    cluster={"connect_timeout": "0.2s"},
    route={"retry_policy": {"retry_on": "connect-failure"}},
    send=[get("/")],
)

case("stream idle timeout, request complete", hcm={"stream_idle_timeout": "0.3s"}, upstream=[hang()], send=[get("/")])

case(
    "stream idle timeout, body still coming",
    hcm={"stream_idle_timeout": "0.3s"},
    upstream=[hang()],
    send=[conn(send(raw_request("POST / HTTP/1.1\r\nhost: h.example\r\ncontent-length: 9\r\n\r\nabc")), read())],
)

case(
    "stream idle timeout, response half sent",
    hcm={"stream_idle_timeout": "0.3s"},
    send=[get("/")],
    upstream=[[raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"), hang()]],
)

case(
    "route idle timeout overrides the connection manager's",
    hcm={"stream_idle_timeout": "10s"},
    route={"idle_timeout": "0.3s"},
    upstream=[hang()],
    send=[get("/")],
)

case(
    "request timeout",
    hcm={"request_timeout": "0.3s"},
    upstream=[on_head(hang())],
    send=[conn(send(raw_request("POST / HTTP/1.1\r\nhost: h.example\r\ncontent-length: 9\r\n\r\nabc")), read())],
)

case(
    "request headers timeout",
    hcm={"request_headers_timeout": "0.3s"},
    send=[conn(send(raw_request("GET / HTTP/1.1\r\nhost: h.exa")), read())],
)

case(
    "request headers timeout does not run on an idle connection",
    hcm={"request_headers_timeout": "0.2s"},
    send=[conn(get("/"), pause(0.5), get("/again"))],
)

case(
    "connection idle timeout before any request",
    send=[conn(recv_eof())],
    hcm={"common_http_protocol_options": {"idle_timeout": "0.3s"}},
)

case(
    "connection idle timeout after a request",
    send=[conn(get("/"), recv_eof())],
    hcm={"common_http_protocol_options": {"idle_timeout": "0.3s"}, "drain_timeout": "0.2s"},
)

case(
    "max stream duration of the connection manager",
    upstream=[hang()],
    send=[get("/")],
    hcm={"common_http_protocol_options": {"max_stream_duration": "0.3s"}},
)

case(
    "max connection duration drains",
    send=[
        background(conn(get("/"), pause(2.5), get("/after"))),
        wait_stat("http.h.downstream_cx_max_duration_reached", 1),
    ],
    hcm={"common_http_protocol_options": {"max_connection_duration": "1s"}, "drain_timeout": "8s"},
    differs=differs(
        "RFC 9112 §9.6",
        "a response that says Connection: close is its connection's last, which ends behind it; Envoy keeps it open for "
        "drain_timeout",
        client=["> GET /after\n  HTTP/1.1 200 OK", "server: envoy\n  connection: close\n| ok\n[FIN]"],
        access_log=['"path":"/after"'],
        stats=["http.h.downstream_cx_max_duration_reached: 1", "!delayed_close"],
    ),
)

case(
    "upstream idle timeout closes the kept connection",
    cluster=http_options(common={"idle_timeout": "0.2s"}),
    send=[get("/"), upstream_closed(1), get("/again")],
)

case(
    "max stream duration of a route replaces its timeout",
    route={"timeout": "5s", "max_stream_duration": {"max_stream_duration": "0.3s"}},
    upstream=[hang()],
    send=[get("/")],
)
case(
    "max stream duration of zero in a route switches the timeout off",
    route={"timeout": "0.2s", "max_stream_duration": {"max_stream_duration": "0s"}},
    send=[get("/")],
    upstream=[[pause(0.5), reply(body="late")]],
)
case(
    "per-try idle timeout",
    route={"retry_policy": {"retry_on": "5xx", "per_try_idle_timeout": "0.2s"}},
    upstream=[hang(), reply(body="second")],
    expected_timeout=True,
    send=[get("/")],
)
