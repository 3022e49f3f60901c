"""What every condition of a rule can, and what it is given to do it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, Self

from sqlalchemy import ColumnElement

from connectors.problem import Problem
from iam.access.rules.conditions.reading import Reader
from iam.access.rules.facts import AffiliationFact, MembershipFact, RelationshipFact, World
from iam.access.rules.names import Labels, Names
from iam.database.statement import Statement
from iam.texts import Texts

AnyFact = AffiliationFact | MembershipFact | RelationshipFact
Control = Literal["kinds", "code list", "occupations", "source", "text", "organisation kind", "organisation"]


class Query(Protocol):
    """The statement under construction."""

    where: list[ColumnElement[bool]]
    by_clause: ColumnElement[bool]

    def join(self, target: Any, on: ColumnElement[bool] | None = None) -> None:
        """Join ``target``."""

    def dated(self, row: Any) -> None:
        """The match lies within the row's interval."""


@dataclass(frozen=True, slots=True)
class Compiling:
    """A fact in the statement: its row, its group where it is a membership, the facts bound before, what names stand
    for."""

    query: Query
    row: Any
    group: Any
    facts: Mapping[str, Any]
    names: Names

    @property
    def organisation_id(self) -> Any:
        """Where the fact is."""
        return (self.row if self.group is None else self.group).organisation_id


@dataclass(frozen=True, slots=True)
class Seen:
    """What a fact is matched beside: the facts bound before, what names stand for, and the world; None: it is not
    looked at, and what depends on it counts as met."""

    names: Names
    world: World | None = None
    bound: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of the rule's form. ``control`` says how it is filled in; a problem at ``at`` below the fact stands
    beside it."""

    name: str
    label: str
    control: Control
    at: str = ""
    hint: str = ""
    empty: str = ""


Asked = Mapping[str, str | tuple[str, ...]]
"""What was filled in, by the field's name."""


class Condition(ABC):
    """One condition. Each subclass is a frozen dataclass of what the rule states; two are equal when they ask the
    same."""

    KEYS: ClassVar[frozenset[str]]
    """The settings of a fact that it reads."""
    FIELDS: ClassVar[tuple[FormField, ...]] = ()
    """Its fields of the form; empty: the form does not show it."""
    NAMED: ClassVar[Statement[tuple[Any, ...]] | None] = None
    """The keys of what it may name beside organisations, groups, lists and roles, each with its value in ``Names``."""

    @classmethod
    @abstractmethod
    def read(cls, reader: Reader, asked: Mapping[str, Any], place: str, earlier: Mapping[str, str]) -> Self | None:
        """Return the condition that ``asked`` states; None: none. What is wrong is noted. ``earlier`` are the facts
        bound before, by name."""

    @classmethod
    def stated(cls, asked: Asked) -> Mapping[str, Any]:
        """Return the settings that the form's fields say."""
        return {}

    @classmethod
    def open(cls, asked: Asked) -> Iterator[Problem]:
        """Yield what the fields themselves leave open."""
        yield from ()

    @abstractmethod
    def compile(self, item: Compiling) -> None:
        """Add the condition to a statement."""

    @abstractmethod
    def failing(self, fact: Any, seen: Seen) -> Iterator[Problem]:
        """Yield why a fact does not meet it; nothing when it does. Nothing personal is in the text."""

    def words(self, labels: Labels, t: Texts) -> Sequence[str]:
        """Return what stands in brackets behind the fact; empty texts are left out."""
        return ()

    @property
    def asked(self) -> Asked:
        """The form's fields."""
        return {}

    @property
    def narrows(self) -> bool:
        """Whether it leaves anybody out for what they are: a rule that only says where would match everybody."""
        return True

    @property
    def under(self) -> str | None:
        """The key of the organisation at or under which the fact is; its time there dates the match."""
        return None

    @property
    def organisations(self) -> Sequence[tuple[str, str]]:
        """The organisations it names: the place below the fact, and the key."""
        return ()

    def unknown(self, names: Names, owner_id: Any, place: str) -> Iterator[Problem]:
        """Yield what it names that does not exist for a rule of this owner."""
        yield from ()

    def foreign(self, names: Names, owner_id: Any, place: str) -> Iterator[Problem]:
        """Yield what it names that a rule of this owner may not name, when the rule is written; the whole tree is in
        ``names``."""
        yield from ()

    def meaning(self, names: Names) -> Hashable:
        """Return what its names stand for now; they exist."""
        return tuple(names.organisations[key] for _, key in self.organisations)

    def renamed(self, names: Mapping[str, str]) -> Condition:
        """Return the same condition where the facts bound before are called otherwise."""
        return self
