"""grpc_web: calls of browsers, in binary and in text, to gRPC and back."""

import base64

from harness.vocabulary import *

GRPC_WEB = {"name": "web", "typed_config": {"@type": TYPE + "envoy.extensions.filters.http.grpc_web.v3.GrpcWeb"}}
GRPC_STATS = {
    "name": "stats",
    "typed_config": {
        "@type": TYPE + "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
        "stats_for_all_methods": True,
    },
}
TRAILERS = {"enable_trailers": True}
WEB = "application/grpc-web"
TEXT = "application/grpc-web-text"


def frame(text=b"x"):
    return b"\0" + len(text).to_bytes(4, "big") + text


def text(data):
    return base64.b64encode(data)


def call(kind=WEB, body=None, path="/p.S/M", **headers):
    sent = frame() if body is None else body
    return post(path, text(sent) if body is None and "text" in kind else sent, {"content-type": kind, **headers})


def answer(status=0, body=None, trailers=None, **headers):
    fields = {"content-type": "application/grpc", **headers}
    ends = {"grpc-status": str(status), "grpc-message": "done", "x-more": "a, b"} if trailers is None else trailers
    return reply(200, fields, frame() if body is None else body, trailers=ends)


def web(name, *steps, upstream=None, filters=(GRPC_WEB,), **more):
    more.setdefault("cluster", http_options(http_protocol_options=TRAILERS))
    case(
        name,
        hcm={"http_filters": [*filters, router()], "http_protocol_options": TRAILERS, **more.pop("hcm", {})},
        upstream=upstream or [answer()],
        send=list(steps),
        expected_timeout=True,
        **more,
    )


KINDS = (WEB, WEB + "+proto", TEXT, TEXT + "+proto")
ODD = (WEB + "+json", WEB + ";charset=utf-8", "application/GRPC-web", "application/grpc", "application/json")

web("all content types", *[call(kind) for kind in KINDS])
web("all content types, text asked for", *[call(kind, accept=TEXT) for kind in KINDS])
web("what is accepted", *[call(accept=accept) for accept in (TEXT + "+proto", WEB, "*/*", TEXT + ", x")])
web("content types that are none", *[call(kind) for kind in ODD])
web("GET and no body", get("/p.S/M", {"content-type": WEB}), post("/p.S/M", "", {"content-type": TEXT}))
web("several messages", call(body=frame(b"") + frame(b"a" * 300)), upstream=[answer(0, frame(b"b") + frame(b"c" * 70))])
web(
    "several messages as text",
    call(TEXT, text(frame(b"") + frame(b"ab")), accept=TEXT),
    upstream=[answer(0, frame(b"b") + frame(b"c" * 70))],
)
web(
    "text in pieces",
    conn(
        send(
            raw_request(
                f"POST /p.S/M HTTP/1.1\r\nhost: h\r\ncontent-type: {TEXT}\r\naccept: {TEXT}\r\n"
                "transfer-encoding: chunked\r\n\r\n3\r\nAAA\r\n"
            )
        ),
        pause(0.1),
        raw("2\r\nAA\r\n"),
        pause(0.1),
        raw("3\r\nAF4\r\n0\r\n\r\n"),
        read(),
    ),
)
web(
    "messages in pieces as text",
    call(TEXT, accept=TEXT),
    upstream=[
        [
            raw(
                "HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\ntransfer-encoding: chunked\r\n\r\n3\r\n\0\0\0\r\n"
            ),
            pause(0.1),
            raw("4\r\n\0\2ab\r\n6\r\n\0\0\0\0\1c\r\n0\r\ngrpc-status: 0\r\n\r\n"),
        ]
    ],
)


def pieces(*chunks, ends=True):
    """A text request whose body comes in these chunks."""
    head = f"POST /p.S/M HTTP/1.1\r\nhost: h\r\ncontent-type: {TEXT}\r\ntransfer-encoding: chunked\r\n\r\n"
    body = "".join(f"{len(chunk):x}\r\n{chunk}\r\n" for chunk in chunks)
    return conn(send(raw_request(head + body + ("0\r\n\r\n" if ends else ""))), read())


for name, body in {
    "not base64": "!!!!",
    "padding in the middle": "AA==AAAA",
    "padding twice": "AA======",
    "padding first": "=AAA",
    "line ends": "AAAA\nAAA",
    "URL-safe": "__--",
    "bits that are left": "AB==",
    "bits that are left of two": "AAB=",
}.items():
    web(f"bad text: {name}", pieces(body, ends=False))
web("bad text: a length that is none of base64", call(TEXT, "AAAAA"))
web("bad text: no padding", call(TEXT, "AAA"))
web(
    "padding at the end of a piece",
    conn(
        send(
            raw_request(
                f"POST /p.S/M HTTP/1.1\r\nhost: h\r\ncontent-type: {TEXT}\r\n"
                "transfer-encoding: chunked\r\n\r\n8\r\nAAAAAA==\r\n"
            )
        ),
        pause(0.2),
        raw("4\r\nAAF4\r\n0\r\n\r\n"),
        read(),
    ),
)
web(
    "bad text at the end",
    conn(
        send(
            raw_request(
                f"POST /p.S/M HTTP/1.1\r\nhost: h\r\ncontent-type: {TEXT}\r\n"
                "transfer-encoding: chunked\r\n\r\n4\r\nAAAA\r\n"
            )
        ),
        pause(0.2),
        raw("1\r\nA\r\n0\r\n\r\n"),
        read(),
    ),
)
ONLY = reply(200, {"content-type": "application/grpc", "grpc-status": "5", "grpc-message": "none"})
web("trailers-only", call(), call(TEXT, accept=TEXT), upstream=[ONLY])
web("no trailers", call(), upstream=[reply(200, {"content-type": "application/grpc"}, frame())])
web("empty trailers", call(), upstream=[answer(trailers={})])
web(
    "upstream speaks no gRPC",
    call(),
    call(TEXT, accept=TEXT),
    upstream=[reply(200, {"content-type": "text/html"}, "<p>é%</p>")],
)
web(
    "upstream speaks no gRPC, in chunks",
    call(),
    upstream=[reply(200, {"content-type": "text/html"}, chunked=["ab", "cd"])],
)
web(
    "upstream speaks no gRPC, with trailers",
    call(),
    upstream=[reply(200, {"content-type": "x/y"}, "abc", trailers={"grpc-status": "3"})],
)
web("upstream speaks no gRPC at length", call(), upstream=[reply(200, {"content-type": "text/html"}, "a" * 2000)])
web(
    "upstream fails",
    *[call() for _ in range(4)],
    upstream=[reply(404, body="nothing"), reply(503), reply(500, {"content-type": "application/grpc"}), close()],
)
web("upstream answers as grpc-web", call(), upstream=[reply(200, {"content-type": WEB}, frame())])
web(
    "upstream answers as gRPC of a kind",
    call(),
    call(),
    upstream=[
        answer(**{"content-type": "application/grpc+proto"}),
        answer(**{"content-type": "application/grpc+json"}),
    ],
)
web(
    "no route",
    call(),
    call(TEXT, accept=TEXT),
    hcm={
        "http_filters": [GRPC_WEB, router()],
        "route_config": {"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [to("/none")]}]},
    },
)
web("direct response", call(), routes=[direct("/", "hello")])
web("upstream refuses", call(), upstream=[refused()])
web("route timeout", call(), upstream=[hang()], route={"timeout": "0.3s"})
web("with grpc_stats before it", call(), filters=(GRPC_STATS, GRPC_WEB))
web("with grpc_stats behind it", call(), filters=(GRPC_WEB, GRPC_STATS))
web("counters", call(), call(path="/p.S/N"), call(path="/x"), upstream=[answer(), ONLY])
web(
    "left out by a route",
    call(),
    vhost={
        "typed_per_filter_config": {"web": {"@type": TYPE + "envoy.config.route.v3.FilterConfig", "disabled": True}}
    },
)
web("a request's own te and grpc-accept-encoding", call(te="gzip, trailers", **{"grpc-accept-encoding": "gzip"}))
web(
    "retried",
    call(TEXT),
    upstream=[ONLY, answer()],
    route={"retry_policy": {"retry_on": "retriable-headers", "retriable_headers": [{"name": "grpc-status"}]}},
)
web("to HTTP/2", call(), call(TEXT, accept=TEXT), cluster=http2_options(), upstream=[h2_host(answer())])
web("from HTTP/2", h2(call(), call(TEXT, accept=TEXT)))
web(
    "over HTTP/2 on both sides",
    h2(call(), call(TEXT, accept=TEXT)),
    cluster=http2_options(),
    upstream=[h2_host(answer())],
)
web("to HTTP/2, trailers-only", h2(call()), call(), cluster=http2_options(), upstream=[h2_host(ONLY)])
web("upstream speaks no gRPC, and nothing", call(), upstream=[reply(200, {"content-type": "x/y"}, chunked=[])])
web("an error with gRPC's content type", call(), upstream=[reply(503, {"content-type": "application/grpc"}, "no")])
web(
    "upstream speaks no gRPC at greater length",
    call(),
    upstream=[reply(200, {"content-type": "text/html"}, "a" * 20000)],
    rules=((r"a{16384}", "<16384>"),),
)
HALF = raw("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 9\r\n\r\nhalf")
for title, end in {"resets": rst(), "closes": close()}.items():
    web(f"upstream speaks no gRPC and {title} meanwhile", call(), upstream=[on_head(HALF, pause(0.2), end)])
    web(f"upstream speaks no gRPC and {title} meanwhile, h2", h2(call()), upstream=[on_head(HALF, pause(0.2), end)])
web(
    "upstream speaks no gRPC and takes too long",
    call(),
    upstream=[on_head(HALF, recv_eof(3))],
    route={"timeout": "0.4s"},
)
