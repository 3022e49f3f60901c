"""People by what they are called in lists of an office: usernames, employee numbers and learner numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from connectors.identity_code import holds_code
from iam.access.administration import Part
from iam.directory.person import Identifier, Person
from iam.signin.accounts.account import Account, normal

NUMBERS = ("employee-number", "learner-number")
MOST = 5_000
"""So many can be pasted at once."""
_BATCH = 1_000


@dataclass(slots=True)
class Found:
    """Who was found, by what was written; ``missing`` was nobody's in the part, ``several`` more than one person's,
    ``codes`` counts what looked like personal identity codes, which are not looked for this way."""

    ids: dict[str, UUID] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    several: list[str] = field(default_factory=list)
    codes: int = 0


def written(text: str) -> list[str]:
    """Return what a paste holds, each once: parted by blanks, commas, semicolons or lines."""
    return list(dict.fromkeys(one for one in re.split(r"[\s,;]+", text.replace("\x00", " ")) if one))


def find(session: Session, part: Part, texts: Iterable[str], organisation_id: Any) -> Found:
    """Return who of the part is called so; protected persons only where they may be told in ``organisation_id``."""
    asked = list(texts)
    clean = [one for one in asked if not holds_code(one.upper())]
    found = Found(codes=len(asked) - len(clean))
    named = _named(session, _told(part, organisation_id), clean)
    for one in clean:
        ids = named.get(normal(one), set()) | named.get(f"#{one}", set())
        if len(ids) == 1:
            found.ids[one] = next(iter(ids))
        else:
            (found.several if ids else found.missing).append(one)
    return found


def _told(part: Part, organisation_id: Any) -> tuple[ColumnElement[bool], ...]:
    return Person.merged_into.is_(None), part.shows(Person.id), part.tells(Person.id, organisation_id)


def _named(session: Session, told: Collection[ColumnElement[bool]], texts: list[str]) -> dict[str, set[UUID]]:
    """Ids by username, and by ``#`` and number; two statements for each thousand."""
    found: dict[str, set[UUID]] = {}
    i = Identifier
    for some in _parts(texts):
        logins = select(Account.login, Person.id).join(Person, Person.id == Account.person_id)
        for login, id_ in session.execute(logins.where(Account.login.in_([normal(one) for one in some]), *told)):
            found.setdefault(login, set()).add(id_)
        numbers = select(i.value, Person.id).join(Person, Person.id == i.person_id)
        mine = i.closed_by.is_(None), i.kind.in_(NUMBERS), i.value.in_(some)
        for value, id_ in session.execute(numbers.where(*mine, *told)):
            found.setdefault(f"#{value}", set()).add(id_)
    return found


def _parts(texts: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(texts), _BATCH):
        yield texts[start : start + _BATCH]
