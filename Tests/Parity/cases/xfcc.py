"""x-forwarded-client-cert: five modes, what is told of a client certificate, quoting, and who is believed."""

from harness.vocabulary import *

ALL = {"subject": True, "cert": True, "chain": True, "dns": True, "uri": True}
FORGED = {"x-forwarded-client-cert": "By=spiffe://forged/by;Hash=00;URI=spiffe://forged/client"}


# A name may hold the header's own separators: unquoted it reads as further elements, and as another's identity.
QUOTED = (
    "The header's own grammar",
    "a value that holds a comma, a semicolon or quotes is quoted; Envoy leaves URI and DNS names as they are",
)


def quoting(*texts):
    return differs(*QUOTED, upstreams=list(texts))


def forwarded(name, mode, *steps, details=None, socket=None, hcm=None, **more):
    fields = {"forward_client_cert_details": mode, **(hcm or {})} if mode else dict(hcm or {})
    if details is not None:
        fields["set_current_client_cert_details"] = details
    chains = [socket if socket is not None else mutual_tls()]
    case(name, chains=chains, hcm=fields, log=False, send=list(steps), **more)


for mode in (None, "SANITIZE", "FORWARD_ONLY", "APPEND_FORWARD", "SANITIZE_SET", "ALWAYS_FORWARD_ONLY"):
    title = (mode or "the default").lower().replace("_", " ")
    forwarded(
        f"{title}, mutual TLS", mode, tls(get("/none"), get("/forged", FORGED), cert="client"), details={"uri": True}
    )
    forwarded(
        f"{title}, TLS without a client certificate",
        mode,
        tls(get("/none"), get("/forged", FORGED)),
        socket=downstream_tls(),
        details={"uri": True},
    )
    forwarded(f"{title}, plaintext", mode, get("/none"), get("/forged", FORGED), socket={}, details={"uri": True})

forwarded("no detail asked for", "SANITIZE_SET", tls(get("/"), cert="client"))
for detail in ("subject", "cert", "chain", "dns", "uri"):
    forwarded(f"{detail} alone", "SANITIZE_SET", tls(get("/"), cert="client"), details={detail: True})
forwarded("every detail", "SANITIZE_SET", tls(get("/"), cert="client"), details=ALL)
forwarded("every detail, appended", "APPEND_FORWARD", tls(get("/", FORGED), cert="client"), details=ALL)
forwarded(
    "several names and signs that need quotes",
    "SANITIZE_SET",
    tls(get("/"), cert="odd"),
    details={**ALL, "cert": False, "chain": False},
    differs=quoting(
        'URI="spiffe://cluster.local/a,b;c";URI="https://x.example/?q=\\"1\\"";URI=spiffe://cluster.local/ns/default/sa/second;DNS=one.example'
    ),
)
forwarded(
    "signs that need quotes in DNS names",
    "SANITIZE_SET",
    tls(get("/"), cert="odd2"),
    details={**ALL, "cert": False, "chain": False},
    differs=quoting('URI=;DNS="quo\\"te.example";DNS="a,b.example"'),
)
forwarded(
    "a certificate without a name",
    "SANITIZE_SET",
    tls(get("/"), cert="common-name"),
    details={**ALL, "cert": False, "chain": False},
)
forwarded(
    "a certificate without a subject",
    "SANITIZE_SET",
    tls(get("/"), cert="no-subject"),
    details={**ALL, "cert": False, "chain": False},
)
forwarded(
    "a server without a SPIFFE id",
    "SANITIZE_SET",
    tls(get("/"), cert="client"),
    socket=mutual_tls(cert="wild"),
    details={"uri": True, "dns": True},
)
forwarded(
    "a server of several names",
    "SANITIZE_SET",
    tls(get("/"), cert="client"),
    socket=mutual_tls(cert="odd"),
    details={"uri": True},
    differs=quoting(
        'By="spiffe://cluster.local/a,b;c";By="https://x.example/?q=\\"1\\"";By=spiffe://cluster.local/ns/default/sa/second;Hash='
    ),
)
forwarded("a chain of four", "SANITIZE_SET", tls(get("/"), cert="deep"), details={"chain": True})
forwarded(
    "a certificate that was not verified",
    "SANITIZE_SET",
    tls(get("/"), cert="stranger"),
    socket=downstream_tls(ca="root", validation={"trust_chain_verification": "ACCEPT_UNTRUSTED"}),
    details={"uri": True},
)
forwarded(
    "a certificate that was not verified, forwarded",
    "FORWARD_ONLY",
    tls(get("/", FORGED), cert="stranger"),
    socket=downstream_tls(ca="root", validation={"trust_chain_verification": "ACCEPT_UNTRUSTED"}),
)
forwarded(
    "a resumed session",
    "SANITIZE_SET",
    tls(get("/1"), cert="client", keep="s"),
    tls(get("/2"), resume="s"),
    details={**ALL, "cert": False, "chain": False},
)
forwarded(
    "a resumed session of TLS 1.2",
    "SANITIZE_SET",
    tls(get("/1"), cert="client", keep="s", highest="1.2"),
    tls(get("/2"), resume="s", highest="1.2"),
    details={**ALL, "chain": False},
)
forwarded(
    "several headers of the client's",
    "APPEND_FORWARD",
    tls(
        get("/", [("x-forwarded-client-cert", "By=a"), ("accept", "x"), ("X-Forwarded-Client-Cert", "By=b")]),
        cert="client",
    ),
)
forwarded(
    "several headers of the client's, forwarded",
    "FORWARD_ONLY",
    tls(
        get("/", [("x-forwarded-client-cert", "By=a"), ("accept", "x"), ("X-Forwarded-Client-Cert", "By=b")]),
        cert="client",
    ),
)
forwarded(
    "an empty header of the client's", "APPEND_FORWARD", tls(get("/", {"x-forwarded-client-cert": ""}), cert="client")
)
forwarded(
    "a request that the route answers",
    "SANITIZE_SET",
    tls(get("/"), cert="client"),
    details={"uri": True},
    routes=[direct("/", "here")],
)
forwarded(
    "a route that looks for it",
    "SANITIZE_SET",
    tls(get("/", FORGED), cert="client"),
    details={"uri": True},
    routes=[
        direct(
            {
                "prefix": "/",
                "headers": [{"name": "x-forwarded-client-cert", "string_match": {"contains": "sa/client"}}],
            },
            "client",
        ),
        direct("/", "nobody"),
    ],
)
forwarded(
    "a preserved external request",
    "SANITIZE_SET",
    tls(get("/", FORGED), cert="client"),
    details={"uri": True},
    hcm={"use_remote_address": True},
)
