"""Processes: started pinned and in a group of their own, accounted from /proc, and always ended."""

import os
import resource
import signal
import socket
import struct
import subprocess
import time

from . import BenchError
from .setup import TOOLS

_alive = []


def allow_many_files():
    """Raises the limit of open files as far as it goes; children inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < 8192:
        raise BenchError(f"the limit of open files is {hard}; the scenarios need 8192 (ulimit -Hn)")


def two_cpus(swapped=False):
    """The two CPUs that are used: the first for the proxy, the second for load, upstream and this harness; the other way
    round for one of two that run at a time."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise BenchError("two CPUs are needed: one for the proxy, one for load and upstream")
    proxy, load = allowed[1::-1] if swapped else allowed[:2]
    os.sched_setaffinity(0, {load})
    return proxy, load


class Process:
    """A program on one CPU. `started` is the moment of its exec (monotonic seconds)."""

    def __init__(self, argv, cpu, log, pipe_output=False):
        self.argv = [str(word) for word in argv]
        self.log = log
        read, write = os.pipe()
        os.set_inheritable(write, True)
        with open(log, "ab") as errors:
            self.popen = subprocess.Popen(
                [str(TOOLS / "pin"), str(cpu), str(write), *self.argv],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if pipe_output else errors, stderr=errors,
                pass_fds=[write])
        _alive.append(self)
        os.close(write)
        stamp = os.read(read, 8)
        os.close(read)
        if len(stamp) != 8:
            raise BenchError(f"cannot start {self.argv[0]}: {self.last_words()}")
        self.pid = self.popen.pid
        self.started = struct.unpack("=Q", stamp)[0] / 1e9

    def last_words(self, lines=5):
        """The end of its log, for an error message."""
        with open(self.log, errors="replace") as log:
            return "\n    ".join(log.read().strip().splitlines()[-lines:]) or "(it said nothing)"

    def ended(self):
        return self.popen.poll() is not None

    def group(self):
        """The pids of the program and its workers: whoever is in its process group."""
        pids = []
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                with open(f"/proc/{name}/stat") as stat:
                    fields = stat.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.pid and fields[0] not in "ZX":
                pids.append(int(name))
        return pids

    def cpu_seconds(self):
        """CPU time of all tasks of the program and its workers so far, in seconds, as the scheduler counted it in ns.

        It is the sum of the first figures of /proc/PID/task/*/schedstat. A thread that ended has no file there any
        more but is still in the kernel's CPU clock of the process (clock_getcpuclockid), so that clock is read; the
        two are equal to the ns as long as no thread ends."""
        total = 0
        for pid in self.group():
            try:
                total += time.clock_gettime_ns((~pid << 3) | 2)
            except OSError:
                continue
        return total / 1e9

    def resident(self):
        """Resident memory of the program and its workers, in bytes (sum of Rss in smaps_rollup)."""
        total = 0
        for pid in self.group():
            try:
                with open(f"/proc/{pid}/smaps_rollup") as maps:
                    total += next(int(line.split()[1]) for line in maps if line.startswith("Rss:")) * 1024
            except (OSError, StopIteration):
                continue
        return total

    def end(self, patience=1.5):
        """Ends the whole group: SIGTERM first, SIGKILL to what is left after `patience` seconds."""
        deadline = time.monotonic() + patience
        sign = signal.SIGTERM
        while not self.ended() or self.group():
            try:
                os.killpg(self.popen.pid, sign)
            except ProcessLookupError:
                pass
            if sign == signal.SIGTERM:
                while time.monotonic() < deadline and (not self.ended() or self.group()):
                    time.sleep(0.01)
                sign = signal.SIGKILL
            else:
                time.sleep(0.01)
        if self.popen.stdout:
            self.popen.stdout.close()
        if self in _alive:
            _alive.remove(self)


class Together:
    """Several programs that are measured as one: a pair of sidecars. The last is the one that clients speak to."""

    def __init__(self, processes):
        self.processes = processes
        self.popen, self.pid, self.started = processes[-1].popen, processes[-1].pid, processes[0].started

    def last_words(self):
        return self.processes[-1].last_words()

    def ended(self):
        return any(process.ended() for process in self.processes)

    def group(self):
        return [pid for process in self.processes for pid in process.group()]

    def cpu_seconds(self):
        return sum(process.cpu_seconds() for process in self.processes)

    def resident(self):
        return sum(process.resident() for process in self.processes)

    def end(self):
        for process in self.processes:
            process.end()


def end_all():
    """Ends every process that still runs; nothing of ours outlives the harness."""
    for process in list(_alive):
        process.end(patience=0.5)


def end_on_signals():
    """SIGTERM and SIGHUP end the harness as Ctrl-C does: through the `finally` that calls end_all."""
    def stop(number, _frame):
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)


def free_ports(count):
    """Ports that nobody listens on, below the ephemeral range, so that no outgoing connection takes them either."""
    found = []
    # Far enough from those of a process that begins at the same moment.
    for port in range(20000 + os.getpid() * 16 % 10000, 32000):
        with socket.socket() as probe:
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise BenchError("no free ports between 20000 and 32000")


def listeners(port):
    """The inodes of all sockets that listen on a port, of whomever."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table) as lines:
                next(lines)
                for line in lines:
                    fields = line.split()
                    if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                        inodes.add(fields[9])
        except OSError:
            continue
    return inodes


def strays(port, process):
    """The listening sockets on `port` that are not the process's own. With SO_REUSEPORT they would take a share of
    the load and make the process look faster than it is."""
    own = set()
    for pid in process.group():
        try:
            for fd in os.listdir(f"/proc/{pid}/fd"):
                target = os.readlink(f"/proc/{pid}/fd/{fd}")
                if target.startswith("socket:["):
                    own.add(target[8:-1])
        except OSError:
            continue
    return listeners(port) - own


def machine_seconds(cpus):
    """(busy, stolen) CPU seconds of the given CPUs since boot, from /proc/stat."""
    tick = os.sysconf("SC_CLK_TCK")
    busy = stolen = 0
    with open("/proc/stat") as stat:
        for line in stat:
            name, *fields = line.split()
            if name[:3] == "cpu" and name[3:].isdigit() and int(name[3:]) in cpus:
                user, nice, system, _, _, irq, softirq, steal = map(int, fields[:8])
                busy += user + nice + system + irq + softirq
                stolen += steal
    return busy / tick, stolen / tick
