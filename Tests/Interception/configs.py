"""Bootstraps for the tests, in Envoy's words."""

import json

TYPES = "type.googleapis.com/envoy.extensions.filters."


def manager(prefix, hosts):
    return {
        "name": "http",
        "typed_config": {
            "@type": TYPES + "network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": prefix,
            "route_config": {"virtual_hosts": hosts},
            "http_filters": [{"name": "router", "typed_config": {"@type": TYPES + "http.router.v3.Router"}}],
        },
    }


def tcp(cluster):
    return {
        "name": "tcp",
        "typed_config": {"@type": TYPES + "network.tcp_proxy.v3.TcpProxy", "stat_prefix": cluster, "cluster": cluster},
    }


def says(text, *domains):
    action = {"direct_response": {"status": 200, "body": {"inline_string": text}}}
    return {"name": domains[0], "domains": list(domains), "routes": [{"match": {"prefix": "/"}, **action}]}


def to(cluster, *domains):
    route = {"match": {"prefix": "/"}, "route": {"cluster": cluster}}
    return {"name": domains[0], "domains": list(domains), "routes": [route]}


def address(host, port):
    return {"socket_address": {"address": host, "port_value": port}}


def static(name, host, port):
    endpoint = {"endpoint": {"address": address(host, port)}}
    return {"name": name, "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]}}


PASSTHROUGH = {"name": "passthrough", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED"}


def outbound(hosts, chains=()):
    """The listener that takes all the app sends out: port 80 is HTTP, all else passes through."""
    return {
        "name": "outbound",
        "address": address("0.0.0.0", 15001),
        "traffic_direction": "OUTBOUND",
        "use_original_dst": True,
        "filter_chains": [
            {"name": "http", "filter_chain_match": {"destination_port": 80}, "filters": [manager("out", hosts)]},
            *chains,
        ],
        "default_filter_chain": {"name": "other", "filters": [tcp("passthrough")]},
    }


def inbound(port, cluster="app", host="127.0.0.1"):
    return {
        "name": f"inbound_{port}",
        "address": address(host, port),
        "traffic_direction": "INBOUND",
        "filter_chains": [{"filters": [manager("in", [to(cluster, "*")])]}],
    }


def bootstrap(listeners, clusters=(), admin=None):
    config = {"static_resources": {"listeners": listeners, "clusters": [PASSTHROUGH, *clusters]}}
    if admin:
        config["admin"] = {"address": address("127.0.0.1", admin)}
    return json.dumps(config)
