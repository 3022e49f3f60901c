"""Which rights a person has lost lately, and why: the explanation of each as it stood at its last instant."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.explanation.explain import Explanation, explain
from iam.access.living import lives
from iam.access.model.assignment import Assignment
from iam.directory.queries import known

LATELY = timedelta(days=90)
"""How far back a lost right is still told of."""
_LAST = timedelta(microseconds=1)


def ended(
    session: Session,
    person_id: UUID,
    *,
    application_key: str | None = None,
    at: datetime | None = None,
    known_at: datetime | None = None,
) -> list[Explanation]:
    """Return the rights that ended by themselves in the 90 days up to ``at`` (default now) and that nothing carries on,
    newest first.

    Each is explained as of its last instant, with ``held`` false and ``until`` its end.
    """
    moment = at or clock.now()
    held = {(one.role, one.scope_key) for one in explain(session, person_id, at=moment, known_at=known_at)}
    found: dict[tuple[str, str], Explanation] = {}
    for end in sorted(_ends(session, person_id, moment, known_at), reverse=True):
        for one in explain(session, person_id, application_key=application_key, at=end - _LAST, known_at=known_at):
            if one.until == end and (one.role, one.scope_key) not in held:
                one.held = False
                found.setdefault((one.role, one.scope_key), one)
    return list(found.values())


def _ends(session: Session, person_id: UUID, moment: datetime, known_at: datetime | None) -> set[datetime]:
    """The instants at which something that a right of the person rested on has ended lately."""
    a = Assignment
    rows = session.execute(select(a.valid_to, a.clause_id).where(a.person_id == person_id, known(a, known_at)))
    found: set[datetime] = set()
    clauses: set[UUID] = set()
    for valid_to, clause_id in rows:
        found.add(valid_to)
        if clause_id is not None:
            clauses.add(clause_id)
    found |= {life.end for _, life, _ in lives(session, clauses, known_at)}
    return {end for end in found if moment - LATELY < end <= moment}
