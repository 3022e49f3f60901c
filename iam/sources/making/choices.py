"""What the columns of a source may mean, as choices: one for each thing that its column matching can read.

Where the connector lets columns have any names (``NamesColumns``), what is chosen is its setting, and the matching says
the rest: what a value stands for, and what holds for all where there is no column. Elsewhere what is chosen stands in
the matching itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from connectors import registry
from connectors.contract import NamesColumns
from connectors.problem import Problem
from connectors.records import Sample
from iam.directory.source import Source
from iam.errors import Invalid
from iam.sources import configured
from iam.sources.making import likeness
from iam.sources.making.settings import Data
from iam.sources.reading.days import day
from iam.sources.reading.matching import ATTRIBUTES
from iam.texts import N_

_NOT_COLUMNS = frozenset(
    ("as", "issuer", "tagged", "part", "before", "fixed", "value", "values", "unlisted", "this_person_is", "group_kind")
)
_DAYS = frozenset({"from", "to", "birth_date", "updated"})
_KIND = ("affiliation", "kind")
_PLACES = ("affiliation", "organisations")
Step = str | int
OWNER = "owner"
"""The organisation of a source that states everything where its owner is."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that can be read of one kind of record: where the matching says it, and the column it has now.

    ``name`` is its field in a form, ``what`` its place without numbers (``person.given_names``), ``about`` the kind of
    identifier or relationship, ``ours`` what the matching calls the column.
    """

    kind: str
    path: tuple[Step, ...]
    ours: str
    column: str
    about: str = ""
    needed: bool = False

    @property
    def name(self) -> str:
        """The name of its field, and of the problem beside it."""
        return ".".join(map(str, (self.kind, *self.path)))

    @property
    def what(self) -> str:
        """What it is, whichever of several."""
        return ".".join(step for step in self.path if isinstance(step, str))

    @property
    def is_day(self) -> bool:
        """Whether its column holds days."""
        return self.path[-1] in _DAYS


def names_columns(source: Source) -> NamesColumns | None:
    """Return the source's connector when what it reads has names of its own for the columns; raises ``Invalid``."""
    connector = configured.connector_of(source)
    return connector if isinstance(connector, NamesColumns) and connector.has_own_names else None


def things(source: Source) -> list[Thing]:
    """Return what can be read of a source, each column of ours once; raises ``Invalid``."""
    usual, own = registry.matching(source.connector), source.matching
    connector = names_columns(source)
    if connector is None:
        return [thing for name, kind in _kinds(own or usual) for thing in _of_kind(name, kind)]
    names: Mapping[str, str] = source.settings.get(connector.names_setting) or {}
    found: dict[str, Thing] = {}
    for name, kind in _kinds(usual):
        for path, ours in _columns(kind, ()):
            thing = Thing(name, path, ours, names.get(ours, ""), _about(kind, path), ours in connector.needed)
            found.setdefault(ours, thing)
        for ours in connector.needed:
            found.setdefault(ours, Thing(name, ("key",), ours, names.get(ours, ""), needed=True))
    return list(found.values())


def suggestions(found: Sequence[Thing], samples: Sequence[Sample]) -> dict[str, str]:
    """Return for things without a column the one that they most likely are, by name."""
    suggested: dict[str, str] = {}
    for sample in samples:
        open_ = {one.name: (one.what, one.ours) for one in found if one.kind == sample.kind and not one.column}
        taken = {one.column for one in found}
        suggested |= likeness.suggested(open_, [name for name in sample.columns if name not in taken])
    return suggested


def chosen(source: Source, columns: Data, samples: Sequence[Sample], everybody: str, at_owner: bool) -> dict[str, Any]:
    """Return what is said of a source by ``columns``, which were chosen by the names of things: settings and matching.

    ``everybody`` is the kind of affiliation where no column tells it; ``at_owner`` puts everybody into the owner's
    organisation where none tells that. Raises ``Invalid`` with each thing that is missing, is not in the sample, or
    holds no days.
    """
    found = things(source)
    wrong = [problem for thing in found if (problem := _fault(thing, str(columns.get(thing.name, "")), samples))]
    if wrong:
        raise Invalid(*wrong)
    connector = names_columns(source)
    if connector is None:
        return {"matching": _placed(source, found, columns)}
    names = {one.ours: columns[one.name] for one in found if columns.get(one.name)}
    own = _for_all(source, set(names), everybody, at_owner)
    usual = registry.matching(source.connector)
    settings = {**source.settings, connector.names_setting: names}
    return {"settings": settings, "matching": None if own == usual else own}


def values(source: Source, samples: Sequence[Sample]) -> tuple[str, dict[str, str]]:
    """Return the column that tells the kind of an affiliation, and each of its values in the samples, or known before,
    with what that stands for; nothing where no column tells it."""
    thing = next((one for one in things(source) if one.path == (*_KIND, "column") and one.column), None)
    if thing is None:
        return "", {}
    kind = dict(_kinds(source.matching or registry.matching(source.connector)))[thing.kind]
    known: Mapping[str, str] = kind["affiliation"]["kind"]["values"]
    seen = {value.strip() for one in samples if one.kind == thing.kind for value in _values_in(one, thing.column)}
    return thing.column, {value: known.get(value, "") for value in sorted(seen - {""})}


def stating_values(source: Source, stands_for: Mapping[str, str]) -> dict[str, Any]:
    """Return the matching in which values stand for kinds of affiliations; those that stand for nothing refuse their
    row."""
    own = deepcopy(source.matching or registry.matching(source.connector))
    for _, kind in _kinds(own):
        told = kind.get("affiliation", {}).get("kind")
        if isinstance(told, dict):
            others = {value: one for value, one in told["values"].items() if value not in stands_for}
            told["values"] = others | {value: one for value, one in stands_for.items() if one}
    return {"matching": None if own == registry.matching(source.connector) else own}


def _kinds(data: Data) -> Iterator[tuple[str, Any]]:
    return ((name, kind) for name, kind in data.items() if name != "correlate")


def _columns(part: Any, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Yield the place of each column that a part of a matching names, in its order."""
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for step, value in items:
        here = (*path, step)
        if isinstance(value, (dict, list)) and step not in _NOT_COLUMNS:
            yield from _columns(value, here)
        elif isinstance(value, str) and step not in _NOT_COLUMNS and step != "kind":
            yield here, value


def _of_kind(name: str, kind: Any) -> Iterator[Thing]:
    for path, column in _columns(kind, ()):
        yield Thing(name, path, column, column, _about(kind, path), path == ("person", "key"))
    for attribute in ATTRIBUTES if "person" in kind else ():
        if attribute not in kind["person"]:
            yield Thing(name, ("person", attribute), "", "")


def _about(kind: Any, path: tuple[Step, ...]) -> str:
    if path[0] not in ("identifiers", "relationships"):
        return str(kind["person"]["as"]) if path == ("person", "key") else ""
    return str(kind[path[0]][path[1]]["kind"])


def _values_in(sample: Sample, column: str) -> list[str]:
    if column not in sample.columns:
        return []
    place = sample.columns.index(column)
    return [row[place] for row in sample.rows if len(row) > place]


def _fault(thing: Thing, column: str, samples: Sequence[Sample]) -> Problem | None:
    if not column:
        return _wrong(thing, N_("This is missing."), N_("Choose the column.")) if thing.needed else None
    sample = next((one for one in samples if one.kind == thing.kind), None)
    if sample is None or column not in sample.columns:
        if column == thing.column:
            return None
        return _wrong(thing, N_("There is no such column."), N_("Choose one of those shown."))
    if thing.is_day and any(not _is_day(value) for value in _values_in(sample, column)):
        return _wrong(thing, "This is not a day.", "Write it as d.m.yyyy or yyyy-mm-dd.")
    return None


def _wrong(thing: Thing, message: str, remedy: str) -> Problem:
    return Problem(message, remedy, field=thing.name)


def _is_day(text: str) -> bool:
    try:
        return not text.strip() or bool(day(text.strip(), "Europe/Helsinki"))
    except ValueError:
        return False


def _placed(source: Source, found: Sequence[Thing], columns: Data) -> dict[str, Any] | None:
    """Return the source's matching with the columns chosen in their places; None where that is the usual one."""
    usual = registry.matching(source.connector)
    own = deepcopy(dict(source.matching or usual))
    for thing in found:
        part: Any = own[thing.kind]
        for step in thing.path[:-1]:
            part = part[step]
        if columns.get(thing.name):
            part[thing.path[-1]] = columns[thing.name]
        else:
            part.pop(thing.path[-1], None)
    return None if own == usual else own


def _for_all(source: Source, named: set[str], everybody: str, at_owner: bool) -> dict[str, Any]:
    """Return the matching by which what no column tells holds for all; raises ``Invalid`` where nothing is said."""
    usual = registry.matching(source.connector)
    own, wrong = deepcopy(usual), []
    for name, kind in _kinds(own):
        affiliation, usually = kind.get("affiliation"), usual[name].get("affiliation")
        if not affiliation:
            continue
        before = ((source.matching or {}).get(name) or {}).get("affiliation") or {}
        if isinstance(affiliation["kind"], dict) and affiliation["kind"]["column"] not in named:
            if not everybody:
                place = ".".join((name, *_KIND, "column"))
                told = N_("No column tells what kind of relation it is.")
                wrong.append(Problem(told, N_("Choose the column, or what holds for all."), field=place))
            affiliation["kind"] = everybody
        elif isinstance(before.get("kind"), dict):
            affiliation["kind"] = deepcopy(before["kind"])
        places = usually["organisations"]
        if not {places.get("column"), places.get("otherwise")} & named:
            if not at_owner:
                place = ".".join((name, *_PLACES, "column"))
                told = N_("No column tells the place of work.")
                wrong.append(Problem(told, N_("Choose the column, or put everybody at the owner."), field=place))
            affiliation["organisations"] = {"fixed": OWNER}
    if wrong:
        raise Invalid(*wrong)
    return own
