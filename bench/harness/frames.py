"""One request over HTTP/2 by hand: enough to see that an answer is right."""

import struct

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
_WINDOW = 1 << 24


def _frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _text(value):
    return bytes([len(value)]) + value.encode()


def request(method, path, headers, body):
    """A connection's bytes with one request; every header is a literal that enters no table."""
    pairs = [(":method", method), (":scheme", "http"), (":authority", headers.get("Host", "127.0.0.1")), (":path", path)]
    pairs += [(name.lower(), value) for name, value in headers.items() if name != "Host"]
    block = b"".join(b"\0" + _text(name) + _text(value) for name, value in pairs)
    sent = _PREFACE + _frame(_SETTINGS, 0, 0, struct.pack(">HI", 4, _WINDOW))
    sent += _frame(_WINDOW_UPDATE, 0, 0, struct.pack(">I", _WINDOW))
    sent += _frame(_HEADERS, 4 if body else 5, 1, block)
    return sent + (_frame(_DATA, 1, 1, body) if body else b"")


def exchange(connection, request):
    """Sends it and reads the answer: (status, body). 0 for a status other than 200, which alone has a byte of its own."""
    connection.sendall(request)
    status, body, data = None, b"", b""
    while True:
        while len(data) < 9 or len(data) < 9 + int.from_bytes(data[:3], "big"):
            piece = connection.recv(65536)
            if not piece:
                raise ConnectionError("closed before the answer was complete")
            data += piece
        size = int.from_bytes(data[:3], "big")
        kind, flags, payload, data = data[3], data[4], data[9 : 9 + size], data[9 + size :]
        if kind == _SETTINGS and not flags & 1:
            connection.sendall(_frame(_SETTINGS, 1, 0))
        elif kind == _PING and not flags & 1:
            connection.sendall(_frame(_PING, 1, 0, payload))
        elif kind == _HEADERS and status is None:
            payload = payload[1:] if flags & 8 else payload
            # The table's new size may stand before the first field.
            while payload and payload[0] & 0xE0 == 0x20:
                payload = payload[1:]
            status = 200 if payload[:1] == b"\x88" else 0
        elif kind == _DATA:
            body += payload
        elif kind in (_RST_STREAM, _GOAWAY):
            raise ConnectionError("the stream or the connection was ended")
        if kind in (_DATA, _HEADERS) and flags & 1:
            return status, body
