"""What the form of a clause offers to choose from: organisations of its parties, positions, and uses of data."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from iam.access.administration import Part
from iam.access.model.role import RoleContent, RoleVersion
from iam.access.pages.listing import code_lists, roles
from iam.directory.organisation import Organisation, OrganisationPlace, OrganisationRelation
from iam.directory.pages.listing import organisation_keys

MOST = 1000
"""So many organisations are offered, by name."""


def scopes(session: Session, part: Part, entity_ids: Collection[UUID], language: str) -> list[Organisation]:
    """Return the organisations of these legal entities that lie in the part, by name; one statement."""
    p = OrganisationPlace
    theirs = exists().where(
        p.organisation_id == Organisation.id, p.legal_entity_id.in_(entity_ids), p.closed_by.is_(None)
    )
    query = select(Organisation).where(theirs, part.covers(Organisation.id))
    return list(session.scalars(query.order_by(*organisation_keys(language)).limit(MOST)))


def areas(session: Session, within: Collection[UUID], language: str) -> list[Organisation]:
    """Return the areas that cover some of these organisations, by name; one statement."""
    r = OrganisationRelation
    over = exists().where(
        r.organisation_id == Organisation.id, r.kind == "covers", r.other_id.in_(within), r.closed_by.is_(None)
    )
    query = select(Organisation).where(over).order_by(*organisation_keys(language)).limit(MOST)
    return list(session.scalars(query)) if within else []


def positions(session: Session, part: Part) -> list[str]:
    """Return the codes of positions in lists that the part can name; which positions others have is not told."""
    return sorted({code for codes in code_lists(session, part).values() for code in codes})


def uses(session: Session, part: Part) -> list[tuple[str, str]]:
    """Return the data groups and operations that roles of applications of the part hold; one statement."""
    newest = roles(part).with_only_columns(RoleVersion.id).order_by(None)
    query = select(RoleContent.data_group, RoleContent.operation).where(RoleContent.role_version_id.in_(newest))
    rows = session.execute(query.distinct().order_by(RoleContent.data_group, RoleContent.operation))
    return [(group, operation) for group, operation in rows]
