"""The settings of a connector as fields of a form, made of its settings model, and what was typed as settings again."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from admin_ui.feeds import connector_words
from connectors.problem import Problem
from iam.errors import Invalid
from iam.texts import N_

ABOVE = "settings."
"""What the name of a setting's field begins with, as the field of a problem does."""
LONGEST = 20_000
_NO_LINES = "This cannot be read."


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
class Inputs:
    """The fields of a connector: those that must be filled in, and ``further`` ones that need not."""

    first: list[Input] = field(default_factory=list)
    further: list[Input] = field(default_factory=list)


def inputs(
    model: type[BaseModel], standing: Mapping[str, Any], typed: Mapping[str, str] | None, left_out: str = ""
) -> Inputs:
    """Return the fields of a settings model, with what was ``typed``, or else stands; a secret never has a value."""
    found = Inputs()
    for name, info in model.model_fields.items():
        if name == left_out:
            continue
        kind, options = _kind(info.annotation)
        one = Input(
            f"{ABOVE}{name}",
            connector_words.label(name),
            connector_words.hint(info.description),
            kind,
            info.is_required(),
            _shown(kind, name, info, standing, typed),
            tuple((one, one) for one in options),
        )
        leads = info.is_required() or kind == "secret" or Path in (info.annotation, *get_args(info.annotation))
        (found.first if leads else found.further).append(one)
    return found


def _shown(kind: str, name: str, info: FieldInfo, standing: Mapping[str, Any], typed: Mapping[str, str] | None) -> Any:
    if kind == "secret":
        return ""
    if typed is not None:
        written = typed.get(f"{ABOVE}{name}", "")
        return bool(written) if kind == "check" else written
    value = standing[name] if name in standing else _default(info)
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


def read(model: type[BaseModel], typed: Mapping[str, str], left_out: str = "") -> dict[str, Any]:
    """Return the settings that were typed; what is empty, or as it is without being said, is left out.

    Raises ``Invalid`` for lines that cannot be read at all.
    """
    found, wrong = {}, []
    for name, info in model.model_fields.items():
        if name == left_out:
            continue
        written = typed.get(f"{ABOVE}{name}", "")[:LONGEST]
        kind, _ = _kind(info.annotation)
        if kind == "check":
            value: Any = bool(written)
        elif kind == "lines":
            try:
                value = _parsed(info.annotation, written)
            except (yaml.YAMLError, ValueError):
                wrong.append(
                    Problem(
                        N_("This cannot be read."), N_("Write one to a line, as name: value."), field=f"{ABOVE}{name}"
                    )
                )
                continue
        else:
            value = written if kind == "secret" else written.strip()
        if value in ("", [], {}) or _same(value, _default(info)):
            continue
        found[name] = value
    if wrong:
        raise Invalid(*wrong)
    return found


def _same(value: Any, default: Any) -> bool:
    if default is None:
        return False
    return bool(value == (list(default) if isinstance(default, tuple) else default)) or value == str(default)


def _parsed(annotation: Any, written: str) -> Any:
    lines = [line.strip() for line in written.splitlines() if line.strip()]
    plain = _plain(annotation)
    if get_origin(plain) is dict or _is_model(plain):
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
    if get_origin(plain) in (tuple, list, dict, set, frozenset, Mapping) or _is_model(plain):
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
