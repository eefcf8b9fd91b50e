"""The app from its start to its end, and what is left of it: nothing."""

import os
import pty
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from configs import bootstrap, inbound, outbound, says, static
from conftest import CAPTURES, NOBODY, alive, descendants, eventually, free_port, open_folder
from test_inbound import get

# No address that another test could want as well.
BARE = bootstrap([])
CONFIG = bootstrap([outbound([says("hello\n", "api.test")])])


@pytest.fixture(params=[*CAPTURES, "explicit", "off"])
def flags(request):
    return ["--intercept", request.param]


@pytest.fixture(params=[*CAPTURES, "explicit"])
def captured(request):
    """Each has threads of its own before the first signal is minded."""
    return ["--intercept", request.param]


def started(run, name="sleep"):
    assert eventually(lambda: run.command_of(name)), run.process.poll()
    run.note()
    return run.command_of(name)


@pytest.mark.parametrize("code", [0, 1, 7, 126, 255])
def test_exit_code(run, code):
    assert run(CONFIG, "sh", "-c", f"exit {code}")[2] == code


@pytest.mark.parametrize("name", ["TERM", "KILL", "SEGV", "INT"])
def test_death_by_signal(run, name):
    number = getattr(signal, f"SIG{name}")
    assert run(CONFIG, "sh", "-c", f"kill -{name} $$")[2] == -number


def test_no_such_program(run):
    out, err, code = run(CONFIG, "/no/such/program")
    assert code == 127 and "cannot run 'program': No such file or directory" in err, err


def test_no_program(run, folder):
    (folder / "text").write_text("no program")
    out, err, code = run(CONFIG, str(folder / "text"))
    assert code == 126 and "Permission denied" in err, err


def test_a_refused_configuration_starts_nothing(run, folder):
    out, err, code = run('{"x": 1}', "touch", str(folder / "ran"))
    assert code == 1 and "unknown field" in err and not (folder / "ran").exists()


def test_an_address_in_use_starts_nothing(run, folder, upstream):
    config = bootstrap([inbound(upstream)], [static("app", "127.0.0.1", 80)])
    out, err, code = run(config, "touch", str(folder / "ran"))
    assert code == 1 and "cannot bind" in err and not (folder / "ran").exists()


def test_environment_folder_and_descriptors(run, folder):
    """All that the app has is what it would have without us, descriptors beyond the first three included."""
    reader, writer = os.pipe()
    script = f"echo \"$FOO|$PWD|$(ls /proc/self/fd | tr '\\n' ' ')\"; echo through >&{writer}"
    environment = {**os.environ, "FOO": "bar"}
    out, err, code = run(
        CONFIG, "bash", "-c", script, env=environment, cwd=folder, pass_fds=[writer], stdin=subprocess.DEVNULL
    )
    os.close(writer)
    assert os.read(reader, 100) == b"through\n", err
    os.close(reader)
    # 3 is ls's own, of the folder.
    value, place, descriptors = out.split("|")
    assert (value, place) == ("bar", str(folder)), err
    assert {int(number) for number in descriptors.split()} == {0, 1, 2, 3 if writer != 3 else 4, writer}, out


def test_standard_input(start):
    run = start(CONFIG, "cat", stdin=subprocess.PIPE)
    out, _ = run.process.communicate("through\n", timeout=20)
    assert (out, run.process.returncode) == ("through\n", 0)


def test_signals_are_passed_on(start, captured):
    names = ("HUP", "INT", "QUIT", "USR2", "ALRM", "RTMIN", "TERM")
    script = "for s in HUP INT QUIT USR2 ALRM RTMIN; do trap \"echo $s\" $s; done; trap 'echo TERM; exit 3' TERM; echo ready; while :; do sleep 0.05; done"
    run = start(CONFIG, "bash", "-c", script, flags=captured)
    assert run.process.stdout.readline() == "ready\n"
    for name in names:
        run.process.send_signal(getattr(signal, f"SIG{name}"))
        assert run.process.stdout.readline() == f"{name}\n"
    assert run.wait()[2] == 3


def test_ignored_signals_stay_ignored(run):
    """nohup: what the user ignores is ignored by the app; nothing else is, and nothing is blocked."""
    script = "grep -E '^Sig(Blk|Ign)' /proc/self/status"
    out = run(CONFIG, "nohup", "sh", "-c", script)[0].split()
    assert int(out[1], 16) == 0 and int(out[3], 16) & 1, out
    command = ["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]
    assert run(CONFIG, *command)[0] == subprocess.run(command, capture_output=True, text=True).stdout


def test_termination(start, captured):
    """SIGTERM: nothing new comes in, what the app sends out goes on, until it is gone."""
    port = free_port()
    config = bootstrap([outbound([says("hello\n", "api.test")]), inbound(port)], [static("app", "127.0.0.1", free_port())])
    script = "trap 'sleep 0.5; curl -sS http://api.test/; exit 4' TERM; echo ready; while :; do sleep 0.05; done"
    run = start(config, "bash", "-c", script, flags=captured)
    assert run.process.stdout.readline() == "ready\n"
    assert get(port)[0] == 503
    run.process.send_signal(signal.SIGTERM)
    assert eventually(lambda: get(port)[0] == "ConnectionRefusedError", 0.45)
    out, err, code = run.wait()
    assert (out, code) == ("hello\n", 4), err


def test_ignored_ends_of_children(pillion, folder, flags):
    """Those who start us may not want to hear of any: the app's is heard all the same, and the app is as it would have been."""
    (folder / "config.json").write_text(CONFIG)
    ignoring = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execvp(sys.argv[1], sys.argv[1:])"
    command = ["python3", "-c", ignoring, pillion, "run", "-l", "warning", "-c", str(folder / "config.json"), *flags, "--"]
    assert subprocess.run([*command, "sh", "-c", "exit 7"], timeout=20).returncode == 7
    out = subprocess.run([*command, "grep", "SigIgn", "/proc/self/status"], timeout=20, capture_output=True, text=True).stdout
    assert int(out.split()[1], 16) >> (signal.SIGCHLD - 1) & 1, out


def test_the_user_s_own_children(pillion, folder, flags):
    """A shell that becomes us hands on its children: they are spared when the agent is killed, and the app with it."""
    (folder / "config.json").write_text(CONFIG)
    command = [pillion, "run", "-l", "error", "-c", str(folder / "config.json"), *flags, "--", "sleep", "600"]
    script = 'sleep 77 2>/dev/null & exec "$@"'
    own = subprocess.Popen(["sh", "-c", script, "sh", *command], stderr=subprocess.PIPE, text=True)

    def named(*words):
        lines = {pid: Path(f"/proc/{pid}/cmdline").read_text().split("\0") for pid in descendants(own.pid)}
        return [pid for pid, line in lines.items() if tuple(line[: len(words)]) == words]

    assert eventually(lambda: named("sleep", "600"))
    (agent,), (app,), (sleeper,) = named("pillion-ns"), named("sleep", "600"), named("sleep", "77")
    try:
        os.kill(agent, signal.SIGKILL)
        assert "was killed" in own.communicate(timeout=20)[1]
        assert alive(sleeper) and not alive(app)
    finally:
        os.kill(sleeper, signal.SIGKILL)


def test_variables_are_the_app_s_alone(run, flags):
    """The agent does without what is to be preloaded into the app."""
    script = "tr '\\0' '\\n' </proc/$PPID/environ | grep -c ^XYZZY; echo $XYZZY"
    out, err, code = run(CONFIG, "sh", "-c", script, flags=[*flags, "--env", "XYZZY=1=2"])
    assert out == "0\n1=2\n", err


@pytest.mark.skipif(os.getuid() != 0, reason="its files are laid over the machine's")
def test_files_of_its_own(pillion, folder):
    """Whatever the machine's look like, and the user's mask."""
    (folder / "config.json").write_text(CONFIG)
    lay = 'printf "passwd: files\\n  hosts: files nis\\nservices: files" >"$0"; mount --bind "$0" /etc/nsswitch.conf; umask 077; exec "$@"'
    command = ["unshare", "--mount", "sh", "-ec", lay, str(folder / "switch"), pillion, "run", "-l", "warning"]
    command += ["-c", str(folder / "config.json"), "--intercept", "namespace", "--"]
    command += ["sh", "-c", "cat /etc/nsswitch.conf; stat -c %a /etc/resolv.conf"]
    result = subprocess.run(command, timeout=20, capture_output=True, text=True)
    assert result.stdout == "passwd: files\nservices: files\nhosts: files dns\n644\n", result.stderr


def test_more_ports_than_can_be_held(run):
    """Only where each needs a listener."""
    domains = [f"api.test:{port}" for port in range(20000, 21025)]
    config = bootstrap([outbound([says("hello\n", "api.test", *domains)])])
    script = ["curl", "-sS", "http://api.test/"]
    out, err, code = run(config, *script, flags=["--intercept", "namespace", "--intercept-variant", "anyip"])
    assert code == 125 and "more than 1024 ports at once; name fewer of them" in err, err
    assert run(config, *script, flags=["--intercept", "namespace"])[::2] == ("hello\n", 0)


def test_those_left_behind_are_told_once(run, folder):
    """However many others end meanwhile."""
    trace = folder / "told"
    told = f"trap 'echo told >>{trace}' TERM; i=0; while [ $i -lt 14 ]; do sleep 0.05; i=$((i+1)); done"
    others = "for t in 0.1 0.2 0.3 0.4; do sh -c \"trap '' TERM; sleep $t; :\" & done"
    out, err, code = run(CONFIG, "bash", "-c", f'bash -c "$1" & {others}; sleep 0.05', "bash", told)
    assert (code, trace.read_text()) == (0, "told\n"), err


def test_an_app_that_will_not_end(start, captured):
    run = start(CONFIG, "bash", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done",
                flags=[*captured, "--termination-grace-period-s", "1"])
    assert run.process.stdout.readline() == "ready\n"
    begun = time.monotonic()
    run.process.send_signal(signal.SIGTERM)
    assert run.wait()[2] == -signal.SIGKILL
    assert 0.9 < time.monotonic() - begun < 5


def test_what_the_app_leaves_behind(start):
    run = start(CONFIG, "bash", "-c", "setsid sleep 300 & (setsid sleep 301 &) ; sleep 0.3; exit 5")
    started(run)
    assert run.wait()[2] == 5
    assert not any(alive(pid) for pid in run.seen)


def test_a_daemon(start, folder):
    """An app that forks twice, leaves its session and lets its first process end is gone: what it left is ended."""
    program = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.close(0), os.close(1), os.close(2)
        open(sys.argv[1], 'w').write(str(os.getpid()))
        time.sleep(300)
    os._exit(0)
os.wait()
while not os.path.exists(sys.argv[1]) or not open(sys.argv[1]).read():
    time.sleep(0.01)
"""
    run = start(CONFIG, "/usr/bin/python3", "-c", program, str(folder / "pid"))
    assert run.wait()[2] == 0
    assert not alive(int((folder / "pid").read_text()))


def test_left_behind_and_ignoring(start):
    script = "(trap '' TERM; setsid bash -c 'trap \"\" TERM; while :; do sleep 0.1; done' >/dev/null 2>&1 &) ; sleep 0.3; exit 6"
    run = start(CONFIG, "bash", "-c", script)
    started(run)
    assert run.wait()[2] == 6
    assert eventually(lambda: not any(alive(pid) for pid in run.seen), 3)


def test_killed_proxy(start, flags):
    run = start(BARE, "sh", "-c", "setsid sleep 300 & sleep 301", flags=flags)
    assert eventually(lambda: len(descendants(run.process.pid)) >= 4)
    run.note()
    run.process.kill()
    run.process.wait()
    assert eventually(lambda: not any(alive(pid) for pid in run.seen), 6)


def test_killed_agent(start, flags):
    run = start(BARE, "sh", "-c", "setsid sleep 300 & sleep 301", flags=flags)
    assert eventually(lambda: len(descendants(run.process.pid)) >= 4)
    run.note()
    os.kill(run.agent(), signal.SIGKILL)
    out, err, code = run.wait()
    assert code == 125 and "was killed" in err, (code, err)
    assert not any(alive(pid) for pid in run.seen)


@pytest.mark.skipif(os.getuid() != 0, reason="only root lends its rights")
def test_what_cannot_be_killed_is_not_waited_for(pillion, folder):
    """A program of another user's that the app has started: the agent is gone, and Pillion is, in 2 s."""
    lent = folder / "setpriv"
    shutil.copy(shutil.which("setpriv"), lent)
    lent.chmod(0o4755)
    config = folder / "config.json"
    config.write_text(BARE)
    config.chmod(0o644)
    script = f"echo $$; exec {lent} --reuid 0 sh -c 'echo up; exec sleep 20'"
    command = [*NOBODY, pillion, "run", "-l", "warning", "-c", str(config), "--intercept", "off", "--"]
    proxy = subprocess.Popen([*command, "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    sleeper = int(proxy.stdout.readline())
    try:
        assert proxy.stdout.readline() == "up\n"
        begun = time.monotonic()
        agent = next(pid for pid in descendants(proxy.pid) if pid != sleeper)
        os.kill(agent, signal.SIGKILL)
        assert proxy.wait(10) == 125
        assert 1.5 < time.monotonic() - begun < 5 and alive(sleeper)
    finally:
        os.kill(sleeper, signal.SIGKILL)
        proxy.kill()
        proxy.wait()


def test_killed_app(start, flags):
    run = start(BARE, "sleep", "300", flags=flags)
    os.kill(started(run), signal.SIGKILL)
    assert run.wait()[2] == -signal.SIGKILL


def test_exits_at_once_many_times(run, flags):
    for _ in range(5):
        assert run(BARE, "true", flags=flags)[2] == 0


def test_twenty_at_once(start, mode):
    runs = [start(CONFIG, "curl", "-sS", "http://api.test/", flags=["--intercept", mode]) for _ in range(20)]
    assert [run.wait(60)[::2] for run in runs] == [("hello\n", 0)] * 20


def test_no_files_are_left(run, folder):
    environment = {**os.environ, "TMPDIR": str(folder)}
    environment.pop("XDG_RUNTIME_DIR", None)
    run(CONFIG, "true", env=environment)
    assert [path.name for path in folder.iterdir() if not path.name.startswith("config-")] == []


def test_resolver_is_the_apps_alone(run):
    before = Path("/etc/resolv.conf").read_text()
    assert "240.240.0.10" in run(CONFIG, "cat", "/etc/resolv.conf")[0]
    assert Path("/etc/resolv.conf").read_text() == before


def test_at_a_terminal(pillion, folder, user):
    """Ctrl-C ends the app as it would without us, once; the app has the terminal."""
    config = folder / "config.json"
    config.write_text(CONFIG)
    config.chmod(0o644)
    script = "trap 'echo caught; exit 9' INT; test -t 0 && echo ready; while :; do sleep 0.05; done"
    prefix = NOBODY if user == "nobody" else []
    pid, terminal = pty.fork()
    if pid == 0:
        arguments = [*prefix, pillion, "run", "-l", "off", "-c", str(config), "--", "bash", "-c", script]
        os.execvp(arguments[0], arguments)
    said = b""
    while b"ready" not in said:
        said += os.read(terminal, 100)
    os.write(terminal, b"\x03")
    while b"caught" not in said:
        said += os.read(terminal, 100)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    os.close(terminal)


def test_quit_by_the_admin_interface(start):
    admin = free_port()
    run = start(bootstrap([], admin=admin), "sleep", "300")
    started(run)
    subprocess.run(["curl", "-s", "-X", "POST", f"http://127.0.0.1:{admin}/quitquitquit"], check=True, capture_output=True)
    assert run.wait()[2] == 128 + signal.SIGTERM


def test_a_signal_before_the_app_has_begun(start, folder):
    """A cluster waits for its first health check, which nobody answers: SIGTERM ends that, and the app is never run."""
    exchange = {"send": {"text": "00"}, "receive": [{"text": "00"}]}
    check = {"timeout": "60s", "interval": "60s", "healthy_threshold": 1, "unhealthy_threshold": 1}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        cluster = static("silent", *silent.getsockname())
        cluster["health_checks"] = [{**check, "tcp_health_check": exchange}]
        run = start(bootstrap([], [cluster]), "touch", str(folder / "ran"))
        with silent.accept()[0]:
            assert run.agent()
            run.note()
            run.process.send_signal(signal.SIGTERM)
            out, err, code = run.wait()
    assert code == -signal.SIGTERM and not (folder / "ran").exists(), err


FORK_HANDLER = """
#include <pthread.h>
static int count;
static int *volatile place = &count; /* the dynamic linker writes it */
static void note(void) { *place += 1; }
__attribute__((constructor)) static void begin(void) { pthread_atfork(note, note, note); }
"""


@pytest.fixture(scope="module")
def fork_handler():
    """A library to be preloaded that is called by fork: its path."""
    folder = open_folder()
    (folder / "handler.c").write_text(FORK_HANDLER)
    library = folder / "handler.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, folder / "handler.c"], check=True)
    yield str(library)
    shutil.rmtree(folder)


@pytest.mark.parametrize("mode", ["auto", "off"])
def test_a_preloaded_library(run, fork_handler, mode):
    environment = {**os.environ, "LD_PRELOAD": fork_handler}
    out, err, code = run(BARE, "/bin/echo", "x", flags=["--intercept", mode], env=environment)
    assert (out, code) == ("x\n", 0), err

