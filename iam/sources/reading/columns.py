"""What a record means, by its source's column matching. Pure: a record in, statements or problems out.

A day from a source is a day in the source's zone: a last day of 31.5. ends at 00:00 of 1.6. there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from connectors.identity_code import holds_code
from connectors.problem import Problem
from connectors.records import Record, Value
from iam import clock
from iam.sources.reading.days import day
from iam.sources.reading.matching import (
    AffiliationColumns,
    IdentifierColumn,
    Kind,
    Organisations,
    RelationshipColumn,
    Values,
)
from iam.sources.reading.trimmed import Row, Unseen, trimmer
from iam.sources.reading.walls import EVERYWHERE, Walls

IDENTITY_CODE = re.compile(r"^([0-9]{2})([0-9]{2})([0-9]{2})([-+A-FU-Y])([0-9]{3})([0-9A-FHJ-NPR-Y])$")
_CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"


class Rejection(Exception):
    """The record cannot be read; ``problem`` says why, and names no value that may be personal."""

    def __init__(self, message: str, remedy: str, field_: str, **params: object) -> None:
        super().__init__(message)
        self.problem = Problem(message, remedy, field=field_, params=params)

    @classmethod
    def of(cls, problem: Problem) -> Rejection:
        """Return the rejection that a problem is."""
        return cls(problem.message, problem.remedy, problem.field or "", **problem.params)


@dataclass(slots=True)
class SaidPerson:
    """A person as one record describes them."""

    key: str
    as_: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    updated: date | None = None
    describes: bool = False
    suspended: bool = False


class SaidAffiliation(NamedTuple):
    """An affiliation as one record states it; the fields are called as the columns of the fact are."""

    organisation_id: UUID
    kind: str
    occupation: str | None
    title: str | None
    is_primary: bool
    substitute_for: str | None
    valid_from: datetime
    valid_to: datetime


class SaidRelationship(NamedTuple):
    """A relationship as one record states it, between its own person and the one called ``other_key``."""

    kind: str
    other_key: str
    is_holder: bool
    """Whether the record's own person is the guardian, the manager or the sponsor."""
    valid_from: datetime
    valid_to: datetime
    optional: bool


@dataclass(slots=True)
class Said:
    """Everything one record says; ``warnings`` tell what of it is taken in part, and ``cut`` whether anything is.

    ``cleaned`` tells what was left out of its texts.
    """

    person: SaidPerson | None = None
    code: str | None = None
    identifiers: list[tuple[str, str, str]] = field(default_factory=list)
    affiliations: list[SaidAffiliation] = field(default_factory=list)
    absence: tuple[datetime, datetime] | None = None
    relationships: list[SaidRelationship] = field(default_factory=list)
    alias: UUID | None = None
    group: tuple[UUID, str, str] | None = None
    membership: tuple[str, str, datetime, datetime] | None = None
    warnings: tuple[Problem, ...] = ()
    cut: bool = False
    cleaned: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """The organisations a source may name: by key (and other public codes), by the source's own aliases, and how far it
    reaches."""

    by_key: Mapping[str, UUID]
    placed: frozenset[UUID]
    owner: UUID
    aliases: dict[str, UUID]
    walls: Walls = EVERYWHERE


def code_is_whole(code: str) -> bool:
    """Whether a personal identity code has the right form and check character."""
    found = IDENTITY_CODE.match(code)
    return bool(found) and _CHECK[int(code[:6] + code[7:10]) % 31] == code[10]


def reader(kind: Kind, zone: str, source_key: str, places: Places) -> Callable[[Record], Said]:
    """Return the function that reads records of one kind; it raises ``Rejection``."""

    workplaces = _finder(kind.affiliation.organisations, places) if kind.affiliation is not None else None
    group_places = _finder(kind.group.organisation, places) if kind.group is not None else None
    partly = places.walls.partly
    trim = trimmer(kind)

    def read(record: Record) -> Said:
        said = Said()
        row = _taken(trim, record.fields, said)
        if kind.person is not None:
            said.person = _person(kind, row, zone)
            _identifiers(kind, row, source_key, said)
        if kind.affiliation is not None and workplaces is not None:
            _affiliations(kind.affiliation, row, zone, workplaces, said)
            if partly and any(one[0] in partly for one in said.affiliations):
                _walled(places.walls, kind.affiliation.organisations.column, said)
        if kind.absence is not None and (start := row.get(kind.absence.from_)):
            said.absence = _interval(start, row.get(kind.absence.to), kind.absence.from_, kind.absence.to, zone)
        for item in kind.relationships:
            _relationships(item, row, zone, said)
        if kind.organisation_alias is not None:
            said.alias = _alias(kind.organisation_alias, row, places)
        if kind.group is not None and group_places is not None:
            said.group = (group_places(row)[0], kind.group.kind, row.get(kind.group.name) or record.key)
            if said.group[0] in partly and not places.walls.reached_from_now(said.group[0]):
                _outside(places.walls, said.group[0], kind.group.organisation.column, said)
        if kind.membership is not None:
            m = kind.membership
            said.membership = (m.group_kind, _needed(row, m.group), *_open_interval(row, m.from_, m.to, zone))
        return said

    return read


def _taken(
    trim: Callable[[Mapping[str, Value]], tuple[Row, tuple[Problem, ...]]], fields: Mapping[str, Value], said: Said
) -> Row:
    try:
        row, said.cleaned = trim(fields)
    except Unseen as found:
        raise Rejection(
            "The field holds a sign that cannot be seen (U+%(sign)s).",
            "Write the value anew by hand in the sending system.",
            found.column,
            sign=found.sign,
        ) from None
    return row


def _needed(row: Row, column: str) -> str:
    value = row.get(column)
    if value is None:
        raise Rejection("A value is missing.", "Fill it in where the data comes from.", column)
    return value


def _person(kind: Kind, row: Row, zone: str) -> SaidPerson:
    p = kind.person
    assert p is not None
    said = SaidPerson(_needed(row, p.key), p.as_)
    said.attributes = {name: row.get(column) for name, column in p.attributes}
    if born := said.attributes.get("birth_date"):
        said.attributes["birth_date"] = _a_day(born, p.birth_date or "", zone).isoformat()
    said.describes = p.family_name is not None
    said.suspended = p.suspended is not None and row.get(p.suspended.column) == p.suspended.value
    updated = row.get(p.updated)
    said.updated = _a_day(updated, p.updated or "", zone) if updated else None
    return said


def _identifiers(kind: Kind, row: Row, source_key: str, said: Said) -> None:
    assert said.person is not None
    said.identifiers.append((said.person.as_, source_key, said.person.key))
    for item in kind.identifiers:
        value = _identifier(item, row)
        if value is None:
            continue
        if item.kind == "identity-code":
            if not code_is_whole(value):
                raise Rejection(
                    "The identity code is not a whole one.", "Check it in the system it comes from.", item.column
                )
            said.code = value
        else:
            said.identifiers.append((item.kind, item.issuer, value))


def _identifier(item: IdentifierColumn, row: Row) -> str | None:
    text = row.get(item.column)
    if text is None or item.tagged is None:
        return text
    opening = f"{{{item.tagged}:"
    parts = (part.strip() for part in text.split(","))
    return (
        next(
            (part[len(opening) : -1].strip() for part in parts if part.startswith(opening) and part.endswith("}")), None
        )
        or None
    )


def _affiliations(
    columns: AffiliationColumns, row: Row, zone: str, workplaces: Callable[[Row], Sequence[UUID]], said: Said
) -> None:
    kind: str | None
    if isinstance(columns.kind, Values):
        value = _needed(row, columns.kind.column)
        kind = columns.kind.values.get(value)
        if kind is None and columns.kind.unlisted == "reject":
            raise Rejection(
                "There is no known kind %(value)s.",
                "Correct it in the source, or add the value to the column matching.",
                columns.kind.column,
                value=_shown(value),
            )
        if kind is None:
            return
    else:
        kind = columns.kind
    start, end = _open_interval(row, columns.from_, columns.to, zone)
    primary = columns.primary is not None and row.get(columns.primary.column) == columns.primary.value
    for n, organisation_id in enumerate(workplaces(row)):
        said.affiliations.append(
            SaidAffiliation(
                organisation_id,
                kind,
                row.get(columns.occupation),
                row.get(columns.title),
                primary if columns.primary is not None else n == 0,
                row.get(columns.substitute_for),
                start,
                end,
            )
        )


def _walled(walls: Walls, column: str | None, said: Said) -> None:
    """Cut what a record says of affiliations to where and when its source may say it."""
    for n, one in enumerate(said.affiliations):
        verdict, start, end = walls.judge(one.organisation_id, one.valid_from, one.valid_to)
        if verdict == "outside":
            _outside(walls, one[0], column, said)
        elif verdict == "part":
            said.warnings += (walls.part(one[0], start, end, column),)
            if walls.enforced:
                said.affiliations[n], said.cut = one._replace(valid_from=start, valid_to=end), True


def _outside(walls: Walls, organisation_id: UUID, column: str | None, said: Said) -> None:
    problem = walls.outside(organisation_id, column)
    if walls.enforced:
        raise Rejection.of(problem)
    said.warnings += (problem,)


def _finder(columns: Organisations, places: Places) -> Callable[[Row], Sequence[UUID]]:
    """Return the function that finds a row's organisations; texts repeat, so each is parted and looked up once."""
    main, known = columns.column or "", dict[tuple[str, str], tuple[UUID, ...]]()

    def find(row: Row) -> Sequence[UUID]:
        column, text = main, row.get(main)
        if text is None and columns.otherwise is not None:
            column, text = columns.otherwise, _needed(row, columns.otherwise)
        if text is None:
            raise Rejection("A value is missing.", "Fill it in where the data comes from.", column)
        found = known.get((column, text))
        if found is None:
            found = known[column, text] = _named(columns, column, text, places)
        return found

    return find if columns.fixed is None else lambda _row: (places.owner,)


def _named(columns: Organisations, column: str, text: str, places: Places) -> tuple[UUID, ...]:
    parts = text.split(columns.part) if columns.part and column == columns.column else [text]
    keys = [part.split(columns.before)[0].strip() if columns.before else part.strip() for part in parts]
    return tuple(dict.fromkeys(_organisation(key, column, columns.alias, places) for key in keys))


def _organisation(key: str, column: str, alias: bool, places: Places) -> UUID:
    found = places.aliases.get(key) if alias else places.by_key.get(key)
    if found is None or found not in places.placed:
        raise _no_organisation(key, column)
    return found


def _no_organisation(key: str, column: str) -> Rejection:
    return Rejection(
        "There is no organisation %(key)s.",
        "Add the organisation, or correct the code in the source.",
        column,
        key=_shown(key),
    )


def _shown(code: str) -> str:
    return "…" if holds_code(code) else code[:40]


def _alias(columns: Organisations, row: Row, places: Places) -> UUID | None:
    key = row.get(columns.column) or row.get(columns.otherwise)
    found = places.by_key.get(key or "")
    if found is None:
        raise _no_organisation(key or "", columns.column or "")
    return found


def _relationships(item: RelationshipColumn, row: Row, zone: str, said: Said) -> None:
    text = row.get(item.column)
    elsewhere = item.where is not None and row.get(item.where.column) != item.where.value
    if text is None or said.person is None or elsewhere:
        return
    start, end = _open_interval(row, item.from_, item.to, zone)
    for key in dict.fromkeys(part.strip() for part in (text.split(item.part) if item.part else [text])):
        if key and key != said.person.key:
            holder = item.this_person_is == "holder"
            said.relationships.append(SaidRelationship(item.kind, key, holder, start, end, item.optional))


def _open_interval(row: Row, start: str | None, end: str | None, zone: str) -> tuple[datetime, datetime]:
    first = row.get(start)
    if first is None:
        last = row.get(end)
        return clock.LONG_AGO, clock.day_end(_a_day(last, end or "", zone), zone) if last else clock.FOREVER
    return _interval(first, row.get(end), start or "", end or "", zone)


@lru_cache(maxsize=65536)
def _interval(first: str, last: str | None, start: str, end: str, zone: str) -> tuple[datetime, datetime]:
    begins = clock.day_start(_a_day(first, start, zone), zone)
    ends = clock.day_end(_a_day(last, end, zone), zone) if last else clock.FOREVER
    if ends <= begins:
        raise Rejection("The last day is before the first.", "Correct the days in the source.", end)
    return begins, ends


def _a_day(text: str, column: str, zone: str) -> date:
    try:
        return day(text, zone)
    except ValueError:
        raise Rejection("This is not a day.", "Write it as d.m.yyyy or yyyy-mm-dd.", column) from None
