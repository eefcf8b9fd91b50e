"""Bootstraps in few words, as dicts."""

from harness.config import HCM, TCP_PROXY, address, cluster_config, direct, endpoint, file_log, merge, router, to

__all__ = ["address", "cluster", "direct", "endpoint", "file_log", "http", "merge", "on_pipe", "tcp", "to"]


def cluster(port, name="a", **overrides):
    """A cluster of one host. Its circuit breakers say what remains of them, so that a leak shows."""
    ports = port if isinstance(port, list) else [port]
    base = {
        "connect_timeout": "2s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint(one) for one in ports]}]},
        "circuit_breakers": {"thresholds": [{"track_remaining": True, **ROOMY}]},
    }
    return merge(cluster_config(name, [], {}), merge(base, overrides))


ROOMY = {"max_connections": 20000, "max_pending_requests": 20000, "max_requests": 20000, "max_retries": 20000}


def http(*clusters, routes=None, hcm=None, listener=None, log=None):
    """A listener with a connection manager. `routes`: by default everything goes to cluster a."""
    hosts = [{"name": "v", "domains": ["*"], "routes": routes or [to("/", "a", timeout="0s")]}]
    base = {
        "@type": HCM,
        "stat_prefix": "h",
        "route_config": {"name": "r", "virtual_hosts": hosts},
        "http_filters": [router()],
        "access_log": [log] if log else [],
    }
    return bootstrap("http_connection_manager", merge(base, hcm or {}), clusters, listener)


def on_pipe(path, **fields):
    """A listener's address as a Unix socket."""
    return {"address": {"socket_address": None, "pipe": {"path": path, **fields}}}


def tcp(*clusters, proxy=None, listener=None):
    """A listener with a tcp_proxy to cluster a."""
    return bootstrap("tcp_proxy", merge({"@type": TCP_PROXY, "stat_prefix": "t", "cluster": "a"}, proxy or {}),
                     clusters, listener)  # fmt: skip


def bootstrap(kind, typed_config, clusters, listener):
    chain = {"filters": [{"name": f"envoy.filters.network.{kind}", "typed_config": typed_config}]}
    base = {"name": "l", "address": address("@listener@"), "filter_chains": [chain]}
    return {
        "admin": {"address": address("@admin@")},
        "static_resources": {"listeners": [merge(base, listener or {})], "clusters": list(clusters)},
    }
