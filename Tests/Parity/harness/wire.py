"""A socket with a buffer, and just enough HTTP/1.1 to know where a message ends. What is kept is the raw bytes."""

import hashlib
import select
import socket
import struct
import time

from .actions import Close, Drain, Fin, Pause, Raw, Recv, RecvEOF, Rst
from .tls import CloseNotify, TLSFailed, TLSStream


class Ended(Exception):
    """The connection ended, or stayed silent too long; `how` is FIN, RST or TIMEOUT, over TLS an alert too."""

    def __init__(self, how):
        super().__init__(how)
        self.how = how


class Wire:
    def __init__(self, sock, seconds=8.0):
        self.sock = sock
        self.buffer = b""
        self.seconds = seconds
        self.open = True

    def fill(self, seconds=None):
        """Adds what arrives to the buffer; raises Ended at the end of the connection or of patience."""
        limit = self.seconds if seconds is None else seconds
        try:
            self.sock.settimeout(max(limit, 0.001))
            data = self.sock.recv(65536)
        except TimeoutError:
            raise Ended("TIMEOUT") from None
        except CloseNotify:
            raise Ended("close_notify") from None
        except TLSFailed as failure:
            raise Ended(str(failure)) from None
        except OSError:
            raise Ended("RST") from None
        if not data:
            raise Ended("FIN")
        self.buffer += data

    def take(self, count):
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def exactly(self, count):
        while len(self.buffer) < count:
            self.fill()
        return self.take(count)

    def until(self, mark):
        while mark not in self.buffer:
            self.fill()
        return self.take(self.buffer.index(mark) + len(mark))

    def rest(self, seconds):
        """All that comes until the end, and how it ended."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.fill(deadline - time.monotonic())
            except Ended as ended:
                return self.take(len(self.buffer)), ended.how

    def send(self, data):
        self.sock.settimeout(self.seconds)
        self.sock.sendall(data)

    def close(self):
        self.open = False
        self.sock.close()

    def close_both(self):
        """Ends both directions, for another thread that still reads."""
        self.open = False
        self.sock.shutdown(socket.SHUT_RDWR)

    def reset(self):
        self.open = False
        sock = self.sock.sock if isinstance(self.sock, TLSStream) else self.sock
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()

    def perform(self, action, record):
        """Runs an action that both ends know; False if it is none of them."""
        match action:
            case Raw(data, step, every):
                try:
                    self.write_raw(data, step, every)
                except TimeoutError:
                    record("[write stalled]")
                except OSError:
                    record("[write failed]")
            case Pause(seconds):
                time.sleep(seconds)
            case Fin():
                try:
                    self.sock.shutdown(socket.SHUT_WR)
                except OSError:
                    record("[fin failed]")
            case Rst():
                self.reset()
            case Close():
                self.close()
            case Recv(count):
                try:
                    record(show_body(self.exactly(count)))
                except Ended as ended:
                    record(show_body(self.take(len(self.buffer))) + f"[{ended.how}]")
            case RecvEOF(seconds):
                data, how = self.rest(seconds)
                record((show_body(data) if data else "") + f"[{how}]")
            case Drain(seconds):
                record(f"[{self.rest(seconds)[1]}]")
            case _:
                return False
        return True

    def write_raw(self, data, step, every):
        if not step:
            self.send(data)
            return
        # Small segments must not be joined by the kernel, or a split write would test nothing.
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(data), step):
            self.send(data[start : start + step])
            time.sleep(every)

    def silent_for(self, seconds):
        """True if the other side neither sent nor ended anything for so long."""
        if self.buffer:
            return False
        if isinstance(self.sock, TLSStream):
            # What arrives may be a session ticket, which is silence still.
            try:
                self.fill(seconds)
            except Ended as ended:
                return ended.how == "TIMEOUT"
            return False
        return not select.select([self.sock], [], [], seconds)[0]


def header_values(head, name):
    wanted = name.lower().encode()
    pairs = (line.split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
    return [value.strip().lower() for key, value in pairs if key.strip().lower() == wanted]


def read_head(wire):
    """The head with its empty line. Raises Ended; what had come until then stays in the wire's buffer."""
    return wire.until(b"\r\n\r\n")


def read_body(wire, head, record, *, bodiless=False, to_eof=False):
    """Reads and records a body as the head frames it. Raises Ended when it is cut short."""
    if bodiless:
        return
    if b"chunked" in b",".join(header_values(head, "transfer-encoding")):
        read_chunked(wire, record)
        return
    lengths = header_values(head, "content-length")
    if lengths:
        try:
            data = wire.exactly(int(lengths[0]))
        except Ended:
            if wire.buffer:
                record(show_body(wire.take(len(wire.buffer))) + " [cut]")
            raise
        if data:
            record(show_body(data))
        return
    if to_eof:
        data, how = wire.rest(wire.seconds)
        if data:
            record(show_body(data))
        raise Ended(how)


def read_chunked(wire, record):
    """Chunks are joined: where a proxy cuts them depends on the segments that it happened to read."""
    data, odd = b"", ""
    try:
        while True:
            line = wire.until(b"\r\n")[:-2]
            size = int(line.split(b";")[0], 16)
            if line != b"%x" % size:
                odd = f" (size written as {line!r})"
            if size == 0:
                break
            data += wire.exactly(size)
            if wire.exactly(2) != b"\r\n":
                odd = " (no CRLF after a chunk)"
        tail = b""
        while not tail.endswith(b"\r\n\r\n") and tail != b"\r\n":
            tail += wire.until(b"\r\n")
    except (Ended, ValueError) as error:
        record("[chunked]" + show_body(data) + odd + f" [cut] {show_body(wire.take(len(wire.buffer)))}")
        if isinstance(error, Ended):
            raise
        raise Ended("GARBLED") from None
    record("[chunked]" + show_body(data) + odd)
    if tail != b"\r\n":
        record("[trailers]\n" + show_head(tail))


def show_body(data):
    if not data:
        return "| (nothing)"
    if data[:2] == b"\x16\x03":
        # Random, and what it offers depends on the library: who wants to know has a TLS upstream tell.
        return "| a TLS handshake"
    if len(data) > 2000:
        return f"| {len(data)} bytes, sha1 {hashlib.sha1(data).hexdigest()[:12]}, start {data[:24]!r}"
    text = data.decode("latin-1")
    lines = text.replace("\r\n", "\\r\\n\n").split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    return "\n".join("| " + visible(line) for line in lines)


def show_head(head):
    if head[:2] == b"\x16\x03":
        return "  a TLS handshake"
    lines = head.decode("latin-1").split("\r\n")
    return "\n".join("  " + visible(line) for line in lines if line)


def visible(text):
    return "".join(char if 32 <= ord(char) < 127 else repr(char)[1:-1] for char in text)
