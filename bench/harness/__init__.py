"""The measuring harness behind bench/run, bench/ir and bench/syscalls. Read bench/README.md first."""

from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
ROOT = BENCH.parent
CACHE = ROOT / ".cache"


class BenchError(Exception):
    """Something that the user can act on; shown without a traceback."""
