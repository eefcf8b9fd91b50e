"""Pools of HTTP/2 connections: streams and connections, limits of both sides, breakers, idleness, keepalive, ALPN."""

from harness.vocabulary import *

SLOW = [[pause(0.7), reply(body="slow")]]
ACTIVE, PENDING = "cluster.a.upstream_cx_active", "cluster.a.upstream_rq_pending_active"
# Envoy counts one where a connection is let go of behind its last stream.
ACCIDENT = ("cluster.a.upstream_cx_protocol_error",)
TWO_IN_TURN = (background(h2(get("/1"))), upstream_saw(1), pause(0.2), background(h2(get("/2"))), pause(0.25))


def pooled(name, *steps, scripts=None, peer=None, options=None, common=None, cluster=None, **more):
    case(
        name,
        send=list(steps),
        upstream=[h2_host(*(scripts or [reply(body="ok")]), **(peer or {}))],
        cluster=merge(http2_options(common, **(options or {})), cluster or {}),
        **more,
    )


def limits(**threshold):
    return {"circuit_breakers": {"thresholds": [threshold]}}


SHOWN = {"show": ("settings", "window")}
pooled(
    "settings of the options", get("/"), peer=SHOWN,
    options={"max_concurrent_streams": 7, "initial_stream_window_size": 70000,
             "initial_connection_window_size": 80000, "hpack_table_size": 1000, "allow_connect": True},
)  # fmt: skip
pooled("one connection is kept and reused", get("/1"), get("/2"), get("/3"))
pooled("two at a time share one", *TWO_IN_TURN, show_stats(ACTIVE), scripts=SLOW)
pooled("two at once share one", h2(burst(send(get("/1")), send(get("/2"))), read()), scripts=SLOW, unordered=True)
pooled("own maximum of 1", *TWO_IN_TURN, show_stats(ACTIVE), scripts=SLOW, options={"max_concurrent_streams": 1})
pooled(
    "own maximum of 1, a warm connection",
    get("/0"),
    background(h2(get("/1"))),
    upstream_saw(2),
    background(h2(get("/2"))),
    pause(0.25),
    show_stats(ACTIVE),
    scripts=[reply(), *SLOW],
    options={"max_concurrent_streams": 1},
    unordered=True,
)
pooled(
    "own maximum of 2, four at once", h2(burst(*[send(get(f"/{number}")) for number in range(4)]), read()),
    scripts=SLOW, options={"max_concurrent_streams": 2}, unordered=True,
)  # fmt: skip
pooled(
    "the peer's maximum of 1",
    *TWO_IN_TURN,
    show_stats(ACTIVE, PENDING),
    scripts=SLOW,
    peer={"settings": {"max_concurrent_streams": 1}},
)
pooled(
    "the peer's maximum of 1, one after the other",
    get("/1"),
    get("/2"),
    peer={"settings": {"max_concurrent_streams": 1}},
)
pooled(
    "the peer's maximum of 1 and max_connections 1", *TWO_IN_TURN, show_stats(ACTIVE, PENDING), scripts=SLOW,
    peer={"settings": {"max_concurrent_streams": 1}}, cluster=limits(max_connections=1),
)  # fmt: skip
pooled(
    "a lower limit while streams are open",
    background(h2(get("/1"))),
    upstream_saw(1),
    pause(0.3),
    background(h2(get("/2"))),
    pause(0.2),
    show_stats(ACTIVE),
    scripts=[[send_settings(max_concurrent_streams=1), pause(0.8), reply(body="slow")]],
)
pooled(
    "max_requests",
    background(h2(get("/1"))),
    upstream_saw(1),
    h2(get("/2")),
    scripts=SLOW,
    cluster=limits(max_requests=1),
    unordered=True,
)
# What waits for room is sent once there is some: inside nghttp2's own work.
pooled(
    "bodies that wait for a stream",
    background(h2(post("/1", "first"))),
    upstream_saw(1),
    h2(post("/2", "second")),
    scripts=SLOW,
    options={"max_concurrent_streams": 1},
    cluster=limits(max_connections=1),
)
pooled(
    "trailers that wait for a stream",
    background(h2(get("/1"))),
    upstream_saw(1),
    h2(post("/2", "", trailers={"t": "1"})),
    scripts=SLOW,
    options={"max_concurrent_streams": 1},
    cluster=limits(max_connections=1),
    differs=differs_in(
        "RFC 9113 §8.1", "trailers reach the upstream also where their request waited; Envoy loses those without a body",
        upstreams=[(r"\[trailers\]\n  t: 1\n", "")],
    ),
)
pooled("max_pending_requests 0", h2(get("/")), cluster=limits(max_pending_requests=0))
pooled(
    "max_pending_requests 1, three at once",
    h2(burst(*[send(get(f"/{number}")) for number in range(3)]), read()),
    scripts=SLOW,
    cluster=limits(max_pending_requests=1),
    unordered=True,
)
pooled("max_connections 0", h2(get("/")), cluster=limits(max_connections=0))
pooled(
    "max_requests_per_connection 2", h2(*[get(f"/{number}") for number in range(5)]),
    common={"max_requests_per_connection": 2}, ignored=ACCIDENT,
)  # fmt: skip
pooled(
    "max_requests_per_connection 1, three at once", h2(burst(*[send(get(f"/{number}")) for number in range(3)]), read()),
    scripts=SLOW, common={"max_requests_per_connection": 1}, unordered=True, ignored=ACCIDENT,
)  # fmt: skip
pooled("idle timeout", get("/"), upstream_closed(1), get("/again"), common={"idle_timeout": "0.3s"})
pooled(
    "max connection duration", get("/"), upstream_closed(1), get("/again"), common={"max_connection_duration": "0.4s"}
)
pooled(
    "max connection duration with a request under way",
    background(conn(get("/"))),
    pause(0.8),
    get("/again"),
    scripts=[[pause(1.2), reply(body="first")], reply(body="second")],
    common={"max_connection_duration": "0.5s"},
    ignored=(
        *ACCIDENT,
        "cluster.a.upstream_cx_max_duration_reached",
        "cluster.a.upstream_cx_destroy",
        "cluster.a.upstream_cx_destroy_local",
        ACTIVE,
    ),
)
case("connection refused", send=[h2(get("/"))], upstream=[refused()], cluster=http2_options())
case(
    "connect timeout",
    send=[h2(get("/"))],
    upstream=[blackhole()],
    cluster=merge(http2_options(), {"connect_timeout": "0.3s"}),
)
case(
    "streams above one connection's are balanced over hosts",
    upstream=[h2_host(*SLOW), h2_host(*SLOW)], cluster=http2_options(), unordered=True, rename_hosts=True,
    send=[h2(burst(*[send(get(f"/{number}")) for number in range(4)]), read())],
    rules=((r"path: /\d", "path: /N"), (r'"/\d"', '"/N"')),
)  # fmt: skip

# Keepalive ------------------------------------------------------------------------------------------------------------

# How many come depends on the machine: one stands for all.
MANY = ((r"PING\n(PING\n)+", "PING\n"),)
PINGS = {"interval": "0.4s", "timeout": "0.3s", "interval_jitter": {"value": 0}}
pooled("keepalive", get("/"), pause(1.0), options={"connection_keepalive": PINGS}, peer={"show": ("ping",)}, rules=MANY)
pooled(
    "keepalive that nobody answers",
    get("/"),
    upstream_closed(1),
    get("/again"),
    options={"connection_keepalive": PINGS},
    peer={"show": ("ping",), "pong": False},
)
pooled(
    "keepalive that nobody answers under way", h2(get("/")), scripts=[hang()], options={"connection_keepalive": PINGS},
    peer={"show": ("ping",), "pong": False},
)  # fmt: skip
IDLE = {"connection_idle_interval": "0.3s", "timeout": "0.5s"}
pooled(
    "a PING behind idleness",
    get("/"),
    pause(0.7),
    get("/again"),
    options={"connection_keepalive": IDLE},
    peer={"show": ("ping",)},
)

# Which protocol -------------------------------------------------------------------------------------------------------

OPTIONS = TYPE + "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def protocol(**choice):
    return {"typed_extension_protocol_options": {HTTP_OPTIONS_KEY: {"@type": OPTIONS, **choice}}}


FOLLOW = protocol(use_downstream_protocol_config={"http_protocol_options": {}, "http2_protocol_options": {}})
case("as the request came: HTTP/1.1", send=[get("/")], cluster=FOLLOW)
case("as the request came: HTTP/2", send=[h2(get("/"))], cluster=FOLLOW, upstream=[h2_host(reply(body="ok"))])
AUTO = protocol(auto_config={"http_protocol_options": {}, "http2_protocol_options": {}})
EITHER = {"alpn": ("h2", "http/1.1")}
# Envoy counts the connection once for its choice of protocol and once for the protocol chosen.
CHOSEN = ("cluster.a.upstream_cx_total",)
case(
    "auto: an HTTP/2 server",
    send=[get("/1"), get("/2")],
    ignored=CHOSEN,
    cluster=merge(AUTO, upstream_tls()),
    upstream=[h2_host(reply(body="ok"), tls=EITHER)],
)
case(
    "auto: an HTTP/1.1 server",
    send=[get("/1"), get("/2")],
    ignored=CHOSEN,
    cluster=merge(AUTO, upstream_tls()),
    upstream=[tls_host(reply(body="ok"), alpn=("http/1.1",))],
)
case(
    "auto: a server without ALPN",
    send=[get("/1")],
    ignored=CHOSEN,
    cluster=merge(AUTO, upstream_tls()),
    upstream=[tls_host(reply(body="ok"))],
)
case(
    "auto: an HTTP/2 server, three at once", send=[h2(burst(*[send(get(f"/{number}")) for number in range(3)]), read())],
    ignored=CHOSEN, cluster=merge(AUTO, upstream_tls()), upstream=[h2_host(*SLOW, tls=EITHER)], unordered=True,
)  # fmt: skip
case(
    "auto: an HTTP/1.1 server, three at once",
    send=[h2(burst(*[send(get(f"/{number}")) for number in range(3)]), read())],
    cluster=merge(AUTO, upstream_tls(context={"max_session_keys": 0})),
    upstream=[tls_host(*SLOW, alpn=("http/1.1",))],
    unordered=True,
    rules=((r"(?m)^a0 connection \d", "a0 connection N"),),
    scopes=("cluster.a.upstream_rq", "http.h."),
)
refuses("auto without TLS", cluster=AUTO)
case(
    "HTTP/2 over TLS",
    send=[get("/1"), get("/2")],
    cluster=merge(http2_options(), upstream_tls()),
    upstream=[h2_host(reply(body="ok"), tls={})],
)
case(
    "HTTP/2 over TLS, server without ALPN",
    send=[get("/1")],
    cluster=merge(http2_options(), upstream_tls()),
    upstream=[h2_host(reply(body="ok"), tls={"alpn": ()})],
)
case(
    "HTTP/1.1 over TLS, server of both",
    send=[get("/1")],
    cluster=merge(http_options(), upstream_tls()),
    upstream=[h2_host(reply(body="ok"), tls=EITHER)],
)
case(
    "alpn_protocols of the file",
    send=[get("/1")],
    cluster=merge(http2_options(), upstream_tls(alpn_protocols=["h2", "x"])),
    upstream=[h2_host(reply(body="ok"), tls=EITHER)],
)
case(
    "http2_protocol_options of the cluster",
    send=[get("/1")],
    cluster={"http2_protocol_options": {}},
    upstream=[h2_host(reply(body="ok"))],
)
