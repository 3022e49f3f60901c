"""Tells a client that a login session has ended (OpenID Connect Back-Channel Logout 1.0 section 2.5): makes the token
and posts it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from iam import clock
from iam.delivery import egress
from iam.delivery.outbox import Due
from iam.jobs import Outcome, Send, Verdict
from iam.oidc.claims import subjects as subject
from iam.oidc.issuer import Issuer
from iam.oidc.logout import token as logout_token
from iam.settings import Egress
from iam.tokens import jose

_ARRIVED = frozenset({200, 204})
_REFUSED = 400
GONE = Outcome(Verdict.DELIVERED, "nobody listens any more")


@dataclass(frozen=True, slots=True)
class Backchannel:
    """The handler of ``sign_out.KIND``. The token is made at the attempt, so that it is fresh however late it
    arrives."""

    issuer: Issuer
    allowed: Egress

    def __call__(self, session: Session, due: Due) -> Send:
        """Prepare the logout token of a message; the client may be gone, or no longer listen."""
        client = self.issuer.clients.get(session, due.target)
        if client is None or client.backchannel_logout_uri is None:
            return lambda: GONE
        sid = self.issuer.sid(client.sector, UUID(due.payload["session"]))
        known = subject.known(session, client.sector, UUID(due.payload["person"])).subject
        said = logout_token.claims(self.issuer.url, client.client_id, sid, known, clock.now())
        key = self.issuer.keyring.signer(session, client.id_token_alg)
        return _post(client.backchannel_logout_uri, jose.sign(key, logout_token.TYP, said), self.allowed)


def _post(url: str, token: str, allowed: Egress) -> Callable[[], Outcome]:
    def send() -> Outcome:
        try:
            status = egress.post_form(url, {"logout_token": token}, allowed)
        except egress.PlaceRefused as error:
            return Outcome(Verdict.REFUSED, f"address: {error}")
        except egress.Failed as error:
            return Outcome(Verdict.FAILED, str(error))
        return judge(status)

    return send


def judge(status: int) -> Outcome:
    """Return what an answer means (section 2.8): 200 or 204 it is done, 400 the application refuses; anything else may
    pass."""
    if status in _ARRIVED:
        return Outcome(Verdict.DELIVERED)
    return Outcome(Verdict.REFUSED if status == _REFUSED else Verdict.FAILED, f"status {status}")
