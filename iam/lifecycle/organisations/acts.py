"""Which acts on an organisation of the tree somebody with a part may do.

What would reach over the part is not in it: whoever moves or merges an organisation holds where it lies, too, and the
top of the tree and legal entities are of whoever holds everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import Part, covers_all, may_touch
from iam.directory.organisation import Organisation, OrganisationPlace

ADD, RENAME, MOVE, MERGE, CLOSE = "add", "rename", "move", "merge", "close"
LEFT = 6


def allowed(session: Session, part: Part, organisation_id: UUID) -> Sequence[str]:
    """Return which acts may be done on an organisation, none where it lies outside the part; at most three
    statements."""
    if not part or not may_touch(session, part, organisation_id):
        return ()
    places = _coming(session, organisation_id)
    is_entity = any(place.legal_entity_id == organisation_id for place in places)
    if is_entity and not part.everything:
        return (ADD,)
    parents = {place.parent_id for place in places}
    known = {one for one in parents if one is not None}
    if not known or None in parents:
        return ADD, RENAME
    if not covers_all(session, part, known):
        return ADD, RENAME, CLOSE
    return ADD, RENAME, MOVE, MERGE, CLOSE


def left_under(session: Session, organisation_id: UUID, end: datetime) -> list[Organisation]:
    """Return the first organisations, at most ``LEFT``, that would still lie right under another at ``end`` or
    later."""
    place = OrganisationPlace
    under = select(place.organisation_id).where(
        place.parent_id == organisation_id, place.closed_by.is_(None), place.valid_to > end
    )
    query = select(Organisation).where(Organisation.id.in_(under)).order_by(Organisation.key).limit(LEFT)
    return list(session.scalars(query))


def _coming(session: Session, organisation_id: UUID) -> Sequence[OrganisationPlace]:
    """Where an organisation stands from now on."""
    place = OrganisationPlace
    query = select(place).where(
        place.organisation_id == organisation_id, place.closed_by.is_(None), place.valid_to > clock.now()
    )
    return session.scalars(query).all()
