"""The versions of a rule: one by its number, and which there are."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.model.rule import RuleVersion
from iam.errors import NotFound
from iam.texts import N_

OFFERED = 100
"""So many versions, the newest, are offered to be compared with."""
_NO_VERSION = Problem(N_("The rule has no such version."), N_("Open its page again."))


def version_of(session: Session, rule_id: UUID, n: int) -> RuleVersion:
    """Return a version of a rule by its number; raises ``NotFound``."""
    query = select(RuleVersion).where(RuleVersion.rule_id == rule_id, RuleVersion.n == n)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound(_NO_VERSION)
    return found


def numbers(session: Session, rule_id: UUID) -> Sequence[int]:
    """Return the numbers of a rule's newest versions, the newest first."""
    query = select(RuleVersion.n).where(RuleVersion.rule_id == rule_id).order_by(RuleVersion.n.desc())
    return session.scalars(query.limit(OFFERED)).all()
