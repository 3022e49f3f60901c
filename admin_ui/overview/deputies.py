"""Who decides while the reader is away, and for whom the reader decides, at /admin/deputies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.parts import frame, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.seen import profiles
from connectors.problem import Problem
from iam.deciding import deputies
from iam.errors import Conflict, Denied, Invalid
from iam.signin.passwords import credentials
from iam.texts import N_
from iam.web import context, guard

PATH = "/admin/deputies"
DECIDES = {
    "administrators.write": N_("Administrators"),
    "agreements.sign": N_("Agreements"),
    "applications.write": N_("Applications"),
    "config.apply": N_("Declarations"),
    "organisations.write": N_("Organisations"),
    "rules.write": N_("Rules"),
    "sources.accept": N_("Sources"),
    "rights.grant": N_("Rights given by hand to many people at once"),
    "persons.write": N_("Positions and groups of many people at once"),
}


@blueprint.get("/deputies")
@guard.administers
def show_deputies() -> Response:
    """Show the reader's deputies, and for whom the reader is one."""
    return _page({})


@blueprint.post("/deputies")
@guard.administers
def name_deputy() -> AnyResponse:
    """Name somebody who decides while the reader is away."""
    session, asker, form = context.db(), guard.asker(), request.form
    chosen = form.get("permission", "")
    try:
        days = _day("since"), _day("until")
        known = credentials.find(session, form.get("login", ""))
        # A username that nobody has is answered as one of somebody who holds less.
        deputy_id = UUID(int=0) if known is None else known.person_id
        deputies.name(session, asker, deputy_id, days, context.actor(), chosen if chosen in DECIDES else "")
    except (Invalid, Denied, Conflict) as error:
        problem = error.problems[0]
        return _page({problem.field or "": context.texts().sentence(problem)}, error.status)
    return frame.done(context.texts().gettext(N_("Your deputy is named, and is told of what waits meanwhile.")), PATH)


@blueprint.post("/deputies/<uuid:deputy_id>/end")
@guard.administers
def end_deputy(deputy_id: UUID) -> AnyResponse:
    """End a deputy's time now."""
    deputies.end(context.db(), guard.asker(), deputy_id, context.actor())
    return frame.done(context.texts().gettext(N_("It has ended. You are told of what waits again.")), PATH)


def _day(name: str) -> date:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        raise Invalid(Problem(N_("Write a day."), field=name)) from None


def _page(errors: Mapping[str, str], status: int = 200) -> Response:
    session, texts, asker = context.db(), context.texts(), guard.asker()
    rows = deputies.standing(session, asker.person_id) if asker.person_id is not None else []
    names = profiles(session, {one for row in rows for one in (row.person_id, row.for_person_id)})
    lines = [
        {
            "id": row.id,
            "who": names[row.person_id].display_name,
            "for": names[row.for_person_id].display_name,
            "what": texts.gettext(DECIDES[row.permission]),
            "first": words.start(row.valid_from),
            "last": words.end(row.valid_to),
        }
        for row in rows
    ]
    return frame.render(
        "overview/deputies.html",
        status,
        section="overview",
        breadcrumb=[],
        lines=lines,
        choices=[(name, texts.gettext(DECIDES[name])) for name in deputies.may_be_deputised(asker)],
        typed=request.form,
        errors=errors,
        day_word=words.day,
    )
