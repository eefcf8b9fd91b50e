"""Requests that wait for keys from afar: clients leave, bodies come, the issuer hangs, breaks off or talks nonsense."""

import base64
import hashlib
import hmac
import json
import socket
import time

import pytest
from pressure import config
from pressure.peers import OK, ask, open_many, request, reset, response, serving
from pressure.service import Quiet

JWT = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"
CROWD = 40
SECRET = b"a secret between issuer and proxy"


def packed(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(claims):
    text = packed(b'{"alg":"HS256"}') + "." + packed(json.dumps(claims).encode())
    return text + "." + packed(hmac.digest(SECRET, text.encode(), hashlib.sha256))


TOKEN = signed({"iss": "issuer"})
KEYS = response(json.dumps({"keys": [{"kty": "oct", "k": packed(SECRET)}]}).encode())


def waiting(keys, backend, **remote):
    """A service whose requests wait for the keys of that upstream, again and again."""
    uri = {"uri": "http://issuer/keys", "cluster": "keys", "timeout": "0.3s"}
    source = {"http_uri": uri, "cache_duration": "0.01s", **remote}
    fields = {
        "providers": {"p": {"issuer": "issuer", "remote_jwks": source}},
        "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "p"}}],
    }
    jwt = {"name": "envoy.filters.http.jwt_authn", "typed_config": {"@type": JWT, **fields}}
    clusters = [config.cluster(backend.port), config.cluster(keys.port, "keys")]
    base = config.http(*clusters)
    manager = base["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    manager["http_filters"].insert(0, jwt)
    return base


def asking(size=0):
    return request(method="POST", body=b"x" * size, authorization=f"Bearer {TOKEN}")


def code(sock, data=b""):
    return int(ask(sock, data)[0].split(b" ")[1])


def slow(wire):
    while True:
        wire.until(b"\r\n\r\n")
        time.sleep(0.1)
        wire.send(KEYS)


def hang(wire):
    while True:
        wire.buffer = b""
        wire.fill(60)


def break_off(wire):
    wire.until(b"\r\n\r\n")
    wire.send(KEYS[:-10])
    wire.reset()


def endless(wire):
    wire.until(b"\r\n\r\n")
    wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n")
    while True:
        wire.send(b"x" * 65536)


FAILURES = {
    "hangs": hang, "breaks off": break_off, "has no end": endless, "is closed": lambda wire: wire.reset(),
    "talks nonsense": serving(response(b"nonsense")), "says 503": serving(response(b"", "503 Service Unavailable")),
}  # fmt: skip


@pytest.mark.parametrize("leave", [reset, socket.socket.close], ids=["reset", "close"])
@pytest.mark.parametrize("size", [0, 100, 3000000])
def test_clients_that_leave(serve, upstream, leave, size):
    keys, backend = upstream(slow), upstream(serving(OK))
    service = serve(waiting(keys, backend))
    with Quiet(service, keys, backend):
        for pause in (0, 0.05, 0.12):
            socks = open_many(service, CROWD)
            for sock in socks:
                sock.sendall(asking(size)[:200000])
            time.sleep(pause)
            for sock in socks:
                leave(sock)
    with service.connect() as sock:
        assert code(sock, asking()) == 200


@pytest.mark.parametrize("size", [0, 100, 100000])
def test_those_who_wait_are_served(serve, upstream, size):
    keys, backend = upstream(slow), upstream(serving(OK))
    service = serve(waiting(keys, backend))
    with Quiet(service, keys, backend):
        socks = open_many(service, 10)
        for sock in socks:
            sock.sendall(asking(size))
        for sock in socks:
            assert code(sock) == 200
            sock.close()


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("retries", [0, 2])
def test_an_issuer_that(serve, upstream, failure, retries):
    keys, backend = upstream(FAILURES[failure]), upstream(serving(OK))
    policy = {"num_retries": retries, "retry_back_off": {"base_interval": "0.01s", "max_interval": "0.05s"}}
    service = serve(waiting(keys, backend, **({"retry_policy": policy} if retries else {})))
    with Quiet(service, keys, backend):
        for _ in range(2):
            socks = open_many(service, CROWD)
            for sock in socks:
                sock.sendall(asking(100))
            for sock in socks:
                assert code(sock) == 401
                sock.close()


@pytest.mark.parametrize("failure", FAILURES)
def test_keys_beforehand_from_an_issuer_that(serve, upstream, failure):
    keys, backend = upstream(FAILURES[failure]), upstream(serving(OK))
    fetch = {"fast_listener": True, "failed_refetch_duration": "0.05s"}
    service = serve(waiting(keys, backend, async_fetch=fetch))
    with service.connect() as sock:
        assert code(sock, asking()) == 401
    assert service.cpu_while_left_alone() < 0.3
