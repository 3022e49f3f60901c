"""The sources of others to which an organisation is open, at /admin/organisations/ID/sources: opening it to one, and
ending that with what people lose by it first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from hmac import compare_digest
from typing import NamedTuple
from uuid import UUID

from flask import Response, request
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.organisations.pages import PATH
from admin_ui.parts import frame, words
from admin_ui.parts.frame import blueprint
from admin_ui.people import effects as effects_view
from connectors.problem import Problem
from iam import clock
from iam.access.administration import may_touch
from iam.directory.organisation import Organisation
from iam.directory.source import Source, SourceOpening
from iam.errors import AvainError, Conflict, Invalid, NotFound
from iam.lifecycle.organisations import closing, openings
from iam.sources import listing
from iam.texts import N_
from iam.web import context, guard

SHOWN_PLACES = 20
OFFERED = 300
"""So many sources are offered to be chosen from; any other is named by its key."""


class OpenedLine(NamedTuple):
    """A source to which an organisation is open; ``id`` None: it is open by one above it, and ended there."""

    id: UUID | None
    source: str
    owner: str
    purpose: str
    starts: datetime | None
    until: datetime | None


@blueprint.get("/organisations/<uuid:organisation_id>/sources")
@guard.requires("sources.accept")
def show_opened_sources(organisation_id: UUID) -> Response:
    """Show to which sources of others the organisation is open, and the form that opens it to another."""
    return _page(_in_part(organisation_id))


@blueprint.post("/organisations/<uuid:organisation_id>/sources")
@guard.requires("sources.accept")
def open_to_source(organisation_id: UUID) -> AnyResponse:
    """Open the organisation to a source, from a day to a last day or until further notice."""
    _in_part(organisation_id)
    try:
        source_id, since, until = _form()
        openings.open_(context.db(), (organisation_id, source_id), (since, until), context.actor())
    except (Invalid, Conflict) as error:
        context.db().rollback()
        told = [(one.field, context.texts().sentence(one)) for one in error.problems]
        return _page(_in_part(organisation_id), error.status, told)
    return _done(organisation_id, N_("The organisation is open to the source. What it says is read by its next run."))


@blueprint.get("/organisations/<uuid:organisation_id>/sources/<uuid:opening_id>")
@guard.requires("sources.accept")
def show_closing(organisation_id: UUID, opening_id: UUID) -> Response:
    """Show what people lose when what opens the organisation to a source ends now."""
    return _ending(_in_part(organisation_id), _opening(organisation_id, opening_id))


@blueprint.post("/organisations/<uuid:organisation_id>/sources/<uuid:opening_id>/close")
@guard.requires("sources.accept")
def close_to_source(organisation_id: UUID, opening_id: UUID) -> AnyResponse:
    """Let what opens the organisation to a source end now, when people lose by it what was shown."""
    organisation, opening = _in_part(organisation_id), _opening(organisation_id, opening_id)
    try:
        digest = closing.preview(context.db(), opening).would.effects.digest
        if not compare_digest(effects_view.sealed(digest), request.form.get("seen", "")):
            moved = N_("The effects changed meanwhile. Nothing was done; look at them again.")
            return _ending(organisation, opening, context.texts().gettext(moved), 409)
        openings.close(context.db(), opening, context.actor())
    except Conflict as error:
        return _over(organisation_id, error)
    return _done(
        organisation_id, N_("The organisation is no longer open to the source. What it said ends with its next run.")
    )


def _in_part(organisation_id: UUID) -> Organisation:
    if not may_touch(context.db(), guard.part(), organisation_id):
        raise NotFound
    return context.db().get_one(Organisation, organisation_id)


def _opening(organisation_id: UUID, opening_id: UUID) -> SourceOpening:
    found = context.db().get(SourceOpening, opening_id)
    if found is None or found.organisation_id != organisation_id:
        raise NotFound
    return found


def _form() -> tuple[UUID, datetime, datetime]:
    """Return source, start and half-open end as the form names them; raises ``Invalid`` with every field that lacks
    something."""
    problems = []
    source_id = context.db().scalar(select(Source.id).where(Source.key == request.form.get("source", "").strip()))
    if source_id is None:
        problems.append(
            Problem("There is no such source.", "Ask whoever keeps the source for its exact key.", field="source")
        )
    first, last = _day("since"), _day("until")
    if first is None:
        problems.append(Problem("Choose the first day.", field="since"))
    if last is None and request.form.get("until"):
        problems.append(Problem("Choose the last day.", field="until"))
    if problems or source_id is None or first is None:
        raise Invalid(*problems)
    zone = context.settings().zone
    return source_id, clock.day_start(first, zone), clock.day_end(last, zone) if last else clock.FOREVER


def _day(name: str) -> date | None:
    try:
        day = date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None
    return day if 1901 <= day.year <= 9000 else None


def _page(organisation: Organisation, status: int = 200, errors: Sequence[tuple[str | None, str]] = ()) -> Response:
    language = context.texts().language
    return frame.render(
        "organisations/opened_sources.html",
        status,
        section="organisations",
        breadcrumb=_above(organisation),
        organisation=organisation,
        opened=_lines(organisation),
        offered=[(one.key, f"{owner.name(language)}: {one.purpose}") for one, owner in _offered(organisation)],
        today=clock.today(context.settings().zone).isoformat(),
        errors=errors,
        form=request.form,
    )


def _lines(organisation: Organisation) -> list[OpenedLine]:
    language = context.texts().language
    return [
        OpenedLine(
            row.id if row.organisation_id == organisation.id else None,
            source.called(language),
            owner.name(language),
            source.purpose,
            words.start(row.valid_from),
            words.end(row.valid_to),
        )
        for row, source, owner in listing.opened(context.db(), organisation.id)
    ]


def _offered(organisation: Organisation) -> list[tuple[Source, Organisation]]:
    """Return the sources that the reader may see and that do not speak in the organisation already by their owner."""
    rows = listing.beyond(context.db(), frame.part_of("sources.read"), organisation.id, OFFERED)
    return [(source, owner) for source, owner in rows]


def _ending(organisation: Organisation, opening: SourceOpening, wrong: str = "", status: int = 200) -> Response:
    session = context.db()
    try:
        found = closing.preview(session, opening, frame.part_of("persons.read"))
    except Conflict as error:
        return _over(organisation.id, error)
    source = session.get_one(Source, opening.source_id)
    own = f"{PATH}/{organisation.id}/sources", context.texts().gettext(N_("Sources of others"))
    return frame.render(
        "organisations/closing.html",
        status,
        section="organisations",
        breadcrumb=[*_above(organisation), own],
        source=source,
        owner=session.get_one(Organisation, source.owner_id).name(context.texts().language),
        starts=words.start(opening.valid_from),
        until=words.end(opening.valid_to),
        path=f"{own[0]}/{opening.id}",
        facts=sorted((words.word(words.STATED, kind), n) for kind, n in found.facts.items()),
        effects=effects_view.view(session, found.would),
        wrong=wrong,
        shown_places=SHOWN_PLACES,
        turn=f"{own[0]}/{opening.id}?page=",
        turn_form=None,
    )


def _over(organisation_id: UUID, error: AvainError) -> Response:
    context.db().rollback()
    told = [(None, context.texts().sentence(one)) for one in error.problems]
    return _page(_in_part(organisation_id), error.status, told)


def _above(organisation: Organisation) -> list[tuple[str, str]]:
    texts = context.texts()
    return [
        (PATH, texts.gettext(N_("Organisations"))),
        (f"{PATH}/{organisation.id}", organisation.name(texts.language)),
    ]


def _done(organisation_id: UUID, sentence: str) -> AnyResponse:
    return frame.done(context.texts().gettext(sentence), f"{PATH}/{organisation_id}/sources")
