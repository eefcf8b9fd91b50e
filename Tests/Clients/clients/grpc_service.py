"""A gRPC service of plain bytes in this process, with every kind of method; no generated code."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc

NAME = "clients.Echo"


def unary(data, context):
    context.set_trailing_metadata((("x-trailer", "t"),))
    context.send_initial_metadata((("x-initial", "i"),))
    return data


def fail(data, context):
    """`CODE:text`"""
    code, _, text = data.decode().partition(":")
    context.abort(next(one for one in grpc.StatusCode if one.value[0] == int(code)), text)


def sleep(data, context):
    end = time.monotonic() + float(data)
    while time.monotonic() < end and context.is_active():
        time.sleep(0.02)
    return b"slept"


def count(data, context):
    """So many messages of so many bytes: `COUNT SIZE`."""
    number, size = map(int, data.split())
    for place in range(number):
        yield place.to_bytes(4, "big") + bytes(size)


def total(messages, context):
    return str(sum(len(message) for message in messages)).encode()


def echo(messages, context):
    yield from messages


class Service:
    """`cancelled` is set once a call of `forever` was cancelled."""

    def __init__(self, credentials=None, options=()):
        self.cancelled = threading.Event()
        self.seen = []
        self.server = grpc.server(ThreadPoolExecutor(64), options=(("grpc.so_reuseport", 0), *options))
        methods = {
            "Unary": grpc.unary_unary_rpc_method_handler(self.noted(unary)),
            "Fail": grpc.unary_unary_rpc_method_handler(fail),
            "Sleep": grpc.unary_unary_rpc_method_handler(sleep),
            "Count": grpc.unary_stream_rpc_method_handler(count),
            "Forever": grpc.unary_stream_rpc_method_handler(self.forever),
            "Total": grpc.stream_unary_rpc_method_handler(total),
            "Echo": grpc.stream_stream_rpc_method_handler(echo),
        }
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(NAME, methods),))
        if credentials is None:
            self.port = self.server.add_insecure_port("127.0.0.1:0")
        else:
            self.port = self.server.add_secure_port("127.0.0.1:0", credentials)
        self.server.start()

    def noted(self, method):
        def call(data, context):
            self.seen.append(dict(context.invocation_metadata()))
            return method(data, context)

        return call

    def forever(self, data, context):
        context.add_callback(self.cancelled.set)
        while context.is_active():
            yield b"tick"
            time.sleep(0.02)

    def stop(self):
        self.server.stop(None).wait()


class Client:
    def __init__(self, port, credentials=None, options=(), host="127.0.0.1"):
        target = f"{host}:{port}"
        # A channel of its own, not one shared with another client of this process.
        options = (("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1), *options)
        if credentials is None:
            self.channel = grpc.insecure_channel(target, options)
        else:
            self.channel = grpc.secure_channel(target, credentials, options)
        self.unary = self.channel.unary_unary(f"/{NAME}/Unary")
        self.fail = self.channel.unary_unary(f"/{NAME}/Fail")
        self.sleep = self.channel.unary_unary(f"/{NAME}/Sleep")
        self.absent = self.channel.unary_unary(f"/{NAME}/Absent")
        self.count = self.channel.unary_stream(f"/{NAME}/Count")
        self.forever = self.channel.unary_stream(f"/{NAME}/Forever")
        self.total = self.channel.stream_unary(f"/{NAME}/Total")
        self.echo = self.channel.stream_stream(f"/{NAME}/Echo")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()
