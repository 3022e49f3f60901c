"""Whose record it is, when identifiers name several persons: a human decides, once, and the next run follows."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.audit import log
from iam.change import Actor
from iam.directory.source import Ambiguity, Source
from iam.errors import Conflict, Invalid, NotFound


def decide(session: Session, ambiguity_id: UUID, person_id: UUID, actor: Actor) -> Ambiguity:
    """Decide that an ambiguous record is this candidate's. The next run of the source gives it to the person.

    Raises ``NotFound``, ``Invalid`` for a person who is no candidate, ``Conflict`` when it was decided already.
    """
    found = session.get(Ambiguity, ambiguity_id)
    if found is None:
        raise NotFound(Problem("There is no such open question.", "Open the list again."))
    if str(person_id) not in found.candidates:
        raise Invalid(Problem("This person is not one of the two.", "Choose one of those shown.", field="person"))
    values = {"decided_person_id": person_id, "decided_by": actor.person_id, "decided_at": clock.now()}
    taken = session.execute(
        update(Ambiguity)
        .where(Ambiguity.id == ambiguity_id, Ambiguity.decided_person_id.is_(None))
        .values(**values)
        .returning(Ambiguity.id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        raise Conflict(Problem("This was decided already.", "Open the list again."))
    session.refresh(found)
    source = session.get_one(Source, found.source_id)
    log.write(
        session, "source:person:decided", actor, subject_id=person_id, organisation_id=source.owner_id,
        envelope={"source": source.key, "ambiguity": str(ambiguity_id)},
    )  # fmt: skip
    return found
