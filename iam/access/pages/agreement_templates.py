"""What the pages on templates of agreements read: those of an organisation in the asker's part, or above it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import and_, false, func, or_, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import Part
from iam.access.model.agreement import AgreementTemplate
from iam.access.pages.listing import concerns
from iam.directory.organisation import Organisation, OrganisationPlace
from iam.errors import NotFound

TEMPLATE_KEYS = (AgreementTemplate.key, AgreementTemplate.id)
_NO_TEMPLATE = Problem("There is no such template, or it is outside your part.")


def templates(part: Part) -> Any:
    """Select (template, owner) of those that concern the part; order ``TEMPLATE_KEYS``."""
    return (
        select(AgreementTemplate, Organisation)
        .select_from(AgreementTemplate)
        .join(Organisation, Organisation.id == AgreementTemplate.owner_id)
        .where(concerns(part, AgreementTemplate.owner_id))
    )


def template_of(session: Session, part: Part, key: str) -> tuple[AgreementTemplate, Organisation]:
    """Return a template and its owner; raises ``NotFound``."""
    row = session.execute(templates(part).where(AgreementTemplate.key == key)).one_or_none()
    if row is None:
        raise NotFound(_NO_TEMPLATE)
    return row[0], row[1]


def places_within(session: Session, written: Mapping[UUID, Collection[str]]) -> dict[tuple[UUID, str], set[UUID]]:
    """Return the organisations of legal entities that are called as is ``written``, by entity and by their key and
    names in small letters; one statement."""
    o, p = Organisation, OrganisationPlace
    columns = (o.key, o.name_fi, o.name_sv, o.name_en)
    asked = [
        # SQLite makes small letters of ASCII only.
        and_(p.legal_entity_id == entity, or_(func.lower(one).in_({word.casefold() for word in words}), one.in_(words)))
        for entity, words in written.items()
        for one in columns
    ]
    found = defaultdict[tuple[UUID, str], set[UUID]](set)
    query = select(p.legal_entity_id, o.id, *columns).join(p, p.organisation_id == o.id)
    for entity, id_, *names in session.execute(query.where(p.closed_by.is_(None), or_(false(), *asked))):
        for name in names:
            found[(entity, str(name).casefold())].add(id_)
    return found
