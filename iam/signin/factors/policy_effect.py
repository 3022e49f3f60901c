"""What a declared policy of a second factor ends: sign-ins that applications may refresh now, and may not once more is
asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from iam.directory.affiliation import Affiliation
from iam.directory.organisation import OrganisationClosure
from iam.directory.queries import holds_at
from iam.signin.accounts.factor import FactorPolicy
from iam.signin.factors import levels
from iam.tokens.grant import GrantRow, lives
from iam.tokens.session import LoginSessionRow

_SURE = [level for level in levels.LEVELS if levels.reaches(level, levels.TWO_FACTOR)]
_LASTING = "offline_access"


def ended(session: Session, days: Mapping[UUID, int | None], at: datetime) -> int:
    """Return how many sign-ins end when organisations ask what ``days`` say (as ``policy.ask``); one statement, before
    it is asked.

    A sign-in ends when what it gave an application may not be refreshed any more. Those that may not even now do not
    count.
    """
    g, s = GrantRow, aliased(LoginSessionRow)
    asks = {one: n for one, n in days.items() if n is not None}
    always = [one for one, n in asks.items() if n == 0]
    now = select(FactorPolicy.organisation_id)
    before = _refused(now.where(FactorPolicy.remember_days == 0), now, at)
    weak = g.acr.not_in(_SURE), func.coalesce(s.acr, "").not_in(_SURE), g.scope.contains(_LASTING)
    query = select(func.count(func.distinct(func.coalesce(g.session_id, g.id)))).select_from(g)
    query = query.outerjoin(s, s.id == g.session_id).where(*lives(at), *weak, _refused(always, list(asks), at), ~before)
    return (session.scalar(query) or 0) if asks else 0


def _refused(always: Any, asks: Any, at: datetime) -> ColumnElement[bool]:
    """The condition that a grant by one factor may not be refreshed where some organisations ask ``always``, and
    others, or the same, unless a remembered device stands in."""
    no_device = or_(GrantRow.device_until.is_(None), GrantRow.device_until <= at)
    return or_(GrantRow.person_id.in_(_people(always, at)), and_(no_device, GrantRow.person_id.in_(_people(asks, at))))


def _people(organisations: Select[UUID] | Collection[UUID], at: datetime) -> Select[UUID]:
    here = select(OrganisationClosure.descendant_id).where(
        OrganisationClosure.ancestor_id.in_(organisations), holds_at(OrganisationClosure, at)
    )
    return select(Affiliation.person_id).where(
        Affiliation.organisation_id.in_(here), Affiliation.closed_by.is_(None), holds_at(Affiliation, at)
    )
