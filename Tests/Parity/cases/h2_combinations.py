"""HTTP/2 and HTTP/1.1 at either end, in every combination: heads, bodies, trailers, interim responses, translation."""

from harness.vocabulary import *

TRAILERS = {"http_protocol_options": {"enable_trailers": True}}
TWO = {"cluster": http2_options()}
OK = (reply(body="ok"),)
SLOW = [[pause(0.4), reply(body="slow")]]


def combined(name, *steps, scripts=OK, **more):
    """The same traffic over all four combinations; `more` is for all of them."""
    scripts = list(scripts)
    down = more.pop("down", {})
    for client, made in (("h1", conn), ("h2", h2)):
        case(f"{name}: {client} to h1", send=[made(*steps)], upstream=scripts, hcm=down, **more)
        both = merge(more, {"cluster": merge(http2_options(), more.get("cluster", {}))})
        case(f"{name}: {client} to h2", send=[made(*steps)], upstream=[h2_host(*scripts)], hcm=down, **both)


combined("GET", get("/1"), get("/2", {"x-a": "b"}))
combined("HEAD", head("/1"), get("/2"), scripts=[reply(body="four"), reply(body="ok")])
combined("POST with a length", post("/1", "hello"), post("/2", ""))
combined("POST of unknown length", post("/1", "hello", chunked=True))
combined("a large body each way", post("/1", "x" * 300_000), scripts=[reply(body="y" * 400_000)])
combined("PUT, DELETE, OPTIONS, PATCH", *(request(name, "/") for name in ("PUT", "DELETE", "OPTIONS", "PATCH")))
combined("204 and 304", get("/1"), get("/2"), scripts=[reply(204), reply(304)])
combined("a response of unknown length", get("/1"), get("/2"), scripts=[reply(body="ok", chunked=True)])
combined("an empty response", get("/1"), scripts=[reply(body="")])
combined("status and header pass", get("/1"), scripts=[reply(418, [("x-a", "1"), ("x-b", "2"), ("x-a", "3")], "tea")])
combined("set-cookie stays in lines", get("/"), scripts=[reply(200, [("set-cookie", "a=1"), ("set-cookie", "b=2")])])
combined(
    "server and date are replaced",
    get("/"),
    scripts=[reply(200, {"server": "s", "date": "Sat, 01 Jan 2000 00:00:00 GMT", "x-up": "Y"}, "ok")],
)
combined("no route", get("/x"), head("/x"), routes=[to("/y")])
combined("a redirect", get("/x"), routes=[{"match": {"prefix": "/"}, "redirect": {"https_redirect": True}}])
combined("a direct response", get("/x"), head("/x"), routes=[direct("/", "text")])
combined(
    "a retry with a body",
    post("/1", "hello"),
    scripts=[reply(503), reply(body="ok")],
    expected_timeout=True,
    route={"retry_policy": {"retry_on": "5xx"}},
)
combined("a route timeout", get("/"), scripts=[hang()], route={"timeout": "0.3s"})
combined("a slow response", get("/1"), get("/2"), scripts=SLOW)
combined("host rewrite", get("/1"), route={"host_rewrite_literal": "new.example"})
combined("path rewrite", get("/1?q"), route={"prefix_rewrite": "/new/"})
combined("x-forwarded-proto of the client", get("/", {"x-forwarded-proto": "https"}))
combined(
    "via and x-forwarded-for",
    get("/1", {"x-forwarded-for": "1.2.3.4"}),
    down={"use_remote_address": True, "via": "me"},
    rules=((r"1.2.3.4,[0-9.]+", "1.2.3.4,<own>"),),
)
combined("scheme transformation", get("/"), down={"scheme_header_transformation": {"scheme_to_overwrite": "https"}})
combined("trailers of a request", post("/1", "x", trailers={"t": "1", "u": "2"}), down=TRAILERS)
combined("trailers of a response", get("/1"), scripts=[reply(body="x", trailers={"t": "1"})], down=TRAILERS)
combined("trailers of a response, off for h1", get("/1"), scripts=[reply(body="x", trailers={"t": "1"})])

for client, made in (("h1", conn), ("h2", h2)):
    case(f"a refused connection: {client}", send=[made(get("/x"))], upstream=[refused()], **TWO)
case(
    "trailers to h1 with enable_trailers",
    send=[h2(post("/1", "x", trailers={"t": "1"}))],
    cluster=http_options(**TRAILERS),
    upstream=[reply(body="x", trailers={"u": "1"})],
)
case("trailers without a body", send=[h2(post("/1", "", trailers={"t": "1"}))], upstream=[h2_host(reply())], **TWO)
case(
    "trailers-only response",
    send=[h2(get("/"))],
    upstream=[h2_host(send_headers({":status": "200", "x-t": "0"}, end=True))],
    **TWO,
)
case(
    "an end in an empty frame",
    send=[h2(get("/"))],
    upstream=[h2_host([send_headers({":status": "200"}), send_data(""), send_data("", end=True)])],
    **TWO,
)
case(
    "padding is no body",
    send=[h2(send_headers({":method": "POST", ":scheme": "http", ":authority": "h", ":path": "/"}),
             send_data("abc", pad=20), send_data("", end=True, pad=9), await_("end"))],
)  # fmt: skip

# Cookies, authority, hop-by-hop ---------------------------------------------------------------------------------------

COOKIES = get("/", [("cookie", "a=1"), ("x-a", "b"), ("cookie", "b=2"), ("cookie", "c=3")])
case("cookies in pieces to h1", send=[h2(COOKIES)])
case("cookies in pieces to h2", send=[h2(COOKIES)], upstream=[h2_host(reply())], **TWO)
case("cookies of h1 to h2", send=[COOKIES], upstream=[h2_host(reply())], **TWO)
case(
    "hop-by-hop headers of h1 to h2",
    upstream=[h2_host(reply())],
    send=[
        get("/", [("Connection", "x-a, keep-alive"), ("X-A", "1"), ("Keep-Alive", "5"), ("TE", "trailers"),
                  ("Proxy-Connection", "x"), ("X-Up", "V")]),
    ],
    **TWO,
)  # fmt: skip
case(
    "hop-by-hop headers of an h1 response to h2",
    send=[h2(get("/"))],
    upstream=[
        reply(200, {"connection": "x-drop", "x-drop": "1", "keep-alive": "timeout=5", "proxy-connection": "x"}, "ok")
    ],
)
case(
    "absolute form of h1 to h2",
    send=[raw_request("GET http://abs.example:81/x HTTP/1.1\r\nhost: h\r\n\r\n")],
    upstream=[h2_host(reply())],
    **TWO,
)
case("a port in the authority", send=[h2(get("/", host="h.example:8080")), get("/", host="h.example:8080")])
case("a port in the authority to h2", send=[get("/", host="h.example:8080")], upstream=[h2_host(reply())], **TWO)
case("te: trailers passes", send=[h2(get("/", {"te": "trailers"}))])
case(
    "an upstream that asks to close is asked no more",
    send=[h2(get("/1"), get("/2"))],
    upstream=[reply(200, {"connection": "close"}, "ok")],
)

# Interim responses ----------------------------------------------------------------------------------------------------

for status in (100, 102, 103):
    case(
        f"interim {status} of h2",
        send=[h2(get("/")), get("/")],
        upstream=[h2_host([send_headers({":status": str(status), "link": "a"}), reply(body="ok")])],
        **TWO,
    )
case(
    "interim 103 of h1",
    send=[h2(get("/"))],
    upstream=[[raw("HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n"), reply(body="ok")]],
)
EXPECTING = [(":method", "POST"), (":scheme", "http"), (":authority", "h"), (":path", "/"), ("expect", "100-continue")]
case(
    "expect: 100-continue is answered here",
    send=[h2(send_headers(EXPECTING), await_("headers"), send_data("abc", end=True), await_("end"))],
)
case(
    "100 of the upstream with proxy_100_continue",
    hcm={"proxy_100_continue": True},
    send=[h2(send_headers(EXPECTING), await_("headers"), send_data("abc", end=True), await_("end"))],
    upstream=[h2_host(on_head(send_headers({":status": "100", "link": "a"}), await_("end"), reply(body="ok")))],
    **TWO,
)

# Which protocol -------------------------------------------------------------------------------------------------------

case("codec_type HTTP2", send=[h2(get("/"))], hcm={"codec_type": "HTTP2"})
PREFACE_FIRST = differs_in(
    "RFC 9113 §3.4",
    "a server's connection begins with its SETTINGS, whatever comes; Envoy waits for the client's first",
    client=[(r"^\[cut head\]\n\| .*\n", "")],
)
case("codec_type HTTP2, HTTP/1.1 comes", send=[get("/")], hcm={"codec_type": "HTTP2"}, differs=PREFACE_FIRST)
case("codec_type HTTP1, HTTP/2 comes", send=[h2(get("/"))], hcm={"codec_type": "HTTP1"})
BOTH = {"chains": [downstream_tls(alpn_protocols=["h2", "http/1.1"])]}
case("ALPN decides", send=[h2_tls(get("/1")), tls(get("/2"), alpn=("http/1.1",)), tls(get("/3"))], **BOTH)
case("ALPN h2 and then HTTP/1.1", send=[tls(get("/1"), alpn=("h2",))], differs=PREFACE_FIRST, **BOTH)
case("ALPN http/1.1 and then HTTP/2", send=[h2(get("/1"), tls=TLS(alpn=("http/1.1",)))], **BOTH)
case("no ALPN configured, a preface", send=[h2_tls(get("/1"))], chains=[downstream_tls()])
case(
    "HTTP/2 over mutual TLS",
    send=[h2_tls(get("/1"), post("/2", "body"), cert="client")],
    chains=[mutual_tls(alpn_protocols=["h2"])],
)
case(
    "a preface in pieces",
    send=[h2(raw(PREFACE, step=5, every=0.01), send_settings(), get("/"), preface=b"", send_settings=False)],
)
case(
    "requests in one write with the preface",
    send=[h2(burst(send(get("/1")), send(get("/2")), send(get("/3"))), read())],
    upstream=[h2_host(reply(body="ok"))],
    unordered=True,
    **TWO,
)
