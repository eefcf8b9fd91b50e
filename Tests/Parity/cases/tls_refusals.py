"""Configurations of TLS, rbac and jwt_authn that both accept or both refuse (`--mode validate`)."""

from harness.vocabulary import *

CA = pem("root.pem")
SERVER = certificate("server")
URI = san("URI", exact="spiffe://cluster.local/ns/default/sa/client")
HTTP_RBAC = TYPE + "envoy.extensions.filters.http.rbac.v3.RBAC"
NETWORK_RBAC = TYPE + "envoy.extensions.filters.network.rbac.v3.RBAC"
JWT = TYPE + "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"
ANY = {"any": True}


def server(context=None, **common):
    """A filter chain whose CommonTlsContext is nothing but `common`."""
    typed = {"@type": DOWNSTREAM_TLS, "common_tls_context": common, **(context or {})}
    return {"chains": [{"transport_socket": {"name": "tls", "typed_config": typed}}]}


def judging(**validation):
    return server({"require_client_certificate": True}, tls_certificates=[SERVER], validation_context=validation)


def client(context=None, **common):
    typed = {"@type": UPSTREAM_TLS, "common_tls_context": common, **(context or {})}
    return {"cluster": {"transport_socket": {"name": "tls", "typed_config": typed}}}


def from_file(name, path="@dir@/sds.yaml"):
    return {"name": name, "sds_config": {"path_config_source": {"path": path}}}


SDS = {"write": {"sds.yaml": "resources: []\n"}, "bootstrap": {"node": {"id": "one", "cluster": "c"}}}

# A server -------------------------------------------------------------------------------------------------------------

accepts("a certificate and its key", **server(tls_certificates=[SERVER]))
accepts("certificates of several kinds", **server(tls_certificates=[SERVER, certificate("server-rsa")]))
accepts("a secret from a file", **server(tls_certificate_sds_secret_configs=[from_file("s")]), **SDS)
accepts("protocols in one text", **server(tls_certificates=[SERVER], alpn_protocols=["h2,http/1.1"]))
accepts("a session timeout of 0", **server({"session_timeout": "0s"}, tls_certificates=[SERVER]))
refuses("no certificate", **server())
refuses("an empty certificate", **server(tls_certificates=[{}]))
refuses("a certificate without its key", **server(tls_certificates=[{"certificate_chain": pem("server.pem")}]))
refuses("a key without its certificate", **server(tls_certificates=[{"private_key": pem("server.key")}]))
refuses("a file that is not there", **server(tls_certificates=[{**SERVER, "private_key": {"filename": "/none"}}]))
refuses("a key of another certificate", **server(tls_certificates=[{**SERVER, "private_key": pem("client.key")}]))
refuses("a certificate beside a secret from a file",
        **server(tls_certificates=[SERVER], tls_certificate_sds_secret_configs=[from_file("s")]), **SDS)  # fmt: skip
refuses("a secret from no file", **server(tls_certificate_sds_secret_configs=[from_file("s", "/none")]))
refuses("a static secret that is not there", **server(tls_certificate_sds_secret_configs=[{"name": "s"}]))
refuses("an unknown cipher", **server(tls_certificates=[SERVER], tls_params={"cipher_suites": ["NOPE"]}))
refuses("a cipher of TLS 1.3",
        **server(tls_certificates=[SERVER], tls_params={"cipher_suites": ["TLS_AES_128_GCM_SHA256"]}))  # fmt: skip
refuses("an unknown curve", **server(tls_certificates=[SERVER], tls_params={"ecdh_curves": ["P-999"]}))
refuses("an unknown algorithm", **server(tls_certificates=[SERVER], tls_params={"signature_algorithms": ["x"]}))
refuses("a protocol of 256 bytes", **server(tls_certificates=[SERVER], alpn_protocols=["a" * 256]))
refuses("a key log that cannot be opened", **server(tls_certificates=[SERVER], key_log={"path": "/nonexistent/log"}))
SHORT = {"session_ticket_keys": {"keys": [{"inline_string": "short"}]}}
refuses("a ticket key of 5 bytes", **server(SHORT, tls_certificates=[SERVER]))
refuses("a session timeout beyond 32 bits", **server({"session_timeout": "4294967296s"}, tls_certificates=[SERVER]))
refuses("an upstream's TLS on a listener",
        chains=[{"transport_socket": {"name": "t", "typed_config": {"@type": UPSTREAM_TLS}}}])  # fmt: skip
refuses("TLS without its message", chains=[{"transport_socket": {"name": "envoy.transport_sockets.tls"}}])

# Whom it believes -----------------------------------------------------------------------------------------------------

accepts("hashes with colons and without", **judging(verify_certificate_hash=["ab" * 32, colons("AB" * 32)]))
accepts("an untrusted certificate without authorities", **judging(trust_chain_verification="ACCEPT_UNTRUSTED"))
accepts("a depth of 100", **judging(trusted_ca=CA, max_verify_depth=100))
refuses("a depth of 101", **judging(trusted_ca=CA, max_verify_depth=101))
refuses("authorities that are none", **judging(trusted_ca={"inline_string": "x"}))
refuses("empty authorities", **judging(trusted_ca={"inline_string": ""}))
refuses("names without authorities", **judging(match_typed_subject_alt_names=[URI]))
refuses("a name of no type", **judging(trusted_ca=CA, match_typed_subject_alt_names=[{"matcher": {"exact": "x"}}]))
refuses("a revocation list without authorities", **judging(crl={"inline_string": "x"}))
refuses("an expired certificate without authorities", **judging(allow_expired_certificate=True))
refuses("a hash that is no hash", **judging(verify_certificate_hash=["zz" * 32]))
refuses("a key's hash that is no hash", **judging(verify_certificate_spki=["!" * 44]))
refuses(
    "a combined context without authorities",
    **server(tls_certificates=[SERVER], combined_validation_context={
        "default_validation_context": {"match_typed_subject_alt_names": [URI]},
        "validation_context_sds_secret_config": {"name": "v"},
    }),
    bootstrap={"static_resources": {"secrets": [{"name": "v", "validation_context": {}}]}},
)  # fmt: skip

# A client -------------------------------------------------------------------------------------------------------------

accepts("TLS to an upstream with nothing said", **client())
accepts("no renegotiation", **client({"allow_renegotiation": False}))
refuses("two certificates for a client", **client(tls_certificates=[SERVER, SERVER]))
refuses("a server name of 256 bytes", **client({"sni": "a" * 256}))
refuses("a server name with a NUL", **client({"sni": "a\0b"}))
refuses("auto_sni_san_validation without a validation context", **client({"auto_sni_san_validation": True}))
refuses("a transport socket match without a name",
        cluster={"transport_socket_matches": [{"match": {"a": 1}, **upstream_tls()}]})  # fmt: skip
refuses("a transport socket match without a transport socket", cluster={"transport_socket_matches": [{"name": "a"}]})

# Static secrets -------------------------------------------------------------------------------------------------------


def secrets(*several):
    return {"bootstrap": {"static_resources": {"secrets": list(several)}}}


NAMED = {"name": "s", "tls_certificate": SERVER}
accepts("secrets of one name and two types", **secrets(NAMED, {"name": "s", "validation_context": {"trusted_ca": CA}}))
refuses("two secrets of one name", **secrets(NAMED, NAMED))
refuses("a secret of no type", **secrets({"name": "s"}))

# Filter chains --------------------------------------------------------------------------------------------------------


def matching(*matches):
    return {"chains": [{"filter_chain_match": match, "name": f"c{at}"} for at, match in enumerate(matches)]}


def net(address, length):
    return {"prefix_ranges": [{"address_prefix": address, "prefix_len": length}]}


accepts("chains by transport protocol", **matching({"transport_protocol": "tls"}, {"transport_protocol": "raw_buffer"}))
MORE = {"server_names": ["a"], "source_ports": [1]}
accepts("chains of which one says more", **matching({"server_names": ["a"]}, MORE))
refuses("two chains without a match", **matching({}, {}))
refuses("two chains for one name", **matching({"server_names": ["a"]}, {"server_names": ["b", "A"]}))
refuses("two chains for one network", **matching(net("10.0.0.0", 8), net("10.1.2.3", 8)))
refuses("a wildcard within a name", **matching({"server_names": ["a.*.b"]}))
refuses("a wildcard for every name", **matching({"server_names": ["*"]}))
refuses("a chain for port 0", **matching({"destination_port": 0}))
refuses("an address suffix", **matching({"suffix_len": 3}))
refuses("a listener filter without its message", listener={"listener_filters": [{"name": "tls_inspector"}]})
refuses("tls_inspector with a small buffer", listener=tls_inspector(initial_read_buffer_size=255))

# Filters --------------------------------------------------------------------------------------------------------------


def judged(permission=ANY, principal=ANY, **policy):
    policies = {"p": {"permissions": [permission], "principals": [principal], **policy}}
    typed = {"@type": HTTP_RBAC, "rules": {"policies": policies}}
    return {"hcm": {"http_filters": [{"name": "rbac", "typed_config": typed}, router()]}}


def tokens(rules=(), **provider):
    base = {"local_jwks": {"inline_string": jwks(jwk("server"))}}
    typed = {"@type": JWT, "providers": {"p": merge(base, provider)}, "rules": list(rules)}
    return {"hcm": {"http_filters": [{"name": "jwt", "typed_config": typed}, router()]}}


def needs(**requirement):
    return [{"match": {"prefix": "/"}, "requires": requirement}]


accepts("rbac for anybody", **judged())
refuses("rbac that denies any", **judged({"any": False}))
refuses("rbac with an empty rule", **judged({}))
refuses("rbac with all of nothing", **judged({"and_rules": {}}))
refuses("rbac for port 65536", **judged({"destination_port": 65536}))
refuses("rbac for no port", **judged({"destination_port_range": {"start": 5, "end": 5}}))
refuses("rbac for metadata without a path", **judged({"metadata": {"filter": "f", "value": {"null_match": {}}}}))
refuses("rbac as the last HTTP filter", hcm={"http_filters": [{"name": "r", "typed_config": {"@type": HTTP_RBAC}}]})
refuses("rbac for headers of connections", chains=[{"filters": [
    {"name": "r", "typed_config": {"@type": NETWORK_RBAC, "stat_prefix": "r", "rules": {"policies": {
        "p": {"permissions": [{"not_rule": {"header": {"name": "a"}}}], "principals": [ANY]}}}}},
    http_filter(),
]}])  # fmt: skip
refuses("rbac as the last network filter",
        chains=[{"filters": [{"name": "r", "typed_config": {"@type": NETWORK_RBAC, "stat_prefix": "r"}}]}])  # fmt: skip
refuses("a route that says nothing to a filter", route_entry={
    "typed_per_filter_config": {"rbac": {"@type": TYPE + "envoy.config.route.v3.FilterConfig"}}})  # fmt: skip
accepts("tokens of a provider", **tokens(needs(provider_name="p")))
refuses("tokens of an unknown provider", **tokens(needs(provider_name="q")))
refuses("one of a single requirement", **tokens(needs(requires_any={"requirements": [{"provider_name": "p"}]})))
refuses("keys that are no keys", **tokens(local_jwks={"inline_string": "x"}))
refuses("a claim to no header", **tokens(claim_to_headers=[{"claim_name": "a"}]))
refuses("no claim to a header", **tokens(claim_to_headers=[{"header_name": "a"}]))
refuses("keys from no URL", **tokens(local_jwks=None, remote_jwks={
    "http_uri": {"uri": "x y", "cluster": "a", "timeout": "1s"}}))  # fmt: skip
