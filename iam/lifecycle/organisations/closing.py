"""What people lose when an organisation is no longer open to a source: what the source's next run ends there, and the
rights that go with it. Tried in a savepoint and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, literal, select, union, update
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import WHOLE, Part
from iam.access.commands.effects import read, tellable
from iam.access.commands.publish import Preview
from iam.access.derivation.derive import derive
from iam.change import SYSTEM, Change
from iam.database.types import UtcDateTime
from iam.directory.affiliation import Relationship
from iam.directory.organisation import OrganisationClosure
from iam.directory.reach import within
from iam.directory.source import SourceOpening
from iam.lifecycle import staged
from iam.lifecycle.facts.kinds import AFFILIATION, MEMBERSHIP_, FactKind
from iam.lifecycle.organisations import openings

ENDED = (AFFILIATION, MEMBERSHIP_)
"""What a run ends where its source may not speak any more; whose guardian somebody is counts no longer at once."""


@dataclass(frozen=True, slots=True)
class Closing:
    """``facts``: how many affiliations by their kind, and ``membership``s, the source's next run ends; ``would``: the
    rights."""

    facts: Mapping[str, int]
    would: Preview


def preview(session: Session, opening: SourceOpening, part: Part = WHOLE) -> Closing:
    """Return what ending an opening now would take, and what of it an asker with ``part`` may be told; nothing is kept.

    Raises ``Conflict`` when it is over.
    """
    trial = session.begin_nested()
    try:
        change = openings.end(session, opening, SYSTEM)
        staged.make(session, staged.touched)
        facts: dict[str, int] = {}
        for kind in ENDED:
            gone = _gone(kind, opening)
            facts |= _count(session, kind, opening, gone, part)
            _end(session, kind, change, gone)
        _touch(session, change, opening)
        derive(session, change, persons=staged.touched, trial=True)
        effects = read(session, change.id, basis=f"close {opening.id}")
        return Closing(facts, Preview(effects, None, tellable(session, change.id, part)))
    finally:
        trial.rollback()
        session.expire_all()


def _gone(kind: FactKind, opening: SourceOpening) -> ColumnElement[bool]:
    """The condition that a fact of the source is not over, and stands where the source does not reach from now on."""
    m, c, now = kind.model, OrganisationClosure, clock.now()
    under = select(c.descendant_id).where(c.ancestor_id == opening.organisation_id)
    place = kind.place(m, opening.source_id)
    reached = within(m.source_id, place, lambda r: r.valid_to > now)
    told = m.closed_by.is_(None), m.source_id == opening.source_id, m.valid_to > now
    return and_(*told, place.in_(under), ~reached)


def _count(
    session: Session, kind: FactKind, opening: SourceOpening, gone: ColumnElement[bool], part: Part
) -> dict[str, int]:
    m = kind.model
    label = kind.label(m).label("label")
    tells = part.tells(m.person_id, kind.place(m, opening.source_id))
    rows = session.execute(select(label, func.count(m.fact_id.distinct())).where(gone, tells).group_by(label))
    return {str(word): n for word, n in rows}


def _end(session: Session, kind: FactKind, change: Change, gone: ColumnElement[bool]) -> None:
    """Close what is gone; what has begun stands until now."""
    m, now = kind.model, clock.now()
    ids = list(session.scalars(select(m.version_id).where(gone)))
    closing = update(m).where(m.version_id.in_(ids)).values(closed_by=change.id)
    session.execute(closing.execution_options(synchronize_session=False))
    kept = ("version_id", "opened_by", "closed_by", "valid_to")
    names = [one.name for one in m.__table__.columns if one.name not in kept]
    fixed = func.uuid7(), literal(change.id, m.opened_by.type), literal(now, UtcDateTime())
    begun = (m.closed_by == change.id, m.valid_from < now)
    rows = select(*fixed, *(getattr(m, name) for name in names)).where(*begun)
    session.execute(insert(m).from_select(["version_id", "opened_by", "valid_to", *names], rows))


def _touch(session: Session, change: Change, opening: SourceOpening) -> None:
    """Note whose rights may differ: those whose facts end, their guardians and managers, and those of whom the source
    says that they guard or manage somebody there."""
    r, models = Relationship, [kind.model for kind in ENDED]
    pair = opening.organisation_id, opening.source_id
    lost = union(*(select(m.person_id).where(m.closed_by == change.id) for m in models)).subquery()
    kin = select(r.person_id).where(r.closed_by.is_(None), r.other_person_id.in_(select(lost.c.person_id)))
    everybody: Any = union(select(lost.c.person_id), kin, *openings.related(pair)).subquery()
    session.execute(insert(staged.touched).from_select(["person_id"], select(everybody.c.person_id)))
