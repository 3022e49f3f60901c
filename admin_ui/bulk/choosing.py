"""Who is chosen, as an address or a form says it, and how the next step says it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import request

from admin_ui.parts import frame
from admin_ui.parts.paging import as_id
from admin_ui.people.listing import FILTERS, archive_after, wanted_of
from iam.access.administration import Part
from iam.access.pages import listing as roles
from iam.bulk import chosen
from iam.bulk.chosen import BulkChoice, ChosenPeople
from iam.directory.pages.listing import Wanted
from iam.web import context

TICKED, ALL, PASTED, HOLDERS = "these", "all", "paste", "holders"
FILTER = "in_"
"""Filters of the list go by their names with this before them, for an act has fields of the same names."""


@dataclass(frozen=True, slots=True)
class ChoiceForm:
    """How people are chosen, and the names and values that say so; a paste is a field of the form, never of an
    address."""

    way: str
    choice: BulkChoice
    carried: list[tuple[str, str]]
    paste: str = ""

    @property
    def is_paste(self) -> bool:
        """Whether the people are those of a paste, which the form asks for."""
        return self.way == PASTED


def read() -> ChoiceForm:
    """Return who is chosen by this request; raises ``NotFound`` for an organisation or a role outside the part."""
    said = request.form if request.method == "POST" else request.args
    way = said.get("who", PASTED)
    if way == TICKED:
        ids = tuple(dict.fromkeys(one for one in map(as_id, said.getlist("person")) if one is not None))
        return ChoiceForm(way, BulkChoice(ids), [("who", way), *(("person", str(one)) for one in ids)])
    if way == ALL:
        return _of_filter({name: said[FILTER + name] for name in FILTERS if said.get(FILTER + name)})
    if way == HOLDERS:
        named = said.get("holders", "")
        application, _, key = named.partition(":")
        role, _, _ = roles.role_of(context.db(), frame.part_of("persons.read"), application, key)
        return ChoiceForm(way, BulkChoice(role_id=role.id), [("who", way), ("holders", named)])
    paste = request.form.get("paste", "")
    return ChoiceForm(PASTED, BulkChoice(paste=paste), [("who", PASTED)], paste)


def _of_filter(filters: Mapping[str, str]) -> ChoiceForm:
    wanted: Wanted = wanted_of(context.db(), frame.part_of("persons.read"), filters)
    carried = [("who", ALL), *((FILTER + name, value) for name, value in filters.items())]
    return ChoiceForm(ALL, BulkChoice(wanted=wanted, nameless=filters.get("username") == "none"), carried)


def people(form: ChoiceForm, act: Part) -> ChosenPeople:
    """Return the people of the reader's part, and of that of the act, who are chosen; raises ``Invalid`` when they are
    too many."""
    if not form.choice:
        return ChosenPeople(())
    return chosen.resolve(context.db(), form.choice, frame.part_of("persons.read"), act, archive_after())
