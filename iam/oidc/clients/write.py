"""Writing clients and their secrets, in sets; what a registration must be is in ``registration_rules``.

The caller owns the transaction. Secrets are stored as hashes; a new one ends those before it at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, insert, or_, select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.database.types import uuid7
from iam.ephemeral import SqlGenerations
from iam.oidc.clients.registered import GENERATION
from iam.oidc.model import Client, ClientSecret

LEAST_SECRET = 32
"""Characters of a client secret: it is stored under one round of SHA-256, so it must be long and random."""


def default_scope(grants: Sequence[str]) -> str:
    """Return the scopes of a client that states none."""
    return "openid profile email roles groups" + (" offline_access" if "refresh_token" in grants else "")


def add(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add clients: whole rows with their ids."""
    if rows:
        session.execute(insert(Client), [dict(row) for row in rows])
        changed(session)


def amend(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write other columns of clients, found by ``id``."""
    if rows:
        session.execute(update(Client), [dict(row) for row in rows])
        changed(session)


def secret_hashes(session: Session, only: str | None = None) -> dict[str, set[bytes]]:
    """Return the hashes of the secrets that are valid now, by client id, of all clients or of one: one query."""
    query = select(ClientSecret.client_id, ClientSecret.hash).where(valid_now())
    if only is not None:
        query = query.where(ClientSecret.client_id == only)
    found: dict[str, set[bytes]] = {}
    for client_id, hash_ in session.execute(query):
        found.setdefault(client_id, set()).add(hash_)
    return found


def valid_now() -> ColumnElement[bool]:
    """The condition that a client's secret is good now."""
    return or_(ClientSecret.expires_at.is_(None), ClientSecret.expires_at > clock.now())


def set_secrets(session: Session, hashes: Mapping[str, bytes]) -> None:
    """Make each hash the one valid secret of its client; others end now."""
    if not hashes:
        return
    now = clock.now()
    end_secrets(session, hashes)
    rows = [
        {"id": uuid7(), "client_id": client_id, "hash": hash_, "created_at": now} for client_id, hash_ in hashes.items()
    ]
    session.execute(insert(ClientSecret), rows)
    changed(session)


def end_secrets(session: Session, client_ids: Iterable[str]) -> None:
    """End every secret of these clients now."""
    ending = update(ClientSecret).where(ClientSecret.client_id.in_(client_ids), valid_now())
    session.execute(ending.values(expires_at=clock.now()).execution_options(synchronize_session=False))


def changed(session: Session) -> None:
    """Make every process read its clients afresh; also after writing an application."""
    SqlGenerations().raise_(session, GENERATION)
