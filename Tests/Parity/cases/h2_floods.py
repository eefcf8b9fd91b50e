"""Floods over HTTP/2, each below its limit and above it; windows that are never opened."""

from harness.vocabulary import *

HEAD = [(":method", "GET"), (":scheme", "http"), (":authority", "h.example"), (":path", "/")]
POST = [(":method", "POST"), *HEAD[1:]]
HELD = {"upstream": [h2_host(hang())], "cluster": http2_options()}
over = recv_eof(2)


def flood(name, *actions, options=None, hcm=None, **more):
    client = more.pop("client", {})
    settings = {"delayed_close_timeout": "0.2s", "http2_protocol_options": options or {}}
    case(name, send=[h2(*actions, **client)], hcm=merge(settings, hcm or {}), **more)


flood("900 PINGs", send_ping(times=900), await_("ping ack", count=900), get("/"))
flood("1100 PINGs at once", send_ping(times=1100), over)
flood("PINGs above a limit", send_ping(times=30), over, options={"max_outbound_control_frames": 10})
flood("1100 SETTINGS at once", send_settings(times=1100), over)
flood("SETTINGS above a limit", send_settings(times=30), over, options={"max_outbound_control_frames": 10})
flood(
    "frames above max_outbound_frames",
    burst(*[send_headers(HEAD, end=True)] * 3),
    over,
    options={"max_outbound_frames": 2},
)

once = (send_headers(POST), pause(0.2))
flood("one empty DATA", *once, send_data(""), send_data("a", end=True), await_("end"))
flood("two empty DATA", *once, send_data(""), send_data(""), over, **HELD)
flood(
    "empty DATA with something between",
    *once,
    *[send_data(""), send_data("a")] * 3,
    send_data("", end=True),
    await_("end"),
)
flood(
    "empty DATA up to a limit",
    *once,
    *[send_data("")] * 3,
    send_data("", end=True),
    await_("end"),
    options={"max_consecutive_inbound_frames_with_empty_payload": 3},
)
flood("empty CONTINUATION", send_frame(1, 0, 1, b"\x82\x86\x84\x41\x01a"), send_frame(9, 0, 1, b"", times=5), over)

flood("90 PRIORITY", send_priority(stream=1, times=90), get("/"))
flood("250 PRIORITY", send_priority(stream=1, times=250), over)
flood(
    "PRIORITY above a limit", get("/"), send_priority(stream=9, times=10), over,
    options={"max_inbound_priority_frames_per_stream": 2},
)  # fmt: skip
flood("WINDOW_UPDATE without DATA", *once, send_window(1, 0, times=100), over, **HELD)
flood("WINDOW_UPDATE of a stream without DATA", *once, send_window(1, 1, times=300), over, **HELD)
flood(
    "WINDOW_UPDATE above a limit", get("/"), send_window(1, 0, times=100), over,
    options={"max_inbound_window_update_frames_per_data_frame_sent": 1},
)  # fmt: skip
flood("2000 unknown frames", send_frame(0x77, 0, 0, b"", times=2000), get("/"))


def resets(count):
    return [action for number in range(1, 2 * count, 2)
            for action in (send_headers(HEAD, end=True, stream=number), send_rst(stream=number))]  # fmt: skip


flood("20 streams that are reset at once", burst(*resets(20)), pause(0.3), upstream=[hang()], log=False,
      scopes=("http.h.downstream_rq", "http2."))  # fmt: skip

# A stream's list is too long in the middle of it: what follows is not waited for.
block = b"\x82\x86\x84\x41\x01a"
# libnghttp2 itself ends a connection for too many CONTINUATION frames (CVE-2024-28182).
ENDS = differs(
    "CVE-2024-28182",
    "a header block in more than a few CONTINUATION frames ends the connection, whatever is in it; Envoy first reads on",
    client=["[closed]"],
    upstreams=[],
    stats=["http.h.downstream_cx_protocol_error: 1"],
)
flood(
    "CONTINUATION of too many headers",
    send_frame(1, 1, 1, block),
    *[send_frame(9, 0, 1, b"\x00\x01a\x01b")] * 120,
    over,
    differs=ENDS,
)
flood(
    "CONTINUATION of too many bytes",
    send_frame(1, 1, 1, block),
    *[send_frame(9, 0, 1, b"\x00\x01a\x7f\x81\x7d" + b"b" * 16128)] * 12,
    over,
    differs=ENDS,
)
bomb = block + b"\x40\x01b\x7f\x9d\x1e" + b"c" * 3996
flood("an HPACK bomb", send_headers((), block=bomb + b"\xbe" * 2000, end=True), await_("end"), get("/"))
flood(
    "a large header again and again, within the limit",
    send_headers((), block=bomb + b"\xbe" * 10, end=True),
    await_("end"),
)

# Windows --------------------------------------------------------------------------------------------------------------

SHUT = {"settings": {"initial_window_size": 0}, "credit": False}
flood(
    "a window that opens late",
    send_headers(HEAD, end=True),
    pause(0.2),
    send_window(100, 1),
    await_("end"),
    client=SHUT,
)
flood(
    "a window that never opens",
    send_headers(HEAD, end=True),
    await_("end"),
    client=SHUT,
    hcm={"stream_idle_timeout": "0.4s"},
)
flood("a window that never opens, stream_flush_timeout", send_headers(HEAD, end=True), await_("end"), client=SHUT,
      hcm={"stream_flush_timeout": "0.4s"})  # fmt: skip
flood("a window that opens byte by byte", send_headers(HEAD, end=True), pause(0.1),
      *[action for _ in range(4) for action in (send_window(1, 1), pause(0.02))], await_("end"), client=SHUT,
      upstream=[reply(body="four")])  # fmt: skip
flood("a window that shrinks and grows", send_headers(HEAD, end=True), await_("body", count=100),
      send_settings(initial_window_size=0), pause(0.2), send_settings(initial_window_size=65535), await_("end"),
      upstream=[reply(body="x" * 90000)])  # fmt: skip
flood("a stream that waits does not stop another", send_headers(HEAD, end=True), pause(0.3), get("/other"),
      client={"settings": {"initial_window_size": 1000}, "credit": False},
      upstream=[reply(body="x" * 5000), reply(body="ok")])  # fmt: skip

flood(
    "more streams than max_concurrent_streams",
    burst(*[send_headers(HEAD, end=True) for _ in range(3)]),
    await_("end", 1),
    pause(0.1),
    options={"max_concurrent_streams": 1},
    upstream=[[pause(0.4), reply(body="ok")]],
)
flood(
    "as many as max_concurrent_streams, one by one",
    get("/1"),
    get("/2"),
    get("/3"),
    options={"max_concurrent_streams": 1},
)
