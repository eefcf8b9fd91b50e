"""Retries: every `retry_on`, what the upstreams saw of each try, bodies, limits, attempt counts."""

from harness.vocabulary import *


def retrying(retry_on, **policy):
    return {"retry_policy": {"retry_on": retry_on, **policy}}


def on(name, retry_on, upstream, **more):
    """One request under one policy; the upstream's second answer tells whether it was retried."""
    policy = more.pop("policy", {})
    case(
        name,
        route=retrying(retry_on, **policy),
        upstream=upstream,
        expected_timeout=True,
        send=more.pop("send", [get("/")]),
        **more,
    )


second = reply(body="second")

on("5xx retries a 503", "5xx", [reply(503, body="no"), second])
on("5xx retries a 500", "5xx", [reply(500), second])
on("5xx retries a reset before headers", "5xx", [rst(), second])
on("5xx retries a close before headers", "5xx", [close(), second])
on("5xx does not retry a 404", "5xx", [reply(404), second])
on("5xx used up passes the last reply", "5xx", [reply(503, body="first"), reply(502, body="last")])
on("5xx with three retries", "5xx", [reply(503), reply(502), reply(500), second], policy={"num_retries": 3})
on("5xx with num_retries 0", "5xx", [reply(503), second], policy={"num_retries": 0})
on("5xx refused on every try", "5xx", [refused()], policy={"num_retries": 2})
on("5xx retries garbage", "5xx", [[raw("garbage\r\n\r\n"), close()], second])
on("gateway-error retries 502", "gateway-error", [reply(502), second])
on("gateway-error retries 504", "gateway-error", [reply(504), second])
on("gateway-error does not retry 500", "gateway-error", [reply(500), second])
on("gateway-error retries a reset", "gateway-error", [rst(), second])
on("reset retries a reset", "reset", [rst(), second])
on("reset retries a close", "reset", [close(), second])
on("reset does not retry a 503", "reset", [reply(503), second])
on("connect-failure retries a refusal", "connect-failure", [refused()], policy={"num_retries": 2})
on("connect-failure does not retry a reset", "connect-failure", [rst(), second])
on("retriable-4xx retries 409", "retriable-4xx", [reply(409), second])
on("retriable-4xx does not retry 400", "retriable-4xx", [reply(400), second])
on(
    "retriable-status-codes retries those listed",
    "retriable-status-codes",
    [reply(418), second],
    policy={"retriable_status_codes": [418]},
)
on(
    "retriable-status-codes leaves the others",
    "retriable-status-codes",
    [reply(503), second],
    policy={"retriable_status_codes": [418]},
)
on(
    "several conditions",
    "connect-failure,retriable-4xx, gateway-error",
    [reply(409), reply(503), second],
    policy={"num_retries": 2},
)
on("unknown condition is ignored", "nonsense,5xx", [reply(503), second])
on("no policy matches", "nonsense", [reply(503), second])

on("a body is replayed", "5xx", [reply(503), second], send=[post("/", "the whole body")])
on(
    "a chunked body with split writes is replayed",
    "5xx",
    [reply(503), second],
    send=[
        conn(
            send(raw_request("POST / HTTP/1.1\r\nhost: h.example\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")),
            pause(0.1),
            raw("4\r\ndefg\r\n0\r\n\r\n"),
            read(),
        )
    ],
)
on(
    "a body above the route's buffer limit is not replayed",
    "5xx",
    [reply(503, body="first"), second],
    send=[post("/", "x" * 3000)],
    route_entry={"per_request_buffer_limit_bytes": 1000},
)
on(
    "a body above the listener's buffer limit is not replayed",
    "5xx",
    [reply(503, body="first"), second],
    send=[post("/", "x" * 3000)],
    listener={"per_connection_buffer_limit_bytes": 1000},
)
on(
    "nothing is retried after response headers",
    "5xx,reset",
    [[raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"), rst()], second],
)
on(
    "a reply before the body's end is retried when the body has come",
    "5xx",
    [on_head(reply(503)), second],
    send=[post("/", "body")],
)

on(
    "attempt counts in request and response",
    "5xx",
    [reply(503), second],
    vhost={"include_request_attempt_count": True, "include_attempt_count_in_response": True},
    send=[get("/", {"x-envoy-attempt-count": "77"})],
)
on(
    "attempt count on a local reply",
    "5xx",
    [refused()],
    vhost={"include_request_attempt_count": True, "include_attempt_count_in_response": True},
)
on(
    "is-timeout-retry header",
    "5xx",
    [hang(), reply(503), second],
    policy={"per_try_timeout": "0.2s", "num_retries": 2},
    vhost={"include_is_timeout_retry_header": True},
)

case(
    "retry headers of an external client are ignored",
    upstream=[reply(503), second],
    send=[get("/", {"x-envoy-retry-on": "5xx", "x-envoy-max-retries": "3"})],
)

case(
    "vhost retry policy applies to its routes",
    upstream=[reply(503), second],
    expected_timeout=True,
    vhost={"retry_policy": {"retry_on": "5xx"}},
    send=[get("/")],
)

case(
    "route retry policy replaces the vhost's",
    upstream=[reply(503), second],
    vhost={"retry_policy": {"retry_on": "5xx"}},
    route=retrying("retriable-4xx"),
    send=[get("/")],
)

case(
    "max_retries 0 stops the retry",
    upstream=[reply(503, body="first"), second],
    route=retrying("5xx"),
    cluster={"circuit_breakers": {"thresholds": [{"max_retries": 0}]}},
    send=[get("/")],
)

case(
    "max_retries 0 stops the retry of a reset",
    upstream=[rst(), second],
    route=retrying("5xx"),
    cluster={"circuit_breakers": {"thresholds": [{"max_retries": 0}]}},
    send=[get("/")],
)

case(
    "retry budget lets three through",
    upstream=[reply(503), reply(503), reply(503), second],
    expected_timeout=True,
    route=retrying("5xx", num_retries=3),
    send=[get("/")],
    cluster={"circuit_breakers": {"thresholds": [{"max_retries": 0, "retry_budget": {}}]}},
)

case(
    "retries go round robin over the hosts",
    hosts=3,
    rename_hosts=True,
    expected_timeout=True,
    upstream=[reply(503), reply(503), second],
    route=retrying("5xx", num_retries=2),
    send=[get("/")],
)
