"""What a source says of somebody whose record is unclear, so that both sides can be seen: name, day of birth,
positions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.lifecycle import staged
from iam.sources.identity.contradiction import TOLD, evidence

MOST = 5
"""So many positions of one record are kept, so many records beside it, and so many persons that it may be of."""


def of(session: Session) -> dict[str, dict[str, Any]]:
    """Return what the run staged under each key that waits, without the identity code: ``name``, ``born`` (ISO 8601),
    ``places`` as (organisation's id, title or None, kind), and the ``evidence`` that a human decides on; two
    statements."""
    p, a = staged.person.c, staged.affiliation.c
    names = select(*TOLD)
    found: dict[str, dict[str, Any]] = {}
    for row in session.execute(names.where(p.person_key.in_(staged.WAITING))):
        name = f"{row.call_name or row.given_names or ''} {row.family_name or ''}".strip()
        born = row.birth_date and row.birth_date.isoformat()
        found[row.person_key] = {"name": name, "born": born, "places": [], "evidence": evidence(row)}
    where = select(a.person_key, a.organisation_id, a.title, a.kind).where(a.person_key.in_(staged.WAITING)).distinct()
    for key, organisation_id, title, kind in session.execute(where.order_by(a.person_key, a.organisation_id, a.title)):
        places = found.get(key, {}).get("places", [])
        if len(places) < MOST:
            places.append([str(organisation_id), title, kind])
    return found
