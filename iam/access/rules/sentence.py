"""A rule as a sentence in three languages, worded so that no name needs inflecting."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, select, tuple_
from sqlalchemy.orm import Session

from iam.access.model.role import Application, Role, RoleVersion
from iam.access.right import version_known
from iam.access.rules.pattern import Bound, Pattern, parse
from iam.directory.organisation import Organisation
from iam.texts import LANGUAGES, N_, Texts, in_language

KIND_WORDS: Mapping[str, str] = {
    "employee": N_("an employee"),
    "substitute": N_("a substitute"),
    "student": N_("a pupil or student"),
    "elected-official": N_("an elected official"),
    "contractor": N_("a contractor"),
    "trainee": N_("a trainee"),
    "guardian_of": N_("a guardian"),
    "manager_of": N_("a manager"),
    "sponsor_of": N_("a responsible person"),
    "consortium": N_("consortium"),
    "municipality": N_("municipality"),
    "joint-authority": N_("joint authority"),
    "wellbeing-county": N_("wellbeing services county"),
    "employment-area": N_("employment area"),
    "municipal-enterprise": N_("municipal enterprise"),
    "company": N_("company"),
    "private-provider": N_("private provider"),
    "school": N_("school"),
    "unit": N_("unit"),
}


@dataclass(frozen=True, slots=True)
class Labels:
    """Names shown in sentences, by language: of organisations by key, of roles by application:role."""

    organisations: Mapping[str, Mapping[str, str]]
    roles: Mapping[str, Mapping[str, str]]


def labels(session: Session, patterns: Iterable[Pattern]) -> Labels:
    """Return the names that the sentences of some patterns show; at most two queries."""
    found = list(patterns)
    organisations, roles = organisation_keys(found), {one.role for one in found}
    shown: dict[str, dict[str, str]] = {}
    if roles:
        query = (
            select(Application.key, Application.name, Role.key, RoleVersion.name)
            .join(Role, Role.application_id == Application.id)
            .join(RoleVersion, and_(RoleVersion.role_id == Role.id, RoleVersion.n == version_known(Role.id)))
            .where(is_one_of(roles))
        )
        shown = {f"{row[0]}:{row[2]}": role_label(*row) for row in session.execute(query)}
    rows = session.scalars(select(Organisation).where(Organisation.key.in_(organisations))) if organisations else ()
    return Labels({row.key: {language: row.name(language) for language in LANGUAGES} for row in rows}, shown)


def readable(stored: Iterable[Any]) -> list[Pattern]:
    """Return those of some stored patterns that can be read."""
    return [pattern for pattern, _ in map(parse, stored) if pattern is not None]


def organisation_keys(patterns: Iterable[Pattern]) -> set[str]:
    """Return the keys of the organisations that patterns name."""
    keys: set[str | None] = set()
    for one in patterns:
        keys.update(key for item in one.bound for key in (item.where.is_, item.where.under))
        keys.update((one.scope.organisation, one.scope.covers_of))
    return {key for key in keys if key}


def is_one_of(roles: Collection[str]) -> ColumnElement[bool]:
    """The condition that a role is one of these, each given as application:role."""
    return tuple_(Application.key, Role.key).in_([tuple(one.split(":", 1)) for one in roles])


def role_label(
    application: str, application_name: Mapping[str, str], role: str, name: Mapping[str, str]
) -> dict[str, str]:
    """Return how a role of an application is called, by language."""
    return {
        language: f"{in_language(application_name, language, application)}: {in_language(name, language, role)}"
        for language in LANGUAGES
    }


def sentence(pattern: Pattern, names: Labels, language: str) -> str:
    """Return the rule as a sentence in ``language``."""
    t = Texts(language)
    who = "".join(f"{_joint(item, n, t)}{_bound(item, names, t)}" for n, item in enumerate(pattern.bound))
    unless = t.gettext(N_(", while not absent,")) if pattern.absence_of else ""
    return t.gettext(N_("Whoever is %(who)s%(unless)s gets the role %(role)s (%(scope)s).")) % {
        "who": who,
        "unless": unless,
        "role": names.roles.get(pattern.role, {}).get(language, pattern.role),
        "scope": _scope(pattern, names, t),
    }


def sentences(pattern: Pattern, names: Labels) -> dict[str, str]:
    """Return the rule as a sentence in every language."""
    return {language: sentence(pattern, names, language) for language in LANGUAGES}


def _joint(item: Bound, n: int, t: Texts) -> str:
    """What stands before a bound fact: nothing, "and", or a blank when it tells of the other end of a relationship."""
    if n == 0:
        return ""
    return " " if item.of is not None else t.gettext(N_(" and "))


def _bound(item: Bound, names: Labels, t: Texts) -> str:
    if item.fact == "membership":
        what = t.gettext(N_("a member of a group"))
        return _with(what, [item.group or (item.group_kind or ""), _organisation(item.where.under, names, t.language)])
    kinds = t.gettext(N_(" or ")).join(t.gettext(KIND_WORDS[kind]) for kind in item.kinds) or t.gettext(N_("anybody"))
    if item.of is not None:
        kinds = t.gettext(N_("of somebody who is %(kind)s")) % {"kind": kinds}
    where = item.where
    return _with(
        kinds,
        [
            item.code_list or ", ".join(item.occupations),
            t.gettext(KIND_WORDS[where.kind]) if where.kind else "",
            _organisation(where.is_ or where.under, names, t.language),
            t.gettext(N_("primary")) if item.primary else "",
            t.gettext(N_("as a substitute")) if item.substitute else "",
        ],
    )


def _with(what: str, details: Iterable[str]) -> str:
    told = "; ".join(detail for detail in details if detail)
    return f"{what} ({told})" if told else what


def _organisation(key: str | None, names: Labels, language: str) -> str:
    return names.organisations.get(key, {}).get(language, key) if key else ""


def _scope(pattern: Pattern, names: Labels, t: Texts) -> str:
    scope = pattern.scope
    if scope.of is not None:
        return t.gettext(N_("in that organisation"))
    if scope.covers_of is not None:
        return t.gettext(N_("in the area of %(name)s")) % {"name": _organisation(scope.covers_of, names, t.language)}
    return _organisation(scope.organisation, names, t.language)
