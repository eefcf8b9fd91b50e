"""What a machine refuses, and what Pillion says of it: the ladder."""

import json
import platform
import subprocess

import pytest
from configs import bootstrap, outbound, says
from conftest import HERE, NOBODY

CONFIG = bootstrap([outbound([says("hello\n", "api.test")])])
only_x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="the filter has x86-64's numbers")


@pytest.fixture
def denied(pillion, folder, user):
    """Runs Pillion where calls are denied: denied(calls, arguments…)."""
    config = folder / "config.json"
    config.write_text(CONFIG)
    config.chmod(0o644)
    deny = folder / "deny.py"
    deny.write_text((HERE / "deny.py").read_text())
    deny.chmod(0o644)

    def run(calls, *arguments, resolver=None):
        prefix = NOBODY if user == "nobody" else []
        if resolver:
            lay = f'mount --bind {resolver} "$(realpath /etc/resolv.conf)" && exec "$@"'
            prefix = [*prefix, "unshare", "-Urm", "sh", "-c", lay, "sh"]
        arguments = [str(config) if argument == "CONFIG" else argument for argument in arguments]
        command = [*prefix, "/usr/bin/python3", str(deny), *calls, "--", pillion, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=30)

    return run


def doctor(denied, *calls):
    result = denied(calls, "doctor", "--json")
    found = json.loads(result.stdout)
    captures = [mode["ok"] for mode in found["modes"] if mode["mode"] != "explicit"]
    assert result.returncode == (0 if any(captures) else 1), result
    return found, {probe["step"]: probe["error"] for probe in found["probes"]}


APP = ("run", "-l", "warning", "-c", "CONFIG", "--", "curl", "-sS", "http://api.test/")


def test_all_is_well(denied):
    found, probes = doctor(denied)
    assert found["namespace"] and found["problem"] is None and set(probes.values()) == {None}
    lines = denied([], "doctor").stdout.split("\n")
    assert "--intercept namespace     ok" in lines and "--intercept trap          ok" in lines


@only_x86
def test_no_namespaces(denied):
    """Docker's default profile."""
    found, probes = doctor(denied, "unshare")
    assert probes == {"unshare": "Operation not permitted"}
    assert "blocked by this container's seccomp profile" in found["problem"]
    assert found["remedy"] == "docker run --security-opt seccomp=unconfined"
    result = denied(["unshare"], *APP)
    assert (result.returncode, result.stdout) == (0, "hello\n"), result.stderr
    assert result.stderr == (
        "pillion: user namespaces are blocked by this container's seccomp profile (Docker's default). Using trap mode. "
        "For full isolation: docker run --security-opt seccomp=unconfined\n"
    )


@only_x86
def test_the_last_step_of_the_ladder(denied):
    """An app that nothing captures is told of the proxy."""
    result = denied(["unshare", "seccomp"], *APP)
    assert (result.returncode, result.stdout) == (0, "hello\n"), result.stderr
    assert [line.split(". ")[1] for line in result.stderr.splitlines()] == ["Using trap mode", "Using explicit mode"]


@only_x86
def test_the_end_of_the_ladder(denied):
    """Where only the file's names are allowed, an app that nothing captures is not run."""
    result = denied(["unshare", "seccomp"], "run", "-l", "warning", "-c", "CONFIG", "--outbound", "registry-only", "--", "true")
    assert result.returncode == 125 and "Using trap mode." in result.stderr
    assert "the app's connects cannot be trapped: this container's seccomp profile denies seccomp" in result.stderr
    wanted = denied(["unshare"], "run", "-l", "warning", "-c", "CONFIG", "--intercept", "namespace", "--", "true")
    assert wanted.returncode == 125 and "no namespace for the app: user namespaces are blocked" in wanted.stderr


@only_x86
def test_a_trap_is_tried_to_its_end(denied):
    """What Docker's default profile leaves of it, and what remains where nothing does."""

    def trap(*calls):
        found = doctor(denied, *calls)[0]
        mode = next(mode for mode in found["modes"] if mode["mode"] == "trap")
        return mode["ok"], mode["problem"], [probe["step"] for probe in mode["probes"] if not probe["ok"]]

    assert trap("unshare", "setns", "mount", "pidfd_getfd") == (True, None, ["pidfd_getfd"])
    assert trap("process_vm_readv")[1] == "this container's seccomp profile denies process_vm_readv"
    assert trap("unshare", "seccomp")[1] == "this container's seccomp profile denies seccomp"


@only_x86
def test_no_mounts(denied):
    """The app keeps the host's resolv.conf, and its questions come to the proxy all the same."""
    found, probes = doctor(denied, "mount")
    assert found["namespace"] and probes["mount"] == "Operation not permitted"
    result = denied(["mount"], *APP)
    assert (result.returncode, result.stdout) == (0, "hello\n"), result.stderr


@only_x86
def test_no_mounts_and_a_search_list(denied, folder):
    """What the host's search list puts behind a routed name is not meant."""
    host = folder / "resolv.conf"
    host.write_text("nameserver 192.0.2.53\nsearch corp.example\n")
    ask = ("run", "-l", "warning", "-c", "CONFIG", "--", "getent", "ahostsv4", "api.test.corp.example")
    result = denied(["mount"], *ask, resolver=host)
    assert result.stdout.startswith("240.240."), result


@only_x86
def test_no_ipv6(denied):
    assert doctor(denied, "ipv6")[0]["namespace"]
    result = denied(["ipv6"], *APP)
    assert (result.returncode, result.stdout) == (0, "hello\n"), result.stderr


@only_x86
def test_no_nftables(denied):
    found, probes = doctor(denied, "nftables")
    assert found["namespace"] and probes["tproxy"] and probes["redirect"] and probes["anyip"] is None


@pytest.fixture
def limited(pillion, folder, user):
    """Runs an app in a user namespace of our own, which touches nobody else, with a limit at 0 there."""
    config = folder / "config.json"
    config.write_text(CONFIG)
    config.chmod(0o644)

    def run(limit):
        app = f"{pillion} run -l warning -c {config} --intercept namespace -- curl -sS http://api.test/"
        script = f"echo 0 > /proc/sys/user/{limit}; exec {app}"
        prefix = NOBODY if user == "nobody" else []
        return subprocess.run([*prefix, "unshare", "-Ur", "sh", "-c", script], capture_output=True, text=True)

    return run


def test_limits(limited):
    result = limited("max_net_namespaces")
    said = "the limit user.max_user_namespaces or user.max_net_namespaces is 0 or used up"
    assert result.returncode == 125 and said in result.stderr, result.stderr
    # Who may make the others anyway needs no user namespace.
    result = limited("max_user_namespaces")
    assert (result.returncode, result.stdout) == (0, "hello\n"), result.stderr


def test_without_interception_nothing_is_needed(denied):
    result = denied(["unshare", "mount"], "run", "-l", "warning", "-c", "CONFIG", "--intercept", "off", "--", "true")
    assert result.returncode == 0, result.stderr


def test_apparmor_profile(pillion):
    said = subprocess.run([pillion, "doctor", "--apparmor"], capture_output=True, text=True).stdout
    assert f"profile pillion {pillion} flags=(unconfined)" in said and "userns," in said


