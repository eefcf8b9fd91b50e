"""The tools that people try a proxy with: curl, nghttp, h2load."""

import json
import re
import subprocess

import pytest
from clients.between import between, certificate, downstream_tls


def run(*words, seconds=60, data=None):
    done = subprocess.run([str(word) for word in words], input=data, capture_output=True, timeout=seconds, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}"
    return done.stdout.decode("latin-1")


@pytest.fixture
def curl(tool):
    path = tool("curl")
    if "HTTP2" not in run(path, "--version"):
        pytest.skip("this curl knows no HTTP/2")
    return lambda *words, **more: run(path, "-s", "-S", "--max-time", "30", *words, **more)


def test_curl_by_prior_knowledge(serve, either, curl):
    server, cluster = either
    url = f"http://127.0.0.1:{serve(between(server.port, cluster)).port}"
    assert curl("--http2-prior-knowledge", "-w", " %{http_version}", f"{url}/bytes/9") == "xxxxxxxxx 2"
    assert json.loads(curl("--http2-prior-knowledge", "--data-binary", "@-", url, data=b"y" * 400_000))["length"] == 400_000
    head = curl("--http2-prior-knowledge", "-I", f"{url}/bytes/700")
    assert head.startswith("HTTP/2 200") and "content-length: 700" in head


def test_curl_that_offers_to_upgrade_stays_at_http1(serve, either, curl):
    server, cluster = either
    url = f"http://127.0.0.1:{serve(between(server.port, cluster)).port}"
    assert curl("--http2", "-w", " %{http_version}", f"{url}/bytes/3") == "xxx 1.1"


def test_curl_by_alpn(serve, either, curl):
    server, cluster = either
    proxy = serve(between(server.port, cluster, chain=downstream_tls(alpn_protocols=["h2", "http/1.1"])))
    words = ("--cacert", certificate("root.pem"), "--resolve", f"server.example:{proxy.port}:127.0.0.1", "-w", " %{http_version}")
    url = f"https://server.example:{proxy.port}/bytes/3"
    assert curl("--http2", *words, url) == "xxx 2"
    assert curl("--http1.1", *words, url) == "xxx 1.1"


def test_curl_in_parallel(serve, either, curl):
    """Over TLS: by prior knowledge curl 7.88 stumbles over itself."""
    server, cluster = either
    proxy = serve(between(server.port, cluster, chain=downstream_tls(alpn_protocols=["h2"])))
    words = ["--parallel", "--http2", "--cacert", certificate("root.pem"), "-w", "%{http_code} %{size_download}\n"]
    words += ["--resolve", f"server.example:{proxy.port}:127.0.0.1"]
    for number in range(40):
        words += ["-o", "/dev/null", f"https://server.example:{proxy.port}/bytes/{number * 1000}"]
    lines = curl(*words).split("\n")
    assert sorted(lines[:-1]) == sorted(f"200 {number * 1000}" for number in range(40))


def test_nghttp(serve, either, tool):
    server, cluster = either
    url = f"http://127.0.0.1:{serve(between(server.port, cluster)).port}"
    said = run(tool("nghttp"), "-v", "-n", *[f"{url}/bytes/{number}" for number in (1, 100_000, 7)])
    assert len(re.findall(r":status: 200", said)) == 3


@pytest.mark.parametrize("path", ["/bytes/3", "/bytes/70000"])
def test_h2load(serve, either, tool, path):
    server, cluster = either
    proxy = serve(between(server.port, cluster))
    said = run(tool("h2load"), "-n", "800", "-c", "8", "-m", "32", f"http://127.0.0.1:{proxy.port}{path}")
    assert re.search(r"800 total, 800 started, 800 done, 800 succeeded, 0 failed, 0 errored, 0 timeout", said), said
    assert "status codes: 800 2xx" in said


def test_h2load_with_bodies(serve, either, tool, tmp_path):
    server, cluster = either
    proxy = serve(between(server.port, cluster))
    body = tmp_path / "body"
    body.write_bytes(b"x" * 40_000)
    said = run(tool("h2load"), "-n", "200", "-c", "4", "-m", "8", "-d", body, f"http://127.0.0.1:{proxy.port}/")
    assert "status codes: 200 2xx" in said, said
