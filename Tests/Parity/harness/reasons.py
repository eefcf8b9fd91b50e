"""Why a TLS handshake failed, in one vocabulary: Pillion's words are its own, and say on whose certificate.

What is compared is which check failed, and at which depth of the chain.
"""

import re

# What Envoy's or Pillion's text has in it, in this order -> what it is called in a record.
KINDS = (
    ("did_not_provide|no_certificate,_and_one_is_required", "no certificate"),
    ("certificate_revoked", "revoked"),
    ("unable_to_get_certificate_CRL", "no CRL"),
    ("CRL_has_expired", "CRL expired"),
    ("SAN_matcher|verify_SAN_list|subject_alternative_name|certificate_is_not_for", "name"),
    ("cert_hash_and_spki|hash_nor_its_key", "hash"),
    ("certificate_has_expired", "expired"),
    ("not_yet_valid", "not yet valid"),
    ("certificate_purpose", "purpose"),
    ("issuer_certificate|self-signed|chain_too_long", "no trusted issuer"),
    ("UNSUPPORTED_PROTOCOL|unsupported_protocol", "version"),
    ("NO_SHARED|WRONG_CURVE|no_shared|no_suitable", "nothing in common"),
    (
        "HTTP_REQUEST|plain_HTTP|EXCESSIVE_MESSAGE|WRONG_VERSION|unexpected_message|not_TLS|packet_length|record_layer",
        "not TLS",
    ),
    ("(?i)unknown_ca", "alert unknown ca"),
    ("(?i)handshake_failure", "alert handshake failure"),
    ("(?i)reset_by_peer", "reset"),
    ("not_supplied_by_SDS", "no secret"),
)
ENVOYS = re.compile(r"TLS_error:\|.*?:TLS_error_end|TLS_error:_Secret_is_not_supplied_by_SDS")
PILLIONS = re.compile(
    r"(?:TLS_error:_|certificate_verify_failed:_|the_peer_presented_no_certificate)[^\n\"|}]*(?:\"\\\"[^\n\"]*)*"
)
DEPTH = re.compile(r"depth[_ ](\d)")


def named(match):
    text = match[0]
    for pattern, name in KINDS:
        if re.search(pattern, text):
            depth = DEPTH.search(text)
            return f"<TLS: {name}{f', depth {depth[1]}' if depth and depth[1] != '0' else ''}>"
    return text


def in_one_vocabulary(text):
    return PILLIONS.sub(named, ENVOYS.sub(named, text))
