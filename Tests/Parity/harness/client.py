"""Clients: they send exactly the bytes a case says and keep exactly the bytes they got."""

import socket

from .actions import Expect, Read, Request, Send, StillOpen
from .tls import TLSFailed, TLSStream, client_context
from .wire import Ended, Wire, header_values, read_body, read_head, show_body, show_head


class Client:
    """One connection. What happens on it is written to `record`, a function that takes text."""

    def __init__(self, address, record, substitute, tls=None, sessions=None):
        self.record, self.substitute = record, substitute
        self.methods = []
        self.wire = Wire(connected(address))
        self.tls, self.sessions = tls, sessions

    def run(self, actions):
        try:
            if self.tls is not None and not self.handshake():
                return
            for action in actions:
                if not self.wire.open:
                    self.record("[connection is over]")
                    break
                self.act(action)
            if self.tls is not None and self.tls.keep:
                self.keep()
        finally:
            if self.wire.open:
                self.wire.close()

    def handshake(self):
        """False, and why, if there is none to be had."""
        known = self.sessions.get(self.tls.resume)
        context, session = known or (client_context(self.tls), None)
        stream = TLSStream(self.wire.sock, context, name=self.tls.sni, session=session)
        self.context = context
        try:
            stream.handshake()
        except TLSFailed as failure:
            self.over(f"[tls: {failure}]")
            return False
        except TimeoutError:
            self.over("[tls: TIMEOUT]")
            return False
        except OSError as error:
            self.over("[tls: FIN]" if isinstance(error, ConnectionAbortedError) else "[tls: RST]")
            return False
        self.wire.sock = stream
        self.record(f"[{stream.told()}, certificate {stream.peer()}]")
        return True

    def keep(self):
        """A session of TLS 1.3 comes after the handshake: by now it is there, if a response was read."""
        self.sessions[self.tls.keep] = (self.context, self.wire.sock.tls.session)

    def act(self, action):
        match action:
            case Request():
                self.send(action)
                self.read(8.0)
            case Send(request):
                self.send(request)
            case Expect(method):
                self.methods.append(method)
            case Read(count, seconds):
                for _ in range(count):
                    if not self.wire.open or not self.read(seconds):
                        break
            case StillOpen(seconds):
                self.record("[still open]" if self.wire.silent_for(seconds) else "[not silent]")
            case _:
                if not self.wire.perform(self.prepared(action), self.record):
                    raise TypeError(f"a client cannot do {action!r}")

    def prepared(self, action):
        data = getattr(action, "data", None)
        if data is None:
            return action
        return type(action)(self.substitute(data), action.step, action.every)

    def send(self, request):
        self.record(f"> {request.label}")
        self.methods.append(request.method)
        try:
            self.wire.send(self.substitute(request.data))
        except OSError:
            self.record("[write failed]")

    def read(self, seconds):
        """Reads one response with the interim ones before it; False if the connection ended instead."""
        method = self.methods.pop(0) if self.methods else "GET"
        self.wire.seconds = seconds
        try:
            while True:
                head = self.head()
                self.record(show_head(head))
                status = head.split(b" ", 2)[1:2]
                if status == [b"101"] or not (status and status[0].startswith(b"1")):
                    break
            bodiless = method == "HEAD" or status[0] in (b"204", b"304", b"101")
            bodiless = bodiless or (method == "CONNECT" and status[0].startswith(b"2"))
            read_body(self.wire, head, self.record, bodiless=bodiless, to_eof=True)
            if b"close" in b",".join(header_values(head, "connection")):
                # The message says that the connection ends; see that it does.
                data, how = self.wire.rest(5.0)
                self.over((show_body(data) if data else "") + f"[{how}]")
                return False
            return True
        except Ended as ended:
            self.over(f"[{ended.how}]")
            return False

    def head(self):
        try:
            return read_head(self.wire)
        except Ended:
            if self.wire.buffer:
                self.record("[cut head]\n" + show_body(self.wire.take(len(self.wire.buffer))))
            raise

    def over(self, text):
        self.record(text)
        self.wire.close()


def connected(address):
    """`address` is a host and a port, or the path of a Unix socket."""
    if isinstance(address, tuple):
        return socket.create_connection(address, timeout=5)
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(5)
    sock.connect(address)
    return sock
