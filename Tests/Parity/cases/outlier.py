"""Outlier detection: who is ejected, for how long, and what the counters say."""

from harness.vocabulary import *

EJECTED = "cluster.a.outlier_detection.ejections_active"
DETECTED = "cluster.a.outlier_detection.ejections_total"


def watching(**fields):
    """Every host may go, at once; one failure is enough."""
    return {
        "outlier_detection": {"interval": "0.2s", "base_ejection_time": "30s", "max_ejection_percent": 100, **fields},
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}, "update_merge_window": "0s"},
    }


bad = reply(500)


def ejected(count=1, name=EJECTED):
    """The main thread ejects, a moment after the reply that asked for it."""
    return wait_stat(name, count, then=0.25)


case(
    "consecutive_5xx ejects",
    upstream=[bad],
    cluster=watching(consecutive_5xx=3),
    send=[*[get("/") for _ in range(3)], ejected(), get("/ejected")],
)
case(
    "consecutive_5xx is interrupted by a good reply",
    upstream=[bad, bad, reply(), bad, bad, reply()],
    cluster=watching(consecutive_5xx=3),
    send=[get("/") for _ in range(6)],
)
case(
    "consecutive_5xx defaults to 5",
    upstream=[bad],
    cluster=watching(),
    send=[*[get("/") for _ in range(5)], ejected(), get("/ejected")],
)
case(
    "consecutive_gateway_failure ejects when enforced",
    upstream=[reply(503)],
    send=[get("/"), get("/"), ejected(), get("/ejected")],
    cluster=watching(consecutive_gateway_failure=2, enforcing_consecutive_gateway_failure=100, consecutive_5xx=10),
)
case(
    "consecutive_gateway_failure is not enforced by default",
    upstream=[reply(503)],
    send=[
        get("/"),
        get("/"),
        wait_stat("cluster.a.outlier_detection.ejections_detected_consecutive_gateway_failure", 1),
    ],
    cluster=watching(consecutive_gateway_failure=2, consecutive_5xx=10),
)
case(
    "500 is no gateway failure",
    upstream=[bad],
    send=[get("/") for _ in range(4)],
    cluster=watching(consecutive_gateway_failure=2, enforcing_consecutive_gateway_failure=100, consecutive_5xx=10),
)
case(
    "enforcing_consecutive_5xx 0 only counts",
    upstream=[bad],
    send=[get("/"), get("/"), ejected(1, DETECTED), get("/")],
    cluster=watching(consecutive_5xx=2, enforcing_consecutive_5xx=0),
)
case(
    "refused connections eject",
    upstream=[refused()],
    cluster=watching(consecutive_5xx=2),
    send=[get("/"), get("/"), ejected(), get("/ejected")],
)
case(
    "resets eject",
    upstream=[rst()],
    cluster=watching(consecutive_5xx=2),
    send=[get("/"), get("/"), ejected(), get("/ejected")],
)
case(
    "route timeouts eject",
    upstream=[hang()],
    cluster=watching(consecutive_5xx=2),
    route={"timeout": "0.15s"},
    send=[get("/"), get("/"), ejected(), get("/ejected")],
)
case(
    "per-try timeouts eject",
    upstream=[hang()],
    cluster=watching(consecutive_5xx=2),
    expected_timeout=True,
    route={"retry_policy": {"retry_on": "5xx", "per_try_timeout": "0.15s"}},
    send=[get("/"), ejected(), get("/")],
)
case(
    "an ejected host comes back",
    upstream=[bad, bad, reply(body="well")],
    cluster=watching(consecutive_5xx=2, base_ejection_time="0.3s"),
    send=[get("/"), get("/"), ejected(), get("/ejected"), wait_stat(EJECTED, 0), pause(0.1), get("/back")],
)
case(
    "the second ejection is longer",
    upstream=[bad],
    cluster=watching(consecutive_5xx=1, base_ejection_time="1.5s", interval="0.1s"),
    send=[
        get("/"),
        ejected(),
        wait_stat(EJECTED, 0, then=0.3),
        get("/again"),
        # It lasts 3 s: looked at well after the first would be over, well before this is.
        ejected(),
        pause(1.8),
        show_stats(EJECTED),
        wait_stat(EJECTED, 0),
    ],
)
case(
    "max_ejection_percent keeps the last one",
    hosts=2,
    upstream=[bad],
    rename_hosts=True,
    send=[
        get("/"),
        ejected(),
        get("/"),
        wait_stat("cluster.a.outlier_detection.ejections_overflow", 1),
        get("/"),
        wait_stat("cluster.a.outlier_detection.ejections_overflow", 2),
    ],
    cluster=watching(consecutive_5xx=1, max_ejection_percent=50),
)
case(
    "max_ejection_percent 10 of four hosts",
    hosts=4,
    upstream=[bad],
    rename_hosts=True,
    send=[
        get("/"),
        wait_stat("cluster.a.outlier_detection.ejections_overflow", 1),
        get("/"),
        wait_stat("cluster.a.outlier_detection.ejections_overflow", 2),
    ],
    cluster=watching(consecutive_5xx=1, max_ejection_percent=10),
)
case(
    "always_eject_one_host",
    hosts=4,
    upstream=[bad],
    rename_hosts=True,
    send=[get("/"), ejected(), get("/"), wait_stat("cluster.a.outlier_detection.ejections_overflow", 1)],
    cluster=watching(consecutive_5xx=1, max_ejection_percent=10, always_eject_one_host=True),
)
case(
    "an ejected host in /clusters",
    upstream=[bad],
    cluster=watching(consecutive_5xx=1),
    send=[
        get("/"),
        ejected(),
        admin("/clusters", view="lines", only="health_flags|rq_error|rq_success|rq_total|success_rate"),
        admin("/clusters?format=json", view="shape"),
    ],
)
case(
    "ejection then panic",
    upstream=[bad],
    hosts=2,
    rename_hosts=True,
    cluster=merge(watching(consecutive_5xx=1), {"common_lb_config": {"healthy_panic_threshold": {"value": 50}}}),
    send=[get("/"), ejected(), get("/"), ejected(2), get("/panic"), get("/panic")],
)
case(
    "split local and external failures",
    upstream=[refused()],
    send=[get("/"), get("/"), ejected(), get("/")],
    cluster=watching(split_external_local_origin_errors=True, consecutive_local_origin_failure=2, consecutive_5xx=2),
)
