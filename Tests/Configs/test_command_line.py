"""The command line's side of things: flags, exit codes, signals, the files it writes."""

import signal
import subprocess
import time
import urllib.request

import pytest
from conftest import ROOT

HCM = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
BOOTSTRAP = f"""
admin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: 0}}}}}}
static_resources:
  listeners:
    - name: ingress
      address: {{socket_address: {{address: 127.0.0.1, port_value: 0}}}}
      filter_chains:
        - filters:
            - name: http
              typed_config:
                "@type": type.googleapis.com/{HCM}
                stat_prefix: ingress
                route_config:
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes: [{{match: {{prefix: /}}, direct_response: {{status: 200}}}}]
"""


def run(pillion, *arguments):
    return subprocess.run(
        [pillion, *map(str, arguments)], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


class Serving:
    """A running Pillion whose admin interface was found by --admin-address-path."""

    def __init__(self, pillion, folder, *flags):
        self.address = folder / "admin"
        self.log = folder / "log"
        command = [pillion, "--config-yaml", BOOTSTRAP, "--admin-address-path", self.address, "--log-path", self.log]
        self.process = subprocess.Popen([*map(str, [*command, *flags])], stdin=subprocess.DEVNULL)

    def __enter__(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.log.exists() and "listening" in self.log.read_text():
                return self
            time.sleep(0.02)
        self.__exit__()
        pytest.fail("Pillion did not start serving")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)

    def ask(self, path, method="GET"):
        request = urllib.request.Request(f"http://{self.address.read_text()}{path}", method=method)
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.read().decode()

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(10)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--bogus"],
        [],
        ["-c", "configs/minimal.yaml", "-l", "loud"],
        ["-c", "configs/minimal.yaml", "--concurrency", "0"],
        ["-c", "configs/minimal.yaml", "--drain-time-s", "99999999999"],
        ["-c", "configs/minimal.yaml", "--file-flush-interval-msec", "99999999999"],
        ["-c", "configs/minimal.yaml", "--mode", "dance"],
        ["-c", "configs/minimal.yaml", "--config-yaml", "{}"],
        ["validate"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(pillion, arguments):
    done = run(pillion, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
    assert done.stdout == ""


def test_a_refused_configuration_ends_with_1(pillion):
    for arguments in (["--config-yaml", "{nonsense: 1}"], ["--config-yaml", "{nonsense: 1}", "--mode", "validate"]):
        done = run(pillion, *arguments)
        assert done.returncode == 1
        assert "nonsense: unknown field" in done.stderr


def test_a_file_that_is_not_there_ends_with_1(pillion):
    done = run(pillion, "-c", "/nonexistent.yaml")
    assert done.returncode == 1
    assert done.stderr.startswith("/nonexistent.yaml: cannot be opened")


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_asking_ends_with_0(pillion, flag):
    done = run(pillion, flag)
    assert done.returncode == 0
    assert "pillion" in done.stdout
    assert done.stderr == ""


def test_envoys_flags_are_taken(pillion, tmp_path):
    flags = (
        "--concurrency 2 -l warning --drain-time-s 5 --parent-shutdown-time-s 9 --service-cluster c --service-node n"
    )
    flags += " --service-zone z --base-id 1 --use-dynamic-base-id --disable-hot-restart --mode serve"
    with Serving(pillion, tmp_path, *flags.split(), "-l", "info") as serving:
        assert '"concurrency": 2' in serving.ask("/server_info")
        assert serving.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_ends_it_with_0(pillion, tmp_path, number):
    with Serving(pillion, tmp_path) as serving:
        assert serving.ask("/ready") == "LIVE\n"
        assert serving.end(number) == 0
        assert f"caught {number.name}: draining" in serving.log.read_text()
        assert serving.log.read_text().endswith("[info][main] exiting\n")


def test_sighup_does_not_end_it(pillion, tmp_path):
    with Serving(pillion, tmp_path) as serving:
        serving.process.send_signal(signal.SIGHUP)
        assert serving.ask("/ready") == "LIVE\n"
        assert serving.end(signal.SIGTERM) == 0


def test_an_address_in_use_ends_with_1_and_says_which(pillion, tmp_path):
    with Serving(pillion, tmp_path) as serving:
        port = serving.address.read_text().rpartition(":")[2]
        taken = BOOTSTRAP.replace("port_value: 0", f"port_value: {port}", 1)
        done = run(pillion, "--config-yaml", taken)
        assert done.returncode == 1
        assert f"cannot bind 127.0.0.1:{port}" in done.stderr
