"""What stands, in shapes and with its ids: the tree and people beside it, on which much rests."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from iam.apply.comparison.people import People
from iam.apply.declared.shapes import Shape
from iam.lifecycle.organisations.tree import Place


@dataclass(slots=True)
class State:
    """Shapes and ids by kind and key; the tree by organisation id; the people asked for."""

    shapes: dict[str, dict[str, Shape]] = field(default_factory=lambda: defaultdict(dict))
    ids: dict[str, dict[str, UUID]] = field(default_factory=lambda: defaultdict(dict))
    tree: dict[UUID, list[Place]] = field(default_factory=dict)
    people: People = field(default_factory=People)

    def keys(self, kind: str) -> dict[UUID, str]:
        """Return keys by id."""
        return {id_: key for key, id_ in self.ids[kind].items()}

    def put(self, kind: str, key: str, id_: UUID, shape: Shape) -> None:
        """Add one thing."""
        self.ids[kind][key] = id_
        self.shapes[kind][key] = shape
