"""A person's positions at /admin/persons/ID/positions: those of sources with where they come from, those by hand to be
added, given another end, or ended; which rights follow is shown before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.people import hand_effects, position_form
from admin_ui.people.adding import HandForm
from admin_ui.people.position_form import REASON, HandPosition, text
from admin_ui.people.view import PATH, Subject, subject_of
from admin_ui.person import facts
from connectors.problem import Problem
from iam import clock
from iam.access.administration import may_see
from iam.change import Change
from iam.directory.pages.history import Version, versions
from iam.errors import Conflict, Denied, Invalid
from iam.lifecycle.by_hand import act, positions
from iam.lifecycle.by_hand.act import POSITION_ADDED, POSITION_ENDED, Hand
from iam.texts import N_
from iam.web import context, guard

HERE = f"{PATH}/{{person_id}}/positions"
_CHANGED = N_("What follows from it changed meanwhile. Nothing was done; look at it again.")


@blueprint.get("/persons/<uuid:person_id>/positions")
@guard.requires("persons.write")
def show_positions(person_id: UUID) -> Response:
    """Show the positions of a person of the part, and the form of another."""
    today = clock.today(context.settings().zone).isoformat()
    return _page(subject_of(person_id), HandForm({"first_day": today}))


@blueprint.post("/persons/<uuid:person_id>/positions")
@guard.requires("persons.write")
@guard.recent(HERE)
def add_position(person_id: UUID) -> AnyResponse:
    """Show which rights a position would bring; with ``act=save``, and those seen, add it."""
    subject, form = subject_of(person_id), HandForm(request.form)
    said = position_form.read(request.form, form.problems)
    if said is None:
        return _page(subject, form, status=422)
    return _carried_out(subject, form, _addition(subject, said), N_("The position was added."))


@blueprint.post("/persons/<uuid:person_id>/positions/<uuid:fact_id>")
@guard.requires("persons.write")
@guard.recent(HERE)
def end_position(person_id: UUID, fact_id: UUID) -> AnyResponse:
    """Show which rights come or go by another end, or by an end now; with ``act=save``, and those seen, write it."""
    subject, form = subject_of(person_id), HandForm(request.form)
    positions.standing(context.db(), guard.part(), person_id, fact_id)
    day = position_form.day(request.form, "until", form.problems)
    if not _is_now() and day is None and not form.problems:
        form.problems.append(Problem(N_("This is not a day."), N_("Choose a day."), field="until"))
    if not text(request.form, "reason", REASON):
        form.problems.append(Problem("A reason is needed.", N_("Write why; it is kept in the log."), field="reason"))
    if form.problems:
        return _page(subject, form, fact_id, 422)
    return _carried_out(subject, form, _ending(subject, fact_id, day), N_("The end was changed."), fact_id)


def _is_now() -> bool:
    return request.form.get("when") == "now"


def _addition(subject: Subject, position: HandPosition) -> Hand:
    session, part, said = context.db(), guard.part(), position.said

    def write(change: Change) -> tuple[UUID, set[UUID]]:
        return subject.id, positions.add(session, change, part, subject.id, said, position.sponsor_id)

    envelope = {"kind": said.kind, "sponsor": str(position.sponsor_id)}
    return Hand(write, POSITION_ADDED, "\n".join(position.basis), said.organisation_id, envelope)


def _ending(subject: Subject, fact_id: UUID, day: Any) -> Hand:
    session, part = context.db(), guard.part()

    def write(change: Change) -> tuple[UUID, set[UUID]]:
        until = clock.now() if _is_now() else clock.day_end(day, context.settings().zone)
        return subject.id, positions.end(session, change, part, subject.id, fact_id, until)

    row = positions.standing(session, part, subject.id, fact_id)
    told = "now" if _is_now() else str(day)
    return Hand(write, POSITION_ENDED, f"{row.version_id}\n{told}", row.organisation_id, {"until": told})


def _carried_out(
    subject: Subject, form: HandForm, hand: Hand, sentence: str, fact_id: UUID | None = None
) -> AnyResponse:
    session, actor = context.db(), context.actor()
    try:
        form.effects = hand_effects.view(session, act.preview(session, hand, actor, guard.part()))
        if request.form.get("act") != "save":
            return _page(subject, form, fact_id)
        if not form.effects.is_seen:
            raise Conflict(Problem(_CHANGED))
        with session.begin_nested():
            act.do(session, hand, actor, text(request.form, "reason", REASON))
    except (Invalid, Conflict, Denied) as error:
        form.problems += error.problems
        return _page(subject, form, fact_id, error.status)
    still = may_see(session, guard.part(), subject.id)
    return frame.done(context.texts().gettext(sentence), HERE.format(person_id=subject.id) if still else PATH)


def _page(subject: Subject, form: HandForm, fact_id: UUID | None = None, status: int = 200) -> Response:
    texts = context.texts()
    return frame.render(
        "person/positions.html",
        status,
        section="persons",
        breadcrumb=[(PATH, texts.gettext(N_("Persons"))), (f"{PATH}/{subject.id}?tab=facts", subject.name)],
        subject=subject,
        path=HERE.format(person_id=subject.id),
        lines=_lines(subject),
        form=form,
        typed=form.typed,
        errors=form.errors,
        wrong={name: sentence for name, sentence in form.errors if name},
        changing=fact_id,
        is_now=_is_now(),
        reason_length=REASON,
        **position_form.offered(context.db()),
    )


def _lines(subject: Subject) -> list[Mapping[str, Any]]:
    """The person's positions as the tab of facts says them, each with whether it is by hand and not over."""
    found = versions(context.db(), subject.part, subject.id, closed=False)
    return [
        facts.line(subject, one, {}) | {"id": one.row.fact_id, "by_hand": _is_by_hand(one)}
        for one in found
        if one.fact == "affiliation"
    ]


def _is_by_hand(one: Version) -> bool:
    return bool(one.row.source_id is None and one.told and one.row.valid_to > clock.now())
