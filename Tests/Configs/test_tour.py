"""The README's tours of mTLS and gRPC, and what configs/jwt.yaml says of itself, done: the files as they are, but for the
ports."""

import contextlib
import http.server
import re
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest
from conftest import ROOT

CALLER = "spiffe://cluster.local/ns/default/sa/web"


class Service(http.server.BaseHTTPRequestHandler):
    """Answers with the headers that it was asked with."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = str(self.headers).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def ask(port, path="/", **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@contextlib.contextmanager
def running(pillion, example, folder, service):
    """The example with ports of its own, in the folder; gives where each of its ports went."""
    text = (ROOT / "configs" / example).read_text(encoding="utf-8")
    names = sorted({*re.findall(r"port_value: (\d+)", text)} - {"8080"})
    ports = {**dict(zip(names, free_ports(len(names)), strict=True)), "8080": service}
    file = folder / example
    file.write_text(re.sub(r"port_value: (\d+)", lambda match: f"port_value: {ports[match[1]]}", text))
    process = subprocess.Popen(
        [pillion, "-c", file, "-l", "error"], cwd=folder, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError):
                if ask(ports["9901"], "/ready") == (200, "LIVE\n"):
                    break
            time.sleep(0.02)
        else:
            pytest.fail("it did not come")
        yield ports
    finally:
        process.terminate()
        process.wait(20)


def test_mtls_between_two_sidecars(pillion, tmp_path):
    for command in ("init", "issue --service-account web", "issue --service-account api --dns api.example"):
        subprocess.run([pillion, "ca", *command.split()], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    with serving() as service, running(pillion, "mtls.yaml", tmp_path, service) as ports:
        forged = {"x-forwarded-client-cert": "URI=spiffe://forged"}
        status, seen = ask(ports["10000"], **forged)
        assert status == 200
        assert f";URI={CALLER}\n" in seen
        assert "forged" not in seen
        assert ask(ports["10443"]) == (403, "RBAC: access denied")


def test_tokens(pillion, tmp_path):
    with serving() as service, running(pillion, "jwt.yaml", tmp_path, service) as ports:
        assert ask(ports["10000"]) == (401, "Jwt is missing")
        assert ask(ports["10000"], "/health")[0] == 200
        assert ask(ports["10000"], authorization="Bearer a.b.c")[0] == 401


def test_a_call_without_a_service(pillion, tmp_path):
    """What serves nobody here speaks HTTP/1.1: a host that fails its health checks."""
    with serving() as service, running(pillion, "grpc.yaml", tmp_path, service) as ports:
        call = ["-X", "POST", "-H", "content-type: application/grpc", f"localhost:{ports['10000']}/echo.Echo/Say"]
        done = subprocess.run(
            ["curl", "-si", "--http2-prior-knowledge", *call], capture_output=True, text=True, timeout=20, check=True
        )
        head = done.stdout.splitlines()
        assert head[0].strip() == "HTTP/2 200"
        assert {"content-type: application/grpc", "grpc-status: 14", "grpc-message: no healthy upstream"} <= {*head}
        assert ask(ports["10000"]) == (415, "this is a gRPC service\n")
        stats = ask(ports["9901"], "/stats?filter=grpc.echo")[1]
        assert "cluster.service.grpc.echo.Echo.Say.failure: 1\n" in stats
