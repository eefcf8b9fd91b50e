"""Finds Pillion, and starts it between clients and servers; whatever they did to it, it must still live at the end."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
# The parity suite's processes, ports and certificates, and the pressure suite's services.
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "Pressure"), str(HERE.parent / "Parity")]

from pressure.service import services  # noqa: E402
from programs import pillion, tool  # noqa: E402, F401


@pytest.fixture
def serve(pillion, tmp_path):
    with services(pillion, tmp_path) as start:
        yield start


@pytest.fixture
def http2_server():
    """Starts HTTP/2 servers: http2_server(certificates=None)."""
    from clients.h2_server import Server

    running = []

    def start(certificates=None):
        running.append(Server(certificates))
        return running[-1]

    yield start
    for one in running:
        one.stop()


@pytest.fixture
def http1_server():
    """Starts HTTP/1.1 servers that answer as the HTTP/2 ones do."""
    from clients.h1_server import Server

    running = []

    def start():
        running.append(Server())
        return running[-1]

    yield start
    for one in running:
        one.stop()


@pytest.fixture(params=["http1", "http2"])
def either(request, http1_server, http2_server):
    """A server of each protocol, and the cluster for it."""
    from clients.between import http2_options

    return (http1_server(), {}) if request.param == "http1" else (http2_server(), http2_options())
