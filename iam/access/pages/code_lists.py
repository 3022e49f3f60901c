"""Lists of occupation codes as pages show them: whose they are, what is in them, and how many people have each code."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, String, cast, func, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import Part
from iam.access.model.rule import CodeList, CodeListOwner
from iam.access.pages.listing import concerns
from iam.directory.affiliation import Affiliation
from iam.directory.occupation import Occupation, says
from iam.directory.organisation import Organisation, OrganisationClosure
from iam.directory.queries import holds_at
from iam.texts import in_language

LOOKED_AT = 20_000
"""So many positions are looked at for what occupations there are: a form costs the same in a town and in a country."""


class OwnedList(NamedTuple):
    """A list with its owner, its codes in order, and its name by language where it has one."""

    key: str
    owner: Organisation
    codes: list[str]
    names: dict[str, Any] | None = None

    def called(self, language: str) -> str:
        """Its name, else its key."""
        return in_language(self.names or {}, language, self.key)


def owned(session: Session, part: Part, key: str | None = None) -> list[OwnedList]:
    """Return the lists that concern the part, by key, or the one of a key; one statement."""
    query: Any = (
        select(CodeList.key, CodeList.code, Organisation, CodeListOwner.name)
        .join(CodeListOwner, CodeListOwner.key == CodeList.key)
        .join(Organisation, Organisation.id == CodeListOwner.owner_id)
        .where(concerns(part, CodeListOwner.owner_id))
        .order_by(CodeList.key, CodeList.code)
    )
    found: dict[str, OwnedList] = {}
    for name, code, owner, names in session.execute(query if key is None else query.where(CodeList.key == key)):
        found.setdefault(name, OwnedList(name, owner, [], names)).codes.append(code)
    return list(found.values())


def exists(session: Session, key: str) -> bool:
    """Whether there is a list of this key anywhere."""
    return session.scalars(select(CodeList.key).where(CodeList.key == key).limit(1)).first() is not None


class HeldOccupation(NamedTuple):
    """An occupation code that people have: with its name, else the title that goes with it most often (empty: none is
    told), and how many people have it (None: nobody who may be told, or they were not counted)."""

    code: str
    title: str
    people: int | None


def occupations(
    session: Session,
    people: Part,
    most: int,
    language: str,
    *,
    owner_id: UUID | None = None,
    text: str = "",
    chosen: Collection[str],
) -> list[HeldOccupation]:
    """Return the occupations to choose from: those ``chosen``, then those of most people in the part, and at or under
    an owner, whose code, name or title contains ``text``; at most so many, by three statements.

    Only facts of people who may be told to the asker count.
    """
    found = in_use(session, people, most, owner_id=owner_id, text=text)
    numbers = found if not text else in_use(session, people, most, owner_id=owner_id, codes=chosen) | found
    codes = [*dict.fromkeys([*chosen, *found])]
    said = titles(session, people, codes, language)
    named = said.titles | said.names
    return [HeldOccupation(code, named.get(code, ""), numbers.get(code)) for code in codes]


class Said(NamedTuple):
    """What occupations are called, by code: those that have a ``name``, and the ``titles`` that people of the part bear
    most often with the others."""

    names: dict[str, str]
    titles: dict[str, str]


def titles(session: Session, people: Part, codes: Collection[str], language: str) -> Said:
    """Return what the occupations of some codes are called; one statement."""
    if not codes:
        return Said({}, {})
    number, nothing = func.count().label("number"), cast(null(), String)
    query: Any = select(Occupation.code, Occupation.name, nothing, literal(0)).where(Occupation.code.in_(codes))
    if people:
        a = Affiliation
        here = *_told(people), a.occupation.in_(codes), a.title.is_not(None)
        some = select(a.occupation, a.title).where(*here).limit(LOOKED_AT).subquery().c
        borne = select(some.occupation, cast(null(), JSON), some.title, number)
        query = union_all(query, borne.group_by(some.occupation, some.title))
    rows = sorted(session.execute(query), key=lambda row: str(row[2]), reverse=True)
    names = {str(code): in_language(name, language) for code, name, *_ in rows if name}
    # The most borne comes last, and of those borne alike the first by its letters.
    told = {str(code): str(title) for code, name, title, _ in sorted(rows, key=lambda row: int(row[3])) if not name}
    return Said(names, {code: title for code, title in told.items() if code not in names})


def _told(people: Part) -> tuple[ColumnElement[bool], ...]:
    a = Affiliation
    held = a.closed_by.is_(None), holds_at(a, clock.now()), a.occupation.is_not(None)
    return *held, people.covers(a.organisation_id), people.tells(a.person_id, a.organisation_id)


def in_use(
    session: Session,
    people: Part,
    most: int,
    *,
    owner_id: UUID | None = None,
    text: str = "",
    codes: Collection[str] | None = None,
) -> dict[str, int | None]:
    """Return the occupation codes of people in the part now, those of most people first, at most so many of them, each
    with how many people have it; protected persons only where they may be known.

    ``LOOKED_AT`` positions are looked at: where there are more, the codes are those of these, and no number is told.
    Narrowed to who is at or under ``owner_id``, to codes that or whose names or titles contain ``text``, and to
    ``codes``.
    """
    if not people:
        return {}
    a = Affiliation
    where = list(_told(people))
    if owner_id is not None:
        c = OrganisationClosure
        below = select(c.descendant_id).where(c.ancestor_id == owner_id, holds_at(c, clock.now()))
        where.append(a.organisation_id.in_(below))
    if text:
        called = select(Occupation.code).where(says(text))
        like = or_(
            a.occupation.icontains(text, autoescape=True),
            a.title.icontains(text, autoescape=True),
            a.occupation.in_(called),
        )
        where.append(a.occupation.in_(select(a.occupation).where(*where, like)))
    if codes is not None:
        where.append(a.occupation.in_(codes))
    some = select(a.occupation, a.person_id).where(*where).limit(LOOKED_AT + 1).subquery().c
    number = func.count(some.person_id.distinct())
    query = select(some.occupation, number, func.sum(func.count()).over()).group_by(some.occupation)
    rows = session.execute(query.order_by(number.desc(), some.occupation).limit(most))
    return {str(code): n if looked_at <= LOOKED_AT else None for code, n, looked_at in rows}
