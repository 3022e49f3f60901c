"""What waits about a rule at /admin/rules/KEY/proposal, withdrawing it at /withdraw, and taking it out of use at
once."""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.parts import frame, paging
from admin_ui.parts.frame import blueprint
from admin_ui.people import effects as effects_view
from admin_ui.rules.edit import SHOWN_PLACES, done
from admin_ui.rules.pages import PATH, SECTION, said
from connectors.problem import Problem
from iam.access.administration import Part, may_touch
from iam.access.commands import taken_out
from iam.access.commands.publish import preview
from iam.access.model.proposal import Proposal
from iam.access.model.rule import Rule
from iam.access.pages import listing
from iam.access.pages.called import rule_called
from iam.access.rules.sentence import labels, readable
from iam.directory.queries import profile
from iam.errors import Conflict, Denied, Invalid, NotFound
from iam.plans import proposals, rule_proposals
from iam.texts import N_
from iam.web import context, guard

_PROPOSAL = PATH + "/{key}/proposal"
_WITHDRAW = PATH + "/{key}/withdraw"
ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class Said:
    """What the page says back after a form: an error, and beside which field."""

    error: str = ""
    field: str = ""


@blueprint.get("/rules/<key>/proposal")
@guard.requires("rules.read")
def proposal(key: str) -> Response:
    """Show what waits about a rule, with its effects as they would be now."""
    return _shown(key, Said())


@blueprint.get("/rules/<key>/proposal.csv")
@guard.requires("persons.export")
def proposal_file(key: str) -> Response:
    """Take home who would gain and who would lose."""
    _, found = _waiting(key, frame.part_of("rules.read"))
    return effects_view.file(
        context.db(), rule_proposals.effects_of(context.db(), found, frame.part_of("persons.export"))
    )


@blueprint.post("/rules/<key>/proposal")
@guard.decides("rules.write")
@guard.recent(_PROPOSAL)
def decide_proposal(key: str) -> AnyResponse:
    """Accept what waits, when its effects are those that were shown; or refuse it with a reason."""
    session, (_, found) = context.db(), _waiting(key, guard.part())
    withdrawal = found.kind == "withdrawal"
    try:
        if request.form.get("act") != ACCEPT:
            rule_proposals.refuse(session, found, request.form.get("reason", ""), guard.part(), context.actor())
            return done(key, False, N_("It was refused, and everything stays as it was."))
        accepted = rule_proposals.accept(session, found, is_seen, guard.part(), context.actor())
    except (Denied, Conflict, Invalid) as error:
        texts = context.texts()
        return _shown(key, Said(texts.sentence(error.problems[0]), error.problems[0].field or ""), error.status)
    if not accepted:
        words = N_("The effects changed meanwhile. Nothing was done; look at them again.")
        return _shown(key, Said(context.texts().gettext(words)), 409)
    return done(key, False, _WITHDRAWN if withdrawal else N_("The rule is in force, and rights follow it."))


_WITHDRAWN = N_("The rule is withdrawn and gives nothing any more.")


@blueprint.get("/rules/<key>/withdraw")
@guard.requires("rules.write")
def show_withdrawal(key: str) -> Response:
    """Show who would lose what a rule gives, before it is withdrawn."""
    found, owner = _own(key, guard.part())
    session = context.db()
    would = preview(session, None, owner, key, part=frame.part_of("persons.read"))
    return frame.render(
        "rules/withdraw.html",
        section=SECTION,
        breadcrumb=above(key),
        rule=found,
        called=called(key),
        turn=_turn(),
        shown_places=SHOWN_PLACES,
        effects=effects_view.view(session, would),
        turn_form=None,
    )


@blueprint.get("/rules/<key>/withdraw.csv")
@guard.requires("persons.export")
def withdrawal_file(key: str) -> Response:
    """Take home who would lose what a rule gives."""
    _, owner = _own(key, frame.part_of("rules.read"))
    return effects_view.file(
        context.db(), preview(context.db(), None, owner, key, part=frame.part_of("persons.export"))
    )


@blueprint.post("/rules/<key>/withdraw")
@guard.requires("rules.write")
@guard.recent(_WITHDRAW)
def withdraw_rule(key: str) -> AnyResponse:
    """Withdraw a rule, or propose that."""
    _own(key, guard.part())
    waits = rule_proposals.withdraw(context.db(), key, context.actor())
    return done(key, bool(waits), _WITHDRAWN)


@blueprint.post("/rules/<key>/stop")
@guard.requires("rules.write")
def stop_rule(key: str) -> AnyResponse:
    """Take a rule out of use at once, with a reason; a second person is shown it afterwards."""
    taken_out.stop_rule(context.db(), guard.part(), key, request.form.get("reason", ""), context.actor())
    return done(key, False, N_("The rule is out of use. A second person is shown it."))


def _waiting(key: str, part: Part) -> tuple[Rule, Proposal]:
    """The rule in the part and what waits about it; raises ``NotFound``."""
    rule = listing.rule_of(context.db(), part, key)[0]
    found = rule_proposals.of_rule(context.db(), key)
    if found is None:
        raise NotFound(Problem(N_("Nothing about this rule waits any more.")))
    return rule, found


def is_seen(digest: str) -> bool:
    """Whether it is the digest of the effects that the form was shown."""
    return compare_digest(effects_view.sealed(digest), request.form.get("seen", ""))


def _own(key: str, part: Part) -> tuple[Rule, str]:
    """A rule in force whose owner is in the part, and the owner's key; raises ``NotFound``."""
    session = context.db()
    rule, version, owner = listing.rule_of(session, part, key)
    if version.state != "published" or not may_touch(session, part, rule.owner_id):
        raise NotFound(Problem("There is no such rule, or it is outside your part."))
    return rule, owner.key


def above(key: str) -> list[tuple[str, str]]:
    """Return the pages above those of a rule."""
    return [(PATH, context.texts().gettext(N_("Rules"))), (f"{PATH}/{key}", called(key))]


def called(key: str) -> str:
    """Return what a rule is called in the reader's language."""
    return rule_called(context.db(), key, context.texts().language)


def _turn() -> str:
    return paging.address(page="")


def _shown(key: str, said_back: Said, status: int = 200) -> Response:
    session, texts = context.db(), context.texts()
    rule, found = _waiting(key, guard.part())
    would = rule_proposals.effects_of(session, found, frame.part_of("persons.read"))
    effects = effects_view.view(session, would, session.get_one(Proposal, found.id))
    found = session.get_one(Proposal, found.id)
    write, login = guard.asker().decides("rules.write"), context.login()
    mine = login is not None and login.person_id == found.proposed_by
    decides = bool(write) and may_touch(session, write, rule.owner_id)
    reasons = [texts.filled(one.message, one.params) for one in proposals.reasons_of(found.reasons)]
    return frame.render(
        "rules/proposal.html",
        status,
        section=SECTION,
        breadcrumb=above(key),
        rule=rule,
        called=called(key),
        proposal=found,
        effects=effects,
        sentence=_sentence(session, rule.id, found),
        reasons=reasons,
        moved=found.digest != would.effects.digest,
        said=said_back,
        proposer=profile(session, found.proposed_by).display_name if found.proposed_by else "",
        may_decide=decides,
        mine=mine,
        decide_at=f"{PATH}/{key}/proposal",
        seen=effects.digest,
        reason_error=said_back.error if said_back.field == "reason" else None,
        turn=f"{PATH}/{key}/proposal?page=",
        shown_places=SHOWN_PLACES,
        turn_form=None,
    )


def _sentence(session: Session, rule_id: UUID, found: Proposal) -> str:
    draft = rule_proposals.draft_of(session, rule_id)
    return (
        said(draft.pattern, labels(session, readable([draft.pattern])))
        if draft is not None and found.kind == "rule"
        else ""
    )
