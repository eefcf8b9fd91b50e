"""Secrets: static ones, those of files, and files that change while connections stand."""

from harness.vocabulary import *

SECRET = TYPE + "envoy.extensions.transport_sockets.tls.v3.Secret"
LOG = [
    file_log(
        json_format={
            "code": "%RESPONSE_CODE%",
            "flags": "%RESPONSE_FLAGS%",
            "failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
        }
    )
]


NODE = {"node": {"id": "n", "cluster": "c"}}


def sds(name, **fields):
    """Envoy asks for a node wherever secrets come from elsewhere."""
    case(name, bootstrap=NODE, **fields)


def secrets(*entries):
    return {"static_resources": {"secrets": list(entries)}}


def pair(name, cert):
    return {"name": name, "tls_certificate": certificate(cert)}


def trust(name, ca, **more):
    return {"name": name, "validation_context": {"trusted_ca": pem(f"{ca}.pem"), **more}}


def from_file(name, path, watched=True):
    """An SdsSecretConfig that reads a file of the run's folder."""
    source = {"path": f"@dir@/{path}"}
    if watched:
        source["watched_directory"] = {"path": "@dir@"}
    return {"name": name, "sds_config": {"resource_api_version": "V3", "path_config_source": source}}


def resource(**secret):
    return {"resources": [{"@type": SECRET, **secret}]}


def by_name(*names, ca=None, **more):
    common = {
        "tls_certificate_sds_secret_configs": [{"name": name} if isinstance(name, str) else name for name in names]
    }
    if ca:
        common["validation_context_sds_secret_config"] = {"name": ca} if isinstance(ca, str) else ca
    return {**common, **more}


case(
    "static secrets",
    bootstrap=secrets(pair("server", "server"), trust("mesh", "root")),
    chains=[downstream_tls(None, require=True, **by_name("server", ca="mesh"))],
    send=[
        tls(get("/"), cert="client"),
        tls(recv_eof(), cert="stranger"),
        admin("/certs", view="lines", only="serial|path"),
        admin("/stats?filter=expiration", view="lines"),
    ],
)
case(
    "static secrets of a cluster",
    bootstrap=secrets(pair("client", "client"), trust("mesh", "root")),
    cluster=upstream_tls(None, None, **by_name("client", ca="mesh")),
    upstream=[tls_host(reply(), client_ca="root")],
    send=[get("/")],
)
refuses("a static secret that is not there", chains=[downstream_tls(None, **by_name("nobody"))])
case(
    "combined validation",
    bootstrap=secrets(pair("server", "server"), trust("mesh", "root")),
    chains=[
        downstream_tls(
            None,
            require=True,
            **by_name("server"),
            combined_validation_context={
                "default_validation_context": {"match_typed_subject_alt_names": [san("URI", suffix="/sa/client")]},
                "validation_context_sds_secret_config": {"name": "mesh"},
            },
        )
    ],
    send=[tls(get("/"), cert="client"), tls(recv_eof(), cert="other")],
)
STATS = "/stats?filter=sds|secret|context_upd|expiration"


def show_secrets():
    return admin(STATS, view="lines", only=r"^(?!.*(update_time|update_duration|version))")


sds(
    "secrets from files",
    write={"pair.json": resource(**pair("server", "server")), "trust.json": resource(**trust("mesh", "root"))},
    chains=[
        downstream_tls(
            None, require=True, **by_name(from_file("server", "pair.json"), ca=from_file("mesh", "trust.json"))
        )
    ],
    send=[
        tls(get("/"), cert="client"),
        show_secrets(),
        admin("/certs", view="lines", only="serial|path"),
        admin("/config_dump?resource=dynamic_active_secrets", view="body"),
    ],
)

ROTATE = dict(
    write={"pair.json": resource(**pair("server", "server"))},
    chains=[downstream_tls(None, **by_name(from_file("server", "pair.json")))],
)
sds(
    "a secret that is replaced",
    **ROTATE,
    send=[
        tls(get("/before")),
        background(tls(get("/1"), pause(1.0), get("/2"))),
        pause(0.2),
        replace("pair.json", resource(**pair("server", "second"))),
        wait_stat("listener.127.0.0.1_@listener@.server_ssl_socket_factory.ssl_context_update_by_sds", 2, then=0.1),
        tls(get("/after")),
        show_secrets(),
    ],
)
sds(
    "a secret that becomes nonsense",
    **ROTATE,
    send=[replace("pair.json", "nonsense"), pause(0.5), tls(get("/after")), show_secrets()],
)
sds(
    "a secret whose certificate is broken",
    **ROTATE,
    send=[
        replace(
            "pair.json",
            resource(
                name="server",
                tls_certificate={"certificate_chain": pem("broken.pem"), "private_key": pem("server.key")},
            ),
        ),
        pause(0.5),
        tls(get("/after")),
        show_secrets(),
    ],
)
sds(
    "a secret whose key is another's",
    **ROTATE,
    send=[
        replace(
            "pair.json",
            resource(
                name="server",
                tls_certificate={"certificate_chain": pem("server.pem"), "private_key": pem("second.key")},
            ),
        ),
        pause(0.5),
        tls(get("/after")),
        show_secrets(),
    ],
)
sds(
    "a secret of another name",
    **ROTATE,
    send=[replace("pair.json", resource(**pair("other", "second"))), pause(0.5), tls(get("/after")), show_secrets()],
)
sds(
    "a secret that goes away",
    **ROTATE,
    send=[replace("pair.json", {"resources": []}), pause(0.5), tls(get("/after")), show_secrets()],
)
sds(
    "a secret that mends",
    **ROTATE,
    send=[
        replace("pair.json", "nonsense"),
        pause(0.4),
        replace("pair.json", resource(**pair("server", "second"))),
        wait_stat("listener.127.0.0.1_@listener@.server_ssl_socket_factory.ssl_context_update_by_sds", 2, then=0.1),
        tls(get("/after")),
        show_secrets(),
    ],
)

LINKED = {
    "name": "server",
    "tls_certificate": {
        "certificate_chain": {"filename": "@dir@/x.pem"},
        "private_key": {"filename": "@dir@/x.key"},
        "watched_directory": {"path": "@dir@"},
    },
}
sds(
    "certificate files that are replaced",
    write={
        "pair.json": resource(**LINKED),
        "x.pem": certificate_text("server.pem"),
        "x.key": certificate_text("server.key"),
    },
    chains=[downstream_tls(None, **by_name(from_file("server", "pair.json")))],
    send=[
        tls(get("/before")),
        replace("x.key", certificate_text("second.key")),
        pause(0.5),
        replace("x.pem", certificate_text("second.pem")),
        pause(0.6),
        tls(get("/after")),
        admin(STATS, view="lines", only="rotat|fail|reject|success|expir"),
    ],
)
sds(
    "an authority that is replaced",
    write={"trust.json": resource(**trust("mesh", "root"))},
    chains=[
        downstream_tls("server", require=True, validation_context_sds_secret_config=from_file("mesh", "trust.json"))
    ],
    send=[
        tls(get("/before"), cert="client"),
        tls(recv_eof(), cert="stranger"),
        replace("trust.json", resource(**trust("mesh", "other-root"))),
        wait_stat("listener.127.0.0.1_@listener@.server_ssl_socket_factory.ssl_context_update_by_sds", 2, then=0.1),
        tls(get("/after"), cert="stranger"),
        tls(recv_eof(), cert="client"),
    ],
)
sds(
    "a secret that is not there yet",
    # Closed at accept: whether the hello was there by then is chance.
    rules=((r"\[tls: (FIN|RST)\]", "[tls: closed]"),),
    chains=[downstream_tls(None, **by_name(from_file("server", "pair.json")))],
    write={"pair.json": {"resources": []}},
    listener={
        "access_log": [
            file_log(json_format={"failure": "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%", "flags": "%RESPONSE_FLAGS%"})
        ]
    },
    log=False,
    send=[
        tls(recv_eof()),
        show_secrets(),
        admin("/listeners"),
        replace("pair.json", resource(**pair("server", "server"))),
        wait_stat("listener.127.0.0.1_@listener@.server_ssl_socket_factory.ssl_context_update_by_sds", 1, then=0.1),
        tls(get("/now")),
        show_secrets(),
    ],
)
sds(
    "a cluster's secret that is not there yet",
    cluster=upstream_tls(None, "root", **by_name(from_file("client", "pair.json"))),
    write={"pair.json": {"resources": []}},
    upstream=[tls_host(reply(), client_ca="root")],
    log=LOG,
    send=[
        get("/early"),
        show_secrets(),
        replace("pair.json", resource(**pair("client", "client"))),
        wait_stat("cluster.a.client_ssl_socket_factory.ssl_context_update_by_sds", 1, then=0.1),
        get("/now"),
        show_secrets(),
    ],
)
sds(
    "a cluster's secret that is replaced",
    cluster=upstream_tls(None, "root", **by_name(from_file("client", "pair.json"))),
    write={"pair.json": resource(**pair("client", "client"))},
    upstream=[tls_host([reply(200, {"connection": "close"}), close()], client_ca="root")],
    send=[
        get("/1"),
        replace("pair.json", resource(**pair("client", "other"))),
        wait_stat("cluster.a.client_ssl_socket_factory.ssl_context_update_by_sds", 2, then=0.1),
        get("/2"),
        get("/3"),
    ],
)
refuses(
    "a secret file that is missing",
    bootstrap=NODE,
    chains=[downstream_tls(None, **by_name(from_file("server", "missing.json")))],
)
