"""The app on the host, and the proxy its forward proxy: --intercept explicit."""

import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest
from configs import address, bootstrap, outbound, says, static, tcp
from conftest import ROOT, eventually

EXPLICIT = ["--intercept", "explicit"]
REGISTRY = [*EXPLICIT, "--outbound", "registry-only"]
HELLO = bootstrap([outbound([says("hello\n", "api.test", "*.wild.test")])])
VENV = str(ROOT / ".cache/venv/bin/python")
HOST = "host.pillion.internal"


def test_variables_of_the_environment(run):
    """In other modes names in braces are the names themselves."""
    flags = ["--env", "A=x{api.test:5432}y", "--env", "B=1", "--env", "B=2", "--env", "HOME=/here"]
    out, err, _ = run(HELLO, "sh", "-c", "echo $A $B $HOME $KEPT", flags=flags, env={"KEPT": "kept", "HOME": "/there"})
    assert out == "xapi.test:5432y 2 /here kept\n", err
    own = {"NO_PROXY": ".corp", "HTTP_PROXY": "http://corp:3128", "PATH": "/usr/bin:/bin"}
    script = "echo $NO_PROXY $no_proxy; test $HTTP_PROXY = $https_proxy; echo $ALL_PROXY"
    out, err, code = run(HELLO, "sh", "-c", script, flags=[*EXPLICIT, "--env", "ALL_PROXY=mine"], env=own)
    exceptions = ".corp,localhost,127.0.0.1,::1"
    assert (out, code) == (f"{exceptions} {exceptions}\nmine\n", 0), err


def test_curl(run, upstream):
    """One proxy connection after the other, to two servers; through a tunnel; and to one that is not routed."""
    urls = ["http://api.test/", "http://a.wild.test/x", f"http://{HOST}:{upstream}/y"]
    wanted = f"hello\nhello\nupstream {HOST}:{upstream} /y\n"
    for flags in ([], ["-p"]):
        out, err, code = run(HELLO, "curl", "-sS", *flags, *urls, flags=EXPLICIT)
        assert (out, code) == (wanted, 0), err


@pytest.fixture
def secure(folder):
    """A TLS server on the host's loopback, which says what name it was asked for."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=x", "-addext", f"subjectAltName=DNS:{HOST},DNS:secure.test"]
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    subprocess.run([*make, *subject, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    names = []
    context.sni_callback = lambda _, name, __: names.append(name)
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1000)
                secured.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\ntls\r\n")

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1], str(certificate)
    server.close()


def test_https(run, secure):
    """To a port of the host's, and to a chain that is chosen by the server name behind the CONNECT."""
    port, certificate = secure
    chain = {"filter_chain_match": {"server_names": ["secure.test"]}, "filters": [tcp("secure")]}
    listener = outbound([says("x", "api.test")], [chain])
    inspector = "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
    listener["listener_filters"] = [{"name": "tls", "typed_config": {"@type": inspector}}]
    config = bootstrap([listener], [static("secure", "127.0.0.1", port)])
    curl = ["curl", "-sS", "--cacert", certificate, f"https://{HOST}:{port}/", "https://secure.test/"]
    out, err, code = run(config, *curl, flags=REGISTRY)
    assert (out, code) == ("tls\n" * 2, 0), err


def test_python(run):
    program = """
import urllib.request
print(urllib.request.urlopen('http://api.test/').read() + urllib.request.urlopen('http://b.wild.test/').read())
"""
    assert run(HELLO, "/usr/bin/python3", "-c", program, flags=EXPLICIT)[::2] == ("b'hello\\nhello\\n'\n", 0)
    program = """
import httpx, requests
with httpx.Client() as client, requests.Session() as session:
    for one in client, session:
        print(one.get('http://api.test/').text + one.post('http://b.wild.test/', data={'x': 1}).text, end='')
"""
    out, err, code = run(HELLO, VENV, "-c", program, flags=EXPLICIT)
    assert (out, code) == ("hello\n" * 4, 0), err


def test_a_static_go_program(run, go_client):
    out, err, code = run(HELLO, go_client, "http://api.test/", "http://a.wild.test/", flags=EXPLICIT)
    assert (out, code) == ("hello\nhello\n", 0), err


def test_node(run):
    """Debian's asks no proxy by itself: here by its own module, with a connection that it would use again."""
    program = """
const http = require('http');
const proxy = new URL(process.env.http_proxy);
const agent = new http.Agent({keepAlive: true, maxSockets: 1});
const get = (url, next) => http.get({agent, host: proxy.hostname, port: proxy.port, path: url}, answer => {
  answer.on('data', text => process.stdout.write(text)).on('end', next);
});
get('http://api.test/', () => get('http://c.wild.test/', () => agent.destroy()));
"""
    out, err, code = run(HELLO, "node", "-e", program, flags=EXPLICIT)
    assert (out, code) == ("hello\nhello\n", 0), err


GRPC = """
import grpc, sys
from concurrent import futures
class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(lambda said, context: b'echo ' + said)
server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[Echo()])
port = server.add_insecure_port('127.0.0.1:0')
server.start()
channel = grpc.insecure_channel(f'host.pillion.internal:{port}')
print(channel.unary_unary('/x.Y/Z')(b'hi', timeout=10))
"""


def test_grpc(run):
    """Its C core tunnels whatever it says."""
    out, err, code = run(HELLO, VENV, "-c", GRPC, flags=EXPLICIT)
    assert (out, code) == ("b'echo hi'\n", 0), err


@pytest.mark.parametrize("mode", ["explicit", "namespace"])
def test_what_is_no_http(run, mode):
    """The name needs no address where a chain serves its port; the same command line in a namespace."""
    program = """
import os, socket
connections = []
for place in os.environ['PLACES'].split():
    host, _, port = place.rpartition(':')
    connections.append(socket.create_connection((host, int(port))))
    print(connections[-1].recv(20).decode(), end=' ')
assert os.environ['MODE'] == 'namespace' or host == '127.0.0.1'
"""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            for _ in range(3):
                connection, _ = server.accept()
                with connection:
                    connection.sendall(b"database")

        threading.Thread(target=serve, daemon=True).start()
        port = server.getsockname()[1]
        chain = {"filter_chain_match": {"destination_port": 5432}, "filters": [tcp("db")]}
        hidden = {"name": "hidden", "address": address("192.0.2.7", 5000), "bind_to_port": False}
        hidden |= {"traffic_direction": "OUTBOUND", "filter_chains": [{"filters": [tcp("db")]}]}
        config = bootstrap([outbound([], [chain]), hidden], [static("db", "127.0.0.1", port)])
        places = f"PLACES={{db.internal:5432}} {{192.0.2.7:5000}} {{{HOST}:{port}}}"
        flags = ["--intercept", mode, "--outbound", "registry-only", "--env", places, "--env", f"MODE={mode}"]
        out, err, code = run(config, "/usr/bin/python3", "-c", program, flags=flags)
        assert (out, code) == ("database " * 3, 0), err


def test_what_is_not_allowed(run):
    program = """
import os, socket, urllib.error, urllib.request
try:
    urllib.request.urlopen('http://other.test/')
    raise SystemExit('answered')
except urllib.error.HTTPError as error:
    assert error.code == 403 and b'does not know other.test:80' in error.read(), error
host, port = os.environ['PLACE'].split(':')
try:
    connection = socket.create_connection((host, int(port)))
    connection.recv(1)
    raise SystemExit('connected')
except ConnectionResetError:
    pass
"""
    command = ["/usr/bin/python3", "-c", program]
    out, err, code = run(HELLO, *command, flags=[*REGISTRY, "-l", "info", "--env", "PLACE={other.test:5432}"])
    assert code == 0, err
    assert "a connection to other.test:5432 was reset: the configuration does not know other.test:5432" in err
    for url in ("http://api.test:81/", "http://192.0.2.1/", "http://user@api.test/"):
        out, err, code = run(HELLO, "curl", "-sS", "-p", "-w", "%{http_connect}", url, flags=REGISTRY)
        assert code == 56 and out.endswith("403") or "user" in url and out == "hello\n200", (url, out, err)


HEADS = """
import os, socket, sys, time
proxy = ('127.0.0.1', int(os.environ['http_proxy'].rsplit(':', 1)[1]))

def say(*parts, end=False, pause=0.0):
    with socket.create_connection(proxy) as client:
        client.settimeout(20)
        for part in parts:
            client.sendall(part)
            time.sleep(pause)
        if end:
            client.shutdown(socket.SHUT_WR)
        return client.makefile('rb').read()

def status(*parts, **how):
    said = say(*parts, **how)
    assert said.count(b'connection: close') == 1 and b'forward proxy' in said, said
    return int(said.split()[1])

get = b'GET http://api.test/ HTTP/1.1\\r\\nhost: else.test\\r\\n\\r\\n'
connect = b'CONNECT api.test:80 HTTP/1.1\\r\\nhost: api.test:80\\r\\n\\r\\n'
inner = b'GET / HTTP/1.1\\r\\nhost: api.test\\r\\nconnection: close\\r\\n\\r\\n'
established = b'HTTP/1.1 200 Connection established\\r\\n\\r\\n'
hello = b'\\r\\n\\r\\nhello\\n'
"""


def check(run, program):
    out, err, code = run(HELLO, "/usr/bin/python3", "-c", HEADS + program, flags=EXPLICIT)
    assert code == 0, err


def test_heads_that_are_refused(run):
    check(run, r"""
for head in (b'GET / HTTP/1.1\r\nhost: api.test\r\n\r\n', b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + bytes(300),
             b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', b'CONNECT api.test HTTP/1.1\r\n\r\n', b'CONNECT u@api.test:1 HTTP/1.1\r\n\r\n',
             b'GET https://api.test/ HTTP/1.1\r\n\r\n', b'CONNECT ::1:80 HTTP/1.1\r\n\r\n', b'SSH-2.0-client\r\n',
             b'CONNECT api.test:70000 HTTP/1.1\r\n\r\n', b'GET http://[::1/ HTTP/1.1\r\n\r\n'):
    assert status(head) == 400, head
    assert status(head + b'x' * 200_000) == 400, head
for number in range(1, 40, 13):
    assert status(connect[:number], end=True) == 400
assert say(b'', end=True) == b'' and say(b'\r\n', end=True).startswith(b'HTTP/1.1 400')
assert status(b'CONNECT api.test:80 HTTP/1.1\r\nx: ' + b'x' * 70_000) == 431
assert status(b'GET http://api.test/' + b'x' * 70_000) == 431
assert status(b'CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n' % proxy[1]) == 403
assert status(b'GET http://localhost:%d/ HTTP/1.1\r\n\r\n' % proxy[1]) == 403
assert status(b'CONNECT no-such-name.invalid:80 HTTP/1.1\r\n\r\n') == 502
""")


def test_no_byte_is_lost_and_no_request_goes_astray(run):
    check(run, r"""
for parts in ((connect + inner,), (connect, inner), tuple(bytes([byte]) for byte in connect + inner)):
    said = say(*parts)
    assert said.startswith(established) and said.endswith(hello), said
assert say(connect + inner, end=True).endswith(hello)
assert say(connect[:20], connect[20:] + inner[:5], inner[5:], pause=0.05).endswith(hello)
assert say(b'CONNECT api.test:80 HTTP/1.0\n\n' + inner).endswith(hello)
long = b'CONNECT api.test:80 HTTP/1.1\r\nx: ' + b'y' * 60_000 + b'\r\n\r\n'
assert say(long + inner).endswith(hello)
for parts in ((get + get,), (get, get), (get[:10], get[10:] + get)):
    said = say(*parts, pause=0.02)
    assert said.count(b'HTTP/1.1 200') == 1 and b'\r\nconnection: close\r\n' in said and said.endswith(hello), said
said = say(get.replace(b'/ HTTP', b' HTTP').replace(b'GET', b'\r\nOPTIONS'))
assert said.startswith(b'HTTP/1.1 200') and said.endswith(hello), said
""")


def test_an_upgrade_in_absolute_form(run):
    check(run, r"""
import threading
server = socket.create_server(('127.0.0.1', 0))
def serve():
    connection, _ = server.accept()
    head = b''
    while not head.endswith(b'\r\n\r\n'): head += connection.recv(1)
    assert head.startswith(b'GET /chat HTTP/1.1\r\n') and b'proxy-' not in head.lower(), head
    connection.sendall(b'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n')
    for _ in range(3): connection.sendall(connection.recv(10))
    connection.close()
threading.Thread(target=serve, daemon=True).start()
place = 'host.pillion.internal:%d' % server.getsockname()[1]
with socket.create_connection(proxy) as client:
    client.sendall(f'GET http://{place}/chat HTTP/1.1\r\nhost: {place}\r\nproxy-connection: keep-alive\r\n'
                   'connection: Upgrade\r\nupgrade: websocket\r\n\r\n'.encode())
    said = b''
    while b'\r\n\r\n' not in said: said += client.recv(1000)
    assert said.startswith(b'HTTP/1.1 101') and b'connection: close' not in said.lower(), said
    for number in range(3):
        client.sendall(b'ping%d' % number)
        assert client.recv(10) == b'ping%d' % number
    assert client.recv(1) == b''
""")


def test_websocket(run):
    """A library that looks at the proxy's variables."""
    program = """
import threading
from websockets.sync import client, server
def echo(connection):
    for message in connection: connection.send(message)
with server.serve(echo, '127.0.0.1', 0) as serving:
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    with client.connect(f'ws://host.pillion.internal:{serving.socket.getsockname()[1]}/x') as connection:
        connection.send('hello')
        print(connection.recv())
    serving.shutdown()
"""
    out, err, code = run(HELLO, VENV, "-c", program, flags=EXPLICIT)
    assert (out, code) == ("hello\n", 0), err


def test_no_descriptor_is_left(start):
    """Of clients that go at any moment, refused, served or neither."""
    program = HEADS + r"""
import struct
def leave(text, reset):
    client = socket.create_connection(proxy)
    if reset: client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    client.sendall(text)
    client.close()
say(get); say(connect, inner)
sys.stdout.write('begin\n'); sys.stdout.flush(); sys.stdin.readline()
texts = (b'', b'GET', b'GET /', connect[:30], connect, connect + inner, get)
leave(b'CONNECT no-such-name.invalid:1 HTTP/1.1\r\n\r\n', True)
for number in range(300):
    for text in texts: leave(text, number % 2 == 0)
sys.stdout.write('end\n'); sys.stdout.flush(); sys.stdin.readline()
"""
    run = start(HELLO, "/usr/bin/python3", "-c", program, flags=EXPLICIT, stdin=subprocess.PIPE)

    def open_ones():
        return len(list(Path(f"/proc/{run.process.pid}/fd").iterdir()))

    assert run.process.stdout.readline() == "begin\n"
    before = open_ones()
    run.process.stdin.write("\n")
    run.process.stdin.flush()
    assert run.process.stdout.readline() == "end\n"
    assert eventually(lambda: open_ones() <= before), (before, open_ones())
    assert run.process.communicate("\n", timeout=10)[1] == ""


@pytest.mark.parametrize("mode", ["namespace", "trap"])
def test_what_captures_inside(run, pillion, folder, mode):
    """An outer Pillion's proxy is not told to an app whose connections are captured; a user's own is."""
    inner = folder / "inner.json"
    inner.write_text(bootstrap([outbound([says("inner\n", "api.test")])]))
    inner.chmod(0o644)
    script = "curl -sS http://api.test/; echo $PILLION_PROXY $https_proxy $grpc_proxy"
    command = [pillion, "run", "-l", "error", "-c", str(inner), "--intercept", mode, "--", "sh", "-c", script]
    out, err, code = run(HELLO, *command, flags=[*EXPLICIT, "--env", "grpc_proxy=mine"])
    assert (out, code) == ("inner\nmine\n", 0), err


def test_what_is_said_to_the_proxy_alone(run):
    """Another server is told nothing of it. There is no HTTP/1.0 here, as there is none in Envoy by default."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        heads = []

        def serve():
            connection, _ = server.accept()
            with connection:
                heads.append(connection.recv(4000).decode().lower())
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

        threading.Thread(target=serve, daemon=True).start()
        url = f"http://{HOST}:{server.getsockname()[1]}/"
        said = ["-H", "Proxy-Authorization: Basic eDp5", "-H", "Proxy-Connection: keep-alive", "-H", "Kept: 1"]
        out, err, code = run(HELLO, "curl", "-sS", *said, url, flags=EXPLICIT)
        assert code == 0 and len(heads) == 1, err
        assert "kept: 1" in heads[0] and "proxy-" not in heads[0], heads
        out, err, _ = run(HELLO, "curl", "-0", "-sS", "-o", "/dev/null", "-w", "%{http_code}", url, flags=EXPLICIT)
        assert out == "426", err


def test_the_proxy_itself_in_other_clothes(run):
    """Whichever way it is written, it is no way in a circle."""
    script = """
port=${HTTP_PROXY##*:}
for host in '[::ffff:127.0.0.1]' '[::ffff:0.0.0.0]' 127.0.0.1; do
  NO_PROXY= no_proxy= curl -sS -o /dev/null -w '%{http_code} ' http://$host:$port/
done
"""
    out, err, _ = run(HELLO, "sh", "-c", script, flags=EXPLICIT)
    assert out == "403 403 403 ", err
