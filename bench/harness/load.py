"""The load: wrk by default, h2load for HTTP/2 (and in its HTTP/1.1 mode as a second opinion), and single requests by
hand."""

import json
import os
import re
import signal
import socket
import ssl
import time
from dataclasses import dataclass

from . import BenchError, configs, frames, setup
from .process import Process


@dataclass
class Load:
    """What a load generator saw. Latencies in µs; `errors` counts socket errors, timeouts and non-2xx answers."""

    requests: int
    seconds: float
    p50: float
    p99: float
    errors: dict
    cpu_seconds: float

    @property
    def error_count(self):
        return sum(self.errors.values())


_WRK_SCRIPT = """

wrk.method = %(method)s
wrk.body = %(body)s
%(headers)s
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\\nRESULT {"requests":%%d,"us":%%d,"p50":%%d,"p99":%%d,' ..
    '"connect":%%d,"read":%%d,"write":%%d,"timeout":%%d,"status":%%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect, e.read, e.write, e.timeout, e.status))
end
"""


def _lua(text):
    return '"' + "".join(c if c.isalnum() or c in " -_/.:;=,()*+" else f"\\{ord(c):03d}" for c in text) + '"'


def write_wrk_script(path, scenario):
    """The Lua script of a scenario: method, headers and body are fixed, so wrk renders the request once."""
    headers = "\n".join(f"wrk.headers[{_lua(name)}] = {_lua(value)}" for name, value in scenario.headers.items())
    body = f'string.rep("x", {scenario.body})' if scenario.body else "nil"
    path.write_text(_WRK_SCRIPT % {"method": _lua(scenario.method), "body": body, "headers": headers})


def _wait(process, limit):
    """Waits for a process's end, `limit` seconds at most; returns the CPU seconds it used."""
    deadline = time.monotonic() + limit
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid != 0:
            break
        if time.monotonic() > deadline:
            raise BenchError(f"{process.argv[0]} did not end")
        time.sleep(0.005)
    process.popen.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def _run(argv, cpu, log, seconds, during, sign):
    """Runs a load generator for `seconds`, calls `during` shortly before the end, ends it with `sign`."""
    process = Process(argv, cpu, log, pipe_output=True)
    try:
        time.sleep(seconds * 0.8)
        during()
        rest = process.started + seconds - time.clock_gettime(time.CLOCK_MONOTONIC)
        time.sleep(max(rest, 0.01))
        if sign is not None:
            os.kill(process.pid, sign)
        used = _wait(process, 20)
        output = process.popen.stdout.read().decode(errors="replace")
    finally:
        process.end()
    return output, used


def wrk(scenario, port, path, seconds, cpu, folder, during=lambda: None):
    """One run of wrk. It takes whole seconds only, so it is started for long and interrupted in time: it then prints
    its summary as always."""
    script = folder / "load.lua"
    write_wrk_script(script, scenario)
    argv = ["wrk", "-t1", f"-c{scenario.connections}", f"-d{int(seconds) + 30}s", "--timeout", "10s", "--latency",
            "-s", script, f"http://127.0.0.1:{port}{path}"]
    output, used = _run(argv, cpu, folder / "wrk.log", seconds, during, signal.SIGINT)
    return _result(output, used)


def _result(output, used):
    """The line that both our script for wrk and tlsload print at the end."""
    found = re.search(r"^RESULT (.*)$", output, re.MULTILINE)
    if not found:
        raise BenchError(f"the load gave no summary: {output.strip()[-300:]}")
    said = json.loads(found.group(1))
    errors = {kind: said[kind] for kind in ("connect", "read", "write", "timeout", "status")}
    return Load(said["requests"], said["us"] / 1e6, said["p50"], said["p99"], errors, used)


def _h2load_request(scenario, folder):
    """h2load's words for the scenario's headers and body. Host goes in by HTTP/2's name: given as Host, h2load 1.52
    never ends a timed run."""
    words = []
    for name, value in scenario.headers.items():
        words += ["-H", f"{':authority' if name == 'Host' else name}: {value}"]
    if scenario.body:
        body = folder / "body"
        body.write_bytes(request_body(scenario))
        words += ["-d", body]
    return words


def _h2load_protocol(scenario):
    return ["-m", scenario.streams] if scenario.streams else ["--h1"]


def request_body(scenario):
    return configs.GRPC if scenario.headers.get("Content-Type") == "application/grpc" else b"x" * scenario.body


def h2load(scenario, port, path, seconds, cpu, folder, during=lambda: None):
    """One run of h2load, over HTTP/2 where the scenario has streams. Its log has every request, so the percentiles are
    exact."""
    log = folder / "h2load.requests"
    log.unlink(missing_ok=True)
    argv = ["h2load", *_h2load_protocol(scenario), "-t1", f"-c{scenario.connections}", f"-D{int(seconds * 1000)}ms", f"--log-file={log}"]
    argv += _h2load_request(scenario, folder)
    output, used = _run([*argv, f"http://127.0.0.1:{port}{path}"], cpu, folder / "h2load.log", seconds, during, None)
    failed = re.search(r"(\d+) failed, (\d+) errored, (\d+) timeout", output)
    finished = re.search(r"finished in ([\d.]+)(ms|s|us)", output)
    if not failed or not finished:
        raise BenchError(f"h2load gave no summary: {output.strip()[-300:]}")
    with open(log) as lines:
        rows = [line.split("\t") for line in lines]
    times = sorted(int(row[2]) for row in rows)
    wrong = sum(1 for row in rows if not row[1].startswith("2"))
    unit = {"s": 1, "ms": 1e-3, "us": 1e-6}[finished.group(2)]
    errors = {"failed": int(failed.group(2)), "timeout": int(failed.group(3)), "status": wrong}
    at = lambda share: times[int(len(times) * share)] if times else 0  # noqa: E731
    return Load(len(times), float(finished.group(1)) * unit, at(0.5), at(0.99), errors, used)


def _tlsload(scenario, port, path, connections, seconds, folder):
    """The words of native/tlsload.c."""
    request = folder / "request"
    request.write_bytes(request_bytes(scenario, path))
    return [setup.TOOLS / "tlsload", scenario.tls, port, connections, seconds, folder / "certificates", request]


def tlsload(scenario, port, path, seconds, cpu, folder, during=lambda: None):
    """One run of native/tlsload.c: requests or handshakes, as the scenario says, with a client certificate."""
    argv = _tlsload(scenario, port, path, scenario.connections, int(seconds) + 30, folder)
    output, used = _run(argv, cpu, folder / "tlsload.log", seconds, during, signal.SIGINT)
    return _result(output, used)


def exactly(scenario, port, path, count, cpu, folder):
    """Sends `count` requests over the scenario's connections (h2load; over TLS tlsload, one after the other);
    all must be answered with 2xx."""
    if scenario.tls:
        return _exactly_tls(scenario, port, path, count, cpu, folder)
    log = folder / "h2load.log"
    argv = ["h2load", *_h2load_protocol(scenario), "-t1", f"-n{count}", f"-c{min(scenario.connections, count)}"]
    argv += _h2load_request(scenario, folder)
    process = Process([*argv, f"http://127.0.0.1:{port}{path}"], cpu, log, pipe_output=True)
    try:
        _wait(process, 300)
        output = process.popen.stdout.read().decode(errors="replace")
    finally:
        process.end()
    served = re.search(r"status codes: (\d+) 2xx", output)
    if not served or int(served.group(1)) != count:
        raise BenchError(f"not all of {count} requests were answered with 2xx: {output.strip()[-400:]}")


def _exactly_tls(scenario, port, path, count, cpu, folder):
    log = folder / "tlsload.log"
    argv = [*_tlsload(scenario, port, path, 1, 300, folder), count]
    process = Process(argv, cpu, log, pipe_output=True)
    try:
        _wait(process, 300)
        output = process.popen.stdout.read().decode(errors="replace")
    finally:
        process.end()
    result = _result(output, 0)
    if result.requests != count or any(result.errors.values()):
        raise BenchError(f"not all of {count} requests were answered with 2xx: {output.strip()[-400:]}")


GENERATORS = {"wrk": wrk, "h2load": h2load}


def request_bytes(scenario, path):
    """The request of a scenario as bytes."""
    lines = [f"{scenario.method} {path} HTTP/1.1"]
    if "Host" not in scenario.headers:
        lines.append("Host: 127.0.0.1")
    lines += [f"{name}: {value}" for name, value in scenario.headers.items()]
    if scenario.body:
        lines.append(f"Content-Length: {scenario.body}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + b"x" * scenario.body


def exchange(connection, request):
    """Sends a request on an open socket and reads its answer: (status, body). The answer must have a content-length
    or be chunked."""
    connection.sendall(request)
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("closed before the answer's head was complete")
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    chunked = re.search(rb"(?i)\r\ntransfer-encoding: *chunked", head)
    while chunked and not body.endswith(b"0\r\n\r\n") or length and len(body) < int(length.group(1)):
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("closed before the answer's body was complete")
        body += piece
    return status, body


def exchange_of(scenario):
    """How a single request of the scenario is made: a function as ``exchange``, and what it takes."""
    if not scenario.streams:
        return exchange, lambda path: request_bytes(scenario, path)
    return frames.exchange, lambda path: frames.request(scenario.method, path, scenario.headers, request_body(scenario))


def connect(port, timeout=5, certificates=None):
    """A connected client socket; over mutual TLS, if there are `certificates`."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if certificates is None:
        return connection
    context = ssl.create_default_context(cafile=certificates / "root.pem")
    context.load_cert_chain(certificates / "client.pem", certificates / "client.key")
    return context.wrap_socket(connection, server_hostname="server.example")


def first_answer(process, port, request, limit=20, certificates=None, by=exchange):
    """Polls until `process` serves the request with 200; returns the seconds since its exec."""
    status = None
    while True:
        try:
            with connect(port, certificates=certificates) as connection:
                status, _ = by(connection, request)
                now = time.clock_gettime(time.CLOCK_MONOTONIC)
            if status == 200:
                return now - process.started
        except OSError:
            pass
        if process.ended():
            raise BenchError(f"it ended at its start (exit {process.popen.returncode}):\n    {process.last_words()}")
        if time.clock_gettime(time.CLOCK_MONOTONIC) - process.started > limit:
            seen = f"the last answer was {status}" if status else "nothing answered"
            raise BenchError(f"it served no request within {limit} s ({seen}):\n    {process.last_words()}")
        time.sleep(0.0001)
