"""Where the app's connections and questions go."""

import json
import shutil
import socket
import subprocess
import threading

import pytest
from configs import address, bootstrap, inbound, outbound, says, static, tcp, to
from conftest import eventually, free_port

# curl's exit codes: refused, or reset, which it notices while it sends, before or while it receives.
NOBODY_THERE = (7, 55, 52, 56)
HELLO = bootstrap([outbound([says("hello\n", "api.test", "*.wild.test")])])


def test_curl(run):
    assert run(HELLO, "curl", "-sS", "http://api.test/")[::2] == ("hello\n", 0)


def test_a_static_go_program(run, go_client):
    out, err, code = run(HELLO, go_client, "http://api.test/", "http://a.b.wild.test/")
    assert (out, code) == ("hello\nhello\n", 0), err


def test_python(run):
    program = "import urllib.request; print(urllib.request.urlopen('http://api.test/').read())"
    assert run(HELLO, "/usr/bin/python3", "-c", program)[::2] == ("b'hello\\n'\n", 0)


def test_node(run):
    """Its lookup is libc's, its resolve4 c-ares'."""
    program = """
const dns = require('dns');
fetch('http://api.test/').then(answer => answer.text()).then(text => dns.resolve4('api.test', (_, found) =>
  dns.lookup('x.wild.test', (_, address) => console.log(text.trim(), found[0].slice(0, 8), address.slice(0, 8)))));
"""
    out, err, code = run(HELLO, "node", "-e", program)
    assert (out, code) == ("hello 240.240. 240.240.\n", 0), err


def test_over_ipv6(run):
    out, err, code = run(HELLO, "curl", "-6", "-sS", "-w", "%{remote_ip}", "http://api.test/")
    assert code == 0 and out.startswith("hello\n2001:2::"), (out, err)


def test_addresses_are_stable(run):
    first = run(HELLO, "getent", "ahostsv4", "api.test")[0]
    assert first.startswith("240.240.") and run(HELLO, "getent", "ahostsv4", "api.test")[0] == first


def test_upstreams_are_dialled_on_the_host(run, upstream):
    config = bootstrap([outbound([to("backend", "backend.test")])], [static("backend", "127.0.0.1", upstream)])
    assert run(config, "curl", "-sS", "http://backend.test/x")[0] == "upstream backend.test /x\n"


def test_any_resolver_is_ours(run):
    program = """
import socket, struct
def ask(kind, server):
    question = struct.pack('>6H', 7, 256, 1, 0, 0, 0) + b'\\3api\\4test\\0' + struct.pack('>2H', 1, 1)
    with socket.socket(socket.AF_INET, kind) as asker:
        asker.settimeout(5)
        if kind == socket.SOCK_STREAM:
            asker.connect((server, 53))
            asker.sendall(struct.pack('>H', len(question)) + question)
            return asker.recv(512)[2:]
        asker.sendto(question, (server, 53))
        reply, source = asker.recvfrom(512)
        assert source == (server, 53), source
        return reply
replies = {ask(kind, server)[-4:-2] for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)
           for server in ('8.8.8.8', '127.0.0.53', '240.240.0.10', '192.0.2.1')}
assert replies == {bytes([240, 240])}, replies
"""
    out, err, code = run(HELLO, "/usr/bin/python3", "-c", program)
    assert code == 0, err


def test_answers_over_tcp_to_one_who_asks_no_more(run):
    """The client shuts its sending side behind its questions; the host's answer comes later than ours."""
    program = """
import socket, struct
def question(number, name):
    labels = b''.join(bytes([len(label)]) + label for label in name.split(b'.'))
    text = struct.pack('>6H', number, 256, 1, 0, 0, 0) + labels + b'\\0' + struct.pack('>2H', 1, 1)
    return struct.pack('>H', len(text)) + text
def ask(*names):
    with socket.create_connection(('192.0.2.1', 53), timeout=20) as asker:
        asker.sendall(b''.join(question(number, name) for number, name in enumerate(names)))
        asker.shutdown(socket.SHUT_WR)
        said = asker.makefile('rb').read()
    numbers = []
    while said:
        length, number = struct.unpack_from('>2H', said)
        numbers.append(number)
        said = said[2 + length:]
    assert sorted(numbers) == list(range(len(names))), (names, numbers)
for _ in range(100):
    ask(b'api.test')
ask(b'no-such-name.invalid')
ask(b'no-such-name.invalid', b'api.test', b'x.wild.test')
ask()
"""
    out, err, code = run(HELLO, "/usr/bin/python3", "-c", program)
    assert code == 0, err


def test_other_names_are_the_hosts(run):
    out, err, code = run(HELLO, "getent", "hosts", "no-such-name.invalid")
    assert (out, code) == ("", 2), err
    lookup = "import socket; print(socket.gethostbyname(socket.gethostname()))"
    assert run(HELLO, "/usr/bin/python3", "-c", lookup)[2] == 0


def test_registry_only(run, upstream):
    program = f"""
import socket
try:
    socket.getaddrinfo('example.com', 80)
    raise SystemExit('example.com has an address')
except socket.gaierror:
    pass
for target in (('192.0.2.1', 80), ('198.51.100.7', 9)):
    try:
        connection = socket.create_connection(target, timeout=5)
        connection.sendall(b'x')
        connection.recv(1)
        raise SystemExit('connected')
    except ConnectionResetError:
        pass
print(socket.create_connection(('api.test', 80)).getpeername()[1])
"""
    out, err, code = run(HELLO, "/usr/bin/python3", "-c", program, flags=["--outbound", "registry-only"])
    assert (out, code) == ("80\n", 0), err


@pytest.fixture
def elsewhere(user):
    """An echo server on an address of this machine that is not loopback."""
    found = subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split()
    if not found:
        pytest.skip("this machine has loopback addresses only")
    server = socket.create_server((found[0], 0))

    def serve():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.sendall(b"echo " + connection.recv(100))

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[:2]
    server.close()


SAY = "import socket, sys; c = socket.create_connection((sys.argv[1], int(sys.argv[2])));"
SAY += " c.sendall(b'hi'); print(c.recv(100), c.getpeername()[0])"


def test_what_passes_through(run, elsewhere):
    host, port = elsewhere
    out, err, _ = run(HELLO, "/usr/bin/python3", "-c", SAY, host, str(port))
    assert out == f"b'echo hi' {host}\n", err


def test_a_routed_name_at_another_port(run):
    """Its address is ours for all ports; where nothing routes it, the connection goes to the host's address of it."""
    name = socket.gethostname()
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
        program = f"""
import socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
    asker.settimeout(5)
    labels = b''.join(bytes([len(label)]) + label.encode() for label in {name!r}.split('.'))
    asker.sendto(struct.pack('>6H', 7, 256, 1, 0, 0, 0) + labels + b'\\0' + struct.pack('>2H', 1, 1), ('8.8.8.8', 53))
    address = socket.inet_ntoa(asker.recv(512)[-4:])
assert address.startswith('240.240.'), address
connection = socket.create_connection((address, {port}))
print(connection.recv(10))
"""

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"reached")

        threading.Thread(target=answer, daemon=True).start()
        out, err, code = run(bootstrap([outbound([says("x", name)])]), "/usr/bin/python3", "-c", program)
        assert (out, code) == ("b'reached'\n", 0), err


def test_without_an_outbound_listener_all_passes_through(run, elsewhere):
    host, port = elsewhere
    out, err, _ = run(bootstrap([]), "/usr/bin/python3", "-c", SAY, host, str(port))
    assert out == f"b'echo hi' {host}\n", err


def test_listeners_by_destination(run, upstream):
    """bind_to_port: false, by address and by port, and a filter chain by prefix."""

    def hidden(host, port, cluster):
        return {
            "name": f"{host}_{port}",
            "address": address(host, port),
            "bind_to_port": False,
            "traffic_direction": "OUTBOUND",
            "filter_chains": [{"filters": [tcp(cluster)]}],
        }

    chain = {
        "filter_chain_match": {"prefix_ranges": [{"address_prefix": "198.51.100.0", "prefix_len": 24}]},
        "filters": [tcp("live")],
    }
    listeners = [outbound([], [chain]), hidden("192.0.2.7", 5000, "live"), hidden("0.0.0.0", 6000, "live")]
    clusters = [static("live", "127.0.0.1", upstream), static("dead", "127.0.0.1", free_port())]
    config = bootstrap(listeners, clusters)
    for target in ("192.0.2.7:5000", "203.0.113.9:6000", "198.51.100.3:7"):
        out, err, code = run(config, "curl", "-sS", f"http://{target}/x", flags=["--outbound", "allow-any"])
        assert out == f"upstream {target} /x\n", err


def test_ports_of_the_host(run, upstream):
    closed = run(HELLO, "curl", "-sS", f"http://127.0.0.1:{upstream}/")
    assert closed[2] == 7, closed
    opened = run(HELLO, "curl", "-sS", f"http://127.0.0.1:{upstream}/", flags=["--host-port", str(upstream)])
    assert opened[0] == f"upstream 127.0.0.1:{upstream} /\n", opened
    named = run(HELLO, "curl", "-sS", f"http://host.pillion.internal:{upstream}/", flags=["--outbound", "registry-only"])
    assert named[0] == f"upstream host.pillion.internal:{upstream} /\n", named


def test_whatever_listens_on_the_host(start, upstream):
    """Also what begins to while the app runs, and no more once it has ended; nor the proxy's inbound listeners."""
    program = """
import socket, sys, time
def reaches(port):
    try:
        return bool(socket.create_connection(('127.0.0.1', port), 5))
    except ConnectionRefusedError:
        return False
def wait(port, wanted):
    end = time.monotonic() + 10
    while reaches(port) != wanted:
        assert time.monotonic() < end, (port, wanted)
        time.sleep(0.01)
there, later, inbound = map(int, sys.argv[1:])
assert reaches(there) and not reaches(later) and not reaches(inbound)
print('closed', flush=True)
wait(later, True)
print('open', flush=True)
wait(later, False)
assert reaches(there)
mine = socket.create_server(('127.0.0.1', there))
client = socket.create_connection(('127.0.0.1', there))
assert mine.accept()[0].getpeername() == client.getsockname()
"""
    later, listener = free_port(), free_port()
    config = bootstrap([outbound([says("hello\n", "api.test")]), inbound(listener)], [static("app", "127.0.0.1", 1)])
    ports = [str(port) for port in (upstream, later, listener)]
    run = start(config, "/usr/bin/python3", "-c", program, *ports, flags=["--host-port", "auto"])
    assert run.process.stdout.readline() == "closed\n", run.process.stderr.read()
    with socket.create_server(("127.0.0.1", later)):
        assert run.process.stdout.readline() == "open\n", run.process.stderr.read()
    _, err, code = run.wait()
    assert code == 0, err


@pytest.mark.skipif(not shutil.which("nft"), reason="no nft here")
def test_a_port_that_somebody_else_has_closed(start, pillion, user):
    """It is let go: others go on being opened and closed."""
    if user != "root":
        pytest.skip("a user's rules are that user's and the kernel's")
    run = start(HELLO, "sleep", "60", flags=["--host-port", "auto", "--name", "ports"])
    assert run.agent()
    assert eventually(lambda: run.command_of("sleep"))

    def beside(*command):
        return subprocess.run([pillion, "exec", "ports", "--", *command], capture_output=True, timeout=20).returncode

    def reaches(port):
        return beside("python3", "-c", f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)") == 0

    with socket.create_server(("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        assert eventually(lambda: reaches(port))
        assert beside("nft", "delete element inet pillion hostports {%d}" % port) == 0
    with socket.create_server(("127.0.0.1", 0)) as second:
        assert eventually(lambda: reaches(second.getsockname()[1]), 5)


def test_the_apps_own_port_wins(run, upstream):
    program = f"""
import socket
server = socket.create_server(('127.0.0.1', {upstream}))
client = socket.create_connection(('127.0.0.1', {upstream}))
connection, _ = server.accept()
connection.sendall(b'mine')
print(client.recv(10))
"""
    out, err, _ = run(HELLO, "/usr/bin/python3", "-c", program, flags=["--host-port", str(upstream)])
    assert out == "b'mine'\n", err


def test_the_proxys_own_listeners(run):
    listener = {**outbound([says("at its address\n", "*")]), "name": "explicit", "use_original_dst": False}
    listener["filter_chains"][0].pop("filter_chain_match")
    listener["address"] = address("127.0.0.1", port := free_port())
    listener.pop("default_filter_chain")
    admin = free_port()
    config = bootstrap([listener], admin=admin)
    assert run(config, "curl", "-sS", f"http://127.0.0.1:{port}/")[0] == "at its address\n"
    assert run(config, "curl", "-sS", f"http://127.0.0.1:{admin}/ready")[0] == "LIVE\n"


def test_at_another_address_of_loopback(run):
    """Each stands at its very address: at 127.0.0.1 that port is the app's own."""
    listener = {**outbound([says("at its address\n", "*")]), "name": "explicit", "use_original_dst": False}
    listener["filter_chains"][0].pop("filter_chain_match")
    listener["address"] = address("127.0.0.10", port := free_port())
    listener.pop("default_filter_chain")
    config = json.loads(bootstrap([listener]))
    config["admin"] = {"address": address("127.0.0.10", admin := free_port())}
    targets = [f"http://127.0.0.10:{port}/", f"http://127.0.0.10:{admin}/ready"]
    assert run(json.dumps(config), "curl", "-sS", *targets)[0] == "at its address\nLIVE\n"
    assert run(json.dumps(config), "curl", "-sS", f"http://127.0.0.1:{admin}/ready")[2] in NOBODY_THERE


@pytest.mark.parametrize("mode", ["namespace", "explicit"])
def test_names_that_are_ours(run, mode):
    for name in ("pillion_outbound", "pillion_host", "pillion_requests", "pillion_port_x:1"):
        out, err, code = run(
            bootstrap([{**outbound([says("x", "*")]), "name": name}]), "true", flags=["--intercept", mode]
        )
        assert code == 1 and f"listener '{name}'" in err and ":1:" in err and "give it another name" in err, err
    cluster = static("pillion_passthrough", "127.0.0.1", 1)
    out, err, code = run(bootstrap([], [cluster]), "true", flags=["--intercept", mode])
    assert code == 1 and "cluster 'pillion_passthrough'" in err, err
    assert run(bootstrap([], [cluster]), "true", flags=["--intercept", "off"])[2] == 0


def test_what_the_capture_port_itself_is_asked(run):
    for target in ("127.0.0.1:15001", "[::1]:15001"):
        out, err, code = run(HELLO, "curl", "-sS", "-m", "5", f"http://{target}/")
        assert code in NOBODY_THERE, (code, err)


def test_many_connections_in_a_row(run, upstream):
    program = """
import socket
for _ in range(1500):
    with socket.create_connection(('api.test', 80)) as c:
        c.sendall(b'GET / HTTP/1.1\\r\\nhost: api.test\\r\\n\\r\\n')
        assert b'200' in c.recv(1000)
"""
    assert run(HELLO, "/usr/bin/python3", "-c", program)[2] == 0


def test_nested(run, pillion, folder):
    """Three deep: what the innermost does not know, the next one answers."""
    for name in ("inner", "middle"):
        config = folder / f"{name}.json"
        config.write_text(bootstrap([outbound([says(f"{name}\n", f"{name}.test"), to("passthrough", "*")])]))
        config.chmod(0o644)
    within = " ".join(f"{pillion} run -l warning -c {folder}/{name}.json --" for name in ("middle", "inner"))
    ask = "curl -sS http://inner.test/ http://middle.test/ http://api.test/"
    out, err, code = run(HELLO, "sh", "-c", f"{within} {ask}")
    assert (out, code) == ("inner\nmiddle\nhello\n", 0), err
