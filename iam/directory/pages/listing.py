"""What lists of persons and organisations show: queries narrowed to what the asker may see, and one statement for each
column."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, null, or_, select
from sqlalchemy.orm import Session, aliased

from iam import clock
from iam.database.types import in_byte_order
from iam.directory import holds
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.name_words import AFTER_Z, LONGEST_WORD, typed_words
from iam.directory.occupation import called, name_of
from iam.directory.organisation import Organisation, OrganisationClosure, OrganisationPlace
from iam.directory.person import Identifier, Person, PersonNameWord
from iam.directory.protected import is_protected
from iam.directory.queries import holds_at


class Visible(Protocol):
    """The part that an asker may see, as conditions inside a query; ``access.administration.Part`` is one."""

    @property
    def everything(self) -> bool:
        """Whether the asker may see all there is."""

    def shows(self, person_id: Any) -> ColumnElement[bool]:
        """The condition that a person belongs to the part."""

    def people(self) -> Select[UUID]:
        """The ids of those who belong to the part."""

    def covers(self, organisation_id: Any) -> ColumnElement[bool]:
        """The condition that an organisation lies in the part."""

    def tells(self, person_id: Any, organisation_id: Any) -> ColumnElement[bool]:
        """The condition that a query may tell, or be narrowed by, that this person is in this organisation."""

    def tells_kin(self, person_id: Any, organisation_id: Any) -> ColumnElement[bool]:
        """As ``tells``, and nobody whom this person guards, manages or sponsors in that organisation is protected."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which persons a list shows; everything given must hold.

    ``text``: words of which each begins a word of a name that is shown or was held (``name_words``), or an identifier
    (a learner or employee number) as it stands. ``organisation_id``: an affiliation at or under it; ``kind``: of an
    affiliation, or ``guardian``; ``state``: draft, active, ended, suspended or archived; ``coming``: an affiliation
    that ``starts`` or ``ends`` within ``COMING``, or by which somebody ``came`` new or ``went`` within the same time
    past.
    """

    text: str = ""
    organisation_id: UUID | None = None
    kind: str | None = None
    state: str | None = None
    coming: str | None = None


STATES = ("active", "ended", "suspended", "draft", "archived")
COMING = timedelta(days=14)
NEAR, GONE = timedelta(days=30), timedelta(days=90)
"""An affiliation counts in a list when it holds, starts within the coming 30 days or ended within the past 90."""


def persons(visible: Visible, wanted: Wanted, archive_after: timedelta, *, few: bool = False) -> Select[Any]:
    """Select the persons that the asker may see and wants to; the order is (``sort_name``, ``id``).

    Of a part in which ``are_few`` they are gathered first; else the list is walked in its order, which in a small part
    of a country would pass by almost everybody.
    """
    here = Person.id.in_(visible.people()) if few else visible.shows(Person.id)
    query = select(Person).where(Person.merged_into.is_(None), here)
    if wanted.text.strip():
        query = query.where(_called(visible, wanted.text))
    if wanted.organisation_id or wanted.kind or wanted.coming:
        query = query.where(_affiliated(visible, wanted))
    if wanted.state is not None:
        query = query.where(_in_state(wanted.state, archive_after))
    return query


def are_few(session: Session, visible: Visible) -> bool:
    """Whether the part is so small that its people are gathered sooner than the list is walked; one statement that
    counts no further."""
    if visible.everything:
        return False
    a = Affiliation
    some = select(a.person_id).where(a.closed_by.is_(None), *near(a), visible.covers(a.organisation_id))
    return (session.scalar(select(func.count()).select_from(some.limit(_LOOKED_AT).subquery())) or 0) < _LOOKED_AT


_NOWHERE: Any = null()
_LOOKED_AT = 20_000
_FEW_BEGIN_SO = 3
"""Letters from which on SQLite, which cannot tell, first looks up who is called so; with fewer it walks the list and
asks of each."""
_LAST = "\U0010ffff"
"""A sign that stands in no word, after all that do."""
PERSON_KEYS = (Person.sort_name, Person.id)


def _called(visible: Visible, text: str) -> ColumnElement[bool]:
    """The condition that each word of ``text`` begins a word of a person's names, or that it is a number of theirs."""
    typed = typed_words(text)
    named = and_(*(_is_named(visible, parts) for parts in typed)) if typed else false()
    if not any(map(str.isdigit, text)):
        return named
    return or_(named, _identified(visible, unicodedata.normalize("NFC", text.strip())))


def _is_named(visible: Visible, parts: Sequence[str]) -> ColumnElement[bool]:
    """Of a word with a hyphen or an apostrophe in it either each part is found, or all of them joined: O'Neill may be
    written ONeill."""
    joined = _begins_a_word(visible, "".join(parts))
    return joined if len(parts) == 1 else or_(joined, and_(*(_begins_a_word(visible, part) for part in parts)))


def _begins_a_word(visible: Visible, start: str) -> ColumnElement[bool]:
    """The condition that a word of a person's names begins so; names that are shown no more find no protected person.

    Else a name that somebody hides from would lead to the one that they took.
    """
    word, start = aliased(PersonNameWord), start[:LONGEST_WORD]
    within = and_(word.word >= start, word.word < f"{start}{_LAST}")
    within &= or_(word.shown, _tells_former(visible, word.person_id))
    if len(start) < _FEW_BEGIN_SO:
        return exists().where(word.person_id == Person.id, within)
    return Person.id.in_(select(word.person_id).where(within))


def _tells_former(visible: Visible, person_id: Any) -> ColumnElement[bool]:
    """The condition that a query may be narrowed by a former name: of somebody without protection, or whom the asker
    may see protected."""
    tie = aliased(Affiliation)
    there = exists().where(
        tie.person_id == person_id,
        tie.closed_by.is_(None),
        *near(tie),
        visible.covers(tie.organisation_id),
        visible.tells(person_id, tie.organisation_id),
    )
    return or_(visible.tells(person_id, _NOWHERE), there)


def _identified(visible: Visible, value: str) -> ColumnElement[bool]:
    """The condition that a number is the person's. A protected person's counts only when it comes from who also placed
    them in the part.

    Whoever holds another employer's list of numbers would else learn by each of them whether it is one of theirs.
    """
    tie = aliased(Affiliation)
    placed = exists().where(
        tie.person_id == Identifier.person_id,
        tie.closed_by.is_(None),
        tie.source_id == Identifier.source_id,
        visible.covers(tie.organisation_id),
    )
    known = or_(~is_protected(Identifier.person_id), Identifier.source_id.is_(None), placed)
    return Person.id.in_(
        select(Identifier.person_id).where(Identifier.closed_by.is_(None), Identifier.value == value, known)
    )


def _affiliated(visible: Visible, wanted: Wanted) -> ColumnElement[bool]:
    """The condition that a person has such an affiliation where the asker may see it, or guards somebody who has one
    there."""
    holder = aliased(Affiliation)
    conditions = [holder.closed_by.is_(None), visible.covers(holder.organisation_id)]
    if wanted.coming is not None:
        conditions += coming(holder, wanted.coming)
    elif wanted.state != "archived":
        conditions += near(holder)
    if wanted.organisation_id is not None:
        conditions.append(holder.organisation_id.in_(at_or_under(wanted.organisation_id)))
    conditions.append(visible.tells(holder.person_id, holder.organisation_id))
    if wanted.kind != "guardian":
        kind = [holder.kind == wanted.kind] if wanted.kind is not None else []
        return exists().where(holder.person_id == Person.id, *conditions, *kind)
    now = clock.now()
    return exists().where(
        Relationship.person_id == Person.id,
        Relationship.kind == "guardian_of",
        Relationship.closed_by.is_(None),
        Relationship.valid_from <= now,
        Relationship.valid_to > now,
        holder.person_id == Relationship.other_person_id,
        visible.tells(Person.id, holder.organisation_id),
        *conditions,
    )


def _in_state(state: str, archive_after: timedelta) -> ColumnElement[bool]:
    """The condition that a person's computed state (``lifecycle.states``) is ``state``."""
    now = clock.now()
    held = holds.whole(Person.id, now)
    begun, recent = _begun(now, clock.LONG_AGO), _begun(now, now - archive_after)
    # What has begun and not ended, or will begin.
    lasting = _begun(clock.FOREVER, now)
    conditions = {
        "suspended": held,
        "draft": ~held & ~begun,
        "active": ~held & recent & lasting,
        "ended": ~held & recent & ~lasting,
        "archived": ~held & begun & ~recent,
    }
    return conditions[state]


def _begun(now: datetime, ended_after: datetime) -> ColumnElement[bool]:
    def of(model: Any) -> tuple[ColumnElement[bool], ...]:
        return (
            model.person_id == Person.id,
            model.closed_by.is_(None),
            model.valid_from <= now,
            model.valid_to > ended_after,
        )

    return or_(exists().where(*of(Affiliation)), exists().where(Relationship.kind == "guardian_of", *of(Relationship)))


def near(model: Any) -> list[ColumnElement[bool]]:
    """The conditions that a row holds now, will within ``NEAR`` or did within ``GONE``."""
    now = clock.now()
    return [model.valid_from <= now + NEAR, model.valid_to > now - GONE]


def coming(model: Any, what: str) -> list[ColumnElement[bool]]:
    """The conditions that a row ``what``: "starts" or "ends" within ``COMING``; "came" or "went" within the same time
    past, of an affiliation with none other of the person in that organisation before or after it."""
    now = clock.now()
    if what in ("came", "went"):
        moment, then = (model.valid_from, now - COMING) if what == "came" else (model.valid_to, now)
        return [moment > now - COMING, moment <= now, ~_is_there(model, then)]
    moment = model.valid_from if what == "starts" else model.valid_to
    return [moment > now, moment <= now + COMING, *([] if what == "starts" else [model.valid_from <= now])]


def _is_there(model: Any, at: datetime) -> ColumnElement[bool]:
    """The condition that the person of an affiliation had one in the same organisation at an instant."""
    other = aliased(Affiliation)
    return exists().where(
        other.person_id == model.person_id,
        other.organisation_id == model.organisation_id,
        other.closed_by.is_(None),
        other.valid_from <= at,
        other.valid_to > at,
    )


def at_or_under(organisation_id: UUID) -> Select[Any]:
    """The ids of an organisation and of those under it now, to be used inside a query."""
    return select(OrganisationClosure.descendant_id).where(
        OrganisationClosure.ancestor_id == organisation_id, holds_at(OrganisationClosure, clock.now())
    )


def organisations(visible: Visible, text: str = "", kind: str | None = None) -> Select[Any]:
    """Select the organisations in the asker's part, of a kind, or whose key or a name has ``text`` in it."""
    query = select(Organisation).where(visible.covers(Organisation.id))
    if text.strip():
        names = (Organisation.key, Organisation.name_fi, Organisation.name_sv, Organisation.name_en)
        query = query.where(
            or_(*(name.icontains(form, autoescape=True) for name in names for form in _cases(text.strip())))
        )
    return query.where(Organisation.kind == kind) if kind is not None else query


def _cases(text: str) -> set[str]:
    # SQLite folds the case of ASCII only, so Ä and ä are both tried.
    return {text, text.lower(), text.capitalize(), text.upper()}


def tops(visible: Visible) -> Select[Any]:
    """Select the organisations at the top of the asker's part: what lies above them is not in it."""
    placed = _placed(OrganisationPlace.organisation_id == Organisation.id)
    outside = or_(OrganisationPlace.parent_id.is_(None), ~visible.covers(OrganisationPlace.parent_id))
    return organisations(visible).where(exists().where(*placed, outside))


def children(visible: Visible, parent_id: UUID) -> Select[Any]:
    """Select the organisations right under another now."""
    return organisations(visible).where(
        exists().where(
            *_placed(OrganisationPlace.organisation_id == Organisation.id), OrganisationPlace.parent_id == parent_id
        )
    )


def _placed(which: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    return which, OrganisationPlace.closed_by.is_(None), holds_at(OrganisationPlace, clock.now())


def organisation_keys(language: str) -> tuple[Any, ...]:
    """Return the order of a list of organisations: by name in the reader's language as the Finnish alphabet has it,
    then id."""
    name: Any = {"fi": Organisation.name_fi, "sv": Organisation.name_sv}.get(language, Organisation.name_en)
    for letter, place in AFTER_Z.items():
        name = func.replace(func.replace(name, letter.upper(), place), letter, place)
    return in_byte_order(func.lower(name)), Organisation.id


class Offered(NamedTuple):
    """An organisation that a form offers, by its name in the reader's language."""

    id: UUID
    key: str
    name: str


def offered(session: Session, visible: Visible, language: str, most: int) -> list[Offered]:
    """Return the first organisations of the asker's part by name, at most so many."""
    name = {"fi": Organisation.name_fi, "sv": Organisation.name_sv}.get(language, Organisation.name_en)
    query = organisations(visible).with_only_columns(Organisation.id, Organisation.key, name)
    return [Offered(*row) for row in session.execute(query.order_by(*organisation_keys(language)).limit(most))]


def path(session: Session, visible: Visible, organisation_id: UUID) -> list[Organisation]:
    """Return the organisations above one, from the outermost in the asker's part inwards; one statement.

    Who lies deeper has more ancestors, so the count of an ancestor's own ancestors is its level.
    """
    now, above = clock.now(), aliased(OrganisationClosure)
    level = select(func.count()).where(above.descendant_id == Organisation.id, holds_at(above, now)).scalar_subquery()
    query = (
        select(Organisation)
        .join(OrganisationClosure, OrganisationClosure.ancestor_id == Organisation.id)
        .where(
            OrganisationClosure.descendant_id == organisation_id,
            Organisation.id != organisation_id,
            holds_at(OrganisationClosure, now),
            visible.covers(Organisation.id),
        )
        .order_by(level)
    )
    return list(session.scalars(query))


def parents(session: Session, visible: Visible, organisation_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the key of the organisation right above each now, where the asker may see it; one statement."""
    query = (
        select(OrganisationPlace.organisation_id, Organisation.key)
        .join(Organisation, Organisation.id == OrganisationPlace.parent_id)
        .where(*_placed(OrganisationPlace.organisation_id.in_(organisation_ids)), visible.covers(Organisation.id))
    )
    return dict(session.execute(query).all())


def positions_held(session: Session, visible: Visible, most: int, language: str) -> list[tuple[str, str]]:
    """Return the codes of positions that people of the asker's part hold, each with its name, else a title that goes
    with it, by that, of so many positions as a form has time for; one statement."""
    a = Affiliation
    here = a.closed_by.is_(None), a.occupation.is_not(None), visible.covers(a.organisation_id), a.valid_to > clock.now()
    told = visible.tells(a.person_id, a.organisation_id)
    some = select(a.occupation, a.title).where(*here, told).limit(_LOOKED_AT).subquery().c
    query = select(some.occupation, func.min(some.title), name_of(some.occupation)).group_by(some.occupation)
    rows = session.execute(query.limit(most))
    held = ((str(code), str(called(name, title, language) or code)) for code, title, name in rows)
    return sorted(held, key=lambda one: one[1])
