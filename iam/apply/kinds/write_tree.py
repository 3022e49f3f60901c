"""Writes organisations, relations and sources that differ."""

from __future__ import annotations

from iam.apply.comparison.writing import Writing
from iam.lifecycle.organisations import openings


def opened_sources(writing: Writing) -> None:
    """Write them."""
    ids = writing.draft.organisations
    opened = {}
    for key, shape in writing.all("opened source"):
        organisation, _, source_key = key.partition(" to ")
        opened[(ids[organisation], writing.id_of("source", source_key))] = shape["opened"]
    openings.state(writing.session, writing.change, opened, writing.actor)
