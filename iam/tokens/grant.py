"""What a person gave an application: a refresh family with one capacity, rotated by one compare-and-set.

A refresh token is not stored: it is its family and generation with a keyed hash, so that a retry within the grace of
the last rotation gets the very same successor. A token of an older generation is a replay and ends the family (RFC 9700
section 4.14.2).
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Index, Select, Update, Uuid, bindparam, exists, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from iam import clock
from iam.database.base import Base, key
from iam.database.statement import Statement
from iam.database.types import UtcDateTime
from iam.tokens.secret import PREFIXES
from iam.tokens.session import LoginSessionRow

RETRY = timedelta(seconds=10)
_PREFIX = PREFIXES["refresh"]
_SIZE = 16 + 4 + 32


class GrantRow(Base):
    """The table of grants."""

    __tablename__ = "grant_"
    __table_args__ = (Index(None, "person_id", "revoked_at"), Index(None, "capacity_id"), Index(None, "session_id"))

    id: Mapped[UUID] = key()
    person_id: Mapped[UUID]
    client_id: Mapped[str]
    capacity_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    scope: Mapped[str]
    auth_time: Mapped[datetime]
    acr: Mapped[str]
    device_until: Mapped[datetime | None]
    generation: Mapped[int] = mapped_column(default=0)
    rotated_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    resources: Mapped[list[str]] = mapped_column(default=list)
    claims: Mapped[dict[str, Any]] = mapped_column(default=dict)


@dataclass(frozen=True, slots=True)
class Grant:
    """A person's grant to a client in one capacity; ends with the capacity, the login session's end, replay, or its own
    date.

    ``resources`` are the audiences asked for (RFC 8707), ``claims`` the request's ``claims`` parameter (OIDC Core
    section 5.5). ``device_until`` is until when a remembered device stands in for the second factor that an
    organisation asks.
    """

    id: UUID
    person_id: UUID
    client_id: str
    capacity_id: UUID | None
    session_id: UUID | None
    scope: str
    auth_time: datetime
    acr: str
    created_at: datetime
    expires_at: datetime
    generation: int = 0
    rotated_at: datetime | None = None
    revoked_at: datetime | None = None
    resources: list[str] = field(default_factory=list)
    claims: dict[str, Any] = field(default_factory=dict)
    device_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rotation:
    """The outcome of a refresh: the family and its next token, or that it was a replay."""

    grant: Grant
    token: str | None


def token_of(grant_id: UUID, generation: int, mac_key: bytes) -> str:
    """Return the refresh token of a family's generation."""
    body = grant_id.bytes + generation.to_bytes(4)
    return _PREFIX + urlsafe_b64encode(body + hmac.digest(mac_key, body, "sha256")).decode().rstrip("=")


def parse(token: str, mac_key: bytes) -> tuple[UUID, int] | None:
    """Return family and generation of a genuine refresh token; None for anything else, cut or padded ones included."""
    if not token.startswith(_PREFIX) or not token.isascii():
        return None
    try:
        raw = urlsafe_b64decode(token[len(_PREFIX) :] + "==")
    except (Base64Error, ValueError):
        return None
    if len(raw) != _SIZE or not hmac.compare_digest(raw[20:], hmac.digest(mac_key, raw[:20], "sha256")):
        return None
    grant_id, generation = UUID(bytes=raw[:16]), int.from_bytes(raw[16:20])
    return (grant_id, generation) if token_of(grant_id, generation, mac_key) == token else None


def _columns() -> list[Any]:
    return [getattr(GrantRow, one.name) for one in fields(Grant)]


def _rotate() -> Update:
    row, now = GrantRow, bindparam("now", type_=UtcDateTime())
    return (
        update(row)
        .where(
            row.id == _ID,
            row.client_id == bindparam("of_client"),
            row.generation == bindparam("from_generation"),
            row.revoked_at.is_(None),
            row.expires_at > now,
        )
        .values(generation=row.generation + 1, rotated_at=now)
        .returning(*_columns())
    )


_ID = bindparam("grant_id", type_=Uuid())
_GET = Statement(lambda: select(*_columns()).where(GrantRow.id == _ID), Grant)
_INSERT = Statement(lambda: insert(GrantRow), tuple)
_ROTATE = Statement(_rotate, Grant)


def get(session: Session, grant_id: UUID) -> Grant | None:
    """Return a grant, living or not, as it is now."""
    return _GET.one(session, grant_id=grant_id)


def lives(at: datetime) -> tuple[ColumnElement[bool], ...]:
    """The condition that a grant has neither been revoked nor run out, and that its login session was not ended
    (running out does not end it)."""
    row, login = GrantRow, LoginSessionRow
    ended = exists().where(login.id == row.session_id, login.ended_at.is_not(None))
    return row.revoked_at.is_(None), row.expires_at > at, ~ended


def store(session: Session, grant: Grant) -> None:
    """Store a new grant."""
    _INSERT.run(session, **asdict(grant))


def rotate(session: Session, token: str, client_id: str, mac_key: bytes) -> Rotation | None:
    """Turn a refresh token into its successor by one statement.

    None: not a token of this client's living family. ``Rotation.token`` None: it was a replay, and the family is now
    ended.
    """
    parsed = parse(token, mac_key)
    if parsed is None:
        return None
    grant_id, generation = parsed
    now = clock.now()
    moved = _ROTATE.one(session, grant_id=grant_id, of_client=client_id, from_generation=generation, now=now)
    if moved is not None:
        return Rotation(moved, token_of(grant_id, generation + 1, mac_key))
    return _retry_or_replay(session, grant_id, generation, client_id, mac_key, now)


def _retry_or_replay(
    session: Session, grant_id: UUID, generation: int, client_id: str, mac_key: bytes, now: datetime
) -> Rotation | None:
    grant = get(session, grant_id)
    if grant is None or grant.client_id != client_id or grant.revoked_at is not None or grant.expires_at <= now:
        return None
    if grant.generation == generation + 1 and grant.rotated_at is not None and now - grant.rotated_at <= RETRY:
        return Rotation(grant, token_of(grant_id, grant.generation, mac_key))
    revoke(session, grant_id=grant_id)
    return Rotation(grant, None)


def forget_devices(session: Session, persons: Collection[UUID]) -> None:
    """Let no remembered device stand in for a second factor any more in what these persons have granted."""
    query = update(GrantRow).where(GrantRow.person_id.in_(persons), GrantRow.device_until.is_not(None))
    session.execute(query.values(device_until=None).execution_options(synchronize_session=False))


def revoke_of(session: Session, persons: Select[UUID]) -> int:
    """End every grant of many persons by one statement; return how many."""
    query = update(GrantRow).where(GrantRow.person_id.in_(persons), GrantRow.revoked_at.is_(None))
    done = session.execute(query.values(revoked_at=clock.now()).execution_options(synchronize_session=False))
    return int(getattr(done, "rowcount", 0))


def revoke(
    session: Session,
    *,
    grant_id: UUID | None = None,
    person_id: UUID | None = None,
    session_ids: Collection[UUID] | None = None,
) -> list[UUID]:
    """End one grant, or all of a person or of some login sessions; return the ids of those that this call ended."""
    query = update(GrantRow).where(GrantRow.revoked_at.is_(None))
    if grant_id is not None:
        query = query.where(GrantRow.id == grant_id)
    elif session_ids is not None:
        query = query.where(GrantRow.session_id.in_(session_ids))
    elif person_id is not None:
        query = query.where(GrantRow.person_id == person_id)
    else:
        raise ValueError("say which grants to end")
    return list(session.scalars(query.values(revoked_at=clock.now()).returning(GrantRow.id)))
