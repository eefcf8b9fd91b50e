"""Where the two proxies are: the same places, and the same rule for a missing Envoy, as in Tests/Parity."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def pillion():
    path = Path(os.environ.get("PILLION", ROOT / ".build/release/pillion"))
    if not path.exists():
        pytest.fail(f"Pillion is not at {path}: scripts/build makes it", pytrace=False)
    return str(path)


@pytest.fixture(scope="session")
def envoy():
    path = Path(os.environ.get("ENVOY", ROOT / ".cache/envoy/envoy"))
    if path.exists():
        return str(path)
    message = f"the real Envoy is not at {path}: scripts/setup test fetches it"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
