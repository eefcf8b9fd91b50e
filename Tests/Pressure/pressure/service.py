"""A Pillion process under test, and what the kernel says about it."""

import contextlib
import json
import os
import resource
import socket
import subprocess
import time

from harness.ports import Reservation
from harness.proxy import Proxy

PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")


class Service(Proxy):
    """`descriptors` limits its open files, hard; `stdout` and `stderr` may be files of the test's own."""

    def __init__(
        self, binary, folder, config, flags=(), descriptors=None, stdout=None, stderr=None, env=None, under=()
    ):
        self.binary, self.folder = binary, folder
        self.reservations = {"listener": Reservation(), "admin": Reservation()}
        self.port = self.reservations["listener"].port
        self.admin_port = self.reservations["admin"].port
        self.log = os.path.join(folder, "proxy.log")
        self.stdout = os.path.join(folder, "stdout.log")
        self.expected_exit = None
        self.ended = None
        self.config_path = os.path.join(folder, "envoy.json")
        with open(self.config_path, "w") as file:
            file.write(self.filled(json.dumps(config, indent=1)))
        # An option that is given twice counts as it was given last.
        command = [*under, binary, "-c", self.config_path, "-l", "info", "--disable-hot-restart", *flags]
        limits = (descriptors, descriptors)
        limit = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limits)) if descriptors else None
        with open(self.log, "wb") as errors, open(self.stdout, "wb") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stdout or output, stderr=stderr or errors,
                cwd=folder, preexec_fn=limit, env={**os.environ, **(env or {})},
            )  # fmt: skip

    def filled(self, text):
        for name, reservation in self.reservations.items():
            text = text.replace(f'"@{name}@"', str(reservation.port))
        return text.replace("@dir@", self.folder)

    def stop(self, ask=True):
        self.ended = self.ended or super().stop(ask)
        return self.ended

    def ended_by_itself(self):
        """The exit code of a process that nobody stopped and that is over; None for any other."""
        return self.process.poll() if self.ended is None else None

    @property
    def pid(self):
        return self.process.pid

    def connect(self, seconds=10.0):
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def said(self):
        with open(self.log, "rb") as errors:
            return errors.read().decode("utf-8", "replace")

    # What the kernel says.

    def resident(self):
        """Bytes."""
        with open(f"/proc/{self.pid}/statm") as file:
            return int(file.read().split()[1]) * PAGE

    def peak(self):
        """The most bytes that were ever resident."""
        with open(f"/proc/{self.pid}/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))

    def cpu(self):
        """Seconds of processor time until now."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def what_is_open(self):
        folder = f"/proc/{self.pid}/fd"
        return sorted(os.readlink(os.path.join(folder, name)) for name in os.listdir(folder))

    def cpu_while_left_alone(self, seconds=1.0):
        before = self.cpu()
        time.sleep(seconds)
        return self.cpu() - before

    # What it says itself.

    def gauges(self):
        """What goes up with work and must come down with its end; the admin's own connections are left out."""
        stats = self.stats("(_active$|remaining_|_open$)")
        return {name: value for name, value in stats.items() if "admin" not in name}

    def wait_for(self, true, what, seconds=10.0):
        deadline = time.monotonic() + seconds
        while not true():
            assert self.process.poll() is None, f"it ended with {self.process.returncode}\n{self.tail()}"
            assert time.monotonic() < deadline, f"not in {seconds} s: {what() if callable(what) else what}"
            time.sleep(0.02)


class Quiet:
    """The state at rest: with `with`, whatever happens inside, gauges and descriptors must come back to it.

    The upstreams that are named end whatever connection is kept to them.
    """

    def __init__(self, service, *upstreams, seconds=10.0):
        self.service, self.upstreams, self.seconds = service, upstreams, seconds

    def __enter__(self):
        # The first question makes the admin's own things; a worker may not have its own yet, nor have met the end of
        # the connections that were closed just now.
        self.gauges, self.descriptors = self.service.gauges(), 0
        while self.descriptors != self.service.descriptors():
            self.descriptors = self.service.descriptors()
            time.sleep(0.05)
        self.gauges = self.service.gauges()

    def __exit__(self, kind, *_):
        if kind is not None:
            return
        self.service.wait_for(lambda: not self.differences(), self.differences, self.seconds)
        service = self.service
        service.wait_for(
            lambda: service.descriptors() <= self.descriptors,
            lambda: f"{self.descriptors} descriptors before, now {service.what_is_open()}", self.seconds,
        )  # fmt: skip

    def differences(self):
        for upstream in self.upstreams:
            upstream.close_all()
        now = self.service.gauges()
        return {name: (self.gauges.get(name, 0), value) for name, value in now.items()
                if value != self.gauges.get(name, value if "remaining" in name else 0)}  # fmt: skip


@contextlib.contextmanager
def services(binary, folder):
    """Gives a function that starts services: start(config, flags=(), descriptors=None). Whatever a test does to them, they
    must still live at its end."""
    running = []

    def start(config, **options):
        own = folder / str(len(running))
        own.mkdir()
        service = Service(binary, str(own), config, **options)
        running.append(service)
        service.wait_ready()
        return service

    yield start
    ends = [(service, service.ended_by_itself(), service.stop()) for service in running]
    for service, early, code in ends:
        assert "Sanitizer" not in service.said(), service.said()[:20000]
        assert early is None or early == service.expected_exit, f"it ended with {early}\n{service.tail()}"
        assert code == "0" or service.expected_exit is not None, f"it ended with {code}\n{service.tail()}"
