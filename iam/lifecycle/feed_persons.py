"""Writes what a source's run staged of persons: who is new, what names them, how they are described, and their sealed
codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.change import Change
from iam.database.types import UtcDateTime
from iam.directory.person import Identifier, Person, PersonKey, PersonProfile, VaultItem
from iam.directory.source import Source
from iam.lifecycle import name_words, reached, staged

NATIONAL = ("identity-code", "learner-number")
"""Kinds of identifiers that nobody in the consortium issues: whoever knows one may state it."""
_PROFILE = ("given_names", "call_name", "family_name", "email", "phone", "birth_date")


def new_persons(session: Session) -> None:
    """Write the persons that nobody knew before."""
    p = staged.person
    new = select(p.c.person_id, p.c.sort_name).where(p.c.fresh)
    session.execute(insert(Person).from_select(["id", "sort_name"], new))


def describe(session: Session, change: Change, source_id: UUID) -> None:
    """Write the identifiers, profiles and sealed identity codes of the staged persons, who are all known by now."""
    _vault(session)
    _identifiers(session, change, source_id)
    _profiles(session, change, source_id)


def _vault(session: Session) -> None:
    p = staged.person
    _reseal(session)
    unsealed = and_(~exists().where(PersonKey.person_id == p.c.person_id), _first_key())
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
    coded = and_(i.kind == "identity-code", i.issuer == "", i.closed_by.is_(None))
    known = exists().where(coded, i.value_mac == p.c.code_mac)
    other = and_(~p.c.fresh, _first_key(), ~known)
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


def _first_key() -> ColumnElement[bool]:
    """The condition that of a person's staged rows this is the first that has a sealed code."""
    return and_(staged.person.c.wrapped_key.is_not(None), ~_earlier(lambda row: row.wrapped_key.is_not(None)))


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
        update(i)
        .where(i.closed_by.is_(None), i.source_id == source_id, told, ~again)
        .values(closed_by=change.id)
        .execution_options(synchronize_session=False)
    )
    names = ("person_id", "kind", "issuer", "value", "value_mac")
    first = and_(~_told_before("value"), ~_told_before("value_mac"))
    rows = select(*(si.c[name] for name in names)).where(si.c.person_id.is_not(None), first, new, _its_own(source_id))
    _open(session, i, change, source_id, names, rows)


def _told_before(value: str) -> ColumnElement[bool]:
    """The condition that a staged identifier is told of an earlier key too, whose person has it."""
    si, shared, other = staged.identifier, staged.shared, staged.identifier.alias()
    same = (shared.c[name] == one.c[name] for one in (si, other) for name in ("kind", "issuer", value))
    return exists().where(*same, other.c.person_id.is_not(None), other.c.person_key < si.c.person_key)


def _its_own(source_id: UUID) -> ColumnElement[bool]:
    """The condition that a source may write a staged identifier: others' are compared only.

    One that names no issuer is written when it is a national one, or the source may state facts everywhere.
    """
    si, own = staged.identifier.c, select(Source.key).where(Source.id == source_id).scalar_subquery()
    return or_(si.issuer == own, and_(si.issuer == "", or_(si.kind.in_(NATIONAL), reached.everywhere())))


def _profiles(session: Session, change: Change, source_id: UUID) -> None:
    p, q, lead = staged.person, PersonProfile, leads()
    mine = and_(q.closed_by.is_(None), q.source_id == source_id, q.person_id == p.c.person_id)
    same = and_(*(getattr(q, name).is_not_distinct_from(p.c[name]) for name in _PROFILE))
    # Said once more by itself: so the few are looked up, and not all that the source ever described.
    told = select(p.c.person_id).where(p.c.has_profile)
    session.execute(
        update(q)
        .where(
            q.closed_by.is_(None), q.source_id == source_id, q.person_id.in_(told), exists().where(mine, lead, ~same)
        )
        .values(closed_by=change.id)
        .execution_options(synchronize_session=False)
    )
    rows = select(p.c.person_id, *(p.c[name] for name in _PROFILE), literal(False)).where(lead, ~exists().where(mine))
    _open(session, q, change, source_id, ("person_id", *_PROFILE, "protected"), rows)


def leads() -> ColumnElement[bool]:
    """The condition that of a person's staged rows this is the one that describes them."""
    return and_(staged.person.c.has_profile, ~_earlier(lambda row: row.has_profile))


def _earlier(tells: Callable[[Any], ColumnElement[bool]]) -> ColumnElement[bool]:
    """The condition that an earlier row of the same person tells something, by its columns."""
    p, pair, other = staged.person.c, staged.together.c, staged.person.alias()
    before = and_(pair.person_key == p.person_key, other.c.person_key == pair.earlier_key)
    return exists().where(before, tells(other.c))


def rename(session: Session, change: Change) -> None:
    """Write by which names the staged persons are found and ordered, after the facts, which say whose word on them
    counts."""
    name_words.write_staged(session, change, leads())


def _open(
    session: Session, model: Any, change: Change, source_id: UUID, columns: Sequence[str], rows: Select[Any]
) -> None:
    """Open one version per row, valid from now on (identifiers and profiles have no dates of their own)."""
    new = rows.add_columns(func.uuid7().label("new_id")).subquery()
    fixed = [
        new.c.new_id,
        literal(source_id, model.source_id.type),
        literal(change.id, model.opened_by.type),
        literal(clock.LONG_AGO, UtcDateTime()),
        literal(clock.FOREVER, UtcDateTime()),
    ]
    names = [*columns, "version_id", "fact_id", "source_id", "opened_by", "valid_from", "valid_to"]
    session.execute(insert(model).from_select(names, select(*new.c, *fixed)))
