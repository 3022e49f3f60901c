"""Ending a person's access and giving it back, by a page or a command: the command of ``lifecycle``, with who may and
who is told."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from iam.access.asker import Asker
from iam.change import Actor
from iam.lifecycle import leave
from iam.signin import last_administrator
from iam.signin.accounts import reset_standing as standing
from iam.signin.addresses import notices


def end(session: Session, asker: Asker, person_id: UUID, reason: str, actor: Actor) -> bool:
    """End the access as far as the asker's part goes and tell the person; return whether all of the access has ended.
    Raises what ``leave.end_now`` raises, and ``Conflict`` where nobody would administer the whole any more."""
    with last_administrator.kept(session):
        leave.end_now(session, person_id, reason, actor, asker.part("access.end"))
    notices.tell(session, person_id, notices.ENDED)
    return any(hold.whole for hold in leave.open_holds(session, person_id))


def restore(
    session: Session, asker: Asker, person_id: UUID, reason: str, actor: Actor, hold_id: UUID | None = None
) -> None:
    """Undo one ending of the access (``hold_id``, or the only one, or the whole one), and tell the person.

    Over a part by who holds that part; over all by who stands over all of the person, alone or with others. Raises
    ``Conflict`` when there is none and ``Denied`` when it is not the asker's to undo.
    """
    part = asker.part("access.end")
    found = [hold for hold in leave.open_holds(session, person_id) if hold_id in (None, hold.fact_id)]
    mine = next((hold for hold in found if not hold.whole and leave.may_lift(session, hold, part)), None)
    chosen = found[0] if found and (found[0].whole or mine is None) else mine
    if chosen is not None and chosen.whole:
        part = standing.use(session, asker, standing.RESTORE, person_id).part
    leave.undo_end_now(session, person_id, reason, actor, part, chosen.fact_id if chosen else hold_id)
    notices.tell(session, person_id, notices.RESTORED)
