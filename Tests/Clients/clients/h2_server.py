"""An HTTP/2 server over `h2`, as small as can be: it echoes, counts out bytes, and says what it was asked."""

import contextlib
import json
import socket
import ssl
import threading

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings


class Server:
    """`/bytes/N` answers N bytes, everything else what was asked, as JSON."""

    def __init__(self, certificates=None):
        self.context = None
        if certificates:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificates)
            self.context.set_alpn_protocols(["h2"])
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.sock.getsockname()[1]
        self.connections = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        with contextlib.suppress(OSError, h2.exceptions.ProtocolError):
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
            self.connections.append(sock)
            Connection(sock).run()
        sock.close()

    def stop(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        for sock in self.connections:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class Connection:
    def __init__(self, sock):
        self.sock = sock
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.asked, self.waiting = {}, {}

    def run(self):
        # A proxy cannot know before it sends: what comes at first is not to be refused.
        limit = {h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 1000}
        self.h2.local_settings = h2.settings.Settings(client=False, initial_values=limit)
        self.h2.initiate_connection()
        self.flush()
        while data := self.sock.recv(65536):
            for event in self.h2.receive_data(data):
                self.take(event)
            for number in list(self.waiting):
                self.push(number)
            self.flush()

    def flush(self):
        if data := self.h2.data_to_send():
            self.sock.sendall(data)

    def take(self, event):
        match event:
            case h2.events.RequestReceived():
                self.asked[event.stream_id] = {"headers": dict(event.headers), "length": 0, "trailers": {}}
            case h2.events.TrailersReceived():
                self.asked[event.stream_id]["trailers"] = dict(event.headers)
            case h2.events.DataReceived():
                if event.stream_id in self.asked:
                    self.asked[event.stream_id]["length"] += len(event.data)
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                self.answer(event.stream_id, self.asked.pop(event.stream_id))
            case h2.events.StreamReset():
                self.waiting.pop(event.stream_id, None)

    def answer(self, number, asked):
        path = asked["headers"][":path"]
        body = b"x" * int(path.split("/")[2]) if path.startswith("/bytes/") else json.dumps(asked).encode()
        head = [(":status", "200"), ("content-length", str(len(body))), ("x-up", "h2")]
        bodiless = asked["headers"][":method"] == "HEAD"
        self.h2.send_headers(number, head, end_stream=bodiless)
        if not bodiless:
            self.waiting[number] = memoryview(body)
            self.push(number)

    def push(self, number):
        rest = self.waiting[number]
        while rest:
            room = min(self.h2.local_flow_control_window(number), self.h2.max_outbound_frame_size, len(rest))
            if room == 0:
                self.waiting[number] = rest
                return
            self.h2.send_data(number, bytes(rest[:room]))
            rest = rest[room:]
        self.h2.end_stream(number)
        del self.waiting[number]
