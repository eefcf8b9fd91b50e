"""Ports for the proxies under test, taken below the kernel's ephemeral range: no outgoing connection gets one."""

import os
import random
import socket

FIRST, LAST = 20000, 32000
chance = random.Random(os.getpid() * 7919 + int.from_bytes(os.urandom(4), "big"))


def free_port():
    for _ in range(200):
        port = chance.randrange(FIRST, LAST)
        if port % 1000 == 0:
            continue  # a round number may stand in a message and must not be taken for a port
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port between 20000 and 32000")
