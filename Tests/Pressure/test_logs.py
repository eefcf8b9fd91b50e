"""Access logs on a full disk, a closed pipe, a reader that has stopped: lines are lost, never the service."""

import os
import signal
import subprocess

from pressure import config
from pressure.peers import OK, serving, status

FLUSH = ["--file-flush-interval-msec", "50"]
LINE = {"text_format_source": {"inline_string": "%REQ(:PATH)%\n"}}
DIRECT = [config.direct("/", "x")]


def test_sigusr1_reopens(serve):
    service = serve(config.http(routes=DIRECT, log=config.file_log("@dir@/access.log", **LINE)), flags=FLUSH)
    path = os.path.join(service.folder, "access.log")
    status(service)
    os.rename(path, path + ".1")
    service.signal(signal.SIGUSR1)
    service.wait_for(lambda: os.path.exists(path), "not opened anew")
    status(service)
    service.wait_for(lambda: read(path) == "/\n", "no line in the new file")
    assert read(path + ".1") == "/\n"


def read(path):
    with open(path) as file:
        return file.read()


def test_sigusr1_where_the_folder_is_gone(serve, tmp_path):
    """The old file is gone on with."""
    folder = tmp_path / "logs"
    folder.mkdir()
    service = serve(config.http(routes=DIRECT, log=config.file_log(str(folder / "access.log"), **LINE)), flags=FLUSH)
    folder.rename(tmp_path / "moved")
    service.signal(signal.SIGUSR1)
    service.wait_for(lambda: service.stat("filesystem.reopen_failed") == 1, "not counted")
    status(service)
    service.wait_for(lambda: read(tmp_path / "moved/access.log") == "/\n", "no line in the old file")


def test_full_disk(serve):
    service = serve(config.http(routes=DIRECT, log=config.file_log("/dev/full", **LINE)), flags=FLUSH)
    for _ in range(20):
        assert status(service) == 200
    service.wait_for(lambda: service.stat("filesystem.write_failed") > 0, "not counted")
    assert status(service) == 200


def test_closed_pipe(serve):
    """Both the access log and the process log."""
    reading, writing = os.pipe()
    log = config.file_log("/dev/stdout", **LINE)
    service = serve(config.http(routes=DIRECT, log=log), flags=FLUSH, stdout=writing, stderr=writing)
    os.close(writing)
    os.close(reading)
    for _ in range(20):
        assert status(service) == 200
    service.signal(signal.SIGUSR1)
    service.wait_for(lambda: service.stat("filesystem.write_failed") > 0, "not counted")
    assert status(service) == 200


def test_reader_that_has_stopped(serve):
    """More than the log keeps: what is beyond is dropped, and memory stays."""
    reading, writing = os.pipe()
    line = {"text_format_source": {"inline_string": "x" * 8000 + "\n"}}
    service = serve(config.http(routes=DIRECT, log=config.file_log("/dev/stdout", **line)), flags=FLUSH, stdout=writing)
    os.close(writing)
    before = service.resident()
    with service.connect() as sock:
        file = sock.makefile("rb")
        for _ in range(20):
            sock.sendall(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n" * 100)
            for _ in range(100):
                while (part := file.readline()) != b"\r\n":
                    assert part
                file.read(1)
        file.close()
    assert service.cpu_while_left_alone(0.5) < 0.2
    assert service.resident() - before < 8 << 20
    assert service.stat("filesystem.write_failed") > 0
    os.close(reading)
    assert status(service) == 200


def refusal(pillion, tmp_path, bootstrap, **options):
    """Exit code and words of a start that is refused."""
    from pressure.service import Service

    service = Service(pillion, str(tmp_path), bootstrap, **options)
    try:
        code = service.process.wait(15)
    except subprocess.TimeoutExpired:
        code = None
    finally:
        service.stop()
    return code, service.said()


def place_of(config_path, mark):
    """The line of the mark's place in the file."""
    with open(config_path) as file:
        return next(number for number, line in enumerate(file, 1) if mark in line)


def test_unwritable_path_is_refused_with_its_place(pillion, tmp_path):
    path = str(tmp_path / "no/such/access.log")
    code, said = refusal(pillion, tmp_path, config.http(routes=DIRECT, log=config.file_log(path, **LINE)))
    line = place_of(tmp_path / "envoy.json", "no/such/access.log")
    assert code == 1, said
    assert path in said
    assert "envoy.json:" in said
    assert f"envoy.json:{line}:" in said or f"envoy.json:{line - 1}:" in said or f"envoy.json:{line - 2}:" in said, said


def test_lines_of_many_workers_stay_whole(serve, upstream):
    backend = upstream(serving(OK))
    log = config.file_log("@dir@/access.log", text_format_source={"inline_string": "%REQ(:PATH)%" * 50 + "\n"})
    service = serve(config.http(config.cluster(backend.port), log=log), flags=[*FLUSH, "--concurrency", "4"])
    for _ in range(100):
        assert status(service) == 200
    path = os.path.join(service.folder, "access.log")
    service.wait_for(lambda: read(path).count("\n") == 100, "lines are missing")
    assert set(read(path).splitlines()) == {"/" * 50}
