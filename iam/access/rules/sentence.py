"""A rule as a sentence in three languages, worded so that no name needs inflecting."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, select, tuple_, union_all
from sqlalchemy.orm import Session

from iam.access.model.role import Application, Role, RoleVersion
from iam.access.model.rule import CodeListOwner
from iam.access.right import version_known
from iam.access.rules.conditions.of_affiliation import AffiliationKind, Occupation
from iam.access.rules.conditions.of_membership import FromSource, InGroup
from iam.access.rules.conditions.of_relationship import RelationshipKind
from iam.access.rules.kind_words import KIND_WORDS
from iam.access.rules.names import Labels
from iam.access.rules.pattern import Bound, Pattern, organisation_keys, parse
from iam.directory.affiliation import Group
from iam.directory.occupation import Occupation as OccupationRow
from iam.directory.organisation import Organisation
from iam.directory.source import Source
from iam.texts import LANGUAGES, N_, Texts, in_language


def labels(session: Session, patterns: Iterable[Pattern]) -> Labels:
    """Return the names that the sentences of some patterns show; at most four queries."""
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
    places = {row.key: {language: row.name(language) for language in LANGUAGES} for row in rows}
    return Labels(places, shown, group_names(session, found), *other_names(session, found))


def group_names(session: Session, patterns: Iterable[Pattern]) -> dict[tuple[str, str], str]:
    """Return what the groups are called that patterns name, by the key of their organisation and their own; one
    statement, or none where they name none."""
    asked = [condition for one in patterns for item in one.bound if (condition := item.asks(InGroup)) is not None]
    named = {(one.owner, one.group) for one in asked if one.group is not None}
    if not named:
        return {}
    query = select(Organisation.key, Group.key, Group.name).join(Group, Group.organisation_id == Organisation.id)
    rows = session.execute(query.where(tuple_(Organisation.key, Group.key).in_(named)))
    return {(owner, key): name for owner, key, name in rows}


ByCode = dict[str, Mapping[str, Any]]


def other_names(session: Session, patterns: Iterable[Pattern]) -> tuple[ByCode, ByCode, ByCode]:
    """Return what the occupations are called that patterns name, by code, and their lists and the sources, by key; one
    statement, or none where they name none."""
    bound = [item for one in patterns for item in one.bound]
    asked = [condition for item in bound if (condition := item.asks(Occupation)) is not None]
    sources = {told.source for item in bound if (told := item.asks(FromSource)) is not None}
    codes, lists = {code for one in asked for code in one.codes}, {one.code_list for one in asked} - {None}
    found: dict[str, ByCode] = {"occupation": {}, "list": {}, "source": {}}
    if codes or lists or sources:
        one, of = OccupationRow, CodeListOwner
        of_codes = select(literal("occupation"), one.code, one.name).where(one.code.in_(codes))
        of_lists = select(literal("list"), of.key, of.name).where(of.key.in_(lists), of.name.is_not(None))
        of_sources = select(literal("source"), Source.key, Source.name).where(Source.key.in_(sources))
        for what, key, name in session.execute(union_all(of_codes, of_lists, of_sources)):
            found[what][key] = name or {}
    return found["occupation"], found["list"], found["source"]


def readable(stored: Iterable[Any]) -> list[Pattern]:
    """Return those of some stored patterns that can be read."""
    return [pattern for pattern, _ in map(parse, stored) if pattern is not None]


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
        "scope": scope_words(pattern, names, t),
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
    told = [text for condition in item.conditions for text in condition.words(names, t)]
    return _with(fact_words(item, t), told)


def fact_words(item: Bound, t: Texts) -> str:
    """Return what a bound fact is, without what is asked of it."""
    if item.fact == "membership":
        return t.gettext(N_("a member of a group"))
    own, theirs = item.asks(AffiliationKind), item.asks(RelationshipKind)
    asked = (theirs.kind,) if theirs else own.kinds if own else ()
    kinds = t.gettext(N_(" or ")).join(t.gettext(KIND_WORDS[kind]) for kind in asked) or t.gettext(N_("anybody"))
    return kinds if item.of is None else t.gettext(N_("of somebody who is %(kind)s")) % {"kind": kinds}


def _with(what: str, details: Iterable[str]) -> str:
    told = "; ".join(detail for detail in details if detail)
    return f"{what} ({told})" if told else what


def scope_words(pattern: Pattern, names: Labels, t: Texts) -> str:
    """Return where a rule gives its role."""
    scope = pattern.scope
    if scope.of is not None:
        return t.gettext(N_("in that organisation"))
    if scope.covers_of is not None:
        return t.gettext(N_("in the area of %(name)s")) % {"name": names.organisation(scope.covers_of, t.language)}
    return names.organisation(scope.organisation, t.language)
