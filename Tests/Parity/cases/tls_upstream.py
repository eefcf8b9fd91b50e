"""TLS to upstreams: what is offered, whom Pillion believes, what a failure is called."""

from harness.vocabulary import *

SPIFFE = "spiffe://cluster.local/ns/default/sa/"


def to_host(name, *steps, socket=None, hosts=None, **more):
    case(
        name,
        cluster=merge(socket or upstream_tls(), more.pop("cluster", {})),
        upstream=hosts or [tls_host(reply(body="ok"))],
        send=list(steps) or [get("/")],
        **more,
    )


def matching(*sans, **more):
    return upstream_tls(validation={"match_typed_subject_alt_names": list(sans), **more})


def options(**more):
    """upstream_http_protocol_options: auto_sni and auto_san_validation."""
    fields = {
        "@type": TYPE + "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http_protocol_options": {}},
        "upstream_http_protocol_options": more,
    }
    return {"typed_extension_protocol_options": {HTTP_OPTIONS_KEY: fields}}


# What is offered ------------------------------------------------------------------------------------------------------

to_host("TLS to an upstream", get("/1"), get("/2"))
to_host("an upstream of TLS 1.2", hosts=[tls_host(reply(), highest="1.2")])
to_host(
    "an upstream of TLS 1.3 where it is allowed",
    socket=upstream_tls(tls_params={"tls_maximum_protocol_version": "TLSv1_3"}),
)
to_host("a server name", socket=upstream_tls(sni="server.example"))
to_host(
    "ALPN is offered",
    socket=upstream_tls(alpn_protocols=["http/1.1", "istio"]),
    hosts=[tls_host(reply(), alpn=("istio",))],
)
to_host("ALPN that nobody takes", socket=upstream_tls(alpn_protocols=["istio"]), hosts=[tls_host(reply())])
to_host("no authority, no judgement", socket=upstream_tls(ca=None), hosts=[tls_host(reply(), cert="stranger")])
to_host("a client certificate for who asks", socket=upstream_tls("client"), hosts=[tls_host(reply(), client_ca="root")])
to_host(
    "a client certificate over TLS 1.2",
    socket=upstream_tls("client"),
    hosts=[tls_host(reply(), client_ca="root", highest="1.2")],
)
to_host("a client certificate that nobody asks for", socket=upstream_tls("client"))
to_host(
    "an RSA client certificate",
    socket=upstream_tls("client-rsa"),
    hosts=[tls_host(reply(), cert="server-rsa", client_ca="root")],
)
to_host("no client certificate for who would like one", hosts=[tls_host(reply(), client_ca="root", require=False)])
to_host(
    "a cipher suite",
    socket=upstream_tls(tls_params={"cipher_suites": ["ECDHE-ECDSA-AES256-GCM-SHA384"]}),
    hosts=[tls_host(reply(), highest="1.2")],
)
to_host("a curve", socket=upstream_tls(tls_params={"ecdh_curves": ["P-256"]}))
to_host(
    "the server name of the request",
    get("/1", host="server.example"),
    get("/2", host="second.example:8080"),
    get("/3", host="10.0.0.1"),
    socket=upstream_tls(sni="other.example"),
    hosts=[tls_host([reply(200, {"connection": "close"}), close()])],
    cluster=options(auto_sni=True),
)
to_host(
    "the server name of the request, and a certificate for it",
    get("/1", host="server.example"),
    get("/2", host="second.example"),
    hosts=[tls_host([reply(200, {"connection": "close"}), close()])],
    cluster=options(auto_sni=True, auto_san_validation=True),
)
to_host(
    "the server name of a header",
    get("/1", {"x-name": "server.example"}),
    get("/2"),
    hosts=[tls_host([reply(200, {"connection": "close"}), close()])],
    cluster=options(auto_sni=True, override_auto_sni_header="x-name"),
)
to_host(
    "a server name of the host",
    socket=upstream_tls(context={"auto_host_sni": True}),
    cluster={
        "load_assignment": {
            "endpoints": [{"lb_endpoints": [{"endpoint": {"hostname": "server.example", "address": address("@a0@")}}]}]
        }
    },
)
to_host(
    "a certificate for the server name",
    socket=upstream_tls(sni="server.example", context={"auto_sni_san_validation": True}),
)
to_host(
    "no certificate for the server name",
    socket=upstream_tls(sni="second.example", context={"auto_sni_san_validation": True}),
)

closing = [tls_host([reply(200, {"connection": "close"}), close()])]
to_host("a session taken up again", get("/1"), get("/2"), get("/3"), hosts=closing)
to_host(
    "a session of TLS 1.2 taken up again",
    get("/1"),
    get("/2"),
    get("/3"),
    hosts=[tls_host([reply(200, {"connection": "close"}), close()], highest="1.2")],
)
to_host("no session kept", get("/1"), get("/2"), socket=upstream_tls(context={"max_session_keys": 0}), hosts=closing)
to_host("kept connections over TLS", get("/1"), get("/2"), get("/3"))

# Whom to believe ------------------------------------------------------------------------------------------------------

to_host("an expected SPIFFE id", socket=matching(san("URI", exact=SPIFFE + "server")))
to_host(
    "a wildcard in the certificate",
    socket=matching(san("DNS", exact="a.wild.example")),
    hosts=[tls_host(reply(), cert="wild")],
)
to_host("an expected digest", socket=upstream_tls(validation={"verify_certificate_hash": [digest("server")]}))
to_host("an expected key", socket=upstream_tls(validation={"verify_certificate_spki": [spki("server")]}))
to_host("a certificate that is not revoked", socket=upstream_tls(validation={"crl": pem("all.crl")}))
to_host(
    "expired, and allowed",
    socket=upstream_tls(validation={"allow_expired_certificate": True}),
    hosts=[tls_host(reply(), cert="expired")],
)
to_host(
    "untrusted, and accepted",
    socket=upstream_tls(validation={"trust_chain_verification": "ACCEPT_UNTRUSTED"}),
    hosts=[tls_host(reply(), cert="stranger")],
)
to_host("another SPIFFE id", socket=matching(san("URI", exact=SPIFFE + "other")))
to_host(
    "another SPIFFE id, TLS 1.2",
    socket=matching(san("URI", exact=SPIFFE + "other")),
    hosts=[tls_host(reply(), highest="1.2")],
)
to_host("an unknown authority", hosts=[tls_host(reply(), cert="stranger")])
to_host("a self-signed certificate", hosts=[tls_host(reply(), cert="self-signed")])
to_host("an expired certificate", hosts=[tls_host(reply(), cert="expired")])
to_host("a certificate of the future", hosts=[tls_host(reply(), cert="future")])
to_host("a chain without its intermediate", hosts=[tls_host(reply(), cert="server.leaf")])
to_host("a certificate for clients", hosts=[tls_host(reply(), cert="for-clients")])
to_host(
    "a revoked certificate",
    socket=upstream_tls(validation={"crl": pem("all.crl")}),
    hosts=[tls_host(reply(), cert="revoked")],
)
to_host("another digest", socket=upstream_tls(validation={"verify_certificate_hash": [digest("client")]}))

# What else fails ------------------------------------------------------------------------------------------------------

to_host("no client certificate for who insists", hosts=[tls_host(reply(), client_ca="root")])
to_host("no client certificate for who insists, TLS 1.2", hosts=[tls_host(reply(), client_ca="root", highest="1.2")])
to_host(
    "a client certificate of another authority",
    socket=upstream_tls("stranger"),
    hosts=[tls_host(reply(), client_ca="root")],
)
to_host("an upstream of plaintext", hosts=[host(reply())])
to_host("plaintext to an upstream of TLS", socket={"connect_timeout": "1s"})
to_host("an upstream that is too old", hosts=[tls_host(reply(), lowest="1.0", highest="1.1")])
to_host("an upstream that refuses the connection", hosts=[refused()])
to_host("an upstream that closes at the hello", hosts=[tcp_host([recv(5), close()])])
to_host("an upstream that resets at the hello", hosts=[tcp_host([recv(5), rst()])])
to_host("an upstream that never answers the hello", hosts=[tcp_host([drain()])], cluster={"connect_timeout": "0.3s"})
to_host("an upstream that speaks nonsense", hosts=[tcp_host([recv(5), raw(b"\x16\x03\x03\x00\x04abcd"), drain()])])
to_host("an upstream that sends an alert", hosts=[tcp_host([recv(5), raw(b"\x15\x03\x03\x00\x02\x02\x28"), drain()])])
to_host(
    "an upstream that goes without close_notify",
    get("/1"),
    hosts=[tls_host([reply(200, {"connection": "close"}, "ok"), rst()])],
)
to_host(
    "an upstream that ends its side",
    get("/1"),
    upstream_closed(),
    get("/2"),
    hosts=[tls_host([reply(), fin(), hang()])],
)
to_host("a body that ends with the connection", hosts=[tls_host([reply(body="all", length=False), close()])])
to_host(
    "a body cut without close_notify",
    hosts=[tls_host([raw("HTTP/1.1 200 OK\r\n\r\nall"), pause(0.1), rst()])],
    differs=differs(
        "RFC 9112 §9.8",
        "a body that only the connection's end ends is incomplete without close_notify; Envoy takes it for whole",
        client=["| all [cut]"],
        access_log=['"flags":"UC"', "upstream_reset_after_response_started{connection_termination}"],
    ),
)
RETRY = {"retry_policy": {"retry_on": "connect-failure", "num_retries": 2}}
to_host(
    "a failed handshake is tried again",
    hosts=[tls_host(reply(body="ok"), accept=[[recv(5), rst()]])],
    route=RETRY,
    expected_timeout=True,
)
to_host("a failed handshake is tried again in vain", hosts=[tls_host(reply(), cert="stranger")], route=RETRY)
to_host(
    "a failed handshake ejects",
    get("/1"),
    get("/2"),
    wait_stat("cluster.a.outlier_detection.ejections_active", 1),
    admin("/clusters", view="sorted", only="health_flags"),
    hosts=[tls_host(reply(), cert="stranger")],
    cluster={"outlier_detection": {"consecutive_5xx": 2, "max_ejection_percent": 100}},
)
to_host("64 KiB both ways to an upstream", post("/", "x" * 65536), hosts=[tls_host(reply(body="y" * 65536))])

# Which hosts get it ---------------------------------------------------------------------------------------------------

MATCHES = [
    {"name": "mtls", "match": {"tlsMode": "istio"}, **upstream_tls("client")},
    {
        "name": "plain",
        "match": {},
        "transport_socket": {
            "name": "raw",
            "typed_config": {"@type": TYPE + "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"},
        },
    },
]


def meshed(port, mode=None):
    fields = {"metadata": {"filter_metadata": {"envoy.transport_socket_match": {"tlsMode": mode}}}} if mode else {}
    return endpoint(f"@{port}@", **fields)


BOTH = {
    "transport_socket_matches": MATCHES,
    "load_assignment": {"endpoints": [{"lb_endpoints": [meshed("a0", "istio"), meshed("a1")]}]},
}
case(
    "hosts with TLS and hosts without in one cluster",
    cluster=BOTH,
    upstream=[tls_host(reply(), client_ca="root"), host(reply())],
    send=[together(get("/"), get("/"))],
    log=False,
    unordered=True,
    stats=("cluster.a.mtls.total_match_count", "cluster.a.plain.total_match_count"),
)
case(
    "a host that no match fits",
    cluster={
        **BOTH,
        "transport_socket_matches": MATCHES[:1],
        "load_assignment": {"endpoints": [{"lb_endpoints": [meshed("a0", "other")]}]},
    },
    upstream=[host(reply())],
    send=[get("/"), admin("/stats?filter=total_match_count", view="lines")],
)
case(
    "a host that no match fits takes the cluster's own",
    cluster={
        **upstream_tls(),
        "transport_socket_matches": MATCHES[:1],
        "load_assignment": {"endpoints": [{"lb_endpoints": [meshed("a0", "other")]}]},
    },
    upstream=[tls_host(reply())],
    send=[get("/")],
)

# Through tcp_proxy, and through the other proxy -----------------------------------------------------------------------

TCP_LOG = [
    file_log(
        json_format={
            "flags": "%RESPONSE_FLAGS%",
            "failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
            "peer": "%UPSTREAM_PEER_URI_SAN%",
        }
    )
]
case(
    "tcp_proxy to TLS",
    tcp={"access_log": TCP_LOG},
    cluster=upstream_tls("client"),
    upstream=[tls_host([recv(4), raw("pong"), recv_eof()], kind="tcp", client_ca="root")],
    send=[conn(raw("ping"), recv(4), fin(), recv_eof())],
)
case(
    "tcp_proxy to a certificate that is refused",
    tcp={"access_log": TCP_LOG},
    cluster=upstream_tls(),
    upstream=[tls_host([recv_eof()], kind="tcp", cert="stranger")],
    send=[conn(raw("ping"), recv_eof())],
)
case(
    "tcp_proxy passes TLS on as it is",
    scopes=("tcp.t.downstream_cx_total", "cluster.a.upstream_cx_total"),  # who ends which connection first is chance
    tcp={"access_log": TCP_LOG},
    upstream=[tls_host([recv(4), raw("pong"), recv_eof()], kind="tcp", client_ca="root")],
    send=[tls(raw("ping"), recv(4), fin(), recv_eof(), cert="client")],
)
