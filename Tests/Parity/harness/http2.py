"""One end of an HTTP/2 connection: it keeps what comes, by stream, and sends what it is told, right or wrong."""

import contextlib
import struct
import threading
import time

import hpack

from .frames import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    FRAMES,
    HEADERS,
    PADDED,
    PING,
    PRIORITISED,
    SETTING_NAMES,
    SETTINGS,
    WINDOW_UPDATE,
    SendData,
    SendFrame,
    SendHeaders,
    code_name,
    frame_bytes,
    settings_payload,
)
from .wire import Ended, show_body, visible

LARGEST = 1 << 31


class Stream:
    """What came on a stream, in the order of arrival."""

    def __init__(self, number, window):
        self.number, self.window = number, window
        self.lines, self.body, self.got = [], b"", 0
        self.heads, self.ended, self.reset = 0, False, None

    @property
    def over(self):
        return self.ended or self.reset is not None

    def flush(self):
        if self.body:
            self.lines.append(show_body(self.body))
            self.body = b""

    def head(self, pairs, end):
        self.flush()
        if self.heads and end and not any(name == b":status" for name, _ in pairs):
            self.lines.append("[trailers]")
        self.heads += 1
        # The order of pseudo-headers says nothing; that of the others is compared.
        pairs = sorted(pairs, key=lambda pair: (0, pair[0]) if pair[0].startswith(b":") else (1, b""))
        self.lines += [
            f"  {visible(name.decode('latin-1'))}: {visible(value.decode('latin-1'))}" for name, value in pairs
        ]
        self.finish(end)

    def data(self, data, end):
        self.body += data
        self.got += len(data)
        self.finish(end)

    def finish(self, end):
        if end:
            self.flush()
            self.ended = True
            self.lines.append("[end]")

    def was_reset(self, code):
        self.flush()
        self.reset = code
        self.lines.append(f"[RST_STREAM {code_name(code)}]")

    def text(self):
        self.flush()
        return "\n".join(self.lines)


class Session:
    """`started` is called for each stream that the peer opens, `changed` is notified of all that comes."""

    def __init__(self, wire, options, client):
        self.wire, self.options, self.client = wire, options, client
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.decoder.max_header_list_size = 1 << 24
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.streams, self.lines, self.counts = {}, [], {}
        self.window, self.initial, self.largest_frame = 65535, 65535, 16384
        self.crediting, self.block, self.over = options.credit, None, None
        self.started = lambda stream: None
        self.next = 1
        self.held = None

    # Sending ----------------------------------------------------------------------------------------------------------

    def begin(self):
        opening = self.options.preface if self.client else b""
        if self.options.send_settings:
            opening += frame_bytes(SETTINGS, 0, 0, settings_payload(self.options.settings))
        if opening:
            self.write(opening)

    def write(self, data):
        with self.lock:
            if self.held is not None:
                self.held += data
            else:
                self.wire.send(data)

    @contextlib.contextmanager
    def in_one_write(self):
        self.held = b""
        yield
        data, self.held = self.held, None
        self.write(data)

    def send(self, action, own=None):
        """`own` is the stream that is meant where the action names none."""
        match action:
            case SendFrame(kind, flags, stream, payload, length, times):
                number = own or 0 if stream is None else stream
                self.write(frame_bytes(kind, flags, number, payload, length) * times)
            case SendHeaders():
                self.send_headers(action, own)
            case SendData():
                self.send_data(action, own if action.stream is None else action.stream)
            case _:
                return False
        return True

    def send_headers(self, action, own):
        with self.lock:
            if action.stream == -1 or (action.stream is None and not self.client):
                number = own
            elif action.stream is None:
                number, self.next = self.next, self.next + 2
            else:
                number = action.stream
            self.stream(number)
            block = action.block
            if block is None:
                pairs = [hpack.NeverIndexedHeaderTuple(as_bytes(name), as_bytes(value)) for name, value in action.pairs]
                block = self.encoder.encode(pairs, huffman=False)
            size = max(1, -(-len(block) // action.pieces))
            parts = [block[at : at + size] for at in range(0, max(len(block), 1), size)]
            out = b""
            for place, part in enumerate(parts):
                flags = END_HEADERS if place == len(parts) - 1 else 0
                if place == 0:
                    flags |= action.flags | (END_STREAM if action.end else 0)
                out += frame_bytes(CONTINUATION if place else HEADERS, flags, number, part)
            self.write(out)
            return number

    def send_data(self, action, number):
        if action.pad is not None:
            payload = bytes([action.pad]) + action.data + bytes(action.pad)
            self.write(frame_bytes(DATA, PADDED | (END_STREAM if action.end else 0), number, payload))
            return
        data, sent = action.data, False
        while data or not sent:
            room = self.room(number, action.blindly) if data else 0
            if room is None:
                return
            piece, data = data[:room], data[room:]
            with self.lock:
                self.window -= len(piece)
                self.stream(number).window -= len(piece)
                end = action.end and not data
                self.write(frame_bytes(DATA, END_STREAM if end else 0, number, piece))
            sent = True

    def room(self, number, blindly):
        """How much may be sent now; None when the stream is over meanwhile."""
        deadline = time.monotonic() + self.wire.seconds
        while True:
            with self.lock:
                stream = self.stream(number)
                if self.over or stream.reset is not None:
                    return None
                room = min(self.largest_frame, 1 << 14 if blindly else min(self.window, stream.window))
                if room > 0:
                    return room
            if time.monotonic() > deadline:
                stream.lines.append("[no room in the window]")
                return None
            self.wait(0.2)

    def wait(self, seconds):
        """A client reads by itself; a server has a thread that does."""
        if self.client:
            self.pump(seconds)
        else:
            with self.changed:
                self.changed.wait(seconds)

    # Receiving --------------------------------------------------------------------------------------------------------

    def pump(self, seconds):
        """Reads once and takes in whole frames; returns False when nothing came. At the end `over` says how."""
        if self.over:
            return False
        try:
            self.wire.fill(seconds)
        except Ended as ended:
            if ended.how != "TIMEOUT":
                self.ended(ended.how)
            return False
        self.take_frames()
        return True

    def ended(self, how):
        with self.changed:
            self.over = how
            self.changed.notify_all()

    def take_frames(self):
        wire = self.wire
        with self.changed:
            while len(wire.buffer) >= 9:
                size = int.from_bytes(wire.buffer[:3], "big")
                if wire.buffer[:5] == b"HTTP/":
                    self.line(show_body(wire.take(len(wire.buffer))))
                    break
                if len(wire.buffer) < 9 + size:
                    break
                kind, flags, number = struct.unpack(">BBI", wire.take(9)[3:])
                self.frame(kind, flags, number & 0x7FFFFFFF, wire.take(size))
            self.changed.notify_all()

    def frame(self, kind, flags, number, payload):
        self.count(FRAMES[kind].lower() if kind < len(FRAMES) else f"frame {kind}")
        match kind:
            case 0:
                self.got_data(flags, number, payload)
            case 1 | 9:
                self.got_headers(kind, flags, number, payload)
            case 3:
                self.stream(number).was_reset(int.from_bytes(payload[:4], "big"))
            case 4:
                self.got_settings(flags, payload)
            case 6:
                self.got_ping(flags, payload)
            case 7:
                last, code = struct.unpack(">II", payload[:8])
                last = "max" if last == LARGEST - 1 else last
                debug = f" {payload[8:].decode('latin-1')!r}" if payload[8:] else ""
                self.line(f"GOAWAY {code_name(code)} last={last}{debug}")
            case 8:
                self.got_window(number, int.from_bytes(payload, "big"))
            case _:
                name = FRAMES[kind] if kind < len(FRAMES) else f"frame {kind}"
                self.line(f"{name} stream={number} {payload!r}")

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def line(self, text):
        self.lines.append(text)

    def stream(self, number):
        if number not in self.streams:
            self.streams[number] = Stream(number, self.initial)
        return self.streams[number]

    def got_data(self, flags, number, payload):
        size = len(payload)
        if flags & PADDED:
            payload = payload[1 : len(payload) - payload[0]]
        stream = self.stream(number)
        if "data" in self.options.show:
            stream.flush()
        stream.data(payload, flags & END_STREAM)
        if size and self.crediting:
            with contextlib.suppress(OSError):
                credit = struct.pack(">I", size)
                own = b"" if stream.over else frame_bytes(WINDOW_UPDATE, 0, number, credit)
                self.write(frame_bytes(WINDOW_UPDATE, 0, 0, credit) + own)

    def got_headers(self, kind, flags, number, payload):
        if kind == HEADERS:
            if flags & PADDED:
                payload = payload[1 : len(payload) - payload[0]]
            if flags & PRIORITISED:
                payload = payload[5:]
            self.block = (number, flags & END_STREAM, b"")
        number, end, block = self.block
        self.block = (number, end, block + payload)
        if not flags & END_HEADERS:
            return
        pairs = self.decoder.decode(self.block[2], raw=True)
        new = number not in self.streams
        stream = self.stream(number)
        stream.head(pairs, end)
        if new and not self.client:
            self.started(stream)

    def got_settings(self, flags, payload):
        if flags & ACK:
            self.count("settings ack")
            if "settings ack" in self.options.show:
                self.line("SETTINGS ACK")
            return
        pairs = [struct.unpack(">HI", payload[at : at + 6]) for at in range(0, len(payload) - 5, 6)]
        if "settings" in self.options.show:
            self.line(
                "SETTINGS " + " ".join(f"{SETTING_NAMES.get(name, name)}={value}" for name, value in sorted(pairs))
            )
        for name, value in pairs:
            if name == 1:
                self.encoder.header_table_size = min(value, 4096)
            elif name == 4:
                for stream in self.streams.values():
                    stream.window += value - self.initial
                self.initial = value
            elif name == 5:
                self.largest_frame = value
        if self.options.acknowledge:
            with contextlib.suppress(OSError):
                self.write(frame_bytes(SETTINGS, ACK))

    def got_ping(self, flags, payload):
        self.count("ping ack" if flags & ACK else "ping request")
        if "ping" in self.options.show:
            self.line("PING ACK " + repr(payload) if flags & ACK else "PING")
        if self.options.pong and not flags & ACK:
            with contextlib.suppress(OSError):
                self.write(frame_bytes(PING, ACK, 0, payload))

    def got_window(self, number, count):
        if number:
            self.stream(number).window += count
        else:
            self.window += count
        if "window" in self.options.show:
            self.line(f"WINDOW_UPDATE stream={number} {count}")

    # What has come ----------------------------------------------------------------------------------------------------

    def has(self, what, number, count):
        stream = self.stream(number) if number else None
        match what:
            case "headers":
                return stream.heads >= count or stream.reset is not None
            case "end":
                return stream.over
            case "reset":
                return stream.reset is not None
            case "body":
                return stream.got >= count or stream.over
            case "window":
                return self.counts.get("window_update", 0) >= count
            case "settings":
                return self.counts.get("settings", 0) - self.counts.get("settings ack", 0) >= count
            case "ping":
                return self.counts.get("ping request", 0) >= count
            case _:
                return self.counts.get(what, 0) >= count

    def wait_for(self, what, number, count, seconds):
        """True if it came."""
        deadline = time.monotonic() + seconds
        while True:
            with self.lock:
                if self.has(what, number, count):
                    return True
                if self.over:
                    return False
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.wait(min(left, 0.5))


def as_bytes(value):
    return value if isinstance(value, bytes) else value.encode("latin-1")
