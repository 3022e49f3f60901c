"""Ends a login session at an application's request (RP-Initiated Logout 1.0), and everything that was granted in it.

The applications that received tokens in the session hear of it in two ways: by the outbox (``backchannel``), and those
that have a front-channel address by a frame on the page that says it is done (Front-Channel Logout 1.0).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.audit import log
from iam.change import Actor
from iam.oidc.claims import subjects as subject
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.issuer import Issuer
from iam.oidc.model import Client
from iam.signin.accounts import ending
from iam.tokens import session as login_sessions
from iam.tokens.grant import GrantRow
from iam.tokens.session import LoginSession

_ORIGIN = re.compile(r"https?://[a-z0-9.:\[\]-]+")


@dataclass(frozen=True, slots=True)
class Frame:
    """An address to be loaded in a hidden frame so that an application forgets its session, and the origin it is on."""

    url: str
    origin: str


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


def frames(session: Session, issuer: Issuer, session_id: UUID) -> list[Frame]:
    """Return a frame for each client with a front-channel address that got a grant in the session, living or ended
    (section 3)."""
    received = (
        select(Client.client_id, Client.frontchannel_logout_uri)
        .where(Client.client_id.in_(select(GrantRow.client_id).where(GrantRow.session_id == session_id)))
        .where(Client.frontchannel_logout_uri.is_not(None), ~Client.retired)
        .order_by(Client.client_id)
    )
    found = []
    for client_id, uri in session.execute(received):
        client = issuer.clients.get(session, client_id)
        if client is not None and (framed := _frame(issuer, client, str(uri), session_id)) is not None:
            found.append(framed)
    return found


def _frame(issuer: Issuer, client: RegisteredClient, uri: str, session_id: UUID) -> Frame | None:
    parts = urlsplit(uri)
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    # The origin stands in a header among other words: nothing that could be read as a further word may come with it.
    if _ORIGIN.fullmatch(origin) is None:
        return None
    about = urlencode({"iss": issuer.url, "sid": issuer.sid(client.sector, session_id)})
    return Frame(f"{uri}{'&' if parts.query else '?'}{about}", origin)
