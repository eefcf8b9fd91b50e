"""The configuration files of everything that runs. All proxies of a scenario do comparable work; bench/README.md
says what each is asked to do."""

import json
import os

from .setup import STREAM_MODULE

UPSTREAM_BODY = b"ok\n"
LARGE = 64 * 1024
PAGE = 4 * 1024
# A message of gRPC.
GRPC = b"\0\0\0\0\x10" + b"x" * 16


# ---------------------------------------------------------------------------------------------- Envoy and Pillion


def _address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


HTTP2 = {
    "typed_extension_protocol_options": {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {}},
        }
    }
}


def _to_inbound(certificates):
    """What a cluster needs to reach the other sidecar: HTTP/2 over mutual TLS 1.3."""
    pair = {name: {"filename": f"{certificates}/client.{end}"}
            for name, end in (("certificate_chain", "pem"), ("private_key", "key"))}
    context = {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "sni": "server.example",
        "common_tls_context": {
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"},
            "tls_certificates": [pair],
            "validation_context": {"trusted_ca": {"filename": f"{certificates}/root.pem"}},
        },
    }
    return {**HTTP2, "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": context}}


def _cluster(name, upstream_port, **more):
    return {
        **more,
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "lb_policy": "ROUND_ROBIN",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(upstream_port)}}]}],
        },
        "circuit_breakers": {
            "thresholds": [
                {"max_connections": 8192, "max_pending_requests": 8192, "max_requests": 8192, "max_retries": 3}
            ]
        },
        "outlier_detection": {
            "consecutive_5xx": 5,
            "consecutive_gateway_failure": 5,
            "interval": "10s",
            "base_ejection_time": "30s",
            "max_ejection_percent": 50,
        },
    }


def _route(prefix, cluster):
    retries = {"retry_on": "5xx,reset,connect-failure", "num_retries": 2, "per_try_timeout": "5s"}
    return {"match": {"prefix": prefix}, "route": {"cluster": cluster, "timeout": "15s", "retry_policy": retries}}


def _mutual_tls(certificates):
    """A filter chain's transport socket: TLS 1.3, the client's certificate required and verified."""
    pair = {name: {"filename": f"{certificates}/server.{end}"}
            for name, end in (("certificate_chain", "pem"), ("private_key", "key"))}
    return {
        "transport_socket": {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                "require_client_certificate": True,
                "common_tls_context": {
                    "tls_params": {
                        "tls_minimum_protocol_version": "TLSv1_3",
                        "tls_maximum_protocol_version": "TLSv1_3",
                    },
                    "tls_certificates": [pair],
                    "validation_context": {"trusted_ca": {"filename": f"{certificates}/root.pem"}},
                },
            },
        }
    }


def _bootstrap(port, admin_port, network_filter, clusters, certificates=None, alpn=None):
    chain = {"filters": [network_filter], **(_mutual_tls(certificates) if certificates else {})}
    if alpn:
        chain["transport_socket"]["typed_config"]["common_tls_context"]["alpn_protocols"] = [alpn]
    return {
        "admin": {"address": _address(admin_port)},
        "static_resources": {
            "listeners": [{"name": "ingress", "address": _address(port), "filter_chains": [chain]}],
            "clusters": clusters,
        },
    }


def envoy_http(port, admin_port, upstream_port, routes, certificates=None, alpn=None, upstream=None):
    """A connection manager with three virtual hosts; the last one takes every host and has `routes` routes, each
    to a cluster of its own. Behind mutual TLS, if there are `certificates`; `upstream` goes into each cluster. Returns
    JSON."""
    clusters = [_cluster(f"service_{n}", upstream_port, **(upstream or {})) for n in range(routes)]
    named = [
        {"name": host, "domains": [f"{host}.example.com", f"*.{host}.example.com"], "routes": [_route("/", "service_0")]}
        for host in ("shop", "static")
    ]
    every = {
        "name": "every",
        "domains": ["*"],
        "routes": [_route(f"/r{n}/", f"service_{n}") for n in range(routes)],
    }
    manager = {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
            ".HttpConnectionManager",
            "stat_prefix": "ingress",
            "use_remote_address": True,
            "route_config": {"name": "local", "virtual_hosts": [*named, every]},
            "http_filters": [
                {
                    "name": "envoy.filters.http.router",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
                    },
                }
            ],
        },
    }
    return json.dumps(_bootstrap(port, admin_port, manager, clusters, certificates, alpn), indent=1)


def envoy_pair(ports, certificates):
    """Two sidecars: what stands before the service, and what stands beside its caller. Returns two JSON texts."""
    inbound = envoy_http(ports.inner, ports.inner_admin, ports.upstream, 10, certificates, alpn="h2")
    outbound = envoy_http(ports.listener, ports.admin, ports.inner, 10, upstream=_to_inbound(certificates))
    return inbound, outbound


def envoy_tcp(port, admin_port, upstream_port):
    """A tcp_proxy to one cluster. Returns JSON."""
    proxy = {
        "name": "envoy.filters.network.tcp_proxy",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
            "stat_prefix": "ingress",
            "cluster": "service_0",
        },
    }
    return json.dumps(_bootstrap(port, admin_port, proxy, [_cluster("service_0", upstream_port)]), indent=1)


# ---------------------------------------------------------------------------------------------------------- nginx


def _nginx(folder, blocks, connections, module=""):
    user = "user root;" if os.geteuid() == 0 else ""
    return f"""{module}
{user}
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr error;
events {{ worker_connections {connections}; }}
{blocks}
"""


def _nginx_http(folder, blocks):
    return f"""http {{
  access_log off;
  default_type text/plain;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_timeout 3600s;
  keepalive_requests 1000000000;
  {blocks}
}}"""


def nginx_upstream(folder, port, h2_port):
    """The one upstream: a tiny body on every path, 4 and 64 KiB from files on …/4k and …/64k, and …/post, which answers only after
    it read the whole request body: `mirror` reads it, and a POST to a file is then a 405, which becomes the 200. A
    plain `return` would answer before the body came."""
    return _nginx(folder, _nginx_http(folder, f"""
  sendfile on;
  tcp_nopush on;
  open_file_cache max=16 inactive=3600s;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    root {folder}/root;
    client_body_buffer_size 128k;
    client_max_body_size 1m;
    location / {{ return 200 "ok\\n"; }}
    location /r9/64k {{ }}
    location /r9/post {{ mirror /read; error_page 405 =200 @done; }}
    location = /read {{ internal; return 204; }}
    location @done {{ return 200 "ok\\n"; }}
  }}
  server {{
    listen 127.0.0.1:{h2_port} http2 backlog=4096;
    http2_max_concurrent_streams 1024;
    root {folder}/root;
    client_body_buffer_size 128k;
    client_max_body_size 1m;
    location / {{ return 200 "ok\\n"; }}
    location /r9/4k {{ }}
    location /r9/64k {{ }}
    location /r9/grpc {{ mirror /read; error_page 405 =200 /message; }}
    location = /read {{ internal; return 204; }}
    location = /message {{ internal; default_type application/grpc; add_trailer grpc-status 0 always; }}
  }}"""), 16384)


def _nginx_pool(name, upstream_port, kept):
    return f"""
  upstream {name} {{
    server 127.0.0.1:{upstream_port} max_fails=5 fail_timeout=30s;
    keepalive {kept};
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
  }}"""


# nginx at its best with large bodies, so that they stay in memory: with its own buffer sizes a 64 KiB request goes
# through a file (158 µs instead of 29) and a 64 KiB response takes 54 µs instead of 29.
_NGINX_PROXY = """
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    client_body_buffer_size 128k;
    proxy_buffers 8 16k;"""

_NGINX_SAME_WORK = """
    proxy_set_header X-Request-Id $request_id;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Expected-Rq-Timeout-Ms 15000;
    add_header X-Upstream-Service-Time 0;
    proxy_next_upstream error timeout http_500 http_502 http_503 http_504;
    proxy_next_upstream_tries 3;"""


def _nginx_mutual_tls(certificates):
    return f"""
    ssl_certificate {certificates}/server.pem;
    ssl_certificate_key {certificates}/server.key;
    ssl_client_certificate {certificates}/root.pem;
    ssl_verify_client on;
    ssl_verify_depth 2;
    ssl_protocols TLSv1.3;"""


def nginx_plain(folder, port, upstream_port, certificates=None):
    """nginx at its cheapest: one location, one upstream, kept connections."""
    return _nginx(folder, _nginx_http(folder, _nginx_pool("service", upstream_port, 1024) + f"""
  server {{
    listen 127.0.0.1:{port} {"ssl " if certificates else ""}backlog=4096;
    {_nginx_mutual_tls(certificates) if certificates else ""}
    {_NGINX_PROXY}
    location / {{ proxy_pass http://service; }}
  }}"""), 4096)


def nginx_h2(folder, port, upstream_port):
    """nginx with HTTP/2 on both sides: its gRPC module is what speaks HTTP/2 to upstreams."""
    return _nginx(folder, _nginx_http(folder, _nginx_pool("service", upstream_port, 1024) + f"""
  server {{
    listen 127.0.0.1:{port} http2 backlog=4096;
    http2_max_concurrent_streams 1024;
    grpc_buffer_size 128k;
    location / {{ grpc_pass grpc://service; }}
  }}"""), 4096)


def nginx_routes(folder, port, upstream_port, routes, same_work):
    """nginx with `routes` locations, each to an upstream of its own; `same_work` adds request id, forwarded headers,
    a response header and retries."""
    pools = "".join(_nginx_pool(f"service_{n}", upstream_port, 1024 if routes <= 10 else 64) for n in range(routes))
    locations = "\n".join(f"    location /r{n}/ {{ proxy_pass http://service_{n}; }}" for n in range(routes))
    return _nginx(folder, _nginx_http(folder, pools + f"""
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    {_NGINX_PROXY}{_NGINX_SAME_WORK if same_work else ""}
{locations}
  }}"""), 4096)


def nginx_stream(folder, port, upstream_port):
    """nginx as a TCP proxy (Debian's stream module)."""
    return _nginx(folder, f"""stream {{
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    proxy_pass 127.0.0.1:{upstream_port};
  }}
}}""", 4096, module=f"load_module {STREAM_MODULE};")


# -------------------------------------------------------------------------------------------------------- HAProxy


def _haproxy(mode, blocks):
    return f"""global
  nbthread 1
  maxconn 8192
defaults
  mode {mode}
  timeout connect 1s
  timeout client 1h
  timeout server 1h
  retries 2
{blocks}
"""


def haproxy_http(folder, port, upstream_port, routes, certificates=None, alpn="", upstream=""):
    """HAProxy with `routes` backends, request id, forwarded headers and retries. Many routes go through a map, as
    HAProxy's manual advises. A plaintext client may speak HTTP/2; `upstream` is said of each server."""
    if routes <= 10:
        choose = "\n".join(f"  use_backend service_{n} if {{ path_beg /r{n}/ }}" for n in range(routes))
    else:
        with open(f"{folder}/routes.map", "w") as routes_map:
            routes_map.writelines(f"/r{n}/ service_{n}\n" for n in range(routes))
        choose = f"  use_backend %[path,map_beg({folder}/routes.map)]"
    tls = f" ssl crt {certificates}/server.both ca-file {certificates}/root.pem verify required ssl-min-ver TLSv1.3{alpn}"
    backends = "\n".join(
        f"backend service_{n}\n  server s 127.0.0.1:{upstream_port} pool-purge-delay 1h{upstream}" for n in range(routes))
    return _haproxy("http", f"""  timeout http-keep-alive 1h
  http-reuse always
  retry-on conn-failure empty-response 503
frontend ingress
  bind 127.0.0.1:{port} backlog 4096{tls if certificates else ""}
  unique-id-format %[uuid()]
  unique-id-header X-Request-Id
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  http-response set-header X-Upstream-Service-Time 0
{choose}
{backends}""")


def haproxy_pair(folder, ports, certificates):
    """Two sidecars, as ``envoy_pair``."""
    tls = (f" ssl crt {certificates}/client.both ca-file {certificates}/root.pem verify required"
           " sni str(server.example) verifyhost server.example ssl-min-ver TLSv1.3 alpn h2")
    inbound = haproxy_http(folder, ports.inner, ports.upstream, 10, certificates, alpn=" alpn h2")
    return inbound, haproxy_http(folder, ports.listener, ports.inner, 10, upstream=tls)


def haproxy_tcp(port, upstream_port):
    """HAProxy as a TCP proxy."""
    return _haproxy("tcp", f"""frontend ingress
  bind 127.0.0.1:{port} backlog 4096
  default_backend service
backend service
  server s 127.0.0.1:{upstream_port}""")
