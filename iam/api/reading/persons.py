"""Persons as lists have them: two statements, however many they are."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import Part
from iam.api.reading.moments import end, start
from iam.directory import queries
from iam.directory.pages.ties import Tied, Ties, ties
from iam.directory.queries import Profile
from iam.lifecycle.states import state
from iam.texts import LANGUAGES

Told = dict[str, Any]
_UNKNOWN = Profile()


def in_list(session: Session, part: Part, ids: Collection[UUID], archive_after: timedelta) -> list[Told]:
    """Return persons in the order of their ids, as ``PersonInList``."""
    shown, found = queries.profiles(session, ids) if ids else {}, ties(session, part, ids)
    return [one(id_, shown.get(id_, _UNKNOWN), found[id_], archive_after) for id_ in ids]


def one(person_id: UUID, profile: Profile, found: Ties, archive_after: timedelta) -> Told:
    """Return a person whose profile and ties were read."""
    return {
        "id": str(person_id),
        "given_names": profile.given_names,
        "call_name": profile.call_name,
        "family_name": profile.family_name,
        "state": str(state(found.intervals, found.held, clock.now(), archive_after)),
        "protected": profile.protected,
        "affiliations": [_tie(tied) for tied in found.affiliations],
        "is_guardian": found.guards_until is not None,
        "guardian_until": end(found.guards_until),
    }


def _tie(tied: Tied) -> Told:
    place = tied.place
    return {
        "id": str(tied.fact_id),
        "kind": tied.kind,
        "position": tied.title,
        "position_names": tied.names,
        "organisation": {language: place.name(language) for language in LANGUAGES} if place else None,
        "valid_from": start(tied.valid_from),
        "valid_to": end(tied.valid_to),
    }
