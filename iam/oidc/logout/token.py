"""What a logout token says (OpenID Connect Back-Channel Logout 1.0 section 2.4). Pure."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from iam.oidc.claims.compose import Claims

TYP = "logout+jwt"
"""The header ``typ``: no other token of ours can be taken for a logout token, nor one for another."""

EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFE = timedelta(seconds=120)
"""How long a logout token is good for: the application gets it at once or not at all, and a later attempt has a fresh
one."""


def claims(issuer: str, client_id: str, sid: str, subject: str | None, at: datetime) -> Claims:
    """Return the claims that tell a client of the end of a session; there is never a ``nonce``.

    ``subject`` is what the client knows the person by; None when it never learnt one, and then ``sid`` alone says whose
    session it was.
    """
    said: Claims = {
        "iss": issuer,
        "aud": client_id,
        "iat": int(at.timestamp()),
        "exp": int((at + LIFE).timestamp()),
        "jti": secrets.token_urlsafe(16),
        "events": {EVENT: {}},
        "sid": sid,
    }
    return said if subject is None else {**said, "sub": subject}
