"""Hostile and slow HTTP/2 peers: memory stays within limits, the code is the right one, others notice nothing."""

import contextlib
import hashlib
import struct
import threading
import time

import hpack
import pytest
from harness.config import http2_options, merge
from harness.frames import (
    CODES,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PING,
    PREFACE,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    frame_bytes,
    settings_payload,
)
from harness.wire import Ended, Wire
from pressure import config
from pressure.peers import ask, response, serving
from pressure.service import Quiet

MEBI = 1 << 20
GET = hpack.Encoder().encode(
    [(":method", "GET"), (":scheme", "http"), (":authority", "h"), (":path", "/")], huffman=False
)
POST = hpack.Encoder().encode(
    [(":method", "POST"), (":scheme", "http"), (":authority", "h"), (":path", "/")], huffman=False
)


def number(value):
    return struct.pack(">I", value)


def headers(stream, block=GET, end=True):
    return frame_bytes(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, block)


class Peer:
    """A connection of frames. `frames` reads until the proxy ends it, or nothing comes for so long."""

    def __init__(self, service, settings=(), preface=True):
        self.wire = Wire(service.connect(30), 10.0)
        if preface:
            self.wire.send(PREFACE + frame_bytes(SETTINGS, 0, 0, settings_payload(settings)))

    def send(self, data):
        """False when the proxy has closed meanwhile."""
        try:
            self.wire.send(data)
        except OSError:
            return False
        return True

    def frame(self, seconds):
        self.wire.seconds = seconds
        head = self.wire.exactly(9)
        size = int.from_bytes(head[:3], "big")
        return head[3], head[4], int.from_bytes(head[5:9], "big") & 0x7FFFFFFF, self.wire.exactly(size)

    def frames(self, seconds=5.0):
        """What came, and how it ended."""
        got = []
        try:
            while True:
                got.append(self.frame(seconds))
        except Ended as ended:
            return got, ended.how

    def goaways(self, seconds=5.0):
        got, how = self.frames(seconds)
        codes = [CODES[int.from_bytes(payload[4:8], "big")] for kind, _, _, payload in got if kind == GOAWAY]
        return codes, how

    def close(self):
        self.wire.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@pytest.fixture
def quick(upstream):
    return upstream(serving(response(b"ok")))


@pytest.fixture
def service(serve, quick):
    hcm = {"http2_protocol_options": {}, "delayed_close_timeout": "0.3s"}
    return serve(config.http(config.cluster(quick.port), hcm=hcm))


class Bystander:
    """Asks all the while over a connection of its own; every answer must come, and soon."""

    def __init__(self, service):
        self.service, self.over, self.faults, self.asked, self.slowest = service, False, [], 0, 0.0

    def __enter__(self):
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        return self

    def run(self):
        try:
            with self.service.connect(20) as sock:
                wire = Wire(sock, 20.0)
                while not self.over:
                    began = time.monotonic()
                    head, body = ask(wire, seconds=20)
                    self.slowest = max(self.slowest, time.monotonic() - began)
                    if body != b"ok":
                        self.faults.append(head)
                    self.asked += 1
                    time.sleep(0.01)
        except (OSError, Ended) as error:
            self.faults.append(repr(error))

    def __exit__(self, kind, *_):
        deadline = time.monotonic() + 10
        while kind is None and self.asked < 4 and not self.faults and time.monotonic() < deadline:
            time.sleep(0.01)
        self.over = True
        self.thread.join(30)
        if kind is None:
            assert not self.faults, self.faults[:3]
            assert self.asked > 3 and self.slowest < 5, (self.asked, self.slowest)


def grown(service, before, room):
    more = service.peak() - before
    assert more < room, f"{more / MEBI:.1f} MiB more at the peak"


def rounds(data, most=400):
    """The same bytes again and again, until the proxy has enough."""

    def pour(peer):
        for _ in range(most):
            if not peer.send(data):
                return

    return pour


def rapid_resets(peer):
    for first in range(1, 40001, 200):
        pairs = (
            headers(stream) + frame_bytes(RST_STREAM, 0, stream, number(8)) for stream in range(first, first + 200, 2)
        )
        if not peer.send(b"".join(pairs)):
            return


def continuations(size):
    def pour(peer):
        peer.send(frame_bytes(HEADERS, 0, 1, GET))
        rounds(
            frame_bytes(
                CONTINUATION,
                0,
                1,
                b"\x00\x01a" + b"\x01b" * 1 if size == 1 else b"\x00\x01a\x7f\x81\x7d" + b"b" * 16128,
            )
            * 16
        )(peer)

    return pour


def many_settings(peer):
    rounds(frame_bytes(SETTINGS, 0, 0, settings_payload([(4, 65535)] * 30)) * 100)(peer)


FLOODS = {
    "rapid reset": rapid_resets,
    "PING": rounds(frame_bytes(PING, 0, 0, bytes(8)) * 2000),
    "SETTINGS": many_settings,
    "empty DATA": lambda peer: peer.send(headers(1, POST, False)) and rounds(frame_bytes(DATA, 0, 1) * 2000)(peer),
    "PRIORITY": rounds(frame_bytes(PRIORITY, 0, 1, number(0) + b"\x0f") * 2000),
    "WINDOW_UPDATE": lambda peer: (
        peer.send(headers(1, POST, False)) and rounds(frame_bytes(WINDOW_UPDATE, 0, 0, number(1)) * 2000)(peer)
    ),
    "CONTINUATION, small": continuations(1),
    "CONTINUATION, large": continuations(16128),
    "empty CONTINUATION": lambda peer: (
        peer.send(frame_bytes(HEADERS, 0, 1, GET)) and rounds(frame_bytes(CONTINUATION, 0, 1) * 2000)(peer)
    ),
    "RST_STREAM of idle streams": rounds(
        b"".join(frame_bytes(RST_STREAM, 0, stream, number(8)) for stream in range(1, 4001, 2))
    ),
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_floods_end_the_connection(service, quick, flood):
    with Quiet(service, quick), Bystander(service):
        before = service.peak()
        for _ in range(3):
            with Peer(service) as peer:
                flood(peer)
                _, how = peer.frames(10.0)
                assert how in ("FIN", "RST"), how
        grown(service, before, 8 * MEBI)


def test_answers_that_nobody_reads(service, quick):
    """PINGs whose answers fill the sockets: what waits is counted, not kept."""
    with Quiet(service, quick), Bystander(service):
        before = service.peak()
        with Peer(service) as peer:
            rounds(frame_bytes(PING, 0, 0, bytes(8)) * 900, 2000)(peer)
            assert peer.frames(10.0)[1] in ("FIN", "RST")
        grown(service, before, 8 * MEBI)


def test_an_hpack_bomb(service, quick):
    """Four kilobytes in the dynamic table, named by a byte each."""
    first = b"\x40\x01b\x7f\x9d\x1e" + b"c" * 3996
    with Quiet(service, quick), Bystander(service):
        before = service.peak()
        for _ in range(8):
            with Peer(service) as peer:
                block = GET + first + b"\xbe" * 16000
                pieces = [block[at : at + 16000] for at in range(0, len(block), 16000)]
                data = frame_bytes(HEADERS, END_STREAM, 1, pieces[0])
                for piece in pieces[1:-1]:
                    data += frame_bytes(CONTINUATION, 0, 1, piece)
                data += frame_bytes(CONTINUATION, END_HEADERS, 1, pieces[-1])
                peer.send(data)
                got, _ = peer.frames(0.5)
                assert all(kind != HEADERS for kind, *_ in got)
        grown(service, before, 8 * MEBI)


CODED = {
    "a window above its maximum": (frame_bytes(WINDOW_UPDATE, 0, 0, number(2**31 - 1)), "FLOW_CONTROL_ERROR"),
    "a frame above its maximum": (frame_bytes(DATA, 0, 1, bytes(16385)), "FRAME_SIZE_ERROR"),
    "a header block of nonsense": (frame_bytes(HEADERS, 5, 1, b"\xff" * 6), "COMPRESSION_ERROR"),
    "DATA on an idle stream": (frame_bytes(DATA, 0, 1, b"abc"), "PROTOCOL_ERROR"),
    "an even stream": (headers(2), "PROTOCOL_ERROR"),
    "stream 0": (headers(0), "PROTOCOL_ERROR"),
    "CONTINUATION alone": (frame_bytes(CONTINUATION, 4, 1, GET), "PROTOCOL_ERROR"),
    "SETTINGS of a wrong size": (frame_bytes(SETTINGS, 0, 0, b"abc"), "FRAME_SIZE_ERROR"),
    "a PING of a wrong size": (frame_bytes(PING, 0, 0, b"abc"), "FRAME_SIZE_ERROR"),
    "WINDOW_UPDATE of 0": (frame_bytes(WINDOW_UPDATE, 0, 0, number(0)), "PROTOCOL_ERROR"),
}


@pytest.mark.parametrize("data, code", CODED.values(), ids=CODED)
def test_errors_have_the_code_of_the_rfc(service, quick, data, code, pillion):
    if "envoy" in pillion:
        pytest.skip("Envoy says nothing for many of them")
    with Quiet(service, quick), Bystander(service), Peer(service) as peer:
        peer.send(data)
        assert peer.goaways() == ([code], "FIN")


HEADS = {
    "upper-case name": [("X-A", "b")],
    "connection": [("connection", "close")],
    "transfer-encoding": [("transfer-encoding", "chunked")],
    "pseudo-header twice": [(":path", "/b")],
    "unknown pseudo-header": [(":foo", "b")],
    "NUL": [("x", "a\0b")],
    "newline": [("x", "a\r\nx-smuggled: b")],
}


@pytest.mark.parametrize("extra", HEADS.values(), ids=HEADS)
def test_malformed_heads_reach_no_upstream(service, quick, extra):
    pairs = [(":method", "GET"), (":scheme", "http"), (":authority", "h"), (":path", "/"), *extra]
    encoded = [hpack.NeverIndexedHeaderTuple(name.encode(), value.encode()) for name, value in pairs]
    with Quiet(service, quick), Bystander(service):
        before = service.stat("cluster.a.upstream_rq_total")
        with Peer(service) as peer:
            peer.send(headers(1, hpack.Encoder().encode(encoded, huffman=False)))
            got, how = peer.frames(5.0)
            assert how in ("FIN", "RST") and all(kind != HEADERS for kind, *_ in got)
        assert service.stat("http2.rx_messaging_error") == 1
    assert before is not None


def test_crowds_of_streams_that_never_read(service, upstream, serve):
    """A window of zero on a thousand streams: whole answers wait, within the buffers, and end with their client."""
    big = upstream(serving(response(b"x" * 100_000)))
    service = serve(config.http(config.cluster(big.port), listener={"per_connection_buffer_limit_bytes": 32768}))
    with Quiet(service, big):
        before = service.peak()
        with Peer(service, {"initial_window_size": 0}) as peer:
            for first in range(1, 1001, 100):
                peer.send(b"".join(headers(stream) for stream in range(first, first + 100, 2)))
            got, _ = peer.frames(2.0)
            assert sum(kind == HEADERS for kind, *_ in got) > 400
            assert not any(kind == DATA and payload for kind, _, _, payload in got)
        # 500 upstreams of 32 KiB and what their sockets hold of it in the proxy.
        grown(service, before, 96 * MEBI)


# Flow control ---------------------------------------------------------------------------------------------------------


def h2_upstream(upstream, size):
    """Serves `size` bytes on each stream as the windows allow, by a thread a connection."""
    body = bytes(range(256)) * (size // 256)

    def handle(wire):
        assert wire.exactly(len(PREFACE)) == PREFACE
        wire.send(frame_bytes(SETTINGS, 0, 0, settings_payload({"max_concurrent_streams": 1000})))
        decoder = hpack.Decoder()
        connection, initial, windows, rest = 65535, 65535, {}, {}
        while True:
            head = wire.exactly(9)
            length = int.from_bytes(head[:3], "big")
            kind, flags, stream = head[3], head[4], int.from_bytes(head[5:9], "big")
            payload = wire.exactly(length)
            if kind == SETTINGS and not flags & 1:
                for at in range(0, length, 6):
                    name, value = struct.unpack(">HI", payload[at : at + 6])
                    if name == 4:
                        for one in windows:
                            windows[one] += value - initial
                        initial = value
                wire.send(frame_bytes(SETTINGS, 1))
            elif kind == HEADERS:
                decoder.decode(payload)
                windows.setdefault(stream, initial)
                rest[stream] = memoryview(body)
                wire.send(frame_bytes(HEADERS, END_HEADERS, stream, b"\x88"))
            elif kind == WINDOW_UPDATE and stream == 0:
                connection += int.from_bytes(payload, "big")
            elif kind == WINDOW_UPDATE:
                windows[stream] = windows.get(stream, initial) + int.from_bytes(payload, "big")
            elif kind == RST_STREAM:
                rest.pop(stream, None)
            for one in list(rest):
                while rest[one] and min(connection, windows[one]) > 0:
                    piece = rest[one][: min(16384, connection, windows[one])]
                    connection, windows[one] = connection - len(piece), windows[one] - len(piece)
                    rest[one] = rest[one][len(piece) :]
                    wire.send(frame_bytes(DATA, 0 if rest[one] else END_STREAM, one, bytes(piece)))
                if not rest[one]:
                    del rest[one]

    return upstream(handle), hashlib.sha1(body).hexdigest()


LIMIT = 65536


def test_a_hundred_streams_of_ten_megabytes_and_slow_readers(serve, upstream):
    """One connection on either side. Ninety-nine streams are read slowly, one fast: it is through long before them,
    memory stays within the buffers, and every byte arrives."""
    size, count = 10 * MEBI, 100
    big, digest = h2_upstream(upstream, size)
    limits = {"per_connection_buffer_limit_bytes": LIMIT}
    bootstrap = config.http(merge(config.cluster(big.port, **limits), http2_options()), listener=limits)
    service = serve(bootstrap)
    with Quiet(service, big):
        before = service.peak()
        with Peer(service, {"initial_window_size": LIMIT}) as peer:
            peer.send(frame_bytes(WINDOW_UPDATE, 0, 0, number(2**30)))
            peer.send(b"".join(headers(2 * index + 1) for index in range(count)))
            reader = Reader(peer, count)
            reader.fast(1, size)
            assert reader.hashes[1].hexdigest() == digest
            slow = [reader.got[stream] for stream in range(3, 2 * count, 2)]
            assert max(slow) <= LIMIT, "the slow ones got more than they asked for"
            grown(service, before, 40 * MEBI)
            # Some of them are read to their end; the others end with the connection.
            for stream in (3, 101, 199):
                reader.fast(stream, size)
                assert reader.hashes[stream].hexdigest() == digest
            grown(service, before, 40 * MEBI)


class Reader:
    def __init__(self, peer, count):
        self.peer = peer
        self.got = {2 * index + 1: 0 for index in range(count)}
        self.hashes = {stream: hashlib.sha1() for stream in self.got}

    def fast(self, chosen, size):
        """Credits one stream only, until it is through."""
        if self.got[chosen]:
            self.peer.send(frame_bytes(WINDOW_UPDATE, 0, chosen, number(self.got[chosen])))
        while self.got[chosen] < size:
            kind, _, stream, payload = self.peer.frame(20.0)
            assert kind not in (RST_STREAM, GOAWAY), (kind, stream, payload)
            if kind == DATA and payload:
                self.got[stream] += len(payload)
                self.hashes[stream].update(payload)
                if stream == chosen:
                    self.peer.send(frame_bytes(WINDOW_UPDATE, 0, stream, number(len(payload))))


def test_slow_uploads_hold_back_their_own_stream_only(serve, upstream):
    """An upstream that does not read one request's body: the client's window for it shuts, other streams go on."""
    stuck = threading.Event()

    def handle(wire):
        while True:
            head = wire.until(b"\r\n\r\n")
            if b"POST" in head:
                stuck.wait(30)
                return
            wire.send(response(b"ok"))

    slow = upstream(handle, receive_buffer=4096)
    limits = {"per_connection_buffer_limit_bytes": LIMIT}
    service = serve(config.http(config.cluster(slow.port, **limits), listener=limits))
    with Quiet(service, slow):
        before = service.peak()
        with Peer(service) as peer:
            windows = upload(peer, 1)
            assert windows < 8 * MEBI
            for stream in range(3, 23, 2):
                peer.send(headers(stream))
                wait_for_end(peer, stream)
            grown(service, before, 16 * MEBI)
        stuck.set()


def upload(peer, stream):
    """Sends all that the windows allow; how much that was in the end."""
    peer.send(headers(stream, POST, end=False))
    connection, own, sent, settings = 65535, 65535, 0, False
    quiet = time.monotonic() + 1.5
    while time.monotonic() < quiet:
        room = min(connection, own, 16384)
        if settings and room > 0:
            peer.send(frame_bytes(DATA, 0, stream, bytes(room)))
            connection, own, sent = connection - room, own - room, sent + room
            quiet = time.monotonic() + 1.5
            continue
        with contextlib.suppress(Ended):
            kind, flags, number_, payload = peer.frame(0.3)
            if kind == WINDOW_UPDATE and number_ == 0:
                connection += int.from_bytes(payload, "big")
            elif kind == WINDOW_UPDATE:
                own += int.from_bytes(payload, "big")
            elif kind == SETTINGS and not flags & 1:
                settings = True
                for at in range(0, len(payload), 6):
                    name, value = struct.unpack(">HI", payload[at : at + 6])
                    own += value - 65535 if name == 4 else 0
    return sent


def wait_for_end(peer, stream):
    while True:
        kind, flags, number_, _ = peer.frame(10.0)
        assert kind not in (RST_STREAM, GOAWAY)
        if number_ == stream and flags & END_STREAM:
            return


def test_idle_connections_hold_next_to_nothing(service, quick):
    peers = [Peer(service) for _ in range(50)]
    for peer in peers:
        peer.send(headers(1))
        wait_for_end(peer, 1)
    before = service.resident()
    more = [Peer(service) for _ in range(300)]
    for peer in more:
        peer.send(headers(1))
        wait_for_end(peer, 1)
    each = (service.resident() - before) / 300
    for peer in peers + more:
        peer.close()
    assert each < 60_000, f"{each / 1024:.1f} KiB each"


def test_noise_over_http2(service, quick):
    """Good frames cut, repeated and changed in bytes, and frames at random: it lives, and forgets them."""
    import random

    chance = random.Random(20261121)
    good = [
        headers(1), headers(3, POST, False) + frame_bytes(DATA, 1, 3, b"body"), frame_bytes(PING, 0, 0, bytes(8)),
        frame_bytes(SETTINGS, 0, 0, settings_payload({"initial_window_size": 1000})), frame_bytes(SETTINGS, 1),
        frame_bytes(WINDOW_UPDATE, 0, 0, number(1000)), frame_bytes(RST_STREAM, 0, 1, number(8)),
        frame_bytes(GOAWAY, 0, 0, bytes(8)), frame_bytes(PRIORITY, 0, 5, number(1) + b"\x05"),
        frame_bytes(HEADERS, 1, 5, GET[:3]) + frame_bytes(CONTINUATION, 4, 5, GET[3:]),
    ]  # fmt: skip
    with Quiet(service, quick), Bystander(service):
        before = service.peak()
        for _ in range(600):
            data = bytearray(b"".join(chance.choices(good, k=chance.randint(1, 12))))
            for _ in range(chance.randint(0, 5)):
                place = chance.randrange(len(data))
                match chance.randrange(3):
                    case 0:
                        data[place] = chance.randrange(256)
                    case 1:
                        del data[place : place + chance.randint(1, 9)]
                    case 2:
                        data[place:place] = chance.randbytes(chance.randint(1, 9))
                if not data:
                    data = bytearray(b"\0")
            with contextlib.suppress(OSError), Peer(service) as peer:
                peer.send(bytes(data))
                if chance.random() < 0.1:
                    peer.frames(0.1)
        grown(service, before, 16 * MEBI)
