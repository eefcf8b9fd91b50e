"""`pillion exec`: a command beside the app."""

import os
import subprocess
from pathlib import Path

import pytest
from configs import bootstrap, outbound, says
from conftest import NOBODY, eventually

CONFIG = bootstrap([outbound([says("hello\n", "api.test")])])


def beside(pillion, user, name, *command, **options):
    prefix = NOBODY if user == "nobody" else []
    return subprocess.run(
        [*prefix, pillion, "exec", name, "--", *command], capture_output=True, text=True, timeout=20, **options
    )


def test_a_command_beside_the_app(pillion, start, user):
    run = start(CONFIG, "sleep", "60", flags=["--name", f"web-{user}"])
    assert run.agent()
    assert eventually(lambda: run.command_of("sleep"))
    name = f"web-{user}"
    assert beside(pillion, user, name, "curl", "-sS", "http://api.test/").stdout == "hello\n"
    same = beside(pillion, user, name, "readlink", "/proc/self/ns/net").stdout.strip()
    assert same == os.readlink(f"/proc/{run.command_of('sleep')}/ns/net")
    assert beside(pillion, user, name, "pwd", cwd="/usr").stdout == "/usr\n"
    assert beside(pillion, user, name, "sh", "-c", "exit 6").returncode == 6
    assert beside(pillion, user, name, "/no/such").returncode == 127
    assert beside(pillion, user, str(run.agent()), "true").returncode == 0


def test_no_such_app(pillion, user):
    result = beside(pillion, user, "nobody-has-this-name", "true")
    assert result.returncode == 125 and "no app is called 'nobody-has-this-name'" in result.stderr


def test_two_of_a_name(pillion, start, user):
    name = f"twins-{user}"
    runs = [start(CONFIG, "sleep", "60", flags=["--name", name]) for _ in range(2)]
    assert all(run.agent() for run in runs)
    result = beside(pillion, user, name, "true")
    assert result.returncode == 125 and "2 apps are called" in result.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_root_beside_anothers_app_is_that_user(pillion, start, user):
    """What the user has laid in its namespaces is nothing for root to run."""
    name = f"owned-{user}"
    run = start(CONFIG, "sleep", "60", flags=["--name", name])
    assert run.agent()
    assert eventually(lambda: run.command_of("sleep"))
    said = beside(pillion, "root", name, "sh", "-c", "readlink /proc/self/ns/net; curl -sS http://api.test/", cwd="/")
    assert said.stdout.endswith("]\nhello\n"), said
    # Inside, root of outside may be nobody too.
    with subprocess.Popen([pillion, "exec", name, "--", "sleep", "30"], cwd="/") as command:
        try:
            assert eventually(lambda: Path(f"/proc/{command.pid}/comm").read_text() == "sleep\n")
            status = dict(line.split(":\t", 1) for line in Path(f"/proc/{command.pid}/status").read_text().splitlines())
            assert status["Uid"] == status["Gid"] == "\t".join(["0" if user == "root" else "65534"] * 4)
            assert user == "root" or not status["Groups"].strip()
        finally:
            command.kill()


@pytest.mark.parametrize("mode", ["trap", "explicit", "off"])
def test_an_app_on_the_host(pillion, start, user, mode):
    name = f"outside-{user}-{mode}"
    run = start(CONFIG, "sleep", "60", flags=["--name", name, "--intercept", mode])
    assert eventually(lambda: run.command_of("sleep"))
    result = beside(pillion, user, name, "true")
    assert result.returncode == 125 and f"'{name}' runs on the host" in result.stderr


def test_a_process_that_is_no_agent(pillion, user):
    """As though another had got the agent's number meanwhile."""
    prefix = NOBODY if user == "nobody" else []
    command = ["bash", "-c", 'exec -a pillion-ns "$0" exec pid=$$ -- true', pillion]
    result = subprocess.run([*prefix, *command], capture_output=True, text=True, timeout=20)
    assert result.returncode == 125 and "No such process" in result.stderr, result
