"""The app's datagrams, with --udp relay and without."""

import socket
import subprocess
import threading

import pytest
from configs import bootstrap, outbound, says

HELLO = bootstrap([outbound([says("hello\n", "api.test")])])
RELAY = ["--udp", "relay"]


@pytest.fixture
def echo():
    """A server of UDP on all of this machine's addresses; it answers with whom it sees, without the port."""
    server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(("::", 0))

    port = server.getsockname()[1]

    def serve():
        said, peer = server.recvfrom(70_000)
        while said != b"stop":
            server.sendto(b"echo " + said, peer)
            said, peer = server.recvfrom(70_000)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield port
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
        last.sendto(b"stop", ("127.0.0.1", port))
    thread.join()
    server.close()


def elsewhere():
    found = subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split()
    if not found:
        pytest.skip("this machine has loopback addresses only")
    return found[0]


def test_flows(run, echo):
    """Connected and not, two destinations from one socket, two sockets to one destination, many and large datagrams."""
    program = f"""
import socket
def make(name=None):
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.settimeout(5)
    return made
there, host = ({elsewhere()!r}, {echo}), (socket.gethostbyname('host.pillion.internal'), {echo})
free, other, connected = make(), make(), make()
connected.connect(there)
for number in range(200):
    text = b'%d' % number
    for place in (there, host):
        for one in (free, other):
            one.sendto(text, place)
            assert one.recvfrom(100) == (b'echo ' + text, place)
    connected.send(text)
    assert connected.recv(100) == b'echo ' + text
connected.send(b'x' * 60_000)
assert connected.recv(70_000) == b'echo ' + b'x' * 60_000
for number in range(300):
    one = make()
    one.sendto(b'first', there); one.sendto(b'second', there)
    assert [one.recv(100), one.recv(100)] == [b'echo first', b'echo second']
connected.send(b'')
assert connected.recv(10) == b'echo '
"""
    out, err, code = run(HELLO, "/usr/bin/python3", "-c", program, flags=RELAY)
    assert code == 0, err


def test_the_apps_own_datagrams_and_names_stay(run, echo):
    program = f"""
import socket
server, client = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
server.bind(('0.0.0.0', {echo}))
client.settimeout(5)
client.sendto(b'own', ('127.0.0.1', {echo}))
assert server.recv(10) == b'own'
print(socket.gethostbyname('api.test')[:7])
"""
    out, err, code = run(HELLO, "/usr/bin/python3", "-c", program, flags=RELAY)
    assert (out, code) == ("240.240\n", 0), err


def test_only_where_it_is_allowed(run, echo):
    program = f"""
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(0.5)
client.connect(({elsewhere()!r}, {echo}))
for _ in range(2):
    try:
        client.send(b'x')
        client.recv(10)
        raise SystemExit('answered')
    except OSError as error:
        print(type(error).__name__)
"""
    refused, relayed = "ConnectionRefusedError\n" * 2, "timeout\n" * 2
    out, err, _ = run(HELLO, "/usr/bin/python3", "-c", program)
    assert out == refused, err
    out, err, _ = run(HELLO, "/usr/bin/python3", "-c", program, flags=[*RELAY, "--outbound", "registry-only"])
    assert out.replace("TimeoutError", "timeout") == relayed, err


def test_only_with_tproxy(run):
    """By address translation nobody knows where a datagram was to go."""
    out, err, code = run(HELLO, "true", flags=[*RELAY, "--intercept-variant", "redirect"])
    assert (out, code) == ("", 125) and "--udp relay needs nftables' tproxy" in err


def test_more_flows_than_there_may_be(run, echo):
    """The one that has been silent for longest makes room, and a line says so, once."""
    program = f"""
import socket
place = (socket.gethostbyname('host.pillion.internal'), {echo})
held = []
for number in range(300):
    held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    held[-1].settimeout(5)
    held[-1].sendto(b'%d' % number, place)
    assert held[-1].recv(100).endswith(b'%d' % number)
held[0].sendto(b'again', place)
assert held[0].recv(100).endswith(b'again')
"""
    out, err, code = run(HELLO, "/usr/bin/python3", "-c", program, flags=RELAY)
    assert code == 0 and err.count("more than 256 flows of UDP") == 1, err
