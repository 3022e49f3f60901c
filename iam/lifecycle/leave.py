"""Leaving: *End now* for one person and its undo, and the end of what leavers could still use."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.audit import log
from iam.change import Actor, Change, begin
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.person import Hold
from iam.errors import Conflict, Invalid
from iam.tokens import grant as grants
from iam.tokens import sign_out
from iam.tokens.grant import GrantRow

END_NOW = "end-now"


def end_now(session: Session, person_id: UUID, reason: str, actor: Actor) -> Change:
    """End a person's access at once: a hold from now on, every login session and every grant. Waits for nobody.

    Raises ``Invalid`` without a reason and ``Conflict`` when the access is ended already.
    """
    if not reason.strip():
        raise Invalid(Problem("A reason is needed.", "Write why the access ends.", field="reason"))
    if _open_hold(session, person_id) is not None:
        raise Conflict(Problem("This person's access has been ended already.", "Undo it if that was wrong."))
    change = begin(session, "command", actor, reason.strip())
    session.add(
        Hold(
            person_id=person_id,
            kind=END_NOW,
            reason=reason.strip(),
            valid_from=clock.now(),
            valid_to=clock.FOREVER,
            opened_by=change.id,
        )
    )
    session.flush()
    ended = sign_out.end(session, "access ended", person_id=person_id)
    revoked = grants.revoke(session, person_id=person_id)
    log.write(
        session, "person:access:ended", actor, subject_id=person_id, change_id=change.id,
        envelope={"sessions": len(ended), "grants": len(revoked)},
    )  # fmt: skip
    return change


def undo_end_now(session: Session, person_id: UUID, reason: str, actor: Actor) -> Change:
    """Undo *End now*: the hold is closed, rights return as facts and rules give them; sessions and grants do not.

    Raises ``Conflict`` when there is nothing to undo.
    """
    hold = _open_hold(session, person_id)
    if hold is None:
        raise Conflict(Problem("This person's access has not been ended.", "There is nothing to undo."))
    change = begin(session, "undo", actor, reason.strip())
    change.undoes = hold.opened_by
    hold.closed_by = change.id
    now = clock.now()
    if now > hold.valid_from:
        session.flush()
        session.add(
            Hold(
                fact_id=hold.fact_id, person_id=person_id, kind=END_NOW, reason=hold.reason, valid_from=hold.valid_from, valid_to=now,
                opened_by=change.id,
            )
        )  # fmt: skip
    session.flush()
    log.write(session, "person:access:restored", actor, subject_id=person_id, change_id=change.id)
    return change


def _open_hold(session: Session, person_id: UUID) -> Hold | None:
    now = clock.now()
    query = select(Hold).where(
        Hold.person_id == person_id, Hold.kind == END_NOW, Hold.closed_by.is_(None), Hold.valid_to > now
    )
    return session.scalars(query.limit(1)).first()


def end_leavers(session: Session, person_ids: ColumnElement[bool]) -> int:
    """Revoke the grants whose capacity has ended, of the persons the condition on ``GrantRow.person_id`` names; return how many.

    Reads check the capacity too, so nobody waits for this; it keeps lists true and refresh families short.
    """
    now = clock.now()
    own = and_(Affiliation.fact_id == GrantRow.capacity_id, Affiliation.closed_by.is_(None), Affiliation.valid_to > now)
    guardian = and_(
        Relationship.fact_id == GrantRow.capacity_id, Relationship.closed_by.is_(None), Relationship.valid_to > now
    )
    query = (
        update(GrantRow)
        .where(
            GrantRow.revoked_at.is_(None),
            GrantRow.capacity_id.is_not(None),
            person_ids,
            ~or_(exists().where(own), exists().where(guardian)),
        )
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(session.execute(query), "rowcount", 0))
