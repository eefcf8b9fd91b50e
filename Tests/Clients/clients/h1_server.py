"""The same server over HTTP/1.1, of the standard library's."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self):
        length = self.read_body()
        names = {":method": self.command, ":path": self.path, ":authority": self.headers["host"]}
        headers = {**names, **{name.lower(): value for name, value in self.headers.items()}}
        asked = {"headers": headers, "length": length}
        body = b"x" * int(self.path.split("/")[2]) if self.path.startswith("/bytes/") else json.dumps(asked).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.send_header("x-up", "h1")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def read_body(self):
        if "chunked" not in (self.headers["transfer-encoding"] or ""):
            return len(self.rfile.read(int(self.headers["content-length"] or 0)))
        total = 0
        while size := int(self.rfile.readline(), 16):
            total += len(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline() != b"\r\n":
            pass
        return total

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


class Listening(ThreadingHTTPServer):
    request_queue_size = 512

    def handle_error(self, *_):
        """A client that went is none of our business."""


class Server:
    def __init__(self):
        self.server = Listening(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
