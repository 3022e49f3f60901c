"""Organisations with the place that each has in the tree at a moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, case

from iam.access.administration import Part
from iam.directory.organisation import Organisation, OrganisationPlace
from iam.directory.pages import listing
from iam.directory.queries import holds_at
from iam.texts import LANGUAGES

Told = dict[str, Any]
ORGANISATION_KEYS = (Organisation.key, Organisation.id)


def organisations(part: Part, at: datetime, text: str = "", kind: str | None = None) -> Select[Any]:
    """Select (organisation, the one above it, its legal entity) of those of the part that stand in the tree at a
    moment; order ``ORGANISATION_KEYS``. What lies above the part is not told."""
    place: Any = OrganisationPlace
    above = place.parent_id
    shown = above if part.everything else case((part.covers(above), above))
    return (
        listing.organisations(part, text, kind)
        .add_columns(shown, place.legal_entity_id)
        .join(place, place.organisation_id == Organisation.id)
        .where(place.closed_by.is_(None), holds_at(place, at))
    )


def told(row: Any) -> Told:
    """Return an organisation as ``OrganisationTold``."""
    one, parent, entity = row
    return {
        "id": str(one.id),
        "key": one.key,
        "kind": one.kind,
        "names": names(one),
        "oph_oid": one.oph_oid,
        "school_code": one.school_code,
        "business_id": one.business_id,
        "parent": str(parent) if parent else None,
        "legal_entity": str(entity),
    }


def names(one: Organisation) -> dict[str, str]:
    """Return the names of an organisation by language."""
    return {language: one.name(language) for language in LANGUAGES}
