"""Our own administration pages as a relying party: they redeem their code here, in the same process and transaction,
never over HTTP."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from sqlalchemy.orm import Session

from iam.change import Actor
from iam.errors import Denied
from iam.oidc.authorization import code as codes
from iam.oidc.claims.compose import Claims
from iam.oidc.clients.registered import ADMIN
from iam.oidc.issuer import Issuer
from iam.oidc.issuing import redemption


@dataclass(frozen=True, slots=True)
class Redeemed:
    """Who came: the person, the login session and the grant, and the token endpoint's answer. Compare ``nonce`` with
    the one sent."""

    person_id: UUID
    session_id: UUID
    grant_id: UUID
    nonce: str | None
    tokens: Claims


def challenge(verifier: str) -> str:
    """Return the ``code_challenge`` of a verifier (RFC 7636 section 4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode("ascii")).digest()).decode().rstrip("=")


def redeem(
    session: Session, issuer: Issuer, code: str, redirect_uri: str, code_verifier: str, actor: Actor
) -> Redeemed:
    """Take the code and return who came; raises ``Denied`` when any part of it does not fit. Commit also after
    ``Denied``."""
    client = issuer.clients.get(session, ADMIN)
    taken = codes.take(session, ADMIN, code, actor)
    if client is None or taken is None or taken.redirect_uri != redirect_uri:
        raise Denied
    if not hmac.compare_digest((taken.challenge or "").encode(), challenge(code_verifier).encode()):
        raise Denied
    try:
        tokens = redemption.of_code(session, issuer, client, taken, None, actor)
    except redemption.Ended:
        raise Denied from None
    return Redeemed(taken.person_id, taken.session_id, taken.grant_id, taken.nonce, tokens)
