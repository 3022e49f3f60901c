"""Undoing one change of facts: what it opened is closed, and what it closed stands again, as if it had not been.

Nothing is taken from the past: until the undoing the facts were what the change said. Persons whom the change made
stay, with nothing said of them.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, literal, or_, select, union, update
from sqlalchemy.orm import Session, aliased

from iam.change import Change
from iam.database.bulk import analyze
from iam.directory.affiliation import Absence, Affiliation, Membership, Relationship
from iam.directory.person import Identifier, PersonProfile
from iam.directory.source import GONE, AwaitedRelationship, Record
from iam.lifecycle import name_words, staged

KINDS: tuple[Any, ...] = (Affiliation, Absence, Relationship, Membership, PersonProfile, Identifier)
"""What a source's run writes."""
CODE = "identity-code"


def built_on(session: Session, of: UUID) -> int:
    """Return how many facts of a change something later changed; 0: it can be undone."""
    return sum(_count(session, model, _built_on(model, of)) for model in KINDS)


def changes_codes(session: Session, of: UUID) -> bool:
    """Whether a change put other identity codes in the place of sealed ones, which are not kept."""
    return bool(session.scalar(select(exists().where(Identifier.closed_by == of, Identifier.kind == CODE))))


def undo(session: Session, change: Change, of: UUID, run_id: UUID, *, trial: bool = False) -> None:
    """Undo the change ``of``, which the run wrote: facts, names, and what is remembered of the run's records, which are
    refused as they were said. Fills ``st_touched`` with the persons whose rights may differ.

    In a ``trial``, which the caller takes back, only what rights rest on is written: no names, and nothing of records.
    """
    for model in KINDS:
        _close(session, model, change, of)
        _open_again(session, model, change, of)
    staged.make(session, staged.touched)
    _touch(session, change, of)
    if not trial:
        _refuse_records(session, of, run_id)
        name_words.write(session, list(session.scalars(select(staged.touched.c.person_id))))


def _built_on(model: Any, of: UUID) -> ColumnElement[bool]:
    now = aliased(model)
    others = and_(now.closed_by.is_(None), now.opened_by != of)
    stands: ColumnElement[bool] = exists().where(others, now.fact_id == model.fact_id)
    if model is Identifier:
        named = and_(now.kind == model.kind, now.issuer == model.issuer)
        same = or_(now.value == model.value, now.value_mac == model.value_mac)
        stands = or_(stands, exists().where(others, named, same))
    return or_(and_(model.opened_by == of, model.closed_by.is_not(None)), and_(model.closed_by == of, stands))


def _count(session: Session, model: Any, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count(model.fact_id.distinct())).where(condition)) or 0


def _close(session: Session, model: Any, change: Change, of: UUID) -> None:
    query = update(model).where(model.opened_by == of, model.closed_by.is_(None)).values(closed_by=change.id)
    session.execute(query.execution_options(synchronize_session=False))


def _open_again(session: Session, model: Any, change: Change, of: UUID) -> None:
    names = [one.name for one in model.__table__.columns if one.name not in ("version_id", "opened_by", "closed_by")]
    rows = select(
        func.uuid7(), literal(change.id, model.opened_by.type), *(getattr(model, name) for name in names)
    ).where(model.closed_by == of)
    session.execute(insert(model).from_select(["version_id", "opened_by", *names], rows))


def _touch(session: Session, change: Change, of: UUID) -> None:
    """Note whose facts were closed and opened again. They are asked for by who closed them: what is closed is little,
    and for who opened it each table would be read through once more."""
    gone, r = (change.id, of), Relationship
    persons = [select(model.person_id).where(model.closed_by.in_(gone)) for model in KINDS]
    persons.append(select(r.other_person_id).where(r.closed_by.in_(gone)))
    found = union(*persons).subquery()
    session.execute(insert(staged.touched).from_select(["person_id"], select(found.c.person_id)))
    analyze(session, staged.touched)
    noted = staged.touched.c.person_id
    guardians = (
        select(r.person_id)
        .where(r.closed_by.is_(None), r.other_person_id.in_(select(noted)), r.person_id.not_in(select(noted)))
        .distinct()
    )
    session.execute(insert(staged.touched).from_select(["person_id"], guardians))


def _refuse_records(session: Session, of: UUID, run_id: UUID) -> None:
    """What the run's records said is not asked again; nor that those do not come any more which it ended."""
    ended = union(*(select(m.record_id).where(m.closed_by == of, m.record_id.is_not(None)) for m in KINDS))
    gone_ids = select(ended.subquery().c.record_id)
    r, said = Record, Record.run_id == run_id
    gone = update(r).where(~said, r.digest == b"", r.id.in_(gone_ids)).values(refused=GONE)
    told = update(r).where(said, r.digest != b"").values(refused=r.digest, digest=b"", waits=None)
    waits = select(r.id).where(said)
    for query in (gone, told, delete(AwaitedRelationship).where(AwaitedRelationship.record_id.in_(waits))):
        session.execute(query.execution_options(synchronize_session=False))
