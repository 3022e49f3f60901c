"""What a proposal is about, in words: the person of an appointment, and what a declaration states, where it has a
name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.model.proposal import Proposal
from iam.access.model.role import Application
from iam.access.pages.called import roles_called, rules_called
from iam.deciding import appointing
from iam.directory.organisation import Organisation
from iam.texts import in_language
from iam.web import context

MOST = 3
"""So many things of a declaration are named; one that states more keeps its own name."""
Thing = tuple[str, str]


def people_of(proposals: Sequence[Proposal]) -> dict[UUID, UUID]:
    """Return whom each proposal is about that is about an administrator, by its id."""
    return {row.id: UUID((row.stated or {})["person"]) for row in proposals if row.kind == appointing.KIND}


def stated_called(session: Session, proposals: Sequence[Proposal]) -> dict[UUID, str]:
    """Return what each declaration among proposals states, by its id, where all of that has a name; at most a
    statement for each kind of thing."""
    things = {row.id: _things(row) for row in proposals if row.kind == "apply"}
    names = names_of(session, {one for some in things.values() for one in some})
    told = {row: [names.get(one) for one in some] for row, some in things.items() if 0 < len(some) <= MOST}
    return {row: ", ".join(map(str, some)) for row, some in told.items() if all(some)}


def _things(row: Proposal) -> list[Thing]:
    """What a declaration states; an application is told by its roles, where it states some."""
    things = [(kind, key) for kind, key in (row.stated or {}).get("things", ())]
    told = {("application", key.partition(":")[0]) for kind, key in things if kind == "role"}
    return [one for one in things if one not in told]


def names_of(session: Session, things: set[Thing]) -> dict[Thing, str]:
    """Return the name of each rule, role, application and organisation among things, as far as they are there already;
    at most three statements for rules, one for each other kind."""
    return dict(_names(session, things))


def _names(session: Session, things: set[Thing]) -> Iterator[tuple[Thing, str]]:
    language, by_kind = context.texts().language, _by_kind(things)
    if keys := by_kind.get("rule"):
        for key, name in rules_called(session, keys, language).items():
            yield ("rule", key), name
    if keys := by_kind.get("role"):
        for key, by in roles_called(session, keys).items():
            yield ("role", key), by.get(language, key)
    if keys := by_kind.get("application"):
        for row in session.scalars(select(Application).where(Application.key.in_(keys))):
            yield ("application", row.key), in_language(row.name, language, row.key)
    if keys := by_kind.get("organisation"):
        for place in session.scalars(select(Organisation).where(Organisation.key.in_(keys))):
            yield ("organisation", place.key), place.name(language)


def _by_kind(things: set[Thing]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, key in sorted(things):
        found.setdefault(kind, []).append(key)
    return found
