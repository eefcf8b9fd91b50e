"""Listeners: addresses of every kind, several of them, what they count."""

from harness.vocabulary import *

PIPE = {"socket_address": None, "pipe": {"path": "@dir@/sock"}}


def tcp_listener(name, port):
    proxy = {"name": "t", "typed_config": {"@type": TCP_PROXY, "stat_prefix": "t", "cluster": "a"}}
    return {"name": name, "address": address(port), "filter_chains": [{"filters": [proxy]}]}


case("a Unix socket", listener={"address": PIPE}, send=[conn(get("/1"), get("/2"), to="unix:@dir@/sock")])
case(
    "a Unix socket with use_remote_address",
    listener={"address": PIPE},
    hcm={"use_remote_address": True},
    send=[conn(get("/"), to="unix:@dir@/sock")],
)
case(
    "a Unix socket in the log",
    listener={"address": PIPE},
    send=[conn(get("/"), to="unix:@dir@/sock")],
    log=[file_log(text_format_source={"inline_string": "%DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS%\n"})],
)
case(
    "a Unix socket in the admin",
    listener={"address": PIPE},
    send=[
        admin("/listeners"),
        admin("/listeners?format=json", view="body"),
        admin("/stats?filter=^listener..*sock.*downstream_cx_total"),
    ],
)
case(
    "IPv6",
    listener={"address": address("@listener@", "::1")},
    send=[conn(get("/"), to="ipv6:listener"), admin("/listeners")],
)
case(
    "IPv6 with use_remote_address",
    listener={"address": address("@listener@", "::1")},
    hcm={"use_remote_address": True},
    send=[conn(get("/"), to="ipv6:listener")],
)
case(
    "an upstream over IPv6",
    upstream=[refused()],
    send=[get("/")],
    cluster={"load_assignment": {"endpoints": [{"lb_endpoints": [endpoint("@closed@", "::1")]}]}},
)
case("port 0", listener={"address": address(0)}, send=[conn(get("/"), to="bound:l")], scopes=("cluster.", "http.h."))
case("every interface", listener={"address": address("@listener@", "0.0.0.0")}, send=[get("/"), admin("/listeners")])
case(
    "two listeners of different kinds",
    upstream=[[reply(200, {"connection": "close"}, "ok"), close()]],
    bootstrap={
        "static_resources": {
            "listeners": [
                tcp_listener("tcp", "@tcp@"),
                {"name": "l", "address": address("@listener@"), "filter_chains": [{"filters": [http_filter()]}]},
            ]
        }
    },
    send=[get("/"), conn(get("/through-tcp"), to="tcp"), admin("/listeners")],
)
case(
    "a listener without a name",
    listener={"name": None},
    send=[get("/"), admin("/listeners")],
    rules=((r"<uuid>::", "<name>::"),),
)
case(
    "stat_prefix of a listener",
    listener={"stat_prefix": "mine"},
    send=[
        get("/"),
        wait_stat("http.h.downstream_cx_active", 0),
        admin("/stats?filter=^listener.mine.*(cx_total|cx_destroy|_rq_2xx)$"),
    ],
)
case(
    "connections that never speak are closed with the client",
    send=[conn(pause(0.1), close()), conn(raw("GET"), pause(0.1), close()), get("/")],
)
ORIGINAL_DST = {"type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED", "load_assignment": None}
case(
    "a connection that nobody redirected",
    listener={"use_original_dst": True},
    cluster=ORIGINAL_DST,
    send=[get("/")],
    scopes=("http.h.",),
)
refuses("ORIGINAL_DST with a balancer", cluster={**ORIGINAL_DST, "lb_policy": "ROUND_ROBIN"})
refuses("ORIGINAL_DST with hosts", cluster={"type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED"})
refuses("CLUSTER_PROVIDED without ORIGINAL_DST", cluster={"lb_policy": "CLUSTER_PROVIDED"})
accepts("a listener without a socket", listener={"bind_to_port": False})
