"""Bytes at random, and messages cut at every place: no harm, and nothing is left behind. The seeds are fixed."""

import contextlib
import random
import socket

from harness.wire import Ended, Wire
from pressure import config
from pressure.peers import OK, Upstream, request, reset, serving, status
from pressure.service import Quiet

REQUESTS = [
    request("/plain"),
    request("/body", "POST", b"0123456789"),
    request("http://h/absolute?x=%20#f", accept="*/*", cookie="a=b; c=d"),
    b"POST /chunked HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: t\r\n\r\n"
    b"5;e=1\r\nhello\r\n0\r\nt: v\r\n\r\n",
    b"GET /old HTTP/1.0\r\nHost: h\r\nConnection: keep-alive, te\r\nTE: trailers\r\n\r\n",
    b"PUT /wait HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\nabc",
    b"HEAD /a//b/../c HTTP/1.1\r\nhost: h\r\nx-forwarded-for: 1.2.3.4, 5.6.7.8\r\nx-request-id: 1\r\n\r\n",
]
RESPONSES = [
    OK,
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + OK,
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6;x\r\n world\r\n0\r\nt: v\r\n\r\n",
    b"HTTP/1.0 200\r\nconnection: close\r\n\r\nuntil the end",
    b"HTTP/1.1 304 Not Modified\r\netag: \"x\"\r\ncontent-length: 7\r\n\r\n",
]
# What a parser stumbles over more often than over plain noise.
BITS = [
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b"\r\n\r\n", b"content-length: ", b"18446744073709551616",
    b"transfer-encoding: chunked\r\n", b"-1", b"ffffffffffffffff", b"HTTP/1.1", b"HTTP/9.9", b"\xff\xfe", b"%00",
    b"GET / HTTP/1.1\r\nhost: h\r\n\r\n", b"x" * 300,
]  # fmt: skip


def mutated(chance, sources):
    data = bytearray(chance.choice(sources))
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0:
                data[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                data[place:place] = chance.choice(BITS)
            case 2:
                del data[place : place + chance.randint(1, 12)]
            case 3:
                other = chance.choice(sources)
                data[place:] = other[chance.randrange(len(other)) :]
            case 4:
                data[place:place] = data[place : place + chance.randint(1, 40)]
    return bytes(data)


def noise(chance):
    return chance.randbytes(chance.choice([1, 7, 60, 600, 6000, 70000]))


def throw(service, data, chance):
    """Sends it, in one piece or two, and leaves in one of three ways."""
    sock = service.connect()
    with contextlib.suppress(OSError):
        cut = chance.randrange(len(data) + 1)
        for part in (data[:cut], data[cut:]):
            if part:
                sock.sendall(part)
        match chance.randrange(3):
            case 0:
                sock.shutdown(socket.SHUT_WR)
                sock.settimeout(0.05)
                sock.recv(65536)
            case 1:
                return reset(sock)
    sock.close()


def test_noise_and_mutated_requests(serve, upstream):
    backend = upstream(serving(OK))
    retry = {"retry_on": "5xx,reset,connect-failure"}
    routes = [config.to("/", "a", timeout="2s", retry_policy=retry)]
    hcm = {"request_headers_timeout": "2s", "stream_idle_timeout": "2s", "normalize_path": True}
    service = serve(config.http(config.cluster(backend.port), routes=routes, hcm={**hcm, "use_remote_address": True}))
    chance = random.Random(20261121)
    with Quiet(service, backend, seconds=15):
        for number in range(900):
            throw(service, noise(chance) if number % 3 == 0 else mutated(chance, REQUESTS), chance)
        assert status(service) == 200
        backend.close_all()


def test_requests_cut_at_every_place(serve, upstream):
    backend = upstream(serving(OK))
    service = serve(config.http(config.cluster(backend.port)))
    with Quiet(service, backend):
        for data in REQUESTS:
            for end in range(len(data)):
                with service.connect() as sock:
                    sock.sendall(data[:end])
                    if end % 2:
                        reset(sock)
        assert status(service) == 200


class Speaking(Upstream):
    """Says what it is told to, once for each connection, and ends that in one of two ways."""

    def __init__(self):
        self.line = (OK, False)
        super().__init__(self.speak)

    def speak(self, wire):
        wire.until(b"\r\n\r\n")
        data, resets = self.line
        wire.send(data)
        if resets:
            wire.reset()


def through(service, speaking, data, resets):
    """One request whose upstream says `data`; what comes of it does not matter as long as it ends."""
    speaking.line = (data, resets)
    with service.connect() as sock:
        sock.sendall(request(connection="close"))
        wire = Wire(sock, 5.0)
        with contextlib.suppress(Ended):
            while True:
                wire.fill()
        assert wire.buffer, "neither a response nor a reset"


def test_noise_as_responses(serve):
    speaking = Speaking()
    routes, soon = [config.to("/", "a", timeout="2s")], {"delayed_close_timeout": "0.01s"}
    service = serve(config.http(config.cluster(speaking.port), routes=routes, hcm=soon))
    chance = random.Random(1121)
    with Quiet(service, speaking):
        for number in range(500):
            data = noise(chance) if number % 3 == 0 else mutated(chance, RESPONSES)
            through(service, speaking, data, number % 5 == 0)
        for data in RESPONSES:
            for end in range(len(data)):
                through(service, speaking, data[:end], end % 3 == 0)
        speaking.line = (OK, False)
        assert status(service, request(connection="close")) == 200
    speaking.stop()


def test_noise_through_tcp_proxy(serve, upstream):
    chance = random.Random(7)

    def handle(wire):
        wire.fill()
        wire.send(chance.randbytes(chance.randrange(9000) + 1))
        if chance.random() < 0.5:
            wire.reset()

    backend = upstream(handle)
    service = serve(config.tcp(config.cluster(backend.port)))
    thrower = random.Random(8)
    with Quiet(service, backend):
        for _ in range(300):
            throw(service, noise(thrower), thrower)
        backend.close_all()


def test_noise_at_the_admin(serve):
    service = serve(config.http(routes=[config.direct("/", "x")]))
    chance = random.Random(9)
    before = service.descriptors()
    for number in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", service.admin_port), 5) as sock:
            sock.sendall(noise(chance) if number % 3 == 0 else mutated(chance, REQUESTS))
            if number % 2:
                reset(sock)
    service.wait_for(lambda: service.stats("server.live") == {"server.live": 1}, "the admin is gone")
    service.wait_for(lambda: service.descriptors() <= before, lambda: f"{service.descriptors()} descriptors")
