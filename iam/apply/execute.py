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

from sqlalchemy import insert, update

from iam.access.derivation.derive import Counts, derive
from iam.apply.comparison.compare import Difference
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.writing import Writing
from iam.apply.kinds import confirmed_guardians, connections, write_access, write_people
from iam.audit import log
from iam.change import Actor, begin
from iam.directory.source import Source
from iam.lifecycle.organisations import commands as organisations, openings
from iam.signin.accounts import ending, session_policy, username_rules
from iam.signin.factors import policy
from iam.signin.federation import reach
from iam.vault import Vault

RIGHTS = {
    "organisation",
    "relation",
    "code list",
    "opened source",
    "application",
    "role",
    "agreement",
    "rule",
    "group",
    "person",
}
"""Kinds whose change may give or take rights."""
ONLY_PERSONS = {"person", "group"}
ONLY_RULES = {"rule"}


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
    _organisations(writing)
    _sources(writing)
    connections.write(writing)
    connections.write_openings(writing)
    write_access.write(writing)
    write_people.write(writing)
    confirmed_guardians.write(writing)
    write_access.write_rules(writing)
    rights = _derive(writing)
    log.write(
        draft.session, "config:file:applied", actor, change_id=change.id, envelope=_envelope(writing, changed, rights)
    )
    draft.session.expire_all()
    return Applied(change.id, rights)


def _organisations(writing: Writing) -> None:
    organisations.add(writing.session, [_organisation(writing, *one) for one in writing.some("organisation", "create")])
    organisations.amend(
        writing.session, [_organisation(writing, *one) for one in writing.some("organisation", "change")]
    )
    ids = writing.draft.organisations
    factors = {
        ids[key]: shape["second_factor"] and shape["second_factor"]["remember_days"]
        for key, shape in writing.all("organisation")
        if writing.differs("organisation", key, "second_factor")
    }
    policy.ask(writing.session, factors)
    limits = {
        ids[key]: shape["sessions"] and (shape["sessions"]["idle_minutes"], shape["sessions"]["hours"])
        for key, shape in writing.all("organisation")
        if writing.differs("organisation", key, "sessions")
    }
    session_policy.state(writing.session, limits)
    names = {
        ids[key]: shape["usernames"]
        for key, shape in writing.all("organisation")
        if "usernames" in shape and writing.differs("organisation", key, "usernames")
    }
    username_rules.state(writing.session, names)
    stated = {ids[key]: writing.draft.tree[ids[key]] for key, _ in writing.all("organisation")}
    if stated:
        organisations.write_places(writing.session, writing.change, stated)
    relations = {}
    for key, shape in writing.all("relation"):
        item, _ = writing.draft.stated("relation")[key].items[0]
        relations[(ids[item.organisation], item.kind, ids[item.other])] = shape["intervals"]
    if relations:
        organisations.write_relations(writing.session, writing.change, relations)


def _organisation(writing: Writing, key: str, shape: dict[str, Any]) -> dict[str, Any]:
    names = {f"name_{language}": name for language, name in shape["name"].items()}
    codes = {name: shape[name] for name in ("kind", "oph_oid", "school_code", "business_id")}
    return {"id": writing.draft.organisations[key], "key": key} | names | codes


def _sources(writing: Writing) -> None:
    created = [_source(writing, key, shape) for key, shape in writing.some("source", "create")]
    if created:
        writing.session.execute(insert(Source), created)
    changed = [_source(writing, key, shape) for key, shape in writing.some("source", "change")]
    if changed:
        writing.session.execute(update(Source), changed)
    ids = writing.draft.organisations
    opened = {}
    for key, shape in writing.all("opened source"):
        organisation, _, source_key = key.partition(" to ")
        opened[(ids[organisation], writing.id_of("source", source_key))] = shape["opened"]
    openings.state(writing.session, writing.change, opened, writing.actor)
    for row in changed:
        if row["disabled"] and writing.differs("source", row["key"], "disabled"):
            ending.end_by(writing.session, writing.actor, "source disabled", reach.of_source(row["id"]))


def _source(writing: Writing, key: str, shape: dict[str, Any]) -> dict[str, Any]:
    owner_id = writing.draft.organisations[shape["owner"]]
    return {"id": writing.id_of("source", key), "key": key, "owner_id": owner_id} | {
        name: value for name, value in shape.items() if name != "owner"
    }


def _derive(writing: Writing) -> Counts:
    """Bring rights in line with as little as the kinds of change allow."""
    kinds = {kind for kind, _ in writing.differences} & RIGHTS
    if any("owner" in one.fields for (kind, _), one in writing.differences.items() if kind == "source"):
        kinds |= {"source"}
    if not kinds:
        return Counts(0, 0)
    if kinds <= ONLY_PERSONS:
        return derive(writing.session, writing.change, persons=writing.touched)
    if kinds <= ONLY_RULES:
        return derive(
            writing.session, writing.change, rules=[writing.id_of("rule", key) for key, _ in writing.all("rule")]
        )
    return derive(writing.session, writing.change)


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
