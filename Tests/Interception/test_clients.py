"""What apps are made of: drivers and libraries of others, inside."""

import os
import sys

import pytest
from configs import bootstrap, outbound, says, static, tcp, to
from conftest import HERE, ROOT
from database import Database, program

VENV = ROOT / ".cache/venv/bin/python"
HTTP2 = {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
}


@pytest.fixture(scope="module")
def database():
    running = Database()
    yield running
    running.stop()


def to_database(database):
    """Whatever asks for port 5432 anywhere comes to it, and so by a name that something routes."""
    chain = {"filter_chain_match": {"destination_port": 5432}, "filters": [tcp("database")]}
    return bootstrap([outbound([says("-", "db.test")], [chain])], [static("database", "127.0.0.1", database.port)])


def psql(host, port):
    options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
    return [program("psql"), *options, "-h", host, "-p", str(port), "-U", "app", "postgres"]


def test_psql(capture, folder, database):
    """A protocol in which both sides speak at length: a table is filled from the app, changed there, and read back."""
    script = f"""
set -e
seq 200000 > "$TMPDIR/numbers"
{' '.join(psql("192.0.2.7", 5432))} -c "create temp table t (n int)" -c "\\copy t from '$TMPDIR/numbers'" \\
  -c "update t set n = n + 1" -c "\\copy t to '$TMPDIR/back'" -c "select sum(n), inet_server_port() from t"
md5sum < "$TMPDIR/back"; tail -n +2 "$TMPDIR/numbers" | (cat; echo 200001) | md5sum
"""
    out, err, code = capture(to_database(database), "bash", "-c", script, env={**os.environ, "TMPDIR": str(folder)})
    assert code == 0, err
    total, back, expected = out.splitlines()
    assert total == f"{200_000 * 200_001 // 2 + 200_000}|{database.port}" and back == expected, out


def test_psql_at_the_hosts_port(run, database):
    """Which is PostgreSQL's on the host: by the host's name, and as though it were the app's own loopback."""
    config = bootstrap([])
    ask = ["-c", "select 40 + 2"]
    assert run(config, *psql("host.pillion.internal", database.port), *ask)[::2] == ("42\n", 0)
    port = database.port
    assert run(config, *psql("127.0.0.1", port), *ask, flags=["--host-port", str(port)])[::2] == ("42\n", 0)


@pytest.mark.parametrize("mode", ["namespace", "trap", "explicit"])
def test_psql_by_a_variable(run, database, mode):
    """The same command line, captured and not: nobody else knows the name, and the chain of its port serves it."""
    variable = ["--env", "URL=postgres://app@{db.internal:5432}/postgres"]
    flags = ["--intercept", mode, "--outbound", "registry-only", *variable]
    command = f"{program('psql')} -X -q -A -t \"$URL\" -c 'select 40 + 2'"
    out, err, code = run(to_database(database), "sh", "-c", command, flags=flags)
    assert (out, code) == ("42\n", 0), err


GRPC = """
import sys
sys.path.insert(0, sys.argv[1])
from clients.grpc_service import Client, grpc
with Client(50051, host="echo.test") as client:
    answer, call = client.unary.with_call(b"hello", metadata=(("x-asked", "a"),), timeout=20)
    assert answer == b"hello" and dict(call.trailing_metadata())["x-trailer"] == "t"
    assert len(list(client.count(b"200 5000", timeout=20))) == 200
    assert client.total((bytes(5000) for _ in range(200)), timeout=20) == b"1000000"
    assert list(client.echo((str(n).encode() for n in range(50)), timeout=20)) == [str(n).encode() for n in range(50)]
    try:
        client.fail(b"5:not here", timeout=20)
    except grpc.RpcError as error:
        print(error.code().name, error.details())
"""


@pytest.fixture
def service():
    sys.path.insert(0, str(HERE.parent / "Clients"))
    from clients.grpc_service import Service

    running = Service()
    yield running
    running.stop()


def test_grpc(capture, service):
    """grpcio on both sides: it asks DNS by c-ares, and speaks HTTP/2."""
    http = outbound([to("echo", "echo.test:50051")])
    http["filter_chains"][0]["filter_chain_match"]["destination_port"] = 50051
    cluster = {**static("echo", "127.0.0.1", service.port), "typed_extension_protocol_options": HTTP2}
    app = [str(VENV), "-B", "-c", GRPC, str(HERE.parent / "Clients")]
    out, err, code = capture(bootstrap([http], [cluster]), *app)
    assert (out, code) == ("NOT_FOUND not here\n", 0), err
    assert service.seen[0]["x-asked"] == "a"


REQUESTS = """
import requests
with requests.Session() as session:
    for name in ("api.test", "x.wild.test"):
        for _ in range(3):
            answer = session.get(f"http://{name}/", timeout=20)
            assert answer.status_code == 200, answer
    print(answer.text, end="")
"""


def test_requests(capture):
    config = bootstrap([outbound([says("hello\n", "api.test", "*.wild.test")])])
    assert capture(config, str(VENV), "-B", "-c", REQUESTS)[::2] == ("hello\n", 0)
