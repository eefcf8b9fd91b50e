"""The ways in which connections are captured in a namespace, each asked for by its name: the same comes of all of them."""

import http.client
import platform
import socket
import subprocess
import threading

import pytest
from configs import bootstrap, inbound, outbound, says, static, tcp
from conftest import HERE, NOBODY, eventually, free_port

VARIANTS = ["tproxy-without-socket", "redirect", "anyip"]
only_x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="the filter has x86-64's numbers")

OUTBOUND = """
import socket, struct, sys, urllib.request
allowed, closed, elsewhere, port = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])

def ask(kind, server, family=socket.AF_INET):
    question = struct.pack('>6H', 7, 256, 1, 0, 0, 0) + b'\\3api\\4test\\0' + struct.pack('>2H', 1, 1)
    with socket.socket(family, kind) as asker:
        asker.settimeout(5)
        if kind == socket.SOCK_STREAM:
            asker.connect((server, 53))
            asker.sendall(struct.pack('>H', len(question)) + question)
            return asker.recv(512)[2:]
        asker.sendto(question, (server, 53))
        reply, source = asker.recvfrom(512)
        assert source[:2] == (server, 53), source
        return reply

def said(target, family=socket.AF_INET):
    with socket.socket(family) as asker:
        asker.settimeout(5)
        asker.connect(target)
        asker.sendall(b'GET / HTTP/1.1\\r\\nhost: api.test\\r\\nconnection: close\\r\\n\\r\\n')
        return asker.makefile('rb').read()

def refused(target):
    try:
        said(target)
    except OSError:
        return True

for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
    for server in ('8.8.8.8', '127.0.0.53', '10.244.0.2'):
        assert ask(kind, server)[-4:-2] == bytes([240, 240]), server
    assert ask(kind, '2001:db8::1', socket.AF_INET6)[-4:-2] == bytes([240, 240])
for family in (socket.AF_INET, socket.AF_INET6):
    target = socket.getaddrinfo('api.test', 80, family)[0][4]
    assert said(target, family).endswith(b'hello\\n'), family
assert b'upstream api.test /' in said(('127.0.0.1', allowed)), 'a port of the host'
assert b'upstream' in said((socket.gethostbyname('host.pillion.internal'), allowed))
assert refused(('127.0.0.1', closed)) and refused(('127.0.0.1', 15001))
server = socket.create_server(('127.0.0.1', closed))
client = socket.create_connection(('127.0.0.1', closed))
server.accept()[0].sendall(b'mine')
assert client.recv(10) == b'mine', 'a port of its own'
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
    asker.connect(('192.0.2.1', 9))
    asker.send(b'x')
    try:
        asker.settimeout(5)
        asker.recv(1)
    except ConnectionRefusedError:
        pass
client = socket.create_connection((elsewhere, port))
assert client.recv(10) == b'elsewhere', 'what passes through'
assert client.getpeername() == (elsewhere, port)
print('all is well')
"""


@pytest.fixture
def elsewhere(user):
    """A server on an address of this machine that is not loopback."""
    found = subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split()
    server = socket.create_server((found[0] if found else "127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.sendall(b"elsewhere")

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[:2]
    server.close()


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_goes_out(run, upstream, elsewhere, variant):
    chain = {"filter_chain_match": {"destination_port": elsewhere[1]}, "filters": [tcp("passthrough")]}
    config = bootstrap([outbound([says("hello\n", "api.test")], [chain])])
    arguments = (str(upstream), str(free_port()), elsewhere[0], str(elsewhere[1]))
    flags = ["--intercept-variant", variant, "--host-port", str(upstream)]
    out, err, _ = run(config, "/usr/bin/python3", "-c", OUTBOUND, *arguments, flags=flags)
    assert out == "all is well\n", err


REGISTRY_ONLY = """
import socket
try:
    socket.getaddrinfo('example.com', 80)
    raise SystemExit('example.com has an address')
except socket.gaierror:
    pass
try:
    connection = socket.create_connection(('192.0.2.1', 80), timeout=5)
    connection.sendall(b'x')
    connection.recv(1)
    raise SystemExit('connected')
except ConnectionResetError:
    pass
print(socket.create_connection(('api.test', 80)).getpeername()[1])
"""


@pytest.mark.parametrize("variant", VARIANTS)
def test_registry_only(run, variant):
    flags = ["--intercept-variant", variant, "--outbound", "registry-only"]
    config = bootstrap([outbound([says("hello\n", "api.test")])])
    out, err, _ = run(config, "/usr/bin/python3", "-c", REGISTRY_ONLY, flags=flags)
    assert out == "80\n", err


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_comes_in(start, variant):
    """The app's port is one of the host's too: what is dialled for the app is not captured."""
    port = free_port()
    config = bootstrap([inbound(port)], [static("app", "127.0.0.1", 8080)])
    app = "import http.server; http.server.HTTPServer(('127.0.0.1', 8080), http.server.SimpleHTTPRequestHandler).serve_forever()"
    flags = ["--intercept-variant", variant, "--host-port", "8080", "--concurrency", "2"]
    start(config, "/usr/bin/python3", "-c", app, flags=flags)

    def status():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("HEAD", "/")
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    assert eventually(lambda: status() == 200)


@only_x86
@pytest.mark.parametrize("calls", [["transparent", "transparent6"], ["nftables"]], ids=["redirect", "anyip"])
def test_the_first_that_works(pillion, folder, user, calls):
    """Without transparent sockets REDIRECT, without nftables listeners."""
    config = folder / "config.json"
    config.write_text(bootstrap([outbound([says("hello\n", "api.test")])]))
    config.chmod(0o644)
    deny = folder / "deny.py"
    deny.write_text((HERE / "deny.py").read_text())
    prefix = NOBODY if user == "nobody" else []
    command = [*prefix, "/usr/bin/python3", str(deny), *calls, "--", pillion, "run", "-l", "info", "-c", str(config)]
    command += ["--", "curl", "-sS", "http://api.test/"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert result.stdout == "hello\n", result.stderr
    assert ("reaches these ports of others only: 80, 443" in result.stderr) == ("nftables" in calls)
    assert f"come by {'anyip' if 'nftables' in calls else 'redirect'}" in result.stderr
