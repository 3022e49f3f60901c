"""The independent witness: python-jose, an implementation unrelated to ours, must accept what a new key signed.

It sees only our own output and the keys we publish, never foreign input, HMAC or encrypted tokens, and always gets a JWK and one
fixed algorithm (``security`` section 3.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jose import jwt
from jose.exceptions import JOSEError


def accepts(token: str, public_key: Mapping[str, Any], audience: str | None = None) -> bool:
    """Whether python-jose verifies ``token`` with the published ``public_key``, and its audience when given."""
    options = {"verify_aud": audience is not None, "require_exp": True}
    try:
        jwt.decode(token, dict(public_key), algorithms=[str(public_key["alg"])], audience=audience, options=options)
    except JOSEError:
        return False
    return True
