"""Applying under the guard: definitions are tried in a savepoint, and kept, or taken back to wait for a second person.

What waits is a ``Proposal`` with the digest of its effects and the texts of the files, sealed: accepting applies them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part, roots
from iam.access.commands.effects import Effects, grown, holdings, read, sensitive, tellable
from iam.access.commands.publish import Preview
from iam.access.model.proposal import Proposal, waiting
from iam.apply.comparison.difference import Difference, in_words
from iam.apply.comparison.draft import Draft
from iam.apply.declared.said import Said
from iam.apply.execute import Applied, execute
from iam.apply.registry import BY_NAME
from iam.audit import log
from iam.change import Actor
from iam.errors import Conflict, Denied
from iam.plans import definition_guard, definition_plan, proposals
from iam.plans.definition_guard import Touched
from iam.signin import last_administrator
from iam.vault import Vault, row

KEY = "declaration"
_SHORT = 12


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

    @property
    def name(self) -> str:
        """Under which it waits among all that waits."""
        return name_of(self.digest)


def name_of(digest: str) -> str:
    """Return the name under which a declaration with these effects (or the beginning of their digest) waits."""
    return f"{KEY}/{digest[:_SHORT]}"


class Moved(Conflict):
    """The effects are not those that were to be accepted; nothing was written."""

    code = "moved"
    exit_code = 4


@dataclass(frozen=True, slots=True)
class _Before:
    """What stood before the trial: what roles held, and which were sensitive."""

    roles: Mapping[UUID, frozenset[str]]
    sensitive: frozenset[UUID]


class Whose(NamedTuple):
    """Whose it is to decide what one page states, if it must wait: who holds ``permission`` over the organisation."""

    owner_id: UUID
    permission: str


@dataclass(frozen=True, slots=True)
class Approval:
    """A second person accepts what waits when its effects are those they were shown (``is_seen`` of their digest).

    ``part`` is that in which they decide, and in which everybody lies who gains by it; None: the whole.
    """

    proposal: Proposal
    is_seen: Callable[[str], bool]
    part: Part | None = None


def by_digest(session: Session, digest: str) -> Approval:
    """Return the approval of what waits with just these effects; raises ``Moved`` where nothing does."""
    query = select(Proposal).where(Proposal.kind == "apply", Proposal.digest == digest, waiting())
    found = session.scalars(query.order_by(Proposal.proposed_at.desc()).limit(1)).first()
    if found is None:
        raise _moved()
    return Approval(found, lambda shown: shown == digest)


def apply(
    draft: Draft,
    differences: Sequence[Difference],
    actor: Actor,
    vault: Vault,
    approval: Approval | None,
    whose: Whose | None = None,
) -> tuple[Applied | None, Held | None]:
    """Write what differs, or propose it (``whose`` it then is; None: of the whole); with an ``approval`` write it when
    its effects are those that were seen.

    Raises ``Denied`` when the actor may not accept, ``Moved`` (exit code 4) when the effects are others or nothing
    waits, ``Conflict`` when nobody would administer the whole any more.
    """
    was_there = last_administrator.is_there(draft.session)
    applied, held = _apply(draft, differences, actor, vault, approval, whose)
    last_administrator.refuse_last(draft.session, was_there=was_there)
    return applied, held


def _apply(
    draft: Draft,
    differences: Sequence[Difference],
    actor: Actor,
    vault: Vault,
    approval: Approval | None,
    whose: Whose | None,
) -> tuple[Applied | None, Held | None]:
    session = draft.session
    if approval is not None:
        _refuse_proposer(approval.proposal, actor)
    judged = any(BY_NAME[one.kind].guarded and one.action != "none" for one in differences)
    if not judged or (definition_guard.is_new(session) and approval is None):
        if approval is not None:
            raise _moved()
        return execute(draft, differences, actor, vault), None
    before = _Before(holdings(session), sensitive(session))
    with session.begin_nested() as trial:
        applied = execute(draft, differences, actor, vault)
        assert applied is not None
        effects = _effects(draft, differences, applied, before)
        if approval is not None:
            _accept(draft, approval, effects, actor, applied, before)
            return applied, None
        held = _judge(draft, differences, effects, actor, before)
        if held is None:
            owner_id = min(roots(session), default=None)
            if owner_id is not None:
                definition_plan.remember(session, effects, owner_id, applied.change_id, actor)
            return applied, None
        trial.rollback()
    session.expire_all()
    things = sorted([one.kind, one.key] for one in differences if one.action != "none")
    _propose(draft, held, actor, things, whose)
    return None, held


def preview(draft: Draft, differences: Sequence[Difference], actor: Actor, vault: Vault, part: Part) -> Preview:
    """Return what applying would do to people now, and what of it an asker with ``part`` may be told; nothing is
    kept."""
    session, before = draft.session, _Before(holdings(draft.session), sensitive(draft.session))
    trial = session.begin_nested()
    try:
        applied = execute(draft, differences, actor, vault)
        if applied is None:
            return Preview(Effects((), (), ""), None, frozenset())
        return Preview(_effects(draft, differences, applied, before), None, tellable(session, applied.change_id, part))
    finally:
        trial.rollback()
        session.expire_all()


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
    roles = frozenset[UUID]().union(*(one.roles for one in found))
    return Touched(roles, any(one.across for one in found), any(one.programs for one in found))


def _refuse_proposer(found: Proposal, actor: Actor) -> None:
    if actor.person_id is None:
        raise Denied(Problem("It must be known who accepts.", "Say so with --as LOGIN."))
    proposals.refuse_proposer(found, actor)


def _accept(
    draft: Draft, approval: Approval, effects: Effects, actor: Actor, applied: Applied, before: _Before
) -> None:
    found = approval.proposal
    if not approval.is_seen(effects.digest):
        raise _moved()
    for one in (actor.person_id, found.proposed_by):
        definition_guard.refuse_winner(draft.session, effects, one, before.sensitive)
    if approval.part is not None:
        proposals.refuse_beyond(draft.session, approval.part, effects)
    proposals.take(draft.session, found, actor)
    envelope = {"digest": effects.digest, "proposed_by": str(found.proposed_by)}
    log.write(draft.session, "config:file:accepted", actor, change_id=applied.change_id, envelope=envelope)


def said_of(proposal: Proposal, vault: Vault) -> Said:
    """Return the texts of a declaration that waits; raises ``Conflict`` where they are not kept."""
    if proposal.sealed is None:
        raise Conflict(Problem("What was said is not kept any more.", "Apply the files again."))
    return Said.unpacked(vault.unwrap(proposal.sealed, _row(proposal)))


def _row(proposal: Proposal) -> str:
    return row("proposal", proposal.id)


def _moved() -> Moved:
    return Moved(
        Problem(
            "The effects are not those of this digest, or it does not wait any more. Nothing was written.",
            "Apply without --accept to see the effects as they are now, and let another accept those.",
        )
    )


def _propose(draft: Draft, held: Held, actor: Actor, things: list[list[str]], whose: Whose | None) -> None:
    """Keep what waits; what the same person proposed before about one of the same things is taken back."""
    session = draft.session
    _take_back(session, actor, things)
    stated = {
        "things": things,
        **({} if whose is None else {"permission": whose.permission}),
        **({} if actor.client_id is None else {"by_client": actor.client_id}),
    }
    owner_id = None if whose is None else whose.owner_id
    proposal = proposals.keep(session, "apply", KEY, owner_id, held.effects, held.reasons, actor, stated)
    proposal.sealed = draft.vault.wrap(draft.said.packed(), _row(proposal))
    log.write(session, "config:file:proposed", actor, envelope=proposals.told(proposal))


def _take_back(session: Session, actor: Actor, things: list[list[str]]) -> None:
    mine = Proposal.proposed_by.is_(None) if actor.person_id is None else Proposal.proposed_by == actor.person_id
    earlier = session.execute(select(Proposal.id, Proposal.stated).where(Proposal.kind == "apply", mine, waiting()))
    same = [id_ for id_, stated in earlier if _is_of(stated or {}, actor, things)]
    if same:
        taken = update(Proposal).where(Proposal.id.in_(same), waiting())
        session.execute(taken.values(withdrawn_at=clock.now(), sealed=None, shown=None))


def _is_of(stated: Mapping[str, Any], actor: Actor, things: list[list[str]]) -> bool:
    """Whether a proposal of the same person, or of the same client, speaks of one of these things."""
    return stated.get("by_client") == actor.client_id and any(one in things for one in stated.get("things", things))
