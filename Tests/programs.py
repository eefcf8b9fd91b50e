"""The programs under test, and those that the tests are made of: fixtures for each suite's conftest."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def missing(message):
    """Ends a test for want of a program: in CI that is a failure."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def pillion_binary():
    path = Path(os.environ.get("PILLION", ROOT / ".build/release/pillion")).resolve()
    if not path.exists():
        pytest.fail(f"Pillion is not at {path}: scripts/build makes it", pytrace=False)
    return str(path)


def envoy_binary():
    path = Path(os.environ.get("ENVOY", ROOT / ".cache/envoy/envoy"))
    if not path.exists():
        missing(f"the real Envoy is not at {path}: scripts/setup test fetches it")
    return str(path)


@pytest.fixture(scope="session")
def pillion():
    return pillion_binary()


@pytest.fixture(scope="session")
def envoy():
    return envoy_binary()


@pytest.fixture
def tool():
    """The path of a program."""

    def find(name):
        path = shutil.which(name)
        if path is None:
            missing(f"{name} is not installed: scripts/setup test")
        return path

    return find
