"""What a rule is matched against: one person's open facts, and the organisations, each for its time. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from iam.clock import FOREVER, LONG_AGO


class Span(NamedTuple):
    """A half-open interval."""

    start: datetime
    end: datetime

    def meet(self, other: Span) -> Span:
        """The common part; empty when ``start`` is not before ``end``."""
        return Span(max(self.start, other.start), min(self.end, other.end))

    @property
    def empty(self) -> bool:
        """Whether nothing is left."""
        return self.start >= self.end


ALWAYS = Span(LONG_AGO, FOREVER)


@dataclass(frozen=True, slots=True)
class AffiliationFact:
    """An open affiliation version."""

    version_id: UUID
    fact_id: UUID
    person_id: UUID
    organisation_id: UUID
    kind: str
    occupation: str | None
    is_primary: bool
    substitute_for: str | None
    span: Span
    source_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class MembershipFact:
    """An open membership version with its group."""

    version_id: UUID
    group_id: UUID
    group_kind: str
    organisation_id: UUID
    span: Span
    source_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class RelationshipFact:
    """An open relationship version of the person as its holder."""

    version_id: UUID
    fact_id: UUID
    kind: str
    other_id: UUID
    span: Span
    source_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one person, and the affiliations of those the person is related to."""

    person_id: UUID
    affiliations: Sequence[AffiliationFact] = ()
    memberships: Sequence[MembershipFact] = ()
    relationships: Sequence[RelationshipFact] = ()
    others: Sequence[AffiliationFact] = ()


@dataclass(frozen=True, slots=True)
class World:
    """The organisations: kinds, the dated closure, dated places with legal entity, what areas cover, and where sources
    state facts.

    ``continued`` holds whom a legal entity continues, and when.
    """

    kinds: Mapping[UUID, str]
    closure: Mapping[tuple[UUID, UUID], Sequence[Span]]
    places: Mapping[UUID, Sequence[tuple[UUID, UUID, Span]]]
    covers: Mapping[UUID, Sequence[tuple[UUID, UUID, Span]]]
    reach: Mapping[tuple[UUID, UUID], Sequence[Span]] = field(default_factory=dict)
    continued: Mapping[UUID, Sequence[tuple[UUID, Span]]] = field(default_factory=dict)
