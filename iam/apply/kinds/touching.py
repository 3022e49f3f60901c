"""What differences touch, and which sign-ins they end."""

from __future__ import annotations

from iam.apply.comparison.difference import Difference
from iam.apply.comparison.draft import Draft
from iam.plans.definition_guard import Touched


def role(draft: Draft, one: Difference) -> Touched:
    """The role itself."""
    ids = draft.state.ids["role"]
    return Touched(frozenset({ids[one.key]} if one.key in ids else ()))


def rule(draft: Draft, one: Difference) -> Touched:
    """The roles that the rule gave and gives."""
    ids = draft.state.ids["role"]
    shapes = (draft.standing("rule").get(one.key), draft.stated("rule")[one.key].shape)
    keys = {shape["pattern"]["gives"]["role"] for shape in shapes if shape and shape["pattern"]}
    return Touched(frozenset(ids[key] for key in keys if key in ids))


def agreement(draft: Draft, one: Difference) -> Touched:
    """Agreements are always between legal entities."""
    return Touched(across=one.action == "create" or bool({"clauses", "in_force", "parties"} & set(one.fields)))
