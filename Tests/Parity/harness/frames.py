"""HTTP/2 frames: their names, how they are written, and what a script may send of them.

Nothing here knows what is allowed: hostile peers are made of the same parts as polite ones.
"""

import struct
from dataclasses import dataclass, field

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
FRAMES = (
    "DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE",
    "CONTINUATION",
)  # fmt: skip
ACK = END_STREAM = 0x1
END_HEADERS, PADDED, PRIORITISED = 0x4, 0x8, 0x20
CODES = (
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
    "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
)  # fmt: skip
SETTING_NAMES = {
    1: "HEADER_TABLE_SIZE", 2: "ENABLE_PUSH", 3: "MAX_CONCURRENT_STREAMS", 4: "INITIAL_WINDOW_SIZE",
    5: "MAX_FRAME_SIZE", 6: "MAX_HEADER_LIST_SIZE", 8: "ENABLE_CONNECT_PROTOCOL", 9: "NO_RFC7540_PRIORITIES",
}  # fmt: skip
SETTING_NUMBERS = {name.lower(): number for number, name in SETTING_NAMES.items()}


def code_number(code):
    return CODES.index(code) if isinstance(code, str) else code


def code_name(number):
    return CODES[number] if number < len(CODES) else hex(number)


def frame_bytes(kind, flags=0, stream=0, payload=b"", length=None):
    """A frame; `length` lies about the payload's."""
    size = len(payload) if length is None else length
    return struct.pack(">I", size)[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings_payload(values):
    """Of a dict by name (max_concurrent_streams=1) or number, or of a list of pairs."""
    pairs = values.items() if isinstance(values, dict) else values
    return b"".join(struct.pack(">HI", SETTING_NUMBERS.get(name, name), value) for name, value in pairs)


# What a script sends. `stream` None is the script's own stream: a server's request, a client's newest. --------------


@dataclass(frozen=True)
class SendFrame:
    """Any frame, its payload as it is."""

    kind: int
    flags: int = 0
    stream: int = None
    payload: bytes = b""
    length: int = None
    times: int = 1


@dataclass(frozen=True)
class SendHeaders:
    """A header block. Of a client's the stream is a new one, unless `stream` says otherwise."""

    pairs: tuple
    end: bool = False
    stream: int = None
    # The block is cut into so many pieces, the later ones CONTINUATION.
    pieces: int = 1
    # Bytes in place of what the encoder makes of the pairs.
    block: bytes = None
    flags: int = 0


@dataclass(frozen=True)
class SendData:
    """Waits for the windows it needs, unless `blindly`."""

    data: bytes = b""
    end: bool = False
    stream: int = None
    pad: int = None
    blindly: bool = False


@dataclass(frozen=True)
class Await:
    """Reads until something has come: `headers`, `end`, `reset` of a stream, its `body` of so many bytes; or of the
    connection `settings`, `settings ack`, `ping`, `ping ack`, `goaway`, `window`; the `count`th of it."""

    what: str
    stream: int = None
    count: int = 1
    seconds: float = 8.0


@dataclass(frozen=True)
class Burst:
    """What these send goes out in one write, so that the other side reads it at once."""

    actions: tuple


@dataclass(frozen=True)
class Credit:
    """From here on, whether what arrives is credited to the peer's windows."""

    on: bool


@dataclass(frozen=True)
class H2:
    """How one end speaks HTTP/2. `show` names what else is recorded: settings, settings ack, ping, window, data (each
    frame of it), order."""

    settings: dict = field(default_factory=dict)
    show: tuple = ()
    preface: bytes = PREFACE
    send_settings: bool = True
    acknowledge: bool = True
    pong: bool = True
    credit: bool = True


def send_frame(kind, flags=0, stream=None, payload=b"", length=None, times=1):
    return SendFrame(kind, flags, stream, payload, length, times)


def send_headers(pairs, end=False, stream=None, pieces=1, block=None, flags=0):
    pairs = pairs.items() if isinstance(pairs, dict) else pairs
    return SendHeaders(tuple(pairs), end, stream, pieces, block, flags)


def send_trailers(pairs, stream=None):
    return SendHeaders(tuple(pairs.items() if isinstance(pairs, dict) else pairs), True, stream or -1)


def send_data(data=b"", end=False, stream=None, pad=None, blindly=False):
    return SendData(data if isinstance(data, bytes) else data.encode("latin-1"), end, stream, pad, blindly)


def send_rst(code="CANCEL", stream=None, times=1):
    return SendFrame(RST_STREAM, 0, stream, struct.pack(">I", code_number(code)), None, times)


def send_goaway(code="NO_ERROR", last=0, debug=b""):
    return SendFrame(GOAWAY, 0, 0, struct.pack(">II", last, code_number(code)) + debug)


def send_ping(data=b"12345678", ack=False, times=1):
    return SendFrame(PING, ACK if ack else 0, 0, data, None, times)


def send_settings(values=(), times=1, **named):
    return SendFrame(SETTINGS, 0, 0, settings_payload(dict(values, **named)), None, times)


def send_settings_ack():
    return SendFrame(SETTINGS, ACK, 0)


def send_window(count, stream=0, times=1):
    return SendFrame(WINDOW_UPDATE, 0, stream, struct.pack(">I", count), None, times)


def send_priority(depends=0, weight=15, stream=None, times=1):
    return SendFrame(PRIORITY, 0, stream, struct.pack(">IB", depends, weight), None, times)


def await_(what, stream=None, count=1, seconds=8.0):
    return Await(what, stream, count, seconds)


def credit(on):
    return Credit(on)


def burst(*actions):
    return Burst(actions)
