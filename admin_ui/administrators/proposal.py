"""What waits of an administrator for a second person, at /admin/administrators/waiting/ID."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.administrators import effect as effects
from admin_ui.administrators.appoint import above
from admin_ui.administrators.listing import PATH, SECTION
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.parts.seen import profiles
from iam.access.commands.appointing import APPOINTS
from iam.deciding import appointing
from iam.directory.queries import Profile
from iam.errors import AvainError, Conflict, Denied, Invalid, NotFound
from iam.plans import proposals
from iam.texts import N_
from iam.web import context, guard

_WAITING = PATH + "/waiting/{proposal_id}"


@blueprint.get("/administrators/waiting/<uuid:proposal_id>")
@guard.decides(APPOINTS)
def waiting_administrator(proposal_id: UUID) -> Response:
    """Show what waits, with what it would do now."""
    return _page(proposal_id, {})


@blueprint.post("/administrators/waiting/<uuid:proposal_id>")
@guard.decides(APPOINTS)
@guard.recent(_WAITING)
def decide_on_administrator(proposal_id: UUID) -> AnyResponse:
    """Accept what waits, when its effects are those that were shown; or refuse it with a reason."""
    session, asker, actor, told = context.db(), guard.asker(), context.actor(), context.texts().gettext
    found = appointing.waits(session, proposal_id, asker)
    try:
        if request.form.get("act") != "accept":
            appointing.refuse(session, found, request.form.get("reason", ""), asker, actor)
            return frame.done(told(N_("It was refused, and everything stays as it was.")), frame.HOME)
        if appointing.accept(session, found, effects.is_seen, asker, actor):
            return frame.done(told(N_("It is done, and the person is told by mail.")), frame.HOME)
    except (Denied, Conflict, Invalid, NotFound) as error:
        return _page(proposal_id, effects.beside(error), error.status)
    moved = told(N_("The effects changed meanwhile. Nothing was done; look at them again."))
    return _page(proposal_id, {"": moved}, 409)


def _page(proposal_id: UUID, errors: dict[str, str], status: int = 200) -> Response:
    session, texts = context.db(), context.texts()
    found = appointing.waits(session, proposal_id, guard.asker())
    act, would = appointing.act_of(found), None
    try:
        would = effects.effect(session, act, guard.part())
    except AvainError as error:
        # It makes no sense any more: it can only be refused.
        errors = effects.beside(error) | errors
    found = appointing.waits(session, proposal_id, guard.asker())
    proposer = profiles(session, [found.proposed_by]) if found.proposed_by else {}
    return frame.render(
        "administrators/proposal.html",
        status,
        section=SECTION,
        breadcrumb=above() if frame.may(APPOINTS) else [],
        proposal=found,
        effect=would,
        reasons=[texts.sentence(one) for one in proposals.reasons_of(found.reasons)],
        moved=would is not None and would.digest != found.digest,
        proposer=next(iter(proposer.values()), Profile()).display_name,
        mine=found.proposed_by is not None and found.proposed_by == context.actor().person_id,
        errors=errors,
        decide_at=f"{PATH}/waiting/{proposal_id}",
        seen="" if would is None else would.seen,
        reason_error=errors.get("reason"),
    )
