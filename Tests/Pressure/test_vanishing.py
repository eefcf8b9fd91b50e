"""Peers that are gone from one moment to the next, at every moment: nothing is leaked, nobody waits for ever."""

import contextlib
import socket
import time

import pytest
from harness.wire import Ended, Wire
from pressure import config
from pressure.peers import OK, close_many, open_many, request, reset, serving, status
from pressure.service import Quiet

CROWD = 40
RETRY = {"retry_on": "5xx,reset,connect-failure,refused-stream", "num_retries": 3,
         "retry_back_off": {"base_interval": "0.05s", "max_interval": "0.1s"}}  # fmt: skip
ENDLESS = b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n"
HALF_POST = b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 100000\r\n\r\n" + b"x" * 50000
CHUNKED_POST = b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"


def hang(wire):
    while True:
        wire.buffer = b""
        wire.fill(60)


def begin(wire):
    wire.until(b"\r\n\r\n")
    with contextlib.suppress(OSError):
        wire.send(ENDLESS + b"x" * 3000000)
    hang(wire)


FAILING = serving(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")

# What the client sends, and the upstream does, until the client is gone.
CLIENT_MOMENTS = {
    "before a byte": (b"", hang),
    "in the head": (b"GET / HTTP/1.1\r\nho", hang),
    "behind the head": (request(), hang),
    "in the body": (HALF_POST, hang),
    "in a chunked body": (CHUNKED_POST, hang),
    "in the response": (request(), begin),
    "in the response to half a body": (HALF_POST, begin),
    "in the back-off": (request(), FAILING),
    "with half a body in the back-off": (HALF_POST, FAILING),
    "with more requests behind": (request() * 50, hang),
    "while answered": (request() * 50, serving(OK)),
}


@pytest.mark.parametrize("leave", [reset, socket.socket.close], ids=["reset", "close"])
@pytest.mark.parametrize("moment", CLIENT_MOMENTS)
def test_client(serve, upstream, moment, leave):
    data, handle = CLIENT_MOMENTS[moment]
    backend = upstream(handle)
    routes = [config.to("/", "a", timeout="0s", retry_policy=RETRY)]
    service = serve(config.http(config.cluster(backend.port), routes=routes))
    with Quiet(service, backend):
        socks = open_many(service, CROWD)
        for sock in socks:
            sock.sendall(data)
        time.sleep(0.1)
        for sock in socks:
            leave(sock)
        time.sleep(0.05)


def interim(wire):
    wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    wire.reset()


def half_a_head(wire):
    wire.until(b"\r\n\r\n")
    wire.send(b"HTTP/1.1 200 OK\r\nx: ")


def half_a_body(wire):
    wire.until(b"\r\n\r\n")
    wire.send(ENDLESS + b"some")


def reset_in_body(wire):
    half_a_body(wire)
    time.sleep(0.02)
    wire.reset()


def early_answer(wire):
    """Answers before the body has come, and is gone."""
    wire.until(b"\r\n\r\n")
    wire.send(OK)
    wire.reset()


UPSTREAM_MOMENTS = {
    "closes at once": lambda wire: None,
    "resets at once": lambda wire: wire.reset(),
    "closes behind the request": lambda wire: wire.until(b"\r\n\r\n"),
    "resets behind the request": lambda wire: (wire.until(b"\r\n\r\n"), wire.reset()),
    "resets behind an interim response": interim,
    "closes in the head": half_a_head,
    "closes in the body": half_a_body,
    "resets in the body": reset_in_body,
    "answers early and resets": early_answer,
}


@pytest.mark.parametrize("retry", [False, True], ids=["once", "retried"])
@pytest.mark.parametrize("moment", UPSTREAM_MOMENTS)
def test_upstream(serve, upstream, moment, retry):
    backend = upstream(UPSTREAM_MOMENTS[moment])
    routes = [config.to("/", "a", timeout="5s", **({"retry_policy": RETRY} if retry else {}))]
    service = serve(config.http(config.cluster(backend.port), routes=routes))
    with Quiet(service, backend):
        socks = open_many(service, CROWD)
        for place, sock in enumerate(socks):
            whole = request("/", "POST", b"x" * 100000) if place % 2 else request()
            with contextlib.suppress(OSError):
                sock.sendall(whole)
        for sock in socks:
            try:
                Wire(sock, 10).until(b"\r\n\r\n")
            except Ended as ended:
                assert ended.how != "TIMEOUT"
        close_many(socks)


@contextlib.contextmanager
def deaf_port():
    """A port whose queue is full: a connect to it gets no answer."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            fillers.append(filler)
        yield listener.getsockname()[1]
        close_many(fillers)


@pytest.mark.parametrize("leave", [reset, socket.socket.close], ids=["reset", "close"])
def test_client_during_the_connect(serve, leave):
    with deaf_port() as port:
        retried = [config.to("/", "a", timeout="0s", retry_policy=RETRY)]
        service = serve(config.http(config.cluster(port, connect_timeout="1s"), routes=retried))
        with Quiet(service):
            socks = open_many(service, CROWD)
            for place, sock in enumerate(socks):
                sock.sendall(HALF_POST if place % 2 else request())
            time.sleep(0.2)
            for sock in socks:
                leave(sock)


def test_connect_timeouts_with_retries(serve):
    with deaf_port() as port:
        retried = [config.to("/", "a", timeout="0s", retry_policy=RETRY)]
        service = serve(config.http(config.cluster(port, connect_timeout="0.2s"), routes=retried))
        with Quiet(service):
            socks = open_many(service, CROWD)
            for sock in socks:
                sock.sendall(request())
            for sock in socks:
                assert sock.recv(4096).startswith(b"HTTP/1.1 503 ")
            close_many(socks)


def test_client_waiting_for_a_connection(serve, upstream):
    """One connection is allowed and busy; those who wait for it leave, and then it does."""
    backend = upstream(hang)
    breakers = {"thresholds": [{"max_connections": 1, "track_remaining": True}]}
    service = serve(config.http(config.cluster(backend.port, circuit_breakers=breakers)))
    with Quiet(service, backend):
        socks = open_many(service, CROWD)
        for sock in socks:
            sock.sendall(request())
        service.wait_for(lambda: service.stat("cluster.a.upstream_rq_pending_active") == CROWD - 1, service.gauges)
        for sock in socks[1::2] + socks[::2]:
            reset(sock)


@pytest.mark.parametrize("leave", [reset, socket.socket.close], ids=["reset", "close"])
def test_tcp_proxy(serve, upstream, leave):
    backend = upstream(blast_and_hang)
    service = serve(config.tcp(config.cluster(backend.port)))
    with Quiet(service, backend):
        socks = open_many(service, CROWD)
        for sock in socks:
            sock.sendall(b"x" * 1000)
        for sock in socks:
            leave(sock)
        with deaf_port() as port:
            twice = {"max_connect_attempts": 2}
            connecting = serve(config.tcp(config.cluster(port, connect_timeout="1s"), proxy=twice))
            with Quiet(connecting):
                gone = open_many(connecting, CROWD)
                time.sleep(0.1)
                for sock in gone:
                    leave(sock)


def blast_and_hang(wire):
    wire.send(b"y" * 3000000)
    hang(wire)


def test_upstream_that_restarts(serve, upstream):
    """Its kept connections end again and again while requests run: a request without a body is always answered."""
    backend = upstream(serving(OK))
    routes = [config.to("/", "a", timeout="5s", retry_policy=RETRY)]
    service = serve(config.http(config.cluster(backend.port), routes=routes))
    with Quiet(service, backend):
        for _ in range(60):
            assert status(service) == 200
            backend.close_all()
