"""Replies that the proxy makes itself: status, body, flags and details."""

from harness.vocabulary import *

case("no route", routes=[to("/only")], send=[get("/other"), head("/other"), post("/other", "x")])
case("no virtual host", vhost={"domains": ["other.example"]}, send=[get("/")])
case("no host", upstream=[], cluster={"load_assignment": {"endpoints": []}}, send=[get("/"), head("/")])
case("missing load_assignment", upstream=[], cluster={"load_assignment": None}, send=[get("/")])
case("connection refused", upstream=[refused()], send=[get("/"), head("/"), post("/", "abc")])
case("upstream closes before headers", upstream=[close()], send=[get("/")])
case("upstream resets before headers", upstream=[rst()], send=[get("/")])
case("upstream closes inside the head", upstream=[[raw("HTTP/1.1 200 OK\r\nx: y"), close()]], send=[get("/")])
case("upstream resets at accept", upstream=[host(hang(), accept=[[rst()]])], send=[get("/")])
case("upstream sends garbage", upstream=[[raw("garbage\r\n\r\n"), hang()]], send=[get("/")])
case("upstream sends garbage and closes", upstream=[[raw("\x16\x03\x01\x00\x02\x02\x46"), close()]], send=[get("/")])
case(
    "upstream closes within a content-length body",
    send=[get("/")],
    upstream=[[raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"), close()]],
)
case(
    "upstream resets within a content-length body",
    send=[get("/")],
    upstream=[[raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"), pause(0.1), rst()]],
)
case(
    "upstream closes within a chunked body",
    send=[get("/")],
    upstream=[[raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"), close()]],
)
case(
    "client leaves before the reply",
    upstream=[hang()],
    send=[conn(send(get("/")), pause(0.2), close()), upstream_closed(1)],
)
case(
    "client resets before the reply",
    upstream=[hang()],
    send=[conn(send(get("/")), pause(0.2), rst()), upstream_closed(1)],
)
case(
    "client half-closes after its request",
    upstream=[[pause(0.5), reply(body="late")]],
    send=[conn(send(get("/")), pause(0.2), fin(), recv_eof()), upstream_closed(1)],
)
case(
    "client leaves within its body",
    upstream=[hang()],
    send=[
        conn(
            send(raw_request("POST / HTTP/1.1\r\nhost: h.example\r\ncontent-length: 9\r\n\r\nabc")), pause(0.2), close()
        ),
        upstream_closed(1),
    ],
)
case(
    "a direct response to a body closes the connection",
    routes=[{"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "direct"}}}],
    send=[post("/", "body"), get("/")],
)
