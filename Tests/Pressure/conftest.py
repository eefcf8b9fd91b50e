"""Finds Pillion, and starts services that are always ended and looked at afterwards."""

import os
import resource
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# The parity suite's harness: processes, ports, sockets.
sys.path[:0] = [str(HERE), str(HERE.parent / "Parity")]

from pressure.service import Service  # noqa: E402

# Thousands of clients take as many descriptors on our side.
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@pytest.fixture(scope="session")
def pillion():
    path = Path(os.environ.get("PILLION", ROOT / ".build/release/pillion")).resolve()
    if not path.exists():
        pytest.fail(f"Pillion is not at {path}: scripts/build makes it", pytrace=False)
    return str(path)


@pytest.fixture
def serve(pillion, tmp_path):
    """Starts a service: serve(config, flags=(), descriptors=None). Whatever a test did to it, it must still live."""
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
        assert "Sanitizer" not in service.said(), service.said()[:20000]
        assert early is None or early == service.expected_exit, f"it ended with {early}\n{service.tail()}"
        assert code == "0" or service.expected_exit is not None, f"it ended with {code}\n{service.tail()}"


@pytest.fixture
def upstream():
    """Starts scripted upstreams: upstream(handle)."""
    from pressure.peers import Upstream

    running = []

    def start(handle, **options):
        running.append(Upstream(handle, **options))
        return running[-1]

    yield start
    for one in running:
        one.stop()
