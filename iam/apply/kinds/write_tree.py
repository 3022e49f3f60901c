"""Writes organisations, relations and sources that differ."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, update

from iam.apply.comparison.writing import Writing
from iam.directory.source import Source
from iam.lifecycle.organisations import commands as organisations, openings
from iam.signin.accounts import ending, session_policy, username_rules
from iam.signin.factors import policy
from iam.signin.federation import reach


def organisations_(writing: Writing) -> None:
    """Write them."""
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


def relations_(writing: Writing) -> None:
    """Write them."""
    ids, relations = writing.draft.organisations, {}
    for key, shape in writing.all("relation"):
        item, _ = writing.draft.stated("relation")[key].items[0]
        relations[(ids[item.organisation], item.kind, ids[item.other])] = shape["intervals"]
    if relations:
        organisations.write_relations(writing.session, writing.change, relations)


def _organisation(writing: Writing, key: str, shape: dict[str, Any]) -> dict[str, Any]:
    names = {f"name_{language}": name for language, name in shape["name"].items()}
    codes = {name: shape[name] for name in ("kind", "oph_oid", "school_code", "business_id")}
    return {"id": writing.draft.organisations[key], "key": key} | names | codes


def sources(writing: Writing) -> None:
    """Write them."""
    created = [_source(writing, key, shape) for key, shape in writing.some("source", "create")]
    if created:
        writing.session.execute(insert(Source), created)
    changed = [_source(writing, key, shape) for key, shape in writing.some("source", "change")]
    if changed:
        writing.session.execute(update(Source), changed)
    for row in changed:
        if row["disabled"] and writing.differs("source", row["key"], "disabled"):
            ending.end_by(writing.session, writing.actor, "source disabled", reach.of_source(row["id"]))


def opened_sources(writing: Writing) -> None:
    """Write them."""
    ids = writing.draft.organisations
    opened = {}
    for key, shape in writing.all("opened source"):
        organisation, _, source_key = key.partition(" to ")
        opened[(ids[organisation], writing.id_of("source", source_key))] = shape["opened"]
    openings.state(writing.session, writing.change, opened, writing.actor)


def _source(writing: Writing, key: str, shape: dict[str, Any]) -> dict[str, Any]:
    owner_id = writing.draft.organisations[shape["owner"]]
    return {"id": writing.id_of("source", key), "key": key, "owner_id": owner_id} | {
        name: value for name, value in shape.items() if name != "owner"
    }
