"""What waits about an agreement for a person of whoever allows it, at /admin/agreements/KEY/proposal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.agreements.acts import (
    DONE,
    HEADINGS,
    SHOWN_PLACES,
    above,
    agreement_here,
    back,
    beside,
    choices,
    is_seen,
)
from admin_ui.agreements.pages import PATH, SECTION, amended_by, clause_place
from admin_ui.agreements.restore import told_moves
from admin_ui.parts import frame, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.uses import positions_said, uses_said
from admin_ui.people import effects as effects_view
from connectors.problem import Problem
from iam.access.agreement_acts.act import Act
from iam.access.agreement_acts.clause import EndClause, SetClause
from iam.access.agreement_acts.restore import RestoreClauses
from iam.access.agreement_acts.sign import Sign
from iam.access.model.agreement import Agreement
from iam.access.model.proposal import Proposal
from iam.directory.organisation import Organisation
from iam.directory.queries import profile
from iam.errors import Conflict, Denied, Invalid, NotFound
from iam.plans import agreement_proposals, proposals
from iam.texts import N_
from iam.web import context, guard

_PROPOSAL = PATH + "/{key}/proposal"


@blueprint.get("/agreements/<key>/proposal")
@guard.requires("agreements.read")
def agreement_proposal(key: str) -> Response:
    """Show what waits about an agreement, with its effects as they would be now."""
    return _waiting_page(key, {})


@blueprint.post("/agreements/<key>/proposal")
@guard.decides("agreements.sign")
@guard.recent(_PROPOSAL)
def decide_on_agreement(key: str) -> AnyResponse:
    """Accept what waits, when its effects are those that were shown; or refuse it with a reason."""
    session, actor = context.db(), context.actor()
    found = _waiting(agreement_here(key))
    act = agreement_proposals.act_of(found)
    try:
        if request.form.get("act") != "accept":
            reason = request.form.get("reason", "")
            agreement_proposals.refuse(session, found, reason, guard.asker(), actor)
            return back(key, N_("It was refused, and everything stays as it was."))
        if agreement_proposals.accept(session, found, is_seen, guard.asker(), actor):
            return back(key, DONE[act.name])
    except (Denied, Conflict, Invalid, NotFound) as error:
        return _waiting_page(key, beside(error), error.status)
    told = context.texts().gettext(N_("The effects changed meanwhile. Nothing was done; look at them again."))
    return _waiting_page(key, {"": told}, 409)


def _waiting(agreement: Agreement) -> Proposal:
    found = agreement_proposals.of_agreement(context.db(), agreement.key)
    if found is None:
        raise NotFound(Problem(N_("Nothing about this agreement waits any more.")))
    return found


def _waiting_page(key: str, errors: Mapping[str, str], status: int = 200) -> Response:
    session, texts, agreement = context.db(), context.texts(), agreement_here(key)
    found = _waiting(agreement)
    act = agreement_proposals.act_of(found)
    try:
        would = agreement_proposals.preview(session, agreement, act, frame.part_of("persons.read"))
    except (NotFound, Conflict) as error:
        # What it is about is gone meanwhile: it can only be refused.
        would, errors = None, beside(error) | dict(errors)
    agreement, found = agreement_here(key), _waiting(agreement)
    mine = found.proposed_by is not None and found.proposed_by == context.actor().person_id
    return frame.render(
        "agreements/proposal.html",
        status,
        section=SECTION,
        breadcrumb=above(agreement),
        agreement=agreement,
        proposal=found,
        heading=texts.gettext(HEADINGS[act.name][0]),
        told=_told(act, agreement),
        reasons=[texts.filled(one.message, one.params) for one in proposals.reasons_of(found.reasons)],
        moved=would is not None and found.digest != would.effects.digest,
        effects=None if would is None else effects_view.view(session, would, found),
        proposer=profile(session, found.proposed_by).display_name if found.proposed_by else "",
        mine=mine,
        errors=errors,
        decide_at=f"{PATH}/{key}/proposal",
        seen="" if would is None else effects_view.sealed(would.effects.digest),
        reason_error=errors.get("reason"),
        shown_places=SHOWN_PLACES,
        turn=f"{PATH}/{key}/proposal?page=",
        turn_form=None,
    )


def _told(act: Act, agreement: Agreement) -> list[tuple[str, Any]]:
    """What an act says, as pairs of a word and a value."""
    texts, names = context.texts(), dict(choices(agreement, lambda _: True))
    said: list[tuple[str, Any]] = [(N_("Party"), names.get(str(act.entity_id), ""))]
    if isinstance(act, SetClause):
        said += _clause(act, names)
    if isinstance(act, EndClause):
        said.append((N_("Clause"), str(act.number)))
    if isinstance(act, RestoreClauses):
        said += told_moves(act, agreement)
    if isinstance(act, Sign):
        said += [
            (N_("Signed on"), words.day(act.signed_on)),
            (N_("Signed by"), act.signed_by),
            (N_("Document"), act.document_number),
            (N_("Signing service"), act.signing_service),
        ]
    said.append((N_("Last day"), words.day(act.last(agreement))))
    if isinstance(act, SetClause | EndClause) and act.by is not None:
        said.append((N_("By what it is amended"), amended_by(act.by)))
    return [(texts.gettext(word), value) for word, value in said if value]


def _clause(act: SetClause, names: Mapping[str, str]) -> list[tuple[str, Any]]:
    says, texts = act.says, context.texts()
    name = context.db().get_one(Organisation, says.scope_id).name(texts.language)
    scope = clause_place(name, over_area=says.over_area)
    below = f" ({texts.gettext(N_('and what is under it'))})" if says.with_descendants else ""
    first, last = words.start(says.valid_from), words.end(says.valid_to)
    uses = uses_said(context.db(), {f"{group}:{use}" for _, group, use in says.content})
    positions = positions_said(context.db(), {position for position, *_ in says.content})
    return [
        (N_("Takes the place of clause"), act.number and str(act.number)),
        (N_("Allowed by"), names.get(str(says.grantor_id), "")),
        (N_("Allowed to people of"), names.get(str(says.grantee_id), "")),
        (N_("Where"), scope + below),
        (N_("Position"), ", ".join(sorted(positions.values()))),
        (N_("May see or do"), "; ".join(sorted(uses.values()))),
        (N_("Live customer relationship"), says.relationship_kind),
        (N_("From"), texts.first_day(first)),
        (N_("Last day"), last and texts.day(last)),
    ]
