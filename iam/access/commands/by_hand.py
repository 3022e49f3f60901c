"""Rights granted by hand: with a reason and an end, under the same clause gate as rules."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part
from iam.access.commands.effects import sensitive
from iam.access.derivation import hands, turns
from iam.access.derivation.ceiling import clause_for, fill_permits
from iam.access.derivation.working import affected, prepare
from iam.access.model.assignment import Assignment
from iam.access.model.role import RoleVersion
from iam.access.rules import handing
from iam.audit import log
from iam.change import Actor, Change, begin
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import OrganisationPlace
from iam.directory.queries import holds_at
from iam.errors import Conflict, Invalid, NotFound
from iam.texts import N_


def require_grantable(session: Session, role_id: UUID, reason: str, until: datetime, now: datetime) -> None:
    """Raise ``Invalid`` without a reason or a coming end, or for a sensitive role, which nobody hands out alone."""
    if not reason.strip():
        raise Invalid(Problem("A reason is needed.", "Write why the right is granted.", field="reason"))
    if until <= now:
        raise Invalid(Problem("The end must be in the future.", "Choose a later day.", field="until"))
    if role_id in sensitive(session):
        by_rule = N_("Write a rule that gives it, for a group if need be; a second person accepts the rule.")
        raise Invalid(Problem("Nobody hands out this role alone.", by_rule, field="role"))


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
    """Grant a role in a scope to one capacity from now until ``until``; never longer than the capacity. Return what
    holds now: where the legal entity of either end changes by date, the right goes on in further pieces (``hands``).

    ``part`` is that over which the granter may grant. Raises ``Invalid`` without a reason or a coming end, for a
    sensitive role, which nobody hands out alone, when the role is not handed out from that part, or when the scope
    belongs to another legal entity and no clause allows it.
    """
    now = clock.now()
    require_grantable(session, role_id, reason, until, now)
    change = begin(session, "command", actor, reason.strip())
    turns.of_person(session, change, person_id)
    capacity, home, place, version = _found(session, person_id, capacity_id, role_id, scope_id, now)
    granter_id = handing.granter(session, part, role_id)
    clause_id, ends = _ceiling(session, capacity, home, place, role_id, now, min(until, capacity.valid_to))
    row = Assignment(
        person_id=person_id,
        capacity_id=capacity_id,
        capacity_kind=capacity.kind,
        role_id=role_id,
        role_version_id=version.id,
        scope_id=scope_id,
        holder_entity_id=home.legal_entity_id,
        scope_entity_id=place.legal_entity_id,
        clause_id=clause_id,
        origin="hand",
        reason=reason.strip(),
        granter_id=granter_id,
        fact_1=capacity.version_id,
        place_id=place.version_id,
        valid_from=now,
        valid_to=ends,
        opened_by=change.id,
    )
    session.add(row)
    session.flush()
    row = _in_pieces(session, change, row)
    _tell_granted(session, change, row, actor)
    return row


def _tell_granted(session: Session, change: Change, row: Assignment, actor: Actor) -> None:
    log.write(
        session,
        "right:hand:granted",
        actor,
        subject_id=row.person_id,
        organisation_id=row.scope_id,
        change_id=change.id,
        envelope={"assignment": str(row.id), "role": str(row.role_id)},
    )


def _found(
    session: Session, person_id: UUID, capacity_id: UUID, role_id: UUID, scope_id: UUID, now: datetime
) -> tuple[Affiliation, OrganisationPlace, OrganisationPlace, RoleVersion]:
    """The capacity, its organisation's place, the scope's, and the role as they are now; raises ``NotFound``."""
    capacity = session.scalars(
        select(Affiliation).where(
            Affiliation.fact_id == capacity_id,
            Affiliation.person_id == person_id,
            Affiliation.closed_by.is_(None),
            holds_at(Affiliation, now),
        )
    ).one_or_none()
    place = _place(session, scope_id, now)
    home = _place(session, capacity.organisation_id, now) if capacity is not None else None
    newest = select(RoleVersion).where(RoleVersion.role_id == role_id).order_by(RoleVersion.n.desc()).limit(1)
    version = session.scalars(newest).first()
    if capacity is None or home is None or place is None or version is None:
        raise NotFound(Problem("The capacity, the role or the organisation does not exist now.", "Choose again."))
    return capacity, home, place, version


def _place(session: Session, organisation_id: UUID, now: datetime) -> OrganisationPlace | None:
    p = OrganisationPlace
    query = select(p).where(p.organisation_id == organisation_id, p.closed_by.is_(None), holds_at(p, now))
    return session.scalars(query).first()


def _in_pieces(session: Session, change: Change, row: Assignment) -> Assignment:
    """Let the gate part what was granted by date, and return the piece that holds now."""
    prepare(session)
    session.execute(insert(affected).values(person_id=row.person_id))
    fill_permits(session)
    hands.follow(session, change, limited=True)
    session.refresh(row)
    if row.closed_by is None:
        return row
    pieces = select(Assignment).where(*_pieces_of(row), Assignment.opened_by == change.id)
    return session.scalars(pieces.order_by(Assignment.valid_from)).all()[0]


def _pieces_of(row: Assignment) -> tuple[ColumnElement[bool], ...]:
    """The conditions that an open assignment is a piece of the same right by hand: given to the same, for the same
    reason, from the same."""
    a = Assignment
    return (
        a.closed_by.is_(None),
        a.origin == "hand",
        a.capacity_id == row.capacity_id,
        a.role_id == row.role_id,
        a.scope_id == row.scope_id,
        a.person_id == row.person_id,
        a.reason == row.reason,
        a.granter_id.is_not_distinct_from(row.granter_id),
    )


def _ceiling(
    session: Session,
    capacity: Affiliation,
    home: OrganisationPlace,
    place: OrganisationPlace,
    role_id: UUID,
    now: datetime,
    ends: datetime,
) -> tuple[UUID | None, datetime]:
    """The clause the right needs, if it crosses legal entities, and when it then ends at the latest; raises
    ``Invalid``."""
    holder, scope = home.legal_entity_id, place.legal_entity_id
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
    """End a right that was granted by hand, with the pieces in which it goes on; raises ``NotFound``, ``Invalid``
    without a reason, ``Conflict`` when it has ended."""
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
    session.execute(
        update(Assignment).where(*_pieces_of(row)).values(closed_by=change.id),
        execution_options={"synchronize_session": False},
    )
    session.refresh(row)
    log.write(
        session,
        "right:hand:ended",
        actor,
        subject_id=row.person_id,
        organisation_id=row.scope_id,
        change_id=change.id,
        envelope={"assignment": str(row.id)},
    )
