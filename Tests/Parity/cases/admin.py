"""The admin interface: replies to the byte where people and scripts read them, else their shape."""

from harness.vocabulary import *


def asked(name, *steps, **more):
    case(name, send=list(steps), **more)


LINES = "lines"

asked("ready", admin("/ready"))
asked("root page is HTML", admin("/", view="status"))
asked("unknown path", admin("/nonsense", view="status"), admin("/stats/nonsense", view="status"))
asked(
    "mutations by GET",
    *(
        admin(path)
        for path in (
            "/quitquitquit",
            "/healthcheck/fail",
            "/healthcheck/ok",
            "/reset_counters",
            "/drain_listeners",
            "/logging",
        )
    ),
)
asked("reads by POST", *(admin_post(path, view="status") for path in ("/ready", "/stats", "/clusters", "/listeners")))
asked(
    "server_info",
    admin("/server_info", view="shape", only=r"^\.(version|state|uptime|hot_restart|node\.(id|cluster))"),
    bootstrap={"node": {"id": "n1", "cluster": "c1", "locality": {"zone": "z1"}}},
)
asked(
    "server_info reflects the flags",
    admin(
        "/server_info",
        view=LINES,
        only=r'"(concurrency|log_level|service_cluster|'
        r'service_node|service_zone|config_path|mode|state)"',
    ),
    flags=("--service-cluster", "sc", "--service-node", "sn", "--service-zone", "sz"),
)

# Stats ----------------------------------------------------------------------------------------------------------------

asked("stats filtered", get("/"), admin("/stats?filter=cluster.a.upstream_rq_(200|total|2xx)"))
asked("stats filtered by nothing known", admin("/stats?filter=nonsense"), admin("/stats?filter=nonsense&format=json"))
asked("stats with a bad filter", admin("/stats?filter=(", view="status"))
asked("stats used only", get("/"), admin("/stats?usedonly&filter=cluster.a.upstream_rq_(200|retry|total)"))
asked("stats as JSON", get("/"), admin("/stats?format=json&filter=cluster.a.upstream_rq_(200|total)$"))
asked(
    "stats of one type",
    get("/"),
    admin("/stats?type=Gauges&filter=cluster.a.(membership_total|upstream_rq_total)$"),
    admin("/stats?type=Counters&filter=cluster.a.(membership_total|upstream_rq_total)$"),
)
asked("stats in an unknown format", admin("/stats?format=nonsense", view="status"))
asked(
    "stats as Prometheus",
    get("/"),
    admin(
        "/stats/prometheus?filter=^(cluster.a.upstream_rq_(200|2xx|total|time|active)|"
        "http.h.downstream_rq_([1-5]xx|total|time)|cluster.a.membership_total|server.live)$"
    ),
)
asked(
    "stats as Prometheus, by format",
    get("/"),
    admin("/stats?format=prometheus&usedonly&filter=cluster.a.upstream_rq_200"),
)
asked(
    "stats of the listener as Prometheus",
    get("/"),
    admin("/stats/prometheus?filter=(^listener.127|http.h).*downstream_cx_total"),
)
asked(
    "histograms as Prometheus",
    get("/"),
    wait_stat("cluster.a.upstream_rq_200", 1),
    pause(0.5),
    admin("/stats/prometheus?filter=cluster.a.upstream_rq_time", view=LINES, only="^#|le=.(0.5|3600000|.Inf)|_count"),
    admin("/stats?filter=cluster.a.upstream_(rq|cx_connect)", view=LINES, only="No recorded|P100"),
    bootstrap={"stats_flush_interval": "0.1s"},
    rules=((r'(le="0.5"} )\d+', r"\1N"), (r"P\d.*", "quantiles")),
)
asked(
    "a histogram before any value",
    admin("/stats?filter=cluster.a.upstream_rq_time"),
    admin("/stats?filter=cluster.a.upstream_rq_time&format=json", view="shape"),
)
asked("recent lookups are off", admin("/stats/recentlookups", view="status"))
asked(
    "reset_counters",
    get("/"),
    wait_stat("http.h.downstream_cx_active", 0),
    admin_post("/reset_counters"),
    show_stats("cluster.a.upstream_rq_total", "cluster.a.upstream_rq_200", "cluster.a.membership_total"),
    get("/"),
)
asked(
    "stats of a listener",
    get("/"),
    wait_stat("http.h.downstream_cx_active", 0),
    admin("/stats?filter=^listener.127.*(cx_total|cx_active|cx_destroy|_rq_2xx)$"),
)
asked(
    "stats of the listener manager and the server",
    admin(
        "/stats?filter=^(listener_manager|cluster_manager)",
        view="sorted",
        only="total_listeners_active|listener_(create_success|added)|active_clusters|cluster_added|workers_started",
    ),
    admin("/stats?filter=^server", view="sorted", only="live|concurrency|state|version.*0$|total_connections"),
)
asked(
    "per-code and per-class counters",
    *(get(f"/{code}") for code in (200, 201, 301, 404, 500, 503)),
    upstream=[reply(code) for code in (200, 201, 301, 404, 500, 503)],
)

asked(
    "dynamic_stats switched off",
    get("/"),
    get("/none"),
    get("/"),
    admin("/stats?filter=^cluster.a.*upstream_rq_", view="sorted", only="_[1-5]|rq_time:|rq_total"),
    upstream=[reply(200), reply(503)],
    router={"dynamic_stats": False},
)
asked("stats_flush_on_admin", get("/"), wait_stat("cluster.a.upstream_rq_200", 1), pause(0.2),
    admin("/stats?filter=cluster.a.upstream_cx_connect", view="lines", only="P100"),
    admin("/stats?filter=cluster.a.upstream_cx_connect", view="lines", only="P100"),
    bootstrap={"stats_flush_on_admin": True},
    rules=((r"P\d.*", "quantiles"),),
)
# Clusters, listeners, configuration -----------------------------------------------------------------------------------

asked("clusters as text", get("/"), admin("/clusters"))
asked("clusters as JSON", get("/"), admin("/clusters?format=json", view="body"))
asked(
    "clusters with settings and names",
    admin("/clusters"),
    hosts=2,
    cluster={
        "alt_stat_name": "alt",
        "outlier_detection": {},
        "circuit_breakers": {
            "thresholds": [
                {"max_connections": 7, "max_requests": 8, "max_retries": 9, "max_pending_requests": 6},
                {"priority": "HIGH", "max_connections": 5},
            ]
        },
    },
)
asked(
    "clusters with endpoints of every health",
    admin("/clusters"),
    admin("/clusters?format=json", view="body"),
    admin("/stats?filter=cluster.a.membership", view="sorted", only="."),
    hosts=5,
    cluster={
        "load_assignment": {
            "endpoints": [
                {
                    "lb_endpoints": [
                        endpoint(f"@a{number}@", health_status=status)
                        for number, status in enumerate(("UNKNOWN", "HEALTHY", "UNHEALTHY", "DRAINING", "TIMEOUT"))
                    ]
                }
            ]
        }
    },
)
asked(
    "server_info with the node of the flags",
    admin("/server_info", view="lines", only='"(id|cluster|service_[a-z]+)":'),
    flags=("--service-cluster", "c", "--service-node", "n", "--service-zone", "z"),
)
asked("stats under alt_stat_name", get("/"), cluster={"alt_stat_name": "alt"})
asked("listeners as text", admin("/listeners"))
asked("listeners as JSON", admin("/listeners?format=json"))
asked(
    "config_dump keys",
    admin(
        "/config_dump",
        view="shape",
        only=r"^\.configs\[\]\.(@type|bootstrap\.node\.(id|cluster)|"
        r"(static|dynamic)_\w+\[\]\.(last_updated|cluster\.name|listener\.name|route_config\.name)|version_info)",
    ),
    bootstrap={"node": {"id": "n1", "cluster": "c1"}},
)
asked("config_dump order", admin("/config_dump", view=LINES, only=r'^   "@type"'))
asked(
    "config_dump of one resource",
    admin("/config_dump?resource=static_clusters", view="shape", only="cluster.(name|@type)"),
    admin("/config_dump?resource=nonsense", view="status"),
)
asked(
    "config_dump by name",
    admin("/config_dump?name_regex=^a$", view="shape", only="cluster.name|listener.name"),
    admin("/config_dump?name_regex=(", view="status"),
)
asked(
    "config_dump with a mask",
    admin("/config_dump?resource=static_clusters&mask=cluster.name", view="body"),
    admin("/config_dump?resource=static_clusters&mask=nonsense", view="status"),
)

# Logging, health, draining --------------------------------------------------------------------------------------------

asked(
    "logging of one level",
    admin_post("/logging?level=warning", view="status"),
    admin_post("/logging?level=nonsense", view="status"),
    admin_post("/logging?nonsense=info", view="status"),
)
asked(
    "healthcheck fail and ok",
    conn(get("/before")),
    admin_post("/healthcheck/fail"),
    admin("/ready"),
    conn(get("/failed")),
    show_stats("server.live"),
    admin_post("/healthcheck/ok"),
    admin("/ready"),
    conn(get("/after")),
    show_stats("server.live"),
    hcm={"drain_timeout": "6s"},
    differs=differs(
        "RFC 9112 §9.6",
        "a response that says Connection: close is its connection's last, which ends behind it; Envoy keeps it open for "
        "drain_timeout",
        client=["connection: close\n| ok\n[FIN]", "DRAINING", "LIVE", "server.live: 0", "server.live: 1"],
        access_log=['"path":"/before"', '"path":"/failed"', '"path":"/after"'],
    ),
)
asked("quitquitquit says OK", admin_post("/quitquitquit"))
asked("query and POST parameters", admin("/stats?filter=cluster%2Ea%2Emembership_total"))
asked("HEAD on the admin", conn(head("/ready"), to="admin"))
asked("raw admin replies", conn(get("/ready"), get("/ready"), to="admin"))
asked("admin refuses a malformed request", conn(send(raw_request("GET / HTTP/1.1\r\nbad\r\n\r\n")), read(), to="admin"))
