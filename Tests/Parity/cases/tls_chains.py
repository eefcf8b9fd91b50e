"""Two sidecars in a row, mutual TLS between them: the proxy under test before the real Envoy, and behind it."""

from harness.vocabulary import *

IDENTITY = {
    "forward_client_cert_details": "SANITIZE_SET",
    "set_current_client_cert_details": {"uri": True, "subject": True},
}
SPIFFE = "spiffe://cluster.local/ns/default/sa/"


def whole(chain, cluster, port):
    """A bootstrap of one listener and one cluster."""
    return {
        "admin": {"address": address("@companion_admin@")},
        "static_resources": {
            "listeners": [{"name": "l", "address": address("@companion@"), "filter_chains": [chain]}],
            "clusters": [cluster_config("a", [port], cluster)],
        },
    }


def server_behind(**tls_fields):
    """Envoy as the sidecar of the one who is called."""
    return whole({"filters": [http_filter(**IDENTITY)], **mutual_tls(**tls_fields)}, {}, "a0")


def client_before(**tls_fields):
    """Envoy as the sidecar of the one who calls."""
    return whole({"filters": [http_filter()]}, upstream_tls("client", sni="server.example", **tls_fields), "listener")


TO_COMPANION = {"load_assignment": {"endpoints": [{"lb_endpoints": [endpoint("@companion@")]}]}}
NEWEST = {"tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"}}
SIZES = [post("/", "x" * 65536), get("/again")]
LOG = [
    file_log(
        json_format={
            "code": "%RESPONSE_CODE%",
            "flags": "%RESPONSE_FLAGS%",
            "failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
            "down": "%DOWNSTREAM_PEER_URI_SAN%",
            "up": "%UPSTREAM_PEER_URI_SAN%",
        }
    )
]


def before_envoy(name, *steps, origin=None, behind=None, **more):
    cluster = merge(origin or upstream_tls("client", sni="server.example"), TO_COMPANION)
    case(
        f"before Envoy: {name}", cluster=cluster, companion=behind or server_behind(), send=list(steps), log=LOG, **more
    )


def behind_envoy(name, *steps, socket=None, before=None, **more):
    steps = [conn(step, to="companion") if not hasattr(step, "to") else step for step in steps]
    case(
        f"behind Envoy: {name}",
        chains=[socket or mutual_tls()],
        hcm=IDENTITY,
        companion=before or client_before(),
        send=steps,
        log=LOG,
        **more,
    )


before_envoy("mutual TLS", get("/1"), get("/2"))
before_envoy(
    "TLS 1.3",
    get("/1"),
    get("/2"),
    origin=upstream_tls("client", **merge(NEWEST, {"tls_params": {"ecdh_curves": ["X25519"]}})),
)
before_envoy("64 KiB", *SIZES, upstream=[reply(body="y" * 65536)])
before_envoy(
    "a SPIFFE id asked for",
    get("/"),
    origin=upstream_tls("client", validation={"match_typed_subject_alt_names": [san("URI", exact=SPIFFE + "server")]}),
)
before_envoy(
    "the other's SPIFFE id is wrong",
    get("/"),
    origin=upstream_tls("client", validation={"match_typed_subject_alt_names": [san("URI", exact=SPIFFE + "other")]}),
)
before_envoy("a client of another authority", get("/"), origin=upstream_tls("stranger"))
before_envoy("no client certificate", get("/"), origin=upstream_tls())
before_envoy(
    "ALPN",
    get("/"),
    origin=upstream_tls("client", alpn_protocols=["istio-http/1.1", "istio"]),
    behind=server_behind(alpn_protocols=["istio", "http/1.1"]),
)
before_envoy("a forged header", get("/", {"x-forwarded-client-cert": "By=x;URI=" + SPIFFE + "admin"}))

behind_envoy("mutual TLS", get("/1"), get("/2"))
behind_envoy(
    "TLS 1.3", get("/1"), get("/2"), before=client_before(**merge(NEWEST, {"tls_params": {"ecdh_curves": ["X25519"]}}))
)
behind_envoy("64 KiB", *SIZES, upstream=[reply(body="y" * 65536)])
behind_envoy(
    "a SPIFFE id asked for",
    get("/"),
    socket=mutual_tls(validation={"match_typed_subject_alt_names": [san("URI", exact=SPIFFE + "client")]}),
)
behind_envoy(
    "another SPIFFE id asked for",
    get("/"),
    socket=mutual_tls(validation={"match_typed_subject_alt_names": [san("URI", exact=SPIFFE + "other")]}),
)
behind_envoy("an RSA certificate", get("/"), socket=mutual_tls("server-rsa"))
behind_envoy("an authority that Envoy does not know", get("/"), socket=mutual_tls("stranger"))
behind_envoy(
    "a response that closes, and the session taken up again",
    get("/1"),
    get("/2"),
    upstream=[reply(200, {"connection": "close"})],
    socket=mutual_tls(),
)
behind_envoy("a forged header", get("/", {"x-forwarded-client-cert": "By=x;URI=" + SPIFFE + "admin"}))
