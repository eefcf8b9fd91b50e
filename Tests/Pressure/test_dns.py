"""Names that do not resolve hold up neither the start nor the loops."""

import subprocess
import threading
import time

import pytest
from pressure import config
from pressure.peers import OK, Upstream, close_many, open_many, request, reset, serving, status
from pressure.service import Quiet, Service

# Where the resolver's server does not answer, a lookup is given up soon.
QUICKLY = {"RES_OPTIONS": "timeout:1 attempts:1"}


def by_name(name, host, port, **fields):
    cluster = config.cluster(port, name, type="STRICT_DNS", dns_lookup_family="V4_ONLY", **fields)
    cluster["load_assignment"]["endpoints"][0]["lb_endpoints"] = [config.endpoint(port, host)]
    return cluster


def test_names_that_do_not_resolve(serve, upstream):
    """Nine of them, asked for again and again, while another cluster serves."""
    backend = upstream(serving(OK))
    lost = [by_name(f"lost{n}", f"no-such-name-{n}.invalid", 80, dns_refresh_rate="0.1s") for n in range(9)]
    routes = [config.to("/lost", "lost0"), config.to("/", "found")]
    found = by_name("found", "localhost", backend.port, dns_refresh_rate="0.1s")
    start = time.monotonic()
    service = serve(config.http(*lost, found, routes=routes), env=QUICKLY)
    assert time.monotonic() - start < 15
    slowest = 0
    for _ in range(50):
        before = time.monotonic()
        assert status(service) == 200
        slowest = max(slowest, time.monotonic() - before)
        time.sleep(0.01)
    assert slowest < 1, f"{slowest:.2f} s"
    service.wait_for(lambda: service.stat("cluster.lost0.update_failure") > 1, "not asked for again")
    assert service.stat("cluster.found.update_success") > 1


def test_a_route_to_a_name_that_does_not_resolve(serve):
    service = serve(config.http(by_name("a", "no-such-name.invalid", 80)), env=QUICKLY)
    assert status(service, request("/")) == 503
    assert service.stat("cluster.a.upstream_cx_none_healthy") == 1


def test_no_descriptor_for_the_resolver(serve, upstream):
    """The names are asked for while clients have all descriptors: members stay as they are."""
    backend = upstream(serving(OK))
    found = by_name("a", "localhost", backend.port, dns_refresh_rate="0.1s")
    service = serve(config.http(found), env=QUICKLY, descriptors=64)
    assert status(service) == 200
    socks = open_many(service, 100)
    service.wait_for(lambda: "cannot accept" in service.said(), "descriptors are left")
    assert service.cpu_while_left_alone(1.0) < 0.3
    close_many(socks)
    service.wait_for(lambda: status(service, seconds=2) == 200, "no answer after the descriptors came back")
    service.wait_for(lambda: service.stat("cluster.a.membership_total") == 1, service.gauges)


# In a mount namespace of its own the service has an /etc/hosts that we write.
OWN_HOSTS = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"']


def may_have_own_hosts():
    return subprocess.run([*OWN_HOSTS[:-1], "mount --bind /dev/null /etc/hosts"], capture_output=True).returncode == 0


own_hosts = pytest.mark.skipif(not may_have_own_hosts(), reason="this user may not make a mount namespace")


def members_come_and_go(serve, tmp_path, rounds, under=()):
    """Requests of every kind run while the name changes what it stands for."""
    first = Upstream(serving(OK), address=("127.0.0.1", 0))
    second = Upstream(serving(OK), address=("127.0.0.2", first.port))
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 moving\n")
    breakers = {"thresholds": [{"max_connections": 2, "max_pending_requests": 1000, "track_remaining": True}]}
    moving = by_name("a", "moving", first.port, dns_refresh_rate="0.01s", circuit_breakers=breakers)
    service = serve(config.http(moving), under=[*OWN_HOSTS, str(hosts), *under])
    stop, seen = threading.Event(), set()

    def ask_on():
        while not stop.is_set():
            seen.add(status(service, seconds=20))
            with service.connect() as sock:
                sock.sendall(request() * 3)
                reset(sock)

    threads = [threading.Thread(target=ask_on) for _ in range(6)]
    with Quiet(service, first, second):
        for thread in threads:
            thread.start()
        for number in range(rounds):
            lines = ["127.0.0.2 moving\n", "127.0.0.1 moving\n127.0.0.2 moving\n", "127.0.0.1 moving\n"]
            hosts.write_text(lines[number % 3])
            time.sleep(0.06)
        stop.set()
        for thread in threads:
            thread.join()
    assert service.stat("cluster.a.membership_change") > rounds // 3
    for backend in (first, second):
        assert backend.accepted > 1
        backend.stop()
    # A request may meet the end of a connection that we have ended ourselves, never anything else.
    assert seen <= {200, 503}, seen
    assert 200 in seen
    return service


@own_hosts
def test_members_that_come_and_go(serve, tmp_path):
    members_come_and_go(serve, tmp_path, 40)


@own_hosts
def test_requests_that_wait_for_a_connection_to_a_member_that_goes(serve, tmp_path):
    """The pool may have one connection, which is busy and then lost when the member has left: others still wait."""
    go = threading.Event()

    def slow(wire):
        wire.until(b"\r\n\r\n")
        assert go.wait(20)

    backend = Upstream(slow)
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 moving\n")
    breakers = {"thresholds": [{"max_connections": 1}]}
    moving = by_name("a", "moving", backend.port, dns_refresh_rate="0.01s", circuit_breakers=breakers)
    service = serve(config.http(moving), under=[*OWN_HOSTS, str(hosts)])
    socks = [service.connect() for _ in range(3)]
    for sock in socks:
        sock.sendall(request())
    service.wait_for(lambda: service.stat("cluster.a.upstream_rq_pending_active") == 2, service.gauges)
    hosts.write_text("127.0.0.2 moving\n")
    service.wait_for(lambda: service.stat("cluster.a.membership_change") == 2, "the member is still there")
    time.sleep(0.1)
    go.set()
    for sock in socks:
        assert sock.recv(4096).startswith(b"HTTP/1.1 503 ")
        sock.close()
    backend.stop()


def test_names_at_the_start_with_hardly_a_descriptor(pillion, tmp_path):
    """Whatever is too few: it starts, or it says why not; it never waits for names that nobody looks up."""
    for count in range(6, 24):
        folder = tmp_path / str(count)
        folder.mkdir()
        bootstrap = config.http(by_name("a", "localhost", 9))
        del bootstrap["admin"]
        service = Service(pillion, str(folder), bootstrap, flags=["--concurrency", "2"], descriptors=count)
        deadline = time.monotonic() + 5
        while service.process.poll() is None and "listening" not in service.said():
            assert time.monotonic() < deadline, f"{count} descriptors: neither up nor over\n{service.said()}"
            time.sleep(0.01)
        service.process.terminate()
        service.process.wait(5)
