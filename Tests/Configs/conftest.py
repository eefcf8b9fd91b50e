"""Where the two proxies are."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests"))

from programs import envoy, pillion  # noqa: E402, F401
