"""One proxy process, Envoy or Pillion (the flags are the same): started, asked, and always ended and waited for."""

import http.client
import json
import os
import signal
import subprocess
import time


class ProxyFailed(Exception):
    """The proxy did not start, died, or did not end."""


class Proxy:
    def __init__(self, binary, folder, admin_port, config_path, flags=()):
        self.binary, self.folder, self.admin_port = binary, folder, admin_port
        self.log = os.path.join(folder, "proxy.log")
        self.stdout = os.path.join(folder, "stdout.log")
        command = [binary, "-c", config_path, "--concurrency", "1", "-l", "info"]
        with open(self.log, "wb") as errors, open(self.stdout, "wb") as output:
            self.process = subprocess.Popen(
                [*command, "--disable-hot-restart", *flags],
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors, cwd=folder,
            )  # fmt: skip

    def wait_ready(self, seconds=20.0):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ProxyFailed(f"it ended with {self.process.returncode} at its start\n{self.tail()}")
            try:
                status, _, body = self.ask("GET", "/ready", 2.0)
                if status == 200 and body.strip() == b"LIVE":
                    return
            except OSError:
                pass
            time.sleep(0.01)
        raise ProxyFailed(f"it was not ready in {seconds} s\n{self.tail()}")

    def ask(self, method, path, seconds=5.0):
        """Status, header pairs and body of an admin request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=seconds)
        try:
            connection.request(method, path, headers={"Connection": "close"})
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        except http.client.HTTPException as error:
            raise OSError(f"admin {path}: {error!r}") from error
        finally:
            connection.close()

    def stats(self, pattern=""):
        """Counters and gauges by name, without those that carry no number (histograms, text readouts)."""
        _, _, body = self.ask("GET", "/stats?format=json" + (f"&filter={pattern}" if pattern else ""))
        entries = json.loads(body).get("stats", [])
        named = (entry for entry in entries if "name" in entry)
        return {entry["name"]: entry["value"] for entry in named if isinstance(entry["value"], int)}

    def stat(self, name):
        return self.stats("^" + name.replace(".", "%5C.") + "$").get(name)

    def bound_port(self, listener):
        """The port that the kernel chose for a listener of port 0."""
        _, _, body = self.ask("GET", "/listeners?format=json")
        statuses = {entry["name"]: entry["local_address"] for entry in json.loads(body)["listener_statuses"]}
        return statuses[listener]["socket_address"]["port_value"]

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, ask=True):
        """Ends the process (`ask`: first by the admin) and returns its exit code, or says what it took to end it."""
        if self.process.poll() is None:
            try:
                if ask:
                    self.ask("POST", "/quitquitquit", 2.0)
            except OSError:
                pass
            for wanted, seconds in ((None, 8.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 5.0)):
                if wanted is not None:
                    self.process.send_signal(wanted)
                try:
                    self.process.wait(seconds)
                    return f"{self.process.returncode}" + (f" after {wanted.name}" if wanted else "")
                except subprocess.TimeoutExpired:
                    continue
            return "never ended"
        return f"{self.process.returncode}"

    def tail(self):
        """The end of what the proxy said, without the chatter of a good start."""
        with open(self.log, "rb") as errors:
            lines = errors.read().decode("utf-8", "replace").splitlines()
        return "\n".join(line for line in lines[-40:] if "][info][" not in line)


def validate(binary, config_path, flags=()):
    """Runs `--mode validate`; the exit code and what was said."""
    command = [binary, "--mode", "validate", "-c", config_path, "-l", "info", "--disable-hot-restart", *flags]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    return done.returncode, (done.stderr + done.stdout).decode("utf-8", "replace")
