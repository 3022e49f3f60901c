"""An act for many people that waits for a second person, at /admin/bulk/waiting/ID."""

from __future__ import annotations

from hmac import compare_digest
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.bulk import fields
from admin_ui.bulk.pages import PATH, SHOWN_PLACES, left_out
from admin_ui.bulk.rules import left_rules
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.parts.seen import profiles
from admin_ui.people import effects as effects_view
from iam.access.model.proposal import Proposal
from iam.access.model.rule import Rule
from iam.bulk import plan, waits
from iam.bulk.acts.act import BulkAct, BulkAsker
from iam.bulk.plan import BulkPreview
from iam.directory.queries import Profile
from iam.errors import AvainError, Conflict, Denied, Invalid, NotFound
from iam.plans import proposals
from iam.texts import N_
from iam.web import context, guard

_WAITING = PATH + "/waiting/{bulk_id}"


@blueprint.get("/bulk/waiting/<uuid:bulk_id>")
@guard.administers
def waiting_bulk_act(bulk_id: UUID) -> Response:
    """Show what waits, with what it would do now."""
    return _page(waits.of_id(context.db(), guard.asker(), bulk_id), {})


@blueprint.post("/bulk/waiting/<uuid:bulk_id>")
@guard.administers
@guard.recent(_WAITING)
def decide_on_bulk_act(bulk_id: UUID) -> AnyResponse:
    """Do it when its effects are those that were shown; or refuse it with a reason."""
    session, told, who = context.db(), context.texts().gettext, _who()
    found = waits.of_id(session, who.asker, bulk_id)
    try:
        if request.form.get("act") != "accept":
            waits.refuse(session, found, request.form.get("reason", ""), who.actor)
            return frame.done(told(N_("It was refused, and everything stays as it was.")), frame.HOME)
        if plan.accept(session, found, _is_seen, who):
            return frame.done(told(N_("It is done, exactly as it was shown.")), frame.HOME)
    except (Denied, Conflict, Invalid, NotFound) as error:
        problem = error.problems[0]
        return _page(found, {problem.field or "": context.texts().sentence(problem)}, error.status)
    moved = told(N_("The effects changed meanwhile. Nothing was done; look at them again."))
    return _page(found, {"": moved}, 409)


def _who() -> BulkAsker:
    settings = context.settings()
    return BulkAsker(guard.asker(), context.actor(), context.vault(), settings.zone, settings)


def _is_seen(digest: str) -> bool:
    return compare_digest(effects_view.sealed(digest).encode(), request.form.get("seen", "").encode())


def _left(kind: type[BulkAct], would: BulkPreview | None) -> list[Any]:
    if would is None:
        return []
    if kind.people:
        return left_out(would.people)
    query = select(Rule.id, Rule.key).where(Rule.id.in_(would.people.left))
    return left_rules(would.people, dict(context.db().execute(query).all()))


def _page(found: Proposal, errors: dict[str, str], status: int = 200) -> Response:
    session, texts, who = context.db(), context.texts(), _who()
    kind, would = waits.kind_of(found), None
    try:
        _, would = plan.look_at_waiting(session, found, who)
    except AvainError as error:
        # It makes no sense any more: it can only be refused.
        errors = {"": " ".join(texts.sentence(one) for one in error.problems)} | errors
    proposer = profiles(session, [found.proposed_by]) if found.proposed_by else {}
    offer = fields.offered(session, guard.asker().decides(kind.permission), kind)
    return frame.render(
        "bulk/proposal.html",
        status,
        section="overview",
        breadcrumb=[],
        label=texts.gettext(kind.label),
        proposal=found,
        said=fields.in_words(kind, (found.stated or {})["fields"], offer),
        reasons=[texts.sentence(one) for one in proposals.reasons_of(found.reasons)],
        moved=would is not None and would.preview.effects.digest != found.digest,
        effects=None if would is None else effects_view.view(session, would.preview, found),
        done=0 if would is None else len(would.people.done),
        is_of_people=kind.people,
        rules=[] if would is None or kind.people else [row.key for row in would.people.rows],
        left=_left(kind, would),
        proposer=next(iter(proposer.values()), Profile()).display_name,
        mine=found.proposed_by is not None and found.proposed_by == context.actor().person_id,
        errors=errors,
        decide_at=_WAITING.format(bulk_id=found.id),
        seen="" if would is None else effects_view.sealed(would.preview.effects.digest),
        reason_error=errors.get("reason"),
        shown_places=SHOWN_PLACES,
        turn=f"{_WAITING.format(bulk_id=found.id)}?page=",
        turn_form=None,
    )
