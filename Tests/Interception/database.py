"""A throw-away PostgreSQL on the host's loopback."""

import os
import shutil
import subprocess
from pathlib import Path

from conftest import NOBODY, eventually, free_port, open_folder


def program(name):
    """Debian keeps the server's programs off PATH, by version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


class Database:
    """It refuses to run as root."""

    def __init__(self):
        self.folder = open_folder()
        self.port = free_port()
        self.prefix = NOBODY if os.getuid() == 0 else []
        data = self.folder / "data"
        self.call("initdb", "-D", data, "-U", "app", "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8")
        options = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [*self.prefix, program("postgres"), "-D", data, *settings, "-F"], stdout=log, stderr=log
            )
        ready = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        assert eventually(lambda: subprocess.run(ready).returncode == 0, 20), (self.folder / "log").read_text()

    def call(self, name, *arguments):
        done = subprocess.run([*self.prefix, program(name), *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.folder)
