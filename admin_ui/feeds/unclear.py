"""Records whose person cannot be told, at /admin/sources/KEY/unclear: both persons side by side, and somebody
decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import Response, request
from sqlalchemy import literal, select, true
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.feeds.sources import PATH, SECTION
from admin_ui.parts import exports, frame, paging, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from admin_ui.parts.seen import profiles
from admin_ui.people.listing import position
from connectors.problem import Problem
from iam.access.administration import Part, may_touch
from iam.directory.organisation import Organisation
from iam.directory.pages.ties import ties
from iam.directory.person import Identifier, Person
from iam.directory.queries import Profile
from iam.directory.source import Ambiguity, Source
from iam.errors import Denied, Invalid, NotFound
from iam.sources import listing
from iam.sources.identity.decide import decide
from iam.sources.listing import AMBIGUITY_KEYS
from iam.texts import N_
from iam.web import context, guard

_REASONS = {
    "several": N_("The numbers in the record name more than one person."),
    "codes": N_("Two personal identity codes stand under the same number."),
    "other": N_("The number is known as somebody's whose personal identity code and name are others."),
    "number": N_("The number is known as somebody's who has none of these names."),
    "shared": N_("The same number is told of people with different names."),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person whose record it may be: the name, and lines that tell this person from the other."""

    id: UUID
    name: str
    lines: list[str]


@dataclass(frozen=True, slots=True)
class Question:
    """A record with the name it tells, ``lines`` of what else it says, why nobody can be sure, and its candidates;
    fewer are shown than there are (``all_shown``) when one lies outside the reader's part."""

    id: UUID
    record: str
    told: str
    lines: list[str]
    reason: str
    candidates: list[Candidate]
    all_shown: bool

    @property
    def why(self) -> str:
        """Why nobody can be sure, to be translated."""
        return _REASONS[self.reason]

    @property
    def may_be_new(self) -> bool:
        """Whether it may be somebody whom nobody knows yet: a number is given to another, or mistyped."""
        return self.reason != "several"


@blueprint.get("/sources/<key>/unclear")
@guard.requires("sources.read")
def unclear(key: str) -> Response:
    """Show the records that wait for somebody to say whose they are."""
    source = listing.source_of(context.db(), guard.part(), key)[0]
    above = [(PATH, context.texts().gettext(N_("Sources"))), (f"{PATH}/{key}", key)]
    return frame.render(
        "sources/unclear.html",
        section=SECTION,
        breadcrumb=above,
        source=source,
        export_url=f"{PATH}/{key}/unclear.csv",
        page=_listed(source).page(paging.cursor(20)),
    )


@blueprint.get("/sources/<key>/unclear.csv")
@guard.requires("sources.read")
def unclear_file(key: str) -> Response:
    """Take home the records that wait, with the names of those the reader may see."""
    source = listing.source_of(context.db(), guard.part(), key)[0]
    listed = _listed(source)

    def rows(session: Session) -> Iterator[Sequence[object]]:
        for question in listed.each(session):
            for candidate in question.candidates:
                yield question.record, candidate.name, "; ".join(candidate.lines)

    return exports.csv_file("unclear", (N_("Record"), N_("Person"), N_("What is known")), rows, {"source": key})


def _listed(source: Source) -> Listed[Question]:
    query, part = listing.ambiguities(source.id, undecided=True), frame.part_of("persons.read")
    return Listed(query, AMBIGUITY_KEYS, lambda session, rows: questions(session, part, source, rows))


@blueprint.post("/sources/<key>/unclear/<uuid:ambiguity_id>")
@guard.requires("sources.run")
def decide_unclear(key: str, ambiguity_id: UUID) -> AnyResponse:
    """Say whose record it is; both persons must lie in the part whose people the reader may see."""
    session, texts = context.db(), context.texts()
    found, part = session.get(Ambiguity, ambiguity_id), frame.part_of("persons.read")
    source = session.get(Source, found.source_id) if found else None
    if found is None or source is None or source.key != key or not may_touch(session, guard.part(), source.owner_id):
        raise NotFound(Problem("There is no such open question.", "Open the list again."))
    if len(_seen(session, part, source, {UUID(one) for one in found.candidates})) < len(found.candidates):
        raise Denied(
            Problem("One of the persons is outside your part.", "Ask an administrator with a wider part to decide.")
        )
    chosen = request.form.get("person")
    person_id = paging.as_id(chosen)
    if person_id is None and (chosen != "new" or found.reason == "several"):
        raise Invalid(Problem("Nobody was chosen.", "Go back and choose one of those shown."))
    decide(session, ambiguity_id, person_id, context.actor())
    return frame.done(
        texts.gettext(N_("Decided. The next run gives the record to this person.")), f"{PATH}/{key}/unclear"
    )


def questions(session: Session, part: Part, source: Source, rows: Sequence[Ambiguity]) -> list[Question]:
    """Return open questions with what the reader may see of each candidate; five statements, however many they are."""
    ids = {UUID(one) for row in rows for one in row.candidates}
    told = _candidates(session, part, _seen(session, part, source, ids))
    places, made = _places(session, part, rows), []
    for row in rows:
        found = [told[UUID(one)] for one in row.candidates if UUID(one) in told]
        name = str(row.told.get("name", "")) if part else ""
        whole = len(found) == len(row.candidates)
        lines = _said(row, places) if part and whole else []
        made.append(Question(row.id, row.person_key, name, lines, row.reason, found, whole))
    return made


def _places(session: Session, part: Part, rows: Sequence[Ambiguity]) -> dict[str, str]:
    """Return the names of those organisations of the part that the records speak of, by id; one statement."""
    ids = {UUID(place) for row in rows for place, _, _ in row.told.get("places", [])}
    query = select(Organisation).where(Organisation.id.in_(ids), part.covers(Organisation.id))
    return {str(one.id): one.name(context.texts().language) for one in session.scalars(query)} if ids else {}


def _said(row: Ambiguity, places: Mapping[str, str]) -> list[str]:
    """Return what the record says beside the name, as candidates are told apart; places of the part alone; and which
    others tell the same number."""
    born, said, beside = (row.told.get(name) for name in ("born", "places", "beside"))
    return [
        *([_born(date.fromisoformat(born))] if born else []),
        *(
            f"{title or words.word(words.AFFILIATIONS, kind)}, {places[id_]}"
            for id_, title, kind in said or ()
            if id_ in places
        ),
        *([_also_in(beside)] if beside else []),
    ]


def _also_in(records: Sequence[str]) -> str:
    return context.texts().gettext(N_("The same number stands in: %(records)s.")) % {"records": ", ".join(records)}


def _born(day: date) -> str:
    return context.texts().gettext(N_("born %(day)s")) % {"day": f"{day.day}.{day.month}.{day.year}"}


def _seen(session: Session, part: Part, source: Source, ids: set[UUID]) -> set[UUID]:
    """Return those of the part's people whom the source may be told to know: a protected one only where it speaks for
    all of the part."""
    if not part:
        return set()
    told = true() if source.owner_id in part.granted else part.tells(Person.id, literal(source.owner_id))
    return set(session.scalars(select(Person.id).where(Person.id.in_(ids), part.shows(Person.id), told)))


def _candidates(session: Session, part: Part, ids: set[UUID]) -> dict[UUID, Candidate]:
    shown, found_ties, lines = profiles(session, ids), ties(session, part, ids), _identifiers(session, ids)
    texts, found = context.texts(), {}
    for person_id in sorted(ids, key=str):
        profile = shown.get(person_id, Profile())
        told = list(lines.get(person_id, []))
        if profile.birth_date is not None:
            told.append(_born(profile.birth_date))
        told += [position(tied, texts) for tied in found_ties[person_id].affiliations]
        found[person_id] = Candidate(person_id, profile.display_name or texts.gettext(N_("No name")), told)
    return found


def _identifiers(session: Session, ids: set[UUID]) -> dict[UUID, list[str]]:
    query = (
        select(Identifier)
        .where(Identifier.person_id.in_(ids), Identifier.closed_by.is_(None))
        .order_by(Identifier.kind, Identifier.value)
    )
    found: dict[UUID, list[str]] = {}
    for row in session.scalars(query):
        if row.value is not None:
            found.setdefault(row.person_id, []).append(f"{words.word(words.IDENTIFIERS, row.kind)} {row.value}")
    return found
