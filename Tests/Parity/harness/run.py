"""Runs one case on one proxy and returns what everybody saw: a dict of sections of normalised text."""

import json
import os
import re
import shutil
import signal
import tempfile
import threading
import time
from pathlib import Path

from . import certificates, config
from .actions import (
    Admin,
    Background,
    Conn,
    Pause,
    Replace,
    Request,
    ShowStats,
    Signal,
    Together,
    UpstreamClosed,
    UpstreamSaw,
    WaitStat,
)
from .client import Client
from .http2_client import HTTP2Client
from .normalise import Normaliser, by_first_seen
from .ports import Reservation
from .proxy import Proxy, ProxyFailed, validate
from .upstream import Queue, Upstreams
from .views import show

# Stats of the compared scopes that say how a proxy works inside or depend on the clock, not what traffic met.
VOLATILE_STATS = re.compile(
    r"_bytes_total$|_bytes_buffered$|lb_recalculate|\.internal\.|\.external\.|membership_change$|update_no_rebuild"
    r"|\.tracing\.|_ms$|\.rds\.|update_(attempt|success|empty|failure)$|assignment_|version$|max_host_weight$"
    r"|flow_control|update_time$|remaining_cx_pools$|default\.total_match_count$"
    r"|http2\.(nghttp2_|pending_send_bytes|outbound_\w*_active|streams_active|deferred_stream_close|metadata_empty)"
    r"|^cluster\..*\.http2\.goaway_sent$"
)
# The real Envoy, where a case has it beside the proxy under test.
ENVOY = os.environ.get("ENVOY", str(Path(__file__).resolve().parents[3] / ".cache/envoy/envoy"))
TOKEN = re.compile(r"@(\w+)@")


class Run:
    def __init__(self, case, binary):
        self.case, self.binary = case, binary
        self.folder = tempfile.mkdtemp(prefix="parity-")
        self.reservations, self.ports = [], {}
        self.reserve("listener")
        self.reserve("admin")
        self.scopes = tuple(self.substitute_text(scope) for scope in case.scopes)
        self.upstreams = Upstreams()
        self.client_lines, self.background = [], []
        self.sessions = {}
        self.proxy, self.companion, self.quitting = None, None, False

    def reserve(self, name):
        self.reservations.append(Reservation())
        self.ports[name] = self.reservations[-1].port

    def observe(self):
        try:
            return self.observe_verdict() if self.case.verdict else self.observe_traffic()
        finally:
            for proxy in (self.proxy, self.companion):
                if proxy is not None:
                    proxy.stop()
            self.upstreams.stop()
            for reservation in self.reservations:
                reservation.release()
            shutil.rmtree(self.folder, ignore_errors=True)

    def prepare(self):
        names = {}
        for cluster, entries in self.case.host_scripts().items():
            queue = Queue(entries[0][1].scripts) if entries and entries[0][2] else None
            names[cluster] = [name for name, _, _ in entries]
            for name, script, _ in entries:
                self.upstreams.add(name, script, queue)
                self.ports[name] = self.upstreams.hosts[name].port
        for name, content in self.case.write.items():
            self.write(name, content)
        text = self.substitute_text(config.text(self.case, names))
        path = os.path.join(self.folder, "envoy.json" if text.lstrip().startswith("{") else "envoy.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def write(self, name, content):
        text = self.substitute_text(content if isinstance(content, str) else json.dumps(content, indent=1))
        path = os.path.join(self.folder, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + ".new", path)

    def substitute_text(self, text):
        def value(match):
            name = match[1]
            if name == "dir":
                return self.folder
            if name == "certs":
                return str(certificates.folder())
            if name not in self.ports:
                self.reserve(name)
            return str(self.ports[name])

        text = re.sub(r'"@((?!dir|certs)\w+)@"', value, text)
        return TOKEN.sub(value, text)

    def substitute_bytes(self, data):
        return self.substitute_text(data.decode("latin-1")).encode("latin-1") if b"@" in data else data

    def observe_verdict(self):
        path = self.prepare()
        code, said = validate(self.binary, path, self.case.flags)
        verdict = "accepted" if code == 0 else "refused" if code > 0 else f"ended by signal {-code}"
        return {"verdict": verdict, "said": said.replace(self.folder, "<dir>")}

    def observe_traffic(self):
        path = self.prepare()
        if self.case.companion is not None:
            self.start_companion()
        self.proxy = Proxy(self.binary, self.folder, self.ports["admin"], path, self.case.flags)
        self.proxy.wait_ready()
        for number, step in enumerate(self.case.send, 1):
            self.step(step, str(number), self.client_lines)
        for thread in self.background:
            thread.join(30)
        stats = {} if self.quitting else self.settled_stats()
        code = self.proxy.stop(ask=not self.quitting)
        self.upstreams.stop()
        return self.sections(stats, code)

    def start_companion(self):
        """The real Envoy beside the proxy under test, behind it or before it."""
        self.reserve("companion_admin")
        folder = os.path.join(self.folder, "companion")
        os.mkdir(folder)
        path = os.path.join(folder, "envoy.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.substitute_text(json.dumps(self.case.companion)))
        self.companion = Proxy(ENVOY, folder, self.ports["companion_admin"], path)
        self.companion.wait_ready()

    # Steps ------------------------------------------------------------------------------------------------------------

    def step(self, step, label, lines):
        match step:
            case Request():
                self.connection(Conn((step,)), label, lines)
            case Conn():
                self.connection(step, label, lines)
            case Together(steps):
                self.together(steps, label, lines)
            case Background(inner):
                thread = threading.Thread(target=self.connection, args=(inner, label, self.slot(lines)), daemon=True)
                thread.start()
                self.background.append(thread)
            case Pause(seconds):
                time.sleep(seconds)
            case Admin(method, path, view, only):
                path = self.substitute_text(path)
                self.quitting |= method == "POST" and path == "/quitquitquit"
                status, headers, body = self.proxy.ask(method, path)
                lines.append(f"[{label}] admin {method} {path}\n{show(view, only, status, headers, body)}")
            case WaitStat():
                self.wait_stat(step, label, lines)
            case ShowStats(names):
                stats = self.proxy.stats()
                lines.append(f"[{label}] stats\n" + "\n".join(f"  {name}: {stats.get(name)}" for name in names))
            case UpstreamSaw(requests, seconds):
                if not self.upstreams.wait_requests(requests, seconds):
                    lines.append(f"[{label}] the upstreams did not see {requests} requests")
            case UpstreamClosed(connections, seconds):
                done = self.upstreams.wait_ended(connections, seconds)
                lines.append(f"[{label}] upstream connections ended by the proxy: {connections if done else 'too few'}")
            case Replace(name, content):
                self.write(name, content)
            case Signal(number):
                self.quitting |= number in (signal.SIGTERM, signal.SIGINT)
                self.proxy.signal(number)
            case _:
                raise TypeError(f"no step: {step!r}")

    def slot(self, lines):
        """A place in the record for a step that runs beside others."""
        inner = []
        lines.append(inner)
        return inner

    def together(self, steps, label, lines):
        threads = []
        for number, step in enumerate(steps, 1):
            arguments = (step, f"{label}.{number}", self.slot(lines))
            threads.append(threading.Thread(target=self.step, args=arguments, daemon=True))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    def connection(self, step, label, lines):
        lines.append(f"[{label}]")
        try:
            address = self.address(step.to)
            if step.http2 is not None:
                client = HTTP2Client(address, lines.append, self.substitute_bytes, step.http2, step.tls, self.sessions)
            else:
                client = Client(address, lines.append, self.substitute_bytes, step.tls, self.sessions)
        except OSError as error:
            lines.append(f"[connect: {type(error).__name__}]")
            return
        client.run(step.actions)

    def address(self, name):
        kind, _, rest = name.rpartition(":")
        if kind == "unix":
            return self.substitute_text(rest)
        if kind == "bound":
            return "127.0.0.1", self.proxy.bound_port(rest)
        return "::1" if kind == "ipv6" else "127.0.0.1", self.ports[rest]

    def wait_stat(self, step, label, lines):
        deadline = time.monotonic() + step.seconds
        while True:
            value = self.proxy.stat(self.substitute_text(step.name))
            if value == step.value or (step.least and (value or 0) >= step.value):
                time.sleep(step.then)
                return
            if time.monotonic() > deadline:
                lines.append(f"[{label}] {step.name} stayed {value}, not {step.value}")
                return
            time.sleep(0.02)

    # What was seen ----------------------------------------------------------------------------------------------------

    def settled_stats(self):
        """The stats once the last downstream connection is gone (clients have closed theirs) and nothing moves."""
        deadline = time.monotonic() + 4
        stats, before = self.proxy.stats(), None
        while time.monotonic() < deadline and (
            self.moved(stats) != before or any(stats.get(name) for name in self.active)
        ):
            time.sleep(0.02)
            stats, before = self.proxy.stats(), self.moved(stats)
        return stats

    @property
    def active(self):
        names = ["http.h.downstream_cx_active", "http.h.downstream_rq_active", "tcp.t.downstream_cx_active"]
        return names if self.case.tcp is None else [*names, "cluster.a.upstream_cx_active"]

    def moved(self, stats):
        """Without what our own questions to the admin move."""
        return {name: value for name, value in stats.items() if name.startswith(self.scopes)}

    def sections(self, stats, code):
        normal = Normaliser(self.ports, self.folder, self.case.rules, self.case.expected_timeout)
        records = [normal(record.text()) for record in self.upstreams.records]
        logged = normal(self.read("access.log")).splitlines()
        if self.case.unordered:
            records.sort()
            logged.sort()
        sections = {
            "client": normal("\n".join(flatten(self.client_lines))),
            "upstreams": "\n\n".join(records),
            "access log": "\n".join(logged),
            "stdout": normal(self.read("stdout.log")) if "stdout" in self.case.files else "",
            "stats": normal("\n".join(self.chosen_stats(stats))),
            "exit": code,
        }
        for name in self.case.files:
            if name != "stdout":
                sections[name] = normal(self.read(name))
        hosts = [name for name in self.ports if name in self.upstreams.hosts]
        return by_first_seen(sections, hosts) if self.case.rename_hosts else sections

    def read(self, name):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="backslashreplace") as file:
            return file.read()

    def chosen_stats(self, stats):
        wanted = {self.substitute_text(name) for name in self.case.stats}
        for name, value in stats.items():
            if value and name.startswith(self.scopes) and not VOLATILE_STATS.search(name):
                wanted.add(name)
        wanted -= set(self.case.ignored)
        return [f"{name}: {stats.get(name)}" for name in sorted(wanted)]


def flatten(lines):
    for line in lines:
        if isinstance(line, list):
            yield from flatten(line)
        else:
            yield line


def observe(case, binary):
    """What was seen; a proxy that does not start or that dies is itself something that was seen."""
    try:
        return Run(case, binary).observe()
    except (ProxyFailed, OSError) as error:
        return {"proxy": f"{type(error).__name__}: {error}"}


def observe_both(case, envoy, pillion):
    """Both proxies at the same time, each with its own upstreams and clients."""
    results = [None, None]

    def one(index, binary):
        try:
            results[index] = observe(case, binary)
        except Exception as error:  # A fault of the harness must be seen as such, not as silence.
            results[index] = error

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate((envoy, pillion))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results
