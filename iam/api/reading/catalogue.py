"""Roles and rules; a constant number of statements, however many they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from iam.access.pages import listing
from iam.access.rules.names import Labels
from iam.access.rules.pattern import parse
from iam.access.rules.sentence import labels, readable, sentences
from iam.api.reading.organisations import names

Told = dict[str, Any]


def roles(session: Session, rows: Sequence[Any]) -> list[Told]:
    """Return roles as ``RoleInList``; ``rows`` are of ``listing.roles``."""
    content = listing.contents(session, [version.id for _, _, version in rows])
    return [
        {
            "application": application.key,
            "application_names": dict(application.name),
            "key": role.key,
            "names": dict(version.name),
            "meaning": version.meaning,
            "version": version.n,
            "enforced": version.enforcement,
            "handed_out": role.handed_out,
            "sensitive": role.sensitive,
            "retired": role.retired or application.retired,
            "content": [f"{group}:{operation}" for group, operation in content.get(version.id, [])],
        }
        for role, application, version in rows
    ]


def rules(session: Session, rows: Sequence[Any]) -> list[Told]:
    """Return rules as ``RuleInList``; ``rows`` are of ``listing.rules``."""
    said = labels(session, readable(version.pattern for _, version, _ in rows))
    return [
        {
            "key": rule.key,
            "names": rule.name,
            "owner": names(owner),
            "state": version.state,
            "version": version.n,
            "sentence": _sentence(version.pattern, said),
        }
        for rule, version, owner in rows
    ]


def _sentence(pattern: Any, said: Labels) -> dict[str, str]:
    """Return a stored rule as a sentence by language; empty when it cannot be read."""
    parsed, _ = parse(pattern)
    return sentences(parsed, said) if parsed is not None else {}
