"""Applying under the guard: definitions are tried in a savepoint, and kept, or taken back to wait for a second person.

What waits is a ``Proposal`` with the digest of its effects; the second person brings the same files along again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update

from connectors.problem import Problem
from iam import clock
from iam.access.administration import roots
from iam.access.commands.effects import Effects, grown, holdings, read, sensitive
from iam.access.model.proposal import Proposal, waiting
from iam.apply.comparison.difference import Difference, in_words
from iam.apply.comparison.draft import Draft
from iam.apply.execute import Applied, execute
from iam.apply.registry import BY_NAME
from iam.audit import log
from iam.change import Actor
from iam.errors import Conflict, Denied
from iam.plans import definition_guard, definition_plan, proposals
from iam.plans.definition_guard import Touched
from iam.vault import Vault

KEY = "declaration"


@dataclass(frozen=True, slots=True)
class Held:
    """Why nothing was written: the reasons, the effects, and how many gain and lose, by organisation too."""

    effects: Effects
    gained: int
    lost: int
    organisations: Sequence[tuple[str, int, int]]
    reasons: Sequence[Problem]

    @property
    def digest(self) -> str:
        """What the second person accepts."""
        return self.effects.digest


class Moved(Conflict):
    """The effects are not those that were to be accepted; nothing was written."""

    code = "moved"
    exit_code = 4


@dataclass(frozen=True, slots=True)
class _Before:
    """What stood before the trial: what roles held, and which were sensitive."""

    roles: Mapping[UUID, frozenset[str]]
    sensitive: frozenset[UUID]


def apply(
    draft: Draft, differences: Sequence[Difference], actor: Actor, vault: Vault, accept: str | None
) -> tuple[Applied | None, Held | None]:
    """Write what differs, or propose it; with ``accept``, the digest of a proposal, write it when its effects are still
    those.

    Raises ``Denied`` when the actor may not accept, ``Moved`` (exit code 4) when the effects are others or nothing
    waits.
    """
    session = draft.session
    proposal = None if accept is None else _proposal(draft, accept, actor)
    judged = any(BY_NAME[one.kind].guarded and one.action != "none" for one in differences)
    if not judged or (definition_guard.is_new(session) and proposal is None):
        if proposal is not None:
            raise _moved()
        return execute(draft, differences, actor, vault), None
    before = _Before(holdings(session), sensitive(session))
    with session.begin_nested() as trial:
        applied = execute(draft, differences, actor, vault)
        assert applied is not None
        effects = _effects(draft, differences, applied, before)
        if proposal is not None:
            _accept(draft, proposal, effects, actor, applied, before)
            return applied, None
        held = _judge(draft, differences, effects, actor, before)
        if held is None:
            owner_id = min(roots(session), default=None)
            if owner_id is not None:
                definition_plan.remember(session, effects, owner_id, applied.change_id, actor)
            return applied, None
        trial.rollback()
    session.expire_all()
    _propose(draft, held, actor)
    return None, held


def _effects(draft: Draft, differences: Sequence[Difference], applied: Applied, before: _Before) -> Effects:
    told = {person_id: login for login, person_id in draft.persons.items()}
    wider = grown(before.roles, holdings(draft.session))
    return read(draft.session, applied.change_id, basis=_basis(draft, differences), told=told, wider=wider)


def _basis(draft: Draft, differences: Sequence[Difference]) -> str:
    """What is declared, as far as it may be told: values of secrets and personal values are not in it."""
    lines = []
    for one in differences:
        if one.action == "create":
            shape, quiet = draft.stated(one.kind)[one.key].shape, BY_NAME[one.kind].quiet
            lines.append(
                [one.kind, one.key, {name: in_words(value) for name, value in shape.items() if name not in quiet}]
            )
        elif one.action == "change":
            lines.append([one.kind, one.key, {name: list(pair) for name, pair in one.fields.items()}])
    return json.dumps(lines, sort_keys=True, ensure_ascii=False)


def _judge(
    draft: Draft, differences: Sequence[Difference], effects: Effects, actor: Actor, before: _Before
) -> Held | None:
    touched = _touched(draft, differences)
    reasons = definition_guard.reasons(draft.session, effects, touched, actor, before.sensitive)
    if not reasons:
        return None
    definition_guard.refuse_winner(draft.session, effects, actor.person_id, before.sensitive)
    counts = [len(effects.persons(gains=gains)) for gains in (True, False)]
    known = {id_: key for key, id_ in draft.organisations.items()}
    places = sorted((known[id_], *both) for id_, both in effects.counts().items())
    return Held(effects, counts[0], counts[1], places, reasons)


def _touched(draft: Draft, differences: Sequence[Difference]) -> Touched:
    """What the changed things name, together."""
    found = [BY_NAME[one.kind].touches(draft, one) for one in differences if one.action != "none"]
    return Touched(frozenset().union(*(one.roles for one in found)), any(one.across for one in found))


def _proposal(draft: Draft, digest: str, actor: Actor) -> Proposal:
    """The proposal that the actor may accept; raises ``Denied``, ``Moved``."""
    query = select(Proposal).where(Proposal.kind == "apply", Proposal.digest == digest, waiting())
    found = draft.session.scalars(query.order_by(Proposal.proposed_at.desc()).limit(1)).first()
    if actor.person_id is None:
        raise Denied(Problem("It must be known who accepts.", "Say so with --as LOGIN."))
    if found is None:
        raise _moved()
    proposals.refuse_proposer(found, actor)
    return found


def _accept(draft: Draft, found: Proposal, effects: Effects, actor: Actor, applied: Applied, before: _Before) -> None:
    if effects.digest != found.digest:
        raise _moved()
    for one in (actor.person_id, found.proposed_by):
        definition_guard.refuse_winner(draft.session, effects, one, before.sensitive)
    if not proposals.take(draft.session, found, actor):
        raise _moved()
    envelope = {"digest": effects.digest, "proposed_by": str(found.proposed_by)}
    log.write(draft.session, "config:file:accepted", actor, change_id=applied.change_id, envelope=envelope)


def _moved() -> Moved:
    return Moved(
        Problem(
            "The effects are not those of this digest, or it does not wait any more. Nothing was written.",
            "Apply without --accept to see the effects as they are now, and let another accept those.",
        )
    )


def _propose(draft: Draft, held: Held, actor: Actor) -> None:
    """Keep what waits; what the same person proposed before with other effects is taken back, and the same waits
    once."""
    session, now = draft.session, clock.now()
    mine = Proposal.proposed_by.is_(None) if actor.person_id is None else Proposal.proposed_by == actor.person_id
    session.execute(update(Proposal).where(Proposal.kind == "apply", mine, waiting()).values(withdrawn_at=now))
    told = proposals.keep(session, "apply", KEY, None, held.effects, held.reasons, actor)
    log.write(session, "config:file:proposed", actor, envelope=told)
