"""The certificates of the cases: made once, kept in .cache, the same files for both proxies.

NAME.pem is the certificate with its intermediates, NAME.leaf.pem the certificate alone, NAME.key the key. The tokens
`@certs@/NAME.pem` in a configuration and `tls(cert="NAME")` in a script name them.
"""

import fcntl
import functools
import hashlib
import ipaddress
import json
import os
import shutil
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SOURCE = Path(__file__).resolve()
BASE = SOURCE.parents[3] / ".cache/certificates"

TRUST = "spiffe://cluster.local/ns/default/sa/"
ALWAYS = (datetime(2025, 1, 1), datetime(2045, 1, 1))
PAST = (datetime(2020, 1, 1), datetime(2021, 1, 1))
FUTURE = (datetime(2043, 1, 1), datetime(2045, 1, 1))
ATTRIBUTES = {
    "CN": NameOID.COMMON_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "C": NameOID.COUNTRY_NAME,
    "L": NameOID.LOCALITY_NAME,
    "emailAddress": NameOID.EMAIL_ADDRESS,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "DC": NameOID.DOMAIN_COMPONENT,
}
BOTH = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


def new_key(kind):
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    if kind == "rsa1024":
        return rsa.generate_private_key(65537, 1024)
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key({"ec": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}[kind])


def subject_of(pairs):
    return x509.Name([x509.NameAttribute(ATTRIBUTES[key], value) for key, value in pairs])


def alternative(kind, value):
    match kind:
        case "uri":
            return x509.UniformResourceIdentifier(value)
        case "dns":
            return x509.DNSName(value)
        case "ip":
            return x509.IPAddress(ipaddress.ip_address(value))
        case "email":
            return x509.RFC822Name(value)
    raise ValueError(kind)


class Maker:
    def __init__(self, folder):
        self.folder, self.issued, self.serial = folder, {}, 0x1000

    def make(self, name, issuer=None, subject=None, sans=(), key="ec", valid=ALWAYS, ca=None, eku=BOTH):
        """One certificate. `ca` is a path length (or True); without an issuer it signs itself."""
        secret = new_key(key)
        self.serial += 1
        own = subject_of((("CN", name),) if subject is None else subject)
        parent, signer = (own, secret) if issuer is None else (self.issued[issuer][0].subject, self.issued[issuer][1])
        builder = x509.CertificateBuilder().subject_name(own).issuer_name(parent).public_key(secret.public_key())
        builder = builder.serial_number(self.serial).not_valid_before(valid[0]).not_valid_after(valid[1])
        length = None if ca is True else ca
        builder = builder.add_extension(x509.BasicConstraints(ca is not None, length), critical=True)
        builder = builder.add_extension(key_usage(ca is not None), critical=True)
        if ca is None and eku:
            builder = builder.add_extension(x509.ExtendedKeyUsage(eku), critical=False)
        if sans:
            names = x509.SubjectAlternativeName([alternative(*san) for san in sans])
            builder = builder.add_extension(names, critical=not own.rdns)
        subject_id = x509.SubjectKeyIdentifier.from_public_key(secret.public_key())
        builder = builder.add_extension(subject_id, critical=False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        builder = builder.add_extension(authority, critical=False)
        made = builder.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256())
        above = [] if issuer is None else self.issued[issuer][2]
        self.issued[name] = (made, secret, [made, *above] if ca is None or issuer is not None else [])
        self.write(name)

    def write(self, name):
        made, secret, chain = self.issued[name]
        pem = [one.public_bytes(serialization.Encoding.PEM) for one in chain or [made]]
        (self.folder / f"{name}.pem").write_bytes(b"".join(pem))
        (self.folder / f"{name}.leaf.pem").write_bytes(pem[0])
        plain = serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        (self.folder / f"{name}.key").write_bytes(secret.private_bytes(serialization.Encoding.PEM, form, plain))

    def revocations(self, name, issuer, revoked=(), until=ALWAYS[1]):
        """A list of revocations; names of certificates, by this issuer."""
        made, secret, _ = self.issued[issuer]
        builder = x509.CertificateRevocationListBuilder().issuer_name(made.subject)
        builder = builder.last_update(ALWAYS[0] if until == ALWAYS[1] else PAST[0]).next_update(until)
        for one in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(self.issued[one][0].serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(ALWAYS[0]).build())
        pem = builder.sign(secret, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        (self.folder / f"{name}.crl").write_bytes(pem)

    def join(self, name, *parts):
        """A file of several files, one behind the other."""
        (self.folder / name).write_bytes(b"".join((self.folder / part).read_bytes() for part in parts))

    def facts(self):
        """What a case may say of a certificate: digests in hex, the serial number."""
        facts = {}
        for name, (made, _, _) in self.issued.items():
            spki = made.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            facts[name] = {
                "sha256": made.fingerprint(hashes.SHA256()).hex(),
                "spki": hashlib.sha256(spki).hexdigest(),
                "serial": f"{made.serial_number:x}",
            }
        (self.folder / "facts.json").write_text(json.dumps(facts, indent=1))


def key_usage(signs):
    return x509.KeyUsage(
        digital_signature=not signs, content_commitment=False, key_encipherment=not signs, data_encipherment=False,
        key_agreement=False, key_cert_sign=signs, crl_sign=signs, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def authorities(maker):
    maker.make("root", ca=True, subject=(("O", "Mesh"), ("CN", "root")))
    maker.make("intermediate", "root", ca=0, subject=(("O", "Mesh"), ("CN", "intermediate")))
    maker.make("deep1", "root", ca=True)
    maker.make("deep2", "deep1", ca=True)
    maker.make("deep3", "deep2", ca=True)
    maker.make("other-root", ca=True, subject=(("O", "Elsewhere"), ("CN", "root")))
    maker.make("other-intermediate", "other-root", ca=0)
    maker.make("expired-root", ca=True, valid=PAST)


def workload(maker, name, issuer="intermediate", more=(), account=None, **fields):
    """A workload's certificate: a SPIFFE id and a DNS name after it."""
    account = account or name
    sans = (("uri", TRUST + account), ("dns", f"{account}.example"), *more)
    maker.make(name, issuer, (("O", "Mesh"), ("CN", account)), sans, **fields)


def workloads(maker):
    local = (("dns", "localhost"), ("ip", "127.0.0.1"))
    workload(maker, "server", more=local)
    workload(maker, "server-rsa", more=local, account="server", key="rsa")
    workload(maker, "server-p384", account="server", key="p384")
    workload(maker, "second")
    workload(maker, "client")
    workload(maker, "client-rsa", account="client", key="rsa")
    workload(maker, "client-p384", account="client", key="p384")
    workload(maker, "client-new", account="client")
    workload(maker, "other")
    workload(maker, "stranger", "other-intermediate", account="client")
    workload(maker, "self-signed", None, account="client")
    workload(maker, "expired", account="client", valid=PAST)
    workload(maker, "future", account="client", valid=FUTURE)
    workload(maker, "revoked", account="client")
    workload(maker, "rooted", "root", account="client")
    workload(maker, "deep", "deep3", account="client")
    workload(maker, "under-expired", "expired-root", account="client")
    workload(maker, "for-servers", account="client", eku=(ExtendedKeyUsageOID.SERVER_AUTH,))
    workload(maker, "for-clients", account="server", eku=(ExtendedKeyUsageOID.CLIENT_AUTH,))
    workload(maker, "weak", account="server", key="rsa1024")


def signers(maker):
    """Keys for tokens of the algorithms that no certificate's key is for."""
    maker.make("jwt-p521", key="p521")
    maker.make("jwt-ed25519", key="ed25519")


def odd_ones(maker):
    mesh = (("O", "Mesh"),)
    maker.make("wild", "intermediate", (*mesh, ("CN", "wild")), [("dns", "*.wild.example"), ("dns", "wild.example")])
    maker.make("common-name", "intermediate", (("CN", "server.example"),))
    maker.make("no-subject", "intermediate", (), [("uri", TRUST + "client")])
    maker.make("no-names", "intermediate", ())
    subject = (("C", "DE"), ("L", "Köln"), ("O", "Org, Inc"), ("OU", 'a "b"; c'), ("CN", "client+one=1"))
    many = [
        ("uri", "spiffe://cluster.local/a,b;c"),
        ("uri", 'https://x.example/?q="1"'),
        ("uri", TRUST + "second"),
        ("dns", "one.example"),
        ("dns", "two.example"),
        ("ip", "10.0.0.1"),
        ("ip", "::1"),
        ("email", "who@mail.example"),
    ]
    maker.make("odd", "intermediate", subject, many)
    subject = (("DC", "example"), ("O", " lead"), ("CN", "#hash\\back<>"), ("emailAddress", "a@b.example"))
    maker.make("odd2", "intermediate", subject, [("dns", 'quo"te.example'), ("dns", "a,b.example")])


def write_all(folder):
    maker = Maker(folder)
    authorities(maker)
    workloads(maker)
    odd_ones(maker)
    signers(maker)
    maker.revocations("intermediate", "intermediate", ["revoked"])
    maker.revocations("stale", "intermediate", ["revoked"], until=PAST[1])
    maker.revocations("root", "root")
    maker.join("all.crl", "intermediate.crl", "root.crl")
    maker.join("root-and-lists.pem", "root.pem", "all.crl")
    maker.join("both-roots.pem", "root.pem", "other-root.pem")
    (folder / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n")
    (folder / "empty.pem").write_text("")
    maker.facts()


@functools.cache
def folder():
    """The folder, made by whoever comes first; a change of this file makes another one."""
    BASE.mkdir(parents=True, exist_ok=True)
    target = BASE / hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    with open(BASE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            for old in BASE.iterdir():
                if old.is_dir():
                    shutil.rmtree(old)
            unfinished = BASE / "unfinished"
            unfinished.mkdir()
            write_all(unfinished)
            os.rename(unfinished, target)
    return target


@functools.cache
def facts():
    return json.loads((folder() / "facts.json").read_text())


@functools.cache
def named():
    """What stands for a certificate in a record -> its name: digests, and PEM escaped as for a header."""
    names = {fact[kind]: f"<{kind} of {name}>" for name, fact in facts().items() for kind in ("sha256", "spki")}
    for path in folder().glob("*.leaf.pem"):
        names[quote(path.read_text(), safe="-_.~")] = f"<pem of {path.name.removesuffix('.leaf.pem')}>"
    return names


def name_of(text):
    return named().get(text, text)
