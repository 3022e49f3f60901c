"""Rights and their reasons as they may be told: where somebody protected is does not show in a scope, a sentence, a
fact or a source."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import Part, knows_protected
from iam.access.explanation.explain import Because, Explanation
from iam.access.explanation.fact_lines import FactLine
from iam.access.model.assignment import Assignment
from iam.directory.organisation import Organisation
from iam.directory.protected import is_protected, rests_on_protected


def to_asker(session: Session, part: Part, person_id: UUID, found: list[Explanation]) -> list[Explanation]:
    """Return the rights of a person that concern a part, as an asker may read them; at most four statements.

    Left out are those whose scope lies outside the part and that rest on no position inside it. What tells of a
    protected person is blank: a right is told where ``persons.code`` is held over its scope and over every organisation
    that it rests on.
    """
    found = found if part.everything else _within(session, part, found)
    if not found or knows_protected(session, part):
        return found
    secret = _secret(session, person_id, found)
    keys = {key for right in found if secret & _ids(right) for key in _places(right)}
    known = _known(session, part, keys) if keys else set()
    return [_blank(right) if secret & _ids(right) and not _places(right) <= known else right for right in found]


def to_oneself(
    session: Session, person_id: UUID, found: list[Explanation], at: datetime | None = None
) -> list[Explanation]:
    """Return a person's own rights: blank is what tells where somebody protected is, until it is confirmed that she may
    know."""
    hidden = _resting(session, found, at or clock.now())
    return [_blank(right) if hidden & _ids(right) else right for right in found]


def _within(session: Session, part: Part, found: list[Explanation]) -> list[Explanation]:
    involved = [{right.scope_key, *_positions(right)} for right in found]
    query = select(Organisation.key).where(
        Organisation.key.in_(set().union(*involved)), part.covers(Organisation.__table__.c.id)
    )
    here = set(session.scalars(query))
    return [right for right, keys in zip(found, involved, strict=True) if keys & here]


def _positions(right: Explanation) -> Iterable[str]:
    facts = (fact for because in right.because for fact in because.facts if fact.fact == "affiliation")
    return (fact.organisation_key for fact in facts if fact.organisation_key)


def _secret(session: Session, person_id: UUID, found: list[Explanation]) -> set[UUID]:
    ids = {id_ for right in found for id_ in _ids(right)}
    query = select(Assignment.id).where(
        Assignment.id.in_(ids), is_protected(Assignment.person_id) | rests_on_protected(Assignment)
    )
    return set(session.scalars(query))


def _resting(session: Session, found: list[Explanation], at: datetime) -> set[UUID]:
    ids = {id_ for right in found for id_ in _ids(right)}
    query = select(Assignment.id).where(Assignment.id.in_(ids), rests_on_protected(Assignment, unconfirmed_at=at))
    return set(session.scalars(query))


def _known(session: Session, part: Part, keys: Collection[str]) -> set[str]:
    if not part.codes:
        return set()
    query = select(Organisation.key).where(Organisation.key.in_(keys), part.codes.covers(Organisation.id))
    return set(session.scalars(query))


def _ids(right: Explanation) -> set[UUID]:
    return {because.assignment_id for because in right.because}


def _places(right: Explanation) -> set[str]:
    facts: Iterable[FactLine] = (fact for because in right.because for fact in because.facts)
    return {right.scope_key, *(fact.organisation_key for fact in facts if fact.organisation_key)}


def _blank(right: Explanation) -> Explanation:
    because = [_reason(one) for one in right.because]
    return replace(right, scope_key="", scope_names={}, ends_first={}, because=because, told=False)


def _reason(because: Because) -> Because:
    return replace(
        because,
        rule_key=None,
        rule_version=None,
        sentence={},
        rule_names={},
        published_by=None,
        reason=None,
        clause=None,
        facts=[_fact(one) for one in because.facts if one.fact != "place"],
    )


def _fact(fact: FactLine) -> FactLine:
    return replace(
        fact,
        organisation_key=None,
        organisation_names={},
        position=None,
        position_names=None,
        other=None,
        group=None,
        source_key=None,
        source_names=None,
        run_id=None,
        file=None,
        line=None,
    )
