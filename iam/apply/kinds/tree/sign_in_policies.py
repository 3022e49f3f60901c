"""What an organisation asks of its people when they sign in: how it is stated, written, and whose sign-ins it ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from iam import clock
from iam.apply.comparison.difference import Difference
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.writing import Writing
from iam.apply.schema.item import Item
from iam.signin.accounts import session_policy, username_rules
from iam.signin.factors import policy, policy_effect


class SecondFactor(Item):
    """An organisation asks its people for a second factor, again on a device of their own after so many days (0: at
    every sign-in)."""

    remember_days: Annotated[int, Field(ge=0, le=365)] = 0


class Sessions(Item):
    """How long a sign-in of an organisation's people lasts: unused for so many minutes, and so many hours at most."""

    idle_minutes: Annotated[int, Field(ge=5, le=30 * 24 * 60)] | None = None
    hours: Annotated[int, Field(ge=1, le=90 * 24)] | None = None


def write(writing: Writing) -> None:
    """Write what is asked of an organisation's people when they sign in, and their usernames."""
    ids = writing.draft.organisations
    factors = {
        ids[key]: shape["second_factor"] and shape["second_factor"]["remember_days"]
        for key, shape in writing.all("organisation")
        if writing.differs("organisation", key, "second_factor")
    }
    policy.ask(writing.session, factors)
    limits = {
        ids[key]: shape["sessions"] and (shape["sessions"]["idle_minutes"], shape["sessions"]["hours"])
        for key, shape in writing.all("organisation")
        if writing.differs("organisation", key, "sessions")
    }
    session_policy.state(writing.session, limits)
    names = {
        ids[key]: shape["usernames"]
        for key, shape in writing.all("organisation")
        if "usernames" in shape and writing.differs("organisation", key, "usernames")
    }
    username_rules.state(writing.session, names)


def ended(draft: Draft, differences: Sequence[Difference]) -> int | None:
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
