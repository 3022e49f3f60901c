"""What waits for a second person: the act as its fields say it, and for whom, sealed, with the digest of its effects.

Approving does exactly what was shown; what whoever proposed it may not do any more is done by nobody.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import covers_all
from iam.access.asker import OPERATOR, Asker, asker_of
from iam.access.commands.effects import Effects
from iam.access.model.proposal import Proposal, waiting
from iam.audit import log
from iam.bulk.acts import registry
from iam.bulk.acts.act import BulkAct, BulkAsker
from iam.change import Actor
from iam.errors import Conflict, Denied, NotFound
from iam.plans import definition_guard, proposals
from iam.texts import N_
from iam.vault import row

KIND = "bulk"
_SHORT = 12
_GONE = Problem(N_("Nothing about this act waits any more."))


def keep(
    session: Session,
    act: BulkAct,
    ids: Sequence[UUID],
    effects: Effects,
    reasons: Sequence[Problem],
    who: BulkAsker,
    owner_id: UUID | None,
) -> Proposal:
    """Keep an act that waits for who decides over ``owner_id`` (None: the whole), with its event; the same waits
    once."""
    key = f"{act.key}-{effects.digest[:_SHORT]}"
    same = select(Proposal).where(Proposal.kind == KIND, Proposal.key == key, waiting())
    found = session.scalars(same.where(Proposal.digest == effects.digest)).first()
    if found is not None:
        return found
    stated = {"act": act.key, "fields": dict(act.said), "permission": act.permission}
    found = proposals.keep(session, KIND, key, owner_id, effects, reasons, who.actor, stated)
    found.sealed = who.vault.wrap(json.dumps(sorted(map(str, ids))).encode(), row("proposal", found.id))
    envelope = {"act": act.key, **proposals.told(found)}
    log.write(session, "bulk:act:proposed", who.actor, organisation_id=owner_id, envelope=envelope)
    return found


def of_id(session: Session, asker: Asker, proposal_id: UUID) -> Proposal:
    """Return an act that waits in the part of who decides, or the asker's own; raises ``NotFound``."""
    found = session.get(Proposal, proposal_id)
    if found is None or found.kind != KIND or found.accepted_at is not None or found.withdrawn_at is not None:
        raise NotFound(_GONE)
    part = asker.decides(permission_of(found))
    if found.proposed_by is not None and found.proposed_by == asker.person_id:
        return found
    if not (part.everything or (found.owner_id is not None and covers_all(session, part, [found.owner_id]))):
        raise NotFound(_GONE)
    return found


def kind_of(proposal: Proposal) -> type[BulkAct]:
    """Return which act waits."""
    return registry.ACTS[(proposal.stated or {})["act"]]


def permission_of(proposal: Proposal) -> str:
    """Return the permission that does, and so decides, what waits."""
    return kind_of(proposal).permission


def said_of(session: Session, proposal: Proposal, who: BulkAsker) -> tuple[BulkAct, list[UUID], BulkAsker]:
    """Return the act that waits, for whom, and as whose it is done: by what whoever proposed it may now.

    Raises ``Conflict`` where it is not kept any more, ``NotFound`` and ``Invalid`` where it makes no sense any more.
    """
    if proposal.sealed is None:
        raise Conflict(_GONE)
    proposer = OPERATOR if proposal.proposed_by is None else asker_of(session, proposal.proposed_by)
    by = BulkAsker(proposer, who.actor, who.vault, who.zone)
    stated = proposal.stated or {}
    act = registry.read(session, by, stated["act"], stated["fields"])
    ids = [UUID(one) for one in json.loads(who.vault.unwrap(proposal.sealed, row("proposal", proposal.id)))]
    return act, ids, by


def second_person(session: Session, proposal: Proposal, act: BulkAct, ids: Sequence[UUID], who: BulkAsker) -> None:
    """Raise ``Denied`` unless the actor is another person than who proposed it, for whom it is not done either."""
    proposals.refuse_proposer(proposal, who.actor)
    if who.actor.person_id in ids:
        raise Denied(Problem(N_("It is done for you too."), N_("Let somebody else decide.")))


def take(session: Session, proposal: Proposal, act: BulkAct, effects: Effects, who: BulkAsker, change_id: UUID) -> None:
    """Take it from what waits, as accepted, with its event.

    Raises ``Denied`` where somebody would gain beyond the part of who decides, or either of the two would gain what
    nobody hands to themselves; ``Conflict`` when somebody was faster.
    """
    proposals.refuse_beyond(session, who.asker.decides(act.permission), effects)
    for one in (who.actor.person_id, proposal.proposed_by):
        definition_guard.refuse_winner(session, effects, one)
    proposals.take(session, proposal, who.actor)
    told = {"act": act.key, "digest": effects.digest, "proposed_by": str(proposal.proposed_by)}
    place_id = proposal.owner_id
    log.write(session, "bulk:act:accepted", who.actor, organisation_id=place_id, change_id=change_id, envelope=told)


def refuse(session: Session, proposal: Proposal, reason: str, actor: Actor) -> None:
    """Refuse what waits, with a reason; who proposed it takes it back so. Raises ``Invalid`` without one."""
    said = proposals.why(reason)
    proposals.drop(session, proposal)
    envelope = {"act": (proposal.stated or {}).get("act"), "digest": proposal.digest, "reason": said}
    log.write(session, "bulk:act:refused", actor, organisation_id=proposal.owner_id, envelope=envelope)
