"""Commands on local persons: people that an administrator declares, without a source. All take sets.

A local fact has no ``source_id``. The caller owns the transaction and derives rights afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, insert, select
from sqlalchemy.orm import Session

from iam import clock
from iam.change import Change
from iam.database.types import uuid7
from iam.directory.affiliation import Affiliation
from iam.directory.name_words import sort_key
from iam.directory.person import Identifier, Person, PersonProfile
from iam.directory.source import Source
from iam.lifecycle import name_words
from iam.lifecycle.facts.kinds import AFFILIATION
from iam.lifecycle.versions import Stated, Written, ending, restate

_PERSONS: Table = Person.__table__  # type: ignore[assignment]
_PROFILES: Table = PersonProfile.__table__  # type: ignore[assignment]
_AFFILIATIONS: Table = Affiliation.__table__  # type: ignore[assignment]
_ALIKE = ("person_id", "organisation_id", "kind")
BATCH = 5000


@dataclass(frozen=True, slots=True)
class LocalProfile:
    """What is declared of a local person."""

    given_names: str
    family_name: str
    email: str | None = None
    birth_date: date | None = None

    @property
    def sort_name(self) -> str:
        """The name lists are ordered by."""
        return sort_key(self.family_name, self.given_names)


@dataclass(frozen=True, slots=True)
class StatedAffiliation:
    """An affiliation as declared."""

    organisation_id: UUID
    kind: str
    occupation: str | None
    title: str | None
    valid_from: datetime
    valid_to: datetime


def create_local(session: Session, change: Change, people: Sequence[LocalProfile]) -> list[UUID]:
    """Add persons with their profiles and return their ids in the same order; two statements."""
    ids = [uuid7() for _ in people]
    if people:
        rows = [{"id": id_, "sort_name": one.sort_name} for id_, one in zip(ids, people, strict=True)]
        session.execute(insert(_PERSONS), rows)
        set_profiles(session, change, dict(zip(ids, people, strict=True)))
    return ids


def set_profiles(session: Session, change: Change, stated: Mapping[UUID, LocalProfile]) -> Written:
    """Make ``stated`` the local profiles of these persons; what sources say of them stays."""
    current = _open_rows(session, _PROFILES, stated)
    rows: list[Stated] = [
        {
            "person_id": person_id,
            "given_names": one.given_names,
            "family_name": one.family_name,
            "email": one.email,
            "birth_date": one.birth_date,
            "valid_from": clock.LONG_AGO,
            "valid_to": clock.FOREVER,
        }
        for person_id, one in stated.items()
    ]
    written = restate(session, change, _PROFILES, current, rows, (("person_id",),))
    if written:
        name_words.write(session, stated)
    return written


def set_affiliations(session: Session, change: Change, stated: Mapping[UUID, Sequence[StatedAffiliation]]) -> Written:
    """Make ``stated`` the local affiliations of these persons, the first of each being the primary one.

    One that is left out ends now; what is over stays.
    """
    rows = list(_affiliation_rows(stated))
    current = _open_rows(session, _AFFILIATIONS, stated)
    replaced, after = ending(current, rows, AFFILIATION.columns, _ALIKE, clock.now())
    return restate(session, change, _AFFILIATIONS, replaced, after, ((*_ALIKE, "valid_from"), _ALIKE))


def _affiliation_rows(stated: Mapping[UUID, Sequence[StatedAffiliation]]) -> Iterable[Stated]:
    for person_id, items in stated.items():
        for place, item in enumerate(items):
            yield dict.fromkeys(AFFILIATION.columns) | {
                "person_id": person_id,
                "organisation_id": item.organisation_id,
                "kind": item.kind,
                "occupation": item.occupation,
                "title": item.title,
                "is_primary": place == 0,
                "valid_from": item.valid_from,
                "valid_to": item.valid_to,
            }


def _open_rows(session: Session, table: Table, person_ids: Iterable[UUID]) -> list[Row[Any]]:
    ids = list(person_ids)
    found: list[Row[Any]] = []
    for start in range(0, len(ids), BATCH):
        query = select(table).where(
            table.c.closed_by.is_(None), table.c.source_id.is_(None), table.c.person_id.in_(ids[start : start + BATCH])
        )
        found += session.execute(query.order_by(table.c.valid_from)).all()
    return found


def add_with_number(session: Session, change: Change, source: Source, number: str) -> UUID:
    """Add somebody of whom nothing is known yet, and make a source's number theirs instead of whose it was; return who
    it is."""
    person_id, i = uuid7(), Identifier
    session.add(Person(id=person_id))
    session.flush()
    query = select(i).where(i.issuer == source.key, i.value == number, i.closed_by.is_(None))
    for row in session.scalars(query).all():
        row.closed_by = change.id
        session.flush()
        session.add(
            Identifier(
                person_id=person_id,
                kind=row.kind,
                issuer=row.issuer,
                value=row.value,
                source_id=source.id,
                opened_by=change.id,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
            )
        )
    session.flush()
    return person_id
