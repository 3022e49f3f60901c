"""Whose turn it is to derive: of two who derive at a time, the later one sees what the earlier one wrote.

Whoever changes definitions (rules, roles, clauses, the tree) has everybody's turn; whoever changes facts shares it with
others and has the turn of each person touched, in one order, or of the whole set when they are many. Two sources that
bring two facts of one rule so see each other. A turn is had in this order and ends with the transaction. Who signs in
and who ends an access never waits for one.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import String, cast, literal, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.derivation.working import affected
from iam.change import Change
from iam.database import locks
from iam.directory.queries import profile
from iam.errors import Conflict
from iam.texts import N_

DEFINITIONS, PERSONS = 1096176970, 1096176971
MANY = 1_000
"""With more persons than this the turn is that of the whole set."""
A_MOMENT, A_WHILE = timedelta(seconds=5), timedelta(minutes=10)
"""How long whoever publishes waits for those at work, and how long whoever brings facts does."""


def of_definitions(session: Session, change: Change) -> None:
    """Have everybody's turn until the transaction ends; raises ``Conflict`` naming who is at work when they do not end
    in a moment."""
    if locks.take(session, [(DEFINITIONS, False)], _name(change), A_MOMENT):
        return
    raise Conflict(_wait_for(session))


def of_persons(session: Session, change: Change, count: int) -> None:
    """Have the turn of the ``count`` persons in ``affected`` until the transaction ends; raises ``Conflict`` after ten
    minutes."""
    many = count > MANY
    each = None if many else select(cast(affected.c.person_id, String))
    if not locks.take(session, [(DEFINITIONS, True), (PERSONS, not many)], _name(change), A_WHILE, each):
        raise Conflict(
            Problem("Others have been at work for too long. Nothing was changed.", "Look at who is, and try again.")
        )


def of_person(session: Session, change: Change, person_id: UUID) -> None:
    """Have one person's turn until the transaction ends; raises ``Conflict`` naming who is at work when that takes more
    than a moment."""
    each = select(literal(str(person_id)))
    if not locks.take(session, [(DEFINITIONS, True), (PERSONS, True)], _name(change), A_MOMENT, each):
        raise Conflict(_wait_for(session))


def free_for(session: Session, person_id: UUID) -> bool:
    """Have one person's turn if that needs no waiting; whether it was had."""
    return locks.try_take(session, [(DEFINITIONS, True), (PERSONS, True)], str(person_id))


def free_for_all(session: Session) -> bool:
    """Have everybody's turn if that needs no waiting; whether it was had."""
    return locks.try_take(session, [(DEFINITIONS, False)])


def _name(change: Change) -> str:
    """What others are told of this transaction while it is at work: fit for ``_at_work``, and nothing that a person
    wrote."""
    return f"avain {change.kind} {change.actor_person_id or ''}".strip()


_RUN, _OTHER = N_("A source that is being read"), N_("Another change")


def _wait_for(session: Session) -> Problem:
    params = {"who": _at_work(session)}
    return Problem("%(who)s is at work. Nothing was changed.", "Try again in a while.", params=params)


def _at_work(session: Session) -> str:
    names = locks.holders(session, DEFINITIONS)
    for name in names:
        words = name.split()
        if len(words) == 3 and words[1] != "run":
            return profile(session, UUID(words[2])).display_name or _OTHER
    return _RUN if any(name.startswith("avain run") for name in names) else _OTHER
