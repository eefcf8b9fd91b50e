"""HTTP/1.1 on the wire: framing, keepalive, pipelining, interim responses, trailers."""

from harness.vocabulary import *

HOST = "host: h.example\r\n"

case("keepalive on both sides", send=[conn(get("/1"), get("/2"), post("/3", "body"), head("/4"))])
case(
    "pipelined requests are answered in order",
    send=[conn(pipeline(get("/1"), post("/2", "two"), head("/3"), get("/4")))],
    upstream=[[pause(0.2), reply(body="one")], reply(body="two"), reply(body="three"), reply(body="four")],
)
case(
    "pipelined request after a close is not served",
    send=[conn(pipeline(get("/1", {"connection": "close"}), get("/2")))],
)
case(
    "request in single bytes",
    send=[
        conn(raw("POST /slow HTTP/1.1\r\nhost: h.example\r\ncontent-length: 3\r\n\r\nabc", step=1, every=0.002), read())
    ],
)
case(
    "chunked request in single bytes",
    send=[
        conn(
            raw(
                "POST /slow HTTP/1.1\r\nhost: h.example\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                step=1,
                every=0.002,
            ),
            read(),
        )
    ],
)
case("empty lines before a request", send=[conn(raw("\r\n\r\n"), get("/"))])
case(
    "HEAD keeps content-length",
    upstream=[[raw("HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n")]],
    send=[conn(head("/"), head("/"))],
)
case(
    "HEAD of a chunked resource",
    upstream=[[raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")]],
    send=[conn(head("/"), head("/"))],
)
case("HEAD without any framing", upstream=[[raw("HTTP/1.1 200 OK\r\n\r\n")]], send=[conn(head("/"), head("/"))])
case(
    "HEAD with a body from the upstream",
    send=[head("/"), get("/after")],
    upstream=[[raw("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody")], reply(body="fine")],
)
case(
    "204 and 304",
    upstream=[reply(204), reply(304, {"etag": '"x"'}), [raw("HTTP/1.1 304 OK\r\ncontent-length: 9\r\n\r\n")]],
    send=[conn(get("/204"), get("/304"), get("/304-with-length"))],
)
case(
    "205 with nothing",
    upstream=[reply(205), [raw("HTTP/1.1 205 Reset Content\r\n\r\n"), close()]],
    send=[get("/"), get("/")],
)

# Bodies ---------------------------------------------------------------------------------------------------------------

case("chunked response", upstream=[reply(chunked=["abc", "defgh"])], send=[conn(get("/"), get("/"))])
case("chunked response of nothing", upstream=[reply(chunked=True)], send=[get("/")])
case(
    "response framed by the close",
    send=[get("/"), get("/")],
    upstream=[[raw("HTTP/1.1 200 OK\r\n\r\nuntil the end"), close()]],
)
case("HTTP/1.0 response", send=[get("/"), get("/")], upstream=[[raw("HTTP/1.0 200 OK\r\n\r\nold"), close()]])
case(
    "HTTP/1.0 response with content-length and keep-alive",
    send=[get("/"), get("/")],
    upstream=[[raw("HTTP/1.0 200 OK\r\ncontent-length: 3\r\nconnection: keep-alive\r\n\r\nold")]],
)
case("chunked request", send=[post("/", chunked=["abc", "defgh"]), post("/", chunked=[])])
case(
    "chunk sizes in capitals and with zeros",
    send=[
        raw_request("POST / HTTP/1.1\r\n" + HOST + "Transfer-Encoding: Chunked\r\n\r\n00A\r\n0123456789\r\n000\r\n\r\n")
    ],
)
case(
    "chunk extensions are dropped",
    send=[
        raw_request(
            "POST / HTTP/1.1\r\n" + HOST + 'transfer-encoding: chunked\r\n\r\n3;a=b;c="d"\r\nabc\r\n0;last\r\n\r\n'
        )
    ],
)
case("1 MiB both ways", upstream=[reply(body="z" * 1048576)], send=[conn(post("/", "y" * 1048576), get("/"))])
case(
    "1 MiB chunked both ways",
    upstream=[reply(chunked=["z" * 65536] * 16)],
    send=[conn(post("/", chunked=["y" * 65536] * 16), get("/"))],
)
case("body arrives before the upstream connects", send=[conn(post("/", "x" * 100000))])
case(
    "upstream answers before the body's end",
    upstream=[on_head(reply(200, body="early"))],
    send=[conn(send(raw_request("POST / HTTP/1.1\r\n" + HOST + "content-length: 6\r\n\r\nabc")), read())],
)
case(
    "upstream answers and closes before the body's end",
    send=[conn(send(raw_request("POST / HTTP/1.1\r\n" + HOST + "content-length: 6\r\n\r\nabc")), read())],
    upstream=[on_head(reply(413, {"connection": "close"}, "too much"), close())],
)

# Interim responses ----------------------------------------------------------------------------------------------------

case(
    "expect 100-continue",
    send=[
        conn(
            raw("POST / HTTP/1.1\r\n" + HOST + "expect: 100-continue\r\ncontent-length: 4\r\n\r\n"),
            recv(25),
            raw("body"),
            read(),
        )
    ],
)
case("expect 100-continue with the body at once", send=[post("/", "body", {"expect": "100-Continue"})])
case("expect 100-continue of a GET", send=[get("/", {"expect": "100-continue"})])
case("expect something else", send=[post("/", "body", {"expect": "200-ok"})])
case(
    "expect 100-continue forwarded",
    hcm={"proxy_100_continue": True},
    send=[
        conn(
            raw("POST / HTTP/1.1\r\n" + HOST + "expect: 100-continue\r\ncontent-length: 4\r\n\r\n"),
            recv(25),
            raw("body"),
            read(),
        )
    ],
)
case(
    "interim responses of the upstream are dropped",
    upstream=[[reply(100), reply(102), reply(103, {"link": "</a>"}), reply(body="final")]],
    send=[conn(get("/"), get("/"))],
)
case("100 and nothing more", upstream=[[reply(100), close()]], send=[get("/")])
case(
    "101 that nobody asked for",
    upstream=[
        [raw("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"), pause(0.2), close()],
        reply(body="over HTTP"),
    ],
    send=[get("/"), get("/again")],
    differs=differs(
        "RFC 9110 §15.2.2",
        "behind a 101 a connection speaks another protocol: it carries no further request; Envoy keeps it for the next",
        client=["HTTP/1.1 101 Switching Protocols", "HTTP/1.1 200 OK", "| over HTTP"],
        upstreams=["a0 connection 0\n  GET / HTTP/1.1", "a0 connection 1\n  GET /again HTTP/1.1"],
        stats=["cluster.a.upstream_cx_destroy_local: 1"],
    ),
)

# Trailers -------------------------------------------------------------------------------------------------------------

trailing = {"http_protocol_options": {"enable_trailers": True}}
case(
    "trailers are dropped by default",
    upstream=[reply(body="ok", trailers={"x-resp": "1"})],
    send=[post("/", "body", trailers={"x-req": "1"})],
)
case(
    "trailers both ways when enabled",
    hcm=trailing,
    cluster=http_options(**trailing),
    upstream=[reply(body="ok", trailers=[("X-Resp", "1"), ("x-more", "2")])],
    send=[conn(post("/", "body", trailers=[("X-Req", "1"), ("x-more", "2")]), get("/again"))],
)
case("request trailers enabled downstream only", hcm=trailing, send=[post("/", "body", trailers={"x-req": "1"})])
case(
    "response trailers enabled upstream only",
    cluster=http_options(**trailing),
    send=[get("/")],
    upstream=[reply(body="ok", trailers={"x-resp": "1"})],
)
case(
    "forbidden names in trailers",
    hcm=trailing,
    cluster=http_options(**trailing),
    upstream=[reply(body="ok", trailers={"content-length": "5", "x-ok": "1"})],
    send=[post("/", "body", trailers={"transfer-encoding": "chunked", "host": "other", "x-ok": "1"})],
    differs=differs(
        "RFC 9110 §6.5.1",
        "no framing in trailers: a recipient that merges them would frame the message anew; Envoy passes it on",
        client=["HTTP/1.1 200 OK", "x-ok: 1"],
        upstreams=["[chunked]| body\n[trailers]\n  host: other\n  x-ok: 1"],
    ),
)
case(
    "response trailers of a HTTP/1.0-like close",
    hcm=trailing,
    send=[get("/", {"te": "trailers"})],
    cluster=http_options(**trailing),
    upstream=[reply(body="ok", trailers={"x-resp": "1"}, headers={"trailer": "x-resp"})],
)

# Request targets ------------------------------------------------------------------------------------------------------

case(
    "absolute-form",
    send=[
        raw_request("GET http://abs.example/p?q HTTP/1.1\r\n" + HOST + "\r\n"),
        raw_request("GET http://abs.example HTTP/1.1\r\n" + HOST + "\r\n"),
        raw_request("GET http://abs.example:81/p HTTP/1.1\r\n\r\n"),
        raw_request("GET https://abs.example/p HTTP/1.1\r\n" + HOST + "\r\n"),
    ],
)
case(
    "absolute-form not allowed",
    hcm={"http_protocol_options": {"allow_absolute_url": False}},
    send=[raw_request("GET http://abs.example/p HTTP/1.1\r\n" + HOST + "\r\n")],
)
case("asterisk-form", send=[raw_request("OPTIONS * HTTP/1.1\r\n" + HOST + "\r\n")])
case("CONNECT without a connect route", send=[raw_request("CONNECT h.example:443 HTTP/1.1\r\n" + HOST + "\r\n")])
case(
    "paths pass unchanged",
    send=[
        conn(
            *(
                get(path)
                for path in ("//double", "/a/../b", "/a%2Fb%41", "/a;b=c?d=%00", "/?a?b", '/a"b<c>{d}|e^f`g\\h')
            )
        )
    ],
)
case(
    "path normalisation",
    hcm={"normalize_path": True, "merge_slashes": True},
    send=[
        get(path)
        for path in (
            "/a/../b",
            "/a/./b/",
            "//a///b",
            "/a/%2e%2E/b",
            "/%41%7e",
            "/../x",
            "/a\\b",
            "/a%2Fb%5c",
            "/a?b/../c",
        )
    ],
)
PARAMETERS = ("/a/..;/b", "/a/.;x=1/b", "/a/..;", "/a;x/b", "/a/%2e%2e;/b", "/a/...;/b", "/a\\..;\\b", "/a/..;%2fb", "/?/..;/b")
case("parameters of dot segments", hcm={"normalize_path": True}, send=[get(path) for path in PARAMETERS])
case(
    "parameters of dot segments behind escaped slashes",
    hcm={"normalize_path": True, "path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD"},
    send=[get(path) for path in PARAMETERS],
)
case("a NUL in a normalised path", hcm={"normalize_path": True}, send=[get("/a%00b")])
case(
    "escaped slashes refused",
    hcm={"normalize_path": True, "path_with_escaped_slashes_action": "REJECT_REQUEST"},
    send=[get("/a%2fb"), get("/a%5Cb"), get("/ab")],
)
case(
    "escaped slashes redirected",
    send=[get("/a%2fb?q=%2f")],
    hcm={"normalize_path": True, "path_with_escaped_slashes_action": "UNESCAPE_AND_REDIRECT"},
)

# Limits ---------------------------------------------------------------------------------------------------------------

case(
    "101 headers are too many",
    send=[
        get("/", [(f"x-{number}", "v") for number in range(100)]),
        get("/", [(f"x-{number}", "v") for number in range(99)]),
    ],
)
case("header bytes above 60 KiB", send=[get("/", {"x-big": "v" * 61440}), get("/", {"x-big": "v" * 60000})])
case(
    "header limit of the connection manager",
    hcm={"max_request_headers_kb": 1},
    send=[get("/", {"x-big": "v" * 1100}), get("/", {"x-big": "v" * 900})],
)
case("a long request line", hcm={"max_request_headers_kb": 2}, send=[get("/" + "p" * 2500), get("/" + "p" * 1500)])
case(
    "header count limit",
    hcm={"common_http_protocol_options": {"max_headers_count": 5}},
    send=[
        get("/", [(f"x-{number}", "v") for number in range(5)]),
        get("/", [(f"x-{number}", "v") for number in range(4)]),
    ],
)
case(
    "too many trailers",
    hcm={**trailing, "common_http_protocol_options": {"max_headers_count": 5}},
    send=[post("/", "b", trailers=[(f"x-{number}", "v") for number in range(9)])],
)
case("headers with underscores", send=[get("/", {"x_under": "1"})])
case(
    "headers with underscores rejected",
    send=[get("/", {"x_under": "1"})],
    hcm={"common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST"}},
)
case(
    "headers with underscores dropped",
    send=[get("/", {"x_under": "1", "x-dash": "2"})],
    hcm={"common_http_protocol_options": {"headers_with_underscores_action": "DROP_HEADER"}},
)
case(
    "headers with underscores rejected, then counted",
    send=[
        get("/", {"_x": "1"}),
        post("/", "b", {"x_a": "1", "y_b": "2"}),
        admin("/stats?filter=^http1.*underscores", view="sorted", only="."),
    ],
    hcm={"common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST"}},
)
case(
    "headers with underscores dropped, then counted",
    send=[
        get("/", {"_x": "1", "x_b": "1"}),
        post("/", "b", chunked=True, trailers={"x_t": "1", "x-u": "2"}),
        admin("/stats?filter=^http1.*underscores", view="sorted", only="."),
    ],
    hcm={**trailing, "common_http_protocol_options": {"headers_with_underscores_action": "DROP_HEADER"}},
    upstream=[reply(200, {"x_up": "1"})],
)
case(
    "custom methods",
    hcm={"http_protocol_options": {"allow_custom_methods": True}},
    send=[request(method, "/") for method in ("FOO", "get", "A-B", "VERYLONGMETHODNAMEINDEED")],
)
case(
    "requests per downstream connection",
    send=[conn(get("/1"), get("/2"), get("/3"))],
    hcm={"common_http_protocol_options": {"max_requests_per_connection": 2}},
)
case(
    "HTTP/1.0 accepted",
    unsupported="accept_http_10",
    hcm={"http_protocol_options": {"accept_http_10": True, "default_host_for_http_10": "old.example"}},
    send=[
        raw_request("GET / HTTP/1.0\r\n\r\n"),
        raw_request("GET / HTTP/1.0\r\n" + HOST + "connection: keep-alive\r\n\r\n"),
    ],
)
