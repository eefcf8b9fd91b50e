"""Each case, once: configuration and traffic on both proxies, and nobody may have seen a difference."""

from pathlib import Path

import pytest

from harness.again import fault_of
from harness.case import CASES
from harness.docs import page
from harness.run import observe
from harness.topics import load_topics

TOPICS = load_topics()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.slug)
def test_case(case, request, record_property):
    record_property("parity", "unsupported" if case.unsupported else "differs" if case.differs else "same")
    envoy = request.getfixturevalue("envoy")
    if request.config.getoption("--show"):
        show(case, envoy)
        return
    pillion = request.getfixturevalue("pillion")
    fault = fault_of(case, envoy, pillion, request.config)
    if fault:
        pytest.fail(f"{case.slug}\n{fault}", pytrace=False)


def show(case, envoy):
    print(f"\n##### {case.slug}")
    for title, text in observe(case, envoy).items():
        print(f"=== {title} ===\n{text}")


def test_the_page_says_what_the_cases_say(request):
    target = Path(__file__).resolve().parents[2] / "docs/parity.md"
    text = page(TOPICS)
    if request.config.getoption("--write-docs"):
        target.write_text(text, encoding="utf-8")
    assert target.exists() and target.read_text(encoding="utf-8") == text, "Tests/Parity/run --write-docs"
