"""gRPC: replies of the proxy's own to gRPC requests, whatever they are about."""

from harness.vocabulary import *

GRPC = {"content-type": "application/grpc", "te": "trailers"}
FRAME = b"\0\0\0\0\1x"
LOG = [
    file_log(
        json_format={
            **LOG_FIELDS,
            "camel": "%GRPC_STATUS%",
            "snake": "%GRPC_STATUS(SNAKE_STRING)%",
            "number": "%GRPC_STATUS_NUMBER%",
            "message": "%RESP(grpc-message)%",
        }
    )
]


def call(path="/p.S/M", headers=None, **more):
    return post(path, FRAME, {**GRPC, **(headers or {})}, **more)


def answer(status, body=None):
    """A route that answers itself."""
    response = {"status": status, **({"body": {"inline_string": body}} if body else {})}
    return {"match": {"prefix": f"/{status}"}, "direct_response": response}


def replied(name, *requests, **more):
    case(name, send=list(requests) or [call()], log=LOG, scopes=("cluster.", "http.h."), **more)


STATUSES = (200, 204, 301, 400, 401, 403, 404, 408, 409, 413, 429, 431, 500, 501, 502, 503, 504, 599)

replied("no route", routes=[to("/none")])
replied("no cluster", route={"cluster": None, "cluster_header": "x-cluster"})
replied(
    "no cluster, 404", route={"cluster": None, "cluster_header": "x", "cluster_not_found_response_code": "NOT_FOUND"}
)
replied("each status", *[call(f"/{status}") for status in STATUSES], routes=[answer(status) for status in STATUSES])
replied(
    "grpc-message is percent-encoded",
    *[call(f"/{status}") for status in (500, 501, 502, 503)],
    routes=[
        answer(500, "with spaces, 100% and ~tilde"),
        answer(501, "two\nlines\r\n"),
        answer(502, "Größe \U0001f600"),
        answer(503, '\u007f\u0001{}|\\^`"<>'),
    ],
)
replied("redirect", routes=[{"match": {"prefix": "/"}, "redirect": {"host_redirect": "other"}}])
replied("upstream refuses", upstream=[refused()])
replied("upstream closes", upstream=[close()])
replied("upstream resets in the middle", upstream=[[raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"), rst()]])
replied("upstream speaks no HTTP", upstream=[[raw("garbage\r\n\r\n"), close()]])
replied("route timeout", upstream=[hang()], route={"timeout": "0.3s"}, expected_timeout=True)
replied(
    "per-try timeout",
    upstream=[hang()],
    route={"timeout": "5s", "retry_policy": {"retry_on": "5xx", "per_try_timeout": "0.2s"}},
    expected_timeout=True,
)
replied("stream idle timeout", upstream=[hang()], route={"timeout": "0s", "idle_timeout": "0.3s"})
replied("max stream duration", upstream=[hang()], route={"max_stream_duration": {"max_stream_duration": "0.3s"}})
replied(
    "circuit breaker", cluster={"circuit_breakers": {"thresholds": [{"max_pending_requests": 0, "max_requests": 0}]}}
)
replied("no hosts", cluster={"load_assignment": {"cluster_name": "a", "endpoints": []}})
replied("missing host", call(host=None))
replied("path with a fragment", call("/p.S/M#x"))
replied(
    "content types that are gRPC or not",
    *[
        post("/p.S/M", FRAME, {"content-type": kind})
        for kind in (
            "application/grpc",
            "application/grpc+proto",
            "application/grpc+",
            "application/grpc;x=y",
            "application/grpc-web",
            "application/GRPC",
            "application/grpcx",
            " application/grpc ",
        )
    ],
    routes=[to("/none")],
)
replied("HEAD", head("/p.S/M", GRPC), routes=[to("/none")])
replied("GET", get("/p.S/M", GRPC), routes=[to("/none")])
replied(
    "a route's headers",
    routes=[to("/none")],
    route_config={"response_headers_to_add": [{"header": {"key": "x-added", "value": "1"}}]},
)
replied(
    "a route's grpc-status stays",
    call("/503"),
    routes=[
        {
            **answer(503, "body"),
            "response_headers_to_add": [
                {"header": {"key": "grpc-status", "value": "9"}},
                {"header": {"key": "grpc-message", "value": "mine"}},
            ],
        }
    ],
)
replied("a list of headers that is too long", call("/", {"x": "y" * 70000}))
