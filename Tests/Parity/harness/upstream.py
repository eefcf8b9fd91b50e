"""Scripted upstream hosts: real sockets that do what a case says and write down what they were sent."""

import contextlib
import socket
import threading
import time

from .actions import Hang, OnHead, Raw, Reply
from .http2_upstream import HTTP2Connection
from .tls import TLSFailed, TLSStream, hello_facts, server_context
from .wire import Ended, Wire, header_values, read_body, read_head, show_head


class Record:
    """What one host saw of one request (or of one TCP connection), in the order of arrival over all hosts."""

    def __init__(self, host, connection):
        self.host, self.connection, self.lines = host, connection, []

    def __call__(self, text):
        self.lines.append(text)

    def text(self):
        return f"{self.host} connection {self.connection}\n" + "\n".join(str(line) for line in self.lines)


class Upstreams:
    """All the hosts of one run: they share the record, and the hosts of a cluster may share one script."""

    def __init__(self):
        self.hosts, self.records, self.requests, self.ended = {}, [], 0, 0
        self.changed = threading.Condition()

    def add(self, name, script, queue=None):
        self.hosts[name] = Host(self, name, script, queue or Queue(script.scripts))

    def record(self, host, connection, request=True):
        entry = Record(host, connection)
        with self.changed:
            self.records.append(entry)
            self.requests += request
            self.changed.notify_all()
        return entry

    def connection_ended(self):
        with self.changed:
            self.ended += 1
            self.changed.notify_all()

    def wait_requests(self, count, seconds):
        with self.changed:
            return self.changed.wait_for(lambda: self.requests >= count, seconds)

    def wait_ended(self, count, seconds):
        with self.changed:
            return self.changed.wait_for(lambda: self.ended >= count, seconds)

    def stop(self):
        for host in self.hosts.values():
            host.stop()


class Queue:
    """The scripts of a host or of a whole cluster, handed out one a request; the last is repeated."""

    def __init__(self, scripts):
        self.scripts, self.next, self.lock = scripts, 0, threading.Lock()

    def take(self):
        with self.lock:
            if not self.scripts:
                return None
            script = self.scripts[min(self.next, len(self.scripts) - 1)]
            self.next += 1
            return script


class Host:
    def __init__(self, group, name, script, queue):
        self.group, self.name, self.script, self.queue = group, name, script, queue
        self.threads, self.wires, self.stopping = [], [], False
        self.fillers = []
        self.context = server_context(script.tls) if script.tls is not None else None
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        if script.kind == "refused":
            return
        if script.kind == "blackhole":
            self.fill_backlog()
            return
        self.sock.listen(128)
        self.acceptor = threading.Thread(target=self.accept, daemon=True)
        self.acceptor.start()

    def fill_backlog(self):
        """With its backlog full, the kernel drops further SYNs: a connect to here neither succeeds nor fails."""
        self.sock.listen(0)
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self.fillers.append(filler)
        time.sleep(0.05)

    def accept(self):
        count = 0
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            if self.stopping:
                sock.close()
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wire = Wire(sock, 20.0)
            self.wires.append(wire)
            thread = threading.Thread(target=self.connection, args=(wire, count), daemon=True)
            self.threads.append(thread)
            thread.start()
            count += 1

    def connection(self, wire, number):
        try:
            first = self.script.accept[number] if number < len(self.script.accept) else None
            if first and not self.run(wire, first, lambda text: None):
                return
            if self.script.tls is not None and not self.handshake(wire, number):
                return
            if self.script.kind == "tcp":
                self.serve_tcp(wire, number)
            elif self.speaks_http2(wire):
                HTTP2Connection(self, wire, number).serve()
            else:
                while wire.open and self.serve_request(wire, number):
                    pass
        except Ended as ended:
            if ended.how != "TIMEOUT":
                self.group.connection_ended()
        except OSError:
            self.group.connection_ended()
        finally:
            wire.close()

    def handshake(self, wire, number):
        """What the proxy offered is the connection's first record."""
        stream = TLSStream(wire.sock, self.context, server=True, patience=wire.seconds)
        record = self.group.record(self.name, number, request=False)
        try:
            stream.handshake()
        except OSError as error:
            self.group.connection_ended()
            how = str(error) if isinstance(error, (TLSFailed, ConnectionAbortedError)) else type(error).__name__
            record(f"[hello: {hello_facts(stream.first)}]\n[tls: {how}]")
            return False
        wire.sock = stream
        record(f"[hello: {hello_facts(stream.first)}]\n[{stream.told()}, certificate {stream.peer()}]")
        return True

    def speaks_http2(self, wire):
        """By what was agreed on in the handshake, where one of several was; else as the script says."""
        chosen = wire.sock.tls.selected_alpn_protocol() if isinstance(wire.sock, TLSStream) else None
        return self.script.http2 is not None and chosen in (None, "h2")

    def serve_tcp(self, wire, number):
        self.run(wire, self.queue.take() or (), self.group.record(self.name, number))

    def serve_request(self, wire, number):
        wire.fill() if not wire.buffer else None
        try:
            head = read_head(wire)
        except Ended:
            if wire.buffer:
                self.group.record(self.name, number)("[cut head]\n" + show_head(wire.buffer))
            raise
        record = self.group.record(self.name, number)
        record(show_head(head))
        script = self.queue.take()
        bodiless = head.startswith(b"HEAD ")
        if isinstance(script, OnHead):
            go_on = self.run(wire, script.actions, record, bodiless)
            return go_on and self.read_request_body(wire, head, record)
        # An upstream that is asked for its consent gives it, or the body would never come.
        if b"100-continue" in header_values(head, "expect"):
            wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return self.read_request_body(wire, head, record) and self.run(wire, script or (), record, bodiless)

    def read_request_body(self, wire, head, record):
        try:
            read_body(wire, head, record)
        except Ended:
            record("[request cut]")
            raise
        return True

    def run(self, wire, script, record, bodiless=False):
        """Runs a script's actions; False when the connection is over."""
        for action in script if isinstance(script, (list, tuple)) else (script,):
            if bodiless and isinstance(action, Reply):
                action = Raw(action.data[: action.head_length])
            if isinstance(action, Hang):
                self.hang(wire)
            elif not wire.perform(action, record):
                raise TypeError(f"an upstream cannot do {action!r}")
            if not wire.open:
                return False
        return True

    def hang(self, wire):
        try:
            while True:
                wire.fill()
        except Ended as ended:
            if ended.how != "TIMEOUT":
                raise

    def stop(self):
        self.stopping = True
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        for filler in self.fillers:
            filler.close()
        for thread in self.threads:
            thread.join(0.5)
        for wire in self.wires:
            with contextlib.suppress(OSError):
                wire.sock.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(2)
