"""Reading a declaration's files: YAML with line numbers, ``${NAME}`` replaced, every item of it validated on its
own."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from connectors.problem import Problem
from iam.apply.declared.place import Where
from iam.apply.declared.said import Said
from iam.apply.declared.wording import sentences
from iam.apply.schema.item import Item

Models = Mapping[str, type[Item]]
"""The top-level keys of a file, and an item under each."""
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_BOOLEAN, _STRING = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:str"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


@dataclass(slots=True)
class Reading:
    """What the files say: items by top-level key with their places, problems, and under which keys something could not
    be read."""

    models: Models
    items: dict[str, list[tuple[Any, Where]]] = field(default_factory=lambda: defaultdict(list))
    problems: list[Problem] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)


def read(said: Said, models: Models) -> Reading:
    """Read what the files say; never raises for what they hold.

    Text is taken in NFC: names and keys are the same however a keyboard or a system wrote their letters.
    """
    reading = Reading(models)
    for name, text in said.files:
        _read_file(Path(name), text, said.variables, reading)
    return reading


def _unread(path: Path) -> Problem:
    if path.is_dir():
        return Problem("This folder has no file that ends in .yaml.", "Name another folder or file.", file=str(path))
    return Problem("This file cannot be read.", "Check that it exists and is text in UTF-8.", file=str(path))


def _read_file(path: Path, text: str | None, variables: Mapping[str, str], reading: Reading) -> None:
    if text is None:
        reading.problems.append(_unread(path))
        reading.broken |= reading.models.keys()
        return
    document = _Document(path, variables)
    content = document.load(unicodedata.normalize("NFC", text))
    reading.problems += document.problems
    if content is None:
        reading.broken |= reading.models.keys()
        return
    top = Where(path, (), document.lines)
    if not isinstance(content, dict):
        reading.problems.append(
            top.problem("This file states nothing.", "Begin it with organisations: or another kind of thing.")
        )
        return
    for kind, items in content.items():
        _read_kind(str(kind), items, top.at(str(kind)), reading)


def _read_kind(kind: str, items: Any, where: Where, reading: Reading) -> None:
    model = reading.models.get(kind)
    if model is None:
        reading.problems.append(
            where.problem(
                "There is no such kind of thing.", "Use one of: %(allowed)s.", allowed=", ".join(reading.models)
            )
        )
    elif not isinstance(items, list):
        reading.problems.append(where.problem("This must be a list.", "Begin each of its items with a dash."))
    else:
        for place, item in enumerate(items):
            _read_item(kind, model, item, where.at(place), reading)


def _read_item(kind: str, model: type[Item], item: Any, where: Where, reading: Reading) -> None:
    try:
        reading.items[kind].append((model.model_validate(item), where))
    except ValidationError as error:
        reading.problems += sentences(error, model, where)
        reading.broken.add(kind)


class _Loader(yaml.SafeLoader):
    """Loads a day that is not in the calendar as the text it is, so that the item's own check can speak of it."""

    def construct_day(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            return str(node.value)


_Loader.add_constructor(_TIMESTAMP, _Loader.construct_day)


class _Document:
    def __init__(self, path: Path, variables: Mapping[str, str]) -> None:
        self.path = path
        self.variables = variables
        self.lines: dict[tuple[str | int, ...], int] = {}
        self.problems: list[Problem] = []
        self._seen: set[int] = set()

    def load(self, text: str) -> Any:
        try:
            loader = _Loader(text)
            node = loader.get_single_node()
            if node is None:
                return {}
            self._walk(node, ())
            return loader.construct_document(node)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else None
            self.problems.append(
                Problem(
                    "This is not YAML.",
                    "Check indentation, quotes and colons here; within braces, ${NAME} needs quotes.",
                    file=str(self.path),
                    line=line,
                )
            )
        except (yaml.YAMLError, ValueError, TypeError):
            self.problems.append(Problem("This is not YAML.", "Check that it is plain text.", file=str(self.path)))
        return None

    def _walk(self, node: yaml.Node, path: tuple[str | int, ...]) -> None:
        self.lines.setdefault(path, node.start_mark.line + 1)
        # An anchor's node is met again at each of its aliases; walking it once keeps nested aliases from growing
        # without end.
        if id(node) in self._seen:
            return
        self._seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            node.value = _VARIABLE.sub(lambda found: self._replaced(found, path), node.value)
        for name, child in self._children(node, path):
            self._walk(child, (*path, name))

    def _children(self, node: yaml.Node, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, yaml.Node]]:
        if isinstance(node, yaml.SequenceNode):
            yield from enumerate(node.value)
        elif isinstance(node, yaml.MappingNode):
            names: set[str] = set()
            for key, child in node.value:
                if key.tag == _BOOLEAN:
                    # YAML 1.1 reads on, off, yes and no as truths; a setting of that name is meant.
                    key.tag = _STRING
                name = str(key.value)
                self.lines[(*path, name)] = key.start_mark.line + 1
                if name in names:
                    where = Where(self.path, (*path, name), self.lines)
                    self.problems.append(where.problem("This is stated twice.", "Remove one of them."))
                names.add(name)
                yield name, child

    def _replaced(self, found: re.Match[str], path: tuple[str | int, ...]) -> str:
        if found[1] in self.variables:
            return self.variables[found[1]]
        where = Where(self.path, path, self.lines)
        self.problems.append(
            where.problem("%(name)s has no value.", "Give it with --set %(name)s=VALUE.", name=found[1])
        )
        return found[0]
