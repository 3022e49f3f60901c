"""What waits for a second person in the part of who asks, the oldest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.asker import Asker
from iam.access.commands.appointing import APPOINTS
from iam.access.model.proposal import OF_RULES, Proposal, waiting as undecided
from iam.apply.guarded import KEY as DECLARATION, name_of
from iam.bulk import waits as bulk
from iam.bulk.acts.registry import ACTS
from iam.deciding.appointing import KIND as ADMINISTRATOR
from iam.directory.source import Run, Source
from iam.errors import NotFound
from iam.plans import agreement_proposals, proposals
from iam.sources import undo
from iam.sources.listing import WAITING
from iam.texts import N_

SOURCE, DECLARED = "source", "apply"
NAMES = {
    "rule": "rule",
    "withdrawal": "rule",
    agreement_proposals.KIND: "agreement",
    DECLARED: DECLARATION,
    undo.KIND: undo.KIND,
    ADMINISTRATOR: ADMINISTRATOR,
    bulk.KIND: bulk.KIND,
}
"""What a proposal is about, as it is named."""
PERMISSIONS: Mapping[str, str] = {
    **dict.fromkeys(OF_RULES, "rules.write"),
    agreement_proposals.KIND: "agreements.sign",
    SOURCE: "sources.accept",
    undo.KIND: "sources.accept",
    DECLARED: "config.apply",
    ADMINISTRATOR: APPOINTS,
}
"""By kind of what waits, which permission decides it; ``plans.approve`` decides all of them."""
SAYING = (DECLARED, bulk.KIND)
"""Kinds that may say which permission decides them, over the organisation whose they are (``stated``)."""
STATED = frozenset(
    {
        "organisations.write",
        "persons.write",
        "rules.write",
        "applications.write",
        *(one.permission for one in ACTS.values() if one.moves),
    }
)
"""What those may say."""
DECIDING = frozenset({*PERMISSIONS.values(), *STATED})
"""Every permission that decides something that waits."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A plan that waits. ``name`` tells it from all that wait: what it is about and its key (of a declaration, the
    beginning of its digest); ``gain`` and ``lose`` count people, of a source's run rights."""

    name: str
    kind: str
    key: str
    owner_id: UUID | None
    proposed_by: UUID | None
    at: datetime
    gain: int
    lose: int
    reasons: Sequence[Problem]
    proposal: Proposal | None = None
    run: Run | None = None

    @property
    def permission(self) -> str:
        """Which permission decides it."""
        stated = (self.proposal.stated or {}) if self.proposal is not None and self.kind in SAYING else {}
        return str(stated.get("permission") or PERMISSIONS[self.kind])

    @property
    def digest(self) -> str:
        """The digest of what was shown."""
        found = self.proposal.digest if self.proposal is not None else self.run and self.run.digest
        return found or ""


def waiting(session: Session, asker: Asker) -> list[Waiting]:
    """Return what waits in the asker's part; two statements."""
    found = [_of_proposal(one) for one in session.scalars(proposals_for(asker))]
    found += [_of_run(run, source) for run, source in session.execute(_runs(asker))]
    return sorted(found, key=lambda one: (one.at, one.name))


def named(session: Session, asker: Asker, name: str) -> Waiting:
    """Return what waits under a name; raises ``NotFound``."""
    found = next((one for one in waiting(session, asker) if one.name == name), None)
    if found is None:
        message = N_("Nothing waits under the name %(name)s, or it is outside your part.")
        raise NotFound(Problem(message, "See iam plan list.", params={"name": name}))
    return found


def proposals_for(asker: Asker) -> Any:
    """Select the proposals that wait in the asker's part, and the asker's own, the oldest first.

    A file may speak of everything, so everything must be in the part of who decides it; what a page states is one
    organisation's.
    """
    owner_id, mine = Proposal.__table__.c.owner_id, list[ColumnElement[bool]]()
    for kind, permission in PERMISSIONS.items():
        part = asker.decides(permission)
        if part and (kind != DECLARED or part.everything):
            here = true() if kind == DECLARED else part.covers(owner_id)
            mine.append(and_(Proposal.kind == kind, here))
    for permission in STATED:
        if part := asker.decides(permission):
            stated = Proposal.stated["permission"].as_string() == permission
            mine.append(and_(Proposal.kind.in_(SAYING), stated, part.covers(owner_id)))
    if asker.person_id is not None:
        mine.append(Proposal.proposed_by == asker.person_id)
    return select(Proposal).where(undecided(), or_(false(), *mine)).order_by(Proposal.proposed_at)


def _runs(asker: Asker) -> Any:
    part = asker.decides(PERMISSIONS[SOURCE])
    last = (
        select(Run.id)
        .where(Run.source_id == Source.id, ~Run.dry_run)
        .order_by(Run.id.desc())
        .limit(1)
        .correlate(Source)
        .scalar_subquery()
    )
    query = select(Run, Source).join(Source, Source.id == Run.source_id)
    mine = part.covers(Source.__table__.c.owner_id) if part else false()
    return query.where(Run.id == last, Run.state.in_(WAITING), Run.digest.is_not(None), mine)


def _of_proposal(one: Proposal) -> Waiting:
    what = NAMES[one.kind]
    reasons, counts = proposals.reasons_of(one.reasons), one.counts
    return Waiting(
        name_of(one.digest) if what == DECLARATION else f"{what}/{one.key}",
        one.kind,
        one.key,
        one.owner_id,
        one.proposed_by,
        one.proposed_at,
        counts["gain"],
        counts["lose"],
        reasons,
        proposal=one,
    )


def _of_run(run: Run, source: Source) -> Waiting:
    counts, reasons = run.counts, [Problem(one["message"], params=one.get("params") or {}) for one in run.reasons]
    lose = counts.get("rights_held_lose", counts.get("rights_lose", 0))
    return Waiting(
        f"{SOURCE}/{source.key}",
        SOURCE,
        source.key,
        source.owner_id,
        run.actor_person_id,
        run.started_at,
        counts.get("rights_gain", 0) if run.state == "held" else 0,
        lose,
        reasons,
        run=run,
    )
