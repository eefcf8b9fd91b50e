"""TLS from clients: versions, certificates of both sides, what is refused, with which words, what is counted."""

from harness.vocabulary import *

FIELDS = {
    "code": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "failure": "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%",
    "version": "%DOWNSTREAM_TLS_VERSION%",
    "cipher": "%DOWNSTREAM_TLS_CIPHER%",
    "sni": "%REQUESTED_SERVER_NAME%",
    "peer": "%DOWNSTREAM_PEER_URI_SAN%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "termination": "%CONNECTION_TERMINATION_DETAILS%",
}
LOG = file_log(json_format=FIELDS)
# The gauge of an authority that is not there: the largest number that either has.
NEVER = ((r"\b(4611686018427387903|9223372036854775807)\b", "<never>"),)
SPIFFE = "spiffe://cluster.local/ns/default/sa/"


def served(name, *steps, socket=None, **more):
    """A client that is answered: the log has a line a request."""
    case(name, chains=[socket or downstream_tls()], log=[LOG], send=list(steps), **more)


def refused_client(name, *steps, socket=None, **more):
    """A client that is not: the listener's log has a line a connection."""
    case(name, chains=[socket or mutual_tls()], log=False, listener={"access_log": [LOG]}, send=list(steps), **more)


def versions(lowest=None, highest=None, **more):
    limits = {"tls_minimum_protocol_version": lowest, "tls_maximum_protocol_version": highest}
    return {"tls_params": {**{key: value for key, value in limits.items() if value}, **more}}


OLD = ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA"]

# Versions, ciphers, curves --------------------------------------------------------------------------------------------

served("TLS 1.3", tls(get("/1"), get("/2")))
served("TLS 1.2", tls(get("/"), highest="1.2"))
served(
    "TLS 1.0 where it is allowed",
    tls(get("/"), lowest="1.0", highest="1.0"),
    socket=downstream_tls(**versions("TLSv1_0", cipher_suites=OLD)),
)
served(
    "TLS 1.1 where it is allowed",
    tls(get("/"), lowest="1.1", highest="1.1"),
    socket=downstream_tls(**versions("TLSv1_1", cipher_suites=OLD)),
)
served("at most TLS 1.2", tls(get("/")), socket=downstream_tls(**versions(highest="TLSv1_2")))
served(
    "a cipher suite that is asked for",
    tls(get("/"), highest="1.2"),
    socket=downstream_tls("server-rsa", **versions(cipher_suites=["ECDHE-RSA-AES256-GCM-SHA384"])),
)
served(
    "the server's order of cipher suites",
    tls(get("/"), highest="1.2", ciphers="ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256"),
    socket=downstream_tls(
        "server-rsa", **versions(cipher_suites=["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"])
    ),
)
served(
    "the client's order among default cipher suites",
    tls(get("/"), highest="1.2", ciphers="ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"),
    tls(get("/"), highest="1.2", ciphers="ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"),
)
served("a curve that is asked for", tls(get("/")), socket=downstream_tls(**versions(ecdh_curves=["P-256"])))
served("the client's only curve", tls(get("/"), curve="prime256v1"))
served("an RSA certificate", tls(get("/")), socket=downstream_tls("server-rsa"))
served("a P-384 certificate", tls(get("/")), socket=downstream_tls("server-p384"))
served(
    "an ECDSA and an RSA certificate",
    tls(get("/"), highest="1.2", ciphers="ECDHE-ECDSA-AES128-GCM-SHA256"),
    tls(get("/"), highest="1.2", ciphers="ECDHE-RSA-AES128-GCM-SHA256"),
    tls(get("/")),
    socket=downstream_tls(["server", "server-rsa"]),
)
refused_client("an older version than allowed", tls(recv_eof(), lowest="1.0", highest="1.1"), socket=downstream_tls())
refused_client(
    "only TLS 1.3 allowed", tls(recv_eof(), highest="1.2"), socket=downstream_tls(**versions("TLSv1_3", "TLSv1_3"))
)
refused_client(
    "no cipher suite in common",
    tls(recv_eof(), highest="1.2", ciphers="ECDHE-RSA-AES128-GCM-SHA256"),
    socket=downstream_tls(),
)
refused_client("no curve in common", tls(recv_eof(), curve="secp521r1", highest="1.2"), socket=downstream_tls())

# Server names, ALPN ---------------------------------------------------------------------------------------------------

served("a server name", tls(get("/"), sni="Server.Example"))
served(
    "the certificate that fits the server name",
    tls(get("/"), sni="second.example"),
    tls(get("/"), sni="server.example"),
    tls(get("/"), sni="x.wild.example"),
    tls(get("/"), sni="x.y.wild.example"),
    tls(get("/"), sni="unknown.example"),
    tls(get("/")),
    socket=downstream_tls(["server", "second", "wild"]),
)
served(
    "ALPN",
    tls(get("/"), alpn=("http/1.1",)),
    tls(get("/"), alpn=("x", "http/1.1")),
    tls(get("/"), alpn=("x", "y")),
    tls(get("/")),
    socket=downstream_tls(alpn_protocols=["http/1.1"]),
)
served(
    "the server's order of ALPN",
    tls(get("/"), alpn=("http/1.1", "istio", "http/1.0")),
    socket=downstream_tls(alpn_protocols=["istio", "http/1.1"]),
)
served("ALPN that nobody configured", tls(get("/"), alpn=("http/1.1",)))

# Resumption -----------------------------------------------------------------------------------------------------------

served("a session of TLS 1.3 taken up again", tls(get("/1"), keep="s"), tls(get("/2"), resume="s"))
served(
    "a session of TLS 1.2 taken up again",
    tls(get("/1"), keep="s", highest="1.2"),
    tls(get("/2"), resume="s", highest="1.2"),
)
served(
    "a mutual session taken up again",
    tls(get("/1"), cert="client", keep="s"),
    tls(get("/2"), resume="s"),
    socket=mutual_tls(),
)
served(
    "a mutual session of TLS 1.2 taken up again",
    tls(get("/1"), cert="client", keep="s", highest="1.2"),
    tls(get("/2"), resume="s", highest="1.2"),
    socket=mutual_tls(),
)
served(
    "no session tickets",
    tls(get("/1"), keep="s"),
    tls(get("/2"), resume="s"),
    tls(get("/1"), keep="t", highest="1.2"),
    tls(get("/2"), resume="t", highest="1.2"),
    socket=downstream_tls(context={"disable_stateless_session_resumption": True}),
)
served(
    "no resumption at all",
    tls(get("/1"), keep="s"),
    tls(get("/2"), resume="s"),
    tls(get("/1"), keep="t", highest="1.2"),
    tls(get("/2"), resume="t", highest="1.2"),
    socket=downstream_tls(
        context={"disable_stateless_session_resumption": True, "disable_stateful_session_resumption": True}
    ),
)
served(
    "session ticket keys",
    tls(get("/1"), keep="s"),
    tls(get("/2"), resume="s"),
    socket=downstream_tls(context={"session_ticket_keys": {"keys": [{"inline_bytes": "QUJD" * 26 + "QUI="}]}}),
)

# Client certificates --------------------------------------------------------------------------------------------------

served("mutual TLS", tls(get("/"), cert="client"), socket=mutual_tls())
served("mutual TLS 1.2", tls(get("/"), cert="client", highest="1.2"), socket=mutual_tls())
served("an RSA client certificate", tls(get("/"), cert="client-rsa"), socket=mutual_tls())
served("a P-384 client certificate", tls(get("/"), cert="client-p384"), socket=mutual_tls())
served("a client without a certificate where none is required", tls(get("/")), socket=downstream_tls(ca="root"))
served("a client certificate where none is required", tls(get("/"), cert="client"), socket=downstream_tls(ca="root"))
served("a client certificate that nobody asks for", tls(get("/"), cert="client"))
served(
    "a client certificate without an authority to judge it",
    tls(get("/"), cert="stranger"),
    socket=downstream_tls(require=True),
)
served("a client under the root", tls(get("/"), cert="rooted"), socket=mutual_tls())
served("a client four authorities deep", tls(get("/"), cert="deep"), socket=mutual_tls())
served(
    "either of two authorities",
    tls(get("/"), cert="stranger"),
    tls(get("/"), cert="client"),
    socket=mutual_tls(ca="both-roots"),
)
refused_client("no certificate, TLS 1.3", tls(recv_eof()))
refused_client("no certificate, TLS 1.2", tls(recv_eof(), highest="1.2"))
refused_client("no certificate and no authority", tls(recv_eof()), socket=downstream_tls(require=True))
refused_client(
    "an unknown authority", tls(recv_eof(), cert="stranger"), tls(recv_eof(), cert="stranger", highest="1.2")
)
refused_client(
    "an unknown authority where none is required", tls(recv_eof(), cert="stranger"), socket=downstream_tls(ca="root")
)
refused_client(
    "an expired certificate", tls(recv_eof(), cert="expired"), tls(recv_eof(), cert="expired", highest="1.2")
)
refused_client("a certificate of the future", tls(recv_eof(), cert="future"))
refused_client("a self-signed certificate", tls(recv_eof(), cert="self-signed"))
refused_client("a chain without its intermediate", tls(recv_eof(), cert="client.leaf"))
refused_client("an expired authority", tls(recv_eof(), cert="under-expired"), socket=mutual_tls(ca="expired-root"))
refused_client("a certificate for servers", tls(recv_eof(), cert="for-servers"))
refused_client(
    "too deep a chain",
    tls(recv_eof(), cert="deep"),
    tls(recv_eof(), cert="client"),
    socket=mutual_tls(validation={"max_verify_depth": 1}),
    rules=((", depth \\d", ""),),
)
refused_client(
    "a trusted intermediate alone",
    tls(recv_eof(0.3), cert="client"),
    tls(recv_eof(0.3), cert="client.leaf"),
    socket=mutual_tls(ca="intermediate"),
)
served(
    "expired, and allowed",
    tls(get("/"), cert="expired"),
    socket=mutual_tls(validation={"allow_expired_certificate": True}),
)
served(
    "untrusted, and accepted",
    tls(get("/"), cert="stranger"),
    tls(get("/"), cert="expired"),
    tls(get("/"), cert="client"),
    tls(get("/")),
    socket=downstream_tls(ca="root", validation={"trust_chain_verification": "ACCEPT_UNTRUSTED"}),
)

CRL = {"crl": pem("all.crl")}
refused_client("a revoked certificate", tls(recv_eof(), cert="revoked"), socket=mutual_tls(validation=CRL))
served("a certificate that is not revoked", tls(get("/"), cert="client"), socket=mutual_tls(validation=CRL))
LISTS = mutual_tls(validation={"trusted_ca": pem("root-and-lists.pem")})
refused_client("a revoked certificate, with the lists beside the authority", tls(recv_eof(), cert="revoked"), socket=LISTS)
served("a certificate that is not revoked by them", tls(get("/"), cert="client"), socket=LISTS)
refused_client(
    "a revocation list of the leaf's authority only",
    tls(recv_eof(0.3), cert="client"),
    socket=mutual_tls(validation={"crl": pem("intermediate.crl")}),
)
served(
    "a revocation list for leaves",
    tls(get("/"), cert="client"),
    socket=mutual_tls(validation={"crl": pem("intermediate.crl"), "only_verify_leaf_cert_crl": True}),
)
refused_client(
    "a stale revocation list",
    tls(recv_eof(0.3), cert="client"),
    socket=mutual_tls(validation={"crl": pem("stale.crl"), "only_verify_leaf_cert_crl": True}),
)


def names(*sans):
    return mutual_tls(validation={"match_typed_subject_alt_names": list(sans)})


served(
    "the SPIFFE id that is asked for", tls(get("/"), cert="client"), socket=names(san("URI", exact=SPIFFE + "client"))
)
served(
    "a prefix of SPIFFE ids",
    tls(get("/"), cert="client"),
    socket=names(san("URI", prefix="spiffe://cluster.local/ns/default/")),
)
served("a suffix of SPIFFE ids", tls(get("/"), cert="client"), socket=names(san("URI", suffix="/sa/client")))
served(
    "a pattern of SPIFFE ids",
    tls(get("/"), cert="client"),
    socket=names(san("URI", safe_regex={"regex": "spiffe://[^/]+/ns/default/sa/(client|x)"})),
)
served(
    "one of several names",
    tls(get("/"), cert="client"),
    socket=names(san("URI", exact="x"), san("DNS", exact="client.example")),
)
served("an address", tls(get("/"), cert="odd"), socket=names(san("IP_ADDRESS", exact="10.0.0.1")))
served("an IPv6 address", tls(get("/"), cert="odd"), socket=names(san("IP_ADDRESS", exact="::1")))
served("an email address", tls(get("/"), cert="odd"), socket=names(san("EMAIL", exact="who@mail.example")))
served("a wildcard in the certificate", tls(get("/"), cert="wild"), socket=names(san("DNS", exact="x.wild.example")))
served("a name in other letters", tls(recv_eof(0.2), cert="client"), socket=names(san("DNS", exact="CLIENT.example")))
served(
    "a name ignoring the case",
    tls(get("/"), cert="client"),
    socket=names(san("DNS", exact="CLIENT.example", ignore_case=True)),
)
served("a name that contains", tls(get("/"), cert="client"), socket=names(san("DNS", contains="ent.ex")))
refused_client(
    "another SPIFFE id",
    tls(recv_eof(), cert="other"),
    tls(recv_eof(), cert="other", highest="1.2"),
    socket=names(san("URI", exact=SPIFFE + "client")),
)
refused_client(
    "a pattern that must match whole",
    tls(recv_eof(), cert="client"),
    socket=names(san("URI", safe_regex={"regex": "spiffe://[^/]+/ns"})),
)
refused_client(
    "a name of another kind", tls(recv_eof(), cert="client"), socket=names(san("DNS", exact=SPIFFE + "client"))
)
refused_client(
    "a common name is no name", tls(recv_eof(), cert="common-name"), socket=names(san("DNS", exact="server.example"))
)
refused_client(
    "no certificate where a name is asked for",
    tls(recv_eof()),
    socket=downstream_tls(ca="root", validation={"match_typed_subject_alt_names": [san("URI", exact="x")]}),
)

served(
    "a digest that fits",
    tls(get("/"), cert="client"),
    socket=mutual_tls(validation={"verify_certificate_hash": [digest("client").upper()]}),
)
served(
    "a digest with colons",
    tls(get("/"), cert="client"),
    socket=mutual_tls(validation={"verify_certificate_hash": [colons(digest("client"))]}),
)
served(
    "a key's digest that fits",
    tls(get("/"), cert="client"),
    socket=mutual_tls(validation={"verify_certificate_spki": [spki("client")]}),
)
served(
    "a digest without an authority",
    tls(get("/"), cert="stranger"),
    socket=mutual_tls(ca=None, validation={"verify_certificate_hash": [digest("stranger")]}),
    rules=NEVER,
)
refused_client(
    "another digest",
    tls(recv_eof(), cert="other"),
    socket=mutual_tls(validation={"verify_certificate_hash": [digest("client")]}),
)
refused_client(
    "another digest without an authority",
    tls(recv_eof(), cert="other"),
    socket=mutual_tls(ca=None, validation={"verify_certificate_hash": [digest("client")]}),
    rules=NEVER,
)
refused_client(
    "another key's digest",
    tls(recv_eof(), cert="other"),
    socket=mutual_tls(validation={"verify_certificate_spki": [spki("client")]}),
)
served(
    "one of digest and key's digest",
    tls(get("/"), cert="client"),
    socket=mutual_tls(
        validation={"verify_certificate_spki": [spki("client")], "verify_certificate_hash": [digest("other")]}
    ),
)

# What is no TLS, and ends ---------------------------------------------------------------------------------------------

refused_client("plaintext", get("/"), socket=downstream_tls())
refused_client(
    "garbage",
    conn(raw(b"\x16\x03\x01\x00\x05hello"), drain()),
    conn(raw(b"\0" * 600), drain()),
    socket=downstream_tls(),
)
refused_client("a client that says nothing and goes", conn(pause(0.1), close()), socket=downstream_tls())
refused_client("half a hello and gone", conn(raw(tls_hello()[:60]), pause(0.1), close()), socket=downstream_tls())
refused_client("half a hello and reset", conn(raw(tls_hello()[:60]), pause(0.1), rst()), socket=downstream_tls())
refused_client("a hello and gone", conn(raw(tls_hello()), recv(5), close()), socket=downstream_tls())
served("a hello in pieces", tls(get("/")), conn(raw(tls_hello(highest="1.2"), 30, 0.01), recv(5), close()))
case(
    "a handshake that takes too long",
    chains=[{**downstream_tls(), "transport_socket_connect_timeout": "0.3s"}],
    log=False,
    listener={"access_log": [LOG]},
    send=[conn(raw(tls_hello()[:60]), recv_eof()), conn(recv_eof()), tls(get("/"), pause(0.5), get("/"))],
    stats=("listener.127.0.0.1_@listener@.downstream_cx_transport_socket_connect_timeout",),
)
served("a client that ends its side", tls(get("/"), fin(), recv_eof()))
served("a client that goes without close_notify", tls(get("/"), rst()))
served("a response that closes", tls(get("/", {"connection": "close"}), recv_eof()))
served("64 KiB both ways", tls(post("/", "x" * 65536)), upstream=[reply(body="y" * 65536)])
served("pipelined over TLS", tls(*[pipeline(get("/1"), get("/2"), get("/3"))]))
served("an HTTP error over TLS", tls(raw("nonsense\r\n\r\n"), read()))

case(
    "tcp_proxy behind TLS",
    chains=[mutual_tls()],
    tcp={"access_log": [file_log(json_format={**FIELDS, "received": "%BYTES_RECEIVED%", "sent": "%BYTES_SENT%"})]},
    upstream=[tcp_host([recv(4), raw("pong"), recv_eof()])],
    send=[tls(raw("ping"), recv(4), fin(), recv_eof(), cert="client")],
)
case(
    "tcp_proxy behind a refused handshake",
    chains=[mutual_tls()],
    tcp={"access_log": [file_log(json_format=FIELDS)]},
    upstream=[tcp_host([recv(4), raw("pong"), recv_eof()])],
    send=[tls(recv_eof(), cert="stranger")],
)
case(
    "the upstream talks first behind TLS",
    chains=[downstream_tls()],
    tcp={"access_log": [file_log(json_format=FIELDS)]},
    upstream=[tcp_host([raw("hello"), fin(), recv_eof()])],
    send=[tls(recv_eof(), close())],
)
