"""Whose record it is: one person, none yet, or ambiguous. Set-based, by identifiers in the source's declared order.

The source's own key comes first; then each declared kind finds those still unknown. Identifiers that name different
persons are ambiguous, and so is evidence that contradicts itself (``contradiction``): a human decides. Nothing is ever
matched by name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Subquery,
    Uuid,
    and_,
    cast,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.database.bulk import copy_rows
from iam.directory.person import Identifier
from iam.directory.source import Ambiguity, Record, Source
from iam.lifecycle import staged
from iam.sources.identity import contradiction, in_question, said, sharing
from iam.sources.identity.contradiction import SEVERAL, Question

Tell = Callable[[str, Problem], None]
"""Says of a kind of record what must be looked at."""


def correlate(
    session: Session,
    source: Source,
    run_id: UUID,
    order: Sequence[str],
    twice: Collection[str],
    tell: Tell,
    *,
    described: bool = False,
) -> int:
    """Give every staged person and reference a person; return how many persons were ambiguous and left out.

    ``twice`` are the keys under which two identity codes were told. ``described`` says that some kind of record
    describes persons: then one that only refers to somebody unknown makes nobody, and is read again when that person is
    known.
    """
    _decided(session, source)
    _found(session)
    ambiguous = _set_aside(session, source, run_id, _several(_named_twice(session)), tell)
    shared = _note_shared(session)
    found = sharing.join(session, source, [kind for kind in order if kind in shared])
    ambiguous += _set_aside(session, source, run_id, found, tell)
    ambiguous += _set_aside(session, source, run_id, contradiction.questions(session, source, twice), tell)
    if described:
        _drop_undescribed(session)
    _spread(session, source)
    return ambiguous


def _several(found: dict[str, list[str]]) -> dict[str, Question]:
    return {key: Question(SEVERAL, tuple(sorted(ids))) for key, ids in found.items()}


def _tell_lines(session: Session, source: Source, tell: Tell) -> None:
    """Name every line that stands under a key whose evidence contradicts itself, those of earlier runs that still stand
    too."""
    r, contradictory = staged.record, select(staged.aside.c.person_key).where(staged.aside.c.contradicts)
    here = select(r.c.kind, r.c.file, r.c.line).where(r.c.person_key.in_(contradictory))
    gone = select(staged.gone.c.record_id).union(select(r.c.record_id))
    earlier = select(Record.kind, Record.file, Record.line).where(
        Record.source_id == source.id,
        Record.person_key.in_(contradictory),
        Record.missing_since.is_(None),
        Record.id.not_in(gone),
    )
    for kind, file, line in sorted({tuple(row) for row in session.execute(here.union(earlier))}, key=str):
        tell(
            kind,
            Problem(
                "This number stands for two people: another identity code or name is known or told under it.",
                "Correct it in the source, or say on the source's page whose it is.",
                file,
                line,
            ),
        )


def _candidates() -> Subquery:
    """Who the staged identifiers name: by value, and by keyed hash."""
    si = staged.identifier
    named = and_(Identifier.closed_by.is_(None), Identifier.kind == si.c.kind, Identifier.issuer == si.c.issuer)
    columns = select(si.c.person_key, Identifier.person_id)
    by_value = columns.join(Identifier, and_(named, Identifier.value == si.c.value))
    by_mac = columns.join(Identifier, and_(named, Identifier.value_mac == si.c.value_mac))
    return by_value.union(by_mac).subquery()


def _decided(session: Session, source: Source) -> None:
    p = staged.person
    session.execute(
        update(p)
        .where(
            p.c.person_key == Ambiguity.person_key,
            Ambiguity.source_id == source.id,
            Ambiguity.decided_person_id.is_not(None),
        )
        .values(staged.known_as(Ambiguity.decided_person_id))
    )


def _found(session: Session) -> None:
    p, c = staged.person, _candidates()
    one = (
        select(c.c.person_key, _only(c.c.person_id).label("person_id"))
        .group_by(c.c.person_key)
        .having(func.count(c.c.person_id.distinct()) == 1)
        .subquery()
    )
    session.execute(
        update(p).where(p.c.person_key == one.c.person_key, p.c.fresh).values(staged.known_as(one.c.person_id))
    )


def _only(column: ColumnElement[UUID]) -> ColumnElement[UUID]:
    """The single value of a group: PostgreSQL has no min() over uuid, so it goes by way of text."""
    return cast(func.min(cast(column, String)), Uuid)


def _named_twice(session: Session) -> dict[str, list[str]]:
    """Return who is named by each new person's identifiers, where these are several."""
    p, c = staged.person, _candidates()
    many = (
        select(c.c.person_key)
        .join(p, p.c.person_key == c.c.person_key)
        .where(p.c.fresh)
        .group_by(c.c.person_key)
        .having(func.count(c.c.person_id.distinct()) > 1)
    )
    found: dict[str, list[str]] = {}
    for key, person_id in session.execute(select(c.c.person_key, c.c.person_id).where(c.c.person_key.in_(many))):
        found.setdefault(key, []).append(str(person_id))
    return found


def _set_aside(session: Session, source: Source, run_id: UUID, found: Mapping[str, Question], tell: Tell) -> int:
    """Leave out what is said of these keys, but for ends of what is known to be theirs, and ask, once, whose they
    are."""
    if not found:
        return 0
    rows = [(key, one.reason != SEVERAL) for key, one in found.items()]
    staged.make(session, staged.aside)
    copy_rows(session, staged.aside, ("person_key", "contradicts"), rows)
    _tell_lines(session, source, tell)
    _ask(session, source, run_id, found)
    in_question.keep(session, source, found)
    for table in (
        staged.affiliation,
        staged.relationship,
        staged.membership,
        staged.identifier,
        staged.record,
        staged.person,
    ):
        session.execute(delete(table).where(table.c.person_key.in_(staged.WAITING)))
    session.execute(delete(staged.relationship).where(staged.relationship.c.other_key.in_(staged.WAITING)))
    session.execute(delete(staged.absence).where(staged.absence.c.record_id.not_in(select(staged.record.c.record_id))))
    return len(found)


def _ask(session: Session, source: Source, run_id: UUID, found: Mapping[str, Question]) -> None:
    asked = select(Ambiguity).join(staged.aside, Ambiguity.person_key == staged.aside.c.person_key)
    known = {row.person_key: row for row in session.scalars(asked.where(Ambiguity.source_id == source.id))}
    told = said.of(session)
    for key, one in found.items():
        row, said_now = known.get(key) or Ambiguity(source_id=source.id, person_key=key), told.get(key, {})
        if row.decided_person_id is None or row.told.get("evidence") != said_now.get("evidence"):
            row.run_id, row.candidates, row.reason = run_id, list(one.candidates), one.reason
            row.told = {**said_now, "beside": list(one.beside)}
            row.decided_person_id = row.decided_by = row.decided_at = None
            session.add(row)
    session.flush()


def _drop_undescribed(session: Session) -> None:
    p = staged.person
    unknown = select(p.c.person_key).where(p.c.fresh, ~p.c.has_profile)
    if session.execute(unknown.limit(1)).first() is None:
        return
    for table in (staged.affiliation, staged.relationship, staged.membership, staged.identifier, staged.record):
        session.execute(delete(table).where(table.c.person_key.in_(unknown)))
    session.execute(delete(p).where(p.c.fresh, ~p.c.has_profile))


def _note_shared(session: Session) -> set[str]:
    """Note the identifiers that are told of several keys, and return their kinds."""
    si, noted = staged.identifier.c, staged.shared
    several = _shared(si.kind, si.issuer, si.value, si.value_mac)
    session.execute(insert(noted).from_select([column.name for column in noted.c], several))
    return set(session.scalars(select(noted.c.kind).distinct()))


def _shared(*named: ColumnElement[Any]) -> Select[Any]:
    """Select what is told of several keys."""
    key = staged.identifier.c.person_key
    return select(*named).group_by(*named).having(func.min(key) < func.max(key))


def _spread(session: Session, source: Source) -> None:
    """Give the person found to every staged row that speaks of one; drop those whose person nobody knows."""
    p = staged.person
    if session.execute(select(p.c.person_key).where(~p.c.fresh).limit(1)).first() is not None:
        _spread_found(session)
    as_kinds = list(session.scalars(select(p.c.as_kind).distinct()))
    own = [Identifier.closed_by.is_(None), Identifier.issuer == source.key]
    if as_kinds:
        own.append(Identifier.kind.in_(as_kinds))
    r = staged.relationship
    for key, column in (("person_key", "person_id"), ("other_key", "other_person_id")):
        session.execute(
            update(r)
            .where(r.c[column].is_(None), r.c[key] == Identifier.value, *own)
            .values({column: Identifier.person_id})
        )


def _spread_found(session: Session) -> None:
    p, earlier = staged.person, staged.person.alias()
    for table, column in (
        (staged.record, "person_id"),
        (staged.identifier, "person_id"),
        (staged.affiliation, "person_id"),
        (staged.membership, "person_id"),
        (staged.relationship, "person_id"),
        (staged.relationship, "other_person_id"),
    ):
        other = and_(table.c[column] == p.c.first_id, p.c.person_id != p.c.first_id)
        session.execute(update(table).where(other).values({column: p.c.person_id}))
    one = and_(earlier.c.person_id == p.c.person_id, earlier.c.person_key < p.c.person_key)
    pairs = select(p.c.person_key, earlier.c.person_key).join(earlier, one)
    session.execute(insert(staged.together).from_select(["person_key", "earlier_key"], pairs))
