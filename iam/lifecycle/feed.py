"""Writes what a source's run staged, by the comparison that was made before (``facts``). The one place where feeds
become facts.

Held effects are left out: their versions stand, their records keep no digest, and the next run meets them again.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    and_,
    case,
    delete,
    insert,
    literal,
    null,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.orm import Session

from iam.change import Change
from iam.database.bulk import analyze
from iam.directory.affiliation import Group, Relationship
from iam.directory.source import Record
from iam.lifecycle import awaited, feed_persons, staged
from iam.lifecycle.facts import profiles
from iam.lifecycle.facts.kinds import AFFILIATION, RELATIONSHIP
from iam.lifecycle.facts.write import write as write_facts


def write(session: Session, change: Change, source_id: UUID, run_id: UUID) -> None:
    """Write everything staged under ``change``; fills ``st_touched`` with the persons whose rights may differ."""
    profiles.keep_as_they_were(session)
    awaited.keep(session, source_id)
    _drop_strangers(session)
    feed_persons.new_persons(session)
    feed_persons.describe(session, change, source_id)
    _groups(session, source_id)
    _records(session, source_id, run_id)
    write_facts(session, change, source_id)
    feed_persons.rename(session, change)
    _touch(session)


def try_out(session: Session, change: Change, source_id: UUID) -> None:
    """Write what rules bind and nothing more, for what is shown before it is accepted and whose writing the caller
    takes back."""
    feed_persons.new_persons(session)
    _groups(session, source_id)
    write_facts(session, change, source_id)
    _touch(session)


def hold_records(session: Session) -> None:
    """Mark the records of which an effect is held, or the description of whose person is: no digest of them is
    remembered."""
    fx, r = staged.effect, staged.record
    described = select(fx.c.person_id).where(fx.c.held, fx.c.fact == profiles.FACT)
    held = select(fx.c.record_id).where(fx.c.held, fx.c.record_id.is_not(None))
    session.execute(update(r).where(or_(r.c.record_id.in_(held), r.c.person_id.in_(described))).values(held=True))


def _drop_strangers(session: Session) -> None:
    """Forget staged rows whose person or group nobody knows (a reference to a record that was rejected); their records
    are read again."""
    r, m = staged.relationship, staged.membership
    stranger = or_(r.c.person_id.is_(None), r.c.other_person_id.is_(None))
    _read_again(session, select(r.c.record_id).where(stranger, ~r.c.optional))
    _read_again(session, select(m.c.record_id).where(m.c.group_id.is_(None)))
    for table in staged.PERSONAL:
        session.execute(delete(table).where(table.c.person_id.is_(None)))
    session.execute(delete(r).where(or_(r.c.other_person_id.is_(None), r.c.other_person_id == r.c.person_id)))


def _read_again(session: Session, record_ids: Select[Any]) -> None:
    """Remember no digest of these records: a part of what they say could not be written yet."""
    r = staged.record
    session.execute(update(r).where(r.c.record_id.in_(record_ids)).values(digest=b""))


def _records(session: Session, source_id: UUID, run_id: UUID) -> None:
    """Write what the records say now; of those that the guard holds, what waits."""
    r = staged.record
    new = select(
        r.c.record_id,
        literal(source_id, Record.source_id.type),
        r.c.kind,
        r.c.key,
        case((r.c.held, literal(b"", LargeBinary)), else_=r.c.digest),
        literal(run_id, Record.run_id.type),
        r.c.file,
        r.c.line,
        r.c.person_key,
        r.c.person_id,
        case((_waits(), r.c.digest)),
    ).where(r.c.fresh)
    names = ["id", "source_id", "kind", "key", "digest", "run_id", "file", "line", "person_key", "person_id", "waits"]
    session.execute(insert(Record).from_select(names, new))
    said = {
        "digest": r.c.digest,
        "run_id": literal(run_id, Record.run_id.type),
        "file": r.c.file,
        "line": r.c.line,
        "person_key": r.c.person_key,
        "person_id": r.c.person_id,
        "refused": null(),
    }
    taken = {name: case((r.c.held, getattr(Record, name)), else_=value) for name, value in said.items()}
    session.execute(
        update(Record)
        .where(Record.id == r.c.record_id, r.c.fresh.is_(False))
        .values(**taken, waits=case((_waits(), r.c.digest)))
        .execution_options(synchronize_session=False)
    )
    # While somebody is suspended their rows are read in every run: they tell what is given back.
    suspended = select(staged.person.c.person_key).where(staged.person.c.suspended)
    session.execute(
        update(Record)
        .where(Record.source_id == source_id, Record.person_key.in_(suspended))
        .values(digest=b"")
        .execution_options(synchronize_session=False)
    )


def _waits() -> ColumnElement[bool]:
    """The condition that what a staged record says waits as it was said; one that is read again has no digest."""
    r = staged.record.c
    return and_(r.held, r.digest != literal(b"", LargeBinary))


def _groups(session: Session, source_id: UUID) -> None:
    """Write the staged groups under the ids that the comparison gave them."""
    st, g = staged.group, Group
    session.execute(
        update(g)
        .where(g.id == st.c.group_id)
        .values(name=st.c.name, organisation_id=st.c.organisation_id)
        .execution_options(synchronize_session=False)
    )
    rows = select(
        st.c.group_id,
        literal(source_id, g.source_id.type),
        st.c.record_key,
        st.c.organisation_id,
        st.c.kind,
        st.c.key,
        st.c.name,
    ).where(st.c.group_id.not_in(select(g.id)))
    session.execute(
        insert(g).from_select(["id", "source_id", "record_key", "organisation_id", "kind", "key", "name"], rows)
    )


def _touch(session: Session) -> None:
    """Note whose facts differ: of a fact that passes from one to another both, of a relationship both ends, and
    guardians of children."""
    fx, t = staged.effect, staged.touched
    written = (fx.c.held.is_(False), fx.c.fact != profiles.FACT)
    altered = (*written, fx.c.old_version.is_not(None))
    passed, tied, was = staged.affiliation.c, staged.relationship.c, Relationship
    persons = union(
        select(fx.c.person_id).where(*written),
        select(passed.person_id).join(fx, fx.c.row_id == passed.row_id).where(*altered, fx.c.fact == AFFILIATION.name),
        select(tied.other_person_id)
        .join(fx, fx.c.row_id == tied.row_id)
        .where(*written, fx.c.fact == RELATIONSHIP.name),
        select(was.other_person_id).join(fx, fx.c.old_version == was.version_id).where(*altered),
    ).subquery()
    session.execute(
        insert(t).from_select(["person_id"], select(persons.c.person_id).where(persons.c.person_id.is_not(None)))
    )
    analyze(session, t)
    r, noted = Relationship, t.alias()
    # A join for those who are noted already, not NOT IN: else PostgreSQL reads everybody's relationships.
    guardians = (
        select(r.person_id)
        .join(t, t.c.person_id == r.other_person_id)
        .outerjoin(noted, noted.c.person_id == r.person_id)
        .where(r.closed_by.is_(None), noted.c.person_id.is_(None))
    )
    session.execute(insert(t).from_select(["person_id"], guardians.distinct()))
    analyze(session, t)
