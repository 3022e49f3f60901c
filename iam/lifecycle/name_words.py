"""Writes by which words a person is found and where lists have them: after every change of what is said of people, over
sets.

A word is *shown* while a name shown now has it. Words of names that are shown no more stay: a person is found by them
as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, bindparam, delete, exists, insert, or_, select, true, update
from sqlalchemy.orm import Session

from iam.change import Change
from iam.database.bulk import copy_rows, each_word
from iam.directory.name_words import sort_key, words
from iam.directory.person import Person, PersonNameWord, PersonProfile
from iam.directory.queries import Profile, profiles
from iam.lifecycle import staged

_PERSONS: Table = Person.__table__  # type: ignore[assignment]
_WORDS: Table = PersonNameWord.__table__  # type: ignore[assignment]
_NAMES = ("given_names", "call_name", "family_name")
BATCH = 5000


def write_staged(session: Session, change: Change, leads: ColumnElement[bool]) -> None:
    """Write the names of the staged persons who are new, and of those whose names this change told otherwise.

    ``leads`` is the condition that a staged row is the one that describes its person. The facts must be written before:
    they say where the source may describe whom.
    """
    p, q = staged.person.c, PersonProfile
    each = each_word(session, p.words)
    new = select(p.person_id, each.c.value, true()).where(leads, p.fresh)
    session.execute(insert(_WORDS).from_select(["person_id", "word", "shown"], new))
    written = exists().where(q.person_id == p.person_id, q.closed_by.is_(None), q.opened_by == change.id)
    elsewhere = exists().where(Person.id == p.person_id, Person.sort_name != p.sort_name)
    known = select(p.person_id).where(leads, ~p.fresh, or_(written, elsewhere)).order_by(p.person_id)
    write(session, session.scalars(known).all())


def write(session: Session, person_ids: Collection[UUID]) -> None:
    """Write the names that these persons now have; seven statements at most for 5,000 persons."""
    left = iter(person_ids)
    while some := list(islice(left, BATCH)):
        shown = profiles(session, some)
        _order(session, some, shown)
        _find(session, some, shown)


def _order(session: Session, person_ids: Sequence[UUID], shown: Mapping[UUID, Profile]) -> None:
    """Put persons where their shown names belong; whoever stands there already is left alone."""
    standing = session.execute(select(_PERSONS.c.id, _PERSONS.c.sort_name).where(_PERSONS.c.id.in_(person_ids)))
    moved = [{"which": row.id, "key": key} for row in standing if (key := _key(shown.get(row.id))) != row.sort_name]
    if moved:
        query = update(_PERSONS).where(_PERSONS.c.id == bindparam("which")).values(sort_name=bindparam("key"))
        session.execute(query, moved)


def _key(profile: Profile | None) -> str:
    return "" if profile is None else sort_key(profile.family_name, profile.call_name or profile.given_names)


def _find(session: Session, person_ids: Sequence[UUID], shown: Mapping[UUID, Profile]) -> None:
    standing = session.execute(select(_WORDS).where(_WORDS.c.person_id.in_(person_ids)))
    before = {(row.person_id, row.word): row.shown for row in standing}
    after = dict.fromkeys(before, False) | dict.fromkeys(_open_words(session, person_ids), False)
    after |= {(id_, word): True for id_, one in shown.items() for word in words(getattr(one, name) for name in _NAMES)}
    changed = {id_ for (id_, word), is_shown in after.items() if before.get((id_, word)) is not is_shown}
    if changed:
        session.execute(delete(_WORDS).where(_WORDS.c.person_id.in_(changed)))
        rows = ((*one, is_shown) for one, is_shown in sorted(after.items()) if one[0] in changed)
        copy_rows(session, _WORDS, ("person_id", "word", "shown"), rows)


def _open_words(session: Session, person_ids: Sequence[UUID]) -> Iterator[tuple[UUID, str]]:
    """The words of all that any source says now, whether it is shown or not."""
    q: Any = PersonProfile
    query = select(q.person_id, *(getattr(q, name) for name in _NAMES))
    for person_id, *names in session.execute(query.where(q.closed_by.is_(None), q.person_id.in_(person_ids))):
        yield from ((person_id, word) for word in words(names))
