"""TLS under pressure: ten thousand handshakes, clients that never finish one, noise, certificates that change."""

import contextlib
import json
import os
import random
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest
from harness.certificates import folder
from harness.config import TYPE, certificate, downstream_tls, mutual_tls, pem, upstream_tls
from harness.tls import tls_hello

from pressure import config
from pressure.peers import OK, is_over, reset, serving
from pressure.service import Quiet

REQUEST = b"GET / HTTP/1.1\r\nhost: server.example\r\n\r\n"
SDS = "server_ssl_socket_factory.ssl_context_update_by_sds"


def served(port, socket_fields, **chain):
    """A bootstrap whose only filter chain has this transport socket; @certs@ is where the certificates are."""
    made = config.http(config.cluster(port))
    made["node"] = {"id": "n", "cluster": "c"}
    made["static_resources"]["listeners"][0]["filter_chains"][0].update({**socket_fields, **chain})
    return json.loads(json.dumps(made).replace("@certs@", str(folder())))


def client(cert="client", highest=ssl.TLSVersion.TLSv1_3, ca="root"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.maximum_version = highest
    context.load_verify_locations(folder() / f"{ca}.pem")
    if cert:
        context.load_cert_chain(folder() / f"{cert}.pem", folder() / f"{cert}.key")
    return context


def ask(service, context, session=None):
    """One request on a connection of its own; the session, and the server's certificate. Raises OSError."""
    plain = service.connect()
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with context.wrap_socket(plain, server_hostname="server.example", session=session) as sock:
        sock.sendall(REQUEST)
        data = sock.recv(4096)
        if not data.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(f"answered {data!r}")
        return sock.session, sock.getpeercert()


def at_rest(service, backend):
    """Quiet, without the upstream connections that were kept until now."""
    service.wait_for(
        lambda: backend.close_all() or not service.stat("cluster.a.upstream_cx_active"), "kept connections"
    )
    return Quiet(service, backend)


def fails(service, context):
    try:
        ask(service, context)
    except OSError:
        return True
    return False


def handshakes(service, rounds):
    """Ten handshakes a round, of every kind: full and resumed, of both versions, refused, and given up half-way."""
    newest, older = client(), client(highest=ssl.TLSVersion.TLSv1_2)
    stranger, nameless = client("stranger"), client(None)
    for _ in range(rounds):
        session, _ = ask(service, newest)
        for _ in range(3):
            session, _ = ask(service, newest, session)
        session, _ = ask(service, older)
        for _ in range(2):
            session, _ = ask(service, older, session)
        assert fails(service, stranger)
        assert fails(service, nameless)
        with service.connect() as sock:
            sock.sendall(tls_hello())
            sock.recv(5)
            reset(sock)


def test_ten_thousand_handshakes_in_constant_memory(serve, upstream):
    backend = upstream(serving(OK))
    service = serve(served(backend.port, mutual_tls()), flags=("--concurrency", "2"))
    handshakes(service, 100)
    before = service.resident()
    with at_rest(service, backend):
        threads = [threading.Thread(target=handshakes, args=(service, 450)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert service.resident() - before < 2 << 20, f"{before >> 10} KiB grew to {service.resident() >> 10} KiB"
    stats = service.stats("ssl\\.(handshake|session_reused|fail_verify_error|fail_verify_no_cert)$")
    counted = {name.rpartition(".")[2]: value for name, value in stats.items()}
    assert counted == {
        "handshake": 7000, "session_reused": 5000, "fail_verify_error": 1000, "fail_verify_no_cert": 1000,
    }  # fmt: skip


def test_who_never_finishes_a_handshake_is_closed_in_time(serve, upstream):
    service = serve(served(upstream(serving(OK)).port, mutual_tls(), transport_socket_connect_timeout="1s"))
    before = service.resident()
    hello, began = tls_hello(), time.monotonic()
    silent = [service.connect() for _ in range(200)]
    halves = [service.connect() for _ in range(200)]
    for sock in halves:
        sock.sendall(hello[: len(hello) // 2])
    # These send a byte now and then: the time counts from the accept.
    slow = [service.connect() for _ in range(50)]
    position = 0
    while time.monotonic() - began < 1.6:
        for sock in slow:
            with contextlib.suppress(OSError):
                sock.sendall(hello[position : position + 1])
        position += 1
        assert ask(service, client())
        time.sleep(0.05)
    for sock in (*silent, *halves, *slow):
        assert is_over(sock)
        sock.close()
    name = f"listener.127.0.0.1_{service.port}.downstream_cx_transport_socket_connect_timeout"
    assert service.stat(name) == 450
    assert service.resident() - before < 450 * (64 << 10)


def test_noise_instead_of_handshakes(serve, upstream):
    backend = upstream(serving(OK))
    service = serve(served(backend.port, mutual_tls(), transport_socket_connect_timeout="2s"))
    chance, hello = random.Random(7), tls_hello(sni="server.example", alpn=("http/1.1", "h2"))
    ask(service, client())
    with at_rest(service, backend):
        for turn in range(1500):
            throw(service, chance, hello, turn)
        assert ask(service, client())


def throw(service, chance, hello, turn):
    data = bytearray(hello if turn % 3 else chance.randbytes(chance.randrange(1, 600)))
    for _ in range(chance.randrange(1, 8)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    with service.connect() as sock, contextlib.suppress(OSError):
        sock.sendall(bytes(data[: chance.randrange(1, len(data) + 1)]))
        if turn % 10 == 0:
            sock.sendall(chance.randbytes(3000))
        if turn % 2:
            reset(sock)


def resource(name, cert):
    kind = TYPE + "envoy.extensions.transport_sockets.tls.v3.Secret"
    made = {"resources": [{"@type": kind, "name": name, "tls_certificate": certificate(cert)}]}
    return json.dumps(made).replace("@certs@", str(folder()))


def put(path, text):
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


def test_certificates_that_change_under_load_lose_no_request(serve, upstream, tmp_path):
    """A rename every 20 ms, now and then a broken file; every connection finds a certificate, none is cut."""
    path = str(tmp_path / "secret.json")
    put(path, resource("server", "server"))
    source = {"path_config_source": {"path": path}, "resource_api_version": "V3"}
    chain = downstream_tls(
        None, tls_certificate_sds_secret_configs=[{"name": "server", "sds_config": source}],
        validation_context={"trusted_ca": pem("root.pem")}, context={"require_client_certificate": True},
    )  # fmt: skip
    service = serve(served(upstream(serving(OK)).port, chain), flags=("--concurrency", "2"))
    stop, seen, faults, asked = threading.Event(), set(), [], [0]

    def newcomers():
        context = client()
        while not stop.is_set():
            try:
                _, peer = ask(service, context)
                seen.add(dict(name[0] for name in peer["subject"])["commonName"])
                asked[0] += 1
            except (OSError, ConnectionError) as error:
                faults.append(repr(error))

    def stays():
        with client().wrap_socket(service.connect(), server_hostname="server.example") as sock:
            while not stop.is_set():
                sock.sendall(REQUEST)
                if not sock.recv(4096).startswith(b"HTTP/1.1 200"):
                    faults.append("the connection that stood was cut")
                    return

    threads = [threading.Thread(target=work) for work in (newcomers, newcomers, stays)]
    for thread in threads:
        thread.start()
    for turn in range(150):
        put(path, "nonsense" if turn % 10 == 9 else resource("server", "second" if turn % 2 else "server"))
        time.sleep(0.02)
    put(path, resource("server", "second"))
    updated = service.stat(f"listener.127.0.0.1_{service.port}.{SDS}")
    time.sleep(0.2)
    stop.set()
    for thread in threads:
        thread.join()
    assert not faults, faults[:5]
    assert seen == {"server", "second"}
    assert asked[0] > 100 and updated > 20, (asked, updated)
    assert dict(name[0] for name in ask(service, client())[1]["subject"])["commonName"] == "second"


# Other people's clients -----------------------------------------------------------------------------------------------

PAIR = ("client.pem", "client.key")


def command(name, service, version):
    cert, key = (str(folder() / part) for part in PAIR)
    root = str(folder() / "root.pem")
    if name == "curl":
        return [
            "curl", "-sS", "--max-time", "10", "--cacert", root, "--cert", cert, "--key", key, f"--tlsv{version}",
            "--tls-max", version, "--resolve", f"server.example:{service.port}:127.0.0.1",
            f"https://server.example:{service.port}/", f"https://server.example:{service.port}/again",
        ]  # fmt: skip
    return [
        "openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{service.port}", "-servername", "server.example",
        "-CAfile", root, "-cert", cert, "-cert_chain", cert, "-key", key, "-verify_return_error",
        "-verify_hostname", "server.example", f"-tls{version.replace('.', '_')}",
    ]  # fmt: skip


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("name", ["curl", "openssl"])
def test_clients_of_others(serve, upstream, name, version):
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    service = serve(served(upstream(serving(OK)).port, mutual_tls(alpn_protocols=["http/1.1"])))
    asked = REQUEST.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n") if name == "openssl" else b""
    done = subprocess.run(command(name, service, version), input=asked, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"okok" if name == "curl" else done.stdout.endswith(b"\r\n\r\nok"), done.stdout


def test_a_server_that_is_not_believed(serve, upstream):
    """What curl and Python refuse as clients they refuse here too: the chain that is sent is the whole one."""
    service = serve(served(upstream(serving(OK)).port, downstream_tls("stranger")))
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(service, client())
    assert ask(service, client(ca="other-root"))


def test_an_upstream_that_never_finishes_its_handshake(serve):
    """connect_timeout bounds it; the request is answered, and nothing remains."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    made = config.http(config.cluster(listening.getsockname()[1], connect_timeout="0.5s", **upstream_tls("client")))
    service = serve(json.loads(json.dumps(made).replace("@certs@", str(folder()))))
    with service.connect() as sock:
        began = time.monotonic()
        sock.sendall(REQUEST)
        assert sock.recv(4096).startswith(b"HTTP/1.1 503")
        assert 0.4 < time.monotonic() - began < 3
    assert service.stat("cluster.a.upstream_cx_connect_timeout") == 1
    listening.close()
