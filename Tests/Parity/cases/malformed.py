"""Requests and responses that are wrong on the wire."""

from harness.vocabulary import *

HOST = "host: h.example\r\n"


def sent(name, data, **more):
    case(name, send=[raw_request(data)], **more)


def with_header(name, line, **more):
    sent(name, f"GET / HTTP/1.1\r\n{HOST}{line}\r\n\r\n", **more)


def chunks(name, data, **more):
    sent(name, f"POST / HTTP/1.1\r\n{HOST}transfer-encoding: chunked\r\n\r\n{data}", **more)


def answered(name, *data, **more):
    """The upstream's answer is wrong; a second request tells whether its connection was kept."""
    case(
        name,
        upstream=[[*(piece if not isinstance(piece, str) else raw(piece) for piece in data)]],
        send=[get("/"), get("/again")],
        **more,
    )


REQUEST_LINE = refused_as_malformed(
    "RFC 9112 §3", "one space each, no other white space: laxer reading is how requests are smuggled"
)
BARE_CR = refused_as_malformed("RFC 9112 §2.2", "a bare CR makes the element invalid; Envoy silently removes it")
OBS_FOLD = refused_as_malformed("RFC 9112 §5.2", "a server refuses obs-fold (or replaces it); Envoy joins the lines")
HOST_FIELD = refused_as_malformed(
    "RFC 9112 §3.2", "400 is a must for a repeated or invalid Host; Envoy takes the first and any text"
)
CHUNK = refused_as_malformed(
    "RFC 9112 §7.1", "a chunk is its size, CRLF, so many bytes, CRLF; Envoy skips what it did not expect"
)
CHUNK_EXTENSION = refused_as_malformed("RFC 9112 §7.1.1, RFC 9110 §5.5", "no NUL in a chunk extension")

# The request line -----------------------------------------------------------------------------------------------------

sent("garbage", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
sent("no spaces in the request line", "GET/HTTP/1.1\r\n\r\n")
sent("request line of two words", "GET /\r\n" + HOST + "\r\n")
sent("HTTP/1.0", "GET / HTTP/1.0\r\n" + HOST + "\r\n")
sent("HTTP/0.9 simple request", "GET /\r\n\r\n")
sent("HTTP/1.2", "GET / HTTP/1.2\r\n" + HOST + "\r\n")
sent("HTTP/2.0 in the request line", "GET / HTTP/2.0\r\n" + HOST + "\r\n")
sent("HTTP/1.10", "GET / HTTP/1.10\r\n" + HOST + "\r\n")
sent("http in lower case", "GET / http/1.1\r\n" + HOST + "\r\n")
sent("unknown method", "FOO / HTTP/1.1\r\n" + HOST + "\r\n")
sent("method in lower case", "get / HTTP/1.1\r\n" + HOST + "\r\n")
sent("M-SEARCH", "M-SEARCH / HTTP/1.1\r\n" + HOST + "\r\n")
sent("QUERY", "QUERY / HTTP/1.1\r\n" + HOST + "\r\n")
sent("target without a slash", "GET path HTTP/1.1\r\n" + HOST + "\r\n")
sent("asterisk of a GET", "GET * HTTP/1.1\r\n" + HOST + "\r\n")
sent("ftp scheme", "GET ftp://h.example/ HTTP/1.1\r\n" + HOST + "\r\n")
sent("CONNECT without a port", "CONNECT h.example HTTP/1.1\r\n" + HOST + "\r\n")
sent("fragment in the path", "GET /a#b HTTP/1.1\r\n" + HOST + "\r\n")
sent("control character in the path", "GET /a\x01b HTTP/1.1\r\n" + HOST + "\r\n")
sent("DEL in the path", "GET /a\x7fb HTTP/1.1\r\n" + HOST + "\r\n")
sent("HTTP/2 preface on an HTTP/1 listener", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", hcm={"codec_type": "HTTP1"})
sent("high byte in the path", "GET /\xe4 HTTP/1.1\r\n" + HOST + "\r\n")
sent("double space in the request line", "GET  / HTTP/1.1\r\n" + HOST + "\r\n", differs=REQUEST_LINE)
sent("tab in the request line", "GET\t/ HTTP/1.1\r\n" + HOST + "\r\n", differs=REQUEST_LINE)
sent("trailing space in the request line", "GET / HTTP/1.1 \r\n" + HOST + "\r\n", differs=REQUEST_LINE)
sent("space in the path", "GET /a b HTTP/1.1\r\n" + HOST + "\r\n")
sent("leading space before the method", " GET / HTTP/1.1\r\n" + HOST + "\r\n")

# Header fields --------------------------------------------------------------------------------------------------------

with_header("NUL in a value", "x-a: a\0b")
with_header("control character in a value", "x-a: a\x01b")
with_header("DEL in a value", "x-a: a\x7fb")
with_header("high bytes in a value", "x-a: \xe4\xff")
with_header("space before the colon", "x-a : b")
with_header("no colon", "x-a")
with_header("empty name", ": b")
with_header("name that is no token", "x(a): b")
with_header("name with a high byte", "x\xe4: b")
with_header("bare CR in a value", "x-a: a\rb", differs=BARE_CR)
with_header("obs-fold", "x-a: a\r\n  b", differs=OBS_FOLD)
sent("obs-fold on the first header", "GET / HTTP/1.1\r\n x-a: b\r\n" + HOST + "\r\n")
sent("bare LF everywhere", "GET / HTTP/1.1\nhost: h.example\n\n")
sent("bare LF after a header", "GET / HTTP/1.1\r\nhost: h.example\nx-a: b\r\n\r\n")

# Host -----------------------------------------------------------------------------------------------------------------

sent("no host", "GET / HTTP/1.1\r\n\r\n")
sent("empty host", "GET / HTTP/1.1\r\nhost:\r\n\r\n")
with_header("duplicate host", "host: other.example", differs=HOST_FIELD)
with_header("duplicate host with the same value", "host: h.example", differs=HOST_FIELD)
sent("host with userinfo", "GET / HTTP/1.1\r\nhost: user@h.example\r\n\r\n", differs=HOST_FIELD)
sent("host with a bad port", "GET / HTTP/1.1\r\nhost: h.example:port\r\n\r\n", differs=HOST_FIELD)
sent("host with a space", "GET / HTTP/1.1\r\nhost: h example\r\n\r\n")
sent("host with a slash", "GET / HTTP/1.1\r\nhost: h.example/x\r\n\r\n")

# Content-Length and Transfer-Encoding ---------------------------------------------------------------------------------


def body_of(name, lines, body="abc", **more):
    sent(name, f"POST / HTTP/1.1\r\n{HOST}{lines}\r\n\r\n{body}", **more)


body_of("duplicate content-length", "content-length: 3\r\ncontent-length: 3")
body_of("two content-lengths", "content-length: 3\r\ncontent-length: 4")
body_of("content-length list", "content-length: 3,3")
body_of("content-length with a sign", "content-length: +3")
body_of("negative content-length", "content-length: -3")
body_of("content-length in hex", "content-length: 0x3")
body_of("empty content-length", "content-length:")
body_of("content-length beyond 64 bits", "content-length: 18446744073709551617")
body_of("content-length with a leading zero", "content-length: 03")
body_of(
    "content-length and transfer-encoding", "content-length: 3\r\ntransfer-encoding: chunked", "3\r\nabc\r\n0\r\n\r\n"
)
case(
    "content-length and transfer-encoding allowed",
    hcm={"http_protocol_options": {"allow_chunked_length": True}},
    send=[
        raw_request(
            f"POST / HTTP/1.1\r\n{HOST}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        )
    ],
)
body_of("transfer-encoding gzip", "transfer-encoding: gzip", "")
body_of("transfer-encoding gzip, chunked", "transfer-encoding: gzip, chunked", "0\r\n\r\n")
body_of("transfer-encoding identity", "transfer-encoding: identity", "")
body_of("transfer-encoding twice", "transfer-encoding: chunked\r\ntransfer-encoding: chunked", "0\r\n\r\n")
body_of("transfer-encoding with a control character", "transfer-encoding: \x0bchunked", "0\r\n\r\n")
chunks("chunk size that is no number", "xyz\r\nabc\r\n0\r\n\r\n")
chunks("chunk size with a space before", " 3\r\nabc\r\n0\r\n\r\n")
chunks("chunk size with a space after", "3 \r\nabc\r\n0\r\n\r\n", differs=CHUNK)
chunks("chunk size ended by LF", "3\nabc\r\n0\r\n\r\n")
chunks("chunk size beyond 64 bits", "11111111111111111\r\nabc\r\n0\r\n\r\n")
chunks("negative chunk size", "-3\r\nabc\r\n0\r\n\r\n")
chunks("chunk size with 0x", "0x3\r\nabc\r\n0\r\n\r\n")
chunks("empty chunk size", "\r\nabc\r\n0\r\n\r\n")
chunks("chunk longer than its size", "3\r\nabcd\r\n0\r\n\r\n", differs=CHUNK)
chunks("chunk shorter than its size", "3\r\nab\r\n0\r\n\r\n", differs=CHUNK)
chunks("NUL in a chunk extension", "3;a=\0\r\nabc\r\n0\r\n\r\n", differs=CHUNK_EXTENSION)
chunks("bare LF in a chunk extension", "3;a=b\nabc\r\n0\r\n\r\n")
chunks("trailer without a colon", "3\r\nabc\r\n0\r\nx-t\r\n\r\n")
case(
    "malformed second request", send=[conn(get("/"), send(raw_request("GET / HTTP/1.1\r\nbad header\r\n\r\n")), read())]
)
case(
    "malformed second request in the pipeline",
    upstream=[[pause(0.2), reply(body="first")]],
    send=[conn(send(raw_request(f"GET / HTTP/1.1\r\n{HOST}\r\nGET / HTTP/1.1\r\nbad header\r\n\r\n")), read(2))],
)

# Responses ------------------------------------------------------------------------------------------------------------

OK = "HTTP/1.1 200 OK\r\n"
answered("response without a reason phrase", "HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok")
answered("response with HTTP/2.0", "HTTP/2.0 200 OK\r\ncontent-length: 2\r\n\r\nok")
answered("response status of two digits", "HTTP/1.1 20 OK\r\ncontent-length: 2\r\n\r\nok")
answered("response status 600", "HTTP/1.1 600 Odd\r\ncontent-length: 2\r\n\r\nok")
answered("response status 999", "HTTP/1.1 999 Odd\r\ncontent-length: 2\r\n\r\nok")
answered("response status of letters", "HTTP/1.1 abc OK\r\ncontent-length: 2\r\n\r\nok")
answered("response with an odd reason phrase", "HTTP/1.1 200 Very \xe4 fine\r\ncontent-length: 2\r\n\r\nok")
answered("response with bare LF", "HTTP/1.1 200 OK\ncontent-length: 2\n\nok")
answered(
    "response with content-length and transfer-encoding",
    OK + "content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
)
answered("response with two content-lengths", OK + "content-length: 3\r\ncontent-length: 4\r\n\r\nabc")
answered("response with a bad content-length", OK + "content-length: x\r\n\r\nabc")
answered("response with transfer-encoding gzip", OK + "transfer-encoding: gzip\r\n\r\nabc")
answered("response with a bad chunk size", OK + "transfer-encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n")
answered("204 with content-length", "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n")
answered("204 with a body", "HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\nok")
answered("204 with transfer-encoding", "HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n")
answered("extra bytes after the body", OK + "content-length: 2\r\n\r\nokEXTRA")
answered(
    "a second response that nobody asked for", OK + "content-length: 2\r\n\r\nok" + OK + "content-length: 2\r\n\r\nno"
)
answered(
    "response with obs-fold",
    OK + "content-length: 2\r\nx-a: a\r\n \t b\r\n\r\nok",
    differs=differs(
        "RFC 9112 §5.2",
        "a fold in a response becomes one space; Envoy keeps the white space that stood there",
        client=["x-a: a b"],
    ),
)
answered("response with a space before the colon", OK + "content-length: 2\r\nx-a : a\r\n\r\nok")
answered("response with NUL in a value", OK + "content-length: 2\r\nx-a: a\0b\r\n\r\nok")
answered("response with high bytes in a value", OK + "content-length: 2\r\nx-a: \xe4\xff\r\n\r\nok")
answered("response with 101 headers", OK + "content-length: 2\r\n" + "x-a: b\r\n" * 100 + "\r\nok")
answered("response with 100 headers", OK + "content-length: 2\r\n" + "x-a: b\r\n" * 99 + "\r\nok")
answered("response with 70 KB of headers", OK + "content-length: 2\r\nx-a: " + "b" * 70000 + "\r\n\r\nok")
