"""Writes what a source's run staged as fact versions, set by set. The one place where feeds become facts.

Held effects are left out: their versions stand, their records keep the old digest, and the next run meets them again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    LargeBinary,
    Select,
    Table,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.orm import Session, aliased

from iam.change import Change
from iam.database.bulk import analyze
from iam.database.types import UtcDateTime
from iam.directory.affiliation import Absence, Affiliation, Group, Membership, Relationship
from iam.directory.source import Record
from iam.lifecycle import awaited, feed_persons, staged

MANY = 10_000
"""Affiliations opened by one run from which on the planner is told of them at once: the derivation that follows joins them."""


def write(session: Session, change: Change, source_id: UUID, run_id: UUID, now: datetime) -> None:
    """Write everything staged under ``change``; fills ``st_touched`` with the persons whose rights may differ."""
    awaited.keep(session, source_id)
    _drop_strangers(session)
    feed_persons.new_persons(session)
    feed_persons.describe(session, change, source_id)
    awaited.fulfil(session, source_id)
    _groups(session, source_id)
    _records(session, source_id, run_id)
    _bound(session, change, source_id, now)
    feed_persons.rename(session, change)


def try_out(session: Session, change: Change, source_id: UUID, now: datetime) -> None:
    """Write what rules bind and nothing more, for a source's first run, which is shown and whose writing the caller takes back."""
    _drop_strangers(session)
    feed_persons.new_persons(session)
    _groups(session, source_id)
    _bound(session, change, source_id, now)


def _bound(session: Session, change: Change, source_id: UUID, now: datetime) -> None:
    _affiliations(session, change, source_id)
    _absences(session, change, source_id, now)
    _linked(session, change, source_id, now)
    _touch(session, change)


def _drop_strangers(session: Session) -> None:
    """Forget staged rows whose person nobody knows (a reference to a record that was rejected); their records are read again."""
    r = staged.relationship
    stranger = or_(r.c.person_id.is_(None), r.c.other_id.is_(None))
    _read_again(session, select(r.c.record_id).where(stranger, ~r.c.optional))
    for table in staged.PERSONAL:
        session.execute(delete(table).where(table.c.person_id.is_(None)))
    session.execute(delete(r).where(or_(r.c.other_id.is_(None), r.c.other_id == r.c.person_id)))


def _read_again(session: Session, record_ids: Select[Any]) -> None:
    """Remember no digest of these records: a part of what they say could not be written yet."""
    r = staged.record
    session.execute(update(r).where(r.c.record_id.in_(record_ids)).values(digest=b""))


def _records(session: Session, source_id: UUID, run_id: UUID) -> None:
    r = staged.record
    new = select(
        r.c.record_id, literal(source_id, Record.source_id.type), r.c.kind, r.c.key,
        case((r.c.held, literal(b"", LargeBinary)), else_=r.c.digest), literal(run_id, Record.run_id.type), r.c.file, r.c.line, r.c.person_key, r.c.person_id,
    ).where(r.c.fresh)  # fmt: skip
    names = ["id", "source_id", "kind", "key", "digest", "run_id", "file", "line", "person_key", "person_id"]
    session.execute(insert(Record).from_select(names, new))
    session.execute(
        update(Record)
        .where(Record.id == r.c.record_id, r.c.fresh.is_(False), r.c.held.is_(False))
        .values(
            digest=r.c.digest,
            run_id=run_id,
            file=r.c.file,
            line=r.c.line,
            person_key=r.c.person_key,
            person_id=r.c.person_id,
        )
        .execution_options(synchronize_session=False)
    )


def _affiliations(session: Session, change: Change, source_id: UUID) -> None:
    fx, st, a = staged.effect, staged.affiliation, Affiliation
    session.execute(
        update(a).where(a.version_id.in_(select(fx.c.old_version).where(fx.c.held.is_(False)))).values(closed_by=change.id)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    names = (
        "version_id", "fact_id", "source_id", "record_id", "opened_by", "person_id", "organisation_id", "legal_entity_id", "kind",
        "occupation", "title", "is_primary", "substitute_for", "valid_from", "valid_to",
    )  # fmt: skip
    fixed = (literal(source_id, a.source_id.type), fx.c.record_id, literal(change.id, a.opened_by.type))
    version = case((fx.c.kind == "start", fx.c.fact_id), else_=func.uuid7())
    told = (
        select(
            version, fx.c.fact_id, *fixed, st.c.person_id, st.c.organisation_id, st.c.legal_entity_id, st.c.kind, st.c.occupation,
            st.c.title, st.c.is_primary, st.c.substitute_for, st.c.valid_from, st.c.valid_to,
        )
        .join(fx, and_(fx.c.record_id == st.c.record_id, fx.c.organisation_id == st.c.organisation_id))
        .where(fx.c.held.is_(False))
    )  # fmt: skip
    opened = session.execute(insert(a).from_select(names, told), execution_options={"preserve_rowcount": True})
    still_told = exists().where(st.c.record_id == fx.c.record_id, st.c.organisation_id == fx.c.organisation_id)
    ended = (
        select(
            func.uuid7(), fx.c.fact_id, *fixed, a.person_id, a.organisation_id, a.legal_entity_id, a.kind, a.occupation, a.title,
            a.is_primary, a.substitute_for, a.valid_from, fx.c.valid_to,
        )
        .join(a, a.version_id == fx.c.old_version)
        .where(fx.c.held.is_(False), fx.c.fresh, ~still_told)
    )  # fmt: skip
    session.execute(insert(a).from_select(names, ended))
    if getattr(opened, "rowcount", 0) > MANY:
        analyze(session, Affiliation.__table__, well=True)  # type: ignore[arg-type]


def _absences(session: Session, change: Change, source_id: UUID, now: datetime) -> None:
    """An absence of a record is an absence of each of its affiliations."""
    st, b, a = staged.absence, Absence, Affiliation
    wanted = (
        select(a.fact_id, a.person_id, st.c.record_id, st.c.valid_from, st.c.valid_to)
        .join(a, and_(a.closed_by.is_(None), a.record_id == st.c.record_id, a.source_id == source_id))
        .subquery()
    )
    same = and_(
        b.affiliation_fact_id == wanted.c.fact_id,
        b.valid_from == wanted.c.valid_from,
        b.valid_to == wanted.c.valid_to,
        b.closed_by.is_(None),
    )
    session.execute(
        update(b)
        .where(
            b.closed_by.is_(None),
            b.source_id == source_id,
            b.record_id.in_(select(staged.record.c.record_id)),
            ~exists().where(same),
        )
        .values(closed_by=change.id)
        .execution_options(synchronize_session=False)
    )
    rows = select(
        func.uuid7(), func.uuid7(), literal(source_id, b.source_id.type), wanted.c.record_id, literal(change.id, b.opened_by.type),
        wanted.c.fact_id, wanted.c.person_id, wanted.c.valid_from, wanted.c.valid_to,
    ).where(~exists().where(same))  # fmt: skip
    names = (
        "version_id",
        "fact_id",
        "source_id",
        "record_id",
        "opened_by",
        "affiliation_fact_id",
        "person_id",
        "valid_from",
        "valid_to",
    )
    session.execute(insert(b).from_select(names, rows))


def _groups(session: Session, source_id: UUID) -> None:
    st, g = staged.group, Group
    mine = and_(g.source_id == source_id, g.kind == st.c.kind, g.record_key == st.c.record_key)
    session.execute(
        update(g)
        .where(mine)
        .values(name=st.c.name, organisation_id=st.c.organisation_id)
        .execution_options(synchronize_session=False)
    )
    rows = select(
        func.uuid7(),
        literal(source_id, g.source_id.type),
        st.c.record_key,
        st.c.organisation_id,
        st.c.kind,
        st.c.key,
        st.c.name,
    ).where(~exists().where(mine))
    session.execute(
        insert(g).from_select(["id", "source_id", "record_key", "organisation_id", "kind", "key", "name"], rows)
    )
    m = staged.membership
    session.execute(
        update(m)
        .where(g.source_id == source_id, g.kind == m.c.group_kind, g.record_key == m.c.group_key)
        .values(group_id=g.id)
    )
    _read_again(session, select(m.c.record_id).where(m.c.group_id.is_(None)))
    session.execute(delete(m).where(m.c.group_id.is_(None)))


def _linked(session: Session, change: Change, source_id: UUID, now: datetime) -> None:
    """Relationships and memberships: what a record tells replaces what it told; what it no longer tells ends now."""
    ends = {"person_id": "person_id", "kind": "kind", "other_person_id": "other_id"}
    _replace(session, change, source_id, now, Relationship, staged.relationship, ends)
    members = {"person_id": "person_id", "group_id": "group_id"}
    _replace(session, change, source_id, now, Membership, staged.membership, members)


def _replace(
    session: Session, change: Change, source_id: UUID, now: datetime, model: Any, st: Table, columns: dict[str, str]
) -> None:
    """A corrected date keeps its fact; what had ended before it was left out stays as it was, and so does what the guard holds.

    What a held record newly tells starts all the same.
    """
    fx, x = staged.effect, staged.lapse
    either = union(select(fx.c.record_id).where(fx.c.held), select(x.c.record_id).where(x.c.held)).subquery()
    held = select(either.c.record_id)
    same = and_(
        model.record_id == st.c.record_id, *(getattr(model, name) == st.c[column] for name, column in columns.items())
    )
    dates = and_(model.valid_from == st.c.valid_from, model.valid_to == st.c.valid_to)
    standing = and_(model.closed_by.is_(None), model.source_id == source_id)
    told = or_(
        model.record_id.in_(select(staged.record.c.record_id)), model.record_id.in_(select(staged.gone.c.record_id))
    )
    differs = and_(~exists().where(same, dates), or_(model.valid_to > now, exists().where(same)))
    session.execute(
        update(model).where(standing, told, model.record_id.not_in(held), differs).values(closed_by=change.id)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    names = ["version_id", "fact_id", "source_id", "record_id", "opened_by", *columns, "valid_from", "valid_to"]
    opened_by = literal(change.id, model.opened_by.type)
    lost = select(
        func.uuid7(), model.fact_id, model.source_id, model.record_id, opened_by, *(getattr(model, name) for name in columns),
        model.valid_from, literal(now, UtcDateTime()),
    ).where(model.closed_by == change.id, model.source_id == source_id, model.valid_from < now, ~exists().where(same))  # fmt: skip
    session.execute(insert(model).from_select(names, lost))
    old = aliased(model)
    corrected = and_(
        old.closed_by == change.id,
        old.record_id == st.c.record_id,
        *(getattr(old, name) == st.c[column] for name, column in columns.items()),
    )
    rows = (
        select(
            func.uuid7(), func.coalesce(old.fact_id, func.uuid7()), literal(source_id, model.source_id.type), st.c.record_id, opened_by,
            *(st.c[column] for column in columns.values()), st.c.valid_from, st.c.valid_to,
        )
        .outerjoin(old, corrected)
        .where(~exists().where(standing, same, dates), or_(st.c.record_id.not_in(held), ~exists().where(standing, same)))
    )  # fmt: skip
    session.execute(insert(model).from_select(names, rows))


def _touch(session: Session, change: Change) -> None:
    fx, t = staged.effect, staged.touched
    persons = union(
        select(fx.c.person_id).where(fx.c.held.is_(False)),
        select(staged.affiliation.c.person_id),
        select(staged.relationship.c.person_id),
        select(staged.relationship.c.other_id),
        select(staged.membership.c.person_id),
        select(Relationship.person_id).where(Relationship.closed_by == change.id),
        select(Membership.person_id).where(Membership.closed_by == change.id),
    ).subquery()
    session.execute(
        insert(t).from_select(["person_id"], select(persons.c.person_id).where(persons.c.person_id.is_not(None)))
    )
    guardians = select(Relationship.person_id).where(
        Relationship.closed_by.is_(None),
        Relationship.other_person_id.in_(select(t.c.person_id)),
        Relationship.person_id.not_in(select(t.c.person_id)),
    )
    session.execute(insert(t).from_select(["person_id"], guardians.distinct()))
    analyze(session, t)
