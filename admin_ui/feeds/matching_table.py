"""A source's column matching as rows of a table: which column of which kind of record means what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from admin_ui.parts import words
from iam.sources.reading.matching import AffiliationColumns, Kind, Matching, Organisations, Person, Values
from iam.texts import N_
from iam.web import context

KINDS = {
    "employment": N_("Employment"),
    "org": N_("Organisation"),
    "user": N_("User"),
    "role": N_("Role in a school"),
    "class": N_("Class"),
    "enrollment": N_("Enrolment in a class"),
    "relationship": N_("Relationship"),
    "person": N_("Person"),
    "group": N_("Group"),
    "membership": N_("Membership"),
}
_ATTRIBUTES = {
    "given_names": N_("Given names"),
    "call_name": N_("Calling name"),
    "family_name": N_("Family name"),
    "email": N_("E-mail"),
    "phone": N_("Phone"),
    "birth_date": N_("Day of birth"),
    "login": N_("Username"),
    "updated": N_("Updated on"),
}


NO_COLUMN = "–"
"""In the place of a column, where something holds for all."""


@dataclass(frozen=True, slots=True)
class Matched:
    """One line: the kind of record, what is read, from which column, and how."""

    kind: str
    meaning: str
    column: str
    note: str = ""


def rows(matching: Matching, names: Mapping[str, str] | None = None) -> list[Matched]:
    """Return the column matching line by line, in the reader's language; with ``names``, the columns are called as the
    source calls ours, and those that it lacks are left out."""
    return [
        Matched(words.word(KINDS, name), meaning, shown, note)
        for name, kind in matching.kinds.items()
        for meaning, column, note in _kind(_named(kind, names) if names else kind)
        if (shown := names.get(column, column if column == NO_COLUMN else "") if names else column)
    ]


def _named(kind: Kind, names: Mapping[str, str]) -> Kind:
    """Return a kind whose place is told by the column that the source has."""
    if kind.affiliation is None:
        return kind
    places = kind.affiliation.organisations
    if places.column in names:
        told = {"otherwise": names.get(places.otherwise or "")}
    else:
        told = {"column": places.otherwise, "part": None, "before": None, "otherwise": None}
    affiliation = kind.affiliation.model_copy(update={"organisations": places.model_copy(update=told)})
    return kind.model_copy(update={"affiliation": affiliation})


def _kind(kind: Kind) -> Iterator[tuple[str, str, str]]:
    t = context.texts().gettext
    if kind.person is not None:
        yield from _person(kind.person)
    for item in kind.identifiers:
        note = t(N_("the part tagged %(tag)s")) % {"tag": item.tagged} if item.tagged else ""
        yield words.word(words.IDENTIFIERS, item.kind), item.column, note
    if kind.affiliation is not None:
        yield from _affiliation(kind.affiliation)
    if kind.absence is not None:
        yield t(N_("First day of an absence")), kind.absence.from_, ""
        yield t(N_("Last day of an absence")), kind.absence.to, ""
    for relationship in kind.relationships:
        note = t(N_("several, parted by %(sign)s")) % {"sign": relationship.part} if relationship.part else ""
        yield words.word(words.RELATIONSHIPS, relationship.kind), relationship.column, note
        if relationship.where is not None:
            yield t(N_("… only where")), relationship.where.column, f"= {relationship.where.value}"
    if kind.organisation_alias is not None:
        yield t(N_("Key of the organisation")), *_place(kind.organisation_alias)
    if kind.group is not None:
        yield t(N_("Name of the group")), kind.group.name, ""
        yield t(N_("Organisation")), *_place(kind.group.organisation)
    if kind.membership is not None:
        yield t(N_("Group")), kind.membership.group, ""
        yield from _days(kind.membership.from_, kind.membership.to)


def _person(person: Person) -> Iterator[tuple[str, str, str]]:
    note = context.texts().gettext(N_("the key of the person in this source"))
    yield words.word(words.IDENTIFIERS, person.as_), person.key, note
    for name, text in _ATTRIBUTES.items():
        yield context.texts().gettext(text), getattr(person, name) or "", ""
    if person.suspended is not None:
        yield (
            context.texts().gettext(N_("Suspended by the source")),
            person.suspended.column,
            f"= {person.suspended.value}",
        )


def _affiliation(columns: AffiliationColumns) -> Iterator[tuple[str, str, str]]:
    t = context.texts().gettext
    yield t(N_("Organisation")), *_place(columns.organisations)
    if isinstance(columns.kind, Values):
        note = "; ".join(
            f"{value} → {words.word(words.AFFILIATIONS, kind)}" for value, kind in columns.kind.values.items()
        )
        yield t(N_("Kind")), columns.kind.column, note
    else:
        yield t(N_("Kind")), NO_COLUMN, words.word(words.AFFILIATIONS, columns.kind)
    yield t(N_("Code of the occupation")), columns.occupation or "", ""
    yield t(N_("Title")), columns.title or "", ""
    yield from _days(columns.from_, columns.to)
    yield t(N_("Substitutes for")), columns.substitute_for or "", ""
    if columns.primary is not None:
        yield t(N_("Primary")), columns.primary.column, f"= {columns.primary.value}"


def _days(first: str | None, last: str | None) -> Iterator[tuple[str, str, str]]:
    yield context.texts().gettext(N_("First day")), first or "", ""
    yield context.texts().gettext(N_("Last day")), last or "", ""


def _place(columns: Organisations) -> tuple[str, str]:
    t = context.texts().gettext
    if columns.fixed is not None:
        return NO_COLUMN, t(N_("the organisation that owns the source"))
    notes = []
    if columns.part:
        notes.append(t(N_("several, parted by %(sign)s")) % {"sign": columns.part})
    if columns.before:
        notes.append(t(N_("up to the sign %(sign)s")) % {"sign": columns.before})
    if columns.otherwise:
        notes.append(t(N_("when empty, the column %(column)s")) % {"column": columns.otherwise})
    return columns.column or "", "; ".join(notes)
