"""grpc_web: both encodings, trailers in the body, errors, and what is no gRPC-Web."""

import base64

from harness.grpc import GOOD, HEAD, OPENED, called, failed, message
from harness.vocabulary import *

FILTER = {"http_filters": [
    {"name": "w", "typed_config": {"@type": TYPE + "envoy.extensions.filters.http.grpc_web.v3.GrpcWeb"}}, router()
]}  # fmt: skip
BINARY, TEXT = "application/grpc-web", "application/grpc-web-text"


def web(kind=BINARY, body=None, **headers):
    return post("/pkg.Svc/Call", message() if body is None else body, {"content-type": kind, **headers})


def asked(name, request, *scripts, **more):
    called(f"{name}", *scripts, hcm=FILTER, send=[request], scopes=("cluster.", "http.h."), **more)


encoded = base64.b64encode(message())
for made, client in (("h1", conn), ("h2", h2)):
    asked(f"binary, {made}", client(web()))
    asked(f"text, {made}", client(web(TEXT, encoded, accept=TEXT)))
    asked(f"an error in the head, {made}", client(web()), failed(5, "no"))
    asked(f"an error in trailers, {made}", client(web()), failed(5, "no", trailers=True))
asked("binary+proto", web("application/grpc-web+proto"))
asked("text+proto", web("application/grpc-web-text+proto", encoded, accept="application/grpc-web-text+proto"))
asked("text in, binary out", web(TEXT, encoded))
asked("binary in, text out", web(accept=TEXT))
asked("text in two pieces", web(TEXT, base64.b64encode(message(b"ab")) + base64.b64encode(message(b"cd"))))
asked("text that is no base64", web(TEXT, b"!!!!"))
asked("text of three characters", web(TEXT, b"AAA"))
asked("an error in trailers, text", web(TEXT, encoded, accept=TEXT), failed(5, "no", trailers=True))
asked("several messages", web(body=message() * 3), [send_headers(OPENED), send_data(message(b"x") * 3), *GOOD[2:]])
asked(
    "several trailers", web(), [*GOOD[:2], send_trailers([("grpc-status", "0"), ("x-a", "b"), ("grpc-message", "m")])]
)
asked("connection refused", web(), upstream=[refused()])
asked("an HTTP error", web(), reply(503, body="no"))
asked("an HTTP error of text", web(TEXT, encoded, accept=TEXT), reply(404, body="no"))
asked("a route timeout", web(), hang(), route={"timeout": "0.3s"})
asked("no route", get("/pkg.Svc/Call", {"content-type": BINARY}), routes=[to("/none")])
asked("GET", get("/pkg.Svc/Call", {"content-type": BINARY}))
asked("another content type", web("application/json"))
asked(
    "gRPC itself",
    h2(send_headers([*HEAD, ("content-type", "application/grpc")]), send_data(message(), end=True), await_("end")),
)
