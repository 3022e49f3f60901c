"""What the fields of an act offer, and what was said in them, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from admin_ui.parts import words
from admin_ui.people import position_form
from admin_ui.people.group_rows import GROUP_KEYS, one
from admin_ui.people.listing import OFFERED
from admin_ui.rules.pages import offered_roles
from iam import clock
from iam.access.administration import Part
from iam.bulk.acts.act import REASON, BulkAct
from iam.directory.affiliation import AFFILIATION_KINDS
from iam.directory.pages import listing
from iam.directory.pages.local_groups import local_groups
from iam.texts import N_
from iam.web import context

LABELS: Mapping[str, str] = {
    "role": N_("Role"),
    "scope": N_("Where"),
    "organisation": N_("Organisation"),
    "kind": N_("Kind"),
    "occupation": N_("Occupation that rights go by"),
    "title": N_("Title"),
    "first_day": N_("First day"),
    "until": N_("Last day"),
    "sponsor": N_("Who answers for the person"),
    "group": N_("Group"),
    "reason": N_("Reason"),
}
_LISTS = {"role": "roles", "scope": "scopes", "organisation": "organisations", "kind": "kinds", "group": "groups"}


_DAYS = ("first_day", "until")


def offered(session: Session, part: Part, kind: type[BulkAct]) -> dict[str, Any]:
    """Return what the fields of an act offer of the part; nothing for those it has not."""
    found: dict[str, Any] = {name: [] for name in (*_LISTS.values(), "positions")} | {"reason_length": REASON}
    asked = set(kind.fields)
    if "role" in asked:
        found["roles"] = offered_roles(session, part)
    if asked & {"scope", "organisation"}:
        rows = listing.offered(session, part, context.texts().language, OFFERED)
        found["scopes"] = found["organisations"] = [(str(row.id), row.name) for row in rows]
    if "kind" in asked:
        found["kinds"] = [(key, word) for key, word in words.options(words.AFFILIATIONS) if key in AFFILIATION_KINDS]
    if "occupation" in asked:
        found["positions"] = listing.positions_held(session, part, position_form.POSITIONS, context.texts().language)
    if "group" in asked:
        here = [one(row) for row in session.execute(local_groups(part).order_by(*GROUP_KEYS).limit(OFFERED))]
        language = context.texts().language
        found["groups"] = [(str(row.id), f"{row.name}, {row.organisation.name(language)}") for row in here]
    return found


def in_words(kind: type[BulkAct], typed: Mapping[str, str], offer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what was said, each field with its label, in the reader's words."""
    texts = context.texts()
    found = []
    for name in kind.fields:
        value = typed.get(name, "")
        options = dict(offer[_LISTS[name]]) if name in _LISTS else {}
        if value:
            shown = _day(value) if name in _DAYS else options.get(value, value)
            found.append((texts.gettext(LABELS[name]), shown))
    return found


def _day(typed: str) -> str:
    """A day as people read it; what is none as it was typed."""
    try:
        return context.texts().day(clock.day_end(date.fromisoformat(typed), context.settings().zone))
    except (ValueError, OverflowError):
        return typed
