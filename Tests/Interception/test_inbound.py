"""What comes to the app from the host, by the inbound listeners."""

import http.client
import os
import signal
import subprocess
import threading
import time

import pytest
from configs import bootstrap, inbound, manager, says, static
from conftest import eventually, free_port

SERVER = """
import http.server, socket, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        if self.path == '/slow': time.sleep(1)
        body = f'app {self.path}'.encode()
        self.send_response(200)
        self.send_header('content-length', str(len(body)))
        self._headers_buffer.append(b'\\r\\n' + body)
        self.flush_headers()
    def log_message(self, *_): pass
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
Server((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
"""


def get(port, path="/x"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except OSError as error:
        return type(error).__name__, ""
    finally:
        connection.close()


def served(port, text="app /x"):
    return eventually(lambda: get(port) == (200, text))


def serve(start, listen="127.0.0.1", endpoint="127.0.0.1", app_port=8080, **options):
    port = free_port()
    config = bootstrap([inbound(port)], [static("app", endpoint, app_port)])
    return port, start(config, "/usr/bin/python3", "-c", SERVER, listen, str(app_port), **options)


HINT = "listens on port 8080 of its loopback alone: in a cluster it would not be reached (IST0143)"


@pytest.mark.parametrize("listen", ["127.0.0.1", "0.0.0.0"])
def test_an_app_and_where_it_listens(start, folder, listen):
    """On loopback alone it works here, and is told, once, that it would not in a cluster."""
    with open(folder / "errors", "w") as errors:
        port, app = serve(start, listen=listen, stderr=errors)
    said = (folder / "errors").read_text
    assert served(port)
    if listen == "127.0.0.1":
        assert eventually(lambda: HINT in said(), 5)
    time.sleep(0.6)
    app.process.send_signal(signal.SIGTERM)
    app.process.wait(10)
    assert said().count(HINT) == (listen == "127.0.0.1"), said()


def test_over_ipv6(start):
    port, _ = serve(start, listen="::1", endpoint="::1")
    assert served(port)


def test_each_has_its_own_port_80(start):
    """Three services that all listen on port 80: none of them is in the way of another."""
    ports = [serve(start, app_port=80)[0] for _ in range(3)]
    assert all(served(port) for port in ports)


def test_the_same_port_inside_and_outside(start):
    port = free_port()
    config = bootstrap([inbound(port)], [static("app", "127.0.0.1", port)])
    start(config, "/usr/bin/python3", "-c", SERVER, "127.0.0.1", str(port))
    assert served(port)


def test_many_requests(start):
    port, _ = serve(start)
    assert served(port)
    for number in range(200):
        assert get(port, f"/{number}") == (200, f"app /{number}")


def test_before_the_app_listens(start):
    port = free_port()
    config = bootstrap([inbound(port)], [static("app", "127.0.0.1", 8080)])
    start(config, "sleep", "60")
    assert eventually(lambda: get(port)[0] == 503)


def test_several_workers(start):
    port, _ = serve(start, flags=["--concurrency", "2"])
    assert served(port)
    assert all(get(port)[0] == 200 for _ in range(50))


def test_without_interception(start):
    """--intercept off: the app is on the host."""
    port, app = free_port(), free_port()
    config = bootstrap([inbound(port)], [static("app", "127.0.0.1", app)])
    start(config, "/usr/bin/python3", "-c", SERVER, "127.0.0.1", str(app), flags=["--intercept", "off"])
    assert served(port)
    assert subprocess.run(["curl", "-s", f"http://127.0.0.1:{app}/x"], capture_output=True).stdout == b"app /x"


def test_an_agent_that_is_stopped(start):
    """It makes the sockets that the app is dialled with: what needs none is answered at once meanwhile."""
    port, other = free_port(), free_port()
    direct = inbound(other)
    direct["filter_chains"][0]["filters"] = [manager("other", [says("at once\n", "*")])]
    config = bootstrap([inbound(port), direct], [static("app", "127.0.0.1", 8080)])
    app = start(config, "/usr/bin/python3", "-c", SERVER, "127.0.0.1", "8080", flags=["--concurrency", "1"])
    assert served(port)
    agent = app.agent()
    os.kill(agent, signal.SIGSTOP)
    threads = [threading.Thread(target=get, args=(port, "/slow")) for _ in range(60)]
    try:
        for thread in threads:
            thread.start()
        for _ in range(20):
            time.sleep(0.02)
            begun = time.monotonic()
            assert get(other) == (200, "at once\n")
            assert time.monotonic() - begun < 0.3
    finally:
        os.kill(agent, signal.SIGCONT)
    for thread in threads:
        thread.join()
    assert served(port)
