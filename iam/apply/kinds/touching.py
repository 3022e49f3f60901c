"""What differences touch, and which sign-ins they end."""

from __future__ import annotations

from iam.apply.comparison.difference import Difference
from iam.apply.comparison.draft import Draft
from iam.plans.definition_guard import Touched


def role(draft: Draft, one: Difference) -> Touched:
    """The role itself."""
    ids = draft.state.ids["role"]
    return Touched(frozenset({ids[one.key]} if one.key in ids else ()))
