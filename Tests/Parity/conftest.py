"""Finds the two proxies, and says at the end what the run proved."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from programs import envoy, envoy_binary, pillion_binary  # noqa: E402, F401


def pytest_addoption(parser):
    group = parser.getgroup("parity")
    group.addoption("--self-check", action="store_true", help="Envoy on both sides: the suite must be green")
    group.addoption("--show", action="store_true", help="run the chosen cases on Envoy only and print what was seen")
    group.addoption("--write-docs", action="store_true", help="write docs/parity.md from the cases")
    group.addoption("--no-stats", action="store_true", help="leave the stats aside (while working on something else)")
    group.addoption("--once", action="store_true", help="no further run for a case that failed")


@pytest.fixture(scope="session")
def pillion(request, envoy):
    return envoy if request.config.getoption("--self-check") else pillion_binary()


def pytest_sessionfinish(session, exitstatus):
    """In the process that gathers the reports, before it prints them."""
    config = session.config
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus != pytest.ExitCode.TESTS_FAILED or hasattr(config, "workerinput") or reporter is None:
        return
    if config.getoption("--once") or config.getoption("--show"):
        return
    from harness.again import run_failed_again

    pillion = envoy_binary() if config.getoption("--self-check") else pillion_binary()
    if run_failed_again(reporter, config, envoy_binary(), pillion) and not reporter.stats.get("error"):
        session.exitstatus = pytest.ExitCode.OK


def pytest_terminal_summary(terminalreporter, config):
    counts = {"same": 0, "differs": 0, "unsupported": 0, "failed": 0, "skipped": 0}
    again = []
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            properties = dict(getattr(report, "user_properties", ()))
            if "parity" not in properties or (outcome == "passed" and report.when != "call"):
                continue
            kind = properties["parity"] if outcome == "passed" else outcome
            counts[kind] = counts.get(kind, 0) + 1
            if outcome == "passed" and properties.get("again"):
                again.append(report.nodeid.partition("[")[2].rstrip("]"))
    total = sum(counts.values())
    if not total:
        return
    other = "Envoy (self-check)" if config.getoption("--self-check") else "Pillion"
    terminalreporter.write_line(
        f"parity: {total} cases on Envoy 1.40.0 and {other}: {counts['same']} the same, "
        f"{counts['differs']} different on purpose, {counts['unsupported']} not supported yet, {counts['failed']} failed, {counts['skipped']} skipped, "
        f"{len(again)} passed at a later run, alone" + "".join(f"\n  later run: {name}" for name in again)
    )
