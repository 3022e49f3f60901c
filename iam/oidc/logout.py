"""Ends a login session at an application's request (RP-Initiated Logout 1.0), and everything that was granted in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from iam.audit import log
from iam.change import Actor
from iam.oidc import subject
from iam.oidc.client import RegisteredClient
from iam.oidc.issuer import Issuer
from iam.signin import ending
from iam.tokens import session as login_sessions
from iam.tokens.session import LoginSession


def session_of(
    session: Session, issuer: Issuer, client: RegisteredClient, hint: Mapping[str, Any]
) -> LoginSession | None:
    """Return the living login session that an ID token of the client was issued in."""
    person_id = subject.person_of(session, client.sector, str(hint.get("sub")))
    if person_id is None:
        return None
    living = login_sessions.living(session, person_id)
    return next((login for login in living if issuer.sid(client.sector, login.id) == hint.get("sid")), None)


def end(session: Session, login: LoginSession, client: RegisteredClient | None, actor: Actor) -> None:
    """End the session and the grants given in it, and write the event."""
    ending.end(session, actor, "application", login.person_id, login.id)
    envelope = {"client": client.client_id if client else None, "session": str(login.id)}
    log.write(session, "oidc:session:logout", actor, subject_id=login.person_id, envelope=envelope)
