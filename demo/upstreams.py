"""Four small HTTP/1.1 upstreams that behave by a script: what each does depends on the time and on a count alone."""

import asyncio
import time
from dataclasses import dataclass


@dataclass
class Act:
    """What an upstream does with one request."""

    status: int = 200
    delay: float = 0.0
    drop: bool = False  # close the connection in place of an answer


def steady(seconds, number):
    return Act()


def failing(seconds, number):
    """Three bad seconds of every eight: 503, and slowly."""
    return Act(status=503, delay=0.02) if 1 <= seconds % 8 < 4 else Act()


def slow(seconds, number):
    """Every 20th answer takes 80 ms, every 100th longer than anybody waits."""
    if number % 100 == 99:
        return Act(delay=1.0)
    return Act(delay=0.08 if number % 20 == 19 else 0.0)


def dropping(seconds, number):
    """Every 50th request finds the door shut."""
    return Act(drop=number % 50 == 49)


# Name, port (as configs/demo.json has it) and script.
SCRIPTS = [("steady", 9001, steady), ("failing", 9002, failing), ("slow", 9003, slow), ("dropping", 9004, dropping)]


class Upstream:
    def __init__(self, name, port, script):
        self.name, self.port, self.script = name, port, script
        self.requests = 0
        self.began = time.monotonic()

    async def start(self):
        return await asyncio.start_server(self.serve, "127.0.0.1", self.port, reuse_address=True)

    async def serve(self, reader, writer):
        try:
            while await self.answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass  # the proxy went away, as it may at any time
        finally:
            writer.close()

    async def answer(self, reader, writer):
        """One request and its response; whether the connection lives on."""
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(content_length(head))
        act = self.script(time.monotonic() - self.began, self.requests)
        self.requests += 1
        if act.delay:
            await asyncio.sleep(act.delay)
        if act.drop:
            return False
        body = f"{self.name} says {act.status}\n".encode()
        writer.write(b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n%s" % (act.status, len(body), body))
        await writer.drain()
        return True


def content_length(head):
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


async def start_all():
    """Starts them; the servers. OSError where a port is taken."""
    servers = []
    for name, port, script in SCRIPTS:
        servers.append(await Upstream(name, port, script).start())
    return servers
