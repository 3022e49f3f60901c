"""What became of each request for a sign-in, so that somebody can be told why they did not get in. Ids and times only,
kept a month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.right import Capacity
from iam.database.statement import Statement
from iam.database.types import uuid7
from iam.oidc.authorization.interaction import Issue, NoRight, Refuse, SignInState, Step
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.model import Attempt

KEPT = timedelta(days=30)
_SOME = 10_000
OUTCOMES = ("issued", "no-right", "refused")
_WRITE = Statement(lambda: insert(Attempt), tuple)


def record(
    session: Session,
    client: RegisteredClient,
    person_id: UUID | None,
    request_id: str,
    step: Step,
    standing: SignInState,
) -> None:
    """Write down how a request ended; steps on the way (a page that was shown) are not ends and leave nothing."""
    outcome = _outcome(step)
    if outcome is None:
        return
    _WRITE.run(
        session,
        id=uuid7(),
        at=clock.now(),
        request_id=request_id,
        client_id=client.client_id,
        person_id=person_id,
        outcome=outcome,
        steps=_steps(step, standing),
    )


def _outcome(step: Step) -> str | None:
    match step:
        case Issue():
            return "issued"
        case NoRight():
            return "no-right"
        case Refuse():
            return "refused"
    return None


def _steps(step: Step, standing: SignInState) -> list[dict[str, Any]]:
    """What was looked at, in order: the sign-in, each capacity and whether it opens the application, the answer."""
    found: list[dict[str, Any]] = [{"step": "sign-in", "acr": standing.acr, "least": standing.least_acr}]
    found += [_of_capacity(capacity, enters) for capacity, enters in standing.capacities]
    match step:
        case Issue(capacity=capacity) if capacity is not None:
            found.append({"step": "answer", "capacity": str(capacity.id)})
        case Refuse(error):
            found.append({"step": "answer", "error": error})
        case _:
            found.append({"step": "answer"})
    return found


def _of_capacity(capacity: Capacity, enters: bool) -> dict[str, Any]:
    return {
        "step": "capacity",
        "id": str(capacity.id),
        "kind": capacity.kind,
        "organisation": capacity.organisation_key,
        "from": capacity.valid_from.isoformat(),
        "to": capacity.valid_to.isoformat(),
        "enters": enters,
    }


def attempts(
    session: Session,
    *,
    person_id: UUID | None = None,
    client_ids: Sequence[str] | None = None,
    outcomes: Sequence[str] | None = None,
    before_id: UUID | None = None,
    limit: int = 50,
) -> list[Attempt]:
    """Return the latest attempts of a person, or at these clients, perhaps of some ``OUTCOMES`` only; newest first,
    page by the last id."""
    query = select(Attempt).order_by(Attempt.id.desc()).limit(limit)
    if person_id is not None:
        query = query.where(Attempt.person_id == person_id)
    if client_ids is not None:
        query = query.where(Attempt.client_id.in_(client_ids))
    if outcomes is not None:
        query = query.where(Attempt.outcome.in_(outcomes))
    if before_id is not None:
        query = query.where(Attempt.id < before_id)
    return list(session.scalars(query))


def tidy(session: Session) -> int:
    """Forget attempts older than a month, some at a time; return how many."""
    # Ids are ordered by time: the first rows are the oldest, found without reading the rest.
    first = select(Attempt.id).order_by(Attempt.id).limit(_SOME)
    old = delete(Attempt).where(Attempt.id.in_(first), Attempt.at < clock.now() - KEPT)
    return int(getattr(session.execute(old), "rowcount", 0))
