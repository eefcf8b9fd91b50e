"""TLS under a scripted client or upstream: a socket's methods over an `ssl.SSLObject`.

Python's own SSLSocket hides how a connection ended. Here the alert, the close_notify and the bare FIN are told apart,
one side can be ended alone, and what the other side offered in its ClientHello is known.
"""

import contextlib
import functools
import re
import socket
import ssl
import warnings

from .actions import TLS
from .certificates import folder

VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
# An order that leaves nothing to choose: where suites are worth the same to Envoy, the client's order decides.
CIPHERS = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"
HELLO_VERSIONS = {0x0301: "1.0", 0x0302: "1.1", 0x0303: "1.2", 0x0304: "1.3"}


class TLSFailed(OSError):
    """A handshake or a read that ended by an alert, or by what we thought of the other side."""


class CloseNotify(OSError):
    """The other side said that it sends no more."""


def reason(error):
    """An ssl.SSLError in a few words: `alert unknown ca`, `wrong version number`."""
    text = (error.reason or str(error.args[-1])).lower().replace("_", " ")
    if text == "tlsv1 bad certificate hash value":
        # Envoy's alert 114 cannot be had from OpenSSL, which sends certificate_unknown.
        return "alert certificate unknown"
    if getattr(error, "verify_message", None):
        text += f" ({error.verify_message})"
    return re.sub(r"^(sslv3|tlsv1[03]?|tlsv13?) alert", "alert", text)


class TLSStream:
    """Stands in a socket's place in a Wire."""

    def __init__(self, sock, context, server=False, name=None, session=None, patience=5.0):
        self.sock, self.incoming, self.outgoing = sock, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server, name, session)
        self.first = b""
        self.sock.settimeout(patience)

    def handshake(self):
        """Raises TLSFailed, or OSError when the connection ends."""
        try:
            self.until_done(self.tls.do_handshake)
        except ssl.SSLError as error:
            raise TLSFailed(reason(error)) from None
        finally:
            with contextlib.suppress(OSError):
                self.flush()

    def until_done(self, call, *arguments):
        while True:
            try:
                result = call(*arguments)
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                self.feed()

    def feed(self):
        data = self.sock.recv(65536)
        if len(self.first) < 4096:
            self.first += data
        if not data:
            raise ConnectionAbortedError("FIN")
        self.incoming.write(data)

    def flush(self):
        data = self.outgoing.read()
        if data:
            self.sock.sendall(data)

    # What a Wire asks of a socket -------------------------------------------------------------------------------------

    def settimeout(self, seconds):
        self.sock.settimeout(seconds)

    def setsockopt(self, *arguments):
        self.sock.setsockopt(*arguments)

    def recv(self, count):
        try:
            data = self.until_done(self.tls.read, count)
        except ssl.SSLZeroReturnError:
            raise CloseNotify from None
        except ssl.SSLError as error:
            raise TLSFailed(reason(error)) from None
        except ConnectionAbortedError:
            return b""
        if not data:
            raise CloseNotify
        return data

    def sendall(self, data):
        try:
            self.until_done(self.tls.write, data)
        except ssl.SSLError as error:
            raise TLSFailed(reason(error)) from None

    def shutdown(self, how):
        """Ends our side only: close_notify."""
        if how != socket.SHUT_WR:
            self.sock.shutdown(how)
            return
        with contextlib.suppress(ssl.SSLError):
            self.tls.unwrap()
        self.flush()

    def close(self):
        with contextlib.suppress(OSError):
            self.shutdown(socket.SHUT_WR)
        self.sock.close()

    # What is known of the session -------------------------------------------------------------------------------------

    def told(self):
        alpn = self.tls.selected_alpn_protocol()
        parts = [self.tls.version().replace("TLSv", "TLS "), f"alpn {alpn}" if alpn else "no alpn"]
        return ", ".join(parts + ["resumed"] * self.tls.session_reused)

    def peer(self):
        """The other side's certificate: its file's name where it is one of ours."""
        der = self.tls.getpeercert(True)
        return name_of_certificate(der) if der else "none"


@functools.cache
def known():
    paths = folder().glob("*.leaf.pem")
    return {ssl.PEM_cert_to_DER_cert(path.read_text()): path.name.removesuffix(".leaf.pem") for path in paths}


def name_of_certificate(der):
    return known().get(der, "unknown")


def load(context, names):
    """`NAME`, or `NAME.leaf` for the certificate without its intermediates; several of different keys."""
    for name in [names] if isinstance(names, str) else names:
        context.load_cert_chain(folder() / f"{name}.pem", folder() / f"{name.removesuffix('.leaf')}.key")


def common(context, wanted):
    # TLS 1.0 and 1.1, SHA-1 and short keys are what some cases are about.
    context.set_ciphers(wanted.ciphers or f"{CIPHERS}:ALL:@SECLEVEL=0")
    if wanted.curve:
        context.set_ecdh_curve(wanted.curve)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = VERSIONS[wanted.lowest], VERSIONS[wanted.highest]
    if wanted.alpn:
        context.set_alpn_protocols(list(wanted.alpn))
    return context


def client_context(wanted):
    context = common(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), wanted)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED if wanted.ca else ssl.CERT_NONE
    if wanted.ca:
        context.load_verify_locations(folder() / f"{wanted.ca}.pem")
    if wanted.cert:
        load(context, wanted.cert)
    return context


def server_context(wanted):
    context = common(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), wanted)
    load(context, wanted.cert)
    if wanted.client_ca:
        context.verify_mode = ssl.CERT_REQUIRED if wanted.require else ssl.CERT_OPTIONAL
        context.load_verify_locations(folder() / f"{wanted.client_ca}.pem")
    if not wanted.tickets:
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
    return context


def tls_hello(**fields):
    """A ClientHello as it would go over the wire; the fields are those of `tls(...)`."""
    wanted = TLS(**fields)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = client_context(wanted).wrap_bio(incoming, outgoing, server_hostname=wanted.sni)
    with contextlib.suppress(ssl.SSLWantReadError):
        session.do_handshake()
    return outgoing.read()


def hello_facts(data):
    """SNI, ALPN and versions of a ClientHello in one line; the bytes are a proxy's."""
    try:
        return parse_hello(data)
    except IndexError:
        return "no whole ClientHello"


def parse_hello(data):
    body = data[9:]
    at = 34
    at += 1 + body[at]
    at += 2 + int.from_bytes(body[at : at + 2], "big")
    at += 1 + body[at]
    end = at + 2 + int.from_bytes(body[at : at + 2], "big")
    at += 2
    found = {}
    while at + 4 <= end:
        kind, size = int.from_bytes(body[at : at + 2], "big"), int.from_bytes(body[at + 2 : at + 4], "big")
        found[kind] = body[at + 4 : at + 4 + size]
        at += 4 + size
    sni = found[0][5:].decode() if 0 in found else "none"
    alpn, rest = [], found.get(16, b"")[2:]
    while rest:
        alpn.append(rest[1 : 1 + rest[0]].decode("latin-1"))
        rest = rest[1 + rest[0] :]
    raw = found.get(43, b"\0" + data[9:11])[1:]
    numbers = {int.from_bytes(raw[i : i + 2], "big") for i in range(0, len(raw), 2)}
    versions = sorted(HELLO_VERSIONS[number] for number in numbers if number in HELLO_VERSIONS)
    return f"sni {sni}, alpn {','.join(alpn) or 'none'}, versions {' '.join(versions)}"
