"""Keys of one run that share identifiers, two by two or in a chain: one person's, unless they contradict each other.

A chain with one known person is that person's; one of new people is the first one's. A human decides where a chain goes
from one known person to another, where two identity codes are told in it, and where only a number joins people of
different names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, select, update
from sqlalchemy.orm import Session

from iam.database.bulk import copy_rows
from iam.directory.source import Source
from iam.lifecycle import staged
from iam.sources.identity import contradiction
from iam.sources.identity.contradiction import CODES, SEVERAL, SHARED, Question
from iam.sources.identity.said import MOST


@dataclass(frozen=True, slots=True)
class Told:
    """What a run tells under one key: whose it is so far and whether that person is known, the identity code's keyed
    hash, and the words of the name."""

    key: str
    person_id: UUID
    known: bool
    code: bytes | None
    names: frozenset[str]


def join(session: Session, source: Source, kinds: Sequence[str]) -> dict[str, Question]:
    """Give each chain of keys that share identifiers of these kinds its one person; return the questions of those that
    contradict themselves."""
    chains = _chains(session, kinds)
    named = _named(session, chains)
    judged = [(chain, reason(chain, named)) for chain in chains]
    several = any(why == SEVERAL for _, why in judged)
    decided = contradiction.decided(session, source) if several else {}
    _write(session, [row for chain, why in judged if why is None for row in _joined(chain)])
    return {key: one for chain, why in judged if why for key, one in _asked(chain, why, decided).items()}


def reason(chain: Sequence[Told], named: Collection[UUID]) -> str | None:
    """Return why the keys of a chain cannot be one person's, or None. Told names are compared with those of a known
    person who is ``named`` elsewhere (``contradiction``)."""
    known = {one.person_id for one in chain if one.known}
    if len(known) > 1:
        return SEVERAL
    if len({one.code for one in chain if one.code}) > 1:
        return CODES
    return SHARED if known.isdisjoint(named) and _parted(chain) else None


def linked(pairs: Iterable[tuple[str, Hashable]]) -> list[list[str]]:
    """Return the keys of pairs in groups, both in order: two keys with one mark are in one group, and so are those
    whom others link."""
    marks, keys = defaultdict[str, list[Hashable]](list), defaultdict[Hashable, set[str]](set)
    for key, mark in pairs:
        marks[key].append(mark)
        keys[mark].add(key)
    groups = []
    for first in sorted(marks):
        group, ahead = set[str](), [first]
        while ahead:
            # Each mark is followed once, however many have it.
            new = {key for mark in marks.pop(ahead.pop(), ()) for key in keys.pop(mark, ())} - group
            group |= new
            ahead += new
        if group:
            groups.append(sorted(group))
    return groups


def _parted(chain: Sequence[Told]) -> bool:
    """Whether some are called otherwise than all the others, and have no code in common with them."""
    called = [one for one in chain if one.names]
    return len(linked((one.key, mark) for one in called for mark in (*one.names, one.code) if mark)) > 1


def _asked(chain: Sequence[Told], why: str, decided: Collection[str]) -> dict[str, Question]:
    """The questions of a chain: whose its new keys are; of several known persons, each key that nobody has decided
    on."""
    known = sorted({str(one.person_id) for one in chain if one.known})[:MOST]
    asked = (one for one in chain if (one.key not in decided if why == SEVERAL else not one.known))
    return {one.key: Question(why, _candidates(known, one), _beside(chain, one)) for one in asked}


def _candidates(known: Sequence[str], one: Told) -> tuple[str, ...]:
    """Some of the known persons of a chain, and whose the key was: of a number that stands for nobody (a filler) there
    are thousands."""
    return tuple(sorted({*known, str(one.person_id)} if one.known else known))


def _beside(chain: Sequence[Told], one: Told) -> tuple[str, ...]:
    """Some of the other keys of a chain, so that both sides can be seen."""
    return tuple(other.key for other in chain[: MOST + 1] if other is not one)[:MOST]


def _joined(chain: Sequence[Told]) -> Iterator[tuple[str, UUID]]:
    whose = next((one for one in chain if one.known), chain[0]).person_id
    return ((one.key, whose) for one in chain if not one.known and one.person_id != whose)


def _chains(session: Session, kinds: Sequence[str]) -> list[list[Told]]:
    told: dict[str, Told] = {}
    pairs: list[tuple[str, Hashable]] = []
    for kind in kinds:
        for row in session.execute(_telling(kind)):
            pairs.append((row.person_key, (kind, row.issuer, row.value)))
            names = frozenset((row.words or "").split())
            told[row.person_key] = Told(row.person_key, row.person_id, not row.fresh, row.code_mac, names)
    return [[told[key] for key in group] for group in linked(pairs)]


def _telling(kind: str) -> Select[Any]:
    """Select who tells a shared identifier of a kind, and what else is told of them."""
    si, shared, p = staged.identifier.c, staged.shared.c, staged.person.c
    value = "value_mac" if kind == "identity-code" else "value"
    same = and_(shared.kind == si.kind, shared.issuer == si.issuer, shared[value] == si[value])
    told = select(si.person_key, si.issuer, si[value].label("value"), p.person_id, p.fresh, p.code_mac, p.words)
    joined = told.join_from(staged.identifier, staged.shared, same)
    return joined.join(staged.person, p.person_key == si.person_key).where(si.kind == kind)


def _named(session: Session, chains: Iterable[Sequence[Told]]) -> set[UUID]:
    """Those known of the chains with different names who have a name already."""
    doubtful = (chain for chain in chains if any(one.known for one in chain) and _parted(chain))
    known = {one.person_id for chain in doubtful for one in chain if one.known}
    return set(contradiction.names(session, known)) if known else set()


def _write(session: Session, joined: Collection[tuple[str, UUID]]) -> None:
    if joined:
        p, whose = staged.person, staged.joined
        staged.make(session, staged.joined)
        copy_rows(session, whose, ("person_key", "person_id"), joined)
        session.execute(
            update(p).where(p.c.person_key == whose.c.person_key).values(staged.known_as(whose.c.person_id))
        )
