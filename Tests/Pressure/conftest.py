"""Finds Pillion, and starts services that are always ended and looked at afterwards."""

import resource
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
# The parity suite's harness: processes, ports, sockets.
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "Parity")]

from pressure.service import services  # noqa: E402
from programs import pillion  # noqa: E402, F401

# Thousands of clients take as many descriptors on our side.
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@pytest.fixture
def serve(pillion, tmp_path):
    with services(pillion, tmp_path) as start:
        yield start


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
