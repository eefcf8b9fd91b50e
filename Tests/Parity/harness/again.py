"""A case that failed among others gets another chance alone: timeouts are real, and the machine is shared."""

from dataclasses import replace

from .case import CASES
from .compare import judge
from .run import observe_both
from .topics import load_topics

# As often as this, and only if no more than so many failed: a fault that is everywhere is no matter of luck.
TIMES, AT_MOST = 2, 30


def fault_of(case, envoy, pillion, config):
    """What both proxies disagree on, as text; empty if nothing."""
    if config.getoption("--no-stats"):
        case = replace(case, scopes=(), stats=())
    return judge(case, *observe_both(case, envoy, pillion), config.getoption("--self-check"))


def slug(report):
    return report.nodeid.partition("[")[2].rstrip("]")


def run_failed_again(reporter, config, envoy, pillion):
    """Cases that pass at last are counted among the passed ones. Returns whether nothing failed remains."""
    load_topics()  # With xdist it is other processes that ran the cases.
    cases = {case.slug: case for case in CASES}
    failed = reporter.stats.get("failed", [])
    chosen = [report for report in failed if report.when == "call" and slug(report) in cases]
    if chosen and len(chosen) <= AT_MOST:
        reporter.write_line(f"\nonce more, alone: {len(chosen)}")
        for report in chosen:
            if any(not fault_of(cases[slug(report)], envoy, pillion, config) for _ in range(TIMES)):
                failed.remove(report)
                report.outcome = "passed"
                report.user_properties.append(("again", True))
                reporter.stats.setdefault("passed", []).append(report)
        if not failed:
            reporter.stats.pop("failed", None)
    return not failed
