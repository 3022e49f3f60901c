"""Who decides while another is away: named for a time, by the one who goes, of those who hold at least the same.

A deputy gets nothing by it: both may decide before and after. Meanwhile the mail goes to the deputy alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import covers_all
from iam.access.asker import Asker, asker_of
from iam.access.model.assignment import Deputy
from iam.audit import log
from iam.change import Actor, begin
from iam.deciding.waiting import DECIDING
from iam.directory.queries import holds_at
from iam.errors import Conflict, Denied, Invalid, NotFound
from iam.texts import N_

Away = dict[tuple[UUID, str], set[UUID]]
"""Who decides, by who is away and with which permission."""


def may_be_deputised(asker: Asker) -> list[str]:
    """Return the permissions by which the asker decides something."""
    return sorted({name for name in DECIDING if asker.decides(name)})


def standing(session: Session, person_id: UUID) -> Sequence[Deputy]:
    """Return what is said now of a person as a deputy, and of the person's own deputies, that is not over; one
    statement."""
    d = Deputy
    theirs = or_(d.person_id == person_id, d.for_person_id == person_id)
    query = select(d).where(theirs, d.closed_by.is_(None), d.valid_to > clock.now())
    return session.scalars(query.order_by(d.valid_from, d.id)).all()


def away(session: Session) -> Away:
    """Return who is away now and who decides meanwhile; one statement."""
    d, found = Deputy, Away()
    query = select(d.for_person_id, d.permission, d.person_id).where(d.closed_by.is_(None), holds_at(d, clock.now()))
    for person_id, permission, deputy_id in session.execute(query):
        found.setdefault((person_id, permission), set()).add(deputy_id)
    return found


def name(
    session: Session, asker: Asker, deputy_id: UUID, days: tuple[date, date], actor: Actor, permission: str = ""
) -> list[str]:
    """Name a deputy of the asker from a first to a last day, for one permission or (empty) for all that both hold;
    return for which.

    Raises ``Invalid`` for days that make no sense, ``Denied`` for a deputy who holds less, ``Conflict`` when one is
    named for some of these days already.
    """
    person_id = _who(asker, deputy_id)
    times = _times(*days)
    other = asker_of(session, deputy_id)
    wanted = [permission] if permission else may_be_deputised(asker)
    chosen = [one for one in wanted if asker.decides(one) and _holds_as_much(session, asker, other, one)]
    if not chosen:
        message = N_("Whoever decides for you must hold the same permission over at least the same part.")
        raise Denied(Problem(message, N_("Name somebody who may decide it as you do."), field="login"))
    _refuse_second(session, person_id, chosen, times)
    change = begin(session, "command", actor, "deputy")
    said: dict[str, Any] = {"person_id": deputy_id, "for_person_id": person_id, "opened_by": change.id}
    session.add_all(Deputy(permission=one, valid_from=times[0], valid_to=times[1], **said) for one in chosen)
    envelope = {"for": str(person_id), "permissions": chosen, "until": days[1].isoformat()}
    log.write(session, "plan:deputy:named", actor, subject_id=deputy_id, change_id=change.id, envelope=envelope)
    return chosen


def end(session: Session, asker: Asker, deputy_row: UUID, actor: Actor) -> None:
    """End a deputy's time now: the asker's own, or that in which the asker decides for somebody. Raises
    ``NotFound``."""
    row = session.get(Deputy, deputy_row)
    if row is None or row.closed_by is not None or asker.person_id not in (row.for_person_id, row.person_id):
        raise NotFound(Problem(N_("There is no such deputy.")))
    change = begin(session, "command", actor, "deputy")
    row.closed_by = change.id
    envelope = {"for": str(row.for_person_id), "permissions": [row.permission]}
    log.write(session, "plan:deputy:ended", actor, subject_id=row.person_id, change_id=change.id, envelope=envelope)


def _who(asker: Asker, deputy_id: UUID) -> UUID:
    if asker.person_id is None or asker.person_id == deputy_id:
        message = N_("Somebody else than you decides for you.")
        raise Invalid(Problem(message, N_("Name another administrator."), field="login"))
    return asker.person_id


def _times(first: date, last: date) -> tuple[Any, Any]:
    if last < first or last < clock.today():
        message = N_("The last day is over, or before the first.")
        raise Invalid(Problem(message, N_("Write a later last day."), field="until"))
    return clock.day_start(first), clock.day_end(last)


def _holds_as_much(session: Session, asker: Asker, other: Asker, permission: str) -> bool:
    return covers_all(session, other.decides(permission), asker.decides(permission).granted)


def _refuse_second(session: Session, person_id: UUID, permissions: Collection[str], times: tuple[Any, Any]) -> None:
    d, (start, end_) = Deputy, times
    there = (d.for_person_id == person_id, d.permission.in_(permissions), d.closed_by.is_(None))
    if session.scalars(select(d.id).where(*there, d.valid_from < end_, d.valid_to > start)).first() is not None:
        message = N_("Somebody decides for you on some of these days already.")
        raise Conflict(Problem(message, N_("End that first."), field="since"))
