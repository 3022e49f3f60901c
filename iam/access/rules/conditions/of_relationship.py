"""What a rule can ask of a relationship."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.problem import Problem
from iam.access.rules.conditions.condition import Compiling, Condition, Seen
from iam.access.rules.conditions.reading import Reader
from iam.access.rules.facts import RelationshipFact
from iam.directory.affiliation import RELATIONSHIP_KINDS


@dataclass(frozen=True, slots=True)
class RelationshipKind(Condition):
    """It is of this kind, as guardianship."""

    kind: str
    KEYS = frozenset({"kind"})

    @classmethod
    def read(
        cls, reader: Reader, asked: Mapping[str, Any], place: str, earlier: Mapping[str, str]
    ) -> RelationshipKind | None:
        """Every relationship is asked for by exactly one kind."""
        kinds = reader.texts(asked.get("kind"), f"{place}.kind")
        for kind in kinds:
            reader.one_of(kind, RELATIONSHIP_KINDS, f"{place}.kind")
        if len(kinds) != 1:
            reader.wrong(
                f"{place}.kind", "A relationship needs exactly one kind.", "Write kind: guardian_of, for example."
            )
            return None
        return cls(kinds[0])

    def compile(self, item: Compiling) -> None:
        """The row is of the kind."""
        item.query.where.append(item.row.kind == self.kind)

    def failing(self, fact: RelationshipFact, seen: Seen) -> Iterator[Problem]:
        """The relationship is of another kind."""
        if fact.kind != self.kind:
            yield Problem("There is no such relationship.")

    @property
    def narrows(self) -> bool:
        """No: it belongs to nobody's part of the tree."""
        return False


CONDITIONS: tuple[type[Condition], ...] = (RelationshipKind,)
