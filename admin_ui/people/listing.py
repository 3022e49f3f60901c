"""The list of persons at /admin/persons: search, filters in the address, pages by key, and the same list as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.parts import exports, frame, lists, paging, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from admin_ui.parts.seen import looked_for, profiles
from connectors.identity_code import holds_code
from iam import clock
from iam.access.administration import Part
from iam.directory import identity_code
from iam.directory.organisation import Organisation
from iam.directory.pages import listing
from iam.directory.pages.listing import PERSON_KEYS, STATES, Wanted
from iam.directory.pages.ties import Tied, Ties, ties
from iam.directory.person import Person
from iam.directory.queries import Profile
from iam.errors import NotFound
from iam.lifecycle.states import state
from iam.signin.accounts import username_rules
from iam.texts import N_, Texts
from iam.web import context, guard
from iam.web.redirect import see_other

frame.section("persons", N_("Persons"), "/admin/persons", "persons.read", 10)

PATH = "/admin/persons"
FILTERS = ("q", "kind", "organisation", "state", "coming", "username")
"""What narrows the list, as its address says it."""
OFFERED = 300
"""So many organisations are offered in the filter; the rest are reached from their own pages."""


@dataclass(frozen=True, slots=True)
class Tie:
    """What binds a person to an organisation in the reader's part; ``place`` is None where it must not be told."""

    kind: str
    position: str | None
    place: str | None
    starts: datetime | None
    ends: datetime | None

    @property
    def is_coming(self) -> bool:
        """Whether it has not begun."""
        return self.starts is not None and self.starts > clock.now()


class PersonCells(NamedTuple):
    """One tie of a person as a line of the file shows it."""

    name: str
    state: str
    kind: str
    position: str | None
    organisation: str
    first_day: str
    last_day: str


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person as the list shows them."""

    id: UUID
    name: str
    state: str
    protected: bool
    ties: list[Tie]


@blueprint.get("/persons")
@guard.requires("persons.read")
def persons() -> AnyResponse:
    """Show a page of the list. A personal identity code is never looked for by an address, and leaves it at once."""
    if holds_code(request.args.get("q", "")):
        return see_other(f"{PATH}?refused=code")
    session, part = context.db(), guard.part()
    offered = _offered(session, part)
    wanted = _wanted(session, part)
    looked_for(wanted.text)
    return frame.render(
        "persons/persons.html",
        section="persons",
        page=_listed(part, wanted).page(),
        wanted=wanted,
        refused=request.args.get("refused"),
        kinds=words.options(words.AFFILIATIONS),
        offered=offered,
        states=[(key, text) for key, text in words.options(words.STATES) if key in STATES],
        looks=words.STATE_LOOKS,
        word=words.word,
        state_words=words.STATES,
        kind_words=words.AFFILIATIONS,
        export_url=paging.address("/admin/persons.csv") if frame.may("persons.export") else None,
        is_narrowed=wanted != Wanted() or _nameless(),
        nameless=_nameless(),
        ticked=request.args.get("tick") == "page",
        tick_url=paging.address(tick="page", after=request.args.get("after"), before=request.args.get("before")),
        filters=[(name, request.args[name]) for name in FILTERS if request.args.get(name)],
    )


@blueprint.get("/persons.csv")
@guard.requires("persons.export")
def persons_file() -> Response:
    """Take home the whole list as filtered, within the part over which the reader may export."""
    part = guard.part()
    wanted = _wanted(context.db(), part)
    filters = {
        "organisation": str(wanted.organisation_id or ""),
        "kind": wanted.kind,
        "state": wanted.state,
        "coming": wanted.coming,
        **({"username": "none"} if _nameless() else {}),
    }
    return file_of(_listed(part, wanted), filters)


def file_of(listed: Listed[PersonLine], filters: Mapping[str, Any]) -> Response:
    """Return a list of persons as a file; ``filters`` go into its event."""
    texts = context.texts()
    header = N_("Name"), N_("State"), N_("Kind"), N_("Position"), N_("Organisation"), N_("From"), N_("Last day")

    def rows(session: Session) -> Iterator[PersonCells]:
        for one in listed.each(session):
            yield from _cells(one, texts)

    return exports.csv_file("persons", header, rows, filters)


def _listed(part: Part, wanted: Wanted) -> Listed[PersonLine]:
    query = listing.persons(part, wanted, archive_after(), few=listing.are_few(context.db(), part))
    if _nameless():
        query = query.where(username_rules.lacks_one(part, Person.id))
    return Listed(query, PERSON_KEYS, lambda session, rows: lines(session, part, rows))


@blueprint.post("/persons/by-code")
@guard.requires("persons.code")
def find_by_code() -> AnyResponse:
    """Find a person by the personal identity code, which travels in the form only; a purpose is needed and recorded."""
    code = request.form.get("code", "").strip().upper()
    person_id = identity_code.find(
        context.db(), context.vault(), code, guard.part(), request.form.get("purpose", ""), context.actor()
    )
    return see_other(f"{PATH}?refused=unknown" if person_id is None else f"{PATH}/{person_id}")


def lines(session: Session, part: Part, rows: Sequence[Person]) -> list[PersonLine]:
    """Return persons as lists show them: two statements, however many they are."""
    ids = [row.id for row in rows]
    shown, found = profiles(session, ids), ties(session, part, ids)
    return [line(id_, shown.get(id_, Profile()), found[id_]) for id_ in ids]


def line(person_id: UUID, profile: Profile, found: Ties) -> PersonLine:
    """Return a person whose profile and ties were read as lists show them."""
    texts, now = context.texts(), clock.now()
    shown = [_tie(tied, texts) for tied in found.affiliations]
    if found.guards_until is not None:
        shown.append(Tie("guardian", None, "", None, words.end(found.guards_until)))
    computed = state(found.intervals, found.held, now, archive_after())
    return PersonLine(person_id, listed_name(profile, texts), str(computed), profile.protected, shown)


def listed_name(profile: Profile, texts: Texts) -> str:
    """Return a name as lists order it, the family name first."""
    first = profile.call_name or profile.given_names or ""
    return " ".join(part for part in (profile.family_name, first) if part) or texts.gettext(N_("No name"))


def archive_after() -> timedelta:
    """Return how long after the last end a person is archived."""
    return timedelta(days=context.settings().lifecycle.archive_days)


def position(tied: Tied, texts: Texts) -> str:
    """Return an affiliation in a line, by which namesakes are told apart."""
    place = tied.place.name(texts.language) if tied.place else texts.gettext(N_("place protected"))
    return f"{tied.called(texts.language) or words.word(words.AFFILIATIONS, tied.kind)}, {place}"


def _tie(tied: Tied, texts: Texts) -> Tie:
    place = tied.place.name(texts.language) if tied.place else None
    return Tie(tied.kind, tied.called(texts.language), place, words.start(tied.valid_from), words.end(tied.valid_to))


def _cells(line: PersonLine, texts: Texts) -> Iterator[PersonCells]:
    state = words.word(words.STATES, line.state)
    for tie in line.ties or [Tie("", None, "", None, None)]:
        place = texts.gettext(N_("protected")) if tie.place is None else tie.place
        kind = words.word(words.AFFILIATIONS, tie.kind)
        days = texts.first_day(tie.starts), texts.day(tie.ends)
        yield PersonCells(line.name, state, kind, tie.position, place, *days)


def wanted_of(session: Session, part: Part, args: Mapping[str, str]) -> Wanted:
    """Return what an address asks for; raises ``NotFound`` for an organisation outside the part. Unknown words are
    left out."""
    organisation_id = paging.as_id(args.get("organisation"))
    if organisation_id is not None:
        here = listing.organisations(part).where(Organisation.id == organisation_id)
        if session.scalars(here).one_or_none() is None:
            raise NotFound
    text = lists.tidied(args.get("q", ""))
    return Wanted(
        "" if holds_code(text) else text,
        organisation_id,
        _one_of(args, "kind", words.AFFILIATIONS),
        _one_of(args, "state", words.STATES),
        _one_of(args, "coming", ("starts", "ends", "came", "went")),
    )


def _wanted(session: Session, part: Part) -> Wanted:
    return wanted_of(session, part, request.args)


def _nameless() -> bool:
    """Whether the address asks for those who would need a username and have none."""
    return request.args.get("username") == "none"


def _one_of(args: Mapping[str, str], name: str, known: Any) -> str | None:
    value = args.get(name)
    return value if value in known else None


def _offered(session: Session, part: Part) -> list[tuple[str, str]]:
    """Return organisations of the part for the filter, by name."""
    return [(str(one.id), one.name) for one in listing.offered(session, part, context.texts().language, OFFERED)]
