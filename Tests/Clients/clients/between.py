"""Bootstraps for what stands between a client and a server."""

from harness.certificates import folder
from harness.config import (
    HCM,
    address,
    cluster_config,
    downstream_tls,
    endpoint,
    http2_options,
    http_options,
    merge,
    mutual_tls,
    router,
    to,
    upstream_tls,
)

__all__ = ["between", "certificate", "downstream_tls", "http2_options", "http_options", "merge", "mutual_tls", "to", "upstream_tls"]


def certificate(name):
    return str(folder() / name)


def filled(value):
    """Where the certificates are, in place of @certs@."""
    if isinstance(value, dict):
        return {key: filled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item) for item in value]
    return value.replace("@certs@", str(folder())) if isinstance(value, str) else value


def between(port, cluster=None, hcm=None, chain=None, route=None):
    """A listener whose requests go to `port`; `cluster`, `hcm`, `chain` and `route` are merged over the plain ones."""
    entry = to("/", "a", timeout="0s", **(route or {}))
    manager = {
        "@type": HCM,
        "stat_prefix": "h",
        "route_config": {"name": "r", "virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [entry]}]},
        "http_filters": [router()],
    }
    filters = {"filters": [{"name": "h", "typed_config": merge(manager, hcm or {})}]}
    listener = {"name": "l", "address": address("@listener@"), "filter_chains": [merge(filters, chain or {})]}
    many = {"max_connections": 10000, "max_pending_requests": 10000, "max_requests": 10000}
    base = {
        "load_assignment": {"cluster_name": "a", "endpoints": [{"lb_endpoints": [endpoint(port)]}]},
        "circuit_breakers": {"thresholds": [many]},
    }
    return filled(
        {
            "admin": {"address": address("@admin@")},
            "static_resources": {
                "listeners": [listener],
                "clusters": [merge(merge(cluster_config("a", [], {}), base), cluster or {})],
            },
        }
    )
