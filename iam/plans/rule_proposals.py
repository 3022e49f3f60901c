"""Publishing and withdrawing rules under the guard: done at once, or proposed, and then accepted or refused by a second
person.

Flow: ``publish`` or ``withdraw`` tries in a savepoint -> ``definition_guard.reasons`` -> kept, or taken back and a
``Proposal`` with the digest of its effects written -> ``effects_of`` shows them anew to the second person -> ``accept``
with the digest that person saw, or ``refuse``. A draft is the rule version that waits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import WHOLE, Part, may_touch
from iam.access.commands import publish as publishing
from iam.access.commands.catalogue import withdraw_rules
from iam.access.commands.effects import Effects, read
from iam.access.commands.publish import Preview
from iam.access.derivation.derive import derive
from iam.access.model.proposal import OF_RULES, Proposal, waiting
from iam.access.model.rule import Rule, RuleVersion
from iam.audit import log
from iam.change import Actor, begin
from iam.directory.organisation import Organisation
from iam.errors import Conflict, Denied, NotFound
from iam.plans import definition_guard, definition_plan, proposals
from iam.plans.definition_guard import Touched
from iam.texts import N_

Pattern = Mapping[str, Any]


def publish(
    session: Session, key: str, pattern: Pattern, owner: str, actor: Actor, *, name: Mapping[str, str] | None = None
) -> Sequence[Problem]:
    """Publish a rule, or keep it as a draft that waits; return why it waits (nothing: it is in force).

    ``name`` is what a new rule is called, by language. Raises ``Invalid`` as publishing does, ``Denied`` when the
    author would gain a sensitive role.
    """
    found = _judged(session, key, pattern, owner, actor, name)
    if found is not None:
        change = begin(session, "command", actor, f"proposal {key}")
        version = publishing.write(session, change, key, pattern, owner, actor, name=name, draft=True)
        version.digest = found[0].digest
        _propose(session, "rule", session.get_one(Rule, version.rule_id), found, actor)
    return found[1] if found is not None else ()


def withdraw(session: Session, key: str, actor: Actor) -> Sequence[Problem]:
    """Withdraw a rule, or propose that; return why it waits. Raises ``NotFound``; ``Conflict`` when it is not in
    force."""
    rule = session.scalars(select(Rule).where(Rule.key == key)).one_or_none()
    if rule is None:
        raise NotFound(Problem("There is no rule %(key)s.", "Check the key.", params={"key": key}))
    if not _roles(session, rule.id):
        raise Conflict(Problem("The rule is not in force.", "Open its page again."))
    found = _judged(session, key, None, session.get_one(Organisation, rule.owner_id).key, actor)
    if found is not None:
        withdraw_rules(session, [rule.id], drafts_only=True)
        _propose(session, "withdrawal", rule, found, actor)
    return found[1] if found is not None else ()


def of_rule(session: Session, key: str) -> Proposal | None:
    """Return what waits about a rule; None when nothing does."""
    query = select(Proposal).where(Proposal.kind.in_(OF_RULES), Proposal.key == key, waiting())
    return session.scalars(query.order_by(Proposal.proposed_at.desc()).limit(1)).first()


def draft_of(session: Session, rule_id: UUID) -> RuleVersion | None:
    """Return the version of a rule that waits; None when there is none."""
    query = select(RuleVersion).where(RuleVersion.rule_id == rule_id, RuleVersion.state == "draft")
    return session.scalars(query).one_or_none()


def effects_of(session: Session, proposal: Proposal, part: Part = WHOLE) -> Preview:
    """Return what accepting a proposal would do now, and what of it an asker with ``part`` may be told; nothing is
    kept."""
    kind, key = proposal.kind, proposal.key
    rule = session.scalars(select(Rule).where(Rule.key == key)).one()
    owner = session.get_one(Organisation, rule.owner_id).key
    draft = draft_of(session, rule.id)
    pattern = dict(draft.pattern) if draft is not None and kind == "rule" else None
    return publishing.preview(session, pattern, owner, key, part=part)


def accept(session: Session, proposal: Proposal, is_seen: Callable[[str], bool], part: Part, actor: Actor) -> bool:
    """Do what was proposed when its effects are those that the second person saw (``is_seen`` of their digest); else
    return False.

    ``part`` is where the person decides on rules. Raises ``Denied`` for who proposed it, who holds less than the rule's
    owner or than every organisation in which somebody gains a right, or would gain a sensitive role; ``Conflict`` when
    somebody else was faster.
    """
    kind, key, proposer = proposal.kind, proposal.key, proposal.proposed_by
    rule = session.scalars(select(Rule).where(Rule.key == key)).one()
    second_person(session, proposal, part, actor)
    with session.begin_nested() as trial:
        proposals.take(session, proposal, actor)
        change = begin(session, "command", actor, f"rule {key}")
        pattern = _carry_out(session, kind, rule, change, actor)
        owner = session.get_one(Organisation, rule.owner_id).key
        effects = read(session, change.id, basis=publishing.basis(key, owner, pattern))
        if is_seen(effects.digest):
            proposals.refuse_beyond(session, part, effects)
            for one in (actor.person_id, proposer):
                definition_guard.refuse_winner(session, effects, one)
            told = {"kind": kind, "digest": effects.digest, "proposed_by": str(proposer)}
            _tell(session, "accepted", rule, actor, told)
            return True
        trial.rollback()
    session.expire_all()
    return False


def refuse(session: Session, proposal: Proposal, reason: str, part: Part, actor: Actor) -> None:
    """Refuse what was proposed, with a reason; who proposed it may take it back so. Raises ``Invalid`` without a
    reason."""
    said = proposals.why(reason)
    rule = session.scalars(select(Rule).where(Rule.key == proposal.key)).one()
    if not may_touch(session, part, rule.owner_id):
        raise NotFound(Problem("There is no such rule, or it is outside your part."))
    withdraw_rules(session, [rule.id], drafts_only=True)
    _tell(session, "refused", rule, actor, {"kind": proposal.kind, "reason": said})


def second_person(session: Session, proposal: Proposal, part: Part, actor: Actor) -> None:
    """Raise ``Denied`` unless the actor is somebody else than who proposed it and holds the permission over the
    owner."""
    proposals.refuse_proposer(proposal, actor)
    if not (part.everything or (proposal.owner_id is not None and may_touch(session, part, proposal.owner_id))):
        raise Denied(Problem(N_("It concerns more than your part."), N_("Ask somebody whose part is larger.")))


def _judged(
    session: Session,
    key: str,
    pattern: Pattern | None,
    owner: str,
    actor: Actor,
    name: Mapping[str, str] | None = None,
) -> tuple[Effects, list[Problem]] | None:
    """Publish (or withdraw) when nothing speaks against it, and return None; else leave no trace and return the effects
    and why."""
    before = _roles(session, session.scalar(select(Rule.id).where(Rule.key == key)))
    new = definition_guard.is_new(session)
    with session.begin_nested() as trial:
        if pattern is None:
            change_id, roles = publishing.withdraw(session, key, actor).id, before
        else:
            version = publishing.publish(session, key, pattern, owner, actor, name=name)
            change_id, roles = version.change_id, before | {version.role_id}
        if new:
            return None
        effects = read(session, change_id, basis=publishing.basis(key, owner, pattern))
        reasons = definition_guard.reasons(session, effects, Touched(roles), actor)
        if not reasons:
            owner_id = session.scalars(select(Organisation.id).where(Organisation.key == owner)).one()
            definition_plan.remember(session, effects, owner_id, change_id, actor)
            return None
        definition_guard.refuse_winner(session, effects, actor.person_id)
        trial.rollback()
    session.expire_all()
    return effects, reasons


def _roles(session: Session, rule_id: UUID | None) -> frozenset[UUID]:
    query = select(RuleVersion.role_id).where(RuleVersion.rule_id == rule_id, RuleVersion.state == "published")
    return frozenset(session.scalars(query))


def _propose(session: Session, kind: str, rule: Rule, found: tuple[Effects, list[Problem]], actor: Actor) -> None:
    proposal = proposals.keep(session, kind, rule.key, rule.owner_id, *found, actor)
    _tell(session, "proposed", rule, actor, {"kind": kind, **proposals.told(proposal)})


def _carry_out(session: Session, kind: str, rule: Rule, change: Any, actor: Actor) -> Pattern | None:
    if kind == "withdrawal":
        publishing.take_back(session, change, rule.key, actor)
        pattern = None
    else:
        draft = draft_of(session, rule.id)
        if draft is None:
            raise Conflict(proposals.DECIDED)
        publishing.release(session, change, draft, actor)
        pattern = dict(draft.pattern)
    derive(session, change, rules=[rule.id])
    return pattern


def _tell(session: Session, what: str, rule: Rule, actor: Actor, more: Mapping[str, Any]) -> None:
    log.write(
        session, f"rule:version:{what}", actor, organisation_id=rule.owner_id, envelope={"rule": rule.key, **more}
    )
