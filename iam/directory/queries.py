"""Reads over facts that several rooms share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased

from iam import clock
from iam.change import Change
from iam.database.statement import Rows, Statement
from iam.database.types import Protected, UtcDateTime
from iam.directory.affiliation import Affiliation, Group, Membership
from iam.directory.entitled import PAST, may_describe
from iam.directory.organisation import Organisation, OrganisationClosure
from iam.directory.person import Hold, PersonProfile
from iam.directory.source import Source


@dataclass(frozen=True, slots=True)
class Profile:
    """What is shown of a person: attribute by attribute the value of the source with the smallest priority that tells
    it.

    Only sources whose word on the person counts (``entitled``) tell anything, save that a person is ``protected`` as
    soon as any source says so. ``updated_at``: when one of them last told something else.
    """

    given_names: str | None = None
    call_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    phone: Protected | None = None
    birth_date: date | None = None
    protected: bool = False
    updated_at: datetime | None = None

    @property
    def display_name(self) -> str:
        """Calling name (or the first of the given names) and family name."""
        first = self.call_name or (self.given_names or "").split(" ")[0]
        return f"{first} {self.family_name or ''}".strip()


_SHOWN = ("given_names", "call_name", "family_name", "email", "phone", "birth_date")


def known(model: Any, known_at: datetime | None) -> ColumnElement[bool]:
    """The condition that a version was what we knew at ``known_at`` (None: now)."""
    if known_at is None:
        return model.closed_by.is_(None)  # type: ignore[no-any-return]
    opened, closed = aliased(Change), aliased(Change)
    return and_(
        exists().where(opened.id == model.opened_by, opened.at <= known_at),
        # The second half says once more that it is of closed versions: by that it has their index.
        or_(
            model.closed_by.is_(None),
            and_(model.closed_by.is_not(None), exists().where(closed.id == model.closed_by, closed.at > known_at)),
        ),
    )


def holds_at(model: Any, at: Any) -> ColumnElement[bool]:
    """The condition that a row's interval holds at ``at``."""
    return and_(model.valid_from <= at, model.valid_to > at)


def profiles(session: Session, person_ids: Collection[UUID]) -> dict[UUID, Profile]:
    """Return the shown profile of each person: one query for all. Persons without one are left out."""
    now = clock.now()
    rows = session.execute(_several(), {"person_ids": list(person_ids), "at": now, "since": now - PAST})
    found: dict[UUID, list[_Row]] = {}
    for *told, person_id in rows:
        found.setdefault(person_id, []).append(_Row(*told))
    return {person_id: _shown(told) for person_id, told in found.items()}


def _shown(rows: Sequence[_Row]) -> Profile:
    telling = [row for row in sorted(rows, key=lambda row: row.priority or 0) if row.counts]
    values = {name: next((v for row in telling if (v := getattr(row, name)) is not None), None) for name in _SHOWN}
    told = max((row.told_at for row in telling if row.told_at is not None), default=None)
    return Profile(**values, protected=any(row.protected for row in rows), updated_at=told)


class _Row(NamedTuple):
    """What one source says of a person; ``counts``: whether it may; ``told_at``: when it last said something else."""

    priority: int | None
    counts: bool
    told_at: datetime | None
    protected: bool
    given_names: str | None
    call_name: str | None
    family_name: str | None
    email: str | None
    phone: Protected | None
    birth_date: date | None


def _told(counts: ColumnElement[bool]) -> Rows:
    shown = [getattr(PersonProfile, name) for name in _Row._fields[3:]]
    query: Rows = select(Source.priority, counts, Change.at, *shown).select_from(PersonProfile)
    query = query.outerjoin(Change, Change.id == PersonProfile.opened_by)
    return query.outerjoin(Source, Source.id == PersonProfile.source_id).order_by(PersonProfile.source_id)


def _counting() -> Rows:
    at, since = (bindparam(name, type_=UtcDateTime()) for name in ("at", "since"))
    return _told(may_describe(PersonProfile, at, since)).where(PersonProfile.closed_by.is_(None))


@cache
def _several() -> Rows:
    """The profiles of several persons; made once, for it is long."""
    ids = bindparam("person_ids", type_=Uuid(), expanding=True)
    return _counting().add_columns(PersonProfile.person_id).where(PersonProfile.person_id.in_(ids))


def _one_profile() -> Rows:
    return _counting().where(PersonProfile.person_id == bindparam("person_id", type_=Uuid()))


_PROFILE = Statement(_one_profile, _Row)


def profile(session: Session, person_id: UUID) -> Profile:
    """Return the shown profile of one person; empty when no source tells anything."""
    now = clock.now()
    return _shown(_PROFILE.all(session, person_id=person_id, at=now, since=now - PAST))


def _group_keys() -> Rows:
    query: Rows = select(Group.key).distinct().join(Membership, Membership.group_id == Group.id)
    return query.where(
        Membership.person_id == bindparam("person_id", type_=Uuid()),
        Membership.closed_by.is_(None),
        holds_at(Membership, bindparam("at", type_=UtcDateTime())),
        Group.organisation_id == bindparam("organisation_id", type_=Uuid()),
    ).order_by(Group.key)


_GROUP_KEYS: Statement[str] = Statement(_group_keys, str)


def group_keys(session: Session, person_id: UUID, organisation_id: UUID, at: datetime) -> list[str]:
    """Return the keys of the person's groups within an organisation at ``at``, in order; groups of one key are one."""
    return _GROUP_KEYS.all(session, person_id=person_id, organisation_id=organisation_id, at=at)


def people_at(organisation_id: UUID, at: datetime) -> Select[UUID]:
    """Select the persons who have an affiliation in an organisation, or under it, at ``at``; some of them more than
    once."""
    here = select(OrganisationClosure.descendant_id).where(
        OrganisationClosure.ancestor_id == organisation_id, holds_at(OrganisationClosure, at)
    )
    return select(Affiliation.person_id).where(
        Affiliation.organisation_id.in_(here), Affiliation.closed_by.is_(None), holds_at(Affiliation, at)
    )


def organisations_over(person_id: Any, at: Any) -> Select[UUID]:
    """Select the organisations in or under which a person has an affiliation at ``at``; some of them more than once."""
    return (
        select(OrganisationClosure.ancestor_id)
        .join(Affiliation, Affiliation.organisation_id == OrganisationClosure.descendant_id)
        .where(
            Affiliation.person_id == person_id,
            Affiliation.closed_by.is_(None),
            holds_at(Affiliation, at),
            holds_at(OrganisationClosure, at),
        )
    )


def is_under(session: Session, organisation_id: UUID, ancestors: Collection[UUID], at: datetime) -> bool:
    """Whether an organisation is one of ``ancestors`` or under one at ``at``."""
    query = select(OrganisationClosure.ancestor_id).where(
        OrganisationClosure.descendant_id == organisation_id,
        OrganisationClosure.ancestor_id.in_(ancestors),
        holds_at(OrganisationClosure, at),
    )
    return session.scalars(query.limit(1)).first() is not None


def held(session: Session, person_id: UUID, at: datetime) -> Hold | None:
    """Return the hold on the whole person at ``at``, if there is one."""
    query = select(Hold).where(Hold.person_id == person_id, Hold.whole, Hold.closed_by.is_(None), holds_at(Hold, at))
    return session.scalars(query.limit(1)).first()


def organisations(session: Session, ids: Collection[UUID]) -> dict[UUID, Organisation]:
    """Return organisations by id: one query for all."""
    return {row.id: row for row in session.scalars(select(Organisation).where(Organisation.id.in_(ids)))}
