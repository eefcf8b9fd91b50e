"""Mode trap: the app stays on the host, its connects stop in seccomp and are answered for. Twice: with all that the
kernel has, and under what Docker's default profile leaves of it, where addresses are changed in the app's memory."""

import platform
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from configs import bootstrap, inbound, outbound, says, static, tcp, to
from conftest import alive, descendants, eventually, free_port

HELLO = bootstrap([outbound([says("hello\n", "api.test", "*.wild.test")])])
DOCKER = ["unshare", "setns", "mount", "pidfd_getfd"]
PYTHON = "/usr/bin/python3"
FLAGS = ["--intercept", "trap"]


@pytest.fixture(params=["taking", "rewriting"])
def way(request):
    return request.param


@pytest.fixture
def trap(way, run, denying):
    if way == "rewriting" and platform.machine() != "x86_64":
        pytest.skip("the filter has x86-64's numbers")
    under = denying(*DOCKER) if way == "rewriting" else []

    def whole(config, *command, flags=(), **options):
        return run(config, *command, flags=[*FLAGS, *flags], under=under, **options)

    return whole


def test_curl(trap):
    out, err, code = trap(HELLO, "curl", "-sS", "http://api.test/", "http://a.wild.test/")
    assert (out, code) == ("hello\nhello\n", 0), err


def test_a_static_go_program(trap, go_client):
    """From threads of which the process' first is none, with signals that preempt."""
    out, err, code = trap(HELLO, go_client, *["http://api.test/"] * 20)
    assert (out, code) == ("hello\n" * 20, 0), err


def test_node(trap, way):
    """Its resolve4 is c-ares', which wants its answer from the address that it asked. Where we cannot tell it so, it has
    that on loopback alone."""
    program = f"""
const dns = require('dns');
dns.setServers(['{'192.0.2.53' if way == 'taking' else '127.0.0.53'}']);
fetch('http://api.test/').then(answer => answer.text()).then(text => dns.resolve4('api.test', (_, found) =>
  dns.lookup('x.wild.test', (_, address) => console.log(text.trim(), found[0].slice(0, 8), address.slice(0, 8)))));
"""
    out, err, code = trap(HELLO, "node", "-e", program)
    assert (out, code) == ("hello 240.240. 240.240.\n", 0), err


def test_over_ipv6(trap, upstream):
    config = bootstrap([outbound([], [{"name": "any", "filters": [tcp("live")]}])], [static("live", "127.0.0.1", upstream)])
    out, err, code = trap(config, "curl", "-6", "-gsS", "http://[2001:db8::7]:81/x")
    assert (out, code) == ("upstream [2001:db8::7]:81 /x\n", 0), err


CONNECTS = """
import errno, select, socket, subprocess, sys, threading
def talk(connection):
    connection.sendall(b'GET / HTTP/1.1\\r\\nhost: api.test\\r\\n\\r\\n')
    text = b''
    while not text.endswith(b'hello\\n'):
        text += connection.recv(1000) or sys.exit(f'ended after {text}')
def blocking():
    with socket.create_connection(('192.0.2.1', 80)) as connection:
        assert connection.getblocking()
        talk(connection)
        try:
            connection.connect(('192.0.2.1', 80))
            sys.exit('connected twice')
        except OSError as error:
            assert error.errno == errno.EISCONN, error
def later():
    # epoll knows the socket before it connects.
    with socket.socket() as connection, select.epoll() as waiting:
        connection.setblocking(False)
        waiting.register(connection, select.EPOLLOUT | select.EPOLLET)
        waiting.poll(0)
        code = connection.connect_ex(('192.0.2.1', 80))
        assert code in (0, errno.EINPROGRESS), code
        assert waiting.poll(5) and connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
        connection.setblocking(True)
        talk(connection)
def many():
    for _ in range(50):
        blocking()
blocking()
later()
threads = [threading.Thread(target=many) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with socket.create_server(('127.0.0.1', 0)) as own, socket.create_connection(own.getsockname()) as client:
    own.accept()[0].sendall(b'own')
    assert client.recv(3) == b'own'
with socket.socket() as nobody:
    nobody.bind(('127.0.0.1', 0))
    assert socket.socket().connect_ex(nobody.getsockname()) == errno.ECONNREFUSED
if len(sys.argv) == 1:
    subprocess.run([sys.executable, '-c', open('/proc/self/cmdline').read().split('\\0')[2], 'child'], check=True)
    print('all connected')
"""


def test_connects_of_every_kind(trap):
    """Blocking and not, from threads at once and from children, to the app's own ports, and twice."""
    config = bootstrap([outbound([says("hello\n", "*")])])
    out, err, code = trap(config, PYTHON, "-c", CONNECTS)
    assert (out, code) == ("all connected\n", 0), err


def test_registry_only(trap):
    program = """
import errno, socket
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
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
    assert datagrams.connect_ex(('192.0.2.1', 443)) == errno.ENETUNREACH
    try:
        datagrams.sendto(b'x', ('192.0.2.1', 443))
        raise SystemExit('sent')
    except OSError as error:
        assert error.errno == errno.ENETUNREACH, error
    datagrams.sendto(b'x', ('127.0.0.1', 9))
print(socket.create_connection(('api.test', 80)).getpeername()[1] > 0)
"""
    out, err, code = trap(HELLO, PYTHON, "-c", program, flags=["--outbound", "registry-only"])
    assert (out, code) == ("True\n", 0), err


def test_every_way_out(trap):
    """Of one that means to."""
    program = """
import ctypes, errno, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
def code(attempt):
    try:
        attempt()
    except OSError as error:
        return errno.errorcode[error.errno]
    return 'out'
def nameless(family=2):
    address = ctypes.create_string_buffer(struct.pack('=H', family) + struct.pack('>H4s8x', 9, bytes([192, 0, 2, 1])), 16)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if libc.sendto(udp.fileno(), b'x', 1, 0, address, 16) < 0:
        raise OSError(ctypes.get_errno(), '')
def pinged(*how):
    with socket.socket(socket.AF_INET, *how) as raw:
        raw.connect(('192.0.2.1', 0))
        raw.send(b'x' * 8)
udp, there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), ('192.0.2.1', 9)
print(code(lambda: udp.sendmsg([b'x'], [], 0, there)), code(lambda: nameless(0)), code(lambda: udp.sendto(b'x', there)))
print(code(lambda: udp.sendto(b'x', ('192.0.2.1', 0))), udp.connect_ex(('192.0.2.1', 0)))
print(code(lambda: socket.socket().sendmsg([b'x'], [], 0x20000000, there)))
print(code(lambda: pinged(socket.SOCK_RAW, 17)), code(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)))
print(code(lambda: pinged(socket.SOCK_DGRAM, 1)) != 'out')
"""
    out, err, code = trap(HELLO, PYTHON, "-c", program, flags=["--outbound", "registry-only"])
    expected = "ENETUNREACH ENETUNREACH ENETUNREACH\nENETUNREACH 0\nENOTSUP\nEPERM EPERM\nTrue\n"
    assert (out, code) == (expected, 0), (out, err)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="of x86-64's other architecture")
def test_calls_of_another_architecture(trap):
    """connect() by i386's way in, from a 64-bit program: at an address below 4 GiB, as its registers are."""
    program = """
import ctypes, socket, struct
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
page = libc.mmap(None, 4096, 7, 0x62, -1, ctypes.c_long(0))
ctypes.memmove(page, struct.pack('=H', 2) + struct.pack('>H4s8x', 9, bytes([192, 0, 2, 1])), 16)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
code = bytes([0x53, 0xB8]) + struct.pack('<I', 362) + bytes([0xBB]) + struct.pack('<I', udp.fileno())
code += bytes([0xB9]) + struct.pack('<I', page) + bytes([0xBA]) + struct.pack('<I', 16) + bytes([0xCD, 0x80, 0x5B, 0xC3])
ctypes.memmove(page + 64, code, len(code))
print(ctypes.CFUNCTYPE(ctypes.c_int)(page + 64)())
"""
    # Some kernels have no such way in at all: ENOSYS, or the end of the program.
    out, err, code = trap(HELLO, PYTHON, "-c", program, flags=["--outbound", "registry-only"])
    assert code < 0 or out in ("-1\n", "-38\n"), (out, err, code)


@pytest.mark.parametrize("batch", [False, True])
def test_messages_with_addresses(trap, batch):
    """With registry-only they are looked at: questions come to us, what has no address or a local one goes on."""
    program = f"""
import array, ctypes, os, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
question = struct.pack('>6H', 7, 256, 1, 0, 0, 0) + b'\\3api\\4test\\0' + struct.pack('>2H', 1, 1)
address = ctypes.create_string_buffer(struct.pack('=H', 2) + struct.pack('>H4s8x', 53, bytes([192, 0, 2, 53])), 16)
payload = ctypes.create_string_buffer(question, len(question))
part = ctypes.create_string_buffer(struct.pack('QQ', ctypes.addressof(payload), len(question)))
head = struct.pack('QIxxxxQQQQIxxxx', ctypes.addressof(address), 16, ctypes.addressof(part), 1, 0, 0, 0)
asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asker.settimeout(5)
heads = ctypes.create_string_buffer((head + bytes(8)) * 2)
"""
    program += (
        "assert libc.sendmmsg(asker.fileno(), heads, 2, 0) == 2\nasker.recv(512)\n"
        if batch
        else "assert libc.sendmsg(asker.fileno(), heads, 0) == len(question), ctypes.get_errno()\n"
    )
    program += """
assert asker.recv(512)[-4:-2] == bytes([240, 240])
one, other = socket.socketpair()
socket.send_fds(one, [b'x'], [1])
os.write(socket.recv_fds(other, 1, 1)[1][0], b'passed ')
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.bind(('127.0.0.1', 0))
asker.sendmsg([b'local'], [], 0, own.getsockname())
print(own.recv(5).decode())
"""
    out, err, code = trap(HELLO, PYTHON, "-c", program, flags=["--outbound", "registry-only"])
    assert (out, code) == ("passed local\n", 0), (out, err)


def test_sockets_that_cannot_come_to_us(run, user):
    """They fail at once, and a line says why."""
    program = """
import errno, socket
bound = socket.socket(socket.AF_INET6)
bound.bind(('::1', 0))
only = socket.socket(socket.AF_INET6)
only.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
only.bind(('::', 0))
free = socket.socket(socket.AF_INET6)
free.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
any = socket.socket(socket.AF_INET6)
any.bind(('::', 0))
print([each.connect_ex(('2001:db8::1', 80)) for each in (bound, only, free, any)])
"""
    out, err, code = run(HELLO, PYTHON, "-c", program, flags=FLAGS)
    assert out == "[101, 101, 0, 0]\n" and err.count("binds sockets to IPv6") == 1, (out, err)


def test_a_socket_of_an_interface(run, user):
    name = next((each for _, each in socket.if_nameindex() if each != "lo"), None)
    if name is None:
        pytest.skip("there is no interface but loopback")
    program = "import socket; it = socket.socket(); it.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,"
    program += f" b{name!r}); print(it.connect_ex(('192.0.2.1', 80)))"
    out, err, code = run(HELLO, PYTHON, "-c", program, flags=FLAGS)
    assert out == "101\n" and "to a network interface" in err, (out, err)


def test_a_resolver_that_connects_no_socket(trap):
    """As musl's: it sends to its server, and looks whether the answer's source is what it has in memory."""
    program = """
import ctypes, struct
libc = ctypes.CDLL(None)
server = ctypes.create_string_buffer(struct.pack('=H', 2) + struct.pack('>H4s8x', 53, bytes([8, 8, 8, 8])), 16)
question = struct.pack('>6H', 7, 256, 1, 0, 0, 0) + b'\\3api\\4test\\0' + struct.pack('>2H', 1, 1)
fd = libc.socket(2, 2, 0)
assert libc.sendto(fd, question, len(question), 0, server, 16) == len(question)
reply, source, length = ctypes.create_string_buffer(512), ctypes.create_string_buffer(16), ctypes.c_int(16)
count = libc.recvfrom(fd, reply, 512, 0, source, ctypes.byref(length))
assert source.raw == server.raw, (source.raw, server.raw)
print(reply.raw[count - 4:count - 2].hex())
"""
    out, err, code = trap(HELLO, PYTHON, "-c", program)
    assert (out, code) == ("f0f0\n", 0), err


def test_who_has_answered(run):
    """The one that was asked, whatever the family, the room for it, and whether there is anything yet."""
    program = """
import socket, struct
question = struct.pack('>6H', 7, 256, 1, 0, 0, 0) + b'\\3api\\4test\\0' + struct.pack('>2H', 1, 1)
for family, server in ((socket.AF_INET, ('192.0.2.53', 53)), (socket.AF_INET6, ('2001:db8::53', 53, 0, 0))):
    for blocks in (True, False):
        with socket.socket(family, socket.SOCK_DGRAM) as asker:
            asker.connect(server)
            asker.setblocking(False)
            try:
                asker.recvfrom(512)
            except BlockingIOError:
                pass
            asker.send(question)
            asker.settimeout(5)
            if blocks:
                asker.recv(1, socket.MSG_PEEK)
                asker.setblocking(True)
            reply, source = asker.recvfrom(512)
            assert source == server and reply[-4:-2] == bytes([240, 240]), (source, reply)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
    one.bind(('127.0.0.1', 0))
    other.sendto(b'hello', one.getsockname())
    said, source = one.recvfrom(3)
    assert (said, source[0]) == (b'hel', '127.0.0.1'), source
print('all told')
"""
    out, err, code = run(HELLO, PYTHON, "-c", program, flags=FLAGS)
    assert (out, code) == ("all told\n", 0), err


def test_what_the_capture_socket_is_asked(trap):
    """Who finds it without having been sent there gets nowhere."""
    program = """
import errno, socket
peer = socket.create_connection(('api.test', 80)).getpeername()
for host in ('127.0.0.1', '127.20.0.1', '0.0.0.0'):
    code = socket.socket().connect_ex((host, peer[1]))
    assert code == errno.ECONNREFUSED, (host, code)
print(socket.socket().connect_ex(peer))
"""
    out, err, code = trap(HELLO, PYTHON, "-c", program)
    assert (out, code) == ("0\n", 0), err


def test_io_uring_is_missing(trap):
    program = "import ctypes; libc = ctypes.CDLL(None, use_errno=True);"
    program += " print(libc.syscall(425, 1, None), ctypes.get_errno())"
    assert trap(HELLO, PYTHON, "-c", program)[0] == "-1 38\n"


def test_constants(trap):
    """An address in memory that cannot be written."""
    program = """
import ctypes, errno, mmap, struct
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
page = libc.mmap(None, 4096, 3, 0x22, -1, ctypes.c_long(0))
ctypes.memmove(page, struct.pack('=H', 2) + struct.pack('>H4s8x', 80, bytes([192, 0, 2, 1])), 16)
assert libc.mprotect(ctypes.c_void_p(page), 4096, 1) == 0
print(libc.connect(libc.socket(2, 1, 0), ctypes.c_void_p(page), 16), ctypes.get_errno() in (0, errno.EACCES))
"""
    out, err, code = trap(HELLO, PYTHON, "-c", program)
    assert out in ("0 True\n", "-1 True\n"), (out, err)


def test_the_proxy_is_killed(start, folder):
    """Whoever connects then is told that there is no such call, and the agent ends the app."""
    said = folder / "said"
    program = f"""
import signal, socket, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('ready', flush=True)
while True:
    code = socket.socket().connect_ex(('192.0.2.1', 80))
    if code:
        open({str(said)!r}, 'w').write(str(code))
        time.sleep(60)
    time.sleep(0.01)
"""
    run = start(bootstrap([outbound([])]), PYTHON, "-c", program, flags=FLAGS)
    assert run.process.stdout.readline() == "ready\n"
    run.note()
    run.process.send_signal(signal.SIGKILL)
    assert eventually(lambda: not any(alive(pid) for pid in run.seen), 8)
    assert said.read_text() == "38"


def test_who_is_left_behind(start, folder):
    """Its connects are answered for as long as it is there."""
    said = folder / "said"
    program = f"""
import os, signal, socket, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork():
    os._exit(0)
begun = time.monotonic()
codes = set()
while True:
    codes.add(socket.socket().connect_ex(('192.0.2.1', 80)))
    open({str(said)!r}, 'w').write(str(sorted(codes)))
    time.sleep(0.01)
"""
    run = start(HELLO, PYTHON, "-c", program, flags=FLAGS)
    assert run.wait()[2] == 0
    assert "38" not in said.read_text()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the filter has x86-64's numbers")
def test_the_step_to_explicit(run, denying):
    """Also where a trap fails that is laid already."""
    under = denying("unshare", "setns", "notif_sizes")
    out, err, code = run(HELLO, "curl", "-sS", "http://api.test/", under=under)
    assert (out, code) == ("hello\n", 0) and "Using explicit mode" in err, err


def test_memory_that_is_closed(run, user):
    """To root it is not."""
    program = "import ctypes, socket; ctypes.CDLL(None).prctl(4, 0);"
    program += " print([socket.socket().connect_ex(('192.0.2.1', 80)) for _ in range(2)])"
    out, err, code = run(HELLO, PYTHON, "-c", program, flags=[*FLAGS, "--outbound", "registry-only"])
    if user == "root":
        assert "101" not in out and err == "", (out, err)
    else:
        assert out == "[101, 101]\n" and err.count("memory of process") == 1, (out, err)
        assert "connects fail" in err, err


def test_a_thousand_destinations(run, user):
    """What is made of each is small: the main loop is not told of all of them at each. In a network where all are here."""
    if user != "root":
        pytest.skip("making that network is root's")
    admin = free_port()
    program = f"""
import socket, urllib.request
with socket.create_server(('0.0.0.0', 7)) as server:
    for index in range(1000):
        with socket.create_connection((f'198.18.{{index >> 8}}.{{index & 255}}', 7)):
            server.accept()[0].close()
url = 'http://127.0.0.1:{admin}/stats?filter=passthrough.membership_change'
print(max(int(line.split()[-1]) for line in urllib.request.urlopen(url).read().decode().splitlines()))
"""
    network = "ip link set lo up && ip route add local 198.18.0.0/15 dev lo && exec \"$@\""
    under = ["unshare", "-n", "sh", "-c", network, "sh"]
    out, err, code = run(bootstrap([outbound([])], admin=admin), PYTHON, "-c", program, flags=FLAGS, under=under)
    assert code == 0 and 64 <= int(out) < 500, (out, err)


def test_signals(run):
    """Those that the app catches neither end its connects nor have them begin anew."""
    program = """
import signal, socket
caught = 0
def catch(*_):
    global caught
    caught += 1
signal.signal(signal.SIGALRM, catch)
signal.siginterrupt(signal.SIGALRM, True)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
for _ in range(300):
    with socket.socket() as connection:
        code = connection.connect_ex(('192.0.2.1', 80))
        assert code == 0, code
signal.setitimer(signal.ITIMER_REAL, 0)
print(caught > 10)
"""
    out, err, code = run(HELLO, PYTHON, "-c", program, flags=FLAGS)
    assert (out, code) == ("True\n", 0), err


@pytest.mark.parametrize("inner", ["namespace", "explicit"])
def test_nested(run, pillion, folder, inner):
    """A namespace inside has its own loopback, which is none of ours. There is one trap in a tree."""
    path = folder / "inner.json"
    path.write_text(bootstrap([outbound([says("inner\n", "inner.test"), to("live", "outer.test")])], [NAMED]))
    path.chmod(0o644)
    script = f"{pillion} run -l warning -c {path} --intercept {inner} -- curl -sS http://inner.test/ http://outer.test/ &&"
    script += f" {pillion} run -l warning -c {path} --intercept trap -- true"
    config = bootstrap([outbound([says("outer\n", "api.test", "outer.test")])])
    out, err, code = run(config, "sh", "-c", script, flags=FLAGS)
    assert (out, code) == ("inner\nouter\n", 125), err
    assert "another sandbox traps calls already" in err


# By a name that only the outer of two knows.
NAMED = {**static("live", "api.test", 80), "type": "STRICT_DNS"}


def test_a_ports_conflict(run):
    """The app is on the host, as is what stands before it."""
    port = free_port()
    config = bootstrap([inbound(port)], [static("app", "127.0.0.1", port)])
    out, err, code = run(config, "true", flags=FLAGS)
    assert code == 1 and f"listener 'inbound_{port}': it takes 127.0.0.1:{port}, and cluster 'app' expects the app" in err
    assert "change the port_value" in err and ".json:1:" in err


def test_what_comes_in(start):
    port, own = free_port(), free_port()
    config = bootstrap([inbound(port)], [static("app", "127.0.0.1", own)])
    program = f"import http.server as h; h.HTTPServer(('127.0.0.1', {own}), h.SimpleHTTPRequestHandler).serve_forever()"
    run = start(config, PYTHON, "-c", program, flags=FLAGS)
    status = ["curl", "-so", "/dev/null", "-w", "%{http_code}", f"http://127.0.0.1:{port}/"]
    assert eventually(lambda: subprocess.run(status, capture_output=True, text=True).stdout == "200")
    run.note()


def test_descriptors_are_not_left_open(start):
    """Each call opens some for a moment."""
    program = """
import socket
for _ in range(300):
    with socket.create_connection(('192.0.2.1', 80)): pass
print('done', flush=True)
input()
"""
    run = start(HELLO, PYTHON, "-c", program, flags=FLAGS, stdin=subprocess.PIPE)
    assert run.process.stdout.readline() == "done\n"
    (proxy,) = [pid for pid in [run.process.pid, *descendants(run.process.pid)] if name(pid) == "pillion"]
    assert eventually(lambda: len(list(Path(f"/proc/{proxy}/fd").iterdir())) < 60)
    run.note()
    run.process.stdin.close()


def name(pid):
    return Path(f"/proc/{pid}/comm").read_text().strip()
