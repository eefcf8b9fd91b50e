"""HTTP/2 that is wrong: heads, trailers, frames, ids, windows, header blocks; and what passes all the same."""

import struct

from harness.vocabulary import *

HEAD = [(":method", "GET"), (":scheme", "http"), (":authority", "h.example"), (":path", "/")]
POST = [(":method", "POST"), *HEAD[1:]]
FAST = {"delayed_close_timeout": "0.2s"}
BY_STREAM = {"http2_protocol_options": {"override_stream_error_on_invalid_http_message": True}}
over = recv_eof(2)
# Slow enough to be under way still when the next frames are read.
LATE = [[pause(0.4), reply(body="late")]]


# RFC 9113 §5.4.1: who ends a connection for an error says which in a GOAWAY.
def told(code="PROTOCOL_ERROR"):
    return differs_in(
        "RFC 9113 §5.4.1",
        "who ends a connection for an error first says which, in a GOAWAY; Envoy ends without a word",
        client=[(rf"^GOAWAY {code} last=\d+.*\n", "")],
    )


def wrong(name, *actions, hcm=None, **more):
    options = more.pop("options", {})
    case(name, send=[h2(*actions, **options)], hcm=merge(FAST, hcm or {}), **more)


def wrong_head(name, pairs, *, stream=True, answered=False, **more):
    """By default the connection ends, by option only the stream; some are `answered`."""
    wrong(f"head: {name}", send_headers(pairs, end=True), over, differs=None if answered else told(), **more)
    if stream:
        wrong(
            f"head, by stream: {name}", send_headers(pairs, end=True), await_("end", seconds=2), get("/next"),
            hcm=BY_STREAM, **more,
        )  # fmt: skip


def good_head(name, pairs, **more):
    wrong(f"head that passes: {name}", send_headers(pairs, end=True), await_("end"), **more)


def at(place, value):
    pairs = list(HEAD)
    pairs[place] = (pairs[place][0], value)
    return pairs


def without(place):
    return HEAD[:place] + HEAD[place + 1 :]


wrong_head("upper-case name", [*HEAD, ("X-A", "b")])
wrong_head("empty name", [*HEAD, ("", "b")], stream=False)
# RFC 9113 §8.2.1: Envoy passes such values on. Only the stream ends: its neighbours have done nothing.
for title, value in {"space before": " b", "tab behind": "b\t", "nothing but a space": " "}.items():
    wrong(
        f"white space around a value: {title}", send_headers([*HEAD, ("x-a", value)], end=True), await_("end", seconds=2),
        get("/next"),
        differs=differs(
            "RFC 9113 §8.2.1", "a value that begins or ends with white space makes a message malformed; Envoy passes it on",
            client=["RST_STREAM PROTOCOL_ERROR", ":status: 200"], upstreams=["/next", "!x-a"],
        ),
    )  # fmt: skip
wrong_head("space in a name", [*HEAD, ("x a", "b")], stream=False)
wrong_head("colon in a name", [*HEAD, ("x:a", "b")], stream=False)
wrong_head("high byte in a name", [*HEAD, ("x\xe4", "b")], stream=False)
for title, byte in (("NUL", "\0"), ("CR", "\r"), ("LF", "\n"), ("control character", "\x01")):
    wrong_head(f"{title} in a value", [*HEAD, ("x-a", f"a{byte}b")], stream=title == "NUL")
wrong_head("connection", [*HEAD, ("connection", "close")])
for title in ("keep-alive", "proxy-connection", "transfer-encoding", "upgrade"):
    wrong_head(title, [*HEAD, (title, "chunked")], stream=False)
wrong_head("te other than trailers", [*HEAD, ("te", "gzip")])
wrong_head("no method", without(0))
wrong_head("no scheme", without(1), stream=False)
wrong_head("no authority", without(2), stream=False)
wrong_head("no path", without(3))
wrong_head("method twice", [HEAD[0], *HEAD], stream=False)
wrong_head("path twice", [*HEAD, (":path", "/b")], stream=False)
wrong_head("authority twice", [*HEAD, (":authority", "b")], stream=False)
wrong_head("pseudo-header behind others", [*HEAD[:3], ("x-a", "b"), HEAD[3]])
wrong_head("unknown pseudo-header", [*HEAD, (":foo", "b")])
wrong_head("status in a request", [*HEAD, (":status", "200")], stream=False)
wrong_head("protocol with GET", [*HEAD, (":protocol", "websocket")], stream=False)
wrong_head("empty method", at(0, ""), stream=False)
wrong_head("space in the method", at(0, "G T"), stream=False)
wrong_head("empty scheme", at(1, ""), stream=False)
wrong_head("empty authority", at(2, ""), stream=False)
wrong_head("authority with userinfo", at(2, "a@h.example"), stream=False)
wrong_head("authority with a slash", at(2, "a/b"), stream=False)
wrong_head("empty path", at(3, ""), stream=False)
wrong_head("path without a slash", at(3, "foo"), stream=False)
wrong_head("path with a space", at(3, "/a b"), stream=False)
wrong_head("absolute path", at(3, "http://h.example/x"), stream=False)
wrong_head("path *", at(3, "*"), stream=False)
wrong_head("end with content-length", [*HEAD, ("content-length", "3")])
wrong_head("content-length that is no number", [*HEAD, ("content-length", "abc")], stream=False)
wrong_head("content-length twice", [*HEAD, ("content-length", "0"), ("content-length", "0")], stream=False)
wrong_head("extended CONNECT that nobody allowed", [(":method", "CONNECT"), (":protocol", "websocket"), *HEAD[1:]])
wrong_head("CONNECT with a path", [(":method", "CONNECT"), *HEAD[1:]], stream=False)
wrong_head("a fragment in the path", at(3, "/a#b"), stream=False, answered=True)
wrong_head("OPTIONS *", [(":method", "OPTIONS"), *HEAD[1:3], (":path", "*")], stream=False, answered=True)
wrong_head(
    "CONNECT without a route", [(":method", "CONNECT"), (":authority", "h.example:80")], stream=False, answered=True
)

good_head("host for the authority", [*without(2), ("host", "x.example")])
good_head("host beside the authority", [*HEAD, ("host", "other.example")])
good_head("lower-case method", at(0, "get"))
good_head("unknown method", at(0, "FOO"))
good_head("scheme ftp", at(1, "ftp"))
good_head("scheme https on plaintext", at(1, "https"))
good_head("high byte in a value", [*HEAD, ("x-a", "a\xe4b")])
good_head("underscore in a name", [*HEAD, ("x_a", "b")])
good_head("content-length 0", [*HEAD, ("content-length", "0")])
good_head("100 headers", [*HEAD, *((f"x-{number}", "b") for number in range(96))])
good_head("http2-settings", [*HEAD, ("http2-settings", "AAMAAABk")])
good_head("an odd name of an upstream's", [*HEAD, ("x.a!", "b")])

# Limits of heads ------------------------------------------------------------------------------------------------------

wide = [(f"x-{number}", "b" * 5000) for number in range(13)]
wrong(
    "101 headers",
    send_headers([*HEAD, *((f"x-{number}", "b") for number in range(97))], end=True),
    await_("end"),
    get("/"),
)
wrong("61 KiB of headers", send_headers([*HEAD, *wide], end=True, pieces=5), await_("end"), get("/"))
wrong("55 KiB of headers", send_headers([*HEAD, *wide[:11]], end=True, pieces=5), await_("end"))
wrong(
    "max_request_headers_kb", send_headers([*HEAD, *wide[:2]], end=True), await_("end"), get("/"),
    hcm={"max_request_headers_kb": 8},
)  # fmt: skip
wrong(
    "max_headers_count", send_headers([*HEAD, ("x-a", "b"), ("x-b", "c")], end=True), await_("end"), get("/"),
    hcm={"common_http_protocol_options": {"max_headers_count": 5}},
)  # fmt: skip
for action in ("REJECT_REQUEST", "DROP_HEADER"):
    wrong(
        f"underscores: {action}", send_headers([*HEAD, ("x_a", "b")], end=True), await_("end"), get("/"),
        hcm={"common_http_protocol_options": {"headers_with_underscores_action": action}},
    )  # fmt: skip
wrong("a header block in pieces", send_headers([*HEAD, ("x-a", "b" * 100)], end=True, pieces=4), await_("end"))

# Bodies and trailers --------------------------------------------------------------------------------------------------

# Envoy counts trailers before it looks at them.
REFUSED_TRAILERS = ("http2.trailers",)
HELD = {"upstream": [h2_host(hang())], "cluster": http2_options()}
wrong(
    "body longer than its length",
    send_headers([*POST, ("content-length", "2")]),
    pause(0.2),
    send_data("abc", end=True),
    await_("end"),
    get("/"),
    upstream=[h2_host(reply(body="ok"))],
    cluster=http2_options(),
)
wrong(
    "body shorter than its length",
    send_headers([*POST, ("content-length", "5")]),
    pause(0.2),
    send_data("abc"),
    pause(0.1),
    send_data("", end=True),
    await_("end"),
    get("/"),
    upstream=[h2_host(reply(body="ok"))],
    cluster=http2_options(),
)
wrong(
    "trailers with a pseudo-header",
    send_headers(POST),
    send_data("abc"),
    pause(0.2),
    send_trailers([(":path", "/")]),
    over,
    differs=told(),
    ignored=REFUSED_TRAILERS,
    **HELD,
)
wrong(
    "trailers that do not end",
    send_headers(POST),
    send_data("abc"),
    pause(0.2),
    send_headers([("t", "1")], stream=1),
    over,
    differs=told(),
    ignored=REFUSED_TRAILERS,
    **HELD,
)
wrong(
    "trailers that are too many",
    send_headers(POST),
    send_data("a"),
    pause(0.2),
    send_trailers([(f"x-{number}", "b") for number in range(101)]),
    await_("end"),
    ignored=REFUSED_TRAILERS,
    **HELD,
)

# Frames ---------------------------------------------------------------------------------------------------------------

asked = send_headers(HEAD, end=True)
begun = (send_headers(POST), pause(0.2))
# Where Envoy says nothing: the code that RFC 9113 has for it.
SILENT = {
    "HEADERS on stream 0": "PROTOCOL_ERROR",
    "HEADERS on an even stream": "PROTOCOL_ERROR",
    "WINDOW_UPDATE of 0": "PROTOCOL_ERROR",
    "WINDOW_UPDATE above the maximum": "FLOW_CONTROL_ERROR",
    "WINDOW_UPDATE on an idle stream": "PROTOCOL_ERROR",
    "RST_STREAM on an idle stream": "PROTOCOL_ERROR",
    "RST_STREAM on stream 0": "PROTOCOL_ERROR",
    "PING on a stream": "PROTOCOL_ERROR",
    "SETTINGS on a stream": "PROTOCOL_ERROR",
    "SETTINGS of a large window": "FLOW_CONTROL_ERROR",
    "SETTINGS of small frames": "PROTOCOL_ERROR",
    "SETTINGS of ENABLE_PUSH 2": "PROTOCOL_ERROR",
    "HEADERS that depend on themselves": "PROTOCOL_ERROR",
    "HEADERS behind the end": "STREAM_CLOSED",
    "WINDOW_UPDATE of 0 on a stream": "PROTOCOL_ERROR",
    "PUSH_PROMISE": "PROTOCOL_ERROR",
}
OF_THE_STREAM = differs(
    "RFC 9113 §6.9.1",
    "a window of a stream above 2^31-1 is an error of that stream; Envoy ends the connection without a word",
    client=["[RST_STREAM FLOW_CONTROL_ERROR]", "[TIMEOUT]"],
    access_log=['"code":0'],
    stats=["http2.tx_reset: 1", "!downstream_cx_protocol_error"],
)
IN_ERROR = {
    "a smaller id": differs(
        "RFC 9113 §5.1.1",
        "a smaller id than the last is an error of the connection; Envoy ignores it",
        client=["GOAWAY PROTOCOL_ERROR", "[closed]"],
        stats=["http.h.downstream_cx_protocol_error: 1"],
    ),
    "a used id": differs(
        "RFC 9113 §5.1",
        "HEADERS behind both ends of a stream are an error of the connection; Envoy ignores them",
        client=["GOAWAY STREAM_CLOSED", "[closed]"],
        stats=["http.h.downstream_cx_protocol_error: 1"],
    ),
    "PRIORITY on itself": differs(
        "RFC 7540 §5.3.1",
        "a stream that depends on itself is an error; Envoy ignores it",
        client=["GOAWAY PROTOCOL_ERROR", "[closed]"],
        stats=["http.h.downstream_cx_protocol_error: 1"],
    ),
    "PRIORITY on stream 0": differs(
        "RFC 9113 §6.3",
        "PRIORITY on stream 0 is an error of the connection; Envoy ignores it",
        client=["GOAWAY PROTOCOL_ERROR", "[closed]"],
        stats=["http.h.downstream_cx_protocol_error: 1"],
    ),
}
for title, actions in {
    "DATA on an idle stream": [send_data("abc", stream=1)],
    "DATA on stream 0": [send_frame(0, 0, 0, b"abc")],
    "HEADERS on stream 0": [send_headers(HEAD, end=True, stream=0)],
    "HEADERS on an even stream": [send_headers(HEAD, end=True, stream=2)],
    "WINDOW_UPDATE of 0": [send_window(0)],
    "WINDOW_UPDATE above the maximum": [send_window(2**31 - 1)],
    "WINDOW_UPDATE on an idle stream": [send_window(5, stream=7)],
    "RST_STREAM on an idle stream": [send_rst(stream=7)],
    "RST_STREAM on stream 0": [send_rst(stream=0)],
    "PING on a stream": [send_frame(6, 0, 1, b"12345678")],
    "PING of a wrong size": [send_frame(6, 0, 0, b"abc")],
    "SETTINGS on a stream": [send_frame(4, 0, 1, b"")],
    "SETTINGS of a wrong size": [send_frame(4, 0, 0, b"abc")],
    "SETTINGS ACK with a payload": [send_frame(4, 1, 0, b"\0" * 6)],
    "SETTINGS of a large window": [send_settings(initial_window_size=2**31)],
    "SETTINGS of small frames": [send_settings(max_frame_size=100)],
    "SETTINGS of ENABLE_PUSH 2": [send_settings(enable_push=2)],
    "SETTINGS of too many entries": [send_settings([(0x99 + number, 1) for number in range(40)])],
    "PRIORITY of a wrong size": [send_frame(2, 0, 1, b"abc")],
    "CONTINUATION alone": [send_frame(9, 4, 1, b"")],
    "a frame before CONTINUATION": [send_frame(1, 0, 1, b"\x82"), send_ping()],
    "padding longer than HEADERS": [send_frame(1, 0xC, 1, bytes([50]) + b"abc")],
    "HEADERS that depend on themselves": [send_frame(1, 0x25, 1, struct.pack(">IB", 1, 1) + b"\x82\x86\x84\x41\x01a")],
    "a header block of nonsense": [send_headers((), block=b"\xff" * 6, end=True)],
    "a header block with index 0": [send_headers((), block=b"\x80", end=True)],
    "a header block with a large table": [send_headers((), block=b"\x3f\xe1\xff\x03\x82\x86\x84\x41\x01a", end=True)],
    "a frame that is too large": [send_frame(1, 5, 1, b"x" * 16385)],
}.items():
    wrong(f"frame: {title}", *actions, over, differs=told(SILENT[title]) if title in SILENT else None)
for title, actions in {
    "DATA behind the end": [asked, pause(0.1), send_data("abc", stream=1)],
    "HEADERS behind the end": [asked, pause(0.1), send_headers(HEAD, end=True, stream=1)],
    "WINDOW_UPDATE of 0 on a stream": [*begun, send_window(0, stream=1)],
    "WINDOW_UPDATE above the maximum on a stream": [*begun, send_window(2**31 - 1, stream=1)],
    "RST_STREAM of a wrong size": [*begun, send_frame(3, 0, 1, b"abc")],
    "DATA that is too large": [*begun, send_frame(0, 0, 1, b"x" * 16385)],
    "padding longer than DATA": [*begun, send_frame(0, 8, 1, bytes([50]) + b"abc")],
    "PUSH_PROMISE": [*begun, send_frame(5, 4, 1, struct.pack(">I", 2))],
}.items():
    exempt = OF_THE_STREAM if "above the maximum" in title else None
    if title in SILENT:
        exempt = told(SILENT[title])
    wrong(f"frame under way: {title}", *actions, over, differs=exempt, **HELD)
for title, actions in {
    "a smaller id": [
        send_headers(HEAD, end=True, stream=5),
        await_("end", 5),
        send_headers(HEAD, end=True, stream=3),
        pause(0.2),
        send_headers(HEAD, end=True, stream=7),
        await_("end", 7),
    ],
    "a used id": [
        asked,
        await_("end", 1),
        send_headers(HEAD, end=True, stream=1),
        pause(0.2),
        send_headers(HEAD, end=True, stream=3),
        await_("end", 3),
    ],
    "DATA on a stream that is over": [asked, await_("end", 1), send_data("abc", stream=1), get("/")],
    "RST_STREAM on a stream that is over": [asked, await_("end", 1), send_rst(stream=1), get("/")],
    "WINDOW_UPDATE on a stream that is over": [asked, await_("end", 1), send_window(9, 1), get("/")],
    "unknown frames": [send_frame(0x77, 0, 0, b"abcde"), send_frame(0xFE, 0xFF, 1, b""), get("/")],
    "unknown settings": [send_settings([(0x99, 5)]), get("/")],
    # In one write: Envoy ends a connection that it finds without streams behind a GOAWAY.
    "a GOAWAY of the client": [burst(send_goaway(), send(get("/"))), read()],
    "a GOAWAY of the client under way": [asked, send_goaway(), await_("end")],
    "a GOAWAY with an error": [burst(send_goaway("ENHANCE_YOUR_CALM", debug=b"too_many_pings"), send(get("/"))), read()],
    "PRIORITY on itself": [asked, send_priority(depends=1, stream=1), await_("end")],
    "PRIORITY on an idle stream": [send_priority(stream=9), get("/")],
    "PRIORITY on stream 0": [send_frame(2, 0, 0, b"abcde"), get("/")],
    "priority in HEADERS": [
        send_frame(1, 0x25, 1, struct.pack(">IB", 0, 1) + b"\x82\x86\x84\x41\x01a"),
        await_("end", 1),
    ],
    "a PING": [send_ping(), await_("ping ack"), send_ping(ack=True), get("/")],
    "METADATA that nobody allowed": [send_frame(0x4D, 4, 1, b"\x00\x01a\x01b"), get("/")],
}.items():
    wrong(f"frame that passes: {title}", *actions, options={"show": ("ping",)}, differs=IN_ERROR.get(title))
wrong("SETTINGS are never acknowledged", get("/"), pause(0.3), get("/"), options={"acknowledge": False})
wrong("preface: wrong", over, options={"preface": b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"})
wrong("preface: no SETTINGS", send_ping(), over, options={"send_settings": False})
wrong("half a frame and then the end", send_frame(4, 0, 0, b"abc", length=12), pause(0.2), close())
