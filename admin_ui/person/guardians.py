"""Guardians of a protected child: the school confirms that one may know where the child is, or takes it back."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.people.view import PATH, subject_of
from admin_ui.person import page as person
from connectors.problem import Problem
from iam import clock
from iam.errors import Invalid
from iam.lifecycle import guardians
from iam.texts import N_
from iam.web import context, guard

_FACTS = f"{PATH}/{{person_id}}?tab=facts"


@blueprint.post("/persons/<uuid:person_id>/guardians/<uuid:guardian_id>")
@guard.requires("rights.grant")
@guard.recent(_FACTS)
def confirm_guardian(person_id: UUID, guardian_id: UUID) -> AnyResponse:
    """Confirm that a guardian may know where this child is, or take that back."""
    subject, session, actor = subject_of(person_id), context.db(), context.actor()
    if request.form.get("act") == "take back":
        guardians.take_back(session, guard.part(), guardian_id, person_id, actor)
        return _done(person_id, N_("It was taken back. The guardian is told no place from now on."))
    try:
        guardians.confirm(session, guard.part(), guardian_id, person_id, _until(guardian_id), actor)
    except Invalid as error:
        session.rollback()
        said: person.Errors = [
            (f"until-{guardian_id}", context.texts().sentence(problem)) for problem in error.problems
        ]
        return person.show(subject, "facts", error.status, said)
    return _done(
        person_id, N_("The guardian was confirmed. Rights in the child's school reach the services from now on.")
    )


def _until(guardian_id: UUID) -> datetime:
    """Return the half-open end of the form's last day; nothing written is no known end."""
    text = request.form.get(f"until-{guardian_id}", "").strip()
    if not text:
        return clock.FOREVER
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid(Problem("This is not a day.", "Choose the last day, or leave it empty.", field="until")) from None
    if not 1901 <= day.year <= 9000:
        raise Invalid(Problem("This is not a day.", "Choose the last day, or leave it empty.", field="until"))
    return clock.day_end(day, context.settings().zone)


def _done(person_id: UUID, sentence: str) -> AnyResponse:
    return frame.done(context.texts().gettext(sentence), _FACTS.format(person_id=person_id))
