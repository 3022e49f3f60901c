"""What the fields of an act offer, and what was said in them, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from admin_ui.people import position_form
from admin_ui.people.listing import OFFERED
from admin_ui.rules.pages import offered_roles
from iam.access.administration import Part
from iam.bulk.acts.act import REASON, BulkAct
from iam.directory.pages import listing
from iam.texts import N_
from iam.web import context

LABELS: Mapping[str, str] = {
    "role": N_("Role"),
    "scope": N_("Where"),
    "until": N_("Last day"),
    "reason": N_("Reason"),
}


def offered(session: Session, part: Part, kind: type[BulkAct]) -> dict[str, Any]:
    """Return what the fields of an act offer of the part; nothing for those it has not."""
    found: dict[str, Any] = {"reason_length": REASON, "roles": [], "scopes": []}
    if "role" in kind.fields:
        found["roles"] = offered_roles(session, part)
    if "scope" in kind.fields:
        rows = listing.offered(session, part, context.texts().language, OFFERED)
        found["scopes"] = [(str(one.id), one.name) for one in rows]
    return found | (position_form.offered(session) if "sponsor" in kind.fields else {})


def in_words(kind: type[BulkAct], typed: Mapping[str, str], offer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what was said, each field with its label, in the reader's words."""
    texts = context.texts()
    lists = {"role": "roles", "scope": "scopes"}
    found = []
    for name in kind.fields:
        value = typed.get(name, "")
        options = dict(offer[lists[name]]) if name in lists else {}
        if value:
            found.append((texts.gettext(LABELS[name]), options.get(value, value)))
    return found
