"""Who may administer what: the one place that tells which persons and organisations an administrator sees.

A grant is a permission over a part of the tree. Every list, page and command asks here, inside its query; what lies
outside the part looks as if it did not exist. ``asker`` holds the parts of one who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Uuid,
    and_,
    bindparam,
    exists,
    func,
    null,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from iam import clock
from iam.access.model.assignment import AdminGrant
from iam.database.statement import Rows, Statement, row
from iam.database.types import UtcDateTime
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.organisation import Organisation, OrganisationClosure, OrganisationPlace
from iam.directory.person import Person
from iam.directory.protected import is_protected, rests_on_protected
from iam.directory.queries import holds_at

Id = ColumnElement[UUID] | InstrumentedAttribute[UUID]
COMING, GONE = timedelta(days=30), timedelta(days=90)
"""A person belongs to a part by an affiliation there now, within the coming 30 days or within the past 90."""

PERMISSIONS: dict[str, str] = {
    "admin": "everything in the part",
    "persons.read": "see persons, their facts and their rights",
    "persons.export": "export lists of persons",
    "persons.code": "see an identity code, with a purpose",
    "persons.write": (
        "add persons by hand, and positions by hand, with somebody who answers for them; make local groups and say "
        "who is in them"
    ),
    "access.end": "end a person's access at once, and undo it",
    "rights.grant": "grant a right by hand, with a reason and an end",
    "codes.issue": (
        "issue a one-time sign-in code, give or change a username, say which usernames people of the part "
        "get, send a code again that the mail server did not take"
    ),
    "factors.reset": "remove a person's second factors, when they are lost",
    "sessions.end": "end a person's login sessions",
    "organisations.read": "see organisations",
    "organisations.write": "add, rename, move, merge and close organisations; legal entities only over everything",
    "sources.read": "see sources and their runs",
    "sources.run": "run a source",
    "sources.write": "make and change sources of the part, pause them and take them into use",
    "sources.accept": (
        "accept what the guard held; open an organisation of the part to another owner's source, and end that"
    ),
    "rules.read": "see roles and rules",
    "rules.write": "write, test and publish rules",
    "applications.read": "see applications and what a token would hold",
    "applications.write": (
        "register applications and clients, change their settings and their roles, give secrets, enable "
        "applications for organisations, send undelivered logouts again"
    ),
    "agreements.read": "see agreements",
    "agreements.write": (
        "give notice of an agreement, cancel it before it is in force, suspend it at once, lift a suspension"
    ),
    "agreements.sign": "record the signature of a party of an agreement, and accept one",
    "plans.approve": (
        "decide, as the second person, what waits of the part: source runs, rules, agreements, declarations; it is "
        "seen with the permissions that read them"
    ),
    "audit.search": "search the audit log",
    "config.apply": (
        "apply and export declarations and, on a page, write what people are told before they go on to a "
        "client; all of it only over the whole consortium"
    ),
    "keys.manage": "make and promote signing keys",
    "administrators.write": (
        "see who administers what; appoint administrators, change until when they are, and end them: over no more, and "
        "for no longer, than one's own"
    ),
}


APPROVE = "plans.approve"
CODES = "persons.code"
"""Who holds it over a place may know that a protected person is there."""

# None of these conditions stands inside itself: the aliases are made once, not at every request.
_CHILD, _POSITION, _KIN = aliased(Affiliation), aliased(Affiliation), aliased(Relationship)


@dataclass(frozen=True, slots=True)
class Part:
    """What one asker may see with one permission: all, or the organisations at or under the granted ones.

    ``codes`` is the part over which the same asker also holds ``persons.code``; None: nowhere.
    """

    everything: bool
    granted: frozenset[UUID]
    codes: Part | None = None

    def __bool__(self) -> bool:
        return self.everything or bool(self.granted)

    def organisations(self) -> Select[UUID]:
        """The ids of the organisations in the part, as a query to be used inside another."""
        now = clock.now()
        return select(OrganisationClosure.descendant_id).where(
            OrganisationClosure.ancestor_id.in_(self.granted),
            OrganisationClosure.valid_from <= now,
            OrganisationClosure.valid_to > now,
        )

    def covers(self, organisation_id: Id) -> ColumnElement[bool]:
        """The condition that an organisation lies in the part."""
        return true() if self.everything else organisation_id.in_(self.organisations())

    def shows(self, person_id: Id) -> ColumnElement[bool]:
        """The condition that a person belongs to the part, by an affiliation or as the guardian of somebody who
        does."""
        if self.everything:
            return true()
        here = self.organisations()
        affiliated = exists().where(_near(Affiliation, here), Affiliation.person_id == person_id)
        guardian = exists().where(
            Relationship.person_id == person_id,
            *_guards_now(),
            _CHILD.person_id == Relationship.other_person_id,
            _near(_CHILD, here),
        )
        return or_(affiliated, guardian)

    def people(self) -> Select[UUID]:
        """The ids of the persons who belong to the part, as ``shows`` says, as a query to be used inside another."""
        here = self.organisations()
        affiliated = select(Affiliation.person_id).where(_near(Affiliation, here))
        child = and_(_CHILD.person_id == Relationship.other_person_id, _near(_CHILD, here))
        guardians = select(Relationship.person_id).join(_CHILD, child).where(*_guards_now())
        found: Select[UUID] = select(union(affiliated, guardians).subquery())
        return found

    def tells(self, person_id: Id, organisation_id: Id) -> ColumnElement[bool]:
        """The condition that a query may tell, or let itself be narrowed by, that this person is in this organisation.

        Every filter, search, count and list that says more of persons than that they are in the part goes through it: a
        protected person answers only where the asker holds ``persons.code`` over that very place.
        """
        return self._open(lambda: ~is_protected(person_id), organisation_id)

    def tells_kin(self, person_id: Id, organisation_id: Id) -> ColumnElement[bool]:
        """As ``tells``, and neither is somebody protected whom this person guards, manages or sponsors in that
        organisation."""
        return self._open(lambda: ~is_protected(person_id) & ~_has_protected_kin(person_id), organisation_id)

    @property
    def tells_all(self) -> bool:
        """Whether nothing of anybody is kept from the asker: ``tells``, ``tells_kin`` and ``tells_right`` hold for
        all."""
        return self.codes is not None and self.codes.everything

    def tells_right(self, right: Any) -> ColumnElement[bool]:
        """The condition that a query may tell that somebody holds this right in its scope; ``right`` is as in
        ``rests_on_protected``."""
        return self._open(lambda: ~is_protected(right.person_id) & ~rests_on_protected(right), right.scope_id)

    def reaches(self, right: Any) -> ColumnElement[bool]:
        """The condition that a right is of this part: its scope lies in it, or the position that it is used in."""
        if self.everything:
            return true()
        used = exists().where(
            _POSITION.fact_id == right.capacity_id,
            _POSITION.closed_by.is_(None),
            self.covers(_POSITION.organisation_id),
        )
        return or_(self.covers(right.scope_id), used)

    def lists(self, right: Any) -> ColumnElement[bool]:
        """The condition that a list or a count of those who hold something may hold this right: of the part's people,
        in the part, told."""
        return and_(self.shows(right.person_id), self.reaches(right), self.tells_right(right))

    def _open(self, unprotected: Callable[[], ColumnElement[bool]], organisation_id: Id) -> ColumnElement[bool]:
        codes = self.codes
        if self.tells_all:
            return true()
        return or_(unprotected(), codes.covers(organisation_id)) if codes else unprotected()


NOTHING = Part(False, frozenset())
WHOLE = Part(True, frozenset(), Part(True, frozenset()))
"""The whole consortium, protected persons too: the operator's at the server."""


def _guards_now() -> tuple[ColumnElement[bool], ...]:
    r = Relationship
    return r.kind == "guardian_of", r.closed_by.is_(None), holds_at(r, clock.now())


def _near(affiliation: type[Affiliation], here: Select[UUID]) -> ColumnElement[bool]:
    now = clock.now()
    return (
        affiliation.closed_by.is_(None)
        & (affiliation.valid_from <= now + COMING)
        & (affiliation.valid_to > now - GONE)
        & affiliation.organisation_id.in_(here)
    )


def permissions_of(session: Session, person_id: UUID) -> dict[str, frozenset[UUID]]:
    """Return the permissions a person holds now, each with the organisations it was granted over."""
    rows = session.execute(
        select(AdminGrant.permission, AdminGrant.organisation_id).where(*_granted(person_id, clock.now()))
    )
    found: dict[str, set[UUID]] = {}
    for permission, organisation_id in rows:
        found.setdefault(permission, set()).add(organisation_id)
    return {permission: frozenset(ids) for permission, ids in found.items()}


class Granted(NamedTuple):
    """A permission that a person holds, with the organisation over which it was granted and that one's names by
    language."""

    permission: str
    organisation_id: UUID
    names: Mapping[str, str]


def granted_and_roots(session: Session, person_id: UUID) -> tuple[list[Granted], frozenset[UUID]]:
    """Return what a person holds now, and the organisations at the top of the tree; one statement."""
    granted, top = [], set()
    for permission, organisation_id, *named in _OWN_AND_TOPS.all(session, person_id=person_id, at=clock.now()):
        if permission is None:
            top.add(organisation_id)
        else:
            granted.append(Granted(permission, organisation_id, dict(zip(("fi", "sv", "en"), named, strict=True))))
    return granted, frozenset(top)


def _own_and_tops() -> Rows:
    """The grants of a person, and the tops of the tree as grants of nothing."""
    at, nothing = bindparam("at", type_=UtcDateTime()), null().cast(String)
    names = (Organisation.name_fi, Organisation.name_sv, Organisation.name_en)
    own = (
        select(AdminGrant.permission, AdminGrant.organisation_id, *names)
        .join(Organisation, Organisation.id == AdminGrant.organisation_id)
        .where(*_granted(bindparam("person_id", type_=Uuid()), at))
    )
    tops = _tops(at).with_only_columns(nothing, OrganisationPlace.organisation_id, nothing, nothing, nothing)
    query: Rows = select(union_all(own, tops).subquery())
    return query


_OWN_AND_TOPS = Statement(_own_and_tops, row)


def _granted(person_id: Any, at: Any) -> tuple[ColumnElement[bool], ...]:
    return AdminGrant.person_id == person_id, AdminGrant.closed_by.is_(None), holds_at(AdminGrant, at)


def _tops(at: Any) -> Select[UUID]:
    return select(OrganisationPlace.organisation_id).where(
        OrganisationPlace.parent_id.is_(None),
        OrganisationPlace.closed_by.is_(None),
        holds_at(OrganisationPlace, at),
    )


def roots(session: Session) -> frozenset[UUID]:
    """Return the organisations at the top of the tree now."""
    return frozenset(session.scalars(_tops(clock.now())))


def may_see(session: Session, part: Part, person_id: UUID) -> bool:
    """Whether a person belongs to the part."""
    return session.scalars(select(Person.id).where(Person.id == person_id, part.shows(Person.id))).first() is not None


def parts_with(session: Session, parts: Collection[Part], person_id: UUID) -> set[Part]:
    """Return those of the parts that a person belongs to, none for who does not exist; one statement."""
    asked = [part for part in parts if part]
    query: Any = select(Person.id, *(part.shows(Person.id) for part in asked))
    row = session.execute(query.where(Person.id == person_id)).one_or_none()
    return set() if row is None else {part for part, shown in zip(asked, row[1:], strict=True) if shown}


def may_touch(session: Session, part: Part, organisation_id: UUID) -> bool:
    """Whether an organisation lies in the part."""
    query = select(Organisation.id).where(Organisation.id == organisation_id, part.covers(Organisation.id))
    return session.scalars(query).first() is not None


def knows_protected(session: Session, part: Part) -> bool:
    """Whether ``persons.code`` is held over all of the part: then nothing of it is kept from the asker."""
    codes = part.codes
    if codes is None or not codes:
        return False
    return codes.everything or part.granted <= codes.granted or covers_all(session, codes, part.granted)


def covered(session: Session, part: Part, organisation_ids: Collection[UUID]) -> list[UUID]:
    """Return those of the organisations that lie in a part, in their order; one statement at most."""
    if part.everything or not part or not organisation_ids:
        return list(organisation_ids) if part else []
    here = part.organisations().where(OrganisationClosure.descendant_id.in_(organisation_ids))
    found = set(session.scalars(here))
    return [one for one in organisation_ids if one in found]


def covers_all(session: Session, part: Part, organisation_ids: Collection[UUID]) -> bool:
    """Whether every one of the organisations lies in a part; one statement."""
    return set(organisation_ids) <= set(covered(session, part, organisation_ids))


def smallest_over(session: Session, organisation_ids: Collection[UUID]) -> UUID | None:
    """Return the lowest organisation that lies now at or above each of these; None where there is none. One
    statement."""
    c, above, now = OrganisationClosure, aliased(OrganisationClosure), clock.now()
    depth = select(func.count()).where(above.descendant_id == c.ancestor_id, holds_at(above, now))
    query = select(c.ancestor_id).where(c.descendant_id.in_(organisation_ids), holds_at(c, now))
    query = query.group_by(c.ancestor_id).having(func.count(c.descendant_id.distinct()) == len(set(organisation_ids)))
    lowest = query.order_by(depth.correlate(c).scalar_subquery().desc(), c.ancestor_id).limit(1)
    return session.scalar(lowest)


def speaks_freely(session: Session, part: Part, person_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the persons of whom anything may be said that concerns the part; at most two statements.

    Of a protected person, and of who guards, manages or sponsors one, only to who holds ``persons.code`` over the whole
    part.
    """
    if knows_protected(session, part):
        return set(person_ids)
    open_ = ~is_protected(Person.id), ~_has_protected_kin(Person.id)
    return set(session.scalars(select(Person.id).where(Person.id.in_(person_ids), *open_)))


def _has_protected_kin(person_id: Id) -> ColumnElement[bool]:
    return exists().where(_KIN.person_id == person_id, _KIN.closed_by.is_(None), is_protected(_KIN.other_person_id))
