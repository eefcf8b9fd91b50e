"""--intercept rootful, in a network namespace that stands for a host: no rule is ever laid in the real one's."""

import os
import platform
import signal
import socket
import struct
import subprocess
from pathlib import Path

import pytest
from configs import bootstrap, inbound, outbound, says, static
from conftest import HERE, NOBODY, alive, descendants, eventually


def mount():
    """Where this machine has its cgroups of version 2."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return next((line.split()[4] for line in mounts if " - cgroup2 " in line), None)


pytestmark = pytest.mark.skipif(os.getuid() != 0 or mount() is None, reason="rules are root's")
only_x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="the filter has x86-64's numbers")

CONFIG = bootstrap([outbound([says("hello\n", "api.test")])])
LAY = """
ip link set lo up
ip address add 10.9.0.1/8 dev lo
ip address add fd09::1/64 dev lo nodad
ip route add default dev lo
ip -6 route add default dev lo
echo ready
exec sleep 600
"""


def tables():
    """Whose those of nftables in this network namespace are, by its own language: NFT_MSG_GETTABLE."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as asker:
        asker.send(struct.pack("=IHHII", 20, 0xA01, 0x301, 1, 0) + struct.pack("=BBH", 0, 0, 0))
        said = asker.recv(65536)
    return [part.split(b"-")[0].decode() for part in said.split(b"pillion-")[1:]]


class Host:
    """With a tree of cgroups of its own, as a container has: other runs on this machine take away what is left of any."""

    def __init__(self):
        self.cgroup = Path(mount()) / f"host-{os.getpid()}"
        self.cgroup.mkdir()
        self.join = ["sh", "-ec", f'echo $$ >{self.cgroup}/cgroup.procs; exec "$@"', "sh"]
        lay = f"umount -l {mount()}\nmount -t cgroup2 none {mount()}\n{LAY}"
        command = [*self.join, "unshare", "--net", "--mount", "--cgroup", "sh", "-ec", lay]
        self.keeper = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.keeper.stdout.readline() == "ready\n"

    def inside(self, *command):
        target = f"--target={self.keeper.pid}"
        return [*self.join, "nsenter", "--net", "--mount", "--cgroup", target, "--", *command]

    def cgroups(self, pid):
        return list(self.cgroup.rglob(f"pillion-{pid}-*"))

    def run(self, *command, **options):
        return subprocess.run(self.inside(*command), capture_output=True, text=True, timeout=30, **options)

    def tables(self):
        program = f"import sys; sys.path.insert(0, {str(HERE)!r}); import test_rootful; print(*test_rootful.tables())"
        result = self.run("python3", "-B", "-c", program)
        assert result.returncode == 0, result.stderr
        return result.stdout.split()

    def close(self):
        self.keeper.kill()
        self.keeper.wait()
        assert eventually(self.is_removed)

    def is_removed(self):
        try:
            self.cgroup.rmdir()
        except OSError:
            return False
        return True


@pytest.fixture
def host():
    host = Host()
    yield host
    host.close()


@pytest.fixture
def config(folder):
    path = folder / "config.json"
    path.write_text(CONFIG)
    path.chmod(0o644)
    return str(path)


def rootful(pillion, config, *app, flags=("--apply",)):
    return [pillion, "run", "-l", "warning", "-c", config, "--intercept", "rootful", *flags, "--", *app]


class Running:
    """A rootful run whose app sleeps."""

    def __init__(self, host, pillion, config):
        command = host.inside(*rootful(pillion, config, "sleep", "600"))
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert eventually(lambda: len(self.named("sleep")) == 1)
        (self.agent,), (self.app,) = self.named("pillion-ns"), self.named("sleep")
        self.everyone = [self.process.pid, *descendants(self.process.pid)]

    def named(self, name):
        return [pid for pid in descendants(self.process.pid) if Path(f"/proc/{pid}/comm").read_text().strip() == name]

    def kill(self, *pids):
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.process.communicate(timeout=20)
        assert eventually(lambda: not any(alive(pid) for pid in self.everyone))


@pytest.fixture
def running(host, pillion, config):
    run = Running(host, pillion, config)
    assert host.tables() == [f"{run.agent}"] and len(host.cgroups(run.agent)) == 1
    yield run
    if run.process.poll() is None:
        run.kill(run.process.pid)


APP = """
import socket, subprocess, sys
def said(target, family=socket.AF_INET):
    with socket.socket(family) as asker:
        asker.settimeout(5)
        asker.connect(target)
        asker.sendall(b'GET / HTTP/1.1\\r\\nhost: api.test\\r\\nconnection: close\\r\\n\\r\\n')
        return asker.makefile('rb').read()

for family in (socket.AF_INET, socket.AF_INET6):
    address = socket.getaddrinfo('api.test', 80, family)[0][4]
    assert said(address, family).endswith(b'hello\\n'), address
def serve(host):
    server = socket.create_server((host, 0))
    client = socket.create_connection(server.getsockname(), 5)
    return server.accept()[0].getpeername() == client.getsockname()
assert serve('127.0.0.1'), 'loopback is captured'
assert not serve('10.9.0.1'), 'what passes through comes from the proxy'
print('all is well')
"""


def test_an_app(host, pillion, config):
    """Its connections and names; those of others beside it are not touched; nothing is left."""
    result = host.run(*rootful(pillion, config, "python3", "-c", APP))
    assert (result.stdout, result.returncode) == ("all is well\n", 0), result.stderr
    assert host.tables() == []


def test_others_are_not_touched(host, running, pillion, config):
    """Nor is another run."""
    other = "import socket; s = socket.create_server(('10.9.0.1', 80));"
    other += " c = socket.create_connection(('10.9.0.1', 80)); print(s.accept()[0].getpeername() == c.getsockname())"
    assert host.run("python3", "-c", other).stdout == "True\n"
    result = host.run(*rootful(pillion, config, "python3", "-c", APP))
    assert result.stdout == "all is well\n", result.stderr
    assert host.tables() == [f"{running.agent}"]


def test_it_prints_and_lays_nothing(host, pillion, folder):
    trace = folder / "started"
    result = host.run(*rootful(pillion, "none.json", "touch", str(trace), flags=()))
    assert result.returncode == 0 and "redirect to :15001" in result.stdout and "--apply" in result.stdout
    assert host.tables() == [] and not trace.exists()


@pytest.mark.parametrize("outbound", ["allow-any", "registry-only"])
def test_what_nft_makes_of_what_is_printed(host, pillion, outbound):
    result = host.run(*rootful(pillion, "none.json", "true", flags=("--outbound", outbound)))
    text = result.stdout.replace("pillion-PID", "pillion-1")
    if "socket cgroupv2" in text:
        pytest.skip("its cgroup is not there, and nft looks for it")
    assert host.run("nft", "--check", "--file", "-", input=text).returncode == 0


def test_the_agent_is_killed(host, running):
    running.kill(running.agent)
    assert host.tables() == [] and host.cgroups(running.agent) == []


def test_the_proxy_is_killed(host, running):
    running.kill(running.process.pid)
    assert eventually(lambda: host.tables() == [] and host.cgroups(running.agent) == [])


def test_all_are_killed(host, running, pillion, config):
    """The kernel takes the table away; the cgroup is found, and taken away by the next run, as is a table that no kernel minds."""
    os.kill(running.process.pid, signal.SIGSTOP)
    running.kill(running.agent, running.process.pid)
    assert host.tables() == []
    (left,) = [path.name for path in host.cgroups(running.agent)]
    assert host.run("nft", "add", "table", "inet", left).returncode == 0
    assert f"table inet {left}" in host.run(*rootful(pillion, config, "true", flags=())).stdout
    assert f"cgroup {mount()}/{left}" in host.run(*rootful(pillion, config, "true", flags=())).stdout
    assert f"{mount()}/{left}" in host.run(pillion, "doctor").stdout
    result = host.run(*rootful(pillion, config, "true"))
    assert result.returncode == 0 and left in result.stderr, result.stderr
    assert host.cgroups(running.agent) == [] and host.tables() == []


def test_cgroups_of_the_app_s_own(host, pillion, config):
    """They go with its own."""
    make = f"kid={mount()}$(sed -n s/^0:://p /proc/self/cgroup)/kid; mkdir -p $kid/grandkid && echo made"
    result = host.run(*rootful(pillion, config, "sh", "-c", make))
    assert result.stdout == "made\n" and list(host.cgroup.rglob("kid")) == [], result.stderr


def test_whose_processes_are_not_ours_to_see(host, running, pillion, config):
    """A container may share the network, and not the processes."""
    others = ["unshare", "--pid", "--fork", "--mount-proc", *rootful(pillion, config, "true")]
    result = host.run(*others)
    assert (result.returncode, result.stderr) == (0, "")
    assert host.tables() == [f"{running.agent}"] and len(host.cgroups(running.agent)) == 1


DATAGRAMS = """
import socket
outside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
outside.settimeout(5)
def refused(type, protocol, target):
    try: socket.socket(socket.AF_INET, type, protocol).sendto(bytes(8), target)
    except PermissionError: return True
assert refused(socket.SOCK_DGRAM, 0, ('10.9.0.1', 4000)), 'a datagram got out'
assert refused(socket.SOCK_RAW, 1, ('10.9.0.1', 0)), 'a raw packet got out'
outside.bind(('127.0.0.1', 0))
outside.sendto(b'x', outside.getsockname())
assert outside.recv(9) == b'x', 'loopback is not free'
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('10.9.0.1', 4001))
server.settimeout(10)
print('ready', flush=True)
asked, asker = server.recvfrom(9)
server.sendto(asked, asker)
"""


def test_datagrams_of_registry_only(host, pillion, config):
    """None of its own gets out; those who ask it are answered, and names and connections are what they were."""
    app = DATAGRAMS + APP.partition("def serve")[0] + "print('all is well')"
    command = rootful(pillion, config, "python3", "-c", app, flags=("--apply", "--outbound", "registry-only"))
    run = subprocess.Popen(host.inside(*command), stdout=subprocess.PIPE, text=True)
    assert run.stdout.readline() == "ready\n"
    ask = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5);"
    ask += " s.sendto(b'hi', ('10.9.0.1', 4001)); print(s.recv(9))"
    assert host.run("python3", "-c", ask).stdout == "b'hi'\n"
    assert run.communicate(timeout=20)[0] == "all is well\n" and host.tables() == []


def test_without_a_cgroup(host, pillion, config):
    """By a group of its own, beside those that it has; it still ends with its agent (PR_GET_PDEATHSIG)."""
    hide = f'umount -l {mount()} && exec "$@"'
    app = "import os; assert os.getegid() == 1337 and 0 in os.getgroups()\n"
    app += "import ctypes; n = ctypes.c_int(); ctypes.CDLL(None).prctl(2, ctypes.byref(n)); assert n.value == 9\n" + APP
    command = ["unshare", "--mount", "sh", "-ec", hide, "sh", *rootful(pillion, config, "python3", "-c", app)]
    result = host.run(*command)
    assert result.stdout == "all is well\n", result.stderr


def test_without_rights(pillion, config):
    result = subprocess.run([*NOBODY, *rootful(pillion, config, "true")], capture_output=True, text=True)
    assert result.returncode == 125 and "rules of the host are root's to lay; sudo" in result.stderr


@only_x86
def test_without_nftables(host, pillion, config):
    result = host.run("python3", str(HERE / "deny.py"), "nftables", "--", *rootful(pillion, config, "true"))
    assert result.returncode == 125 and "rules" in result.stderr, result.stderr


def test_what_comes_in(host, pillion, folder):
    """The app listens on the host, and so does the proxy."""
    path = folder / "config.json"
    path.write_text(bootstrap([inbound(8081)], [static("app", "127.0.0.1", 8080)]))
    app = "import http.server; http.server.HTTPServer(('127.0.0.1', 8080), http.server.SimpleHTTPRequestHandler).serve_forever()"
    run = subprocess.Popen(host.inside(*rootful(pillion, str(path), "python3", "-c", app)), stderr=subprocess.DEVNULL)
    status = ["curl", "-so", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:8081/"]
    assert eventually(lambda: host.run(*status).stdout == "200")
    run.terminate()
    assert run.wait(timeout=20) == -signal.SIGTERM and host.tables() == []
