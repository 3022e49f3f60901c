"""Authorization codes: stored hashed with all they are bound to, used up by one statement before anything is issued
(AZ-10, AZ-11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from iam.audit import log
from iam.change import Actor
from iam.database.types import uuid7
from iam.oidc.claims import requested as claims_request
from iam.oidc.claims.requested import ClaimsRequest
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.issuer import Issuer
from iam.signin.factors import levels
from iam.tokens import grant as grants, one_shot
from iam.tokens.one_shot import Used
from iam.tokens.session import LoginSession

KIND = "code"


@dataclass(frozen=True, slots=True)
class Code:
    """What a code stands for. ``challenge`` None: the client need not use PKCE and did not.

    ``device_until``: until when a remembered device stands in for a second factor.
    """

    person_id: UUID
    grant_id: UUID
    redirect_uri: str
    scope: str
    challenge: str | None
    nonce: str | None
    capacity_id: UUID | None
    session_id: UUID
    auth_time: datetime
    acr: str
    amr: tuple[str, ...]
    resources: tuple[str, ...] = ()
    claims: Mapping[str, list[str]] = field(default_factory=dict)
    device_until: datetime | None = None

    code_challenge_method = "S256"

    @property
    def code_challenge(self) -> str | None:
        """The challenge, under Authlib's name."""
        return self.challenge

    def get_redirect_uri(self) -> str:
        """Return the redirect URI the code went to."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return the granted scope."""
        return self.scope


def issue(
    session: Session,
    issuer: Issuer,
    client: RegisteredClient,
    login: LoginSession,
    capacity_id: UUID | None,
    parameters: Mapping[str, str],
    scope: str,
    actor: Actor,
    *,
    resources: Sequence[str] = (),
    device_until: datetime | None = None,
) -> str:
    """Store a code for a validated request of a person who may enter, write the event, and return the code."""
    asked = claims_request.parse(parameters.get("claims"))
    names = {
        place: sorted(claims_request.allowed(wanted, client.scope))
        for place, wanted in (("id_token", asked.id_token), ("userinfo", asked.userinfo))
    }
    data: dict[str, Any] = {
        "redirect_uri": parameters["redirect_uri"],
        "scope": scope,
        "challenge": parameters.get("code_challenge"),
        "nonce": parameters.get("nonce"),
        "capacity": str(capacity_id) if capacity_id else None,
        "session": str(login.id),
        "auth_time": login.auth_time.isoformat(),
        "acr": _acr(login.acr, asked, parameters),
        "amr": list(login.amr),
        "resources": list(resources),
        "device_until": device_until and device_until.isoformat(),
        "claims": names,
    }
    received = claims_request.received(
        scope, {*names["id_token"], *names["userinfo"]}, capacity=capacity_id is not None
    )
    envelope = {"client": client.client_id, "capacity": data["capacity"], "scope": received}
    log.write(session, "oidc:authorization:granted", actor, subject_id=login.person_id, envelope=envelope)
    return one_shot.issue(
        session,
        KIND,
        issuer.lives.code_seconds,
        data,
        client_id=client.client_id,
        person_id=login.person_id,
        grant_id=uuid7(),
    )


def _acr(done: str, asked: ClaimsRequest, parameters: Mapping[str, str]) -> str:
    """The level to tell: the strongest of those asked for that was reached, else what was done."""
    wanted = {*asked.essential_acr, *asked.voluntary_acr, *parameters.get("acr_values", "").split()}
    return next((level for level in reversed(levels.LEVELS) if level in wanted and levels.reaches(done, level)), done)


def take(session: Session, client_id: str, value: str, actor: Actor) -> Code | None:
    """Use a code up and return what it stands for; None when it is not a living code of this client.

    A code that was used before is a replay: what it gave is ended, and the event says so (RFC 6749 section 4.1.2).
    """
    row = one_shot.consume(session, KIND, value, client_id=client_id)
    if row is not None:
        return _read(row)
    grant_id = one_shot.used_before(session, KIND, value, client_id=client_id)
    if grant_id is not None:
        grants.revoke(session, grant_id=grant_id)
        log.write(
            session, "oidc:token:replayed", actor, envelope={"client": client_id, "grant": str(grant_id), "kind": KIND}
        )
    return None


def _read(row: Used) -> Code:
    data = row.data
    if row.person_id is None or row.grant_id is None:
        raise ValueError("a code without its person or its grant")
    return Code(
        row.person_id,
        row.grant_id,
        data["redirect_uri"],
        data["scope"],
        data["challenge"],
        data["nonce"],
        UUID(data["capacity"]) if data["capacity"] else None,
        UUID(data["session"]),
        datetime.fromisoformat(data["auth_time"]),
        data["acr"],
        tuple(data["amr"]),
        tuple(data["resources"]),
        data["claims"],
        datetime.fromisoformat(data["device_until"]) if data.get("device_until") else None,
    )
