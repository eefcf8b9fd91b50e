"""The rounds. In each, every candidate is started fresh, alone, on the same ports; so no other proxy disturbs it, and
start-up and idle memory are sampled again and again."""

import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import BenchError, configs, load, process, setup
from .candidates import Ports


@dataclass
class Settings:
    """How long and how often. `seconds` and `warm` are per turn; `idle` is the number of idle connections."""

    rounds: int
    seconds: float
    warm: float
    settle: float
    idle: int
    starts: int
    generator: str


@dataclass
class Run:
    """One candidate with one kind of configuration in one scenario, and what its turns gave. `samples` has a
    dictionary a round; `failure` is why it has no (more) of them."""

    candidate: object
    kind: str
    label: str
    samples: list = field(default_factory=list)
    failure: str = ""


def runs_of(scenario, candidates):
    """Who takes part in a scenario. A second kind of configuration makes second runs, labelled as the small file."""
    runs = []
    for kind in scenario.kinds:
        for candidate in candidates:
            first = kind == scenario.kinds[0]
            # Whoever cannot load the scenario's own configuration takes no part with the other one either.
            if not candidate.missing and scenario.kinds[0] in candidate.configs and kind in candidate.configs:
                runs.append(Run(candidate, kind, candidate.name if first else f"{candidate.name} (small file)"))
    return runs


class Bench:
    """A folder, three ports, two CPUs and the upstream, which runs as long as this does."""

    def __init__(self, folder, settings, swapped=False):
        self.folder = Path(folder)
        self.settings = settings
        self.proxy_cpu, self.load_cpu = process.two_cpus(swapped)
        self.ports = Ports(*process.free_ports(6))
        self.upstream = None

    def start_upstream(self, nginx):
        folder = self.folder / "upstream"
        (folder / "root" / "r9").mkdir(parents=True)
        (folder / "root" / "r9" / "64k").write_bytes(b"x" * configs.LARGE)
        (folder / "root" / "r9" / "4k").write_bytes(b"x" * configs.PAGE)
        (folder / "root" / "message").write_bytes(configs.GRPC)
        for name in ("post", "grpc"):
            (folder / "root" / "r9" / name).touch()
        path = folder / "nginx.conf"
        path.write_text(configs.nginx_upstream(folder, self.ports.upstream, self.ports.upstream_h2))
        self.upstream = process.Process([nginx, "-p", folder, "-e", "stderr", "-c", path], self.load_cpu,
                                        self.folder / "upstream.log")
        request = b"GET / HTTP/1.1\r\nHost: upstream\r\n\r\n"
        try:
            load.first_answer(self.upstream, self.ports.upstream, request)
        except BenchError as error:
            raise BenchError(f"the upstream (nginx) does not work: {error}") from None

    def start(self, run, scenario):
        """Starts a candidate, waits for its first served request and checks that answer and that it is alone on its
        port. Returns the process and the start-up time in seconds."""
        folder = self.folder / run.candidate.name
        folder.mkdir(exist_ok=True)
        self.certificates(run)
        commands = run.candidate.commands(run.kind, folder, self.ports)
        if process.listeners(self.ports.listener):
            raise BenchError(f"somebody already listens on port {self.ports.listener}")
        started = [process.Process(command, self.proxy_cpu, folder / "log") for command in commands]
        proxy = started[0] if len(started) == 1 else process.Together(started)
        try:
            by, made = load.exchange_of(scenario)
            certificates = self.client_certificates(run)
            startup = load.first_answer(proxy, self.ports.listener, made(scenario.path_for(run.kind)),
                                        certificates=certificates, by=by)
            self.check(run, scenario)
            if process.strays(self.ports.listener, proxy):
                raise BenchError(f"another process listens on port {self.ports.listener} too")
        except BaseException:
            proxy.end()
            raise
        return proxy, startup

    def client_certificates(self, run):
        """Where a client takes its certificate from; None for plaintext."""
        return self.certificates(run) if run.kind == "mtls" else None

    def certificates(self, run):
        """Where everybody's certificates are; None where there is no TLS."""
        folder = self.folder / "certificates"
        if run.kind not in ("mtls", "pair"):
            return None
        if not folder.exists():
            setup.certificates(folder)
        return folder

    def check(self, run, scenario):
        """One request by hand: the answer must be 200 with a body of the right length."""
        by, made = load.exchange_of(scenario)
        try:
            with load.connect(self.ports.listener, certificates=self.client_certificates(run)) as connection:
                status, body = by(connection, made(scenario.path_for(run.kind)))
        except OSError as error:
            raise BenchError(f"a single request failed: {error}") from None
        if status != 200 or len(body) != scenario.answer:
            raise BenchError(f"answered {status} with {len(body)} bytes; 200 with {scenario.answer} is right")

    def loaded_turn(self, run, scenario):
        """One turn under load; returns its sample."""
        generate = (load.tlsload if scenario.tls else load.h2load if scenario.streams else
                    load.GENERATORS[self.settings.generator])
        path = scenario.path_for(run.kind)
        proxy, startup = self.start(run, scenario)
        try:
            time.sleep(self.settings.settle)
            idle = proxy.resident()
            generate(scenario, self.ports.listener, path, self.settings.warm, self.load_cpu, self.folder)
            resident = []
            cpus = {self.proxy_cpu, self.load_cpu}
            busy, stolen = process.machine_seconds(cpus)
            own = time.process_time()
            upstream = self.upstream.cpu_seconds()
            begun, cpu = time.monotonic(), proxy.cpu_seconds()
            # h2load says nothing of a run that is shorter than its own start.
            seconds = max(self.settings.seconds, scenario.least_seconds, 0.4 if scenario.streams else 0)
            result = generate(scenario, self.ports.listener, path, seconds, self.load_cpu, self.folder,
                              lambda: resident.append(proxy.resident()))
            cpu, elapsed = proxy.cpu_seconds() - cpu, time.monotonic() - begun
            upstream = self.upstream.cpu_seconds() - upstream
            busy_now, stolen_now = process.machine_seconds(cpus)
            ours = cpu + upstream + result.cpu_seconds + time.process_time() - own
            if proxy.ended():
                raise BenchError(f"it ended under load (exit {proxy.popen.returncode}):\n    {proxy.last_words()}")
            if result.requests == 0:
                raise BenchError(f"it served no request under load (errors: {result.errors})")
            self.check(run, scenario)
        finally:
            proxy.end()
        return {
            "startup_ms": startup * 1e3,
            "rss_idle": idle,
            "rss_load": max(resident),
            "requests": result.requests,
            "cpu_us": cpu * 1e6 / result.requests,
            "rps": result.requests / result.seconds,
            "p50_us": result.p50,
            "p99_us": result.p99,
            "errors": {kind: count for kind, count in result.errors.items() if count},
            "proxy_cpu_share": cpu / elapsed,
            "other_work": max(0.0, (busy_now - busy - ours) / elapsed),
            "stolen": (stolen_now - stolen) / elapsed,
        }

    def idle_turn(self, run, scenario):
        """One turn without load: start-up times, idle memory, and what an idle kept connection costs."""
        startups = []
        for _ in range(self.settings.starts - 1):
            proxy, startup = self.start(run, scenario)
            startups.append(startup)
            proxy.end()
        proxy, startup = self.start(run, scenario)
        startups.append(startup)
        kept = []
        try:
            time.sleep(self.settings.settle)
            idle = proxy.resident()
            request = load.request_bytes(scenario, scenario.path_for(run.kind))
            with load.connect(self.ports.listener) as connection:
                for _ in range(200):
                    self.exchange_ok(connection, request)
            time.sleep(self.settings.settle)
            before = proxy.resident()
            for _ in range(self.settings.idle):
                kept.append(load.connect(self.ports.listener))
                self.exchange_ok(kept[-1], request)
            time.sleep(self.settings.settle * 2)
            after = proxy.resident()
            closed = sum(1 for connection in kept if not _still_open(connection))
        except OSError as error:
            raise BenchError(f"after {len(kept)} kept connections: {error}") from None
        finally:
            for connection in kept:
                connection.close()
            proxy.end()
        if closed:
            raise BenchError(f"it closed {closed} of {self.settings.idle} idle connections")
        return {
            "startup_ms": sorted(startups)[len(startups) // 2] * 1e3,
            "startups_ms": [startup * 1e3 for startup in startups],
            "rss_idle": idle,
            "rss_load": after,
            "bytes_per_connection": (after - before) / self.settings.idle,
            "errors": {},
        }

    @staticmethod
    def exchange_ok(connection, request):
        status, _ = load.exchange(connection, request)
        if status != 200:
            raise BenchError(f"answered {status}; 200 is right")

    def measure(self, scenario, candidates, tell):
        """All rounds of a scenario; returns its runs. The order turns by one each round. `tell` gets a line a turn."""
        runs = runs_of(scenario, candidates)
        turn = self.loaded_turn if scenario.loaded else self.idle_turn
        for number in range(self.settings.rounds):
            shift = number % max(len(runs), 1)
            for run in runs[shift:] + runs[:shift]:
                if run.failure:
                    continue
                try:
                    run.samples.append({"round": number, **turn(run, scenario)})
                    tell(scenario, number, run)
                except BenchError as error:
                    run.failure = str(error)
                    tell(scenario, number, run)
        return runs


def _still_open(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
