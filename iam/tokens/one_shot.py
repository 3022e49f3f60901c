"""Secrets that work once. They are consumed by one atomic statement, kind included, before anything is issued."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Update, bindparam, delete, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from iam import clock
from iam.database.base import Base
from iam.database.statement import Rows, Statement
from iam.database.types import UtcDateTime
from iam.tokens import secret as secrets

_AT_A_TIME = 5_000


class OneShot(Base):
    """A secret that works once, stored as its hash. ``grant_id`` is what its use gave, for ending it on a replay."""

    __tablename__ = "one_shot"

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[str]
    client_id: Mapped[str | None]
    person_id: Mapped[UUID | None] = mapped_column(index=True)
    grant_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Used:
    """What a used secret was for."""

    data: dict[str, Any]
    person_id: UUID | None
    grant_id: UUID | None


def _consume(whose: ColumnElement[bool]) -> Update:
    now = bindparam("now", type_=UtcDateTime())
    return (
        update(OneShot)
        .where(
            OneShot.hash == bindparam("of_hash"),
            OneShot.kind == bindparam("of_kind"),
            whose,
            OneShot.used_at.is_(None),
            OneShot.expires_at > now,
        )
        .values(used_at=now)
        .returning(OneShot.data, OneShot.person_id, OneShot.grant_id)
    )


def _read(*more: ColumnElement[bool]) -> Rows:
    query: Rows = select(OneShot.data, OneShot.person_id, OneShot.grant_id)
    return query.where(
        OneShot.hash == bindparam("of_hash"),
        OneShot.kind == bindparam("of_kind"),
        OneShot.client_id == bindparam("of_client"),
        OneShot.used_at.is_(None),
        *more,
    )


_READ = Statement(lambda: _read(OneShot.expires_at > bindparam("now", type_=UtcDateTime())), Used)
_READ_LATE = Statement(_read, Used)
_ISSUE = Statement(lambda: insert(OneShot), tuple)


def _complete() -> Update:
    return (
        update(OneShot)
        .where(
            OneShot.hash == bindparam("of_hash"),
            OneShot.kind == bindparam("of_kind"),
            OneShot.client_id == bindparam("of_client"),
            OneShot.used_at.is_(None),
        )
        .values(used_at=bindparam("now", type_=UtcDateTime()))
    )


_COMPLETE = Statement(_complete, tuple)
_CONSUME = Statement(lambda: _consume(OneShot.client_id.is_(None)), Used)
_CONSUME_FOR = Statement(lambda: _consume(OneShot.client_id == bindparam("of_client")), Used)


def issue(
    session: Session,
    kind: str,
    seconds: int,
    data: dict[str, Any],
    *,
    client_id: str | None = None,
    person_id: UUID | None = None,
    grant_id: UUID | None = None,
    text: str | None = None,
) -> str:
    """Store a fresh secret of ``kind`` that lives ``seconds`` and return it; ``text`` gives its wording (a short
    code)."""
    value = text or secrets.new(kind)
    _ISSUE.run(
        session,
        hash=secrets.hash_of(f"{kind}:{value}"),
        kind=kind,
        client_id=client_id,
        person_id=person_id,
        grant_id=grant_id,
        data=data,
        expires_at=clock.now() + timedelta(seconds=seconds),
        used_at=None,
    )
    return value


def issue_many(
    session: Session, kind: str, expires_at: datetime, texts: Mapping[UUID, str], data: dict[str, Any]
) -> None:
    """Store a secret for each of many persons, worded by the caller, and make those of the kind that they had
    useless."""
    persons = iter(texts)
    while some := list(islice(persons, _AT_A_TIME)):
        unused = OneShot.kind == kind, OneShot.used_at.is_(None)
        session.execute(delete(OneShot).where(OneShot.person_id.in_(some), *unused))
    rows = [
        {
            "hash": secrets.hash_of(f"{kind}:{text}"),
            "kind": kind,
            "person_id": person_id,
            "data": data,
            "expires_at": expires_at,
        }
        for person_id, text in texts.items()
    ]
    if rows:
        session.execute(insert(OneShot), rows)


def read(session: Session, kind: str, value: str, client_id: str, *, late: bool = False) -> Used | None:
    """Return what an unused secret of a client stands for, without using it up; ``late`` also when it has expired."""
    values = {"of_hash": secrets.hash_of(f"{kind}:{value}"), "of_kind": kind, "of_client": client_id}
    return _READ_LATE.one(session, **values) if late else _READ.one(session, **values, now=clock.now())


def complete(session: Session, kind: str, value: str, client_id: str) -> bool:
    """Use up a secret that ``read`` returned, expired meanwhile or not; False when another caller did. One statement
    decides."""
    return (
        _COMPLETE.run(
            session, of_hash=secrets.hash_of(f"{kind}:{value}"), of_kind=kind, of_client=client_id, now=clock.now()
        )
        == 1
    )


def consume(session: Session, kind: str, value: str, *, client_id: str | None = None) -> Used | None:
    """Use the secret up and return it; None when it is unknown, of another kind or client, expired, or used before.

    One statement decides (RFC 6749 section 4.1.2): of any number of parallel callers exactly one gets the row.
    """
    values = {"of_hash": secrets.hash_of(f"{kind}:{value}"), "of_kind": kind, "now": clock.now()}
    if client_id is None:
        return _CONSUME.one(session, **values)
    return _CONSUME_FOR.one(session, **values, of_client=client_id)


def used_before(session: Session, kind: str, value: str, *, client_id: str | None = None) -> UUID | None:
    """Return what a used secret had given (its grant), when ``client_id`` is the one it was made for; None
    otherwise."""
    row = session.get(OneShot, secrets.hash_of(f"{kind}:{value}"))
    replay = row is not None and row.kind == kind and row.client_id == client_id and row.used_at is not None
    return row.grant_id if row is not None and replay else None


def forget(session: Session, kind: str, person_id: UUID) -> None:
    """Make every unused secret of ``kind`` for a person useless."""
    session.execute(
        delete(OneShot).where(OneShot.kind == kind, OneShot.person_id == person_id, OneShot.used_at.is_(None))
    )


def tidy(session: Session, keep: timedelta = timedelta(days=2)) -> int:
    """Delete secrets that expired longer than ``keep`` ago; return how many."""
    old = select(OneShot.hash).where(OneShot.expires_at < clock.now() - keep).limit(10_000)
    return int(getattr(session.execute(delete(OneShot).where(OneShot.hash.in_(old))), "rowcount", 0))
