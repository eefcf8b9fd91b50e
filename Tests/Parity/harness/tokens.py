"""JSON web tokens and key sets, signed with the keys of certificates.py."""

import base64
import functools
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from . import certificates

HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def packed(value):
    return base64url(json.dumps(value, separators=(",", ":")).encode())


@functools.cache
def key(name):
    text = (certificates.folder() / f"{name}.key").read_bytes()
    return serialization.load_pem_private_key(text, None)


def number(value, size=None):
    return base64url(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def jwk(name, **more):
    """The public half of a key, as a key set has it."""
    public = key(name).public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e), **more}
    if isinstance(public, ec.EllipticCurvePublicKey):
        numbers, size = public.public_numbers(), (public.curve.key_size + 7) // 8
        return {
            "kty": "EC",
            "crv": CURVES[public.curve.name],
            "x": number(numbers.x, size),
            "y": number(numbers.y, size),
            **more,
        }
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": base64url(raw), **more}


def jwks(*keys):
    return json.dumps({"keys": list(keys)})


def signature(algorithm, name, data):
    """Nothing, for an algorithm that there is not."""
    secret, digest = key(name), HASHES.get(algorithm[2:])
    match algorithm[:2] if digest or algorithm == "EdDSA" else "":
        case "RS":
            return secret.sign(data, padding.PKCS1v15(), digest())
        case "PS":
            return secret.sign(data, padding.PSS(padding.MGF1(digest()), digest.digest_size), digest())
        case "ES":
            size = (secret.curve.key_size + 7) // 8
            return b"".join(
                part.to_bytes(size, "big") for part in decode_dss_signature(secret.sign(data, ec.ECDSA(digest())))
            )
        case "Ed":
            return secret.sign(data)
    return b"x"


def token(algorithm="ES256", name="server", header=None, forged=False, ends=3600, **claims):
    """A token; `ends` is seconds from now, None for a token without exp. A claim of None is left out."""
    claims = {"iss": "issuer", "sub": "subject", "aud": "audience", **claims}
    if ends is not None:
        claims.setdefault("exp", int(time.time()) + ends)
    claims = {name: value for name, value in claims.items() if value is not None}
    first = f"{packed({'alg': algorithm, 'typ': 'JWT', **(header or {})})}.{packed(claims)}"
    signed = signature(algorithm, name, first.encode() + (b"x" if forged else b""))
    return f"{first}.{base64url(signed)}"
