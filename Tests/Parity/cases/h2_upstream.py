"""What HTTP/2 upstreams answer: wrong heads and frames, resets by code, GOAWAY, refused streams, limits."""

import struct

from harness.vocabulary import *

OK = [(":status", "200")]
# Where a connection ends for a GOAWAY, Envoy may count a protocol error that was none.
ACCIDENT = ("cluster.a.upstream_cx_protocol_error",)
BODY = [(":method", "POST"), (":scheme", "http"), (":authority", "h"), (":path", "/")]


def answered(name, *script, send=None, scripts=None, client=h2, options=None, cluster=None, **more):
    """What is sent upstream is always HTTP/2."""
    if "GOAWAY" in name:
        more["ignored"] = ACCIDENT
    case(
        name,
        send=send or [client(get("/"))],
        upstream=[h2_host(*(scripts or [list(script)]), **(options or {}))],
        cluster=merge(http2_options(), cluster or {}),
        **more,
    )


def retried(name, on, *scripts, **more):
    answered(name, scripts=list(scripts), route={"retry_policy": {"retry_on": on}}, expected_timeout=True, **more)


for title, pairs in {
    "no status": [("x", "1")],
    "status that is no number": [(":status", "abc")],
    "status of two digits": [(":status", "42")],
    "status 101": [(":status", "101")],
    "status twice": [*OK, *OK],
    "upper-case name": [*OK, ("X-A", "b")],
    "connection": [*OK, ("connection", "close")],
    "transfer-encoding": [*OK, ("transfer-encoding", "chunked")],
    "keep-alive": [*OK, ("keep-alive", "1")],
    "upgrade": [*OK, ("upgrade", "x")],
    "unknown pseudo-header": [*OK, (":foo", "x")],
    "a request's pseudo-header": [*OK, (":path", "/")],
    "NUL in a value": [*OK, ("x", "a\0b")],
}.items():
    answered(f"wrong head: {title}", send_headers(pairs, end=True))
for title, pairs in {"white space around a value": [*OK, ("x-a", " v ")], "status 000": [(":status", "000")]}.items():
    answered(
        f"wrong head: {title}", send_headers(pairs, end=True),
        differs=differs(
            "RFC 9113 §8.2.1, RFC 9110 §15", "such a response is malformed, and ends its stream alone; Envoy passes it on",
            client=[":status: 502", "protocol error"], access_log=['"flags":"UPE"'],
        ),
    )  # fmt: skip
for title, pairs in {
    "status 600": [(":status", "600")],
    "te": [*OK, ("te", "trailers")],
    "204 with content-length": [(":status", "204"), ("content-length", "0")],
    "304 with content-length": [(":status", "304"), ("content-length", "5")],
    "underscore": [*OK, ("x_a", "b")],
    "high byte": [*OK, ("x-a", "a\xe4b")],
    "55 KiB": [*OK, *((f"x-{number}", "b" * 8000) for number in range(7))],
}.items():
    answered(f"head that passes: {title}", send_headers(pairs, end=True, pieces=8))
answered("an interim response that ends", send_headers([(":status", "100")], end=True))
answered("too many headers", send_headers([*OK, *((f"x-{number}", "b") for number in range(101))], end=True))
answered(
    "too many bytes of headers",
    send_headers([*OK, *((f"x-{number}", "b" * 10000) for number in range(7))], end=True, pieces=8),
)
answered("a body longer than its length", send_headers([*OK, ("content-length", "2")]), send_data("abc", end=True))
answered(
    "a body shorter than its length",
    send_headers([*OK, ("content-length", "5")]),
    send_data("abc"),
    pause(0.2),
    send_data("", end=True),
)
answered(
    "a body for HEAD", send_headers([*OK, ("content-length", "5")]), send_data("hello", end=True), send=[h2(head("/"))]
)
answered("a length for HEAD", send_headers([*OK, ("content-length", "5")], end=True), send=[h2(head("/"))])
answered("a body for 204", send_headers([(":status", "204")]), send_data("hello", end=True))
answered(
    "trailers with a pseudo-header", send_headers(OK), send_data("a"), pause(0.2), send_trailers([(":status", "200")])
)

for title, actions in {
    "DATA before the head": [send_data("abc", end=True)],
    "PUSH_PROMISE": [send_frame(5, 4, None, struct.pack(">I", 2) + b"\x82")],
    "a header block of nonsense": [send_headers((), block=b"\xff" * 6, end=True)],
    "WINDOW_UPDATE above the maximum": [send_window(2**31 - 1)],
    "PING of a wrong size": [send_frame(6, 0, 0, b"abc")],
    "HTTP/1.1": [raw("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")],
}.items():
    answered(f"wrong frame: {title}", *actions)
answered("wrong frame: no SETTINGS", reply(), options={"send_settings": False})
answered("a PING is answered", send_ping(), await_("ping ack"), reply(), options={"show": ("ping",)})

# Resets ---------------------------------------------------------------------------------------------------------------

for code in (
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "CONNECT_ERROR",
    "HTTP_1_1_REQUIRED",
):
    answered(f"reset before the head: {code}", send_rst(code))
    answered(f"reset behind the head: {code}", send_headers(OK), send_data("abc"), pause(0.2), send_rst(code))
answered("reset before the head, h1 client", send_rst("CANCEL"), client=conn)
answered(
    "reset behind the head, h1 client", send_headers(OK), send_data("abc"), pause(0.2), send_rst("CANCEL"), client=conn
)
answered("closed before the head", close())
answered("closed behind the head", send_headers(OK), send_data("abc"), pause(0.2), close())
EARLY = h2(send_headers(BODY), pause(0.1), send_data("abc"), await_("end"), pause(0.2))
answered(
    "an early whole response",
    send=[EARLY],
    scripts=[on_head(await_("body", count=3), send_headers(OK), send_data("early", end=True))],
)
answered(
    "an early whole response and RST_STREAM NO_ERROR",
    send=[EARLY],
    scripts=[on_head(await_("body", count=3), send_headers(OK), send_data("early", end=True), send_rst("NO_ERROR"))],
    ignored=("cluster.a.http2.rx_reset",),
)
answered("a route timeout", hang(), route={"timeout": "0.3s"}, send=[h2(get("/"), pause(0.2))])
answered("a route timeout, h1 client", hang(), route={"timeout": "0.3s"}, client=conn)
answered("a route timeout behind the head", send_headers(OK), send_data("abc"), hang(), route={"timeout": "0.4s"})
answered(
    "a per-try timeout", scripts=[hang(), reply(body="second")], expected_timeout=True,
    route={"retry_policy": {"retry_on": "5xx", "per_try_timeout": "0.3s"}},
)  # fmt: skip
BEGUN = (send_headers(BODY), send_data("abc"), pause(0.2))
answered(
    "the client resets",
    hang(),
    send=[h2(*BEGUN, send_rst("CANCEL"), pause(0.2), get("/"))],
    scripts=[on_head(hang()), reply(body="ok")],
)
answered(
    "the client resets with NO_ERROR", send=[h2(*BEGUN, send_rst("NO_ERROR"), pause(0.2))], scripts=[on_head(hang())]
)
answered(
    "the client closes",
    send=[h2(*BEGUN, close()), wait_stat("http.h.downstream_cx_active", 0)],
    scripts=[on_head(hang())],
)
answered(
    "the h1 client closes",
    send=[conn(send(get("/")), pause(0.3), close()), wait_stat("http.h.downstream_cx_active", 0)],
    scripts=[hang()],
)
case("the client resets, h1 upstream", upstream=[hang(), reply(body="ok")],
     send=[h2(send(get("/")), pause(0.3), send_rst("CANCEL"), pause(0.2), get("/next"))])  # fmt: skip

# GOAWAY and refused streams -------------------------------------------------------------------------------------------

answered("GOAWAY, then the response", send_goaway(last=1), reply(body="ok"), send=[h2(get("/1"), get("/2"))])
answered(
    "GOAWAY with an error, then the response",
    send_goaway("ENHANCE_YOUR_CALM", last=1, debug=b"calm"),
    reply(body="ok"),
    send=[h2(get("/1"), get("/2"))],
)
answered("GOAWAY that leaves the stream out", send_goaway(last=0), send=[h2(get("/1"))])
answered(
    "GOAWAY with an error that leaves the stream out", send_goaway("ENHANCE_YOUR_CALM", last=0), send=[h2(get("/1"))]
)
answered(
    "GOAWAY while idle", reply(body="ok"), pause(0.2), send_goaway(last=1), send=[h2(get("/1"), pause(0.5), get("/2"))]
)
answered(
    "GOAWAY and the end while idle",
    reply(body="ok"),
    pause(0.2),
    send_goaway(last=1),
    close(),
    send=[h2(get("/1"), pause(0.5), get("/2"))],
)
answered("closed while idle", reply(body="ok"), pause(0.2), close(), send=[h2(get("/1"), pause(0.5), get("/2"))])
answered(
    "GOAWAY while one stream goes on", send=[h2(send(get("/1")), pause(0.2), get("/2"), await_("end", 1))],
    scripts=[[pause(0.4), send_goaway(last=3), pause(0.3), reply(body="one")], reply(body="two")],
)  # fmt: skip
REFUSED = send_rst("REFUSED_STREAM")
for on in (
    "refused-stream",
    "5xx",
    "reset",
    "gateway-error",
    "connect-failure",
    "reset-before-request",
    "retriable-4xx",
):
    retried(f"a refused stream under {on}", on, [REFUSED], [reply(body="second")])
retried(
    "GOAWAY that leaves the stream out under refused-stream",
    "refused-stream",
    [send_goaway(last=0)],
    [reply(body="second")],
)
retried(
    "a refused stream with a body", "refused-stream", [REFUSED], [reply(body="second")], send=[h2(post("/", "body"))]
)
retried("refused again and again", "refused-stream", [REFUSED])
retried("a reset under reset", "reset", [send_rst("CANCEL")], [reply(body="second")])
retried("a reset under refused-stream", "refused-stream", [send_rst("CANCEL")], [reply(body="second")])
