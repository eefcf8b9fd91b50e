"""The words of a script: what a client or an upstream does, one action after the other.

Both ends share `raw`, `pause`, `fin`, `rst`, `close`, `recv` and `recv_eof`; `reply`, `hang` and `on_head` belong to
upstreams, requests and `read`, `pipeline`, `still_open` to clients.
"""

from dataclasses import dataclass, field

from .frames import H2


def as_bytes(value):
    return value if isinstance(value, bytes) else value.encode("latin-1")


def header_lines(headers):
    """Headers come as a dict or as a list of (name, value); a list keeps repeats."""
    pairs = headers.items() if isinstance(headers, dict) else headers or []
    return b"".join(as_bytes(name) + b": " + as_bytes(value) + b"\r\n" for name, value in pairs)


# Both ends ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Raw:
    """Bytes as they are; with `step`, in pieces of that many bytes, `every` seconds apart."""

    data: bytes
    step: int = 0
    every: float = 0.0


@dataclass(frozen=True)
class Pause:
    seconds: float


@dataclass(frozen=True)
class Fin:
    """Ends the writing side only."""


@dataclass(frozen=True)
class Rst:
    """Resets the connection."""


@dataclass(frozen=True)
class Close:
    """Closes the connection in the ordinary way."""


@dataclass(frozen=True)
class Recv:
    """Reads and records so many bytes."""

    count: int


@dataclass(frozen=True)
class RecvEOF:
    """Reads and records all that comes until the other side ends, and how it ended."""

    seconds: float = 5.0


@dataclass(frozen=True)
class Drain:
    """Reads until the other side ends, and records only how it ended."""

    seconds: float = 5.0


def raw(data, step=0, every=0.0):
    return Raw(as_bytes(data), step, every)


def pause(seconds):
    return Pause(seconds)


def fin():
    return Fin()


def rst():
    return Rst()


def close():
    return Close()


def recv(count):
    return Recv(count)


def recv_eof(seconds=5.0):
    return RecvEOF(seconds)


def drain(seconds=5.0):
    return Drain(seconds)


# Upstreams ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hang:
    """Says nothing more until the other side ends the connection."""


@dataclass(frozen=True)
class Reply(Raw):
    """A whole response; to a HEAD only its first `head_length` bytes are sent.

    `parts` are status, headers, body and trailers, for the other protocol.
    """

    head_length: int = 0
    parts: tuple = ()

    def http2(self):
        status, headers, body, trailers = self.parts
        return ((":status", str(status)), *lower(headers)), body, None if trailers is None else lower(trailers)


def lower(headers):
    pairs = headers.items() if isinstance(headers, dict) else headers or ()
    return tuple((name.lower(), value) for name, value in pairs)


@dataclass(frozen=True)
class OnHead:
    """Marks a script that starts at the request's head, its body unread (and read afterwards, if the script ends)."""

    actions: tuple


REASONS = {
    100: "Continue", 101: "Switching Protocols", 102: "Processing", 103: "Early Hints", 200: "OK", 201: "Created",
    202: "Accepted", 204: "No Content", 206: "Partial Content", 301: "Moved Permanently", 302: "Found",
    304: "Not Modified", 400: "Bad Request", 404: "Not Found", 408: "Request Timeout", 409: "Conflict",
    429: "Too Many Requests", 500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip


def reply(
    status=200, headers=None, body="", *, chunked=False, trailers=None, reason=None, length=True, version="HTTP/1.1"
):
    """A whole response. `chunked` may be a list of chunks; `length=False` leaves content-length out."""
    head = f"{version} {status} {REASONS.get(status, 'Unknown') if reason is None else reason}\r\n".encode("latin-1")
    head += header_lines(headers)
    if chunked is not False or trailers is not None:
        chunks = [body] if chunked is True or chunked is False else chunked
        parts = (status, headers, b"".join(as_bytes(piece) for piece in chunks), trailers)
        data = b"".join(chunk(piece) for piece in chunks if piece) + b"0\r\n" + header_lines(trailers) + b"\r\n"
        head += b"transfer-encoding: chunked\r\n\r\n"
        return Reply(head + data, head_length=len(head), parts=parts)
    data, fields = as_bytes(body), lower(headers)
    if length and status >= 200 and status not in (204, 304):
        head += b"content-length: %d\r\n" % len(data)
        fields += (("content-length", str(len(data))),)
    head += b"\r\n"
    return Reply(head + data, head_length=len(head), parts=(status, fields, data, None))


def chunk(data):
    data = as_bytes(data)
    return b"%x\r\n%s\r\n" % (len(data), data)


def hang():
    return Hang()


def on_head(*actions):
    return OnHead(actions)


# Clients --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    method: str
    data: bytes
    label: str
    # Path, authority, headers, body and trailers, for the other protocol.
    parts: tuple = ()

    def http2(self, substitute, scheme):
        """Header list, body and trailers (or None)."""
        path, authority, headers, body, trailers = self.parts
        first = [(":method", self.method), (":scheme", scheme)]
        first += [(":authority", authority)] * (authority is not None) + [(":path", path)]
        pairs = [(name, substitute(as_bytes(value))) for name, value in (*first, *lower(headers))]
        return tuple(pairs), body, None if trailers is None else lower(trailers)

    @property
    def head_only(self):
        return self.method == "HEAD"


@dataclass(frozen=True)
class Send:
    """Sends a request without waiting for its response; a later `read` fetches it."""

    request: Request


@dataclass(frozen=True)
class Read:
    """Reads responses; `seconds` is how long each may take."""

    count: int = 1
    seconds: float = 8.0


@dataclass(frozen=True)
class StillOpen:
    """Records whether the proxy kept the connection open (and silent) for so long."""

    seconds: float = 0.1


@dataclass(frozen=True)
class Conn:
    """One client connection and what is done on it.

    `to` names a port (the listener's own by default), `ipv6:PORTNAME`, `unix:PATH`, or `bound:LISTENER`, which the
    admin's /listeners resolves.
    """

    actions: tuple
    to: str = "listener"
    tls: "TLS" = None
    http2: H2 = None


@dataclass(frozen=True)
class TLS:
    """How a client speaks TLS. `cert` and `ca` name certificates (certificates.py).

    `keep` keeps the session under a name for the case's later connections, `resume` takes the one of that name up.
    """

    cert: str = ""
    sni: str = None
    alpn: tuple = ()
    lowest: str = "1.2"
    highest: str = "1.3"
    ciphers: str = ""
    curve: str = ""
    ca: str = "root"
    keep: str = ""
    resume: str = ""


@dataclass(frozen=True)
class TLSServer:
    """How an upstream speaks TLS. With `client_ca` it asks for a certificate, with `require` it insists."""

    cert: str = "server"
    client_ca: str = ""
    require: bool = True
    alpn: tuple = ()
    lowest: str = "1.2"
    highest: str = "1.3"
    ciphers: str = ""
    curve: str = ""
    tickets: bool = True


def request(method, path="/", headers=None, body=None, *, host="h.example", chunked=False, trailers=None):
    """A request of one connection. `host=None` sends no host header; a body brings its content-length."""
    head = as_bytes(f"{method} {path} HTTP/1.1\r\n")
    if host is not None:
        head += b"host: " + as_bytes(host) + b"\r\n"
    head += header_lines(headers)
    data, plain, fields = b"", b"", lower(headers)
    if chunked is not False or trailers is not None:
        chunks = [body] if chunked in (True, False) else chunked
        plain = b"".join(as_bytes(piece) for piece in chunks if piece)
        data = b"".join(chunk(piece) for piece in chunks if piece) + b"0\r\n" + header_lines(trailers) + b"\r\n"
        head += b"transfer-encoding: chunked\r\n"
    elif body is not None:
        data = plain = as_bytes(body)
        head += b"content-length: %d\r\n" % len(data)
        fields += (("content-length", str(len(data))),)
    parts = (path, host, fields, plain, trailers)
    return Request(method, head + b"\r\n" + data, f"{method} {path}", parts)


def get(path="/", headers=None, **more):
    return request("GET", path, headers, **more)


def head(path="/", headers=None, **more):
    return request("HEAD", path, headers, **more)


def post(path="/", body="", headers=None, **more):
    return request("POST", path, headers, body, **more)


def raw_request(data):
    """A request written out byte by byte; its method is guessed from the first word."""
    data = as_bytes(data)
    first = data.lstrip(b"\r\n").split(b" ", 1)[0].decode("latin-1")
    label = data.decode("latin-1").encode("unicode_escape").decode()
    return Request(first, data, label if len(label) < 100 else label[:97] + "...")


def send(value):
    return Send(value)


def pipeline(*requests):
    """Several requests in one write, then all their responses."""
    joined = Request(requests[0].method, b"".join(item.data for item in requests), f"{len(requests)} pipelined")
    return (Send(joined), *(Expect(item.method) for item in requests[1:]), Read(len(requests)))


@dataclass(frozen=True)
class Expect:
    """Tells the reader the method of one more request that is under way."""

    method: str


def read(count=1, seconds=8.0):
    return Read(count, seconds)


def still_open(seconds=0.1):
    return StillOpen(seconds)


def conn(*actions, to="listener", tls=None):
    flat = []
    for action in actions:
        flat.extend(action if isinstance(action, tuple) else (action,))
    return Conn(tuple(flat), to, tls)


def tls(*actions, to="listener", **fields):
    """A connection over TLS: tls(get("/"), cert="client", sni="server.example")."""
    return conn(*actions, to=to, tls=TLS(**fields))


def h2(*actions, to="listener", tls=None, **options):
    """A connection of HTTP/2: h2(get("/1"), get("/2"), settings={"max_concurrent_streams": 1}, show=("settings",))."""
    made = conn(*actions, to=to, tls=tls)
    return Conn(made.actions, to, tls, H2(**options))


def h2_tls(*actions, to="listener", h2_options=None, **fields):
    """The same over TLS with ALPN h2."""
    return h2(*actions, to=to, tls=TLS(**{"alpn": ("h2",), **fields}), **(h2_options or {}))


# Steps of a case ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Together:
    """Steps that run at the same time; each keeps its own record."""

    steps: tuple


@dataclass(frozen=True)
class Background:
    """Starts a step and goes on; the case's end waits for it."""

    step: object


@dataclass(frozen=True)
class Admin:
    """A request to the admin interface; `view` says what of the reply is compared (see views.py)."""

    method: str
    path: str
    view: str = "raw"
    only: str = ""


@dataclass(frozen=True)
class WaitStat:
    """Waits until a stat has a value (at least, with `least`); without it in time, the record says so.

    `then` is a pause afterwards, for what the proxy's main thread still has to tell its workers.
    """

    name: str
    value: int
    least: bool = False
    seconds: float = 5.0
    then: float = 0.0


@dataclass(frozen=True)
class ShowStats:
    """Records the values that these stats have at this moment."""

    names: tuple


@dataclass(frozen=True)
class UpstreamSaw:
    """Waits until the upstreams have seen so many request heads."""

    requests: int
    seconds: float = 5.0


@dataclass(frozen=True)
class UpstreamClosed:
    """Waits until the proxy ended so many of its connections to upstreams, and records that it did."""

    connections: int
    seconds: float = 5.0


@dataclass(frozen=True)
class Signal:
    """Sends a signal to the proxy."""

    number: int


@dataclass(frozen=True)
class Replace:
    """Replaces a file of the run's folder by a rename, as kubelet and careful people do. JSON, or text."""

    name: str
    content: object


def replace(name, content):
    return Replace(name, content)


def together(*steps):
    return Together(steps)


def background(step):
    return Background(step)


def admin(path, method="GET", view="raw", only=""):
    return Admin(method, path, view, only)


def admin_post(path, view="raw"):
    return Admin("POST", path, view)


def wait_stat(name, value, least=False, seconds=5.0, then=0.0):
    return WaitStat(name, value, least, seconds, then)


def show_stats(*names):
    return ShowStats(names)


def upstream_saw(requests, seconds=5.0):
    return UpstreamSaw(requests, seconds)


def upstream_closed(connections=1, seconds=5.0):
    return UpstreamClosed(connections, seconds)


def signal_proxy(number):
    return Signal(number)


@dataclass
class HostScript:
    """One scripted upstream host.

    `scripts`: what to do for the 1st, 2nd, … request; the last one is repeated.
    `accept`: what to do with the 1st, 2nd, … connection before anything is read (missing or empty: nothing).
    `kind`: `http`, `tcp` (scripts are per connection and nothing is parsed), `refused` (nobody listens) or
    `blackhole` (connects never finish).
    """

    scripts: list = field(default_factory=list)
    accept: list = field(default_factory=list)
    kind: str = "http"
    tls: TLSServer = None
    # Speaks HTTP/2; over TLS only if ALPN says so, or nothing.
    http2: H2 = None


def host(*scripts, accept=()):
    return HostScript(list(scripts), list(accept))


def tls_host(*scripts, kind="http", accept=(), **fields):
    """A host that speaks TLS: tls_host(reply(), cert="server", client_ca="root")."""
    return HostScript(list(scripts), list(accept), kind, TLSServer(**fields))


def h2_host(*scripts, accept=(), tls=None, **options):
    """A host that speaks HTTP/2; the options are those of `h2(...)`, `tls` those of `tls_host(...)` as a dict."""
    fields = TLSServer(**{"alpn": ("h2",), **tls}) if tls is not None else None
    return HostScript(list(scripts), list(accept), "http", fields, H2(**options))


def tcp_host(*scripts):
    return HostScript(list(scripts), kind="tcp")


def refused():
    return HostScript(kind="refused")


def blackhole():
    return HostScript(kind="blackhole")
