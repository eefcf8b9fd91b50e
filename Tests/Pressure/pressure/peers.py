"""Upstreams and clients that behave as badly as a test wants, over plain sockets."""

import contextlib
import hashlib
import socket
import struct
import threading
import time

from harness.wire import Ended, Wire, header_values

BLOCK = bytes(range(256)) * 1024


class Upstream:
    """A listening socket, and a thread for each connection that runs `handle(wire)` and then closes it."""

    def __init__(self, handle, receive_buffer=None, address=("127.0.0.1", 0)):
        self.handle = handle
        self.sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.bind(address)
        self.sock.listen(4096)
        self.port = self.sock.getsockname()[1]
        self.wires = []
        self.accepted = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wire = Wire(sock, 60.0)
            self.wires.append(wire)
            self.accepted += 1
            threading.Thread(target=self.run, args=(wire,), daemon=True).start()

    def run(self, wire):
        with contextlib.suppress(OSError, Ended):
            self.handle(wire)
        wire.close()

    def close_all(self):
        """Ends the connections that stand."""
        wires, self.wires = self.wires, []
        for wire in wires:
            with contextlib.suppress(OSError):
                wire.sock.shutdown(socket.SHUT_RDWR)

    def stop(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self.close_all()


def serving(reply):
    """A handler that answers each request, its body read, with `reply` (bytes, or made from the head)."""

    def handle(wire):
        while True:
            head = wire.until(b"\r\n\r\n")
            lengths = header_values(head, "content-length")
            if lengths:
                wire.exactly(int(lengths[0]))
            elif header_values(head, "transfer-encoding"):
                wire.until(b"0\r\n\r\n")
            wire.send(reply(head) if callable(reply) else reply)

    return handle


def response(body=b"ok", status="200 OK", **headers):
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\n{fields}content-length: {len(body)}\r\n\r\n".encode() + body


OK = response()


def request(path="/", method="GET", body=None, **headers):
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    if body is not None:
        fields += f"content-length: {len(body)}\r\n"
    return f"{method} {path} HTTP/1.1\r\nhost: h\r\n{fields}\r\n".encode() + (body or b"")


def ask(sock, data=None, seconds=10.0):
    """Sends and reads one response with its body; the head and the body."""
    wire = sock if isinstance(sock, Wire) else Wire(sock, seconds)
    wire.send(request() if data is None else data)
    return read_response(wire)


def read_response(wire):
    head = wire.until(b"\r\n\r\n")
    lengths = header_values(head, "content-length")
    return head, wire.exactly(int(lengths[0]) if lengths else 0)


def status(service, data=None, seconds=10.0):
    """The status of one request on a connection of its own; None when there was no answer."""
    try:
        with service.connect(seconds) as sock:
            return int(ask(sock, data, seconds)[0].split(b" ")[1])
    except (OSError, Ended):
        return None


def open_many(service, count):
    """So many connections, which the kernel has taken; who accepted them is another matter."""
    socks = []
    for _ in range(count):
        sock = socket.socket()
        sock.settimeout(10)
        sock.connect(("127.0.0.1", service.port))
        socks.append(sock)
    return socks


def close_many(socks):
    for sock in socks:
        sock.close()


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def is_over(sock):
    """Whether the other side has closed it; what it sent before is dropped."""
    sock.setblocking(False)
    try:
        while sock.recv(65536):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def blast(sock, total):
    """Sends `total` bytes as fast as they go; the hash of what went."""
    digest, left = hashlib.sha1(), total
    while left:
        part = memoryview(BLOCK)[: min(left, len(BLOCK))]
        sock.sendall(part)
        digest.update(part)
        left -= len(part)
    return digest.hexdigest()


def drain(sock, total, first=b"", pause=0.0, pauses=0):
    """Reads `total` bytes, with `pauses` stops at the beginning; the hash of what came."""
    digest, left = hashlib.sha1(first), total - len(first)
    for _ in range(pauses):
        time.sleep(pause)
        data = sock.recv(min(left, 65536))
        digest.update(data)
        left -= len(data)
    buffer = bytearray(1 << 20)
    while left > 0:
        count = sock.recv_into(buffer, min(left, len(buffer)))
        if not count:
            raise Ended("FIN")
        digest.update(memoryview(buffer)[:count])
        left -= count
    return digest.hexdigest()
