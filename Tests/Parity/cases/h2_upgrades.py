"""WebSocket and CONNECT, over HTTP/1.1 and HTTP/2 at either end."""

from harness.vocabulary import *

WEBSOCKET = [
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    (":scheme", "http"),
    (":authority", "h.example"),
    (":path", "/ws"),
]
UPGRADE = (
    "GET /ws HTTP/1.1\r\nhost: h.example\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: k\r\n"
    "sec-websocket-version: 13\r\n\r\n"
)
CONNECT = [(":method", "CONNECT"), (":authority", "h.example:80")]
CONNECT_1 = "CONNECT h.example:80 HTTP/1.1\r\nhost: h.example:80\r\n\r\n"
ALLOW = {"http2_protocol_options": {"allow_connect": True}}
WS = merge({"upgrade_configs": [{"upgrade_type": "websocket"}]}, ALLOW)
CO = merge({"upgrade_configs": [{"upgrade_type": "CONNECT"}]}, ALLOW)
TWO = http2_options(allow_connect=True)

switch = raw(
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: x\r\n\r\n"
)
echo_1 = on_head(switch, recv(4), raw("pong"), recv_eof(1))
echo_2 = on_head(
    send_headers({":status": "200", "x": "1"}),
    await_("body", count=4),
    send_data("pong"),
    await_("end"),
    send_data("", end=True),
)


def talk(*after, head=WEBSOCKET):
    """An HTTP/2 client: a ping, a pong, and what comes then."""
    return h2(send_headers(head), await_("headers"), send_data("ping"), await_("body", count=4), *after)


def talk_1(*after, head=UPGRADE):
    return conn(send(raw_request(head)), read(), raw("ping"), recv(4), *after)


ended = (send_data("", end=True), await_("end", seconds=2))
left = (send_rst(), pause(0.3))
case("websocket: h2 to h1", send=[talk(*left)], hcm=WS, upstream=[echo_1])
case("websocket: h2 to h2", send=[talk(*ended)], hcm=WS, upstream=[h2_host(echo_2)], cluster=TWO)
case(
    "websocket: h2 to h2 without allow_connect there",
    send=[talk(*ended)],
    hcm=WS,
    upstream=[h2_host(echo_2)],
    cluster=http2_options(),
)
case("websocket: h1 to h2", send=[talk_1(close()), pause(0.3)], hcm=WS, upstream=[h2_host(echo_2)], cluster=TWO)
case("websocket: h1 to h1", send=[talk_1(close()), pause(0.3)], hcm=WS, upstream=[echo_1])
case(
    "websocket: large both ways",
    hcm=WS,
    upstream=[on_head(switch, recv(200_000), raw("y" * 300_000), recv_eof(2))],
    send=[
        h2(send_headers(WEBSOCKET), await_("headers"), send_data("x" * 200_000), await_("body", count=300_000), *left)
    ],
)
case("websocket: enabled by the route alone", send=[talk(*left)], hcm=ALLOW, upstream=[echo_1],
     route={"upgrade_configs": [{"upgrade_type": "websocket"}]})  # fmt: skip
refusing = h2(send_headers(WEBSOCKET), await_("reset", seconds=2))
case(
    "websocket: disabled by the route",
    send=[refusing],
    hcm=WS,
    route={"upgrade_configs": [{"upgrade_type": "websocket", "enabled": False}]},
)
case("websocket: not configured, h2", send=[refusing], hcm=ALLOW)
case("websocket: not configured, h1", send=[conn(send(raw_request(UPGRADE)), read(seconds=3))])
case(
    "websocket: another protocol",
    send=[h2(send_headers([WEBSOCKET[0], (":protocol", "foo"), *WEBSOCKET[2:]]), await_("reset", seconds=2))],
    hcm=WS,
)
case(
    "websocket: allow_connect is off",
    send=[h2(send_headers(WEBSOCKET), recv_eof(3))],
    hcm=merge(WS, {"http2_protocol_options": None}),
    differs=differs_in(
        "RFC 9113 §5.4.1",
        "who ends a connection for an error first says which, in a GOAWAY; Envoy ends without a word",
        client=[(r"^GOAWAY PROTOCOL_ERROR last=\d+.*\n", "")],
    ),
)
case("websocket: the h1 upstream refuses", send=[refusing], hcm=WS, upstream=[on_head(reply(403, body="no"))])
case("websocket: the h1 upstream answers 200", send=[refusing], hcm=WS, upstream=[on_head(reply(200, body="no"))])
for status in (403, 426):
    refusal = f"HTTP/1.1 {status} No\r\nconnection: Upgrade\r\nupgrade: websocket\r\ncontent-length: 2\r\n\r\nno"
    case(
        f"websocket: the h1 upstream refuses with {status}, naming what it could speak",
        send=[refusing],
        hcm=WS,
        upstream=[on_head(raw(refusal))],
        differs=differs(
            "RFC 9110 §7.8",
            "only a 101 changes the protocol: another answer that says upgrade ends as it says; Envoy waits for ever for "
            "more of it",
            client=[f":status: {status}", "| no\n[end]"],
            access_log=[f'"code":{status}', '"flags":"-"'],
        ),
    )
case(
    "websocket: trailers before the h1 upstream has agreed",
    send=[
        h2(send_headers(WEBSOCKET), send_data("ping"), send_trailers([("t", "1")]), await_("body", count=4), send_rst())
    ],
    hcm=WS,
    upstream=[on_head(pause(0.2), switch, recv(4), raw("pong"), recv_eof(1))],
)
case(
    "websocket: trailers before the h2 upstream has agreed",
    send=[
        h2(send_headers(WEBSOCKET), send_data("ping"), send_trailers([("t", "1")]), await_("end", seconds=2)),
    ],
    hcm=WS,
    upstream=[
        h2_host(
            on_head(
                pause(0.2),
                send_headers({":status": "200", "x": "1"}),
                await_("end", seconds=2),
                send_data("pong", end=True),
            )
        )
    ],
    cluster=TWO,
)
case(
    "websocket: the h2 upstream refuses",
    send=[refusing],
    hcm=WS,
    upstream=[h2_host(on_head(reply(403, body="no")))],
    cluster=TWO,
)
case(
    "websocket: the h2 upstream refuses an h1 client",
    send=[conn(send(raw_request(UPGRADE)), read(seconds=3))],
    hcm=WS,
    upstream=[h2_host(on_head(reply(403, body="no")))],
    cluster=TWO,
)
case(
    "websocket: the h1 upstream closes",
    send=[talk(await_("reset", seconds=2))],
    hcm=WS,
    upstream=[on_head(switch, recv(4), raw("pong"), pause(0.2), close())],
)
case(
    "websocket: the h2 upstream ends",
    hcm=WS,
    cluster=TWO,
    send=[talk(await_("end", seconds=2), send_data("", end=True), pause(0.2))],
    upstream=[
        h2_host(
            on_head(
                send_headers({":status": "200"}), await_("body", count=4), send_data("pong", end=True), await_("end")
            )
        )
    ],
)
case(
    "websocket: the h2 upstream resets",
    hcm=WS,
    cluster=TWO,
    send=[talk(await_("reset", seconds=2))],
    upstream=[
        h2_host(
            on_head(
                send_headers({":status": "200"}),
                await_("body", count=4),
                send_data("pong"),
                pause(0.2),
                send_rst("CANCEL"),
            )
        )
    ],
)
case("websocket: the h2 client closes", send=[talk(close()), pause(0.3)], hcm=WS, upstream=[echo_1])
case("websocket: the route's timeout", hcm=WS, upstream=[on_head(switch, recv_eof(5))], route={"timeout": "0.4s"},
     send=[h2(send_headers(WEBSOCKET), await_("headers"), await_("reset", seconds=2))])  # fmt: skip
case(
    "websocket: the route's timeout, h1",
    hcm=WS,
    upstream=[echo_1],
    route={"timeout": "0.3s"},
    send=[conn(send(raw_request(UPGRADE)), read(), pause(0.6), raw("ping"), recv(4), close()), pause(0.3)],
)
case(
    "websocket: connection refused",
    send=[h2(send_headers(WEBSOCKET), await_("reset", seconds=2))],
    hcm=WS,
    upstream=[refused()],
)

TERMINATED = [
    {
        "match": {"connect_matcher": {}},
        "route": {"cluster": "a", "upgrade_configs": [{"upgrade_type": "CONNECT", "connect_config": {}}]},
    }
]
FORWARDED = [{"match": {"connect_matcher": {}}, "route": {"cluster": "a"}}]
behind = [tcp_host([recv(4), raw("pong"), recv_eof(1)])]
case("CONNECT: ends here, h2", send=[talk(*ended, head=CONNECT)], hcm=CO, routes=TERMINATED, upstream=behind)
case(
    "CONNECT: ends here, h2 without allow_connect",
    send=[talk(*ended, head=CONNECT)],
    hcm=merge(CO, {"http2_protocol_options": None}),
    routes=TERMINATED,
    upstream=behind,
)
case(
    "CONNECT: ends here, h1",
    send=[talk_1(close(), head=CONNECT_1), pause(0.3)],
    hcm=CO,
    routes=TERMINATED,
    upstream=behind,
)
case(
    "CONNECT: ends here, the upstream closes",
    send=[talk(await_("end", seconds=2), *ended, head=CONNECT)],
    hcm=CO,
    routes=TERMINATED,
    upstream=[tcp_host([recv(4), raw("pong"), close()])],
)
case(
    "CONNECT: ends here, connection refused",
    send=[h2(send_headers(CONNECT), await_("reset", seconds=2))],
    hcm=CO,
    routes=TERMINATED,
    upstream=[refused()],
)
case(
    "CONNECT: h2 to h2",
    send=[talk(*ended, head=CONNECT)],
    hcm=CO,
    routes=FORWARDED,
    upstream=[h2_host(echo_2)],
    cluster=TWO,
)
case(
    "CONNECT: h1 to h2",
    send=[talk_1(close(), head=CONNECT_1), pause(0.3)],
    hcm=CO,
    routes=FORWARDED,
    upstream=[h2_host(echo_2)],
    cluster=TWO,
)
case(
    "CONNECT: h2 to h1",
    send=[talk(*left, head=CONNECT)],
    hcm=CO,
    routes=FORWARDED,
    upstream=[on_head(raw("HTTP/1.1 200 OK\r\n\r\n"), recv(4), raw("pong"), recv_eof(1))],
)
case(
    "CONNECT: h1 to h1",
    send=[talk_1(close(), head=CONNECT_1), pause(0.3)],
    hcm=CO,
    routes=FORWARDED,
    upstream=[on_head(raw("HTTP/1.1 200 OK\r\n\r\n"), recv(4), raw("pong"), recv_eof(1))],
)
case(
    "CONNECT: not configured",
    send=[h2(send_headers(CONNECT), await_("reset", seconds=2))],
    hcm=ALLOW,
    routes=FORWARDED,
    upstream=behind,
)
case(
    "CONNECT: no route but a prefix",
    send=[h2(send_headers(CONNECT), await_("reset", seconds=2))],
    hcm=CO,
    upstream=behind,
)
case(
    "CONNECT: refused by an h2 upstream",
    send=[h2(send_headers(CONNECT), await_("reset", seconds=2))],
    hcm=CO,
    routes=FORWARDED,
    upstream=[h2_host(on_head(reply(407, body="no")))],
    cluster=TWO,
)
