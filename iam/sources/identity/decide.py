"""Whose record it is, when identifiers name several persons: a human decides, once, and the next run follows."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.audit import log
from iam.change import Actor, begin
from iam.directory.source import Ambiguity, Source
from iam.errors import Conflict, Invalid, NotFound
from iam.lifecycle import persons


def decide(session: Session, ambiguity_id: UUID, person_id: UUID | None, actor: Actor) -> Ambiguity:
    """Decide that an ambiguous record is this candidate's, or (None) somebody's whom nobody knows yet, who then has its
    number.

    The next run of the source gives it to the person. Raises ``NotFound``, ``Invalid`` for a person who is no
    candidate, ``Conflict`` when it was decided already.
    """
    found = session.get(Ambiguity, ambiguity_id)
    if found is None:
        raise NotFound(Problem("There is no such open question.", "Open the list again."))
    if person_id is not None and str(person_id) not in found.candidates:
        raise Invalid(Problem("This person is not one of the two.", "Choose one of those shown.", field="person"))
    source = session.get_one(Source, found.source_id)
    if person_id is None:
        change = begin(session, "command", actor, "person decided")
        person_id = persons.add_with_number(session, change, source, found.person_key)
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
    log.write(
        session,
        "source:person:decided",
        actor,
        subject_id=person_id,
        organisation_id=source.owner_id,
        envelope={"source": source.key, "ambiguity": str(ambiguity_id)},
    )
    return found
