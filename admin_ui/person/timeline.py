"""The timeline: change by change, the newest first, what became known of the person and what it replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from admin_ui.people.view import Subject, names
from admin_ui.person import facts as person_facts
from iam.directory.pages.history import Version, Written, versions
from iam.texts import N_
from iam.web import context

FACTS = {
    "profile": N_("Name and contact"),
    "identifier": N_("Identifier"),
    "affiliation": N_("Position or studies"),
    "absence": N_("Absence"),
    "membership": N_("Group"),
    "relationship": N_("Relation"),
    "hold": N_("Ended access"),
}


def read(subject: Subject) -> Mapping[str, Any]:
    """Return what the tab shows."""
    found = versions(context.db(), subject.part, subject.id, closed=True)
    changes = {
        change.id: change for version in found for change in (version.opened, version.closed) if change is not None
    }
    people = {change.actor_person_id for change in changes.values() if change.actor_person_id}
    known = names(people | {version.other_id for version in found if version.other_id})
    newest_first = sorted(changes.values(), key=lambda change: (change.at, str(change.id)), reverse=True)
    return {"changes": [_change(subject, change, found, known) for change in newest_first]}


def _change(subject: Subject, change: Written, found: list[Version], known: Mapping[UUID, str]) -> dict[str, Any]:
    """Return one change with the facts that it touched: a fact that it closed and opened again was corrected."""
    opened = {version.row.fact_id: version for version in found if version.opened.id == change.id}
    closed = {
        version.row.fact_id: version
        for version in found
        if version.closed is not None and version.closed.id == change.id
    }
    told = all(version.told for version in (*opened.values(), *closed.values()))
    language = context.texts().language
    source = next((version.told_by(language) for version in opened.values() if version.source), None)
    return {
        "at": change.at,
        "by": known.get(change.actor_person_id or UUID(int=0)),
        "run": change.run_id if told else None,
        "purpose": _purpose(change.purpose) if told else "",
        "source": source if told else None,
        "kind": change.kind,
        "facts": [_fact(subject, opened.get(key), closed.get(key), known) for key in {**opened, **closed}],
    }


def _purpose(stored: str) -> str:
    """A purpose as it was written; what the program itself notes, in the reader's words."""
    return context.texts().gettext(N_("Declaration")) if stored == "apply" else stored


def _fact(subject: Subject, after: Version | None, before: Version | None, known: Mapping[UUID, str]) -> dict[str, Any]:
    shown = after or before
    assert shown is not None
    return {
        "what": context.texts().gettext(FACTS[shown.fact]),
        "after": person_facts.line(subject, after, known) if after else None,
        "before": person_facts.line(subject, before, known) if before else None,
    }
