"""HTTP/2 connections that end: GOAWAY in two steps, idleness, durations, keepalive, timeouts of streams."""

from harness.vocabulary import *

HEAD = [(":method", "GET"), (":scheme", "http"), (":authority", "h.example"), (":path", "/")]
POST = [(":method", "POST"), *HEAD[1:]]
SLOW = [[pause(1.0), reply(body="slow")], reply(body="ok")]
OPTIONS = "common_http_protocol_options"
FAST = {"drain_timeout": "0.6s", "delayed_close_timeout": "0.2s"}
over = recv_eof(5)


def drained(name, *actions, hcm=None, options=None, client=None, **more):
    case(
        name,
        send=[h2(*actions, **(client or {}))],
        hcm=merge(merge(FAST, {"http2_protocol_options": options or {}}), hcm or {}),
        **more,
    )


def after(**options):
    return {OPTIONS: options}


drained("idle before any request", over, hcm=after(idle_timeout="0.4s"))
drained("idle after a request", get("/"), over, hcm=after(idle_timeout="0.4s"))
drained("not idle while a request is under way", get("/"), upstream=SLOW, hcm=after(idle_timeout="0.4s"))
drained("max connection duration", get("/"), over, hcm=after(max_connection_duration="0.4s"))
drained(
    "max connection duration, a request meanwhile", get("/"), await_("goaway"), get("/2"), over,
    hcm=after(max_connection_duration="0.4s"),
)  # fmt: skip
drained(
    "max connection duration, a request under way", get("/"), over, upstream=SLOW,
    hcm={**after(max_connection_duration="0.3s"), "drain_timeout": "0.3s"},
)  # fmt: skip
drained("max requests per connection", get("/1"), get("/2"), over, hcm=after(max_requests_per_connection=2))
drained(
    "max requests per connection, one more meanwhile",
    get("/1"),
    get("/2"),
    get("/3"),
    over,
    hcm=after(max_requests_per_connection=2),
)
drained(
    "max requests per connection, all at once",
    burst(*[send(get(f"/{number}")) for number in range(3)]),
    read(),
    over,
    unordered=True,
    hcm=after(max_requests_per_connection=2),
    upstream=[h2_host(reply(body="ok"))],
    cluster=http2_options(),
)


def by_admin(name, path, *actions, then=(), **more):
    case(
        name,
        send=[background(h2(*actions)), upstream_saw(1), pause(0.2), admin_post(path, view="status"), *then],
        hcm=FAST,
        **more,
    )


GRACEFUL = {"flags": ("--drain-time-s", "2", "--drain-strategy", "immediate")}
by_admin("healthcheck/fail tells with the next response", "/healthcheck/fail", get("/1"), pause(0.6), get("/2"), over)
by_admin("healthcheck/fail with a request under way", "/healthcheck/fail", get("/1"), over, upstream=SLOW)
by_admin("graceful drain_listeners", "/drain_listeners?graceful", get("/1"), await_("goaway", count=2), **GRACEFUL)
by_admin(
    "graceful drain_listeners with a request under way",
    "/drain_listeners?graceful",
    get("/1"),
    over,
    upstream=SLOW,
    **GRACEFUL,
)

# Keepalive ------------------------------------------------------------------------------------------------------------

# How many come depends on the machine: one stands for all.
MANY = ((r"PING\n(PING\n)+", "PING\n"),)
PINGS = {"connection_keepalive": {"interval": "0.4s", "timeout": "0.3s", "interval_jitter": {"value": 0}}}
SHOWN = {"show": ("ping",)}
drained("keepalive that is answered", get("/"), pause(1.0), options=PINGS, client=SHOWN, rules=MANY)
drained("keepalive without any request", pause(1.0), options=PINGS, client=SHOWN, rules=MANY)
drained("keepalive that is not answered", get("/"), over, options=PINGS, client={**SHOWN, "pong": False})
drained(
    "keepalive that is not answered, a request under way",
    get("/"),
    over,
    upstream=SLOW,
    options=PINGS,
    client={**SHOWN, "pong": False},
)

# Timeouts of streams --------------------------------------------------------------------------------------------------

HALF = [[raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"), hang()]]
BEGUN = (send_headers(POST), send_data("abc"))
drained("stream idle, request complete", get("/"), upstream=[hang()], hcm={"stream_idle_timeout": "0.4s"})
drained("stream idle, body still coming", *BEGUN, await_("reset"), get("/next"), upstream=[hang(), reply(body="ok")],
        hcm={"stream_idle_timeout": "0.4s"})  # fmt: skip
drained("stream idle, response half sent", get("/"), upstream=HALF, hcm={"stream_idle_timeout": "0.4s"})
drained(
    "request timeout",
    *BEGUN,
    await_("reset"),
    get("/next"),
    upstream=[hang(), reply(body="ok")],
    hcm={"request_timeout": "0.4s"},
)
drained("max stream duration", get("/"), upstream=[hang()], hcm=after(max_stream_duration="0.4s"))
drained("max stream duration behind the head", get("/"), upstream=HALF, hcm=after(max_stream_duration="0.4s"))
drained("route timeout behind the head", get("/"), upstream=HALF, route={"timeout": "0.4s"})
drained(
    "request headers timeout on an idle connection",
    get("/"),
    pause(0.7),
    get("/2"),
    hcm={"request_headers_timeout": "0.3s"},
)
drained(
    "an h1 upstream that is cut",
    get("/"),
    get("/next"),
    upstream=[[*HALF[0][:1], pause(0.2), close()], reply(body="ok")],
)
drained(
    "a stream idle timeout leaves others",
    send(get("/1")),
    get("/2"),
    await_("end", 1),
    upstream=[h2_host(hang(), reply(body="ok"))],
    cluster=http2_options(),
    hcm={"stream_idle_timeout": "0.4s"},
)
drained("the client's end with requests under way", send(get("/1")), send(get("/2")), pause(0.3), close(),
        upstream=[h2_host(hang())], unordered=True, cluster=http2_options())  # fmt: skip

# Signals --------------------------------------------------------------------------------------------------------------

finished = differs(
    "RFC 9113 §6.8",
    "a server ends a connection in an orderly way: GOAWAY, and requests under way finish within the drain time; Envoy cuts them",
    client=["GOAWAY NO_ERROR last=", ":status: 200", "| slow", "[closed]"],
    access_log=['"code":200'],
    exit=["0"],
)
case(
    "SIGTERM with a request under way",
    send=[background(h2(get("/"), over)), upstream_saw(1), pause(0.1), signal_proxy(15)],
    upstream=SLOW,
    differs=finished,
)
case(
    "SIGTERM with a long drain under way",
    send=[background(h2(get("/"), await_("goaway"), over)), upstream_saw(1), pause(0.7), signal_proxy(15)],
    hcm={**after(max_connection_duration="0.4s"), "drain_timeout": "30s"},
    differs=differs(
        "RFC 9113 §6.8",
        "a server ends a connection in an orderly way: GOAWAY says which request was the last; Envoy cuts the connection",
        client=["GOAWAY NO_ERROR last=1", "[closed]"],
        exit=["0"],
    ),
)
