"""httpx with h2: HTTP/2 by prior knowledge and by ALPN, bodies, many at once."""

import asyncio
import ssl

import httpx
from clients.between import between, certificate, downstream_tls, mutual_tls


def h2_client(**more):
    return httpx.Client(http1=False, http2=True, timeout=20, trust_env=False, **more)


def test_by_prior_knowledge(serve, either):
    server, cluster = either
    url = f"http://127.0.0.1:{serve(between(server.port, cluster)).port}"
    with h2_client() as client:
        for number in range(5):
            answer = client.get(f"{url}/{number}", headers={"x-a": "b"})
            assert answer.http_version == "HTTP/2" and answer.status_code == 200
            seen = answer.json()["headers"]
            assert seen[":path"] == f"/{number}" and seen["x-a"] == "b"
            assert "x-request-id" in seen


def test_bodies_both_ways(serve, either):
    server, cluster = either
    url = f"http://127.0.0.1:{serve(between(server.port, cluster)).port}"
    with h2_client() as client:
        assert client.post(url, content=b"y" * 3_000_000).json()["length"] == 3_000_000
        assert client.post(url, content=(b"z" * 1000 for _ in range(300))).json()["length"] == 300_000
        assert len(client.get(f"{url}/bytes/5000000").content) == 5_000_000
        assert client.head(f"{url}/bytes/700").headers["content-length"] == "700"


def test_many_at_once_on_one_connection(serve, either):
    server, cluster = either
    proxy = serve(between(server.port, cluster))

    async def all_of_them():
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(http1=False, http2=True, limits=limits, timeout=30, trust_env=False) as client:
            asked = (client.get(f"http://127.0.0.1:{proxy.port}/bytes/{number * 100}") for number in range(90))
            return await asyncio.gather(*asked)

    answers = asyncio.run(all_of_them())
    assert [len(answer.content) for answer in answers] == [number * 100 for number in range(90)]
    assert proxy.stat("http.h.downstream_cx_http2_total") == 1


def test_alpn_and_client_certificates(serve, either):
    server, cluster = either
    proxy = serve(between(server.port, cluster, chain=mutual_tls("server", alpn_protocols=["h2", "http/1.1"])))
    context = ssl.create_default_context(cafile=certificate("root.pem"))
    context.load_cert_chain(certificate("client.pem"), certificate("client.key"))
    context.check_hostname = False
    for both, version in ((True, "HTTP/2"), (False, "HTTP/1.1")):
        with httpx.Client(http2=both, verify=context, timeout=20, trust_env=False) as client:
            answer = client.get(f"https://127.0.0.1:{proxy.port}/tls")
            assert answer.http_version == version and answer.status_code == 200


def test_http1_and_http2_on_one_port(serve, either):
    server, cluster = either
    url = f"http://127.0.0.1:{serve(between(server.port, cluster)).port}"
    with h2_client() as two, httpx.Client(timeout=20, trust_env=False) as one:
        for _ in range(3):
            assert (two.get(url).http_version, one.get(url).http_version) == ("HTTP/2", "HTTP/1.1")


def test_a_server_behind_tls(serve, http2_server):
    from clients.between import http2_options, merge, upstream_tls

    server = http2_server((certificate("server.pem"), certificate("server.key")))
    newest = {"tls_params": {"tls_maximum_protocol_version": "TLSv1_3"}}
    proxy = serve(between(server.port, merge(http2_options(), upstream_tls(**newest)), chain=downstream_tls(alpn_protocols=["h2"])))
    context = ssl.create_default_context(cafile=certificate("root.pem"))
    context.check_hostname = False
    with h2_client(verify=context) as client:
        answer = client.get(f"https://127.0.0.1:{proxy.port}/bytes/200000")
        assert answer.headers["x-up"] == "h2" and len(answer.content) == 200_000
