"""Lists of occupation codes as pages show them: whose they are, what is in them, and how many people have each code."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import Part
from iam.access.model.rule import CodeList, CodeListOwner
from iam.access.pages.listing import concerns
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import Organisation
from iam.directory.queries import holds_at


class OwnedList(NamedTuple):
    """A list with its owner and its codes in order."""

    key: str
    owner: Organisation
    codes: list[str]


def owned(session: Session, part: Part, key: str | None = None) -> list[OwnedList]:
    """Return the lists that concern the part, by key, or the one of a key; one statement."""
    query: Any = (
        select(CodeList.key, CodeList.code, Organisation)
        .join(CodeListOwner, CodeListOwner.key == CodeList.key)
        .join(Organisation, Organisation.id == CodeListOwner.owner_id)
        .where(concerns(part, CodeListOwner.owner_id))
        .order_by(CodeList.key, CodeList.code)
    )
    found: dict[str, OwnedList] = {}
    for name, code, owner in session.execute(query if key is None else query.where(CodeList.key == key)):
        found.setdefault(name, OwnedList(name, owner, [])).codes.append(code)
    return list(found.values())


def exists(session: Session, key: str) -> bool:
    """Whether there is a list of this key anywhere."""
    return session.scalars(select(CodeList.key).where(CodeList.key == key).limit(1)).first() is not None


def in_use(session: Session, people: Part, most: int) -> dict[str, int]:
    """Return the occupation codes of people in the part now, those of most people first, at most so many of them, each
    with how many people have it; protected persons only where they may be known."""
    if not people:
        return {}
    a = Affiliation
    number = func.count(a.person_id.distinct())
    held = a.closed_by.is_(None), holds_at(a, clock.now()), a.occupation.is_not(None)
    told = people.covers(a.organisation_id), people.tells(a.person_id, a.organisation_id)
    query = select(a.occupation, number).where(*held, *told).group_by(a.occupation)
    rows = session.execute(query.order_by(number.desc(), a.occupation).limit(most))
    return {str(code): n for code, n in rows}
