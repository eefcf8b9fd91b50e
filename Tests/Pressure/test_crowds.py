"""Thousands of idle and of slow clients: little memory, little time, and the timeouts cut them."""

import time

from pressure import config
from pressure.peers import OK, ask, close_many, is_over, open_many, request, reset, serving
from pressure.service import Quiet

CROWD = 2500
HELLO = [config.direct("/", "hello")]
KIBI = 1024


def wait_until_over(service, socks, seconds):
    left = list(socks)

    def none_left():
        left[:] = [sock for sock in left if not is_over(sock)]
        return not left

    service.wait_for(none_left, lambda: f"{len(left)} of {len(socks)} still open", seconds)


def test_idle_connections_cost_little_and_are_cut(serve):
    idle = {"common_http_protocol_options": {"idle_timeout": "6s"}, "drain_timeout": "0.5s"}
    service = serve(config.http(routes=HELLO, hcm=idle))
    for sock in open_many(service, 100):
        ask(sock)
        sock.close()
    with Quiet(service, seconds=20):
        before = service.resident()
        socks = open_many(service, CROWD)
        for sock in socks:
            sock.sendall(request())
        for sock in socks:
            assert b"hello" in sock.recv(4096)
        each = (service.resident() - before) / CROWD
        assert each <= 8 * KIBI, f"{each / KIBI:.1f} KiB each"
        assert service.cpu_while_left_alone(0.5) < 0.15
        wait_until_over(service, socks, 20)
        close_many(socks)
    assert service.stat("http.h.downstream_cx_idle_timeout") == CROWD


def test_kept_connections_with_an_upstream_each_cost_little(serve, upstream):
    """As many at the same time as there are clients: then both ends idle."""
    backend = upstream(serving(OK))
    service = serve(config.http(config.cluster(backend.port)))
    crowd = 300
    with Quiet(service, backend, seconds=20):
        before = service.resident()
        socks = open_many(service, crowd)
        for _ in range(2):
            for sock in socks:
                sock.sendall(request())
            for sock in socks:
                assert b"200 OK" in sock.recv(4096)
        each = (service.resident() - before) / crowd
        assert each <= 32 * KIBI, f"{each / KIBI:.1f} KiB each"
        close_many(socks)
        backend.close_all()


def test_slow_heads_are_cut(serve):
    service = serve(config.http(routes=HELLO, hcm={"request_headers_timeout": "3s"}))
    with Quiet(service, seconds=20):
        before, cpu = service.resident(), service.cpu()
        socks = open_many(service, CROWD)
        head = request("/slow", **{"x-" + "y" * 20: "z" * 50})
        for byte in head[:6]:
            for sock in socks:
                sock.sendall(bytes([byte]))
        each = (service.resident() - before) / CROWD
        assert each <= 28 * KIBI, f"{each / KIBI:.1f} KiB each"
        wait_until_over(service, socks, 20)
        close_many(socks)
        assert service.cpu() - cpu < 3.0
    assert service.stat("http.h.downstream_rq_header_timeout") == CROWD
    assert service.stat("http.h.downstream_rq_4xx") == CROWD


def test_slow_bodies_and_slow_responses_are_cut(serve, upstream):
    """stream_idle_timeout: 408 to a client that stops sending, a cut where the upstream stops."""

    def begin_only(wire):
        wire.until(b"\r\n\r\n")
        wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun")
        wire.fill(30)

    backend = upstream(begin_only)
    routes = [config.to("/post", "a", timeout="0s"), config.to("/", "a", timeout="0s")]
    service = serve(config.http(config.cluster(backend.port), routes=routes, hcm={"stream_idle_timeout": "1s"}))
    crowd = 300
    with Quiet(service, backend, seconds=20):
        senders, readers = open_many(service, crowd), open_many(service, crowd)
        for sock in senders:
            sock.sendall(b"POST /post HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nabc")
        for sock in readers:
            sock.sendall(request(connection="close"))
        wait_until_over(service, senders + readers, 20)
        close_many(senders + readers)
    assert service.stat("http.h.downstream_rq_idle_timeout") == 2 * crowd


def drip(service, data):
    """Sends a head byte by byte and reads what comes; seconds of processor time that the service took."""
    before = service.cpu()
    with service.connect(20) as sock:
        for byte in data:
            sock.send(bytes([byte]))
        answer = sock.recv(4096)
        assert answer, "no answer"
    return service.cpu() - before


def test_a_dripped_head_costs_no_more_than_its_bytes(serve):
    """56 KiB in one head, and the same bytes in 56 small ones: the difference would be the square."""
    service = serve(config.http(routes=HELLO))
    lines = "".join(f"x-field-{number}: {'v' * 700}\r\n" for number in range(80))
    large = b"GET / HTTP/1.1\r\nhost: h\r\n" + lines.encode() + b"\r\n"
    small = request("/", x="v" * 960)
    at_once = drip(service, small * (len(large) // len(small)))
    dripped = drip(service, large)
    assert dripped < 3 * at_once + 0.3, f"{dripped:.2f} s in one head, {at_once:.2f} s in many"


def test_dripped_chunks_and_trailers_cost_no_more_than_their_bytes(serve, upstream):
    backend = upstream(serving(OK))
    service = serve(config.http(config.cluster(backend.port)))
    start = b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
    tiny = drip(service, start + b"1\r\na\r\n" * 4000 + b"0\r\n\r\n")
    extension = drip(service, start + b"1;" + b"e" * 16000 + b"\r\na\r\n0\r\n\r\n")
    trailer = drip(service, start + b"1\r\na\r\n0\r\nt: " + b"v" * 24000 + b"\r\n\r\n")
    for seconds in (extension, trailer):
        assert seconds < 3 * tiny + 0.3, f"chunks {tiny:.2f} s, extension {extension:.2f} s, trailer {trailer:.2f} s"


def test_clients_that_come_and_go_leave_nothing(serve):
    service = serve(config.http(routes=HELLO))

    def rounds(count):
        for _ in range(count):
            socks = open_many(service, 50)
            for place, sock in enumerate(socks):
                sock.sendall(request() if place % 2 else b"GET / HT")
            for place, sock in enumerate(socks):
                reset(sock) if place % 3 else sock.close()

    rounds(10)
    service.wait_for(lambda: service.stat("http.h.downstream_cx_active") == 0, service.gauges)
    with Quiet(service):
        growth = []
        for _ in range(5):
            before = service.resident()
            rounds(40)
            time.sleep(0.2)
            growth.append((service.resident() - before) // KIBI)
        # More at a time than ever before takes more memory, once; what 2,000 connections leave behind, they leave each time.
        assert min(growth) < 64, f"{growth} KiB more"
