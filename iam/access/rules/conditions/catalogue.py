"""The conditions by the fact they are asked of, in the order a reader would check them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from iam.access.rules.conditions import of_affiliation, of_membership, of_relationship
from iam.access.rules.conditions.condition import Condition

Fact = Literal["affiliation", "membership", "relationship"]
CONDITIONS: Mapping[Fact, tuple[type[Condition], ...]] = {
    "affiliation": of_affiliation.CONDITIONS,
    "membership": of_membership.CONDITIONS,
    "relationship": of_relationship.CONDITIONS,
}
