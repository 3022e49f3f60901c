"""What sources say of one person, as far as the caller's part goes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from iam.access.administration import Part
from iam.api.reading.moments import end, start
from iam.database.types import Protected
from iam.directory.pages.history import Version, versions
from iam.directory.protected import release
from iam.directory.queries import Profile
from iam.texts import LANGUAGES

Told = dict[str, Any]
_ABOUT = ("given_names", "call_name", "family_name", "email")
OPEN, KNOWING = "administration of a person without protection", "administration with protected data"


def about(profile: Profile, knows: bool) -> Told:
    """Return what is shown of a person besides the names; ``knows``: protected values are told to this caller."""
    born = profile.birth_date
    return {
        "email": profile.email,
        "phone": _phone(profile.phone, profile.protected, knows),
        "birth_date": born.isoformat() if born else None,
    }


def of_person(session: Session, part: Part, person_id: UUID) -> list[Told]:
    """Return the facts known now, as ``PersonFact``; seven statements. Of a profile the telephone number is left out:
    ``about`` tells it."""
    return [_fact(one) for one in versions(session, part, person_id, closed=False)]


def _fact(one: Version) -> Told:
    row = one.row
    place = one.organisation if one.told else None
    return {
        "fact": one.fact,
        "id": str(row.fact_id),
        "told": one.told,
        "says": _says(one),
        "position_names": one.position_names if one.told else None,
        "organisation": {language: place.name(language) for language in LANGUAGES} if place else None,
        "other_person": str(one.other_id) if one.other_id else None,
        "valid_from": start(row.valid_from),
        "valid_to": end(row.valid_to),
        "source": one.source if one.told else None,
        "run": str(one.opened.run_id) if one.told and one.opened.run_id else None,
        "file": one.file if one.told else None,
        "line": one.line if one.told else None,
        "recorded_at": one.opened.at.isoformat(),
    }


def _says(one: Version) -> dict[str, str | bool | None]:
    row = one.row
    if one.fact == "affiliation":
        told = {"position": row.title, "occupation": row.occupation} if one.told else {}
        return {"kind": row.kind, **{name: _text(value) for name, value in told.items()}}
    if one.fact == "membership" and one.group is not None:
        return {"kind": one.group.kind, "group": _text(one.group.name) if one.told else None}
    if one.fact == "relationship":
        return {"kind": row.kind, "towards_other": row.other_person_id == one.other_id}
    if one.fact == "profile":
        return {name: getattr(row, name) for name in _ABOUT}
    if one.fact == "identifier":
        # A personal identity code has no value here: it is shown on the page only, with a purpose.
        return {"kind": row.kind, "value": row.value}
    return {"reason": row.reason} if one.fact == "hold" and one.told else {}


def _text(value: str | None) -> str | None:
    """Return the text of a value that may be told, marked ones too."""
    return None if value is None else str.__str__(value)


def _phone(value: Protected | None, protected: bool, knows: bool) -> str | None:
    return release(value, protected=protected, purpose=KNOWING if knows else OPEN)
