"""Replacing a lost factor with a recovery code: noted, told to its owner, and after a delay in force.

Until then the old one keeps working, and whoever still has it may stop the new one; recovery codes go on signing in.
What is due is put in force at the next look at the person's factors, and by the worker for everybody.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, insert, select, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.audit import log
from iam.change import SYSTEM, Actor
from iam.database.types import uuid7
from iam.errors import Conflict
from iam.signin.accounts.factor import FactorReplacement, Passkey, RememberedDevice, Totp
from iam.signin.factors import notice as factor_notice, proof
from iam.tokens import grant as grants

_OPEN = FactorReplacement.done_at.is_(None), FactorReplacement.stopped_at.is_(None)
_BYTES = ("credential_id", "public_key", "secret")
_SOME = 1_000


def waiting(session: Session, person_id: UUID) -> dict[str, datetime]:
    """Return when what waits to replace a person's factors comes into force, by kind of factor."""
    row = FactorReplacement
    query = select(row.kind, row.effective_at).where(row.person_id == person_id, *_OPEN)
    return {one.kind: one.effective_at for one in session.execute(query.order_by(row.effective_at.desc()))}


def begin(session: Session, person_id: UUID, kind: str, data: dict[str, Any], hours: int, actor: Actor) -> datetime:
    """Note a new factor in place of the lost ones of its ``kind`` and tell the person; return when it comes into force.

    ``data`` are the columns of its table. Raises ``Conflict`` while another of the kind waits.
    """
    if kind in waiting(session, person_id):
        raise Conflict(
            Problem("A new one waits already.", "It comes into force by itself; whoever has the old one may stop it.")
        )
    now = clock.now()
    effective_at = now + timedelta(hours=hours)
    kept = {name: b64encode(value).decode() if name in _BYTES else value for name, value in data.items()}
    session.add(FactorReplacement(person_id=person_id, kind=kind, data=kept, begun_at=now, effective_at=effective_at))
    session.flush()
    envelope = {"way": kind, "effective_at": effective_at.isoformat(), "address": actor.address}
    log.write(session, "signin:factor:replacing", actor, subject_id=person_id, envelope=envelope)
    factor_notice.leave(session, person_id, kind, effective_at)
    return effective_at


def stop(session: Session, person_id: UUID, actor: Actor, kind: str | None = None) -> bool:
    """Stop what waits to replace the person's factors, or those of one kind; return whether anything waited."""
    row = FactorReplacement
    whose = [row.person_id == person_id, *_OPEN, *([row.kind == kind] if kind else [])]
    query = update(row).where(*whose).values(stopped_at=clock.now()).returning(row.kind)
    stopped = sorted(set(session.scalars(query, execution_options={"synchronize_session": False})))
    for one in stopped:
        log.write(session, "signin:factor:kept", actor, subject_id=person_id, envelope={"way": one})
    return bool(stopped)


def follow(session: Session, person_id: UUID) -> None:
    """Put in force what is due of one person."""
    if session.scalar(select(is_due(person_id))):
        put_in_force(session, person_id)


def is_due(person_id: UUID) -> ColumnElement[bool]:
    """The condition that something of one person is to be put in force."""
    return exists().where(*_due(person_id))


def waits(person_id: UUID) -> ColumnElement[bool]:
    """The condition that something waits to replace a factor of one person, or is due."""
    return exists().where(FactorReplacement.person_id == person_id, *_OPEN)


def put_in_force(session: Session, person_id: UUID) -> None:
    """Put in force what is due of one person, of whom something is (``is_due``)."""
    _put_in_force(session, *_due(person_id))


def _due(person_id: UUID) -> tuple[ColumnElement[bool], ...]:
    row = FactorReplacement
    return row.person_id == person_id, row.effective_at <= clock.now(), *_OPEN


def follow_due(session: Session) -> int:
    """Put in force what is due of anybody, so many at a time; return how many."""
    row = FactorReplacement
    due = row.effective_at <= clock.now(), *_OPEN
    some = select(row.id).where(*due).order_by(row.effective_at).limit(_SOME)
    return _put_in_force(session, row.id.in_(some), *due)


def _put_in_force(session: Session, *due: ColumnElement[bool]) -> int:
    row = FactorReplacement
    # One statement decides: what is stopped, or put in force elsewhere, meanwhile is not found again.
    query = (
        update(row).where(*due).values(done_at=clock.now()).returning(row.person_id, row.kind, row.data, row.begun_at)
    )
    found = session.execute(query, execution_options={"synchronize_session": False}).all()
    newest = {(one.person_id, one.kind): one for one in sorted(found, key=lambda one: one.begun_at)}
    _write(session, Passkey, [_passkey(one) for one in newest.values() if one.kind == proof.PASSKEY])
    _write(session, Totp, [_totp(one) for one in newest.values() if one.kind == proof.TOTP])
    persons = {person_id for person_id, _ in newest}
    forget_devices(session, persons)
    log.write_each(session, "signin:factor:replaced", SYSTEM, persons)
    return len(found)


def forget_devices(session: Session, persons: Iterable[UUID]) -> None:
    """Let no device of these persons pass without the second factor any more, nor what applications were given by
    one."""
    whose = list(persons)
    if whose:
        session.execute(delete(RememberedDevice).where(RememberedDevice.person_id.in_(whose)))
        grants.forget_devices(session, whose)


def _write(session: Session, model: type[Passkey | Totp], rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(
            delete(model).where(model.person_id.in_([row["person_id"] for row in rows])),
            execution_options={"synchronize_session": False},
        )
        session.execute(insert(model), rows)
        session.expire_all()


def _passkey(found: Any) -> dict[str, Any]:
    return _columns(found) | {"id": uuid7(), "created_at": found.begun_at, "used_at": None}


def _totp(found: Any) -> dict[str, Any]:
    return _columns(found) | {"created_at": found.begun_at, "confirmed_at": clock.now()}


def _columns(found: Any) -> dict[str, Any]:
    told = {name: b64decode(value) if name in _BYTES else value for name, value in found.data.items()}
    return {"person_id": found.person_id} | told
