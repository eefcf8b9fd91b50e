"""`pillion exec`: a command beside the app."""

import os
import subprocess

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
