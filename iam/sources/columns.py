"""What a record means, by its source's column matching. Pure: a record in, statements or problems out.

A day from a source is a day in the source's zone: a last day of 31.5. ends at 00:00 of 1.6. there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from connectors.identity_code import holds_code
from connectors.problem import Problem
from connectors.records import Record, Value
from iam import clock
from iam.sources.matching import AffiliationColumns, IdentifierColumn, Kind, Organisations, RelationshipColumn, Values

_FINNISH = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_ISO = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T.*)?")
IDENTITY_CODE = re.compile(r"^([0-9]{2})([0-9]{2})([0-9]{2})([-+A-FU-Y])([0-9]{3})([0-9A-FHJ-NPR-Y])$")
_CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"


class Rejection(Exception):
    """The record cannot be read; ``problem`` says why, and names no value that may be personal."""

    def __init__(self, message: str, remedy: str, field_: str, **params: object) -> None:
        super().__init__(message)
        self.problem = Problem(message, remedy, field=field_, params=params)


@dataclass(slots=True)
class SaidPerson:
    """A person as one record describes them."""

    key: str
    as_: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    updated: date | None = None
    describes: bool = False


@dataclass(slots=True)
class Said:
    """Everything one record says."""

    person: SaidPerson | None = None
    code: str | None = None
    identifiers: list[tuple[str, str, str]] = field(default_factory=list)
    affiliations: list[tuple[UUID, UUID, str, str | None, str | None, bool, str | None, datetime, datetime]] = field(
        default_factory=list
    )
    absence: tuple[datetime, datetime] | None = None
    relationships: list[tuple[str, str, bool, datetime, datetime, bool]] = field(default_factory=list)
    alias: UUID | None = None
    group: tuple[UUID, str, str] | None = None
    membership: tuple[str, str, datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """The organisations a source may name: by key (and other public codes), and by the source's own aliases."""

    by_key: Mapping[str, UUID]
    entity: Mapping[UUID, UUID]
    owner: UUID
    aliases: dict[str, UUID]


@lru_cache(maxsize=16384)
def day(text: str) -> date:
    """Return the day of ``d.m.yyyy`` or ISO text (``yyyy-mm-dd``, a time after it is passed over), from 1900 on.

    Raises ``ValueError``.
    """
    if found := _FINNISH.fullmatch(text):
        told = date(int(found[3]), int(found[2]), int(found[1]))
    elif found := _ISO.fullmatch(text):
        told = date.fromisoformat(found[1])
    else:
        raise ValueError("not a day")
    if told.year < clock.LONG_AGO.year:
        raise ValueError("a day before all that is known")
    return told


def code_is_whole(code: str) -> bool:
    """Whether a personal identity code has the right form and check character."""
    found = IDENTITY_CODE.match(code)
    return bool(found) and _CHECK[int(code[:6] + code[7:10]) % 31] == code[10]


def reader(kind: Kind, zone: str, source_key: str, places: Places) -> Callable[[Record], Said]:
    """Return the function that reads records of one kind; it raises ``Rejection``."""

    def read(record: Record) -> Said:
        said = Said()
        row = record.fields
        if kind.person is not None:
            said.person = _person(kind, row)
            _identifiers(kind, row, source_key, said)
        if kind.affiliation is not None:
            _affiliations(kind.affiliation, row, zone, places, said)
        if kind.absence is not None and (start := _text(row, kind.absence.from_)):
            said.absence = _interval(start, _text(row, kind.absence.to), kind.absence.from_, kind.absence.to, zone)
        for item in kind.relationships:
            _relationships(item, row, zone, said)
        if kind.organisation_alias is not None:
            said.alias = _alias(kind.organisation_alias, row, places)
        if kind.group is not None:
            place = _organisations(kind.group.organisation, row, places)
            said.group = (place[0], kind.group.kind, _text(row, kind.group.name) or record.key)
        if kind.membership is not None:
            m = kind.membership
            said.membership = (m.group_kind, _needed(row, m.group), *_open_interval(row, m.from_, m.to, zone))
        return said

    return read


def _text(row: Mapping[str, Value], column: str | None) -> str | None:
    value = row.get(column) if column is not None else None
    if not value:
        return None
    return (value if value.__class__ is str else value[0]).strip() or None


def _needed(row: Mapping[str, Value], column: str) -> str:
    value = _text(row, column)
    if value is None:
        raise Rejection("A value is missing.", "Fill it in where the data comes from.", column)
    return value


def _person(kind: Kind, row: Mapping[str, Value]) -> SaidPerson:
    p = kind.person
    assert p is not None
    said = SaidPerson(_needed(row, p.key), p.as_)
    said.attributes = {name: _text(row, column) for name, column in p.attributes}
    if born := said.attributes.get("birth_date"):
        _a_day(born, p.birth_date or "")
    said.describes = p.family_name is not None
    updated = _text(row, p.updated)
    said.updated = _a_day(updated, p.updated or "") if updated else None
    return said


def _identifiers(kind: Kind, row: Mapping[str, Value], source_key: str, said: Said) -> None:
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


def _identifier(item: IdentifierColumn, row: Mapping[str, Value]) -> str | None:
    text = _text(row, item.column)
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


def _affiliations(columns: AffiliationColumns, row: Mapping[str, Value], zone: str, places: Places, said: Said) -> None:
    kind: str | None
    if isinstance(columns.kind, Values):
        kind = columns.kind.values.get(_needed(row, columns.kind.column))
        if kind is None:
            return
    else:
        kind = columns.kind
    start, end = _open_interval(row, columns.from_, columns.to, zone)
    primary = columns.primary is not None and _text(row, columns.primary.column) == columns.primary.value
    found = _organisations(columns.organisations, row, places)
    for n, organisation_id in enumerate(found):
        said.affiliations.append(
            (
                organisation_id, places.entity[organisation_id], kind, _text(row, columns.occupation), _text(row, columns.title),
                primary if columns.primary is not None else n == 0, _text(row, columns.substitute_for), start, end,
            )
        )  # fmt: skip


def _organisations(columns: Organisations, row: Mapping[str, Value], places: Places) -> list[UUID]:
    if columns.fixed is not None:
        return [places.owner]
    column = columns.column or ""
    text = _text(row, column)
    if text is None and columns.otherwise is not None:
        column, text = columns.otherwise, _needed(row, columns.otherwise)
    if text is None:
        raise Rejection("A value is missing.", "Fill it in where the data comes from.", column)
    parts = text.split(columns.part) if columns.part and column == columns.column else [text]
    keys = [part.split(columns.before)[0].strip() if columns.before else part.strip() for part in parts]
    return list(dict.fromkeys(_organisation(key, column, columns.alias, places) for key in keys))


def _organisation(key: str, column: str, alias: bool, places: Places) -> UUID:
    found = places.aliases.get(key) if alias else places.by_key.get(key)
    if found is None or found not in places.entity:
        raise _no_organisation(key, column)
    return found


def _no_organisation(key: str, column: str) -> Rejection:
    shown = "…" if holds_code(key) else key[:40]
    return Rejection(
        "There is no organisation %(key)s.",
        "Add the organisation, or correct the code in the source.",
        column,
        key=shown,
    )


def _alias(columns: Organisations, row: Mapping[str, Value], places: Places) -> UUID | None:
    key = _text(row, columns.column) or _text(row, columns.otherwise)
    found = places.by_key.get(key or "")
    if found is None:
        raise _no_organisation(key or "", columns.column or "")
    return found


def _relationships(item: RelationshipColumn, row: Mapping[str, Value], zone: str, said: Said) -> None:
    text = _text(row, item.column)
    if text is None or said.person is None:
        return
    start, end = _open_interval(row, item.from_, item.to, zone)
    for key in dict.fromkeys(part.strip() for part in (text.split(item.part) if item.part else [text])):
        if key and key != said.person.key:
            said.relationships.append((item.kind, key, item.this_person_is == "holder", start, end, item.optional))


def _open_interval(
    row: Mapping[str, Value], start: str | None, end: str | None, zone: str
) -> tuple[datetime, datetime]:
    first = _text(row, start)
    if first is None:
        last = _text(row, end)
        return clock.LONG_AGO, clock.day_end(_a_day(last, end or ""), zone) if last else clock.FOREVER
    return _interval(first, _text(row, end), start or "", end or "", zone)


def _interval(first: str, last: str | None, start: str, end: str, zone: str) -> tuple[datetime, datetime]:
    begins = clock.day_start(_a_day(first, start), zone)
    ends = clock.day_end(_a_day(last, end), zone) if last else clock.FOREVER
    if ends <= begins:
        raise Rejection("The last day is before the first.", "Correct the days in the source.", end)
    return begins, ends


def _a_day(text: str, column: str) -> date:
    try:
        return day(text)
    except ValueError:
        raise Rejection("This is not a day.", "Write it as d.m.yyyy or yyyy-mm-dd.", column) from None
