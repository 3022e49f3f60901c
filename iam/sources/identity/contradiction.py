"""Evidence that contradicts itself: a number that finds somebody who cannot be the one the row tells of.

A number (employee, learner, directory) is given to somebody else one day, or is mistyped into another's. It is not
followed when the known person has another identity code, unless the row tells the same name (a code that is corrected);
nor, where one side has no code, when none of the names agrees with one that the person has or had. Such a row waits for
a human; nothing of the known person moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Subquery, and_, case, false, func, or_, select
from sqlalchemy.orm import Session

from iam.directory.name_words import words
from iam.directory.person import Identifier, PersonProfile
from iam.directory.source import Ambiguity, Source
from iam.lifecycle import staged

SEVERAL, CODES, OTHER, NUMBER, SHARED = "several", "codes", "other", "number", "shared"
_MANY = 5_000
TOLD = tuple(
    staged.person.c[name]
    for name in (
        "person_key",
        "person_id",
        "fresh",
        "given_names",
        "call_name",
        "family_name",
        "birth_date",
        "code_mac",
    )
)
"""What of a staged person is compared, and a human decides on."""


@dataclass(frozen=True, slots=True)
class Question:
    """Why nobody can tell whose a key is: the reason, who it may be, and beside which keys it stands."""

    reason: str
    candidates: tuple[str, ...]
    beside: tuple[str, ...] = ()


def questions(session: Session, source: Source, twice: Iterable[str]) -> dict[str, Question]:
    """Return the staged keys whose evidence contradicts itself; ``twice`` are those under which two identity codes were
    told."""
    both = set(twice)
    suspects = [*session.execute(_suspects()), *_told_twice(session, list(both))]
    if not suspects:
        return {}
    known = names(session, {row.person_id for row in suspects})
    known_so = decided(session, source)
    found = {}
    for row in suspects:
        reason = CODES if row.person_key in both else _reason(row, known.get(row.person_id, []))
        if reason is not None and known_so.get(row.person_key) != evidence(row):
            found[row.person_key] = Question(reason, () if row.fresh else (str(row.person_id),))
    return found


def _suspects() -> Select[Any]:
    """Everybody known of whom a code or every name is another than what is known at a glance."""
    codes, profiles = _codes(), _profiles()
    same = func.coalesce(codes.c.same, 0)
    strange = and_(profiles.c.named == 1, profiles.c.alike == 0, same == 0)
    return (
        select(*TOLD, (codes.c.same == 0).label("other_code"))
        .outerjoin(codes, codes.c.person_key == staged.person.c.person_key)
        .outerjoin(profiles, profiles.c.person_key == staged.person.c.person_key)
        .where(or_(codes.c.same == 0, strange))
    )


def _told_twice(session: Session, keys: Sequence[str]) -> Iterator[Any]:
    query = select(*TOLD, false().label("other_code"))
    for n in range(0, len(keys), _MANY):
        yield from session.execute(query.where(staged.person.c.person_key.in_(keys[n : n + _MANY])))


def _codes() -> Subquery:
    """Of everybody known who is told with a code and has one: whether it is the same."""
    # Joined and grouped: for a correlated EXISTS of each row PostgreSQL hashes the whole table as soon as the rows are
    # many.
    p, i = staged.person.c, Identifier
    code = and_(i.person_id == p.person_id, i.kind == "identity-code", i.closed_by.is_(None))
    same = func.max(case((i.value_mac == p.code_mac, 1), else_=0)).label("same")
    query = select(p.person_key, same).join(i, code).where(p.fresh.is_(False), p.code_mac.is_not(None))
    return query.group_by(p.person_key).subquery()


def _profiles() -> Subquery:
    """Of everybody known who is told with a name: whether a family name is known, and whether any name of a profile is
    the same."""
    p, q = staged.person.c, PersonProfile
    same = or_(q.family_name == p.family_name, q.given_names == p.given_names, q.call_name == p.call_name)
    named, alike = (
        func.max(case((what, 1), else_=0)).label(word)
        for what, word in ((q.family_name.is_not(None), "named"), (same, "alike"))
    )
    query = select(p.person_key, named, alike).join(q, and_(q.person_id == p.person_id, q.closed_by.is_(None)))
    return query.where(p.fresh.is_(False), p.family_name.is_not(None)).group_by(p.person_key).subquery()


def names(session: Session, person_ids: set[UUID]) -> dict[UUID, list[Any]]:
    """Every name that these persons have or had, with the day of birth."""
    q, asked = PersonProfile, list(person_ids)
    query = select(q.person_id, q.given_names, q.call_name, q.family_name, q.birth_date)
    found: dict[UUID, list[Any]] = {}
    for n in range(0, len(asked), _MANY):
        for row in session.execute(query.where(q.person_id.in_(asked[n : n + _MANY]))):
            found.setdefault(row.person_id, []).append(row)
    return found


def _reason(row: Any, known: list[Any]) -> str | None:
    if row.other_code:
        return None if any(_same_person(row, one) for one in known) else OTHER
    told = words((row.given_names, row.call_name, row.family_name))
    held = words(name for one in known for name in (one.given_names, one.call_name, one.family_name))
    return None if told & held or not held else NUMBER


def _same_person(row: Any, one: Any) -> bool:
    """Whether family name and a first name agree, and the day of birth where both know one."""
    first = words((row.given_names, row.call_name)) & words((one.given_names, one.call_name))
    born = row.birth_date is None or one.birth_date is None or row.birth_date == one.birth_date
    return bool(first) and words((row.family_name,)) == words((one.family_name,)) and born


def evidence(row: Any) -> str:
    """What a human decides on: another code or name under the same key is another question."""
    text = "\x1f".join(str(one or "") for one in (row.given_names, row.call_name, row.family_name))
    return blake2b(text.encode() + (row.code_mac or b""), digest_size=16).hexdigest()


def decided(session: Session, source: Source) -> dict[str, Any]:
    """Return the keys that a human has decided on, each with the evidence that it was decided by."""
    query = select(Ambiguity.person_key, Ambiguity.told).where(
        Ambiguity.source_id == source.id, Ambiguity.decided_person_id.is_not(None)
    )
    return {key: told.get("evidence") for key, told in session.execute(query)}
