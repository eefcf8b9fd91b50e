"""Workers, and every kind of listening socket."""

import os
import socket

import pytest
from harness.ports import Reservation
from pressure import config
from pressure.peers import OK, Upstream, ask, request, serving, status
from pressure.service import Quiet
from test_logs import place_of, refusal

DIRECT = [config.direct("/", "x")]
WORKERS = pytest.mark.parametrize("workers", [2, 4])


def flags(workers):
    return ["--concurrency", str(workers)]


@WORKERS
def test_every_worker_serves(serve, upstream, workers):
    backend = upstream(serving(OK))
    service = serve(config.http(config.cluster(backend.port)), flags=flags(workers))
    with Quiet(service, backend):
        for _ in range(30 * workers):
            assert status(service) == 200
    shares = [service.stat(f"listener.127.0.0.1_{service.port}.worker_{n}.downstream_cx_total") for n in range(workers)]
    assert all(shares), shares
    assert sum(shares) == 30 * workers


@WORKERS
def test_one_socket_for_all_workers(serve, workers):
    """enable_reuse_port: false."""
    service = serve(config.http(routes=DIRECT, listener={"enable_reuse_port": False}), flags=flags(workers))
    with Quiet(service):
        for _ in range(50):
            assert status(service) == 200


@WORKERS
def test_ejection_is_known_to_all_workers(serve, upstream, workers):
    good, bad = upstream(serving(OK)), upstream(serving(b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n"))
    outliers = {"consecutive_5xx": 3, "interval": "60s", "base_ejection_time": "60s", "max_ejection_percent": 100}
    at_once = {"healthy_panic_threshold": {"value": 0}, "update_merge_window": "0s"}
    cluster = config.cluster([good.port, bad.port], outlier_detection=outliers, common_lb_config=at_once)
    service = serve(config.http(cluster), flags=flags(workers))
    seen = [status(service) for _ in range(200)]
    service.wait_for(lambda: service.stat("cluster.a.outlier_detection.ejections_active") == 1, "nobody was ejected")
    assert seen.count(500) <= 3 * workers + 3, seen
    assert {status(service) for _ in range(60)} == {200}
    assert service.stat("cluster.a.outlier_detection.ejections_total") == 1


@WORKERS
def test_circuit_breakers_are_one_for_all_workers(serve, upstream, workers):
    backend = upstream(lambda wire: wire.fill(20) or wire.fill(20))
    breakers = {"thresholds": [{"max_requests": 5, "max_connections": 100, "track_remaining": True}]}
    service = serve(config.http(config.cluster(backend.port, circuit_breakers=breakers)), flags=flags(workers))
    with Quiet(service, backend):
        socks = [service.connect() for _ in range(40)]
        for sock in socks:
            sock.sendall(request())
        service.wait_for(lambda: service.stat("cluster.a.upstream_rq_active") == 5, service.gauges)
        service.wait_for(lambda: service.stat("http.h.downstream_rq_5xx") == 35, service.gauges)
        for sock in socks:
            sock.close()


def test_those_who_wait_behind_one_that_overflows(serve, upstream):
    """max_requests is used up while several wait for the same connection: none of them waits for ever."""
    backend = upstream(lambda wire: (wire.fill(20), wire.fill(20)))
    breakers = {"thresholds": [{"max_requests": 1, "max_connections": 2, "track_remaining": True}]}
    service = serve(config.http(config.cluster(backend.port, circuit_breakers=breakers)))
    with Quiet(service, backend):
        socks = [service.connect() for _ in range(20)]
        for sock in socks:
            sock.sendall(request())
        service.wait_for(lambda: service.stat("http.h.downstream_rq_5xx") == 19, service.gauges)
        for sock in socks:
            sock.close()


@WORKERS
def test_unix_socket_of_all_workers(serve, tmp_path, workers):
    path = str(tmp_path / "l.sock")
    # A file that an earlier run has left.
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)
    service = serve(config.http(routes=DIRECT, listener=config.on_pipe(path, mode=0o600)), flags=flags(workers))
    assert os.stat(path).st_mode & 0o777 == 0o600
    for _ in range(50):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(5)
            sock.connect(path)
            assert ask(sock)[1] == b"x"
    assert service.stat("http.h.downstream_cx_total") == 50


def test_unix_socket_in_use_is_refused(pillion, serve, tmp_path):
    path = str(tmp_path / "l.sock")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        other.listen()
        code, said = refusal(pillion, tmp_path, config.http(routes=DIRECT, listener=config.on_pipe(path)))
    assert code == 1, said
    assert "Address already in use" in said
    assert os.path.exists(path), "the other's socket file is gone"


def test_unix_socket_path_that_is_a_file_is_left_alone(pillion, tmp_path):
    path = tmp_path / "precious"
    path.write_text("data")
    code, said = refusal(pillion, tmp_path, config.http(routes=DIRECT, listener=config.on_pipe(str(path))))
    assert code == 1, said
    assert path.read_text() == "data"


def test_ipv6(serve):
    backend = Upstream(serving(OK), address=("::1", 0))
    over = {"address": config.address("@listener@", "::1")}
    cluster = config.cluster(0)
    cluster["load_assignment"]["endpoints"][0]["lb_endpoints"] = [config.endpoint(backend.port, "::1")]
    service = serve(config.http(cluster, listener=over), flags=flags(2))
    for _ in range(20):
        with socket.create_connection(("::1", service.port), 5) as sock:
            assert ask(sock)[0].startswith(b"HTTP/1.1 200 ")
    assert service.stats("listener.*downstream_cx_total")[f"listener.[__1]_{service.port}.downstream_cx_total"] == 20
    backend.stop()


@WORKERS
def test_port_zero(serve, workers):
    service = serve(config.http(routes=DIRECT, listener={"address": config.address(0)}), flags=flags(workers))
    service.port = service.bound_port("l")
    assert service.port > 0
    for _ in range(40):
        assert status(service) == 200


@pytest.mark.parametrize("reuse", [True, False], ids=["reuse-port", "one-socket"])
def test_address_in_use_is_refused_with_its_place(pillion, tmp_path, reuse):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        over = {"address": config.address(port), "enable_reuse_port": reuse}
        code, said = refusal(pillion, tmp_path, config.http(routes=DIRECT, listener=over), flags=flags(2))
    assert code == 1, said
    assert "Address already in use" in said
    assert f"127.0.0.1:{port}" in said
    assert "envoy.json:" in said
    assert "'l'" in said


def test_admin_address_in_use_is_refused_with_its_place(pillion, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        bootstrap = config.http(routes=DIRECT)
        bootstrap["admin"]["address"] = config.address(other.getsockname()[1])
        code, said = refusal(pillion, tmp_path, bootstrap)
    assert code == 1, said
    assert "Address already in use" in said
    assert f"envoy.json:{place_of(tmp_path / 'envoy.json', 'admin')}:" in said


def test_two_listeners_of_one_address_are_refused(pillion, tmp_path):
    """With SO_REUSEPORT the kernel would take both, and give each a share of the connections."""
    bootstrap = config.http(routes=DIRECT, listener={"address": config.address(Reservation().port)})
    listeners = bootstrap["static_resources"]["listeners"]
    listeners.append(config.merge(listeners[0], {"name": "m"}))
    code, said = refusal(pillion, tmp_path, bootstrap)
    assert code == 1, said
    assert "listeners[1].address" in said
    assert "envoy.json:" in said
