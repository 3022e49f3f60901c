"""Writes what a source's run staged as fact versions, set by set. The one place where feeds become facts.

Held effects are left out: their versions stand, their records keep the old digest, and the next run meets them again.
"""

from __future__ import annotations

from collections.abc import Sequence
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

from iam import clock
from iam.change import Change
from iam.database.bulk import analyze
from iam.database.types import UtcDateTime
from iam.directory.affiliation import Absence, Affiliation, Group, Membership, Relationship
from iam.directory.person import Identifier, Person, PersonKey, PersonProfile, VaultItem
from iam.directory.source import Record
from iam.lifecycle import staged

_PROFILE = ("given_names", "call_name", "family_name", "email", "phone", "birth_date")


def write(session: Session, change: Change, source_id: UUID, run_id: UUID, now: datetime) -> None:
    """Write everything staged under ``change``; fills ``st_touched`` with the persons whose rights may differ."""
    _drop_strangers(session)
    _persons(session, change, source_id)
    _groups(session, source_id)
    _records(session, source_id, run_id)
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


def _persons(session: Session, change: Change, source_id: UUID) -> None:
    p = staged.person
    new = select(p.c.person_id, p.c.sort_name).where(p.c.fresh)
    session.execute(insert(Person).from_select(["id", "sort_name"], new))
    _vault(session)
    _identifiers(session, change, source_id)
    _profiles(session, change, source_id)


def _vault(session: Session) -> None:
    p = staged.person
    _reseal(session)
    unsealed = and_(p.c.wrapped_key.is_not(None), ~exists().where(PersonKey.person_id == p.c.person_id), _first_key(p))
    session.execute(
        insert(PersonKey).from_select(
            ["person_id", "wrapped_key"], select(p.c.person_id, p.c.wrapped_key).where(unsealed)
        )
    )
    opened = and_(
        exists().where(PersonKey.person_id == p.c.person_id, PersonKey.wrapped_key == p.c.wrapped_key),
        ~exists().where(VaultItem.person_id == p.c.person_id, VaultItem.kind == "identity-code"),
    )
    session.execute(
        insert(VaultItem).from_select(
            ["person_id", "kind", "ciphertext"],
            select(p.c.person_id, literal("identity-code"), p.c.sealed_code).where(opened),
        )
    )


def _reseal(session: Session) -> None:
    """A code that is told otherwise than before takes the place of the sealed one, with a key of its own."""
    p, i = staged.person, Identifier
    known = exists().where(i.kind == "identity-code", i.closed_by.is_(None), i.value_mac == p.c.code_mac)
    other = and_(p.c.wrapped_key.is_not(None), _first_key(p), ~known)
    item = and_(VaultItem.person_id == p.c.person_id, VaultItem.kind == "identity-code", other)
    session.execute(
        update(VaultItem).where(item).values(ciphertext=p.c.sealed_code).execution_options(synchronize_session=False)
    )
    key = and_(
        PersonKey.person_id == p.c.person_id,
        exists().where(VaultItem.person_id == p.c.person_id, VaultItem.ciphertext == p.c.sealed_code),
    )
    session.execute(
        update(PersonKey).where(key).values(wrapped_key=p.c.wrapped_key).execution_options(synchronize_session=False)
    )


def _first_key(p: Table) -> Any:
    other = p.alias()
    return ~exists().where(
        other.c.person_id == p.c.person_id, other.c.person_key < p.c.person_key, other.c.wrapped_key.is_not(None)
    )


def _identifiers(session: Session, change: Change, source_id: UUID) -> None:
    si, i = staged.identifier, Identifier
    named = and_(i.closed_by.is_(None), i.kind == si.c.kind, i.issuer == si.c.issuer)
    new = and_(~exists().where(named, i.value == si.c.value), ~exists().where(named, i.value_mac == si.c.value_mac))
    # A source's own keys stand side by side: a row of one says nothing of another that the same person has.
    told = exists().where(
        si.c.person_id == i.person_id,
        si.c.kind == i.kind,
        si.c.issuer == i.issuer,
        si.c.value.is_distinct_from(si.c.person_key),
    )
    again = exists().where(
        si.c.person_id == i.person_id, si.c.kind == i.kind, or_(si.c.value == i.value, si.c.value_mac == i.value_mac)
    )
    session.execute(
        update(i).where(i.closed_by.is_(None), i.source_id == source_id, told, ~again).values(closed_by=change.id)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    rows = (
        select(func.min(si.c.person_key).label("person_key"), si.c.kind, si.c.issuer, si.c.value, si.c.value_mac)
        .where(si.c.person_id.is_not(None), new)
        .group_by(si.c.kind, si.c.issuer, si.c.value, si.c.value_mac)
        .subquery()
    )
    p = staged.person
    _open(
        session, i, change, source_id, ("person_id", "kind", "issuer", "value", "value_mac"),
        select(p.c.person_id, rows.c.kind, rows.c.issuer, rows.c.value, rows.c.value_mac).join(p, p.c.person_key == rows.c.person_key),
    )  # fmt: skip


def _profiles(session: Session, change: Change, source_id: UUID) -> None:
    p, q, other = staged.person, PersonProfile, staged.person.alias()
    mine = and_(q.closed_by.is_(None), q.source_id == source_id, q.person_id == p.c.person_id)
    lead = and_(
        p.c.has_profile,
        ~exists().where(other.c.person_id == p.c.person_id, other.c.has_profile, other.c.person_key < p.c.person_key),
    )
    same = and_(*(getattr(q, name).is_not_distinct_from(p.c[name]) for name in _PROFILE))
    session.execute(
        update(q).where(q.closed_by.is_(None), q.source_id == source_id, exists().where(mine, lead, ~same)).values(closed_by=change.id)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    rows = select(p.c.person_id, *(p.c[name] for name in _PROFILE), literal(False)).where(lead, ~exists().where(mine))
    _open(session, q, change, source_id, ("person_id", *_PROFILE, "protected"), rows)
    names = and_(Person.id == p.c.person_id, lead, Person.sort_name != p.c.sort_name)
    session.execute(
        update(Person).where(names).values(sort_name=p.c.sort_name).execution_options(synchronize_session=False)
    )


def _open(
    session: Session, model: Any, change: Change, source_id: UUID, columns: Sequence[str], rows: Select[Any]
) -> None:
    """Open one version per row, valid from now on (identifiers and profiles have no dates of their own)."""
    fixed = [
        func.uuid7(), func.uuid7(), literal(source_id, model.source_id.type), literal(change.id, model.opened_by.type),
        literal(clock.LONG_AGO, UtcDateTime()), literal(clock.FOREVER, UtcDateTime()),
    ]  # fmt: skip
    names = [*columns, "version_id", "fact_id", "source_id", "opened_by", "valid_from", "valid_to"]
    session.execute(insert(model).from_select(names, rows.add_columns(*fixed)))


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
    told = (
        select(
            func.uuid7(), fx.c.fact_id, *fixed, st.c.person_id, st.c.organisation_id, st.c.legal_entity_id, st.c.kind, st.c.occupation,
            st.c.title, st.c.is_primary, st.c.substitute_for, st.c.valid_from, st.c.valid_to,
        )
        .join(fx, and_(fx.c.record_id == st.c.record_id, fx.c.organisation_id == st.c.organisation_id))
        .where(fx.c.held.is_(False))
    )  # fmt: skip
    session.execute(insert(a).from_select(names, told))
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
    analyze(session, Affiliation.__table__)  # type: ignore[arg-type]


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
    r, m = staged.relationship, staged.membership
    _replace(
        session,
        change,
        source_id,
        now,
        Relationship,
        r,
        {"person_id": "person_id", "kind": "kind", "other_person_id": "other_id"},
    )
    _replace(session, change, source_id, now, Membership, m, {"person_id": "person_id", "group_id": "group_id"})


def _replace(
    session: Session, change: Change, source_id: UUID, now: datetime, model: Any, st: Table, columns: dict[str, str]
) -> None:
    """A corrected date keeps its fact; what had ended before it was left out stays as it was, and so does what the guard holds."""
    held = select(staged.effect.c.record_id).where(staged.effect.c.held)
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
        .where(~exists().where(standing, same, dates), st.c.record_id.not_in(held))
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
