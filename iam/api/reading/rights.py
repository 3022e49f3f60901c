"""A person's rights with their reasons, as they may be told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from iam.access.administration import Part
from iam.access.explanation.explain import Because, ClauseLine, Explanation, explain
from iam.access.explanation.fact_lines import FactLine
from iam.access.explanation.telling import to_asker
from iam.api.reading.moments import end, start

Told = dict[str, Any]


def of_person(session: Session, part: Part, person_id: UUID, at: datetime | None = None) -> Told:
    """Return the rights of a person at a moment (now) that concern a part, as ``RightsTold``."""
    found = to_asker(session, part, person_id, explain(session, person_id, at=at))
    return {"items": [_right(one) for one in found]}


def _right(one: Explanation) -> Told:
    return {
        "role": one.role,
        "role_names": dict(one.role_names),
        "organisation": dict(one.scope_names) if one.told else None,
        "capacity": str(one.capacity_id),
        "enforced": one.enforced,
        "told": one.told,
        "valid_to": end(one.until),
        "ends_first": dict(one.ends_first),
        "because": [_because(because) for because in one.because],
    }


def _because(one: Because) -> Told:
    return {
        "id": str(one.assignment_id),
        "origin": one.origin,
        "rule": one.rule_key,
        "rule_names": dict(one.rule_names) or None,
        "rule_version": one.rule_version,
        "sentence": dict(one.sentence),
        "reason": one.reason,
        "clause": _clause(one.clause) if one.clause else None,
        "through": one.through,
        "valid_to": end(one.valid_to),
        "facts": [_fact(fact) for fact in one.facts if fact.fact != "place"],
    }


def _clause(one: ClauseLine) -> Told:
    names = None if one.purpose_names is None else dict(one.purpose_names)
    said = {"purpose": one.purpose, "purpose_names": names, "case_number": one.case_number}
    return {"agreement": one.agreement_key, "n": one.n} | said


def _fact(one: FactLine) -> Told:
    return {
        "fact": one.fact,
        "kind": one.kind,
        "position": one.position,
        "position_names": one.position_names,
        "organisation": dict(one.organisation_names) or None,
        "source": one.source_key,
        "run": str(one.run_id) if one.run_id else None,
        "file": one.file,
        "line": one.line,
        "valid_from": start(one.valid_from),
        "valid_to": end(one.valid_to),
    }
