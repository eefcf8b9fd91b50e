"""Starts the upstreams, Pillion and the traffic, prints a line a second, and ends them all. See scripts/run."""

import argparse
import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time

import traffic
import upstreams
from watch import Watch

DRAIN_SECONDS = 5
ONCE_SECONDS = 10
TRY = """
Try, in another terminal:
  curl -i localhost:{listener}/                     # x-served-by says who answered
  curl -i localhost:{listener}/once                 # the same hosts without retries
  curl -i localhost:{listener}/hello                # Pillion answers by itself
  curl localhost:{admin}/clusters                 # the hosts, and who is ejected
  curl 'localhost:{admin}/stats?filter=outlier'   # ejections, counted
  curl localhost:{admin}/help                     # what else the admin interface has
"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pillion", required=True, help="the binary")
    parser.add_argument("--config", required=True, help="configs/demo.json")
    parser.add_argument("--once", action="store_true", help=f"{ONCE_SECONDS} s, and a check of the outcome")
    return parser.parse_args()


def ports(path):
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    listener = config["static_resources"]["listeners"][0]["address"]["socket_address"]["port_value"]
    return listener, config["admin"]["address"]["socket_address"]["port_value"]


def percentile(latencies, share):
    """In milliseconds; 0 where there is none."""
    ordered = sorted(latencies)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


class Demo:
    def __init__(self, options):
        self.options = options
        self.listener, self.admin = ports(options.config)
        self.watch = Watch(self.admin)
        self.traffic = traffic.Traffic(self.listener)
        self.interrupted = asyncio.Event()
        self.process = None

    async def run(self):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.interrupted.set)
        try:
            servers = await upstreams.start_all()
        except OSError as error:
            return f"cannot start the upstreams: {error.strerror}"
        try:
            self.start_pillion()
            return await self.serve()
        finally:
            await self.end_pillion()
            for server in servers:
                server.close()

    def start_pillion(self):
        command = [self.options.pillion, "-c", self.options.config, "-l", "warning"]
        # A session of its own: Ctrl-C in this terminal comes to us, and we tell Pillion.
        self.process = subprocess.Popen(
            [*command, "--drain-time-s", str(DRAIN_SECONDS)], stdin=subprocess.DEVNULL, start_new_session=True
        )

    async def serve(self):
        if not await self.became_ready():
            return "Pillion did not become ready"
        print(TRY.format(listener=self.listener, admin=self.admin))
        print("    s   requests/s   failed   p50 ms   p99 ms   retries   ejections   returns   ejected now", flush=True)
        task = asyncio.create_task(self.traffic.run())
        await self.lines()
        self.traffic.stopping = True
        await task
        code = await self.end_pillion()
        print(f"\ndrained; Pillion ended with exit code {code}")
        return self.verdict(code)

    async def became_ready(self):
        for _ in range(100):
            if self.process.poll() is not None:
                return False
            if await asyncio.to_thread(self.watch.ready):
                return True
            await asyncio.sleep(0.05)
        return False

    async def lines(self):
        """A line a second, until Ctrl-C or the end of the bounded run."""
        began = last = time.monotonic()
        failed = 0
        for second in range(1, ONCE_SECONDS + 1 if self.options.once else sys.maxsize):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.interrupted.wait(), began + second - time.monotonic())
            if self.interrupted.is_set() or self.process.poll() is not None:
                return
            retries, ejections, returns = await asyncio.to_thread(self.watch.look)
            latencies, now = self.traffic.take(), time.monotonic()
            print(
                f"{second:5}   {len(latencies) / (now - last):10.0f}   {self.traffic.failed - failed:6}"
                f"   {percentile(latencies, 0.5):6.1f}   {percentile(latencies, 0.99):6.1f}"
                f"   {retries:7}   {ejections:9}   {returns:7}   {' '.join(self.watch.ejected) or '-'}",
                flush=True,
            )
            last, failed = now, self.traffic.failed

    async def end_pillion(self):
        """SIGTERM, and the exit code; SIGKILL where it stays longer than its drain time."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(self.process.wait, DRAIN_SECONDS + 3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return await asyncio.to_thread(self.process.wait)

    def verdict(self, code):
        """What is not as it should be; None where all is fine. The counts are asked of the bounded run alone."""
        if code != 0:
            return f"Pillion's exit code is {code}"
        if not self.options.once or self.interrupted.is_set():
            return None
        total = self.traffic.succeeded + self.traffic.failed
        print(
            f"{total} requests, {self.traffic.failed} failed; {self.watch.retries} retries, "
            f"{self.watch.ejections} ejections, {self.watch.returns} returns"
        )
        checks = {
            "too few requests were sent": total >= 50 * ONCE_SECONDS,
            "requests failed": self.traffic.failed <= total / 200,
            "nothing was retried": self.watch.retries > 0,
            "no host was ejected": self.watch.ejections > 0,
            "no ejected host came back": self.watch.returns > 0,
        }
        return "; ".join(what for what, fine in checks.items() if not fine) or None


def main():
    fault = asyncio.run(run(arguments()))
    if fault:
        print(f"demo: {fault}", file=sys.stderr)
    return 1 if fault else 0


async def run(options):
    return await Demo(options).run()


if __name__ == "__main__":
    sys.exit(main())
