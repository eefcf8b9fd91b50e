"""What is measured. The names are those of issues 2, 3 and 4."""

from dataclasses import dataclass, field

from .configs import GRPC, LARGE, PAGE

# Ten header lines (Host is the first) that make the request 494 bytes long, as a browser's or a mesh's is.
_TEN_HEADERS = {
    "Host": "catalogue.shop.internal:8080",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-GB,en;q=0.7,de;q=0.3",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Cache-Control": "no-cache",
    "Referer": "http://catalogue.shop.internal:8080/r9/list",
    "Cookie": "session=5f2a9c41d07e4b6f; theme=dark",
    "X-Tenant": "north-17",
    "X-Trace": "4bf92f3577b34da6a3ce929d0e0e4736",
}


@dataclass(frozen=True)
class Scenario:
    """A load and the configuration under it. `kinds` are the configurations to run; when there are several, every
    candidate runs with each of them and the first is compared with the second. `body` and `answer` are the sizes of
    request and response body; `least_seconds` is the shortest load that gives every connection a turn."""

    name: str
    title: str
    kinds: tuple = ("http",)
    connections: int = 32
    path: str = "/r9/item"
    last_path: str = "/r999/item"
    method: str = "GET"
    headers: dict = field(default_factory=dict)
    body: int = 0
    answer: int = 3
    least_seconds: float = 0
    loaded: bool = True
    # How tlsload goes about it (kept, full, resumed), where it is the load instead of wrk; what is counted then.
    tls: str = ""
    unit: str = "request"
    # Streams at a time on each connection, where the load is h2load over HTTP/2.
    streams: int = 0
    # Whom the others are compared with in the table.
    base: str = "nginx"

    def path_for(self, kind):
        """The path that hits the last route of the configuration."""
        return self.last_path if kind == "http1000" else self.path


SCENARIOS = [
    Scenario("small", "32 kept connections, tiny bodies, ten routes"),
    Scenario("headers", "the same with a 494-byte request of ten headers", path="/r9/list?page=12&sort=price",
             headers=_TEN_HEADERS),
    Scenario("conns1000", "1,000 kept connections", connections=1000, least_seconds=1),
    Scenario("response64k", "64 KiB responses", path="/r9/64k", answer=LARGE),
    Scenario("request64k", "64 KiB requests", path="/r9/post", method="POST", body=LARGE),
    Scenario("tcp", "TCP proxy (the bytes are kept HTTP connections)", kinds=("tcp",)),
    Scenario("config1000", "1,000 clusters and 1,000 routes, the last one hit", kinds=("http1000", "http")),
    Scenario("mtls", "mutual TLS 1.3, 32 kept connections, tiny bodies", kinds=("mtls",), tls="kept"),
    Scenario("tls64k", "64 KiB responses over mutual TLS 1.3", kinds=("mtls",), path="/r9/64k", answer=LARGE,
             tls="kept"),
    Scenario("handshakes", "connect, full mutual handshake of TLS 1.3 (P-256), one request, close", kinds=("mtls",),
             connections=8, tls="full", unit="handshake"),
    Scenario("resumed", "the same, resumed by ticket", kinds=("mtls",), connections=8, tls="resumed", unit="handshake"),
    Scenario("h2", "HTTP/2 on both sides, 8 connections of 32 streams, tiny bodies", kinds=("h2",), connections=8,
             streams=32, base="haproxy"),
    Scenario("h2-4k", "the same with 4 KiB responses", kinds=("h2",), connections=8, streams=32, path="/r9/4k",
             answer=PAGE, base="haproxy"),
    Scenario("h2-64k", "the same with 64 KiB responses", kinds=("h2",), connections=8, streams=32, path="/r9/64k",
             answer=LARGE, base="haproxy"),
    Scenario("grpc", "unary gRPC: a message of 16 bytes each way, status in trailers", kinds=("h2",), connections=8,
             streams=32, path="/r9/grpc", method="POST", body=len(GRPC), answer=len(GRPC),
             headers={"Content-Type": "application/grpc", "TE": "trailers"}, base="haproxy"),
    Scenario("mesh-pair", "two sidecars: HTTP/1.1, HTTP/2 over mutual TLS between them, HTTP/1.1; both proxies' CPU",
             kinds=("pair",), base="haproxy"),
    Scenario("idle", "idle memory, idle connections, start-up", kinds=("http",), loaded=False),
]

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
