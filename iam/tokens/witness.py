"""The independent witness: python-jose, an implementation unrelated to ours, must accept what a new key signed.

It sees only our own output and the keys we publish, never foreign input, HMAC or encrypted tokens, and always gets a
JWK and one fixed algorithm (``security`` section 3.2). It does not know PS256: there python-jose reads the token and
the signature is checked by the arithmetic alone (RFC 7518 section 3.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256
from jose import jwt
from jose.exceptions import JOSEError
from jose.utils import base64_to_long, base64url_decode


def accepts(token: str, public_key: Mapping[str, Any], audience: str | None = None) -> bool:
    """Whether the witness verifies ``token`` with the published ``public_key``, and its audience when given."""
    # An ID token's at_hash would be compared with an access token the witness does not have.
    options = {"verify_aud": audience is not None, "require_exp": True, "verify_at_hash": False}
    try:
        if public_key["alg"] == "PS256":
            return _probabilistic(token, public_key, audience)
        jwt.decode(token, dict(public_key), algorithms=[str(public_key["alg"])], audience=audience, options=options)
    except JOSEError:
        return False
    return True


def _probabilistic(token: str, public_key: Mapping[str, Any], audience: str | None) -> bool:
    said = jwt.get_unverified_claims(token)
    if audience not in (None, said.get("aud")) or "exp" not in said:
        return False
    signed, _, signature = token.encode().rpartition(b".")
    key = RSAPublicNumbers(base64_to_long(public_key["e"]), base64_to_long(public_key["n"])).public_key()
    pss = padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size)
    try:
        key.verify(base64url_decode(signature), signed, pss, SHA256())
    except InvalidSignature:
        return False
    return True
