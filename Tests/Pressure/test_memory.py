"""Mixed traffic under valgrind's memcheck: nothing invalid is read or written, and nothing is lost for each request.

AddressSanitizer does not see into the Swift runtime: this does.
"""

import os
import random
import re
import shutil
import subprocess

import pytest
import test_tls
from harness.config import mutual_tls
from harness.tls import tls_hello
from pressure import config
from pressure.peers import OK, Upstream, ask, blast, drain, request, reset, serving, status
from test_dns import members_come_and_go, own_hosts
from test_noise import REQUESTS, RESPONSES, mutated, throw

MEMCHECK = [
    "valgrind", "--tool=memcheck", "--leak-check=full", "--errors-for-leak-kinds=none", "--error-limit=no",
    "--undef-value-errors=no", "--log-file=memcheck.log",
]  # fmt: skip
RETRY = {"retry_on": "5xx,reset", "retry_back_off": {"base_interval": "0.001s"}}


@pytest.fixture
def pillion(pillion, tmp_path):
    """Without its debug information, of which Debian's valgrind knows only older forms; the names stay."""
    if not shutil.which("valgrind"):
        if os.environ.get("CI") == "true":
            pytest.fail("valgrind is not installed: scripts/setup test does it", pytrace=False)
        pytest.skip("valgrind is not installed")
    stripped = str(tmp_path / "pillion")
    subprocess.run(["strip", "--strip-debug", "-o", stripped, pillion], check=True)
    return stripped


def mixed_traffic(service, chance, speaking, rounds):
    for _ in range(rounds):
        assert status(service, request("/"), 20) == 200
        assert status(service, request("/", "POST", b"x" * 20000), 20) == 200
        assert status(service, request("/direct"), 20) == 200
        for path in ("/failing", "/nowhere", "/refused"):
            status(service, request(path), 20)
        throw(service, mutated(chance, REQUESTS), chance)
        speaking.answer = mutated(chance, RESPONSES)
        status(service, request("/speaking", connection="close"), 20)
        with service.connect() as sock:
            sock.sendall(request("/") * 10)
            reset(sock)
    with service.connect(60) as sock:
        ask(sock, request("/"), 60)
        sock.sendall(b"POST /hash HTTP/1.1\r\nhost: h\r\ncontent-length: 8000000\r\n\r\n")
        blast(sock, 8000000)
        head = sock.recv(4096)
        end = head.index(b"\r\n\r\n") + 4
        drain(sock, 8000000, head[end:])


def take_and_give(wire):
    wire.until(b"\r\n\r\n")
    drain(wire.sock, 8000000, wire.buffer)
    wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 8000000\r\n\r\n")
    blast(wire.sock, 8000000)


class Speaking(Upstream):
    answer = OK

    def __init__(self):
        super().__init__(lambda wire: (wire.until(b"\r\n\r\n"), wire.send(self.answer)))


def verdict(service):
    """What memcheck said, if it has nothing to complain of."""
    with open(os.path.join(service.folder, "memcheck.log")) as file:
        said = file.read()
    assert "ERROR SUMMARY: 0 errors" in said, said[-6000:]
    return said


def test_memcheck(serve, upstream):
    backend, speaking = upstream(serving(OK)), Speaking()
    failing = upstream(serving(b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n"))
    routes = [
        config.direct("/direct", "x"),
        config.to("/failing", "failing", retry_policy=RETRY),
        config.to("/refused", "refused", retry_policy=RETRY),
        config.to("/speaking", "speaking", timeout="2s"),
        config.to("/hash", "hash", timeout="0s"),
        config.to("/", "a"),
    ]
    clusters = [
        config.cluster(backend.port), config.cluster(failing.port, "failing"), config.cluster(1, "refused"),
        config.cluster(speaking.port, "speaking"), config.cluster(upstream(take_and_give).port, "hash"),
    ]  # fmt: skip
    bootstrap = config.http(*clusters, routes=routes, log=config.file_log("@dir@/access.log"))
    left = []
    for rounds in (8, 32):
        service = serve(bootstrap, under=MEMCHECK)
        mixed_traffic(service, random.Random(5), speaking, rounds)
        service.stop()
        said = verdict(service)
        left.append(int(re.search(r"in use at exit: .* in ([\d,]+) blocks", said)[1].replace(",", "")))
    speaking.stop()
    # What the process itself never frees is the same in both.
    assert left[1] - left[0] < 2 * 24, f"{left[0]} blocks after 8 rounds, {left[1]} after 32\n{said[-6000:]}"


def test_memcheck_of_tls(serve, upstream):
    """Handshakes of every kind, resumed, refused and broken off, and certificates that change meanwhile."""
    chance, hello = random.Random(6), tls_hello(sni="server.example")
    bootstrap = test_tls.served(upstream(serving(OK)).port, mutual_tls())
    left = []
    for rounds in (4, 16):
        service = serve(bootstrap, under=MEMCHECK)
        test_tls.handshakes(service, rounds)
        for turn in range(2 * rounds):
            test_tls.throw(service, chance, hello, turn)
        service.stop()
        said = verdict(service)
        left.append(int(re.search(r"in use at exit: .* in ([\d,]+) blocks", said)[1].replace(",", "")))
    # OpenSSL's own tables are made once and kept.
    assert left[1] - left[0] < 2 * 12, f"{left[0]} blocks after 4 rounds, {left[1]} after 16\n{said[-6000:]}"


@own_hosts
def test_memcheck_of_members_that_come_and_go(serve, tmp_path):
    """Hosts and their pools end while requests run on them."""
    service = members_come_and_go(serve, tmp_path, 30, under=MEMCHECK)
    service.stop()
    verdict(service)
