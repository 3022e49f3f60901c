"""What a change of definitions gives and takes, as pages show it: in numbers to all, by name of people in the reader's
part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_ui.parts import exports, frame
from admin_ui.parts.paging import SIZE
from admin_ui.parts.seen import profiles
from admin_ui.people.listing import listed_name
from iam.access.administration import Part
from iam.access.commands.effects import Effect, Effects
from iam.access.commands.publish import Preview
from iam.access.model.proposal import Proposal
from iam.access.pages import listing
from iam.database.bulk import among, plain_rows
from iam.directory.organisation import Organisation
from iam.directory.person import Person
from iam.directory.protected import is_protected
from iam.directory.queries import Profile
from iam.texts import N_
from iam.web import context

_BATCH = 5000
HEADER = N_("What"), N_("Name"), N_("Organisation"), N_("Role"), N_("Where"), N_("From"), N_("Until")
Hidden = set[tuple[UUID, UUID]]
_WORDS = {True: N_("gains"), False: N_("loses")}


@dataclass(frozen=True, slots=True)
class EffectLine:
    """Somebody who gains or loses a right; where they are is empty when the reader may not know."""

    person_id: UUID
    gains: bool
    word: str
    name: str
    organisation: str
    role: str
    scope: str
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class View:
    """Numbers, a page of names, and how many people have none here for they are outside the reader's part; ``new`` are
    the first of those that were not among what was proposed (None: not asked), ``more`` how many there are besides."""

    gained: int
    lost: int
    unchanged: int | None
    digest: str
    by_organisation: Sequence[tuple[str, int, int]]
    lines: Sequence[EffectLine]
    unnamed: int
    page: int
    pages: int
    new: Sequence[EffectLine] | None = None
    more: int = 0


@plain_rows()
def view(session: Session, found: Preview, proposal: Proposal | None = None) -> View:
    """Return a change as the reader may see it; the page of names is ``page`` of the form or address. Of a ``proposal``
    whose effects are others by now it says which are new."""
    part, rows = frame.part_of("persons.read"), found.rows()
    named = _named(session, part, rows)
    gained, lost = ({row.person_id for row in rows if row.gains is gains} for gains in (True, False))
    pages = max(1, -(-len(named) // SIZE))
    page = min(_page(), pages)
    chosen = named[(page - 1) * SIZE : page * SIZE]
    hidden = _hidden(session, part, rows)
    return View(
        len(gained),
        len(lost),
        found.unchanged,
        sealed(found.effects.digest),
        _by_organisation(session, rows, hidden),
        _lines(session, chosen, hidden),
        len((gained | lost) - {row.person_id for row in named}),
        page,
        pages,
        *_new(session, part, found, proposal),
    )


def _new(
    session: Session, part: Part, found: Preview, proposal: Proposal | None
) -> tuple[Sequence[EffectLine] | None, int]:
    if proposal is None or proposal.shown is None or proposal.digest == found.effects.digest:
        return None, 0
    rows = found.since(proposal.shown)
    named = _named(session, part, rows)
    return _lines(session, named[:SIZE], _hidden(session, part, rows)), max(0, len(rows) - SIZE)


def file(session: Session, found: Preview) -> Response:
    """Return all of it that has a name for the reader, as a file."""
    part = frame.part_of("persons.export")
    named = _named(session, part, found.rows())
    hidden = _hidden(session, part, named)
    rows = [
        (one.word, one.name, one.organisation, one.role, one.scope, one.since, one.until)
        for start in range(0, len(named), exports.BATCH)
        for one in _lines(session, named[start : start + exports.BATCH], hidden)
    ]
    return exports.csv_file("effects", HEADER, lambda _: rows)


def sealed(digest: str) -> str:
    """Return what stands for a digest on a page: who knows everybody's ids still cannot tell from it whom a change
    touches."""
    return context.vault().mac("effects", "", digest).hex()


def _page() -> int:
    text = request.values.get("page", "")
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1


def _named(session: Session, part: Part, rows: Sequence[Effect]) -> list[Effect]:
    """The effects on people in the part, those who gain first, by name."""
    if not part:
        return []
    person_id: Any = Person.id
    order: dict[UUID, str] = {}
    for ids in _batches({row.person_id for row in rows}):
        query = select(Person.id, Person.sort_name).where(among(session, person_id, ids), part.shows(person_id))
        order.update((one, name) for one, name in session.execute(query))
    kept = (row for row in rows if row.person_id in order)
    return sorted(kept, key=lambda row: (not row.gains, order[row.person_id], row))


def _lines(session: Session, rows: Sequence[Effect], hidden: Hidden) -> list[EffectLine]:
    texts = context.texts()
    shown, roles = (
        profiles(session, {row.person_id for row in rows}),
        listing.role_names(session, {row.role_id for row in rows}),
    )
    places = {place for row in rows for place in (row.organisation_id, row.scope_id)}
    names = _names(session, places)
    return [
        EffectLine(
            row.person_id,
            row.gains,
            texts.gettext(_WORDS[row.gains]),
            listed_name(shown.get(row.person_id, Profile()), texts),
            "" if (row.person_id, row.organisation_id) in hidden else names[row.organisation_id],
            roles[row.role_id].said(texts.language),
            names[row.scope_id],
            texts.first_day(row.valid_from),
            texts.day(row.valid_to),
        )
        for row in rows
    ]


def _by_organisation(session: Session, rows: Sequence[Effect], hidden: Hidden) -> list[tuple[str, int, int]]:
    """People of each organisation who gain and lose, without those of whom the reader may not know that they are
    there."""
    kept = [row for row in rows if (row.person_id, row.organisation_id) not in hidden] if hidden else rows
    counts = Effects(kept, (), "").counts()
    names = _names(session, set(counts))
    return sorted((names[one], *both) for one, both in counts.items())


def _hidden(session: Session, part: Part, rows: Sequence[Effect]) -> Hidden:
    """The protected persons with each of the organisations in which the reader may not know them; two statements a
    batch, none where nothing is kept from the reader."""
    if part.tells_all:
        return set()
    persons, places = {row.person_id for row in rows}, {row.organisation_id for row in rows}
    person_id: Any = Person.id
    protected: set[UUID] = set()
    for ids in _batches(persons):
        protected |= set(
            session.scalars(select(Person.id).where(among(session, person_id, ids), is_protected(person_id)))
        )
    hidden = {(one, place) for one in protected for place in places}
    for ids in _batches(protected):
        pairs = (
            select(Person.id, Organisation.id)
            .join(Organisation, Organisation.id.in_(places))
            .where(person_id.in_(ids), part.tells(person_id, Organisation.id))
        )
        hidden -= {(one, place) for one, place in session.execute(pairs)}
    return hidden


def _names(session: Session, places: set[UUID]) -> dict[UUID, str]:
    language = context.texts().language
    return {
        row.id: row.name(language) for row in session.scalars(select(Organisation).where(Organisation.id.in_(places)))
    }


def _batches(ids: Iterable[UUID]) -> Iterator[list[UUID]]:
    waiting = sorted(ids)
    for start in range(0, len(waiting), _BATCH):
        yield waiting[start : start + _BATCH]
