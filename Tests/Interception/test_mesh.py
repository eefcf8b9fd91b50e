"""examples/two-services, as somebody who tries it would run it: two languages, mTLS, retries, an ejection that the caller
sees."""

import os
import subprocess

from conftest import NOBODY, ROOT, users


def test_two_services(pillion, folder, build_go):
    """Its addresses are fixed: for one user after the other."""
    catalog = build_go(ROOT / "examples/two-services/catalog.go")
    for user in users():
        tour(pillion, folder, user, catalog)


def tour(pillion, folder, user, catalog):
    prefix = NOBODY if user == "nobody" else []
    environment = {**os.environ, "PILLION": pillion, "CATALOG": catalog, "TMPDIR": str(folder)}
    result = subprocess.run(
        [*prefix, str(ROOT / "examples/two-services/run"), "--once"],
        capture_output=True, text=True, timeout=120, env=environment,
    )
    lines = result.stdout.splitlines()
    assert result.returncode == 0, result
    assert lines.count("the shop sells a book, to spiffe://cluster.local/ns/default/sa/shop") == 8, result
    assert any(line.startswith("240.240.") and line.endswith("catalog.test") for line in lines), result
    assert "curl: (6) Could not resolve host: example.com" in lines
    assert "alert certificate required" in result.stdout
    assert "listens on port 8080 of its loopback alone" not in result.stderr
    stats = dict(line.rsplit(": ", 1) for line in lines if line.startswith("cluster.catalog."))
    assert stats["cluster.catalog.outlier_detection.ejections_active"] == "1", stats
    assert int(stats["cluster.catalog.ssl.handshake"]) >= 2 and int(stats["cluster.catalog.upstream_rq_retry"]) >= 3
