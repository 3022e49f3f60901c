"""The form of a rule: what its fields say as a pattern, a pattern as its fields, and which field a problem belongs to.
Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from connectors.problem import Problem
from iam.access.rules.conditions.catalogue import CONDITIONS, Fact
from iam.access.rules.conditions.condition import Asked, Condition, FormField
from iam.access.rules.conditions.of_relationship import RelationshipKind
from iam.access.rules.pattern import Pattern, parse
from iam.texts import LANGUAGES

FACTS = ("affiliation", "membership", "guardian")
SCOPES = ("own", "named", "covers")
_LEAD = {"affiliation": "a", "membership": "m", "guardian": "c"}
_LONGEST = 400
MOST_CODES = 200
"""So many occupation codes are read of the form."""
RELATED = ("manager_of", "sponsor_of", "guardian_of")
"""What whoever has a position may be asked to be besides."""
_FIELDS = (
    ("gives.role", "role"),
    ("gives.scope", "scope_organisation"),
    ("owner", "owner"),
    ("rule", "name_fi"),
)
"""Where a problem that belongs to no fact is, and the field it stands beside."""
_OF: Mapping[str, Fact] = {"affiliation": "affiliation", "membership": "membership", "guardian": "affiliation"}
"""The fact of which the form asks: of a guardian the child's affiliation."""


@dataclass(frozen=True, slots=True)
class RuleForm:
    """The fields as text. ``name_*`` are what a new rule is called, by language; ``key`` is made of it. ``fact`` and
    ``scope`` are one of ``FACTS`` and ``SCOPES``; ``asked`` are those of the conditions; organisations are named by
    key."""

    key: str = ""
    name_fi: str = ""
    name_sv: str = ""
    name_en: str = ""
    owner: str = ""
    fact: str = "affiliation"
    asked: Asked = field(default_factory=dict)
    unless: bool = False
    needs_relationship: bool = False
    related: str = ""
    role: str = ""
    scope: str = "own"
    scope_organisation: str = ""

    @property
    def names(self) -> dict[str, str] | None:
        """What the rule is called, by language: where one is missing, as in Finnish."""
        found = {one: getattr(self, f"name_{one}") or self.name_fi for one in LANGUAGES}
        return found if self.name_fi else None

    @property
    def conditions(self) -> tuple[type[Condition], ...]:
        """What can be asked of the chosen fact."""
        return CONDITIONS[_OF[self.fact]]

    @property
    def fields(self) -> list[FormField]:
        """The fields of the conditions."""
        return [one for condition in self.conditions for one in condition.FIELDS]

    @property
    def organisations(self) -> dict[str, str]:
        """What was written into the fields that name an organisation, by field."""
        named = {one.name: str(self.asked.get(one.name, "")) for one in self.fields if one.control == "organisation"}
        named |= {"owner": self.owner, "scope_organisation": self.scope_organisation}
        return {name: text for name, text in named.items() if text}

    def filled(self, texts: Mapping[str, str]) -> RuleForm:
        """Return the form with other texts in some of its fields."""
        own = {name: text for name, text in texts.items() if name in _OWN}
        asked = {name: text for name, text in texts.items() if name not in _OWN}
        return replace(self, **own, asked={**self.asked, **asked})  # type: ignore[arg-type]


_OWN = frozenset(one.name for one in fields(RuleForm) if one.type == "str")
TEMPLATES: Mapping[str, RuleForm] = {
    "teacher": RuleForm(asked={"kinds": ("employee",), "place_kind": "school"}, unless=True),
    "pupil": RuleForm(asked={"kinds": ("student",), "place_kind": "school"}),
    "substitute": RuleForm(asked={"kinds": ("substitute",), "place_kind": "school"}),
}
"""Rules to begin with."""


def read(form: MultiDict[str, str]) -> RuleForm:
    """Return the fields as they were sent; what is too long is cut, what is unknown is the usual."""
    texts: dict[str, Any] = {name: form.get(name, "").strip()[:_LONGEST] for name in _OWN}
    texts["fact"], texts["scope"] = _known(texts["fact"], FACTS), _known(texts["scope"], SCOPES)
    texts["related"] = texts["related"] if texts["related"] in RELATED else ""
    found = RuleForm(**texts, unless="unless" in form, needs_relationship="needs_relationship" in form)
    asked = {one.name: _sent(form, one) for one in found.fields}
    return replace(found, asked={name: value for name, value in asked.items() if value})


def _sent(form: MultiDict[str, str], one: FormField) -> str | tuple[str, ...]:
    if one.control == "kinds":
        return tuple(form.getlist(one.name))
    if one.control == "occupations":
        return ", ".join(split_codes(",".join(form.getlist(one.name))))
    return form.get(one.name, "").strip()[:_LONGEST]


def split_codes(text: str) -> list[str]:
    """Return the codes between commas, each once."""
    codes = (code.strip().replace("\x00", "")[:_LONGEST] for code in text.split(","))
    return list(dict.fromkeys(code for code in codes if code))[:MOST_CODES]


def query(form: RuleForm) -> str:
    """Return the fields as the query of an address, which ``read`` understands; what is as usual is left out."""
    usual = RuleForm()
    own = {name: getattr(form, name) for name in sorted(_OWN)} | {
        name: "yes" if getattr(form, name) else "" for name in ("unless", "needs_relationship")
    }
    told = {name: value for name, value in own.items() if name == "role" or value != getattr(usual, name)}
    return urlencode(
        {name: value for name, value in (told | dict(form.asked)).items() if value or name == "role"}, True
    )


def _known(value: str, known: tuple[str, ...]) -> str:
    return value if value in known else known[0]


def pattern(form: RuleForm) -> dict[str, Any]:
    """Return the rule that the fields say, as data."""
    lead = _LEAD[form.fact]
    unless = {"unless": {"absence_of": lead}} if form.unless and form.fact == "affiliation" else {}
    scope: Any = f"organisation of {lead}"
    if form.scope != "own":
        scope = {"organisation" if form.scope == "named" else "covers_of": form.scope_organisation}
    needs = {"needs_relationship": True} if form.needs_relationship else {}
    return {"bind": _bind(form), **unless, "gives": {"role": form.role, "scope": scope, **needs}}


def _bind(form: RuleForm) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    for condition in form.conditions:
        asked |= condition.stated(form.asked)
    stated = {name: value for name, value in asked.items() if value}
    if form.fact == "guardian":
        return {"g": {"relationship": {"kind": "guardian_of"}}, "c": {"affiliation": {**stated, "of": "g"}}}
    besides = {"r": {"relationship": {"kind": form.related}}} if form.related and form.fact == "affiliation" else {}
    return {_LEAD[form.fact]: {form.fact: stated}, **besides}


def problems(form: RuleForm) -> Iterator[Problem]:
    """Yield what the fields themselves leave open, before the rule is checked."""
    for condition in form.conditions:
        yield from condition.open(form.asked)
    if not form.role:
        yield Problem("A rule gives exactly one role.", "Choose the role.", field="role")
    if not form.owner:
        yield Problem("The rule needs an owner.", "Name the organisation whose people it is about.", field="owner")
    if form.scope != "own" and not form.scope_organisation:
        yield Problem("The place is missing.", "Name the organisation.", field="scope_organisation")


def field_of(problem: Problem, form: RuleForm) -> str:
    """Return the name of the field that a problem stands beside."""
    place = problem.field or ""
    if place in _OWN or place in {one.name for one in form.fields}:
        return place
    for part, name in _FIELDS:
        if place.startswith(part):
            return name
    found = next((one.name for one in form.fields if one.at and f".{one.at}" in place), None)
    return found or ("group" if form.fact == "membership" else "kinds")


def digest(form: RuleForm) -> str:
    """Return what stands for exactly these fields, so that what is published is what was looked at."""
    told = json.dumps([form.key, form.owner, pattern(form)], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def from_pattern(key: str, owner: str, data: Mapping[str, Any]) -> RuleForm | None:
    """Return a stored rule as fields; None when it says more than the form can show."""
    parsed, _ = parse(data)
    if parsed is None:
        return None
    form = _fields_of(key, owner, parsed)
    if form is None:
        return None
    again, _ = parse(pattern(form))
    return form if again is not None and _unnamed(again) == _unnamed(parsed) else None


def _fields_of(key: str, owner: str, parsed: Pattern) -> RuleForm | None:
    guardian = parsed.bound[0].fact == "relationship"
    besides = None if guardian else next((one for one in parsed.bound[1:] if one.fact == "relationship"), None)
    lead, related = parsed.bound[-1 if besides is None else 0], besides.asks(RelationshipKind) if besides else None
    if lead.fact == "relationship":
        return None
    scope, named = "own", ""
    if parsed.scope.of is None:
        scope, named = (
            ("named", parsed.scope.organisation)
            if parsed.scope.organisation
            else ("covers", parsed.scope.covers_of or "")
        )
    common: dict[str, Any] = {
        "key": key,
        "owner": owner,
        "role": parsed.role,
        "scope": scope,
        "scope_organisation": named or "",
        "needs_relationship": parsed.needs_relationship,
        "related": related.kind if related else "",
    }
    asked = {name: value for condition in lead.conditions for name, value in condition.asked.items() if value}
    kind = "membership" if lead.fact == "membership" else "guardian" if guardian else "affiliation"
    return RuleForm(fact=kind, asked=asked, unless=parsed.absence_of is not None, **common)


def _unnamed(parsed: Pattern) -> Pattern:
    """Return the same pattern with its facts named by their order, so that only what it says is compared."""
    names = {item.name: str(n) for n, item in enumerate(parsed.bound)}
    bound = tuple(
        replace(
            item,
            name=names[item.name],
            of=names.get(item.of or ""),
            conditions=tuple(condition.renamed(names) for condition in item.conditions),
        )
        for item in parsed.bound
    )
    return replace(
        parsed,
        bound=bound,
        absence_of=names.get(parsed.absence_of or ""),
        scope=replace(parsed.scope, of=names.get(parsed.scope.of or "")),
    )
