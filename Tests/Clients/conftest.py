"""Finds Pillion, and starts it between clients and servers; whatever they did to it, it must still live at the end."""

import os
import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# The parity suite's processes, ports and certificates, and the pressure suite's services.
sys.path[:0] = [str(HERE), str(HERE.parent / "Pressure"), str(HERE.parent / "Parity")]

from pressure.service import Service  # noqa: E402


@pytest.fixture(scope="session")
def pillion():
    path = Path(os.environ.get("PILLION", ROOT / ".build/release/pillion")).resolve()
    if not path.exists():
        pytest.fail(f"Pillion is not at {path}: scripts/build makes it", pytrace=False)
    return str(path)


@pytest.fixture
def serve(pillion, tmp_path):
    """Starts a service: serve(config, flags=())."""
    services = []

    def start(config, **options):
        folder = tmp_path / str(len(services))
        folder.mkdir()
        service = Service(pillion, str(folder), config, **options)
        services.append(service)
        service.wait_ready()
        return service

    yield start
    ends = [(service, service.ended_by_itself(), service.stop()) for service in services]
    for service, early, code in ends:
        assert early is None or early == service.expected_exit, f"it ended with {early}\n{service.tail()}"
        assert code == "0" or service.expected_exit is not None, f"it ended with {code}\n{service.tail()}"


@pytest.fixture
def tool():
    """The path of a program; without it the test is skipped, and fails where CI is set."""

    def find(name):
        path = shutil.which(name)
        if path is None:
            if os.environ.get("CI", "").lower() == "true":
                pytest.fail(f"{name} is not installed: scripts/setup test", pytrace=False)
            pytest.skip(f"{name} is not installed")
        return path

    return find


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
