"""gRPC: grpc-timeout, and the timeouts that routes make of it."""

from harness.vocabulary import *

GRPC = {"content-type": "application/grpc", "te": "trailers"}
FRAME = b"\0\0\0\0\1x"


def call(timeout=None, path="/p.S/M", **headers):
    sent = {"grpc-timeout": timeout} if timeout is not None else {}
    return post(path, FRAME, {**GRPC, **sent, **headers})


def timed(name, route, *requests, **more):
    case(name, route=route, send=list(requests), expected_timeout=True, scopes=("cluster.", "http.h."), **more)


def new(**fields):
    return {"max_stream_duration": fields}


UNITS = ("5S", "250m", "1M", "1H", "3000000u", "3000001u", "99999999n", "99999999H", "0S")
ODD = ("", "S", "5", "-1S", "123456789S", "100000000m", "5s", "5 S", " 5S", "5SS", "+5S", "1.5S", "99999999m", "0x5S")

timed("max_grpc_timeout takes grpc-timeout, in all units", {"max_grpc_timeout": "0s"}, *[call(unit) for unit in UNITS])
timed("max_grpc_timeout and what is no grpc-timeout", {"max_grpc_timeout": "0s"}, *[call(text) for text in ODD])
timed("max_grpc_timeout bounds", {"max_grpc_timeout": "2s"}, call("5S"), call("1S"), call("0S"), call())
timed("max_grpc_timeout does not speak to others", {"max_grpc_timeout": "2s"}, get("/", {"grpc-timeout": "1S"}))
timed("max_grpc_timeout of days", {"max_grpc_timeout": "864000s"}, call("99999999S"), call("9999999H"), call("300H"))
timed("grpc_timeout_offset alone", {"grpc_timeout_offset": "1s"}, call("5S"), call())
timed(
    "grpc_timeout_offset",
    {"max_grpc_timeout": "0s", "grpc_timeout_offset": "1s"},
    call("5S"),
    call("1S"),
    call("900m"),
    call(),
)
timed(
    "grpc_timeout_offset with a bound",
    {"max_grpc_timeout": "2s", "grpc_timeout_offset": "1s"},
    call("5S"),
    call("2500m"),
)
timed(
    "per-try timeout is told",
    {"max_grpc_timeout": "2s", "retry_policy": {"retry_on": "5xx", "per_try_timeout": "0.5s"}},
    call("5S"),
    call("300m"),
)
timed(
    "per-try timeout without another",
    {"timeout": "0s", "retry_policy": {"retry_on": "5xx", "per_try_timeout": "0.5s"}},
    call("5S"),
    get("/"),
)
timed("grpc-timeout passes untouched", {}, call("5S"), call("x"), call())
timed("grpc-timeout ends a call", {"max_grpc_timeout": "0s"}, call("200m"), upstream=[hang()])
timed(
    "a retry is told what is left",
    {"max_grpc_timeout": "5s", "retry_policy": {"retry_on": "unavailable"}},
    call("2S"),
    upstream=[reply(200, {"grpc-status": "14", "content-type": "application/grpc"}), reply()],
    rules=((r"grpc-timeout: (1\d\d\d|2000)m", "grpc-timeout: <left>"),),
)
timed(
    "x-envoy-upstream-rq-timeout-ms goes first",
    {"max_grpc_timeout": "5s"},
    call("2S", **{"x-envoy-upstream-rq-timeout-ms": "700"}),
    hcm={
        "internal_address_config": {"cidr_ranges": [{"address_prefix": "127.0.0.0", "prefix_len": 8}]},
        "use_remote_address": True,
    },
)

timed("max_stream_duration is told", new(max_stream_duration="3s"), call(), call("5S"), call("1S"), get("/"))
timed("max_stream_duration is told no one else", new(max_stream_duration="3s"), get("/", {"grpc-timeout": "5S"}))
timed(
    "max_stream_duration of the connection manager",
    {},
    call(),
    call("5S"),
    get("/"),
    hcm={"common_http_protocol_options": {"max_stream_duration": "3s"}},
)
timed("max_stream_duration without a limit", new(max_stream_duration="0s"), call(), call("5S"))
timed("grpc_timeout_header_max alone", new(grpc_timeout_header_max="2s"), call("5S"), call("1S"), call(), call("x"))
timed("grpc_timeout_header_max without a bound", new(grpc_timeout_header_max="0s"), call("5S"), call())
timed("grpc-timeout of nothing", new(grpc_timeout_header_max="0s"), call("0S"), upstream=[on_head(pause(0.3))])
timed(
    "grpc_timeout_header_max beside the connection manager's limit",
    new(grpc_timeout_header_max="2s"),
    call("5S"),
    call(),
    hcm={"common_http_protocol_options": {"max_stream_duration": "3s"}},
)
timed(
    "grpc_timeout_header_max beside max_stream_duration",
    new(grpc_timeout_header_max="2s", max_stream_duration="1s"),
    call("5S"),
    call(),
    get("/", {"grpc-timeout": "5S"}),
)
timed(
    "grpc_timeout_header_offset",
    new(grpc_timeout_header_max="4s", grpc_timeout_header_offset="1s"),
    call("5S"),
    call("2S"),
    call(),
)
timed(
    "grpc_timeout_header_offset leaves nothing",
    new(grpc_timeout_header_max="4s", grpc_timeout_header_offset="1s"),
    call("1S"),
    upstream=[on_head(pause(0.3))],
)
timed("grpc_timeout_header_max ends a call", new(grpc_timeout_header_max="0.2s"), call("5S"), upstream=[hang()])
timed(
    "grpc_timeout_header_max ends any request",
    new(grpc_timeout_header_max="0.2s"),
    get("/", {"grpc-timeout": "5S"}),
    upstream=[hang()],
)
timed("both kinds", {"max_grpc_timeout": "2s", **new(max_stream_duration="3s")}, call("5S"), call())
