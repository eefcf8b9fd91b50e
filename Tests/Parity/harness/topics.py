"""The case files: to import one is to register its cases."""

import importlib
from pathlib import Path

CASES = Path(__file__).resolve().parent.parent / "cases"


def load_topics():
    """Each topic with the first line of its file."""
    topics = {}
    for path in sorted(CASES.glob("[a-z]*.py")):
        module = importlib.import_module(f"cases.{path.stem}")
        topics[path.stem] = module.__doc__.strip().splitlines()[0]
    return topics
