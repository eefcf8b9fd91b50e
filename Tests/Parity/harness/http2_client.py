"""A scripted HTTP/2 client. Its record is by stream: how the proxy mixes streams is its own affair."""

import time

from .actions import Close, Drain, Expect, Fin, Pause, Raw, Read, RecvEOF, Request, Rst, Send, StillOpen
from .client import Client
from .frames import Await, Burst, Credit, SendData, SendHeaders
from .http2 import Session


class HTTP2Client(Client):
    def __init__(self, address, record, substitute, options, tls=None, sessions=None):
        super().__init__(address, record, substitute, tls, sessions)
        self.options = options
        self.notes = []
        self.newest = None

    def run(self, actions):
        session = None
        try:
            if self.tls is not None and not self.handshake():
                return
            session = self.session = Session(self.wire, self.options, client=True)
            self.attempt(session.begin)
            for action in actions:
                if not self.wire.open:
                    break
                self.act(action)
        finally:
            if session is not None:
                self.tell(session)
            if self.wire.open:
                self.wire.close()

    def tell(self, session):
        """Of the connection first what it said of itself, then each stream, then how it ended."""
        for line in session.lines:
            self.record(line)
        for number, stream in sorted(session.streams.items()):
            text = stream.text()
            if number and (text or number in self.labels):
                self.record(f"stream {number}" + (f" > {self.labels[number]}" if number in self.labels else ""))
                if text:
                    self.record(text)
        for note in self.notes:
            self.record(note)
        if session.over:
            self.record("[closed]")

    @property
    def labels(self):
        return self.__dict__.setdefault("known_labels", {})

    def attempt(self, call, *arguments):
        try:
            return call(*arguments)
        except OSError:
            # What the proxy said before it closed can still be read.
            while self.session.pump(0.2):
                pass
            self.session.over = self.session.over or "RST"

    def act(self, action):
        session = self.session
        match action:
            case Request():
                self.send(action)
                self.await_(Await("end", self.newest))
            case Send(request):
                self.send(request)
            case Burst(actions):
                with session.in_one_write():
                    for inner in actions:
                        self.act(inner)
            case SendHeaders():
                self.newest = self.attempt(session.send_headers, action, self.newest) or self.newest
            case SendData():
                self.attempt(session.send, action, self.newest)
            case Await():
                self.await_(action)
            case Read(_, seconds):
                for number in sorted(session.streams):
                    self.await_(Await("end", number, 1, seconds))
            case Credit(on):
                session.crediting = on
            case Pause(seconds):
                self.read_for(seconds)
            case StillOpen(seconds):
                self.read_for(seconds)
                self.notes.append("[not open]" if session.over else "[still open]")
            case RecvEOF(seconds) | Drain(seconds):
                self.read_for(seconds)
                if not session.over:
                    self.notes.append("[TIMEOUT]")
            case Raw(data, step, every):
                self.attempt(self.wire.write_raw, self.substitute(data), step, every)
            case Fin() | Rst() | Close():
                self.wire.perform(action, self.record)
            case Expect():
                pass
            case _:
                if self.attempt(session.send, action, self.newest) is False:
                    raise TypeError(f"an HTTP/2 client cannot do {action!r}")

    def send(self, request):
        head, body, trailers = request.http2(self.substitute, "https" if self.tls else "http")
        session = self.session
        self.newest = session.next
        self.labels[self.newest] = request.label
        self.attempt(session.send_headers, SendHeaders(head, not body and trailers is None), None)
        if body:
            self.attempt(session.send, SendData(body, trailers is None), self.newest)
        if trailers is not None:
            self.attempt(session.send_headers, SendHeaders(trailers, True, -1), self.newest)

    def await_(self, action):
        number = self.newest if action.stream is None else action.stream
        if not self.session.wait_for(action.what, number, action.count, action.seconds) and not self.session.over:
            self.notes.append(f"[no {action.what} of stream {number}]")

    def read_for(self, seconds):
        deadline = time.monotonic() + seconds
        while not self.session.over and (left := deadline - time.monotonic()) > 0:
            self.session.pump(left)
