"""Rights granted by hand: with a reason and an end, under the same clause gate as rules."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access import handing, turns
from iam.access.administration import Part
from iam.access.assignment import Assignment
from iam.access.ceiling import clause_for
from iam.access.definition_effects import sensitive
from iam.access.role import RoleVersion
from iam.audit import log
from iam.change import Actor, begin
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import OrganisationPlace
from iam.directory.queries import holds_at
from iam.errors import Conflict, Invalid, NotFound


def grant(
    session: Session,
    person_id: UUID,
    capacity_id: UUID,
    role_id: UUID,
    scope_id: UUID,
    reason: str,
    until: datetime,
    actor: Actor,
    part: Part,
) -> Assignment:
    """Grant a role in a scope to one capacity from now until ``until``; never longer than the capacity.

    ``part`` is that over which the granter may grant. Raises ``Invalid`` without a reason or a coming end, for a sensitive role, which
    nobody hands out alone, when the role is not handed out from that part, or when the scope belongs to another legal entity and no
    clause allows it.
    """
    now = clock.now()
    if not reason.strip():
        raise Invalid(Problem("A reason is needed.", "Write why the right is granted.", field="reason"))
    if until <= now:
        raise Invalid(Problem("The end must be in the future.", "Choose a later day.", field="until"))
    if role_id in sensitive(session):
        raise Invalid(
            Problem(
                "Nobody hands out this role alone.",
                "Write a rule that gives it, for a group if need be; a second person accepts the rule.",
                field="role",
            )
        )
    change = begin(session, "command", actor, reason.strip())
    turns.of_person(session, change, person_id)
    capacity, place, version = _found(session, person_id, capacity_id, role_id, scope_id, now)
    granter_id = handing.granter(session, part, role_id)
    clause_id, ends = _ceiling(session, capacity, place, role_id, now, min(until, capacity.valid_to, place.valid_to))
    row = Assignment(
        person_id=person_id, capacity_id=capacity_id, capacity_kind=capacity.kind, role_id=role_id, role_version_id=version.id,
        scope_id=scope_id, holder_entity_id=capacity.legal_entity_id, scope_entity_id=place.legal_entity_id, clause_id=clause_id,
        origin="hand", reason=reason.strip(), granter_id=granter_id, fact_1=capacity.version_id, place_id=place.version_id, valid_from=now, valid_to=ends,
        opened_by=change.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    log.write(
        session, "right:hand:granted", actor, subject_id=person_id, organisation_id=scope_id, change_id=change.id,
        envelope={"assignment": str(row.id), "role": str(role_id)},
    )  # fmt: skip
    return row


def _found(
    session: Session, person_id: UUID, capacity_id: UUID, role_id: UUID, scope_id: UUID, now: datetime
) -> tuple[Affiliation, OrganisationPlace, RoleVersion]:
    """The capacity, the scope's place and the role as they are now; raises ``NotFound``."""
    capacity = session.scalars(
        select(Affiliation).where(
            Affiliation.fact_id == capacity_id, Affiliation.person_id == person_id, Affiliation.closed_by.is_(None),
            holds_at(Affiliation, now),
        )
    ).one_or_none()  # fmt: skip
    here = (OrganisationPlace.closed_by.is_(None), holds_at(OrganisationPlace, now))
    place = session.scalars(
        select(OrganisationPlace).where(OrganisationPlace.organisation_id == scope_id, *here)
    ).first()
    newest = select(RoleVersion).where(RoleVersion.role_id == role_id).order_by(RoleVersion.n.desc()).limit(1)
    version = session.scalars(newest).first()
    if capacity is None or place is None or version is None:
        raise NotFound(Problem("The capacity, the role or the organisation does not exist now.", "Choose again."))
    return capacity, place, version


def _ceiling(
    session: Session, capacity: Affiliation, place: OrganisationPlace, role_id: UUID, now: datetime, ends: datetime
) -> tuple[UUID | None, datetime]:
    """The clause the right needs, if it crosses legal entities, and when it then ends at the latest; raises ``Invalid``."""
    holder, scope = capacity.legal_entity_id, place.legal_entity_id
    if holder == scope:
        return None, ends
    allowed = clause_for(session, role_id, capacity.occupation or "", holder, scope, place.organisation_id, now)
    if allowed is None:
        raise Invalid(
            Problem(
                "No agreement allows this role there for that position.",
                "Conclude an agreement, or choose another role.",
                field="scope",
            )
        )
    return allowed[0], min(ends, allowed[1])


def end(session: Session, assignment_id: UUID, reason: str, actor: Actor) -> None:
    """End a right that was granted by hand; raises ``NotFound``, ``Invalid`` without a reason, ``Conflict`` when it has ended."""
    row = session.get(Assignment, assignment_id)
    if row is None or row.origin != "hand":
        raise NotFound(Problem("There is no such right granted by hand.", "Open the person's page again."))
    if not reason.strip():
        raise Invalid(Problem("A reason is needed.", "Write why the right ends.", field="reason"))
    change = begin(session, "command", actor, reason.strip())
    turns.of_person(session, change, row.person_id)
    session.refresh(row)
    if row.closed_by is not None:
        raise Conflict(Problem("This right has ended already.", "Open the person's page again."))
    row.closed_by = change.id
    session.flush()
    log.write(
        session, "right:hand:ended", actor, subject_id=row.person_id, organisation_id=row.scope_id, change_id=change.id,
        envelope={"assignment": str(row.id)},
    )  # fmt: skip
