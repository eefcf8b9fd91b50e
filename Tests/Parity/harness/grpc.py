"""What cases of gRPC share: messages, calls, answers."""

import struct

from .actions import h2, h2_host
from .case import case
from .config import file_log, http2_options, merge
from .frames import await_, burst, send_data, send_headers, send_trailers


def message(data=b"hello"):
    return b"\0" + struct.pack(">I", len(data)) + data


HEAD = [(":method", "POST"), (":scheme", "http"), (":authority", "h.example"), (":path", "/pkg.Svc/Call")]
ASKED = [*HEAD, ("content-type", "application/grpc"), ("te", "trailers")]
OPENED = [(":status", "200"), ("content-type", "application/grpc")]
GOOD = [send_headers(OPENED), send_data(message(b"world")), send_trailers([("grpc-status", "0")])]
LOG = file_log(
    json_format={
        "code": "%RESPONSE_CODE%",
        "flags": "%RESPONSE_FLAGS%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
        "grpc": "%GRPC_STATUS%",
        "number": "%GRPC_STATUS_NUMBER%",
        "snake": "%GRPC_STATUS(SNAKE_STRING)%",
        "camel": "%GRPC_STATUS(CAMEL_STRING)%",
        "digits": "%GRPC_STATUS(NUMBER)%",
        "trailer": "%TRAILER(grpc-status)%",
        "message": "%RESP(grpc-message)%",
    }
)


def call(*extra, head=ASKED, body=None):
    """Head and message in one write, so that the proxy has both before it answers."""
    asked = burst(send_headers([*head, *extra]), send_data(message() if body is None else body, end=True))
    return (asked, await_("end"))


def failed(code, text=None, trailers=False):
    status = [("grpc-status", str(code)), *([("grpc-message", text)] if text else [])]
    if trailers:
        return [send_headers(OPENED), send_trailers(status)]
    return [send_headers([*OPENED, *status], end=True)]


def called(name, *scripts, send=None, extra=(), upstream=None, cluster=None, **more):
    case(
        name,
        send=send or [h2(*call(*extra))],
        upstream=upstream or [h2_host(*(scripts or [GOOD]))],
        cluster=merge(http2_options(), cluster or {}),
        **{"log": [LOG], "expected_timeout": True, **more},
    )
