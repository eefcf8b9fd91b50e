"""grpcio on both sides: every kind of method, metadata, deadlines, cancellation, keepalive, draining, TLS."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from clients.between import between, certificate, downstream_tls, http2_options, merge, mutual_tls, upstream_tls
from clients.grpc_service import Client, Service

TWO = http2_options()


@pytest.fixture
def service():
    running = Service()
    yield running
    running.stop()


@pytest.fixture
def client(serve, service):
    with Client(serve(between(service.port, TWO)).port) as made:
        yield made


def test_unary_with_metadata_both_ways(client, service):
    answer, call = client.unary.with_call(b"hello", metadata=(("x-asked", "a"), ("x-data-bin", b"\0\xff")), timeout=10)
    assert answer == b"hello"
    assert dict(call.initial_metadata())["x-initial"] == "i"
    assert dict(call.trailing_metadata())["x-trailer"] == "t"
    assert service.seen[0]["x-asked"] == "a" and service.seen[0]["x-data-bin"] == b"\0\xff"


@pytest.mark.parametrize("code, text", [(5, "not here"), (13, "per cent % \u00fc"), (14, ""), (16, "who?")])
def test_errors_arrive_as_they_are(client, code, text):
    with pytest.raises(grpc.RpcError) as raised:
        client.fail(f"{code}:{text}".encode(), timeout=10)
    assert raised.value.code().value[0] == code
    assert raised.value.details() == text


def test_a_method_that_is_not_there(client):
    with pytest.raises(grpc.RpcError) as raised:
        client.absent(b"", timeout=10)
    assert raised.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_server_streams(client):
    got = list(client.count(b"200 1000", timeout=20))
    assert [int.from_bytes(message[:4], "big") for message in got] == list(range(200))


def test_client_streams(client):
    assert client.total((bytes(5000) for _ in range(200)), timeout=20) == b"1000000"


def test_both_stream_in_turn(client):
    """Each message is sent once the answer to the one before has come: nothing may be held back on the way."""
    ready, answers = threading.Semaphore(1), []

    def messages():
        for number in range(50):
            assert ready.acquire(timeout=10)
            yield str(number).encode()

    for answer in client.echo(messages(), timeout=30):
        answers.append(answer)
        ready.release()
    assert answers == [str(number).encode() for number in range(50)]


def test_large_messages(client):
    large = bytes(range(256)) * 12000
    assert client.unary(large, timeout=30) == large


def test_a_deadline_ends_the_call_on_both_sides(client):
    began = time.monotonic()
    with pytest.raises(grpc.RpcError) as raised:
        client.sleep(b"10", timeout=0.5)
    assert raised.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - began < 5


def test_cancellation_reaches_the_server(client, service):
    call = client.forever(b"", timeout=30)
    assert next(call) == b"tick"
    call.cancel()
    assert service.cancelled.wait(10)
    assert client.unary(b"still", timeout=10) == b"still"


def test_a_client_that_leaves_cancels_its_calls(serve, service):
    client = Client(serve(between(service.port, TWO)).port)
    call = client.forever(b"", timeout=30)
    next(call)
    client.channel.close()
    assert service.cancelled.wait(10)


def test_many_calls_at_once_on_one_connection(client):
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda number: client.unary(b"%d" % number, timeout=30), range(500)))
    assert answers == [b"%d" % number for number in range(500)]


def test_streams_and_calls_together(client):
    with ThreadPoolExecutor(16) as pool:
        streams = [pool.submit(lambda: sum(map(len, client.count(b"100 20000", timeout=30)))) for _ in range(8)]
        calls = [pool.submit(client.unary, b"x", 30) for _ in range(100)]
        assert all(call.result() == b"x" for call in calls)
        assert all(stream.result() == 100 * 20004 for stream in streams)


def test_nobody_listens_there(serve):
    service = Service()
    service.stop()
    with Client(serve(between(service.port, TWO)).port) as client, pytest.raises(grpc.RpcError) as raised:
        client.unary(b"", timeout=10)
    assert raised.value.code() == grpc.StatusCode.UNAVAILABLE
    assert "upstream connect error" in raised.value.details()


def test_an_idle_client_that_pings_is_left_alone(serve, service):
    """As grpc-go with keepalive: PINGs without calls, far below any limit of a flood."""
    options = (
        ("grpc.keepalive_time_ms", 100),
        ("grpc.keepalive_timeout_ms", 2000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
    )
    with Client(serve(between(service.port, TWO)).port, options=options) as client:
        states = []
        assert client.unary(b"1", timeout=10) == b"1"
        client.channel.subscribe(states.append)
        time.sleep(2)
        assert client.unary(b"2", timeout=10) == b"2"
        assert set(states) <= {grpc.ChannelConnectivity.READY}, states


def test_an_idle_connection_ends_by_goaway(serve, service):
    proxy = serve(between(service.port, TWO, {"common_http_protocol_options": {"idle_timeout": "0.3s"}, "drain_timeout": "0.2s"}))
    with Client(proxy.port) as client:
        for number in range(4):
            assert client.unary(b"%d" % number, timeout=10) == b"%d" % number
            time.sleep(0.6)


def test_no_call_is_lost_while_connections_come_of_age(serve, service):
    """max_connection_duration on both sides: GOAWAY in two steps, calls go on."""
    drain = {"common_http_protocol_options": {"max_connection_duration": "0.4s"}, "drain_timeout": "0.4s"}
    proxy = serve(between(service.port, http2_options({"max_connection_duration": "0.5s"}), drain))
    with Client(proxy.port) as client:
        end, number = time.monotonic() + 3, 0
        while time.monotonic() < end:
            assert client.unary(b"%d" % number, timeout=10) == b"%d" % number
            number += 1
        assert number > 50
    assert proxy.stat("http.h.downstream_cx_max_duration_reached") >= 2


def test_a_request_limit_of_connections(serve, service):
    limits = {"common_http_protocol_options": {"max_requests_per_connection": 10}, "drain_timeout": "0.3s"}
    proxy = serve(between(service.port, http2_options({"max_requests_per_connection": 7}), limits))
    with Client(proxy.port) as client:
        for number in range(100):
            assert client.unary(b"%d" % number, timeout=10) == b"%d" % number


def test_calls_under_way_finish_at_sigterm(serve, service, pillion):
    if "envoy" in pillion:
        pytest.skip("Envoy cuts them")
    proxy = serve(between(service.port, TWO))
    with Client(proxy.port) as client, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.sleep, b"1.0", 10)
        proxy.wait_for(lambda: proxy.stat("http.h.downstream_rq_active") == 1, "one request under way")
        proxy.expected_exit = 0
        proxy.signal(signal.SIGTERM)
        assert slow.result() == b"slept"


def test_retries_of_what_was_unavailable(serve, service):
    policy = {"retry_policy": {"retry_on": "unavailable", "num_retries": 1}}
    proxy = serve(between(service.port, TWO, route=policy))
    with Client(proxy.port) as client, pytest.raises(grpc.RpcError):
        client.fail(b"14:again", timeout=10)
    assert proxy.stat("cluster.a.upstream_rq_retry") == 1


def test_deadlines_that_the_proxy_keeps(serve, service):
    """grpc-timeout ends the call in the proxy too, where the route says so."""
    proxy = serve(between(service.port, TWO, route={"max_stream_duration": {"grpc_timeout_header_max": "0s"}}))
    with Client(proxy.port) as client:
        assert client.unary(b"x", timeout=5) == b"x"
        with pytest.raises(grpc.RpcError) as raised:
            client.sleep(b"5", timeout=0.4)
        assert raised.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


def test_limits_of_streams_on_both_sides(serve, service):
    small = {"http2_protocol_options": {"max_concurrent_streams": 10}}
    proxy = serve(between(service.port, http2_options(max_concurrent_streams=5), small))
    with Client(proxy.port) as client, ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: client.sleep(b"0.05", timeout=30), range(80)))
    assert answers == [b"slept"] * 80


def credentials():
    with open(certificate("root.pem"), "rb") as root, open(certificate("client.pem"), "rb") as chain, open(certificate("client.key"), "rb") as key:
        return grpc.ssl_channel_credentials(root.read(), key.read(), chain.read())


def test_over_mutual_tls(serve, service):
    proxy = serve(between(service.port, TWO, chain=mutual_tls(alpn_protocols=["h2"])))
    with Client(proxy.port, credentials(), (("grpc.ssl_target_name_override", "server.example"),)) as client:
        assert client.unary(b"hello", timeout=10) == b"hello"
        assert sum(map(len, client.count(b"50 30000", timeout=20))) == 50 * 30004


def test_a_server_behind_tls(serve):
    with open(certificate("server.pem"), "rb") as chain, open(certificate("server.key"), "rb") as key:
        running = Service(grpc.ssl_server_credentials([(key.read(), chain.read())]))
    newest = {"tls_params": {"tls_maximum_protocol_version": "TLSv1_3"}}
    try:
        with Client(serve(between(running.port, merge(TWO, upstream_tls(**newest)))).port) as client:
            assert client.unary(b"hello", timeout=10) == b"hello"
            assert list(client.echo(iter([b"a", b"b"]), timeout=10)) == [b"a", b"b"]
    finally:
        running.stop()


def test_two_sidecars_in_a_row(serve, service):
    inbound = serve(between(service.port, TWO, chain=mutual_tls(alpn_protocols=["h2"])))
    outbound = serve(between(inbound.port, merge(TWO, upstream_tls("client", sni="server.example"))))
    with Client(outbound.port) as client, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: client.unary(b"%d" % number, timeout=30), range(200)))
        assert answers == [b"%d" % number for number in range(200)]
        assert sum(map(len, client.count(b"100 20000", timeout=30))) == 100 * 20004


def test_downstream_tls_without_client_certificates(serve, service):
    proxy = serve(between(service.port, TWO, chain=downstream_tls(alpn_protocols=["h2", "http/1.1"])))
    with Client(proxy.port, credentials(), (("grpc.ssl_target_name_override", "server.example"),)) as client:
        assert client.total(iter([b"ab", b"c"]), timeout=10) == b"3"
