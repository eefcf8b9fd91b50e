"""HTTP/2 at either end: heads, bodies, trailers, streams."""

from harness.vocabulary import *

BOTH = {"cluster": http2_options(), "upstream": [h2_host(reply(body="ok"))]}

case("h2 to h1", send=[h2(get("/1"), get("/2", {"x-a": "b"}))])
case("h1 to h2", send=[get("/1"), get("/2", {"x-a": "b"})], **BOTH)
case(
    "h2 to h2",
    send=[h2(get("/1"), get("/2", {"x-a": "b"}), show=("settings", "window", "settings ack"))],
    cluster=http2_options(),
    upstream=[h2_host(reply(body="ok"), show=("settings", "window"))],
)
case(
    "h2 to h2 with bodies",
    send=[h2(post("/1", "hello", trailers={"t": "1"}), head("/"))],
    cluster=http2_options(),
    upstream=[h2_host(reply(body="ok", trailers={"u": "2"}))],
)
