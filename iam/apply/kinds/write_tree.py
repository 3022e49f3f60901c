"""Writes organisations, relations and sources that differ."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, update

from iam.apply.comparison.writing import Writing
from iam.directory.source import Source
from iam.lifecycle.organisations import openings
from iam.signin.accounts import ending
from iam.signin.federation import reach


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
