"""Starts apps beside Pillion, as root or as nobody, and sees that nothing is left of them."""

import http.server
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from programs import ROOT, pillion  # noqa: E402, F401

NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


def users():
    return ["root", "nobody"] if os.getuid() == 0 else ["self"]


@pytest.fixture(params=users())
def user(request):
    return request.param


def open_folder():
    """A folder that every user may enter; pytest's own are for one user."""
    path = Path(tempfile.mkdtemp(prefix="intercepted-"))
    path.chmod(0o777)
    return path


@pytest.fixture
def folder():
    path = open_folder()
    yield path
    shutil.rmtree(path)


def descendants(pid):
    found = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *descendants(child)]
    except OSError:
        pass
    return found


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def eventually(condition, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


class Run:
    """One `pillion run`."""

    def __init__(self, pillion, folder, user, config, command, flags, under=(), **options):
        self.config = folder / f"config-{time.monotonic_ns()}.json"
        self.config.write_text(config)
        self.config.chmod(0o644)
        prefix = NOBODY if user == "nobody" else []
        arguments = [*prefix, *under, pillion, "run", "-l", "warning", "-c", str(self.config), *flags, "--", *command]
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        self.process = subprocess.Popen(arguments, text=True, start_new_session=True, **streams)
        self.seen = set()

    def note(self):
        """Remembers who belongs to it, to be looked for afterwards."""
        self.seen |= set(descendants(self.process.pid))
        return self.seen

    def wait(self, seconds=30):
        out, err = self.process.communicate(timeout=seconds)
        return out, err, self.process.returncode

    def agent(self):
        eventually(lambda: self.command_of("pillion-ns"))
        return self.command_of("pillion-ns")

    def command_of(self, name):
        for pid in descendants(self.process.pid):
            try:
                if Path(f"/proc/{pid}/comm").read_text().strip() == name:
                    return pid
            except OSError:
                continue
        return None


@pytest.fixture
def denying(folder):
    """What runs a command where calls are denied (deny.py)."""
    deny = folder / "deny.py"
    deny.write_text((HERE / "deny.py").read_text())
    deny.chmod(0o644)
    return lambda *calls: ["/usr/bin/python3", str(deny), *calls, "--"]


@pytest.fixture
def start(pillion, folder, user):
    runs = []

    def begin(config, *command, flags=(), **options):
        run = Run(pillion, folder, user, config, command, flags, **options)
        runs.append(run)
        return run

    yield begin
    left = []
    for run in runs:
        run.note()
        if run.process.poll() is None:
            run.process.send_signal(signal.SIGKILL)
            run.process.wait()
        if not eventually(lambda run=run: not any(alive(pid) for pid in run.seen), 8):
            left += [pid for pid in run.seen if alive(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left, "processes were left over"


@pytest.fixture
def run(start):
    """Runs an app to its end: its output, and its exit code."""

    def whole(config, *command, **options):
        run = start(config, *command, **options)
        out, err, code = run.wait()
        assert "Fatal error" not in err, err
        return out, err, code

    return whole


# Those that take an untouched app's connections to names and to any address.
CAPTURES = ["namespace", "trap"]


@pytest.fixture(params=CAPTURES)
def mode(request):
    return request.param


@pytest.fixture
def capture(run, mode):
    """As ``run``, in each mode that captures."""

    def whole(config, *command, flags=(), **options):
        return run(config, *command, flags=["--intercept", mode, *flags], **options)

    return whole


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = f"upstream {self.headers['host']} {self.path}\n".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def upstream():
    """An HTTP server on the host's loopback: its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


@pytest.fixture(scope="session")
def build_go():
    """Builds static Go programs that everybody may run: build_go(source)."""
    folder = open_folder()
    environment = {**os.environ, "CGO_ENABLED": "0", "GO111MODULE": "off", "GOCACHE": str(ROOT / ".cache/go")}

    def build(source):
        target = folder / source.stem
        subprocess.run(["go", "build", "-o", target, source], check=True, env=environment)
        return str(target)

    yield build
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def go_client(build_go):
    """It asks DNS itself and knows no libc: GETs its arguments."""
    return build_go(HERE / "get.go")
