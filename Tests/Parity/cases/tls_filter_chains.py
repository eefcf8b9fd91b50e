"""Filter chains by the first bytes: tls_inspector, server names, ALPN, transport protocol, several on one port."""

from harness.vocabulary import *


def chain(match, text, name=None, **more):
    """A chain that answers with its name."""
    routes = [direct("/", text)]
    config = {"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": routes}]}
    fields = {"filters": [http_filter(route_config={"name": "r", **config}, access_log=[file_log()])], **more}
    if match is not None:
        fields["filter_chain_match"] = match
    if name:
        fields["name"] = name
    return fields


def chosen(name, chains, *steps, inspector=None, **more):
    listener = {**(tls_inspector(**(inspector or {})) if inspector is not False else {}), **more.pop("listener", {})}
    case(
        name,
        chains=chains,
        listener=listener,
        send=list(steps),
        log=False,
        stats=(
            "listener.127.0.0.1_@listener@.no_filter_chain_match",
            "listener.127.0.0.1_@listener@.downstream_cx_total",
            "listener.127.0.0.1_@listener@.downstream_pre_cx_timeout",
            "listener.127.0.0.1_@listener@.downstream_listener_filter_error",
            "listener.127.0.0.1_@listener@.downstream_listener_filter_remote_close",
        ),
        **more,
    )


def named(*names, **more):
    return {"server_names": list(names), **more}


PERMISSIVE = [
    chain({"transport_protocol": "tls"}, "tls", **mutual_tls()),
    chain({"transport_protocol": "raw_buffer"}, "plain"),
]
NAMES = [
    chain(named("server.example"), "exact", "one", **downstream_tls()),
    chain(named("*.wild.example"), "wildcard", "two", **downstream_tls("wild")),
    chain(named("*.deep.wild.example"), "deeper", "three", **downstream_tls("wild")),
    chain(named("second.example", "third.example"), "list", "four", **downstream_tls("second")),
]

chosen("plaintext and mutual TLS on one port", PERMISSIVE, get("/"), tls(get("/"), cert="client"), tls(recv_eof()))
chosen(
    "server names",
    NAMES,
    *[
        tls(get("/"), sni=name)
        for name in (
            "server.example",
            "SERVER.Example",
            "a.wild.example",
            "b.a.wild.example",
            "x.deep.wild.example",
            "second.example",
            "third.example",
        )
    ],
)
chosen(
    "a server name that nobody has",
    NAMES,
    tls(recv_eof(), sni="unknown.example"),
    tls(recv_eof(), sni="wild.example"),
    tls(recv_eof()),
    get("/"),
)
chosen(
    "a server name that nobody has, and a chain for the rest",
    [*NAMES, chain(None, "rest", "five", **downstream_tls())],
    tls(get("/"), sni="unknown.example"),
    tls(get("/")),
)
chosen(
    "a default filter chain",
    NAMES,
    tls(get("/"), sni="unknown.example"),
    get("/"),
    listener={"default_filter_chain": chain(None, "default")},
)
chosen(
    "ALPN",
    [
        chain(
            {"application_protocols": ["istio", "istio-http/1.1"]},
            "istio",
            **downstream_tls(alpn_protocols=["istio-http/1.1", "istio"]),
        ),
        chain({"application_protocols": ["http/1.1"]}, "http", **downstream_tls(alpn_protocols=["http/1.1"])),
        chain({"transport_protocol": "tls"}, "tls", **downstream_tls()),
        chain({}, "plain"),
    ],
    tls(get("/"), alpn=("istio",)),
    tls(get("/"), alpn=("http/1.1",)),
    tls(get("/"), alpn=("http/1.1", "istio")),
    tls(get("/"), alpn=("x",)),
    tls(get("/")),
    get("/"),
)
chosen(
    "what Istio writes for a permissive port",
    [
        chain(
            {"transport_protocol": "tls", "application_protocols": ["istio-peer-exchange", "istio"]},
            "istio tcp",
            **mutual_tls(alpn_protocols=["istio-peer-exchange", "istio"]),
        ),
        chain(
            {"transport_protocol": "tls", "application_protocols": ["istio-http/1.0", "istio-http/1.1", "istio-h2"]},
            "istio http",
            **mutual_tls(alpn_protocols=["h2", "http/1.1"]),
        ),
        chain({"transport_protocol": "tls"}, "someone else's TLS", **downstream_tls()),
        chain({"transport_protocol": "raw_buffer"}, "plaintext"),
    ],
    tls(get("/"), alpn=("istio-http/1.1", "istio"), cert="client"),
    tls(get("/"), alpn=("istio",), cert="client"),
    tls(get("/"), alpn=("istio-http/1.1",), cert="client"),
    tls(get("/"), alpn=("http/1.1",)),
    get("/"),
)
chosen(
    "name and ALPN",
    [
        chain(named("server.example", application_protocols=["a"]), "name and alpn", **downstream_tls()),
        chain(named("server.example"), "name", **downstream_tls()),
        chain({"application_protocols": ["a"]}, "alpn", **downstream_tls()),
    ],
    tls(get("/"), sni="server.example", alpn=("a",)),
    tls(get("/"), sni="server.example", alpn=("b",)),
    tls(get("/"), sni="x.example", alpn=("a",)),
    tls(recv_eof(), sni="x.example", alpn=("b",)),
)
chosen(
    "a port and a name",
    [
        chain({"destination_port": "@listener@", **named("server.example")}, "port and name", **downstream_tls()),
        chain({"destination_port": "@other@"}, "other port", **downstream_tls()),
        chain(named("second.example"), "name", **downstream_tls()),
    ],
    tls(get("/"), sni="server.example"),
    tls(recv_eof(), sni="second.example"),
)
chosen(
    "source addresses",
    [
        chain({"source_prefix_ranges": [{"address_prefix": "127.0.0.0", "prefix_len": 8}]}, "loopback"),
        chain({}, "elsewhere"),
    ],
    get("/"),
    inspector=False,
)
chosen(
    "a prefix of the destination",
    [
        chain({"prefix_ranges": [{"address_prefix": "127.0.0.1", "prefix_len": 32}]}, "one"),
        chain({"prefix_ranges": [{"address_prefix": "127.0.0.0", "prefix_len": 8}]}, "eight"),
        chain({}, "any"),
    ],
    get("/"),
    inspector=False,
)
chosen(
    "the same machine",
    [chain({"source_type": "SAME_IP_OR_LOOPBACK"}, "here"), chain({"source_type": "EXTERNAL"}, "there")],
    get("/"),
    inspector=False,
)
chosen("no chain at all fits", [chain({"destination_port": "@other@"}, "other")], conn(recv_eof()), inspector=False)
chosen(
    "no chain at all fits plaintext",
    [chain({"transport_protocol": "tls"}, "tls", **downstream_tls())],
    get("/"),
    tls(get("/")),
)

chosen(
    "a hello in pieces",
    PERMISSIVE,
    conn(raw(tls_hello(sni="x.example"), 20, 0.005), recv(5), close()),
    tls(get("/"), cert="client"),
)
chosen(
    "half a hello and gone",
    PERMISSIVE,
    conn(raw(tls_hello()[:70]), pause(0.1), close()),
    conn(raw(tls_hello()[:70]), pause(0.1), rst()),
    conn(pause(0.1), close()),
)
chosen("a client that stays silent", PERMISSIVE, conn(recv_eof()), listener={"listener_filters_timeout": "0.3s"})
chosen(
    "a client that stays silent and goes on",
    PERMISSIVE,
    conn(pause(0.6), get("/")),
    listener={"listener_filters_timeout": "0.3s", "continue_on_listener_filters_timeout": True},
)
chosen(
    "half a hello that stays so",
    PERMISSIVE,
    conn(raw(tls_hello()[:70]), recv_eof()),
    listener={"listener_filters_timeout": "0.3s"},
)
chosen(
    "a slow first byte of plaintext",
    PERMISSIVE,
    conn(raw("G"), pause(0.1), raw("ET / HTTP/1.1\r\nhost: x\r\n\r\n"), read()),
)
chosen("a garbled hello", PERMISSIVE, conn(raw(tls_hello()[:20] + b"\xff" * 200), recv_eof(2.5)))
chosen("a record of another version", PERMISSIVE, conn(raw(b"\x16\x02\x00" + tls_hello()[3:]), recv_eof(2.5)))
chosen("TLS records that are no hello", PERMISSIVE, conn(raw(b"\x17\x03\x03\x00\x05hello"), recv_eof(2.5)))
chosen("one byte that looks like TLS", PERMISSIVE, conn(raw(b"\x16"), pause(0.1), raw(b"XX\r\n\r\n"), recv_eof(2.5)))
chosen(
    "the inspector sees no name and no ALPN",
    [chain(None, "all", **downstream_tls())],
    tls(get("/")),
    tls(get("/"), sni="server.example", alpn=("http/1.1",)),
)
chosen(
    "names without an inspector",
    NAMES,
    tls(get("/"), sni="server.example"),
    inspector=False,
    rules=(("(RST|FIN)", "<closed>"),),
)
chosen(
    "a hello in two records",
    PERMISSIVE,
    conn(
        raw(
            b"\x16\x03\x01\x00\x20"
            + tls_hello()[5:37]
            + b"\x16\x03\x01"
            + (len(tls_hello()) - 37).to_bytes(2, "big")
            + tls_hello()[37:]
        ),
        recv(5),
        close(),
    ),
)
chosen("TLS 1.2 is seen", PERMISSIVE, tls(get("/"), highest="1.2", cert="client"))
case(
    "the server name in the log",
    chains=[downstream_tls()],
    listener=tls_inspector(),
    log=[file_log(json_format={"sni": "%REQUESTED_SERVER_NAME%", "chain": "%FILTER_CHAIN_NAME%"})],
    send=[tls(get("/"), sni="Server.Example"), tls(get("/"))],
)
case(
    "the server name of a passed-through connection",
    # Who ends which of the two connections first is chance.
    scopes=("tls_inspector.", "tcp.t.downstream_cx_total"),
    tcp={"access_log": [file_log(json_format={"sni": "%REQUESTED_SERVER_NAME%", "flags": "%RESPONSE_FLAGS%"})]},
    chains=[{"filter_chain_match": {"server_names": ["server.example"]}}],
    listener=tls_inspector(),
    upstream=[tls_host([recv(4), raw("pong"), recv_eof()], kind="tcp")],
    send=[tls(raw("ping"), recv(4), fin(), recv_eof(), sni="server.example"), tls(recv_eof(), sni="other.example")],
)
