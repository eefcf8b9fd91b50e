"""gRPC: local replies, timeouts, retries, outlier detection, the log, grpc_stats and the route matcher."""

from harness.grpc import ASKED, GOOD, HEAD, OPENED, call, called, failed, message
from harness.vocabulary import *


def answering(code, body="text"):
    return [{"match": {"prefix": "/"}, "direct_response": {"status": code, "body": {"inline_string": body}}}]


# A local reply is sooner or later than the message's end: whether a RST_STREAM follows it is not the matter here.
at_once = {"send": [h2(send_headers(ASKED, end=True), await_("end"))]}

called("unary")
called("an error in trailers", failed(5, "no", trailers=True))
called("an error in the head", failed(14, "no"))
called("streams both ways", GOOD, send=[h2(*call(body=message() * 5))])
called(
    "bidirectional",
    on_head(send_headers(OPENED), await_("body", count=10), send_data(message()), await_("end"), *GOOD[2:]),
    send=[
        h2(
            send_headers(ASKED),
            await_("headers"),
            send_data(message()),
            await_("body", count=10),
            send_data("", end=True),
            await_("end"),
        )
    ],
)
called("over HTTP/1.1", send=[post("/pkg.Svc/Call", message(), {"content-type": "application/grpc"})],
       hcm={"http_protocol_options": {"enable_trailers": True}})  # fmt: skip

# Local replies --------------------------------------------------------------------------------------------------------

called("reply: no route", routes=[to("/none")], **at_once)
called("reply: no route, over HTTP/1.1", routes=[to("/none")], send=[get("/x", {"content-type": "application/grpc"})])
for status in (200, 301, 400, 401, 403, 404, 408, 413, 429, 431, 499, 500, 501, 502, 503, 504):
    called(f"reply: direct {status}", routes=answering(status), **at_once)
called("reply: a message that is escaped", routes=answering(403, "50 % of \u00fc\n"), **at_once)
called("reply: without a body", routes=[{"match": {"prefix": "/"}, "direct_response": {"status": 403}}], **at_once)
called("reply: a redirect", routes=[{"match": {"prefix": "/"}, "redirect": {"https_redirect": True}}], **at_once)
called("reply: connection refused", upstream=[refused()])
called("reply: upstream reset", [send_rst("CANCEL")])
called("reply: upstream refuses the stream", [send_rst("REFUSED_STREAM")])
called("reply: reset behind the head", [*GOOD[:2], pause(0.2), send_rst("CANCEL")])
called("reply: upstream closes", [close()])
called("reply: no healthy host", upstream=[], clusters={"a": {"type": "STATIC"}}, **at_once)
called("reply: a route timeout", hang(), route={"timeout": "0.3s"})
called("reply: overflow", cluster={"circuit_breakers": {"thresholds": [{"max_pending_requests": 0}]}}, **at_once)
called("reply: max stream duration", hang(), hcm={"common_http_protocol_options": {"max_stream_duration": "0.3s"}})
called("reply: stream idle", hang(), hcm={"stream_idle_timeout": "0.3s"})
for title, kind in {
    "proto": "application/grpc+proto",
    "web": "application/grpc-web",
    "parameter": "application/grpc;x=y",
    "upper": "Application/gRPC",
}.items():
    called(
        f"reply: content-type {title}",
        routes=answering(503),
        send=[h2(send_headers([*HEAD, ("content-type", kind)], end=True), await_("end"))],
    )
called(
    "reply: a mapper",
    routes=[to("/none")],
    unsupported="local_reply_config",
    **at_once,
    hcm={
        "local_reply_config": {
            "mappers": [
                {
                    "filter": {
                        "status_code_filter": {
                            "comparison": {"op": "EQ", "value": {"default_value": 404, "runtime_key": "x"}}
                        }
                    },
                    "status_code": 418,
                    "body": {"inline_string": "mapped"},
                }
            ]
        }
    },
)
called("reply: an HTTP error of the upstream is passed on", reply(503, body="no"))
called("reply: an HTTP 404 of the upstream is passed on", reply(404, body="no"))

# Timeouts -------------------------------------------------------------------------------------------------------------

SLOW = [pause(0.8), *GOOD]
CAP = {"max_stream_duration": {"grpc_timeout_header_max": "0s"}}
OLD = {"max_grpc_timeout": "0s"}


def timed(name, value, route=None, **more):
    called(f"timeout: {name}", SLOW, extra=[("grpc-timeout", value)] if value else (), route=route or {}, **more)


timed("without configuration it is only passed on", "300m")
VALUES = {
    "milliseconds": "300m", "seconds": "5S", "minutes": "1M", "hours": "1H", "microseconds": "300000u",
    "nanoseconds": "300000000n", "nothing": "0m", "no number": "abc", "no unit": "5", "the largest": "99999999H",
    "nine digits": "123456789m", "negative": "-1m", "a fraction": "1.5S", "another unit": "5d",
}  # fmt: skip
for title, value in VALUES.items():
    timed(f"{title} ({value})", value, CAP)
timed("the maximum", "5S", {"max_stream_duration": {"grpc_timeout_header_max": "0.3s"}})
timed(
    "the offset",
    "600m",
    {"max_stream_duration": {"grpc_timeout_header_max": "0s", "grpc_timeout_header_offset": "0.3s"}},
)
timed("no header", None, {"max_stream_duration": {"grpc_timeout_header_max": "0.2s", "max_stream_duration": "0.4s"}})
timed("no header, no duration", None, {"max_stream_duration": {"grpc_timeout_header_max": "0.3s"}})
timed("max_grpc_timeout", "300m", OLD)
timed("max_grpc_timeout is the maximum", "5S", {"max_grpc_timeout": "0.3s"})
timed("max_grpc_timeout and grpc_timeout_offset", "600m", {**OLD, "grpc_timeout_offset": "0.3s"})
timed("max_grpc_timeout without a header", None, {"max_grpc_timeout": "0.3s"})
timed("max_grpc_timeout and a route timeout", "5S", {**OLD, "timeout": "0.3s"})
timed("not of gRPC", None, CAP, send=[h2(get("/", {"grpc-timeout": "300m"}))])

# Retries --------------------------------------------------------------------------------------------------------------

CODES = {"cancelled": 1, "deadline-exceeded": 4, "internal": 13, "resource-exhausted": 8, "unavailable": 14}
for on, code in CODES.items():
    called(f"retry: {on}", failed(code), GOOD, route={"retry_policy": {"retry_on": on}})
ON = {"route": {"retry_policy": {"retry_on": "unavailable"}}}
called("retry: a status in trailers is too late", failed(14, trailers=True), GOOD, **ON)
called("retry: another status", failed(13), GOOD, **ON)
called("retry: an HTTP 503", reply(503), GOOD, **ON)
called("retry: a refused connection", upstream=[refused()], **ON)
called("retry: used up", failed(14), route={"retry_policy": {"retry_on": "unavailable", "num_retries": 2}})
called(
    "retry: several",
    failed(14),
    failed(1),
    GOOD,
    route={"retry_policy": {"retry_on": "unavailable,cancelled", "num_retries": 2}},
)
called("retry: 5xx does not mean it", failed(14), GOOD, route={"retry_policy": {"retry_on": "5xx"}})
INTERNAL = {
    "use_remote_address": True,
    "internal_address_config": {"cidr_ranges": [{"address_prefix": "127.0.0.0", "prefix_len": 8}]},
}
OWN = ((r"x-forwarded-for: [0-9.]+", "x-forwarded-for: <own>"),)
called(
    "retry: x-envoy-retry-grpc-on",
    failed(1),
    GOOD,
    extra=[("x-envoy-retry-grpc-on", "cancelled")],
    hcm=INTERNAL,
    rules=OWN,
)
called("retry: x-envoy-retry-grpc-on of a stranger", failed(1), GOOD, extra=[("x-envoy-retry-grpc-on", "cancelled")])

# Outlier detection ----------------------------------------------------------------------------------------------------

WATCHING = {
    "outlier_detection": {"consecutive_5xx": 2, "interval": "0.2s", "max_ejection_percent": 100},
    "common_lb_config": {"healthy_panic_threshold": {"value": 0}, "update_merge_window": "0s"},
}
EJECTED = "cluster.a.outlier_detection.ejections_active"
for code in (2, 4, 12, 13, 14, 15):
    called(f"outlier: status {code} is a failure", failed(code), cluster=WATCHING,
           send=[h2(*call(), *call()), wait_stat(EJECTED, 1, then=0.25), *at_once["send"]])  # fmt: skip
for code in (1, 3, 5, 7, 8, 10, 16):
    called(
        f"outlier: status {code} is none",
        failed(code),
        cluster=WATCHING,
        send=[h2(*call(), *call()), pause(0.3), h2(*call())],
    )
called("outlier: a status in trailers is not seen", failed(14, trailers=True), cluster=WATCHING,
       send=[h2(*call(), *call()), pause(0.3), h2(*call())])  # fmt: skip

# Routes ---------------------------------------------------------------------------------------------------------------

KINDS = (
    "application/grpc",
    "application/grpc+proto",
    "application/grpc-web",
    "application/grpc;x=y",
    "application/grpcx",
    "text/plain",
)
called(
    "route: grpc",
    routes=[direct({"prefix": "/", "grpc": {}}, "grpc"), direct("/", "other")],
    send=[
        h2(
            *[
                action
                for kind in KINDS
                for action in (send_headers([*HEAD, ("content-type", kind)], end=True), await_("end"))
            ],
            get("/x"),
        )
    ],
)

# grpc_stats -----------------------------------------------------------------------------------------------------------

COUNTED = ("cluster.a.grpc.", "grpc.")


def counted(name, *scripts, **more):
    fields = more.pop("config", {})
    filters = [
        {
            "name": "s",
            "typed_config": {"@type": TYPE + "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig", **fields},
        }
    ]
    called(f"stats: {name}", *scripts, hcm={"http_filters": [*filters, router()]}, scopes=COUNTED, **more)


ALL = {"stats_for_all_methods": True}


def listed(service, method):
    return {"individual_method_stats_allowlist": {"services": [{"name": service, "method_names": [method]}]}}


counted("by default")
counted("all methods", GOOD, failed(5), config=ALL, send=[h2(*call(), *call())])
counted("a list that has it", config=listed("pkg.Svc", "Call"))
counted("a list with another service", config=listed("pkg.Other", "Call"))
counted("a list with another method", config=listed("pkg.Svc", "Other"))
counted("dots", config={**ALL, "replace_dots_in_grpc_service_name": True})
counted(
    "streams",
    [send_headers(OPENED), send_data(message() * 4), *GOOD[2:]],
    config=ALL,
    send=[h2(*call(body=message() * 3))],
)
counted("an error in trailers", failed(13, trailers=True), config=ALL)
counted("connection refused", upstream=[refused()], config=ALL)
counted("what is no gRPC", config=ALL, send=[h2(get("/pkg.Svc/Call"))])
counted("an odd path", config=ALL, send=[h2(*call(head=[*HEAD[:3], (":path", "/x"), *ASKED[4:]]))])
counted("upstream stats", config={**ALL, "enable_upstream_stats": True})
counted("filter state", config={**ALL, "emit_filter_state": True})
