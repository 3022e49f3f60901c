"""Leaving: *End now* for one person and its undo, and the end of what leavers could still use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import WHOLE, Part, covers_all
from iam.access.standing import over
from iam.audit import log
from iam.change import Actor, Change, begin
from iam.directory import holds
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.organisation import Organisation
from iam.directory.person import Hold, HoldPart
from iam.errors import Conflict, Denied, Invalid
from iam.tokens import grant as grants, sign_out
from iam.tokens.grant import GrantRow

END_NOW = "end-now"


def end_now(session: Session, person_id: UUID, reason: str, actor: Actor, part: Part = WHOLE) -> Change:
    """End a person's access at once, as far as ``part`` (the actor's for ``access.end``) goes. Waits for nobody.

    Where the part holds all of the person: a hold from now on, every login session and every grant. Else a hold on the
    capacities in the part, and the grants given in them; the person and what they are elsewhere stay as they were.
    Raises ``Invalid`` without a reason and ``Conflict`` when all this has been ended already.
    """
    if not reason.strip():
        raise Invalid(Problem("A reason is needed.", "Write why the access ends.", field="reason"))
    if any(hold.whole or _over_all_of(session, hold, part) for hold in open_holds(session, person_id)):
        raise Conflict(Problem("This person's access has been ended already.", "Undo it if that was wrong."))
    change = begin(session, "command", actor, reason.strip())
    whole = over(session, part, person_id).all
    hold = Hold(
        person_id=person_id,
        kind=END_NOW,
        reason=reason.strip(),
        whole=whole,
        valid_from=clock.now(),
        valid_to=clock.FOREVER,
        opened_by=change.id,
    )
    session.add(hold)
    session.flush()
    if not whole:
        session.add_all(HoldPart(hold_id=hold.fact_id, organisation_id=one) for one in part.granted)
        session.flush()
    ended = _end_whole(session, person_id) if whole else _end_part(session, person_id, part)
    log.write(session, "person:access:ended", actor, subject_id=person_id, change_id=change.id, envelope=ended)
    return change


def _end_whole(session: Session, person_id: UUID) -> dict[str, Any]:
    ended = sign_out.end(session, "access ended", person_id=person_id)
    revoked = grants.revoke(session, person_id=person_id)
    return {"sessions": len(ended), "grants": len(revoked)}


def _end_part(session: Session, person_id: UUID, part: Part) -> dict[str, Any]:
    """End the grants given in the capacities of a part; sessions stay, for what the person is elsewhere."""
    lost = or_(*holds.over_capacity(GrantRow, clock.now()))
    query = update(GrantRow).where(GrantRow.person_id == person_id, GrantRow.revoked_at.is_(None), lost)
    done = session.execute(query.values(revoked_at=clock.now()).execution_options(synchronize_session=False))
    return {
        "sessions": 0,
        "grants": int(getattr(done, "rowcount", 0)),
        "over": sorted(str(one) for one in part.granted),
    }


def undo_end_now(
    session: Session, person_id: UUID, reason: str, actor: Actor, part: Part = WHOLE, hold_id: UUID | None = None
) -> Change:
    """Undo *End now*: the hold is closed, rights return as facts and rules give them; sessions and grants do not.

    ``hold_id``: which one, where there are several. Lifted by whose ``part`` holds all that it was set over: all of the
    person, or all of its parts. Raises ``Conflict`` when there is nothing to undo and ``Denied`` when it is not the
    actor's to lift.
    """
    found = [hold for hold in open_holds(session, person_id) if hold_id in (None, hold.fact_id)]
    if not found:
        raise Conflict(Problem("This person's access has not been ended.", "There is nothing to undo."))
    hold = next((one for one in found if may_lift(session, one, part)), None)
    if hold is None:
        raise Denied(
            Problem("The access was ended over more than your part.", "Ask an administrator of all of it to undo it.")
        )
    change = begin(session, "undo", actor, reason.strip())
    _close(session, hold, change)
    places = () if hold.whole else _parts_of(session, hold)
    envelope = {} if hold.whole else {"over": sorted(str(one) for one in places)}
    log.write(session, "person:access:restored", actor, subject_id=person_id, change_id=change.id, envelope=envelope)
    return change


def _close(session: Session, hold: Hold, change: Change) -> None:
    change.undoes = hold.opened_by
    hold.closed_by = change.id
    now = clock.now()
    if now > hold.valid_from:
        session.flush()
        session.add(
            Hold(
                fact_id=hold.fact_id,
                person_id=hold.person_id,
                kind=END_NOW,
                reason=hold.reason,
                whole=hold.whole,
                valid_from=hold.valid_from,
                valid_to=now,
                opened_by=change.id,
            )
        )
    session.flush()


def open_holds(session: Session, person_id: UUID) -> list[Hold]:
    """Return the holds that *End now* set on a person and nobody has lifted: on the whole first, then in the order they
    were set."""
    return [hold for hold in lasting_holds(session, person_id) if hold.kind == END_NOW]


def lasting_holds(session: Session, person_id: UUID) -> list[Hold]:
    """Return every hold on a person that lasts or begins later: on the whole first, then in the order they were set."""
    query = select(Hold).where(Hold.person_id == person_id, Hold.closed_by.is_(None), Hold.valid_to > clock.now())
    return list(session.scalars(query.order_by(Hold.whole.desc(), Hold.valid_from, Hold.fact_id)))


def may_lift(session: Session, hold: Hold, part: Part) -> bool:
    """Whether a part holds all that a hold was set over."""
    if hold.whole:
        return over(session, part, hold.person_id).all
    return covers_all(session, part, _parts_of(session, hold))


def concerns(session: Session, hold: Hold, part: Part) -> bool:
    """Whether a hold lies on anything in a part: the whole person, or places in the part or above it."""
    if hold.whole or part.everything:
        return True
    places = _parts_of(session, hold)
    inside = select(Organisation.id).where(Organisation.id.in_(places), part.covers(Organisation.id)).limit(1)
    here = Part(False, frozenset(places))
    above = select(Organisation.id).where(Organisation.id.in_(part.granted), here.covers(Organisation.id)).limit(1)
    return session.scalar(inside) is not None or session.scalar(above) is not None


def _over_all_of(session: Session, hold: Hold, part: Part) -> bool:
    """Whether a hold over a part lies on all of another part already."""
    held = Part(False, frozenset(_parts_of(session, hold)))
    return not part.everything and covers_all(session, held, part.granted)


def _parts_of(session: Session, hold: Hold) -> Sequence[UUID]:
    return session.scalars(select(HoldPart.organisation_id).where(HoldPart.hold_id == hold.fact_id)).all()


def end_leavers(session: Session, person_ids: ColumnElement[bool]) -> int:
    """Revoke the grants whose capacity has ended, of the persons the condition on ``GrantRow.person_id`` names; return
    how many.

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
