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
from connectors.contract import ComposesKey, NamesColumns
from connectors.problem import Problem
from connectors.records import Sample
from iam.directory.source import Source
from iam.errors import Invalid
from iam.sources import configured
from iam.sources.making import day_choice, likeness
from iam.sources.making.settings import Data
from iam.sources.reading.matching import ATTRIBUTES
from iam.texts import N_

_NOT_COLUMNS = frozenset(
    ("as", "issuer", "tagged", "part", "before", "fixed", "value", "values", "unlisted", "this_person_is", "group_kind")
)
_DAYS = frozenset({"from", "to", "birth_date", "updated"})
_KIND = ("affiliation", "kind")
_PLACES = ("affiliation", "organisations")
Step = str | int
KEY_PATH: tuple[Step, ...] = ("key",)
"""Where the number of a row stands, which the matching does not name."""
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
            found.setdefault(ours, Thing(name, KEY_PATH, ours, names.get(ours, ""), needed=True))
    return list(found.values())


def suggestions(found: Sequence[Thing], samples: Sequence[Sample]) -> dict[str, str]:
    """Return for things without a column the one that they most likely are, by name."""
    suggested: dict[str, str] = {}
    for sample in samples:
        open_ = {one.name: (one.what, one.ours) for one in found if one.kind == sample.kind and not one.column}
        taken = {one.column for one in found}
        suggested |= likeness.suggested(open_, [name for name in sample.columns if name not in taken])
    return suggested


@dataclass(frozen=True, slots=True)
class Besides:
    """What is said of a source besides which column means what: the kind of affiliation where no column tells it,
    whether everybody is in the owner's organisation where none tells that, our columns that make the key of a row where
    none is one, and how days are written where that could be read in more than one way."""

    everybody: str = ""
    at_owner: bool = False
    key_of: tuple[str, ...] = ()
    day_form: str = ""


def chosen(source: Source, columns: Data, samples: Sequence[Sample], besides: Besides) -> dict[str, Any]:
    """Return what is said of a source by ``columns``, which were chosen by the names of things: settings and matching.

    Raises ``Invalid`` with each thing that is missing, is not in the sample, holds no days or such that nobody can tell
    without being told how they are written.
    """
    found, connector = things(source), names_columns(source)
    key_setting = _key_setting(connector)
    key_of = besides.key_of if key_setting else ()
    form = _form(source, days_in(found, columns, samples), besides.day_form)
    wrong = [one for thing in found if (one := _fault(thing, str(columns.get(thing.name, "")), samples, form, key_of))]
    if wrong:
        raise Invalid(*wrong)
    if connector is None:
        return {"matching": _placed(source, found, columns)}
    names = {one.ours: columns[one.name] for one in found if columns.get(one.name)}
    own = _for_all(source, set(names), besides.everybody, besides.at_owner)
    usual = registry.matching(source.connector)
    place = day_choice.setting(connector)
    anew = {connector.names_setting: names, place: form, key_setting: list(key_of)}
    settings = {name: value for name, value in source.settings.items() if name not in anew}
    settings |= {name: value for name, value in anew.items() if name and value}
    return {"settings": settings, "matching": None if own == usual else own}


def days_in(found: Sequence[Thing], columns: Data, samples: Sequence[Sample]) -> list[str]:
    """Return what stands in the columns that are chosen to hold days."""
    return [
        value
        for thing in found
        for sample in samples
        if thing.is_day and sample.kind == thing.kind
        for value in _values_in(sample, str(columns.get(thing.name, "")))
    ]


def key_things(source: Source) -> list[Thing]:
    """Return the things of whose columns the key of a row may be made; raises ``Invalid``."""
    connector = names_columns(source)
    parts = connector.key_parts if isinstance(connector, ComposesKey) else ()
    return [one for one in things(source) if one.ours in parts]


def key_made_of(source: Source) -> tuple[str, ...]:
    """Return our columns that make the key of a row now; none where one is it. Raises ``Invalid``."""
    return tuple(source.settings.get(_key_setting(names_columns(source))) or ())


def _key_setting(connector: object) -> str:
    return connector.key_setting if isinstance(connector, ComposesKey) else ""


def _form(source: Source, texts: Sequence[str], said: str) -> str:
    """Return how days are written; empty where that needs no telling. Raises ``Invalid`` where it does and is not."""
    place = day_choice.setting(names_columns(source))
    ways = day_choice.forms(texts) if place else ()
    if said in ways or not ways:
        return said if said in ways else ""
    if len(ways) > 1:
        told = N_("These days can be read in more than one way.")
        raise Invalid(Problem(told, N_("Choose how they are written."), field=f"settings.{place}"))
    return ways[0]


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


def _fault(thing: Thing, column: str, samples: Sequence[Sample], form: str, key_of: tuple[str, ...]) -> Problem | None:
    if not column:
        needed = thing.ours in key_of or (thing.needed and not (key_of and thing.path == KEY_PATH))
        return _wrong(thing, N_("This is missing."), N_("Choose the column.")) if needed else None
    sample = next((one for one in samples if one.kind == thing.kind), None)
    if sample is None or column not in sample.columns:
        if column == thing.column:
            return None
        return _wrong(thing, N_("There is no such column."), N_("Choose one of those shown."))
    if thing.is_day and any(not day_choice.is_day(value, form) for value in _values_in(sample, column)):
        return _wrong(thing, "This is not a day.", "Write it as d.m.yyyy or yyyy-mm-dd.")
    return None


def _wrong(thing: Thing, message: str, remedy: str) -> Problem:
    return Problem(message, remedy, field=thing.name)


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
