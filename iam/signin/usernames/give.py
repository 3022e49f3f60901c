"""Giving usernames to many people at once, as one set: after a source's run, or by an administrator.

What a source's matching calls ``login`` names the username, where that source may say by what the person signs in
(``primary_reach``) and nobody has or had it; otherwise the rule of usernames does. A username once given is never
changed by a source.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, select, union
from sqlalchemy.orm import Session, aliased

from connectors.identity_code import holds_code
from connectors.problem import Problem
from iam import clock
from iam.audit import log
from iam.change import Actor
from iam.database import locks
from iam.database.bulk import copy_rows
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.organisation import OrganisationClosure
from iam.directory.person import Person
from iam.directory.queries import Profile, holds_at, profiles
from iam.directory.source import Source
from iam.errors import Conflict
from iam.lifecycle import staged
from iam.signin.accounts import username_rules
from iam.signin.accounts.account import Account, normal
from iam.signin.accounts.username import NAMES, FormerUsername, UsernameRule, numbered, of_names
from iam.signin.addresses import primary_reach

CREATED = "person:account:created"
LONGEST = 200
TURN = 1096176972
"""The lock under which usernames are given: two who give at a time never give the same."""
_BATCH = 5_000
_WAIT = timedelta(minutes=2)
_WINDOWS = (1, 2, 8, 64)
"""Up to which number usernames are looked up in one go; four times as many after that."""

Given = Mapping[UUID, str]


def after_run(session: Session, source: Source, persons: Select[UUID], actor: Actor, change_id: UUID) -> int:
    """Give a username to those of a run's persons who have none; return how many got one. A few statements for each
    5,000 of them.

    ``st_person`` holds what the run was told.
    """
    told = _told(session, source, persons)
    return _give(session, persons, actor, told, change_id)


def by_rule(session: Session, persons: Select[UUID], actor: Actor) -> int:
    """Give a username to those of these persons who have none and get one by a rule; return how many did."""
    return _give(session, persons, actor, {}, None)


def people_of(organisation_id: UUID) -> Select[UUID]:
    """Select the people of an organisation and of those under it, now or from a known day on, and the guardians of
    those."""
    now, a, r = clock.now(), aliased(Affiliation), Relationship
    under = select(OrganisationClosure.descendant_id).where(
        OrganisationClosure.ancestor_id == organisation_id, holds_at(OrganisationClosure, now)
    )
    here = select(a.person_id).where(a.organisation_id.in_(under), a.closed_by.is_(None), a.valid_to > now)
    guards = r.kind == "guardian_of", r.closed_by.is_(None), r.valid_to > now
    wards = select(r.person_id).where(*guards, r.other_person_id.in_(here))
    # Not an OR of two conditions on a person: that would ask both of everybody in the directory.
    return select(union(here, wards).subquery().c.person_id)


def waiting(persons: Select[UUID]) -> Select[UUID]:
    """Select those of these persons who have no username and get one by a rule."""
    return _without(persons).where(username_rules.gets_one(Person.id))


def suggested(session: Session, person_id: UUID) -> str:
    """Return a free username of a person's names; "" when they give none."""
    return _of_names(session, [person_id], set()).get(person_id, "")


def have_turn(session: Session, kind: str = "command") -> None:
    """Have the turn at giving usernames until the transaction ends; raises ``Conflict`` when others give them for too
    long.

    ``kind`` is of the change that is made, which others who wait for it are told.
    """
    if not locks.take(session, [(TURN, False)], f"avain {kind}", _WAIT):
        raise Conflict(Problem("Others are giving usernames just now. Nothing was changed.", "Try again in a while."))


def taken(session: Session, logins: Iterable[str]) -> dict[str, UUID]:
    """Return whose these logins are or were, of those that are anybody's; two statements for each 5,000."""
    found: dict[str, UUID] = {}
    for some in _parts(sorted(set(logins))):
        for model in (FormerUsername, Account):
            found |= dict(session.execute(select(model.login, model.person_id).where(model.login.in_(some))).all())
    return found


def usable(login: str) -> bool:
    """Whether a login may be a username: no blanks, nothing that cannot be seen, no personal identity code, and not too
    long."""
    plain = login.isprintable() and not any(sign.isspace() for sign in login)
    return bool(login) and plain and len(login) <= LONGEST and not holds_code(login.upper())


def _without(persons: Select[UUID]) -> Select[UUID]:
    named = exists().where(Account.person_id == Person.id)
    return select(Person.id).where(Person.id.in_(persons), Person.merged_into.is_(None), ~named).order_by(Person.id)


def _give(session: Session, persons: Select[UUID], actor: Actor, told: Given, change_id: UUID | None) -> int:
    ruled = session.scalar(select(exists().where(UsernameRule.form == NAMES)))
    if not told and not ruled:
        return 0
    have_turn(session, "command" if change_id is None else "run")
    given = _not_taken(session, told)
    if ruled:
        rest = [one for one in session.scalars(waiting(persons)) if one not in given]
        given |= _of_names(session, rest, set(given.values()))
    rows = [(person_id, login, None) for person_id, login in given.items()]
    if rows:
        copy_rows(session, Account.__table__, ("person_id", "login", "language"), rows)  # type: ignore[arg-type]
        log.write_each(session, CREATED, actor, given, change_id=change_id)
    return len(rows)


def _told(session: Session, source: Source, persons: Select[UUID]) -> dict[UUID, str]:
    """What the source calls those who have no username, as far as it may say so."""
    p, found = staged.person.c, dict[UUID, str]()
    query = select(p.person_id, p.login).where(p.login.is_not(None), p.person_id.in_(_without(persons).order_by(None)))
    for person_id, login in session.execute(query.order_by(p.person_key)):
        if usable(normal(login)):
            found.setdefault(person_id, normal(login))
    return {person_id: found[person_id] for some in _parts(found) for person_id in _may(session, source, some)}


def _may(session: Session, source: Source, person_ids: Sequence[UUID]) -> Iterator[UUID]:
    now = clock.now()
    stood = primary_reach.places(session, person_ids, now)
    opened = primary_reach.openings(session, {source.id}, stood.values())
    for one in person_ids:
        if primary_reach.may(source.id, source.walled, stood.get(one, ()), opened, now):
            yield one


def _not_taken(session: Session, told: Given) -> dict[UUID, str]:
    """Of persons whom one run calls the same, the first has it."""
    others, free = taken(session, told.values()), dict[str, UUID]()
    for person_id, login in told.items():
        if others.get(login, person_id) == person_id:
            free.setdefault(login, person_id)
    return {person_id: login for login, person_id in free.items()}


def _of_names(session: Session, person_ids: Collection[UUID], used: set[str]) -> dict[UUID, str]:
    """Return a free username of the names of each person who has a name that gives one."""
    bases: dict[str, list[UUID]] = {}
    for some in _parts(person_ids):
        shown = profiles(session, some)
        for person_id in some:
            if base := _base(shown.get(person_id, Profile())):
                bases.setdefault(base, []).append(person_id)
    return _numbered(session, bases, used)


def _base(shown: Profile) -> str:
    return of_names(shown.call_name or (shown.given_names or "").split(" ")[0], shown.family_name)


def _numbered(session: Session, bases: dict[str, list[UUID]], used: set[str]) -> dict[UUID, str]:
    """Number those of one base, each with the first number that nobody has or had; what is taken is looked up in
    growing windows."""
    found: dict[UUID, str] = {}
    first, windows = 1, iter(_WINDOWS)
    while bases:
        last = next(windows, first * 4)
        tried = {base: [numbered(base, n) for n in range(first, last + 1)] for base in bases}
        gone = used | taken(session, (login for logins in tried.values() for login in logins)).keys()
        for base, logins in tried.items():
            free = [login for login in logins if login not in gone]
            found |= zip(bases[base], free, strict=False)
            bases[base] = bases[base][len(free) :]
        bases = {base: left for base, left in bases.items() if left}
        first = last + 1
    return found


def _parts(items: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(items)
    while some := list(islice(left, _BATCH)):
        yield some
