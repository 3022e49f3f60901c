"""What differences touch, and which sign-ins they end."""

from __future__ import annotations

from collections.abc import Sequence

from iam import clock
from iam.apply.comparison.difference import Difference
from iam.apply.comparison.draft import Draft
from iam.plans.definition_guard import Touched
from iam.signin.factors import policy_effect


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


def sign_ins(draft: Draft, differences: Sequence[Difference]) -> int | None:
    """Return how many sign-ins the declared policies end. How long they last counts from the next sign-in: that ends
    none."""
    told = {one.key: one.fields for one in differences if one.kind == "organisation" and one.action == "change"}
    if not any({"second_factor", "sessions"} & fields.keys() for fields in told.values()):
        return None
    shapes = {key: draft.stated("organisation")[key].shape for key, fields in told.items() if "second_factor" in fields}
    days = {
        draft.organisations[key]: shape["second_factor"] and shape["second_factor"]["remember_days"]
        for key, shape in shapes.items()
    }
    return policy_effect.ended(draft.session, days, clock.now())
