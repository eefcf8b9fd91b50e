"""A little traffic: clients with a kept connection each, together a steady number of requests a second."""

import asyncio
import time

CLIENTS = 8
REQUESTS_PER_SECOND = 200
REQUEST = b"GET /shelf HTTP/1.1\r\nhost: shop.local\r\n\r\n"


class Traffic:
    def __init__(self, port):
        self.port = port
        self.latencies = []  # seconds, since the last take()
        self.succeeded = 0
        self.failed = 0
        self.stopping = False

    def take(self):
        """The latencies since the last call."""
        taken, self.latencies = self.latencies, []
        return taken

    async def run(self):
        await asyncio.gather(*(self.client(index) for index in range(CLIENTS)))

    async def client(self, index):
        pause = CLIENTS / REQUESTS_PER_SECOND
        due = time.monotonic() + pause * index / CLIENTS
        reader = writer = None
        while not self.stopping:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = max(due + pause, time.monotonic() - 1)
            began = time.monotonic()
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                status, keep = await exchange(reader, writer)
                self.succeeded += status == 200
                self.failed += status != 200
            except (OSError, asyncio.IncompleteReadError, ValueError):
                self.failed += 1
                keep = False
            self.latencies.append(time.monotonic() - began)
            if not keep and writer is not None:
                writer.close()
                reader = writer = None
        if writer is not None:
            writer.close()


async def exchange(reader, writer):
    """One request: the status, and whether the connection can be used again."""
    writer.write(REQUEST)
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    await reader.readexactly(int(fields.get(b"content-length", b"0")))
    return int(head.split(b" ", 2)[1]), fields.get(b"connection") != b"close"
