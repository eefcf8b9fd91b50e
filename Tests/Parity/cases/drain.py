"""Draining: by the admin interface, and by signals (where Pillion does more than Envoy)."""

from harness.vocabulary import *

slow = [[pause(0.5), reply(body="slow")]]

ends_at_once = differs(
    "RFC 9112 §9.6",
    "a response that says Connection: close is its connection's last, which ends behind it; Envoy keeps it open for "
    "drain_timeout",
    client=["server: envoy\n  connection: close\n| ok\n[FIN]", "\nOK\n"],
    access_log=['"code":200'],
    stats=["http.h.downstream_cx_drain_close: 1", "http.h.downstream_cx_destroy_local: 1", "!delayed_close"],
)

case(
    "drain_listeners stops accepting",
    send=[get("/before"), admin_post("/drain_listeners"), pause(0.3), get("/after"), admin("/ready")],
)
case(
    "drain_listeners leaves a kept connection",
    send=[
        background(conn(get("/1"), pause(0.6), get("/2"))),
        upstream_saw(1),
        pause(0.1),
        admin_post("/drain_listeners"),
    ],
)
case(
    "drain_listeners leaves a request under way",
    upstream=slow,
    send=[background(conn(get("/slow"))), upstream_saw(1), admin_post("/drain_listeners")],
)
case(
    "graceful drain_listeners asks connections to close",
    hcm={"drain_timeout": "6s"},
    differs=ends_at_once,
    flags=("--drain-time-s", "1", "--drain-strategy", "immediate"),
    send=[
        background(conn(get("/1"), pause(0.5), get("/2"))),
        upstream_saw(1),
        pause(0.1),
        admin_post("/drain_listeners?graceful"),
    ],
)
case(
    "drain_listeners for inbound only",
    send=[admin_post("/drain_listeners?inboundonly"), get("/still")],
    listener={"traffic_direction": "OUTBOUND"},
)
case(
    "healthcheck fail asks connections to close",
    hcm={"drain_timeout": "6s"},
    differs=ends_at_once,
    send=[conn(get("/1")), admin_post("/healthcheck/fail"), conn(get("/2"))],
)
case(
    "quitquitquit cuts a request",
    upstream=[hang()],
    rules=((r"local_disconnect\([a-z_]+\)", "local_disconnect"),),
    send=[background(conn(get("/cut"))), upstream_saw(1), admin_post("/quitquitquit")],
)
for signal_name, number in (("SIGTERM", 15), ("SIGINT", 2)):
    case(
        f"{signal_name} with a request under way",
        upstream=slow,
        send=[background(conn(get("/slow"))), upstream_saw(1), signal_proxy(number)],
        differs=differs(
            "RFC 9112 §9.6",
            "a server ends a connection in an orderly way: requests under way finish within the "
            "drain time; Envoy cuts them",
            client=["HTTP/1.1 200 OK", "connection: close", "| slow", "[FIN]"],
            access_log=['"code":200'],
            exit=["0"],
        ),
    )
case("SIGTERM when idle", send=[get("/"), signal_proxy(15)])
case("SIGUSR1 reopens the log", send=[get("/1"), signal_proxy(10), pause(0.2), get("/2")])
