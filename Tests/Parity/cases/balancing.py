"""Load balancing, panic, DNS."""

from harness.vocabulary import *

ASKED = [get(f"/{number}") for number in range(9)]


def weighted(*weights):
    return {
        "load_assignment": {
            "endpoints": [
                {
                    "lb_endpoints": [
                        endpoint(f"@a{number}@", load_balancing_weight=weight) for number, weight in enumerate(weights)
                    ]
                }
            ]
        }
    }


case("round robin", hosts=3, rename_hosts=True, send=ASKED)
case("round robin of one", send=[get("/1"), get("/2")])
case("round robin with an equal weight", hosts=3, rename_hosts=True, cluster=weighted(7, 7, 7), send=ASKED)
case("round robin with weights", hosts=2, send=[get("/") for _ in range(40)], unordered=True, cluster=weighted(3, 1))
case(
    "a host listed twice gets a double share",
    hosts=1,
    rename_hosts=True,
    send=ASKED,
    cluster={"load_assignment": {"endpoints": [{"lb_endpoints": [endpoint("@a0@"), endpoint("@a0@")]}]}},
)
for policy in ("LEAST_REQUEST", "RANDOM"):
    case(f"{policy} of one host", cluster={"lb_policy": policy}, send=[get("/1"), get("/2")])
case(
    "least request goes around a busy host",
    hosts=2,
    rename_hosts=True,
    upstream=[[pause(1.0), reply(body="busy")], reply(body="free")],
    cluster={"lb_policy": "LEAST_REQUEST", "least_request_lb_config": {"choice_count": 30}},
    send=[background(conn(get("/busy"))), upstream_saw(1), *[get("/free") for _ in range(2)]],
)

# Panic and priorities -------------------------------------------------------------------------------------------------

case(
    "priorities without health go to the first",
    hosts=2,
    send=[get(f"/{number}") for number in range(4)],
    cluster={
        "load_assignment": {
            "endpoints": [
                {"priority": 0, "lb_endpoints": [endpoint("@a0@")]},
                {"priority": 1, "lb_endpoints": [endpoint("@a1@")]},
            ]
        }
    },
)
case(
    "an unhealthy endpoint is left out",
    hosts=3,
    rename_hosts=True,
    send=ASKED,
    cluster={
        "load_assignment": {
            "endpoints": [
                {"lb_endpoints": [endpoint("@a0@"), endpoint("@a1@", health_status="UNHEALTHY"), endpoint("@a2@")]}
            ]
        }
    },
)
case(
    "panic sends to all",
    hosts=3,
    rename_hosts=True,
    send=ASKED,
    cluster={
        "load_assignment": {
            "endpoints": [
                {
                    "lb_endpoints": [
                        endpoint("@a0@"),
                        endpoint("@a1@", health_status="UNHEALTHY"),
                        endpoint("@a2@", health_status="UNHEALTHY"),
                    ]
                }
            ]
        }
    },
)
case(
    "no panic at threshold 0",
    hosts=3,
    rename_hosts=True,
    send=ASKED[:3],
    cluster={
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "load_assignment": {
            "endpoints": [
                {
                    "lb_endpoints": [
                        endpoint("@a0@"),
                        endpoint("@a1@", health_status="UNHEALTHY"),
                        endpoint("@a2@", health_status="UNHEALTHY"),
                    ]
                }
            ]
        },
    },
)
case(
    "all unhealthy at panic threshold 0",
    hosts=1,
    send=[get("/")],
    cluster={
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "load_assignment": {"endpoints": [{"lb_endpoints": [endpoint("@a0@", health_status="UNHEALTHY")]}]},
    },
)
case(
    "all unhealthy in panic",
    hosts=2,
    rename_hosts=True,
    send=ASKED[:4],
    cluster={
        "load_assignment": {
            "endpoints": [
                {
                    "lb_endpoints": [
                        endpoint("@a0@", health_status="UNHEALTHY"),
                        endpoint("@a1@", health_status="UNHEALTHY"),
                    ]
                }
            ]
        }
    },
)

for status in ("DRAINING", "TIMEOUT"):
    case(
        f"an endpoint of status {status} is left out",
        hosts=3,
        rename_hosts=True,
        send=ASKED,
        cluster={
            "load_assignment": {
                "endpoints": [
                    {"lb_endpoints": [endpoint("@a0@"), endpoint("@a1@", health_status=status), endpoint("@a2@")]}
                ]
            }
        },
    )
case(
    "overprovisioning_factor decides on panic",
    hosts=3,
    rename_hosts=True,
    send=ASKED,
    cluster={
        "common_lb_config": {"healthy_panic_threshold": {"value": 90}},
        "load_assignment": {
            "policy": {"overprovisioning_factor": 200},
            "endpoints": [
                {"lb_endpoints": [endpoint("@a0@"), endpoint("@a1@", health_status="UNHEALTHY"), endpoint("@a2@")]}
            ],
        },
    },
)
# DNS ------------------------------------------------------------------------------------------------------------------


def dns(name, **more):
    assignment = {"endpoints": [{"lb_endpoints": [endpoint("@a0@", ip=name)]}]}
    return {"type": "STRICT_DNS", "dns_lookup_family": "V4_ONLY", "load_assignment": assignment, **more}


case("STRICT_DNS localhost", cluster=dns("localhost"), send=[get("/1"), get("/2")])
case("STRICT_DNS of an address", cluster=dns("127.0.0.1"), send=[get("/")])
case("STRICT_DNS with auto host rewrite", cluster=dns("localhost"), route={"auto_host_rewrite": True}, send=[get("/")])
case("STRICT_DNS of a name that does not exist", cluster=dns("does-not-exist.invalid"), send=[get("/")])
