"""Signals: what is under way finishes, nothing new is taken, and the end comes when it must."""

import os
import signal
import socket
import threading
import time

import pytest
from harness.wire import Wire
from pressure import config
from pressure.peers import OK, ask, is_over, read_response, request, serving, status

SIGNALS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])


class Gate:
    """An upstream that answers when it is told to."""

    def __init__(self):
        self.asked, self.go = threading.Event(), threading.Event()

    def __call__(self, wire):
        while True:
            wire.until(b"\r\n\r\n")
            self.asked.set()
            assert self.go.wait(20)
            wire.send(OK)


def takes_connections(service):
    try:
        service.connect(1).close()
        return True
    except OSError:
        return False


@SIGNALS
def test_requests_under_way_finish(serve, upstream, number):
    gate = Gate()
    backend = upstream(gate)
    service = serve(config.http(config.cluster(backend.port), routes=[config.direct("/d", "d"), config.to("/", "a")]))
    service.expected_exit = 0
    with service.connect() as idle, service.connect() as fresh, service.connect() as sock:
        ask(idle, request("/d"))
        sock.sendall(request())
        assert gate.asked.wait(5)
        service.signal(number)
        service.wait_for(lambda: is_over(idle), "the idle connection stays")
        service.wait_for(lambda: is_over(fresh), "the unused connection stays")
        service.wait_for(lambda: not takes_connections(service), "it still listens")
        assert service.process.poll() is None
        gate.go.set()
        wire = Wire(sock, 5)
        head, body = read_response(wire)
        assert b"\r\nconnection: close\r\n" in head
        assert body == b"ok"
        assert wire.rest(5) == (b"", "FIN")
    assert service.process.wait(5) == 0


@SIGNALS
def test_nothing_under_way_ends_at_once(serve, number):
    service = serve(config.http(routes=[config.direct("/", "x")]))
    service.expected_exit = 0
    service.signal(number)
    assert service.process.wait(3) == 0


def test_drain_time_bounds_a_request_that_hangs(serve, upstream):
    gate = Gate()
    backend = upstream(gate)
    service = serve(config.http(config.cluster(backend.port)), flags=["--drain-time-s", "1"])
    service.expected_exit = 0
    with service.connect() as sock, service.connect() as head:
        sock.sendall(request())
        head.sendall(b"GET / HT")
        assert gate.asked.wait(5)
        start = time.monotonic()
        service.signal(signal.SIGTERM)
        assert service.process.wait(8) == 0
        assert 0.9 < time.monotonic() - start < 4
    gate.go.set()


def test_drain_time_bounds_tcp_proxy(serve, upstream):
    backend = upstream(lambda wire: wire.fill(20))
    service = serve(config.tcp(config.cluster(backend.port)), flags=["--drain-time-s", "1"])
    service.expected_exit = 0
    with service.connect():
        service.wait_for(lambda: backend.accepted == 1, "no connection upstream")
        service.signal(signal.SIGTERM)
        assert service.process.wait(8) == 0


def test_a_second_signal_ends_at_once(serve, upstream):
    gate = Gate()
    backend = upstream(gate)
    service = serve(config.http(config.cluster(backend.port)))
    service.expected_exit = 0
    with service.connect() as sock:
        sock.sendall(request())
        assert gate.asked.wait(5)
        service.signal(signal.SIGTERM)
        service.wait_for(lambda: not takes_connections(service), "it still listens")
        service.signal(signal.SIGTERM)
        assert service.process.wait(3) == 0
    gate.go.set()


def test_a_response_that_streams_when_the_signal_comes(serve, upstream):
    """Its head is gone already: the connection closes behind it all the same."""
    go = threading.Event()

    def handle(wire):
        wire.until(b"\r\n\r\n")
        wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n" + b"x" * 1000000)
        assert go.wait(10)
        wire.send(b"y" * 1000000)
        wire.fill()

    backend = upstream(handle)
    service = serve(config.http(config.cluster(backend.port)))
    service.expected_exit = 0
    with service.connect() as sock:
        sock.sendall(request())
        wire = Wire(sock, 10)
        wire.until(b"\r\n\r\n")
        service.signal(signal.SIGTERM)
        service.wait_for(lambda: not takes_connections(service), "it still listens")
        go.set()
        data, how = wire.rest(10)
        assert (len(data), how) == (2000000, "FIN")
    assert service.process.wait(5) == 0


def test_signals_in_a_storm(serve, upstream):
    """Requests run all the while; those that were accepted get an answer or none, and the process ends with 0."""
    backend = upstream(serving(OK))
    service = serve(config.http(config.cluster(backend.port)), flags=["--concurrency", "2", "--drain-time-s", "3"])
    service.expected_exit = 0
    stop = threading.Event()

    def run():
        while not stop.is_set():
            status(service, seconds=2)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    for _ in range(10):
        service.signal(signal.SIGUSR1)
        service.signal(signal.SIGHUP)
    service.signal(signal.SIGTERM)
    assert service.process.wait(10) == 0
    stop.set()
    for thread in threads:
        thread.join()


def test_unix_socket_file_goes_with_the_service(serve, tmp_path):
    path = str(tmp_path / "l.sock")
    service = serve(config.http(routes=[config.direct("/", "x")], listener=config.on_pipe(path)))
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        assert ask(sock)[1] == b"x"
    service.stop()
    # As Envoy leaves it; the next start takes the path over.
    assert os.path.exists(path)
    again = serve(config.http(routes=[config.direct("/", "y")], listener=config.on_pipe(path)))
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        assert ask(sock)[1] == b"y"
    again.stop()
