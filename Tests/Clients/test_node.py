"""node's own HTTP/2 client and server, to and from both protocols."""

import json
import subprocess
from pathlib import Path

import httpx
import pytest
from clients.between import between, http2_options

SCRIPTS = Path(__file__).resolve().parent / "node"


@pytest.fixture
def node_client(tool):
    def run(proxy, what):
        words = [tool("node"), SCRIPTS / "client.js", f"http://127.0.0.1:{proxy.port}", what]
        done = subprocess.run(words, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0 and done.stdout, done.stderr.decode()[-2000:]
        return json.loads(done.stdout)

    return run


@pytest.fixture
def node_server(tool):
    process = subprocess.Popen([tool("node"), SCRIPTS / "server.js"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    yield int(process.stdout.readline())
    process.stdin.close()
    process.wait(10)


def test_many_streams(serve, either, node_client):
    server, cluster = either
    assert node_client(serve(between(server.port, cluster)), "many") == [[200, number * 500] for number in range(60)]


def test_a_large_upload(serve, either, node_client):
    server, cluster = either
    answer = node_client(serve(between(server.port, cluster)), "upload")
    assert json.loads(answer["text"])["length"] == 3_000_000


def test_trailers_go_up(serve, http2_server, node_client):
    answer = node_client(serve(between(http2_server().port, http2_options())), "trailers")
    assert json.loads(answer["text"])["trailers"] == {"x-last": "word"}


def test_a_cancelled_stream_leaves_the_others(serve, either, node_client):
    server, cluster = either
    proxy = serve(between(server.port, cluster))
    answer = node_client(proxy, "cancel")
    assert (answer["status"], answer["length"]) == (200, 3)


def test_fifty_pings(serve, either, node_client):
    server, cluster = either
    assert node_client(serve(between(server.port, cluster)), "ping")["status"] == 200


def test_settings_are_those_of_the_file(serve, http1_server, node_client):
    options = {"http2_protocol_options": {"max_concurrent_streams": 17, "initial_stream_window_size": 70000}}
    proxy = serve(between(http1_server().port, hcm=options))
    assert node_client(proxy, "settings") == {"streams": 17, "window": 70000}


def test_a_server_of_nodes(serve, node_server):
    proxy = serve(between(node_server, http2_options(), {"http_protocol_options": {"enable_trailers": True}}))
    url = f"http://127.0.0.1:{proxy.port}"
    with httpx.Client(timeout=20, trust_env=False) as client:
        assert len(client.get(f"{url}/bytes/2000000").content) == 2_000_000
        assert client.post(url, content=b"y" * 100_000).json()["length"] == 100_000
        assert client.post(f"{url}/trailers", content=b"abc").text == "with trailers"
