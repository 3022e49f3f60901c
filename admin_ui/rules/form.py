"""The form of a rule: what its fields say as a pattern, a pattern as its fields, and which field a problem belongs to.
Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from connectors.problem import Problem
from iam.access.rules.pattern import Pattern, parse

FACTS = ("affiliation", "membership", "guardian")
SCOPES = ("own", "named", "covers")
_LEAD = {"affiliation": "a", "membership": "m", "guardian": "c"}
_LONGEST = 400
_FIELDS = (
    ("gives.role", "role"),
    ("gives.scope", "scope_organisation"),
    ("owner", "owner"),
    ("rule", "key"),
    ("bind.m.organisation", "group_owner"),
    ("bind.m.membership.owner", "group_owner"),
    ("bind.m", "group"),
    (".organisation.is", "place_is"),
    (".organisation.under", "place_under"),
    (".organisation.kind", "place_kind"),
    (".occupation", "code_list"),
    (".kind", "kinds"),
)
"""Where a problem is, and the field it belongs to; the first that fits."""


@dataclass(frozen=True, slots=True)
class RuleForm:
    """The fields as text. ``fact`` and ``scope`` are one of ``FACTS`` and ``SCOPES``; organisations are named by
    key."""

    key: str = ""
    owner: str = ""
    fact: str = "affiliation"
    kinds: tuple[str, ...] = ()
    occupations: str = ""
    code_list: str = ""
    place_kind: str = ""
    place_under: str = ""
    place_is: str = ""
    group: str = ""
    group_owner: str = ""
    unless: bool = False
    role: str = ""
    scope: str = "own"
    scope_organisation: str = ""

    @property
    def organisations(self) -> tuple[str, ...]:
        """What was written into the fields that name an organisation."""
        return tuple(text for name in NAMES_ORGANISATION if (text := getattr(self, name)))


NAMES_ORGANISATION = ("owner", "place_under", "place_is", "group_owner", "scope_organisation")
TEMPLATES: Mapping[str, RuleForm] = {
    "teacher": RuleForm(kinds=("employee",), place_kind="school", unless=True),
    "pupil": RuleForm(kinds=("student",), place_kind="school"),
    "substitute": RuleForm(kinds=("substitute",), place_kind="school"),
}
"""Rules to begin with."""


def read(form: MultiDict[str, str]) -> RuleForm:
    """Return the fields as they were sent; what is too long is cut, what is unknown is the usual."""
    texts = {
        field.name: form.get(field.name, "").strip()[:_LONGEST] for field in fields(RuleForm) if field.type == "str"
    }
    chosen = {"kinds": tuple(form.getlist("kinds")), "unless": "unless" in form}
    found = RuleForm(**{**texts, **chosen})  # type: ignore[arg-type]
    return replace(found, fact=_known(found.fact, FACTS), scope=_known(found.scope, SCOPES))


def query(form: RuleForm) -> str:
    """Return the fields as the query of an address, which ``read`` understands; what is as usual is left out."""
    told = [(field.name, getattr(form, field.name)) for field in fields(RuleForm)]
    changed = {name: value for name, value in told if value != getattr(RuleForm(), name) or name == "role"}
    return urlencode({name: "yes" if value is True else value for name, value in changed.items()}, doseq=True)


def _known(value: str, known: tuple[str, ...]) -> str:
    return value if value in known else known[0]


def pattern(form: RuleForm) -> dict[str, Any]:
    """Return the rule that the fields say, as data."""
    lead = _LEAD[form.fact]
    unless = {"unless": {"absence_of": lead}} if form.unless and form.fact == "affiliation" else {}
    scope: Any = f"organisation of {lead}"
    if form.scope != "own":
        scope = {"organisation" if form.scope == "named" else "covers_of": form.scope_organisation}
    return {"bind": _bind(form), **unless, "gives": {"role": form.role, "scope": scope}}


def _bind(form: RuleForm) -> dict[str, Any]:
    if form.fact == "membership":
        return {"m": {"membership": _filled({"group": form.group, "owner": form.group_owner})}}
    if form.fact == "guardian":
        return {"g": {"relationship": {"kind": "guardian_of"}}, "c": {"affiliation": {**_affiliation(form), "of": "g"}}}
    return {"a": {"affiliation": _affiliation(form)}}


def _affiliation(form: RuleForm) -> dict[str, Any]:
    codes = [code.strip() for code in form.occupations.split(",") if code.strip()]
    occupation: Any = {"in_list": form.code_list} if form.code_list else codes[0] if len(codes) == 1 else codes
    kinds = form.kinds[0] if len(form.kinds) == 1 else list(form.kinds)
    place = _filled({"kind": form.place_kind, "is": form.place_is, "under": form.place_under})
    return _filled({"kind": kinds, "occupation": occupation, "organisation": place})


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def problems(form: RuleForm) -> Iterator[Problem]:
    """Yield what the fields themselves leave open, before the rule is checked."""
    if form.code_list and form.occupations:
        yield Problem("Choose a list or write codes, not both.", "Empty one of the two.", field="code_list")
    if not form.role:
        yield Problem("A rule gives exactly one role.", "Choose the role.", field="role")
    if not form.owner:
        yield Problem("The rule needs an owner.", "Name the organisation whose people it is about.", field="owner")
    if form.scope != "own" and not form.scope_organisation:
        yield Problem("The place is missing.", "Name the organisation.", field="scope_organisation")
    if form.fact == "membership" and not (form.group and form.group_owner):
        yield Problem(
            "A group is named together with its organisation.",
            "Fill in both.",
            field="group" if form.group_owner else "group_owner",
        )


def field_of(problem: Problem, form: RuleForm) -> str:
    """Return the name of the field that a problem stands beside."""
    place = problem.field or ""
    if place in {field.name for field in fields(RuleForm)}:
        return place
    found = next(
        (name for part, name in _FIELDS if place.startswith(part) or (part.startswith(".") and part in place)), None
    )
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
    lead = parsed.bound[-1]
    guardian = parsed.bound[0].fact == "relationship"
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
    }
    if lead.fact == "membership":
        return RuleForm(fact="membership", group=lead.group or "", group_owner=lead.where.under or "", **common)
    return RuleForm(
        fact="guardian" if guardian else "affiliation",
        kinds=lead.kinds,
        occupations=", ".join(lead.occupations),
        code_list=lead.code_list or "",
        place_kind=lead.where.kind or "",
        place_under=lead.where.under or "",
        place_is=lead.where.is_ or "",
        unless=parsed.absence_of is not None,
        **common,
    )


def _unnamed(parsed: Pattern) -> Pattern:
    """Return the same pattern with its facts named by their order, so that only what it says is compared."""
    names = {item.name: str(n) for n, item in enumerate(parsed.bound)}
    bound = tuple(
        replace(
            item,
            name=names[item.name],
            of=names.get(item.of or ""),
            where=replace(item.where, same_as=names.get(item.where.same_as or "")),
        )
        for item in parsed.bound
    )
    return replace(
        parsed,
        bound=bound,
        absence_of=names.get(parsed.absence_of or ""),
        scope=replace(parsed.scope, of=names.get(parsed.scope.of or "")),
    )
