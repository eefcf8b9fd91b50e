"""The slowest end rules: what is in the proxy stays within the buffers' limits, and every byte arrives."""

import contextlib
import hashlib
import socket
import threading
import time

import pytest
from harness.wire import Ended
from pressure import config
from pressure.peers import blast, close_many, drain, open_many, request, response, serving
from pressure.service import Quiet

MEBI = 1 << 20
BIG = 120 * MEBI
LIMITS = [("64 KiB", 65536, 4 * MEBI), ("1 MiB, the default", None, 8 * MEBI)]
limits = pytest.mark.parametrize("limit, room", [case[1:] for case in LIMITS], ids=[case[0] for case in LIMITS])


def buffers(limit):
    return {"per_connection_buffer_limit_bytes": limit} if limit else {}


class Hashes(dict):
    """What an upstream's thread found out, waited for."""

    def __init__(self):
        super().__init__()
        self.there = threading.Event()

    def note(self, value):
        self["hash"] = value
        self.there.set()

    def get(self):
        assert self.there.wait(30), "the upstream did not come to its end"
        return self["hash"]


def grown(service, before, room):
    more = service.peak() - before
    assert more < room, f"{more / MEBI:.1f} MiB more at the peak"


@limits
@pytest.mark.parametrize("framing", ["content-length", "chunked", "close"])
def test_slow_reader_of_a_large_response(serve, upstream, limit, room, framing):
    sent = Hashes()

    def handle(wire):
        wire.until(b"\r\n\r\n")
        if framing == "chunked":
            wire.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            digest = hashlib.sha1()
            chunk = bytes(range(256)) * 4096
            for _ in range(BIG // len(chunk)):
                wire.send(b"%x\r\n" % len(chunk) + chunk + b"\r\n")
                digest.update(chunk)
            wire.send(b"0\r\n\r\n")
            return sent.note(digest.hexdigest())
        length = b"content-length: %d\r\n" % BIG if framing == "content-length" else b"connection: close\r\n"
        wire.send(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n")
        sent.note(blast(wire.sock, BIG))

    backend = upstream(handle)
    service = serve(config.http(config.cluster(backend.port, **buffers(limit)), listener=buffers(limit)))
    with Quiet(service, backend), service.connect(30) as sock:
        before = service.peak()
        sock.sendall(request())
        if framing == "content-length":
            head = sock.recv(4096)
            end = head.index(b"\r\n\r\n") + 4
            got = drain(sock, BIG, head[end:], pause=0.1, pauses=8)
        else:
            got = read_chunked(sock, pause=0.8)
        grown(service, before, room)
        assert got == sent.get()


def read_chunked(sock, pause):
    """A hash of the content; the chunks are cut out of large reads."""
    digest, buffer, first = hashlib.sha1(), b"", True
    left = None
    while True:
        data = sock.recv(1 << 20)
        if not data:
            raise Ended("FIN")
        if first:
            time.sleep(pause)
            first, data = False, data.partition(b"\r\n\r\n")[2]
        buffer += data
        while buffer:
            if left is None:
                line, mark, rest = buffer.partition(b"\r\n")
                if not mark:
                    break
                left, buffer = int(line, 16), rest
                if left == 0:
                    return digest.hexdigest()
                continue
            if left:
                part = buffer[:left]
                digest.update(part)
                left -= len(part)
                buffer = buffer[len(part) :]
            if not left:
                if len(buffer) < 2:
                    break
                assert buffer[:2] == b"\r\n"
                left, buffer = None, buffer[2:]


@limits
@pytest.mark.parametrize("framing", ["content-length", "chunked"])
def test_stalled_upstream_of_a_large_upload(serve, upstream, limit, room, framing):
    got = Hashes()

    def handle(wire):
        wire.until(b"\r\n\r\n")
        time.sleep(0.8)
        first, wire.buffer = wire.buffer, b""
        got.note(drain(wire.sock, BIG, first) if framing == "content-length" else dechunked(wire.sock, first))
        wire.send(response())

    backend = upstream(handle)
    service = serve(config.http(config.cluster(backend.port, **buffers(limit)), listener=buffers(limit)))
    with Quiet(service, backend), service.connect(30) as sock:
        before = service.peak()
        if framing == "content-length":
            sock.sendall(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n" % BIG)
            sent = blast(sock, BIG)
        else:
            sock.sendall(b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n")
            chunk = bytes(range(256)) * 4096
            digest = hashlib.sha1()
            for _ in range(BIG // len(chunk)):
                sock.sendall(b"%x\r\n" % len(chunk) + chunk + b"\r\n")
                digest.update(chunk)
            sock.sendall(b"0\r\n\r\n")
            sent = digest.hexdigest()
        assert got.get() == sent
        assert sock.recv(4096).startswith(b"HTTP/1.1 200")
        grown(service, before, room)


def dechunked(sock, first):
    class Fed:
        def __init__(self):
            self.first = b"\r\n\r\n" + first

        def recv(self, count):
            data, self.first = self.first, b""
            return data or sock.recv(count)

    return read_chunked(Fed(), 0)


@limits
def test_tcp_proxy_both_ways(serve, upstream, limit, room):
    sent, got = Hashes(), Hashes()

    def handle(wire):
        time.sleep(0.5)
        got.note(drain(wire.sock, BIG))
        sent.note(blast(wire.sock, BIG))

    backend = upstream(handle)
    service = serve(config.tcp(config.cluster(backend.port, **buffers(limit)), listener=buffers(limit)))
    with Quiet(service, backend), service.connect(30) as sock:
        before = service.peak()
        assert blast(sock, BIG) == got.get()
        assert drain(sock, BIG, pause=0.05, pauses=8) == sent.get()
        grown(service, before, room)
        assert sock.recv(1) == b""


def test_tcp_proxy_passes_on_what_a_client_sent_before_it_left(serve, upstream):
    """The client is gone while the upstream has hardly read."""
    got = Hashes()

    def handle(wire):
        time.sleep(0.5)
        got.note(drain(wire.sock, 8 * MEBI))

    backend = upstream(handle)
    service = serve(config.tcp(config.cluster(backend.port)))
    with Quiet(service):
        with service.connect(30) as sock:
            sent = blast(sock, 8 * MEBI)
        assert got.get() == sent


def test_pipelined_requests_of_a_client_that_does_not_read(serve, upstream):
    """10,000 in one go; the answers are read later, all of them, in order."""
    count = 10000

    def named(head):
        name = head.split(b" ")[1]
        return response(name + b"." * 2000)

    backend = upstream(serving(named))
    service = serve(config.http(config.cluster(backend.port), listener=buffers(65536)))
    with Quiet(service, backend), service.connect(30) as sock:
        before = service.peak()
        requests = b"".join(b"GET /%d HTTP/1.1\r\nhost: h\r\n\r\n" % number for number in range(count))
        writer = threading.Thread(target=sock.sendall, args=(requests,))
        writer.start()
        service.wait_for(lambda: service.cpu_while_left_alone(0.3) < 0.05, "it still works", 20)
        grown(service, before, 4 * MEBI)
        with sock.makefile("rb") as file:
            for number in range(count):
                assert read_one(file).rstrip(b".") == b"/%d" % number
        writer.join()


def read_one(file):
    length = 0
    while (line := file.readline()) != b"\r\n":
        assert line, "the end"
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return file.read(length)


def test_pipelined_requests_for_direct_responses_of_a_client_that_does_not_read(serve):
    count = 20000
    routes = [config.direct("/", "x" * 4000)]
    service = serve(config.http(routes=routes, listener=buffers(65536)))
    with Quiet(service), service.connect(30) as sock:
        before = service.peak()
        writer = threading.Thread(target=sock.sendall, args=(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n" * count,))
        writer.start()
        service.wait_for(lambda: service.cpu_while_left_alone(0.3) < 0.05, "it still works", 20)
        grown(service, before, 3 * MEBI)
        with sock.makefile("rb") as file:
            for _ in range(count):
                assert len(read_one(file)) == 4000
        writer.join()


def test_pipelined_questions_to_the_admin_of_a_client_that_does_not_read(serve):
    service = serve(config.http(routes=[config.direct("/", "x")]))
    with socket.create_connection(("127.0.0.1", service.admin_port), 30) as sock:
        service.stats()
        before = service.peak()
        sock.settimeout(1)
        with contextlib.suppress(TimeoutError):
            sock.sendall(b"GET /stats HTTP/1.1\r\nhost: h\r\n\r\n" * 20000)
        assert service.cpu_while_left_alone(0.3) < 0.1
        grown(service, before, 8 * MEBI)


def test_reader_that_never_reads_is_cut(serve, upstream):
    """All of its response waits in our buffers and the connection is to close: that is not put off for ever."""
    backend = upstream(serving(response(b"x" * (20 * MEBI))))
    config_of_it = config.http(
        config.cluster(backend.port), hcm={"delayed_close_timeout": "0.5s"}, listener=buffers(64 * MEBI))
    service = serve(config_of_it)
    with Quiet(service, backend, seconds=15):
        sock = open_many(service, 1)[0]
        sock.sendall(request(connection="close"))
        service.wait_for(lambda: service.stat("http.h.downstream_cx_destroy_local") == 1, "still there", 15)
        assert service.stat("http.h.downstream_cx_delayed_close_timeout") == 1
        close_many([sock])
        backend.close_all()


def test_bodies_echoed_while_they_come(serve, upstream):
    """Both directions at once, chunked, through small buffers."""

    def handle(wire):
        wire.until(b"\r\n\r\n")
        wire.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + wire.buffer)
        while True:
            wire.send(wire.sock.recv(65536))

    backend = upstream(handle)
    service = serve(config.http(config.cluster(backend.port, **buffers(65536)), listener=buffers(65536)))
    with Quiet(service, backend), service.connect(30) as sock:
        before = service.peak()
        digest = hashlib.sha1()
        chunk = bytes(range(256)) * 256

        def write():
            sock.sendall(b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n")
            for _ in range(500):
                sock.sendall(b"%x\r\n" % len(chunk) + chunk + b"\r\n")
                digest.update(chunk)
            sock.sendall(b"0\r\n\r\n")

        writer = threading.Thread(target=write)
        writer.start()
        got = read_chunked(sock, pause=0.3)
        writer.join()
        assert got == digest.hexdigest()
        grown(service, before, 4 * MEBI)
