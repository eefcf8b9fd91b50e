"""tcp_proxy: bytes both ways, half-closes, failures, timeouts."""

from harness.vocabulary import *

TCP_LOG = [
    file_log(
        json_format={
            "flags": "%RESPONSE_FLAGS%",
            "details": "%RESPONSE_CODE_DETAILS%",
            "received": "%BYTES_RECEIVED%",
            "sent": "%BYTES_SENT%",
            "cluster": "%UPSTREAM_CLUSTER%",
            "host": "%UPSTREAM_HOST%",
            "code": "%RESPONSE_CODE%",
            "protocol": "%PROTOCOL%",
            "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
            "termination": "%CONNECTION_TERMINATION_DETAILS%",
            "failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
        }
    )
]


def tcp(name, upstream, *actions, fields=None, **more):
    case(
        name,
        tcp={"access_log": TCP_LOG, **(fields or {})},
        upstream=upstream,
        send=more.pop("send", [conn(*actions)]),
        **more,
    )


tcp("bytes both ways", [tcp_host([recv(4), raw("pong"), recv_eof()])], raw("ping"), recv(4), fin(), recv_eof())
tcp(
    "server talks first",
    [tcp_host([raw("hello"), recv(3), raw("bye"), fin(), recv_eof()])],
    recv(5),
    raw("abc"),
    recv_eof(),
)
tcp(
    "half-close of the client is carried on",
    [tcp_host([recv_eof(), raw("after your end"), fin()])],
    raw("all of it"),
    fin(),
    recv_eof(),
)
tcp(
    "half-close of the upstream is carried on",
    [tcp_host([raw("mine"), fin(), recv_eof()])],
    recv_eof(),
    raw("still talking"),
    pause(0.1),
    fin(),
)
tcp("client closes", [tcp_host([recv_eof()])], raw("abc"), pause(0.1), close())
tcp("client resets", [tcp_host([recv_eof()])], raw("abc"), pause(0.1), rst())
tcp("upstream resets", [tcp_host([recv(3), rst()])], raw("abc"), recv_eof())
tcp("upstream closes at once", [tcp_host([close()])], recv_eof())
tcp(
    "a megabyte both ways",
    [tcp_host([recv(1048576), raw("z" * 1048576), fin(), recv_eof()])],
    raw("y" * 1048576),
    recv(1048576),
    recv_eof(),
)
tcp("refused", [refused()], recv_eof())
tcp("refused with three attempts", [refused()], recv_eof(), fields={"max_connect_attempts": 3})
tcp("connect timeout", [blackhole()], recv_eof(), cluster={"connect_timeout": "0.25s"})
tcp("no host", [], recv_eof(), cluster={"load_assignment": {"endpoints": []}})
tcp("unknown cluster", [], recv_eof(), fields={"cluster": "none"})
tcp(
    "idle timeout",
    [tcp_host([recv(3), raw("abc"), recv_eof()])],
    raw("abc"),
    recv(3),
    recv_eof(),
    fields={"idle_timeout": "0.3s"},
)
tcp(
    "max downstream connection duration",
    [tcp_host([recv_eof()])],
    recv_eof(),
    fields={"max_downstream_connection_duration": "0.3s"},
)
tcp(
    "weighted clusters, all on one",
    [tcp_host([raw("a"), fin(), recv_eof()])],
    recv_eof(),
    fields={"cluster": None, "weighted_clusters": {"clusters": [{"name": "a", "weight": 5}]}},
)
tcp(
    "max_connections closes the rest",
    [tcp_host([raw("x"), recv_eof()])],
    unordered=True,
    cluster={"circuit_breakers": {"thresholds": [{"max_connections": 1}]}},
    send=[background(conn(recv(1), pause(0.5))), upstream_saw(1), conn(recv_eof(1.0))],
)
tcp(
    "round robin over two hosts",
    [tcp_host([raw("x"), fin(), recv_eof()]), tcp_host([raw("x"), fin(), recv_eof()])],
    rename_hosts=True,
    send=[conn(recv_eof()) for _ in range(4)],
)
tcp(
    "an HTTP exchange passes untouched",
    [tcp_host([recv(24), raw("HTTP/1.1 200 OK\r\nServer: mine\r\n\r\n"), fin(), recv_eof()])],
    raw("GET / HTTP/1.1\r\nX: y\r\n\r\n"),
    recv_eof(),
)
