"""Counting instead of timing: instructions (callgrind) and system calls (strace) a request. What the start and the
connections cost falls out, as two runs with different numbers of requests are subtracted."""

import argparse
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

from . import CACHE, BenchError, candidates, load, measure, process, scenarios, setup


class Counts:
    """What was counted in one run, subtractable."""

    def __init__(self, total=0, own=None, calls=None):
        self.total, self.own, self.calls = total, Counter(own or {}), Counter(calls or {})

    def per_request(self, smaller, requests):
        """The difference to a smaller run, for each of its additional requests."""
        def each(more, less):
            return {name: (more[name] - less[name]) / requests for name in more if more[name] != less[name]}

        return Counts((self.total - smaller.total) / requests, each(self.own, smaller.own),
                      each(self.calls, smaller.calls))


def arguments(description, requests):
    """The command line that both tools share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("what", nargs="*", default=["pillion"], metavar="CANDIDATE|BINARY",
                        help=f"one of {', '.join(candidates.NAMES)}, or the path of a binary that takes Envoy's flags; "
                        "default pillion (.build/release/pillion or $PILLION)")
    loaded = [name for name, scenario in scenarios.BY_NAME.items() if scenario.loaded]
    parser.add_argument("--scenario", choices=loaded, default="small")
    parser.add_argument("--requests", type=int, default=requests, help=f"counted requests; default {requests}")
    parser.add_argument("--top", type=int, default=0, metavar="N", help="also the N most expensive functions or calls")
    return parser.parse_args()


def chosen(word):
    """The candidate of a name, or of a binary's path."""
    if "/" in word or Path(word).is_file():
        binary = Path(word).absolute()
        missing = "" if os.access(binary, os.X_OK) else f"no binary at {binary}"
        return candidates.Candidate("pillion", binary, missing)
    if word not in candidates.NAMES:
        raise BenchError(f"there is no candidate {word}; there are: {', '.join(candidates.NAMES)}")
    return candidates.find([word])[0]


class Instrument:
    """A folder, the ports and the upstream for counting; use it in a `with`. `swapped` is as in `process.two_cpus`."""

    def __init__(self, scenario, swapped=False):
        self.swapped = swapped
        process.allow_many_files()
        process.end_on_signals()
        (CACHE / "bench").mkdir(parents=True, exist_ok=True)
        self.scenario = scenario
        self.kind = scenario.kinds[0]
        self.folder = Path(tempfile.mkdtemp(prefix="count-", dir=CACHE / "bench"))
        self.cpus = os.sched_getaffinity(0)

    def __enter__(self):
        self.bench = measure.Bench(self.folder, None, self.swapped)
        self.bench.start_upstream(setup.which("nginx"))
        return self

    def __exit__(self, *_):
        process.end_all()
        os.sched_setaffinity(0, self.cpus)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, candidate, wrapper=()):
        """Starts a candidate in one process, under `wrapper` if given, and waits until it serves."""
        if candidate.missing or self.kind not in candidate.configs:
            raise BenchError(f"{candidate.name}: {candidate.missing or 'takes no part in this scenario'}")
        folder = self.folder / candidate.name
        folder.mkdir(exist_ok=True)
        self.bench.certificates(self)
        certificates = self.bench.client_certificates(self)
        command = candidate.command(self.kind, folder, self.bench.ports)
        if candidate.name.startswith("nginx"):
            command += ["-g", "master_process off;"]
        proxy = process.Process([*wrapper, *command], self.bench.proxy_cpu, folder / "log")
        by, made = load.exchange_of(self.scenario)
        request = made(self.scenario.path_for(self.kind))
        load.first_answer(proxy, self.bench.ports.listener, request, limit=120, certificates=certificates, by=by)
        if process.strays(self.bench.ports.listener, proxy):
            raise BenchError(f"another process listens on port {self.bench.ports.listener} too")
        return proxy

    def send(self, count):
        """Sends exactly `count` requests."""
        path = self.scenario.path_for(self.kind)
        load.exactly(self.scenario, self.bench.ports.listener, path, count, self.bench.load_cpu, self.folder)

    # ------------------------------------------------------------------------------------------------- callgrind

    def instructions(self, candidate, requests):
        """Counts user-space instructions and calls a request."""
        few = max(requests // 5, self.scenario.connections)
        dumps = Path(tempfile.mkdtemp(prefix="callgrind-", dir=self.folder))
        proxy = self.start(candidate, ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={dumps}/out"])
        self.send(few)
        self._control(proxy, "-z")
        runs = []
        for count in (few, few + requests):
            self.send(count)
            before = set(dumps.iterdir())
            self._control(proxy, "-d")
            written = set(dumps.iterdir()) - before
            if len(written) != 1:
                raise BenchError(f"callgrind_control wrote {len(written)} files instead of one: {proxy.last_words()}")
            runs.append(read_callgrind(written.pop()))
        proxy.end()
        return runs[1].per_request(runs[0], requests)

    @staticmethod
    def _control(proxy, command):
        done = subprocess.run(["callgrind_control", command, str(proxy.pid)], capture_output=True, text=True)
        if done.returncode != 0 or "OK" not in done.stdout:
            raise BenchError(f"callgrind_control {command} failed: {(done.stdout + done.stderr).strip()}")

    # ---------------------------------------------------------------------------------------------------- strace

    def system_calls(self, candidate, requests):
        """Counts the system calls a request, by name."""
        few = max(requests // 5, self.scenario.connections)
        proxy = self.start(candidate)
        self.send(few)
        runs = [self._strace(proxy, few), self._strace(proxy, few + requests)]
        proxy.end()
        return runs[1].per_request(runs[0], requests)

    def _strace(self, proxy, count):
        table, log = self.folder / "strace.table", self.folder / "strace.log"
        table.unlink(missing_ok=True)
        log.unlink(missing_ok=True)
        argv = ["strace", "-f", "-c", "-o", table]
        for pid in proxy.group():
            argv += ["-p", pid]
        tracer = process.Process(argv, self.bench.load_cpu, log)
        deadline = time.monotonic() + 5
        while "attached" not in log.read_text():
            if tracer.ended() or time.monotonic() > deadline:
                raise BenchError(f"strace cannot attach: {tracer.last_words()}")
            time.sleep(0.02)
        time.sleep(0.2)
        self.send(count)
        time.sleep(0.1)
        os.kill(tracer.pid, signal.SIGINT)
        tracer.popen.wait(10)
        tracer.end()
        return read_strace(table)


_NAME = re.compile(r"^(c?fn)=\((\d+)\)(?: (.*))?$")


def read_callgrind(path):
    """Reads a callgrind dump: total instructions, own instructions and calls by function name."""
    names, own, calls = {}, Counter(), Counter()
    function = called = ""
    inclusive = False
    with open(path, errors="replace") as lines:
        for line in lines:
            if line.startswith(("fn=", "cfn=")):
                found = _NAME.match(line.rstrip("\n"))
                if not found:
                    continue
                kind, number, name = found.groups()
                if name:
                    names[number] = re.sub(r"'\d+$", "", name)
                if kind == "fn":
                    function = names.get(number, "?")
                else:
                    called = names.get(number, "?")
            elif line.startswith("calls="):
                calls[called] += int(line[6:].split()[0])
                inclusive = True  # the next line is what the callee cost, not this function's own
            elif line[:1].isdigit() or line[:1] in "+-*":
                fields = line.split()
                if not inclusive and len(fields) > 1:
                    own[function] += int(fields[1])
                inclusive = False
    return Counts(sum(own.values()), own, calls)


def read_strace(path):
    """Reads strace -c's table: calls by name."""
    calls = Counter()
    for line in path.read_text().splitlines():
        fields = line.split()
        if len(fields) >= 5 and fields[0].replace(".", "").isdigit() and fields[-1] != "total":
            calls[fields[-1]] += int(fields[3])
    return Counts(sum(calls.values()), None, calls)


def demangle(names):
    """Swift's mangled names made readable where a Swift toolchain is at hand."""
    swift = shutil.which("swift")
    if not swift or not names:
        return names
    done = subprocess.run([swift, "demangle", "--simplified"], input="\n".join(names), capture_output=True, text=True)
    lines = done.stdout.splitlines()
    return lines if len(lines) == len(names) else names
