"""The routes of the API: a view each, which reads the request and says what is told."""

from __future__ import annotations

from iam.api.endpoints import (
    catalogue,
    feeds,
    groups,
    organisation_acts,
    organisations,
    people_by_hand,
    persons,
    rights,
    role_acts,
)
from iam.api.endpoints.answering import blueprint

__all__ = [
    "blueprint",
    "catalogue",
    "feeds",
    "groups",
    "organisation_acts",
    "organisations",
    "people_by_hand",
    "persons",
    "rights",
    "role_acts",
]
