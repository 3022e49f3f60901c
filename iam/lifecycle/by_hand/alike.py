"""Who looks like somebody who is to be added: nobody is made twice.

Within the asker's part it is said who; of those outside it only that a code is somebody's.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from connectors.problem import Problem
from iam.access.administration import Part
from iam.change import Actor
from iam.directory import identity_code
from iam.directory.name_words import words
from iam.directory.person import Identifier, Person, PersonNameWord, PersonProfile
from iam.errors import Conflict
from iam.lifecycle.by_hand.somebody import Somebody
from iam.texts import N_
from iam.vault import Vault

MOST = 20
"""So many namesakes of one day of birth are shown."""


def by_code(session: Session, vault: Vault, part: Part, code: str, purpose: str, actor: Actor) -> UUID | None:
    """Return whose a code is, in the part; None when it is nobody's. Writes the event.

    Raises ``Invalid`` without a purpose, and ``Conflict`` when it is somebody's outside the part, of whom nothing is
    told.
    """
    found = identity_code.find(session, vault, code, part, purpose, actor)
    if found is not None or not _is_known(session, vault, code):
        return found
    told = N_("Somebody with this code is known outside your part.")
    raise Conflict(Problem(told, N_("Ask the consortium to add the position; nobody is made twice."), field="code"))


def _is_known(session: Session, vault: Vault, code: str) -> bool:
    i, kind = Identifier, identity_code.KIND
    mac = vault.mac(kind, "", code)
    query = select(exists().where(i.kind == kind, i.issuer == "", i.value_mac == mac, i.closed_by.is_(None)))
    return bool(session.scalar(query))


def by_name(session: Session, part: Part, who: Somebody) -> list[UUID]:
    """Return those of the part who were born the same day and have the same family name and first given name."""
    family, first = words([who.family_name]), words([who.given_names.split(" ")[0]])
    if who.birth_date is None or not family or not first:
        return []
    query = select(Person.id).where(Person.merged_into.is_(None), part.shows(Person.id))
    for word in sorted({*family, *first}):
        called: Any = aliased(PersonNameWord)
        query = query.where(Person.id.in_(select(called.person_id).where(called.word == word, called.shown)))
    p = PersonProfile
    born = exists().where(p.person_id == Person.id, p.closed_by.is_(None), p.birth_date == who.birth_date)
    return list(session.scalars(query.where(born).order_by(Person.id).limit(MOST)))
