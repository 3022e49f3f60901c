"""Writing differences: one change, sets in the order of what rests on what, its audit events, and the rights that
follow.

Everything happens in the caller's transaction. Only what differs is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from iam.access.derivation import of_places, turns
from iam.access.derivation.derive import Counts, derive
from iam.apply.comparison.difference import Difference
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.writing import Writing
from iam.apply.kind import Kind
from iam.apply.registry import BY_NAME, KINDS
from iam.audit import log
from iam.change import Actor, begin
from iam.vault import Vault


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying did: its change, and how many assignments the derivation opened and closed."""

    change_id: UUID
    rights: Counts


def execute(draft: Draft, differences: Sequence[Difference], actor: Actor, vault: Vault) -> Applied | None:
    """Write what differs and return what that did; None when nothing does. Raises nothing but for the database."""
    changed = [one for one in differences if one.action != "none"]
    if not changed:
        return None
    change = begin(draft.session, "command", actor, "apply")
    writing = Writing(draft, change, actor, {(one.kind, one.key): one for one in changed}, vault)
    for kind in KINDS:
        kind.write(writing)
    rights = _derive(writing)
    log.write(
        draft.session, "config:file:applied", actor, change_id=change.id, envelope=_envelope(writing, changed, rights)
    )
    draft.session.expire_all()
    return Applied(change.id, rights)


def _derive(writing: Writing) -> Counts:
    """Bring rights in line with as little as the kinds of change allow."""
    moved = {BY_NAME[name] for (name, _), one in writing.differences.items() if _moves_rights(BY_NAME[name], one)}
    reach = {kind.derives for kind in moved}
    if not reach:
        return Counts(0, 0)
    if reach == {"those touched"}:
        return derive(writing.session, writing.change, persons=writing.touched)
    if reach <= {"those touched", "those placed"}:
        return _derive_placed(writing)
    if reach == {"by some rules"}:
        rules = {rule_id for kind in moved for rule_id in kind.rules(writing)}
        return derive(writing.session, writing.change, rules=rules)
    return derive(writing.session, writing.change)


def _derive_placed(writing: Writing) -> Counts:
    """Derive the rights of those whom other places concern, with everybody's turn: the tree is everybody's."""
    turns.of_definitions(writing.session, writing.change)
    persons = of_places.whom(writing.session, writing.placed)
    return derive(writing.session, writing.change, persons=None if persons is None else persons | writing.touched)


def _moves_rights(kind: Kind, one: Difference) -> bool:
    return kind.derives != "nobody" and (kind.derived_by is None or bool(kind.derived_by & one.fields.keys()))


def _envelope(writing: Writing, changed: Sequence[Difference], rights: Counts) -> dict[str, Any]:
    """Counts by kind and action, and the ids of people whose logins or powers changed: an administrator is never made
    unseen."""
    counts = Counter(f"{one.kind} {one.action}" for one in changed)
    return {
        "counts": dict(sorted(counts.items())),
        "rights": {"opened": rights.opened, "closed": rights.closed},
        "accounts": sorted(map(str, writing.accounts)),
        "administrators": sorted(map(str, writing.administrators)),
    }
