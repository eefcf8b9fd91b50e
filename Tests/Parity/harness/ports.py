"""Ports for the proxies under test, taken below the kernel's ephemeral range: no outgoing connection gets one."""

import os
import random
import socket

FIRST, LAST = 20000, 32000
chance = random.Random(int.from_bytes(os.urandom(8), "big"))


class Reservation:
    """A free port that no other run on this machine takes while this lives.

    Between our look and the proxy's bind another run may look too. An abstract Unix socket named after the port is the
    lock: to bind one is atomic, and the kernel frees it with the process.
    """

    def __init__(self):
        for _ in range(500):
            self.port = chance.randrange(FIRST, LAST)
            # A round number may stand in a message, where it must not be taken for a port.
            if self.port % 1000 and self.lock() and self.is_free():
                return
        raise RuntimeError(f"no free port between {FIRST} and {LAST}")

    def lock(self):
        self.socket = socket.socket(socket.AF_UNIX)
        try:
            self.socket.bind(f"\0parity-port-{self.port}")
        except OSError:
            self.socket.close()
            return False
        return True

    def is_free(self):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                self.release()
                return False
        return True

    def release(self):
        self.socket.close()
