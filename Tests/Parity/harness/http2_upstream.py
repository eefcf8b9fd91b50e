"""A scripted HTTP/2 upstream: one thread reads a connection, and each of its streams runs its script in its own."""

import contextlib
import threading

from .actions import Close, Hang, OnHead, Pause, Raw, Reply, Rst
from .frames import PREFACE, Await, Credit, SendData, SendHeaders
from .http2 import Session
from .wire import Ended


class HTTP2Connection:
    def __init__(self, host, wire, number):
        self.host, self.wire, self.number = host, wire, number
        self.options = host.script.http2
        self.session = Session(wire, self.options, client=False)
        self.session.started = self.started
        self.record = None

    def serve(self):
        """Until the proxy ends the connection."""
        while len(self.wire.buffer) < len(PREFACE):
            self.wire.fill()
        opening = self.wire.take(len(PREFACE))
        if opening != PREFACE:
            raise Ended(f"not HTTP/2: {opening!r}")
        if self.options.show:
            self.record = self.host.group.record(self.host.name, self.number, request=False)
            self.session.line = self.record
        with contextlib.suppress(OSError):
            self.session.begin()
        self.session.take_frames()
        while not self.session.over:
            if not self.session.pump(20.0) and not self.session.over:
                raise Ended("TIMEOUT")
        if self.record is not None:
            self.record("[closed]")
        raise Ended(self.session.over)

    def started(self, stream):
        record = self.host.group.record(self.host.name, self.number)
        record(f"stream {stream.number}")
        record.lines.append(LateText(stream))
        script = self.host.queue.take()
        thread = threading.Thread(target=self.run, args=(stream, script), daemon=True)
        self.host.threads.append(thread)
        thread.start()

    def run(self, stream, script):
        early = isinstance(script, OnHead)
        actions = script.actions if early else script if isinstance(script, list | tuple) else (script,)
        try:
            if early or self.session.wait_for("end", stream.number, 1, 20):
                for action in actions:
                    if stream.reset is not None or not self.wire.open:
                        break
                    self.act(action, stream)
        except OSError:
            pass

    def act(self, action, stream):
        session, number = self.session, stream.number
        match action:
            case Reply():
                self.reply(action, stream)
            case Hang():
                session.wait_for("reset", number, 1, 20)
            case Pause(seconds):
                session.wait_for("reset", number, 1, seconds)
            case Await(what, other, count, seconds):
                session.wait_for(what, other or number, count, seconds)
            case Credit(on):
                session.crediting = on
            case Raw(data, step, every):
                self.wire.write_raw(data, step, every)
            case Rst():
                self.wire.reset()
            case Close():
                self.wire.close_both()
            case _:
                if not session.send(action, number):
                    raise TypeError(f"an HTTP/2 upstream cannot do {action!r}")

    def reply(self, action, stream):
        head, body, trailers = action.http2()
        if stream.lines and "  :method: HEAD" in stream.lines:
            body, trailers = b"", None
        number = stream.number
        self.session.send(SendHeaders(head, not body and trailers is None), number)
        if body:
            self.session.send(SendData(body, trailers is None), number)
        if trailers is not None:
            self.session.send(SendHeaders(trailers, True), number)


class LateText:
    """A stream goes on after its record was begun: its text is asked for at the end."""

    def __init__(self, stream):
        self.stream = stream

    def __str__(self):
        return self.stream.text()
