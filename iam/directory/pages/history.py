"""Every version of a person's facts that an asker may see: what it says, who said it and where, which change opened and
closed it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from iam.change import Change
from iam.directory.affiliation import Absence, Affiliation, Group, Membership, Relationship
from iam.directory.occupation import name_of
from iam.directory.organisation import Organisation
from iam.directory.pages.listing import Visible
from iam.directory.person import Hold, HoldPart, Identifier, PersonProfile
from iam.directory.source import Record, Source
from iam.texts import in_language

MOST = 500
"""So many versions of one kind are read at most, the newest first."""


class Written(NamedTuple):
    """A change as a page tells of it: ``iam.change.Change`` without what proves it."""

    id: UUID
    at: datetime
    kind: str
    actor_person_id: UUID | None
    purpose: str
    run_id: UUID | None


@dataclass(frozen=True, slots=True)
class Version:
    """One version. ``fact`` names its table: profile, identifier, affiliation, absence, membership, relationship or
    hold.

    ``source`` is the key of who said it, in ``line`` of ``file``. ``organisation`` and ``group`` are there for an
    affiliation and a membership, ``position_names`` (of its occupation, by language) for an affiliation; ``other_id``
    is a relationship's other end. Where ``told`` is False, somebody is protected: neither the place nor who said it may
    be shown.
    """

    fact: str
    row: Any
    opened: Written
    closed: Written | None
    source: str | None
    file: str | None
    line: int | None
    told: bool = True
    organisation: Organisation | None = None
    group: Group | None = None
    other_id: UUID | None = None
    position_names: dict[str, str] | None = None
    source_names: dict[str, str] | None = None

    def told_by(self, language: str) -> str | None:
        """What who said it is called."""
        return in_language(self.source_names or {}, language) or self.source

    @property
    def is_open(self) -> bool:
        """Whether this is what is known now."""
        return self.closed is None


def versions(session: Session, visible: Visible, person_id: UUID, *, closed: bool) -> list[Version]:
    """Return the versions of a person's facts, open ones only or (``closed``) all, in the order they were written;
    eight statements.

    Affiliations and groups show where the organisation is visible, relationships where the other person is. What a
    source says of the person besides (names, numbers) shows when it also said something visible, so that nobody learns
    of another employer.
    """
    ties = [
        *_affiliations(session, visible, person_id, closed),
        *_memberships(session, visible, person_id, closed),
        *_relationships(session, visible, person_id, closed),
    ]
    facts = {version.row.fact_id for version in ties}
    absences = [
        one
        for one in _own(session, visible, Absence, "absence", person_id, closed)
        if one.row.affiliation_fact_id in facts
    ]
    spoken = {version.row.source_id for version in ties} | {None}
    everywhere = visible.everything
    about = [
        version
        for model, fact in ((PersonProfile, "profile"), (Identifier, "identifier"))
        for version in _own(session, visible, model, fact, person_id, closed)
        if everywhere or version.row.source_id in spoken
    ]
    found = [*about, *ties, *absences, *_holds(session, visible, person_id, closed)]
    return sorted(found, key=lambda version: (version.opened.at, str(version.row.version_id)))


def _affiliations(session: Session, visible: Visible, person_id: UUID, closed: bool) -> Iterable[Version]:
    told = visible.tells(Affiliation.person_id, Affiliation.organisation_id)
    further = Organisation, name_of(Affiliation.occupation)
    query = _query(Affiliation, closed, told, *further).join(
        Organisation, Organisation.id == Affiliation.organisation_id
    )
    where = (Affiliation.person_id == person_id, visible.covers(Affiliation.organisation_id))
    for version, (organisation, names) in _read(session, "affiliation", query.where(*where)):
        yield replace(version, organisation=organisation, position_names=names)


def _memberships(session: Session, visible: Visible, person_id: UUID, closed: bool) -> Iterable[Version]:
    told = visible.tells(Membership.person_id, Group.organisation_id)
    query = _query(Membership, closed, told, Group, Organisation).join(Group, Group.id == Membership.group_id)
    query = query.join(Organisation, Organisation.id == Group.organisation_id)
    where = (Membership.person_id == person_id, visible.covers(Group.organisation_id))
    for version, (group, organisation) in _read(session, "membership", query.where(*where)):
        yield replace(version, organisation=organisation, group=group)


def _relationships(session: Session, visible: Visible, person_id: UUID, closed: bool) -> Iterable[Version]:
    mine = (Relationship.person_id == person_id) & visible.shows(Relationship.other_person_id)
    others = (Relationship.other_person_id == person_id) & visible.shows(Relationship.person_id)
    told = and_(
        *(visible.tells(end, Source.owner_id) for end in (Relationship.person_id, Relationship.other_person_id))
    )
    # Asked together they would be looked for among everybody's.
    for which in (mine, others):
        for version, _ in _read(session, "relationship", _query(Relationship, closed, told).where(which)):
            row = version.row
            yield replace(version, other_id=row.other_person_id if row.person_id == person_id else row.person_id)


def _own(session: Session, visible: Visible, model: Any, fact: str, person_id: UUID, closed: bool) -> Iterable[Version]:
    told = visible.tells_kin(model.person_id, Source.owner_id)
    query = _query(model, closed, told).where(model.person_id == person_id)
    return (version for version, _ in _read(session, fact, query))


def _holds(session: Session, visible: Visible, person_id: UUID, closed: bool) -> Iterable[Version]:
    """Holds on the whole person, and those over a part where a place of it is visible."""
    here = exists().where(HoldPart.hold_id == Hold.fact_id, visible.covers(HoldPart.organisation_id))
    told = visible.tells_kin(Hold.person_id, Source.owner_id)
    query = _query(Hold, closed, told).where(Hold.person_id == person_id, or_(Hold.whole, here))
    return (version for version, _ in _read(session, "hold", query))


_CHANGE = len(Written._fields)


def _read(session: Session, fact: str, query: Any) -> Iterable[tuple[Version, Sequence[Any]]]:
    """Yield what ``_query`` selects, each with what it was asked for further."""
    for row, told, source, names, file, line, *changes in session.execute(query):
        opened, closed = Written(*changes[:_CHANGE]), Written(*changes[_CHANGE : 2 * _CHANGE])
        ended = None if closed.id is None else closed
        version = Version(fact, row, opened, ended, source, file, line, bool(told), source_names=names)
        yield version, changes[2 * _CHANGE :]


def _query(model: Any, closed: bool, told: ColumnElement[bool], *further: Any) -> Any:
    opening, closing = (Change.__table__.alias() for _ in range(2))
    # All versions, said as open or closed: each half has its index.
    only = or_(model.closed_by.is_(None), model.closed_by.is_not(None)) if closed else model.closed_by.is_(None)
    written = [change.c[name] for change in (opening, closing) for name in Written._fields]
    return (
        select(model, told, Source.key, Source.name, Record.file, Record.line, *written, *further)
        .select_from(model)
        .join(opening, opening.c.id == model.opened_by)
        .outerjoin(closing, closing.c.id == model.closed_by)
        .outerjoin(Source, Source.id == model.source_id)
        .outerjoin(Record, Record.id == model.record_id)
        .where(only)
        .order_by(model.version_id.desc())
        .limit(MOST)
    )
