"""Another last day of what somebody administers, and ending it, at /admin/administrators/ID: each with what it does
before it is done."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.administrators import effect as effects
from admin_ui.administrators.appoint import DO, AppointmentForm, above, answer, day_of
from admin_ui.administrators.listing import PATH, SECTION, lines
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from iam import clock
from iam.access.administrator_roles import PERMISSION_WORDS
from iam.access.commands import appointing
from iam.access.commands.appointing import APPOINTS, Appointment
from iam.access.model.assignment import AdminGrant
from iam.access.pages.administrators import in_view
from iam.directory.organisation import Organisation
from iam.errors import AvainError, Conflict, Denied, Invalid, NotFound
from iam.web import context, guard

_ONE = PATH + "/{grant_id}"


@blueprint.get("/administrators/<uuid:grant_id>")
@guard.requires(APPOINTS)
def administrator(grant_id: UUID) -> Response:
    """Show what somebody administers, and the forms to change and to end it."""
    return _page(_grant(grant_id), AppointmentForm(MultiDict(request.args)))


@blueprint.post("/administrators/<uuid:grant_id>/until")
@guard.requires(APPOINTS)
@guard.recent(_ONE, act=DO)
def lengthen_administrator(grant_id: UUID) -> AnyResponse:
    """Show what another last day does, or write it when that is what was shown."""
    row, form = _grant(grant_id), AppointmentForm(request.form)
    try:
        act = appointing.lengthened(appointing.standing_as(context.db(), row.id), day_of(form.typed, "last"))
        return answer(form, act) or _page(_grant(grant_id), form, "until")
    except (Denied, Conflict, Invalid) as error:
        return _wrong(grant_id, form, error, "until")


@blueprint.post("/administrators/<uuid:grant_id>/end")
@guard.requires(APPOINTS)
@guard.recent(_ONE, act=DO)
def end_administrator(grant_id: UUID) -> AnyResponse:
    """Show what ending does, or end it when that is what was shown."""
    row, form = _grant(grant_id), AppointmentForm(request.form)
    try:
        return answer(form, appointing.standing_as(context.db(), row.id)) or _page(_grant(grant_id), form, "end")
    except (Denied, Conflict, Invalid) as error:
        return _wrong(grant_id, form, error, "end")


def _wrong(grant_id: UUID, form: AppointmentForm, error: AvainError, does: str) -> Response:
    form.errors = effects.beside(error)
    return _page(_grant(grant_id), form, does, error.status)


def _grant(grant_id: UUID) -> AdminGrant:
    found = in_view(context.db(), guard.part(), grant_id)
    if found is None:
        raise NotFound(appointing.NOT_YOURS)
    return found


def _page(row: AdminGrant, form: AppointmentForm, does: str = "", status: int = 200) -> Response:
    session, texts = context.db(), context.texts()
    act: Appointment = appointing.standing_as(session, row.id)
    (line,) = lines(session, [(row, session.get_one(Organisation, row.organisation_id))])
    own = appointing.may_give(session, guard.asker(), row.organisation_id)
    return frame.render(
        "administrators/administrator.html",
        status,
        section=SECTION,
        breadcrumb=above(),
        line=line,
        may_do=[texts.gettext(words) for key, words in PERMISSION_WORDS.items() if key in act.permissions],
        may_change=act.permissions <= own.keys(),
        action=f"{PATH}/{row.id}",
        form=form,
        does=does,
        last=form.typed.get("last")
        or ("" if row.valid_to >= clock.FOREVER else clock.last_day(row.valid_to).isoformat()),
    )
