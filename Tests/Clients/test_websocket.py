"""WebSockets through one proxy, and through two with HTTP/2 between them."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from clients.between import between, http2_options
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.server import serve as websocket_server

UPGRADES = {"upgrade_configs": [{"upgrade_type": "websocket"}], "http2_protocol_options": {"allow_connect": True}}


@pytest.fixture
def echo():
    def handler(socket):
        for message in socket:
            if message == "bye":
                socket.close(4001, "as you say")
                return
            socket.send(message)

    with websocket_server(handler, "127.0.0.1", 0, max_size=None) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.socket.getsockname()[1]
        server.shutdown()


@pytest.fixture(params=["one", "two"])
def way(request, serve, echo):
    inbound = serve(between(echo, hcm=UPGRADES))
    if request.param == "one":
        return inbound
    return serve(between(inbound.port, http2_options(allow_connect=True), hcm=UPGRADES))


def opened(proxy, **more):
    return connect(f"ws://127.0.0.1:{proxy.port}/chat", proxy=None, max_size=None, open_timeout=10, **more)


def test_messages_both_ways(way):
    with opened(way) as socket:
        for text in ("hello", "\u00fcml\u00e4ut", "x" * 70_000):
            socket.send(text)
            assert socket.recv(timeout=10) == text
        socket.send(bytes(range(256)) * 4000)
        assert socket.recv(timeout=10) == bytes(range(256)) * 4000
        socket.ping().wait(10)


def test_the_server_says_goodbye(way):
    with opened(way) as socket:
        socket.send("bye")
        with pytest.raises(ConnectionClosed) as raised:
            socket.recv(timeout=10)
    assert raised.value.rcvd.code == 4001


def test_several_at_once(way):
    # A farewell takes as long as the proxy's delayed_close_timeout.
    with ThreadPoolExecutor(20) as closing, contextlib.ExitStack() as stack:
        sockets = [opened(way) for _ in range(20)]
        for socket in sockets:
            stack.callback(closing.submit, socket.close)
        for number, socket in enumerate(sockets):
            socket.send(str(number))
        assert [socket.recv(timeout=10) for socket in sockets] == [str(number) for number in range(20)]


def test_an_upgrade_that_nobody_allowed(serve, echo):
    proxy = serve(between(echo))
    with pytest.raises(InvalidStatus) as raised:
        opened(proxy)
    assert raised.value.response.status_code == 403
