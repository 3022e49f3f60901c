"""What is known of one kind of declaration: everything the steps of an application ask of it.

Whoever adds a kind describes it in one module of ``kinds`` and names it once in ``registry``; the steps (reading,
comparing, writing, guarding, writing out) walk that list and know no kind by name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from iam.apply.comparison.difference import Difference
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.people import Named
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Declaration, Items, Things
from iam.apply.declared.written import Row
from iam.apply.schema.item import Item
from iam.plans.definition_guard import Touched

Reach = Literal["nobody", "those touched", "those placed", "by some rules", "everybody"]
"""Whose rights are derived anew: of those whose facts are touched, of those whom other places of the tree concern, by
the rules that read what differs, or everybody's."""


def _names_nobody(things: Things) -> Iterable[str | Named]:
    return ()


def _touches_nothing(draft: Draft, one: Difference) -> Touched:
    return Touched()


def _by_no_rules(writing: Writing) -> Collection[UUID]:
    return ()


def _ends_none(draft: Draft, differences: Sequence[Difference]) -> int | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kind:
    """One kind of declaration.

    ``name`` is what reports call it; ``section`` the top-level key of a file under which it is stated, ``model`` an
    item there. A kind without a model is stated within the items of that section, and written out with them.

    - ``declare`` states things by key and shape from the section's items;
    - ``asks`` names the people of whom the stated things speak: logins, and identifiers;
    - ``stand`` puts what stands into the state, by sets: of the things stated, where there may be millions, or for None
      everything;
    - ``check`` finds what is wrong with what is stated, and completes its shapes;
    - ``write`` writes what differs; ``export`` yields what stands as items;
    - ``touches`` tells of one difference which roles it names, and whether it speaks across legal entities;
    - ``rules`` tells, of what was written, by which rules' ids rights may be others (``derives`` "by some rules");
    - ``ends`` tells how many sign-ins the differences end, None where they have nothing to do with it.

    Of its fields, ``quiet`` are those of which only the name is told; of the rows of ``history`` those that are over
    need not be stated; ``parts`` names what the rows of a field are made of. ``guarded``: its change gives or takes
    rights of people it does not name, or makes administrators. ``derives`` says whose rights follow from a change, of
    the fields ``derived_by`` where it is not of any: of what is new then, nobody's do.
    """

    name: str
    section: str
    model: type[Item] | None = None
    declare: Callable[[Declaration, Items], None]
    stand: Callable[[Session, State, Things | None], None]
    check: Callable[[Draft], None]
    write: Callable[[Writing], None]
    export: Callable[[Session, State], Iterable[Row]] | None = None
    asks: Callable[[Things], Iterable[str | Named]] = _names_nobody
    touches: Callable[[Draft, Difference], Touched] = _touches_nothing
    rules: Callable[[Writing], Collection[UUID]] = _by_no_rules
    ends: Callable[[Draft, Sequence[Difference]], int | None] = _ends_none
    quiet: frozenset[str] = frozenset()
    history: frozenset[str] = frozenset()
    parts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    guarded: bool = False
    derives: Reach = "nobody"
    derived_by: frozenset[str] | None = None
