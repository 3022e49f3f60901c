"""Why could she not get in? The latest attempts of a person, or at an application, from the sign-in to the answer.

A person's are a tab of their page, an application's are at /admin/applications/KEY/trace. Who or what lies outside the
reader's part has no name here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_ui.applications.pages import PATH, SECTION
from admin_ui.parts import events, exports, frame, paging, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.seen import profiles
from admin_ui.people import listing as persons
from admin_ui.people.view import Subject, subject_of
from admin_ui.trace import words as trace_words
from admin_ui.trace.words import Place, Position
from iam.access.administration import Part, speaks_freely
from iam.access.model.role import Application
from iam.access.pages import listing
from iam.audit.log import AuditEvent
from iam.directory.affiliation import Affiliation
from iam.directory.occupation import called, name_of
from iam.directory.organisation import Organisation
from iam.directory.person import Person
from iam.directory.queries import Profile
from iam.oidc.authorization import attempts as trace
from iam.oidc.clients.registered import ADMIN
from iam.oidc.model import Attempt, Client
from iam.texts import N_, in_language
from iam.web import context, guard

SIZE = 50
FAILED = 20
FAILURES = (
    "signin:password:refused",
    "signin:password:throttled",
    "signin:ldap:refused",
    "signin:factor:refused",
    "signin:session:refused",
)
NOT_IN = tuple(outcome for outcome in trace.OUTCOMES if outcome != "issued")


class AttemptCells(NamedTuple):
    """An attempt as a line of the file shows it."""

    at: str
    who: str
    application: str
    client: str
    outcome: str
    sign_in: str
    positions: str
    answer: str


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """An attempt as the lists show it; ``who`` is empty where the person lies outside the reader's part, addresses
    where a page does."""

    at: datetime
    who: str
    person: UUID | None
    application: str
    client: str
    outcome: str
    sign_in: str
    positions: Sequence[Position]
    ended: Sequence[Position]
    answer: str
    key: str | None
    token: str | None

    def why(self, position: UUID | None, *, held: bool) -> str | None:
        """The address that tells why a position opens the application, or why not; None where the reader may see
        neither."""
        if self.person is None or position is None or self.key is None:
            return None
        day = self.at.astimezone(context.zone()).date().isoformat()
        query = {"tab": "rights", "at": day} | ({"application": self.key} if held else {})
        return f"{persons.PATH}/{self.person}?{urlencode(query)}" + ("" if held else "#why-not")


def read(subject: Subject) -> Mapping[str, Any]:
    """Return what the person's tab shows: the attempts, and the failed sign-ins before them."""
    session = context.db()
    found, later = _page(
        lambda before, size: trace.attempts(
            session, person_id=subject.id, outcomes=_outcomes(), before_id=before, limit=size
        )
    )
    return {
        "lines": lines(
            session, found, subject.part, frame.part_of("applications.read") or subject.part, hidden=subject.is_hidden
        ),
        "failures": [(one.at, events.word(one.type)) for one in _failures(session, subject.id)],
        "only": _only(),
        "next": paging.address(after=later) if later else None,
        "export_url": f"/admin/persons/{subject.id}/trace.csv",
        **_words(),
    }


@blueprint.get("/persons/<uuid:person_id>/trace.csv")
@guard.requires("persons.read")
def person_trace_file(person_id: UUID) -> Response:
    """Take home the attempts of a person."""
    subject = subject_of(person_id)
    hidden, applications = subject.is_hidden, frame.part_of("applications.read") or subject.part
    return _file(
        lambda session, before: trace.attempts(session, person_id=person_id, before_id=before, limit=exports.BATCH),
        subject.part,
        applications,
        {"person": str(person_id)},
        hidden=hidden,
    )


@blueprint.get("/applications/<application>/trace")
@guard.requires("applications.read")
def application_trace(application: str) -> Response:
    """Show the latest attempts at an application, or at one of its clients."""
    session, texts = context.db(), context.texts()
    found, _ = listing.application_of(session, guard.part(), application)
    clients = _clients(session, found)
    shown, later = _page(
        lambda before, size: trace.attempts(
            session, client_ids=clients, outcomes=_outcomes(), before_id=before, limit=size
        )
    )
    name = in_language(found.name, texts.language, application)
    return frame.render(
        "applications/trace.html",
        section=SECTION,
        breadcrumb=[(PATH, texts.gettext(N_("Applications"))), (f"{PATH}/{application}", name)],
        name=name,
        here=request.path,
        lines=lines(session, shown, frame.part_of("persons.read"), guard.part()),
        only=_only(),
        client=request.args.get("client", ""),
        next=paging.address(after=later) if later else None,
        export_url=paging.address(f"{PATH}/{application}/trace.csv"),
        **_words(),
    )


@blueprint.get("/applications/<application>/trace.csv")
@guard.requires("applications.read")
def application_trace_file(application: str) -> Response:
    """Take home the attempts at an application."""
    found, _ = listing.application_of(context.db(), guard.part(), application)
    clients, outcomes = _clients(context.db(), found), _outcomes()
    return _file(
        lambda session, before: trace.attempts(
            session, client_ids=clients, outcomes=outcomes, before_id=before, limit=exports.BATCH
        ),
        frame.part_of("persons.export"),
        guard.part(),
        {"application": application},
    )


def lines(
    session: Session, found: Sequence[Attempt], people: Part, applications: Part, *, hidden: bool | None = None
) -> list[AttemptLine]:
    """Return attempts as lists show them: four statements, however many they are.

    Persons and positions are named within ``people``, applications within ``applications``. ``hidden``: whether the
    places of the one person are not told. At an application (None) nobody is named of whom it may not be told where
    they are: its owner's place tells.
    """
    ids = {one.person_id for one in found if one.person_id}
    visible = _visible(session, people, ids, everybody=hidden is not None)
    shown = profiles(session, visible)
    secret = visible if hidden else set[UUID]()
    places = _places(session, people, visible, secret)
    called = _applications(session, applications, {one.client_id for one in found})
    return [_line(one, shown, visible, places.get(one.person_id, {}) if one.person_id else {}, called) for one in found]


def _line(
    one: Attempt,
    shown: Mapping[UUID, Profile],
    visible: set[UUID],
    places: Mapping[UUID, Place],
    called: Mapping[str, Application],
) -> AttemptLine:
    texts = context.texts()
    application, person = called.get(one.client_id), one.person_id if one.person_id in visible else None
    name = in_language(application.name, texts.language, application.key) if application else _unnamed(one.client_id)
    gone = trace_words.ended(one, places.values()) if one.outcome == "no-right" else []
    everyone = application is not None and application.entry == "everyone"
    return AttemptLine(
        one.at,
        persons.listed_name(shown.get(person, Profile()), texts) if person else "",
        person,
        name,
        one.client_id if application else "",
        one.outcome,
        trace_words.sign_in(one, name),
        trace_words.positions(one, places, name),
        gone,
        trace_words.answer(one, places, gone, name, everyone=everyone),
        application.key if application else None,
        _token(one, application, person),
    )


def _unnamed(client_id: str) -> str:
    known = N_("The administration pages") if client_id == ADMIN else N_("A service that is not shown to you")
    return context.texts().gettext(known)


def _token(one: Attempt, application: Application | None, person: UUID | None) -> str | None:
    """Return the address of what the token held; None when nothing was issued, or it is not the reader's to see."""
    acted = trace_words.acted_as(one)
    if application is None or person is None or acted is None or not frame.may("applications.read"):
        return None
    day = one.at.astimezone(context.zone()).date().isoformat()
    return f"{PATH}/{application.key}/token?" + urlencode(
        {"person": person, "capacity": acted, "client": one.client_id, "on": day}
    )


def _visible(session: Session, people: Part, ids: set[UUID], *, everybody: bool) -> set[UUID]:
    if not people or not ids:
        return set()
    seen = set(session.scalars(select(Person.id).where(Person.id.in_(ids), people.shows(Person.id))))
    return seen if everybody else speaks_freely(session, people, seen)


def _places(session: Session, people: Part, ids: set[UUID], secret: set[UUID]) -> dict[UUID, dict[UUID, Place]]:
    """Return the positions of these persons within the part, ended ones too, by person and by the position's id; one
    statement."""
    texts, found = context.texts(), dict[UUID, dict[UUID, Place]]()
    rows = session.execute(
        select(Affiliation, Organisation, name_of(Affiliation.occupation))
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(
            Affiliation.person_id.in_(ids), Affiliation.closed_by.is_(None), people.covers(Affiliation.organisation_id)
        )
    )
    for row, organisation, names in rows:
        kind = words.word(words.AFFILIATIONS, row.kind)
        where = texts.gettext(N_("place protected")) if row.person_id in secret else organisation.name(texts.language)
        position = kind if row.person_id in secret else called(names, row.title, texts.language) or kind
        said = f"{position}, {where}"
        found.setdefault(row.person_id, {})[row.fact_id] = Place(row.fact_id, said, row.valid_from, row.valid_to)
    return found


def _applications(session: Session, part: Part, client_ids: set[str]) -> dict[str, Application]:
    query = (
        listing.applications(part).join(Client, Client.application_id == Application.id).add_columns(Client.client_id)
    )
    return {row[2]: row[0] for row in session.execute(query.where(Client.client_id.in_(client_ids)))}


def _failures(session: Session, person_id: UUID) -> list[AuditEvent]:
    query = select(AuditEvent).where(AuditEvent.subject_id == person_id, AuditEvent.type.in_(FAILURES))
    return list(session.scalars(query.order_by(AuditEvent.id.desc()).limit(FAILED)))


def _clients(session: Session, application: Application) -> list[str]:
    """Return the client that the address names, when it is this application's; else all of them, retired ones too."""
    known = list(session.scalars(select(Client.client_id).where(Client.application_id == application.id)))
    wanted = request.args.get("client")
    return [wanted] if wanted in known else known


def _only() -> bool:
    return request.args.get("only") == "failed"


def _outcomes() -> tuple[str, ...] | None:
    return NOT_IN if _only() else None


def _page(read_: Callable[[UUID | None, int], list[Attempt]]) -> tuple[list[Attempt], UUID | None]:
    """Return a page of attempts after the one that the address names, and the last one's id when there are more."""
    found = read_(paging.as_id(request.args.get("after")), SIZE + 1)
    return found[:SIZE], found[SIZE - 1].id if len(found) > SIZE else None


def _words() -> dict[str, Any]:
    return {"word": words.word, "outcomes": trace_words.OUTCOMES, "looks": trace_words.LOOKS}


def _file(
    read_: Callable[[Session, UUID | None], list[Attempt]],
    people: Part,
    applications: Part,
    filters: Mapping[str, Any],
    *,
    hidden: bool | None = None,
) -> Response:
    texts = context.texts()
    header = (
        N_("When"),
        N_("Who"),
        N_("Service"),
        N_("Client"),
        N_("Result"),
        N_("Sign-in"),
        N_("Positions"),
        N_("Answer"),
    )

    def rows(session: Session) -> Iterator[AttemptCells]:
        last: UUID | None = None
        while found := read_(session, last):
            last = found[-1].id
            for one in lines(session, found, people, applications, hidden=hidden):
                told = " ".join(position.sentence for position in one.positions)
                yield AttemptCells(
                    texts.moment(one.at),
                    one.who,
                    one.application,
                    one.client,
                    words.word(trace_words.OUTCOMES, one.outcome),
                    one.sign_in,
                    told,
                    one.answer,
                )
            session.expunge_all()

    return exports.csv_file("sign-ins", header, rows, filters)
