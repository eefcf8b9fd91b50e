"""No descriptor left: no spinning, no end, one word about it, and all is well again once there are some."""

from pressure import config
from pressure.peers import OK, ask, close_many, open_many, request, reset, serving, status

LIMIT = 64


def use_up(service):
    service.wait_for(
        lambda: "cannot accept" in service.said() and service.descriptors() == LIMIT,
        lambda: f"{service.descriptors()} descriptors",
    )


def test_more_connections_than_descriptors(serve, upstream):
    backend = upstream(serving(OK))
    service = serve(config.http(config.cluster(backend.port)), descriptors=LIMIT)
    assert status(service) == 200
    socks = open_many(service, 2 * LIMIT)
    use_up(service)
    assert service.cpu_while_left_alone() < 0.25
    said = [line for line in service.said().splitlines() if "cannot accept" in line]
    assert len(said) == 1, said
    assert "[warning]" in said[0]
    assert "Too many open files" in said[0]
    close_many(socks)
    service.wait_for(lambda: status(service, seconds=2) == 200, "no answer after the descriptors came back")
    assert service.stat("listener.127.0.0.1_%d.downstream_cx_active" % service.port) is not None


def test_clients_that_come_and_go_at_the_limit(serve, upstream):
    """Accepting succeeds and fails by turns."""
    backend = upstream(serving(OK))
    service = serve(config.http(config.cluster(backend.port)), descriptors=LIMIT)
    socks = open_many(service, 2 * LIMIT)
    for round_number in range(200):
        reset(socks.pop(round_number % len(socks)))
        socks += open_many(service, 1)
    assert service.said().count("cannot accept") == 1
    close_many(socks)
    service.wait_for(lambda: status(service, seconds=2) == 200, "no answer after the descriptors came back")


def test_no_descriptor_for_the_upstream(serve, upstream):
    """Clients have all of them: the request is answered 503 UF, and the next one served once there is one."""
    backend = upstream(serving(OK))
    log = config.file_log("/dev/stdout", text_format_source={"inline_string": "%RESPONSE_CODE% %RESPONSE_FLAGS%\n"})
    service = serve(config.http(config.cluster(backend.port), log=log), descriptors=LIMIT)
    gauges = service.gauges()
    socks = open_many(service, 2 * LIMIT)
    use_up(service)
    for _ in range(20):
        head, body = ask(socks[0])
        assert head.startswith(b"HTTP/1.1 503 "), head
        assert b"Too many open files" in body or b"connection failure" in body, body
    assert service.cpu_while_left_alone(0.5) < 0.15
    close_many(socks[1:])
    service.wait_for(lambda: ask(socks[0])[0].startswith(b"HTTP/1.1 200 "), "no 200 after the descriptors came back")
    close_many(socks)
    backend.close_all()
    service.wait_for(lambda: service.gauges() == gauges, service.gauges)
    service.stop()
    with open(service.stdout) as log:
        flags = {line.strip() for line in log}
    assert flags == {"503 UF", "200 -"}, flags


def test_no_descriptor_for_tcp_proxy(serve, upstream):
    backend = upstream(serving(OK))
    service = serve(config.tcp(config.cluster(backend.port)), descriptors=LIMIT)
    gauges = service.gauges()
    # Each takes two: some half of them finds none for its upstream and is closed.
    socks = open_many(service, LIMIT)
    assert service.cpu_while_left_alone() < 0.25
    close_many(socks)
    service.wait_for(lambda: status(service, seconds=2) == 200, "no answer after the descriptors came back")
    service.wait_for(lambda: service.gauges() == gauges, service.gauges)


def test_a_body_waits_for_no_descriptor(serve, upstream):
    """The failure comes while the request's body is on its way."""
    backend = upstream(serving(OK))
    service = serve(config.http(config.cluster(backend.port)), descriptors=LIMIT)
    socks = open_many(service, 2 * LIMIT)
    use_up(service)
    head, _ = ask(socks[0], request("/", "POST", b"x" * 300000))
    assert head.startswith(b"HTTP/1.1 503 "), head
    close_many(socks)
    service.wait_for(lambda: status(service, seconds=2) == 200, "no answer after the descriptors came back")
