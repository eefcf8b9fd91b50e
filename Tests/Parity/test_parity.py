"""Each case, once: configuration and traffic on both proxies, and nobody may have seen a difference."""

import importlib
from dataclasses import replace
from pathlib import Path

import pytest

from harness.case import CASES
from harness.compare import judge
from harness.docs import page
from harness.run import observe, observe_both

HERE = Path(__file__).resolve().parent
TOPICS = {}
for path in sorted((HERE / "cases").glob("[a-z]*.py")):
    module = importlib.import_module(f"cases.{path.stem}")
    TOPICS[path.stem] = module.__doc__.strip().splitlines()[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.slug)
def test_case(case, request, record_property):
    record_property("parity", "unsupported" if case.unsupported else "differs" if case.differs else "same")
    envoy = request.getfixturevalue("envoy")
    if request.config.getoption("--show"):
        show(case, envoy)
        return
    pillion = request.getfixturevalue("pillion")
    self_check = request.config.getoption("--self-check")
    if request.config.getoption("--no-stats"):
        case = replace(case, scopes=(), stats=())
    fault = judge(case, *observe_both(case, envoy, pillion), self_check)
    if fault and not request.config.getoption("--once"):
        # Timeouts are real and the machine is shared: a fault that does not come back is counted, not failed.
        fault = judge(case, *observe_both(case, envoy, pillion), self_check)
        record_property("again", not fault)
    if fault:
        pytest.fail(f"{case.slug}\n{fault}", pytrace=False)


def show(case, envoy):
    print(f"\n##### {case.slug}")
    for title, text in observe(case, envoy).items():
        print(f"=== {title} ===\n{text}")


def test_the_page_says_what_the_cases_say(request):
    target = HERE.parent.parent / "docs/parity.md"
    text = page(TOPICS)
    if request.config.getoption("--write-docs"):
        target.write_text(text, encoding="utf-8")
    assert target.exists() and target.read_text(encoding="utf-8") == text, "Tests/Parity/run --write-docs"
