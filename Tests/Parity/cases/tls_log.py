"""What the log says of both ends of TLS: every operator, set and unset."""

from harness.vocabulary import *

DOWNSTREAM = [
    *(
        f"{side}_{what}"
        for side in ("PEER", "LOCAL")
        for what in ("URI_SAN", "DNS_SAN", "IP_SAN", "EMAIL_SAN", "OTHERNAME_SAN", "SUBJECT")
    ),
    "PEER_ISSUER",
    "PEER_CERT",
    "PEER_CERT_V_START",
    "PEER_CERT_V_END",
    "PEER_FINGERPRINT_256",
    "PEER_FINGERPRINT_1",
    "PEER_SERIAL",
    "PEER_CHAIN_FINGERPRINTS_256",
    "PEER_CHAIN_FINGERPRINTS_1",
    "PEER_CHAIN_SERIALS",
    "PEER_ISSUER_FINGERPRINT_256",
    "PEER_ISSUER_SERIAL",
    "TLS_CIPHER",
    "TLS_VERSION",
    "TLS_GROUP",
    "TRANSPORT_FAILURE_REASON",
]
UPSTREAM = [
    "PEER_URI_SAN",
    "PEER_DNS_SAN",
    "PEER_IP_SAN",
    "PEER_SUBJECT",
    "PEER_ISSUER",
    "PEER_CERT",
    "PEER_CERT_V_START",
    "PEER_CERT_V_END",
    "LOCAL_URI_SAN",
    "LOCAL_DNS_SAN",
    "LOCAL_IP_SAN",
    "TLS_CIPHER",
    "TLS_VERSION",
    "TLS_GROUP",
    "SERVER_NAME",
    "TRANSPORT_FAILURE_REASON",
]
NAMES = [f"DOWNSTREAM_{name}" for name in DOWNSTREAM] + [f"UPSTREAM_{name}" for name in UPSTREAM]
NAMES += ["REQUESTED_SERVER_NAME", "DOWNSTREAM_PEER_CERT_V_START(%Y/%m/%d %H)", "UPSTREAM_PEER_CERT_V_END(%b %e)"]
LAYOUTS = {
    "json": {"json_format": {name.lower(): f"%{name}%" for name in NAMES}},
    "text": {
        "text_format_source": {"inline_string": "".join(f"{name.split(chr(40))[0]} %{name}%\n" for name in NAMES)}
    },
}
# A resumed session has an id of its own: only whether there is one can be compared.
SESSION = {"json_format": {"down": "%DOWNSTREAM_TLS_SESSION_ID%", "up": "%UPSTREAM_TLS_SESSION_ID%"}}


def logged(name, *steps, **more):
    for kind, layout in LAYOUTS.items():
        case(f"{name}, as {kind}", log=[file_log(**layout)], send=list(steps), **more)


logged(
    "mutual TLS both ways",
    tls(get("/"), cert="client", sni="server.example"),
    chains=[mutual_tls()],
    cluster=upstream_tls("client", sni="server.example"),
    upstream=[tls_host(reply(), client_ca="root")],
    listener=tls_inspector(),
)
logged(
    "TLS without a client certificate",
    tls(get("/")),
    chains=[downstream_tls()],
    cluster=upstream_tls(ca=None),
    upstream=[tls_host(reply())],
)
logged("plaintext", get("/"))
logged(
    "odd certificates",
    tls(get("/"), cert="odd"),
    chains=[mutual_tls(cert="odd")],
    cluster=upstream_tls("odd"),
    upstream=[tls_host(reply(), cert="odd", client_ca="root")],
)
logged(
    "certificates without names",
    tls(get("/"), cert="no-names"),
    chains=[mutual_tls(cert="common-name")],
    cluster=upstream_tls("no-names"),
    upstream=[tls_host(reply(), cert="no-names", client_ca="root")],
)
logged("a chain of four", tls(get("/"), cert="deep"), chains=[mutual_tls()])
case(
    "session ids",
    chains=[mutual_tls()],
    cluster=upstream_tls("client"),
    upstream=[tls_host(reply(), client_ca="root")],
    log=[file_log(**SESSION)],
    send=[tls(get("/"), cert="client"), tls(get("/"), cert="client", highest="1.2")],
    rules=((r"\b[0-9a-f]{64}\b", "<id>"),),
)
case(
    "operators in headers",
    chains=[mutual_tls()],
    log=False,
    route_config={
        "request_headers_to_add": [
            {"header": {"key": f"x-{number}", "value": f"%{name}%"}}
            for number, name in enumerate(
                [
                    "DOWNSTREAM_PEER_URI_SAN",
                    "DOWNSTREAM_PEER_SUBJECT",
                    "DOWNSTREAM_TLS_VERSION",
                    "DOWNSTREAM_PEER_CERT",
                    "DOWNSTREAM_LOCAL_SUBJECT",
                    "DOWNSTREAM_PEER_IP_SAN",
                ]
            )
        ]
    },
    send=[tls(get("/"), cert="client")],
)
