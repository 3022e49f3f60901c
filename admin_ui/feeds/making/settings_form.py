"""The settings of a connector as fields of a form, made of its settings model, and what was typed as settings again."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from admin_ui.feeds import connector_words
from connectors.problem import Problem
from iam.errors import Invalid
from iam.sources.making.hidden import group
from iam.texts import N_

ABOVE = "settings."
"""What the name of a setting's field begins with, as the field of a problem does."""
LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Input:
    """A field of the form: how it is typed (``text``, ``number``, ``secret``, ``check``, ``choice``, ``lines``), and
    what stands in it."""

    name: str
    label: str
    hint: str | None
    type: str
    required: bool
    value: Any = ""
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class InputGroup:
    """A group of settings that need not be: its fields, and whether any of them says something."""

    label: str
    hint: str | None
    fields: list[Input]
    says: bool


@dataclass(frozen=True, slots=True)
class Inputs:
    """The fields of a connector: those that must be filled in, groups, and ``further`` ones that need not."""

    first: list[Input] = field(default_factory=list)
    further: list[Input] = field(default_factory=list)
    groups: list[InputGroup] = field(default_factory=list)


def inputs(
    model: type[BaseModel], standing: Mapping[str, Any], typed: Mapping[str, str] | None, left_out: str = ""
) -> Inputs:
    """Return the fields of a settings model, with what was ``typed``, or else stands; a secret never has a value."""
    found = Inputs()
    for name, info in model.model_fields.items():
        if name == left_out:
            continue
        if (within := group(info.annotation)) is not None:
            found.groups.append(_group(name, info, within, standing.get(name) or {}, typed))
            continue
        one = _input(name, info, standing, typed)
        leads = info.is_required() or one.type == "secret" or Path in (info.annotation, *get_args(info.annotation))
        (found.first if leads else found.further).append(one)
    return found


def names(model: type[BaseModel], above: str = ABOVE) -> Iterator[str]:
    """Yield the names of all fields of a settings model."""
    for name, info in model.model_fields.items():
        within = group(info.annotation)
        yield from [f"{above}{name}"] if within is None else names(within, f"{above}{name}.")


def _group(
    name: str, info: FieldInfo, within: type[BaseModel], standing: Mapping[str, Any], typed: Mapping[str, str] | None
) -> InputGroup:
    fields = [_input(one, inner, standing, typed, f"{name}.") for one, inner in within.model_fields.items()]
    says = bool(standing if typed is None else read(within, typed, above=f"{ABOVE}{name}."))
    return InputGroup(connector_words.label(name), connector_words.hint(info.description), fields, says)


def _input(
    name: str, info: FieldInfo, standing: Mapping[str, Any], typed: Mapping[str, str] | None, above: str = ""
) -> Input:
    kind, options = _kind(info.annotation)
    return Input(
        f"{ABOVE}{above}{name}",
        connector_words.label(f"{above}{name}"),
        connector_words.hint(info.description),
        kind,
        info.is_required() and not above,
        _shown(kind, f"{ABOVE}{above}{name}", standing.get(name, _default(info)), typed),
        tuple((one, one) for one in options),
    )


def _shown(kind: str, place: str, value: Any, typed: Mapping[str, str] | None) -> Any:
    if kind == "secret":
        return ""
    if typed is not None:
        written = typed.get(place, "")
        return bool(written) if kind == "check" else written
    if kind == "check":
        return bool(value)
    return _lines(value) if kind == "lines" else "" if value is None else str(value)


def _default(info: FieldInfo) -> Any:
    return None if info.is_required() else info.get_default(call_default_factory=True)


def _lines(value: Any) -> str:
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {one}" for name, one in value.items())
    return "\n".join(one if isinstance(one, str) else _flow(one) for one in value or ())


def _flow(value: Any) -> str:
    plain = value.model_dump(exclude_defaults=True) if isinstance(value, BaseModel) else value
    return str(
        yaml.safe_dump(plain, default_flow_style=True, allow_unicode=True, width=LONGEST, sort_keys=False)
    ).strip()


def read(model: type[BaseModel], typed: Mapping[str, str], left_out: str = "", above: str = ABOVE) -> dict[str, Any]:
    """Return the settings that were typed; what is empty, or as it is without being said, is left out.

    Raises ``Invalid`` for lines that cannot be read at all.
    """
    found, wrong = {}, []
    for name, info in model.model_fields.items():
        if name == left_out:
            continue
        try:
            value = _value(info, typed, f"{above}{name}")
        except (yaml.YAMLError, ValueError):
            wrong.append(
                Problem(N_("This cannot be read."), N_("Write one to a line, as name: value."), field=f"{above}{name}")
            )
            continue
        if value not in ("", [], {}) and not _same(value, _default(info)):
            found[name] = value
    if wrong:
        raise Invalid(*wrong)
    return found


def _value(info: FieldInfo, typed: Mapping[str, str], place: str) -> Any:
    """Return what was typed of one setting; raises ``ValueError`` and ``yaml.YAMLError`` for lines that are none."""
    if (within := group(info.annotation)) is not None:
        return read(within, typed, above=f"{place}.")
    written = typed.get(place, "")[:LONGEST]
    kind, _ = _kind(info.annotation)
    if kind == "check":
        return bool(written)
    if kind == "lines":
        return _parsed(info.annotation, written)
    return written if kind == "secret" else written.strip()


def _same(value: Any, default: Any) -> bool:
    if default is None:
        return False
    return bool(value == (list(default) if isinstance(default, tuple) else default)) or value == str(default)


def _parsed(annotation: Any, written: str) -> Any:
    lines = [line.strip() for line in written.splitlines() if line.strip()]
    plain = _plain(annotation)
    if get_origin(plain) is dict:
        pairs = [line.partition(":") for line in lines]
        if not all(sign for _, sign, _ in pairs):
            raise ValueError("no name")
        return {name.strip(): value.strip() for name, _, value in pairs}
    of_models = any(_is_model(part) for part in get_args(plain))
    return [yaml.safe_load(line) for line in lines] if of_models else lines


def _kind(annotation: Any) -> tuple[str, tuple[str, ...]]:
    plain = _plain(annotation)
    if get_origin(plain) is Literal:
        return "choice", tuple(map(str, get_args(plain)))
    if get_origin(plain) in (tuple, list, dict, set, frozenset, Mapping):
        return "lines", ()
    return {bool: "check", SecretStr: "secret", int: "number", float: "number"}.get(plain, "text"), ()


def _plain(annotation: Any) -> Any:
    """Return an annotation without the None that it may be."""
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation
    others = [part for part in get_args(annotation) if part is not type(None)]
    return others[0] if len(others) == 1 else annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
