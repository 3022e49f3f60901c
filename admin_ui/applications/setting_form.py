"""The settings of a client as fields of a form, made from their descriptions, and read back from it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from admin_ui.applications.setting_words import GROUPS, HINTS, LABELS
from connectors.problem import Problem
from iam.oidc.amending import AMENDED, AMENDED_MEMBERS
from iam.oidc.fields.field import Field
from iam.oidc.fields.values import Choice, Choices, Flag, PublicKeys, Seconds, ShownTexts, Texts
from iam.texts import LANGUAGE_NAMES, LANGUAGES, N_

LONGEST = 20_000
"""Characters of a field."""


@dataclass(frozen=True, slots=True)
class SettingInput:
    """A field: ``control`` is choice, choices, flag, lines, text, number or json; ``language`` of one that is said in
    several. ``required``: something of the ``options`` is always chosen."""

    name: str
    setting: str
    label: str
    hint: str
    control: str
    value: Any
    options: Sequence[str] = ()
    required: bool = False
    language: str = ""


@dataclass(slots=True)
class Given:
    """What a form says: settings as ``amending.stated`` returns them, and what could not be read."""

    settings: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)


def groups(settings: Mapping[str, Any]) -> list[tuple[str, list[SettingInput]]]:
    """Return the fields by group, filled with settings."""
    return [(label, [one for name in names for one in _inputs(name, settings)]) for label, names in GROUPS]


def _inputs(name: str, settings: Mapping[str, Any]) -> Iterator[SettingInput]:
    one = AMENDED.get(name) or AMENDED_MEMBERS[name]
    options = tuple(getattr(one.values, "known", ())) if isinstance(one.values, (Choice, Choices)) else ()
    common: dict[str, Any] = {"setting": name, "label": _label(one), "hint": _hint(one), "control": control(one)}
    if name in AMENDED:
        required = one.required or one.default is not None
        yield SettingInput(name, value=_shown(one, settings[name]), options=options, required=required, **common)
        return
    for language, member in members(one, settings["metadata"]):
        value = _shown(one, settings["metadata"].get(member))
        yield SettingInput(_field(name, language), value=value, options=options, language=language, **common)


def asked(name: str, text: str) -> SettingInput:
    """Return the field of a setting that a new client states, as it was sent."""
    one = AMENDED[name]
    return SettingInput(name, name, _label(one), _hint(one), control(one), text)


def members(one: Field, metadata: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return under which name a member is kept, in each language where it is said in several: Finnish without a mark,
    unless it has one already."""
    if not one.spoken:
        return [("", one.name)]
    marked = {language: f"{one.name}#{language}" for language in LANGUAGES}
    first = LANGUAGES[0]
    return [
        (language, one.name if language == first and mark not in metadata else mark)
        for language, mark in marked.items()
    ]


def _label(one: Field) -> str:
    return one.label or LABELS[one.name]


def _hint(one: Field) -> str:
    return one.hint or HINTS.get(one.name, "")


def _field(name: str, language: str) -> str:
    return f"{name}-{language}" if language else name


def control(one: Field) -> str:
    """Return how a setting is filled in."""
    for kind, said in _CONTROLS.items():
        if isinstance(one.values, kind):
            return said
    return "text"


_CONTROLS = {
    Choice: "choice",
    Choices: "choices",
    Flag: "flag",
    Texts: "lines",
    ShownTexts: "lines",
    Seconds: "number",
    PublicKeys: "json",
}


def _shown(one: Field, value: Any) -> Any:
    """A value as its field has it."""
    kind = control(one)
    if kind == "lines":
        return "\n".join(value or ())
    if kind == "json":
        return "" if value is None else json.dumps(value, indent=2)
    if kind in ("choices", "flag"):
        return value or ()
    return "" if value is None else str(value)


def read(form: MultiDict[str, str], standing: Mapping[str, Any]) -> Given:
    """Return what the fields say, over what stands of what has no field here."""
    given = Given({"metadata": dict(standing["metadata"])})
    for name, one in AMENDED.items():
        given.settings[name] = _value(one, name, form, given, standing[name])
    for name, one in AMENDED_MEMBERS.items():
        for language, member in members(one, standing["metadata"]):
            value = _value(one, _field(name, language), form, given, standing["metadata"].get(member))
            if value is None or value == []:
                given.settings["metadata"].pop(member, None)
            else:
                given.settings["metadata"][member] = value
    return given


def _value(one: Field, name: str, form: MultiDict[str, str], given: Given, standing: Any) -> Any:
    kind, text = control(one), form.get(name, "").strip()[:LONGEST]
    if kind == "flag":
        return True if name in form else one.default if standing is None else False
    if kind == "choices":
        return sorted({value for value in form.getlist(name) if one.values.permits(value)})
    if kind == "lines":
        return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if not text:
        return one.default
    return text if kind in ("text", "choice") else _parsed(kind, text, name, given)


def _parsed(kind: str, text: str, name: str, given: Given) -> Any:
    """A number, or keys; what is neither is noted and None."""
    if kind == "number":
        if text.isascii() and text.isdecimal() and len(text) < 12:
            return int(text)
        given.problems.append(
            Problem(N_("This is no number of seconds."), N_("Write a whole number, or leave it empty."), field=name)
        )
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        given.problems.append(
            Problem(N_("This is no JWK set."), N_('Write it as JSON, as in {"keys": [...]}.'), field=name)
        )
        return None
    return found


def label_of(name: str) -> tuple[str, str]:
    """Return what a setting is called, and in which language it is said where it is in several; of a member by its own
    name, as ``client_name#sv``."""
    plain, _, language = name.partition("#")
    spoken = plain in AMENDED_MEMBERS and AMENDED_MEMBERS[plain].spoken
    known = AMENDED.get(plain) or AMENDED_MEMBERS.get(plain)
    label = plain if known is None else _label(known)
    return label, LANGUAGE_NAMES.get(language or LANGUAGES[0], language) if spoken else ""
