"""The bootstrap of a case: a default one, and the case's overrides merged over it.

Tokens `@name@` in the finished text stand for ports: `@listener@`, `@admin@`, `@a0@` (host 0 of cluster a), and any
other name for one more free port. `@dir@` is the run's own folder.
"""

import base64
import copy
import json

from . import certificates

TYPE = "type.googleapis.com/"
HCM = TYPE + "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
TCP_PROXY = TYPE + "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
ROUTER = TYPE + "envoy.extensions.filters.http.router.v3.Router"
FILE_LOG = TYPE + "envoy.extensions.access_loggers.file.v3.FileAccessLog"
STDOUT_LOG = TYPE + "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog"
DOWNSTREAM_TLS = TYPE + "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
UPSTREAM_TLS = TYPE + "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
TLS_INSPECTOR = TYPE + "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
HTTP_OPTIONS_KEY = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

LOG_FIELDS = {
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "protocol": "%PROTOCOL%",
    "authority": "%REQ(:AUTHORITY)%",
    "code": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "termination": "%CONNECTION_TERMINATION_DETAILS%",
    "failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    "received": "%BYTES_RECEIVED%",
    "sent": "%BYTES_SENT%",
    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "cluster": "%UPSTREAM_CLUSTER%",
    "host": "%UPSTREAM_HOST%",
    "route": "%ROUTE_NAME%",
}


def merge(base, over):
    """`over` wins; dicts are merged, a list or a value replaces, None removes."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return copy.deepcopy(over)
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value) if isinstance(result.get(key), dict) else copy.deepcopy(value)
    return result


def address(port, ip="127.0.0.1"):
    return {"socket_address": {"address": ip, "port_value": port}}


def file_log(path="@dir@/access.log", **log_format):
    log_format = log_format or {"json_format": LOG_FIELDS}
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {"@type": FILE_LOG, "path": path, "log_format": log_format},
    }


def router(**fields):
    return {"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER, **fields}}


def endpoint(port, ip="127.0.0.1", **fields):
    return {"endpoint": {"address": address(port, ip)}, **fields}


def to(prefix="/", cluster="a", name=None, **action):
    """A route in one line: to("/x", "b", timeout="1s")."""
    match = prefix if isinstance(prefix, dict) else {"prefix": prefix}
    route = {"match": match, "route": {"cluster": cluster, **action}}
    if name:
        route["name"] = name
    return route


def direct(match, text, **more):
    """A route that names itself in its answer; `match` is a prefix or a whole match."""
    match = {"prefix": match} if isinstance(match, str) else match
    return {"match": match, "direct_response": {"status": 200, "body": {"inline_string": text}}, **more}


def cluster_config(name, hosts, overrides):
    base = {
        "name": name,
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [endpoint(f"@{host}@") for host in hosts]}],
        },
    }
    return merge(base, overrides)


def pem(name):
    return {"filename": f"@certs@/{name}"}


def certificate(name):
    """A TlsCertificate: `NAME` of certificates.py, `NAME.leaf` for it without its intermediates."""
    return {"certificate_chain": pem(f"{name}.pem"), "private_key": pem(f"{name.removesuffix('.leaf')}.key")}


def certificate_text(name):
    return (certificates.folder() / name).read_text()


def common_tls(cert, ca, validation, fields):
    certs = [cert] if isinstance(cert, str) else cert or []
    common = {"tls_certificates": [certificate(name) for name in certs]} if certs else {}
    if ca or validation:
        common["validation_context"] = merge({"trusted_ca": pem(f"{ca}.pem")} if ca else {}, validation or {})
    return merge(common, fields)


def downstream_tls(cert="server", ca=None, require=None, validation=None, context=None, **common):
    """A filter chain's transport socket. `context` goes into DownstreamTlsContext, the rest into CommonTlsContext."""
    fields = {"@type": DOWNSTREAM_TLS, "common_tls_context": common_tls(cert, ca, validation, common)}
    if require is not None:
        fields["require_client_certificate"] = require
    return {"transport_socket": {"name": "tls", "typed_config": merge(fields, context or {})}}


def mutual_tls(cert="server", **fields):
    return downstream_tls(cert, **{"ca": "root", "require": True, **fields})


def upstream_tls(cert=None, ca="root", validation=None, sni=None, context=None, **common):
    """A cluster's transport socket; its fields as in `downstream_tls`."""
    fields = {"@type": UPSTREAM_TLS, "common_tls_context": common_tls(cert, ca, validation, common)}
    if sni is not None:
        fields["sni"] = sni
    return {"transport_socket": {"name": "tls", "typed_config": merge(fields, context or {})}}


def san(kind, **match):
    """match_typed_subject_alt_names' entry: san("URI", exact="spiffe://…")."""
    return {"san_type": kind, "matcher": match}


def tls_inspector(**fields):
    typed = {"@type": TLS_INSPECTOR, **fields}
    return {"listener_filters": [{"name": "envoy.filters.listener.tls_inspector", "typed_config": typed}]}


def digest(name):
    """verify_certificate_hash's value for a certificate."""
    return certificates.facts()[name]["sha256"]


def spki(name):
    """verify_certificate_spki's value for a certificate."""
    return base64.b64encode(bytes.fromhex(certificates.facts()[name]["spki"])).decode()


def colons(text):
    return ":".join(text[at : at + 2] for at in range(0, len(text), 2))


def http_options(common=None, **explicit):
    """typed_extension_protocol_options with explicit HTTP/1 options: http_options(http_protocol_options={...})."""
    options = {
        "@type": TYPE + "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http_protocol_options": explicit.get("http_protocol_options", {})},
    }
    if common:
        options["common_http_protocol_options"] = common
    return {"typed_extension_protocol_options": {HTTP_OPTIONS_KEY: options}}


def http2_options(common=None, **fields):
    """The same for HTTP/2; the fields are those of Http2ProtocolOptions."""
    options = {
        "@type": TYPE + "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": fields},
    }
    if common:
        options["common_http_protocol_options"] = common
    return {"typed_extension_protocol_options": {HTTP_OPTIONS_KEY: options}}


def http_filter(**fields):
    """A connection manager of its own, for a bootstrap that lists its listeners itself."""
    base = {
        "@type": HCM,
        "stat_prefix": "h",
        "route_config": {"name": "r", "virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [to()]}]},
        "http_filters": [router()],
    }
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": merge(base, fields)}


def network_filter(case):
    log = [file_log()] if case.log is True else ([] if not case.log else case.log)
    if case.tcp is not None:
        base = {"@type": TCP_PROXY, "stat_prefix": "t", "cluster": "a", "access_log": log}
        return {"name": "envoy.filters.network.tcp_proxy", "typed_config": merge(base, case.tcp)}
    first = merge(to(), {**case.route_entry, "route": case.route} if case.route else case.route_entry)
    virtual_host = {"name": "v", "domains": ["*"], "routes": [first] if case.routes is None else case.routes}
    hosts = [merge(virtual_host, case.vhost)] if case.vhosts is None else case.vhosts
    base = {
        "@type": HCM,
        "stat_prefix": "h",
        "route_config": merge({"name": "r", "virtual_hosts": hosts}, case.route_config),
        "http_filters": [router(**case.router)],
        "access_log": log,
    }
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": merge(base, case.hcm)}


def bootstrap(case, hosts):
    """The bootstrap as a dict; `hosts` maps a cluster's name to the names of its hosts."""
    if case.config is not None:
        return case.config
    chain = {"filters": [network_filter(case)]}
    chains = [merge(chain, fields) for fields in case.chains]
    listener = {"name": "l", "address": address("@listener@"), "filter_chains": chains}
    clusters = {name: cluster_config(name, names, case.cluster if name == "a" else {}) for name, names in hosts.items()}
    for name, overrides in case.clusters.items():
        clusters[name] = merge(clusters.get(name) or cluster_config(name, [], {}), overrides)
    base = {
        "admin": {"address": address("@admin@")},
        "static_resources": {
            "listeners": [merge(listener, case.listener)],
            "clusters": [clusters[name] for name in sorted(clusters)],
        },
    }
    return merge(base, case.bootstrap)


def text(case, hosts):
    config = bootstrap(case, hosts)
    return config if isinstance(config, str) else json.dumps(config, indent=1)
