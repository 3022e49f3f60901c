"""People as far as declarations speak of them: logins, local persons, accounts, groups and administrators, read by
sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.commands import delegation
from iam.access.commands.delegation import Holder, Permit
from iam.directory.affiliation import Affiliation, Group, Membership
from iam.directory.person import Identifier, PersonProfile
from iam.directory.source import Record, Source
from iam.signin.accounts.account import Account, Credential
from iam.signin.accounts.username import FormerUsername

BATCH = 5000
Named = tuple[str, str, str]
"""An identifier: kind, issuer and value."""


@dataclass(slots=True)
class People:
    """What stands of the people asked for. ``logins``, ``former`` (that were somebody's) and ``named`` give ids; the
    rest is by person."""

    logins: dict[str, UUID] = field(default_factory=dict)
    former: dict[str, UUID] = field(default_factory=dict)
    named: dict[Named, UUID] = field(default_factory=dict)
    login_of: dict[UUID, str] = field(default_factory=dict)
    credentials: dict[UUID, dict[str, dict[str, Any]]] = field(default_factory=dict)
    profiles: dict[UUID, Row[Any]] = field(default_factory=dict)
    affiliations: dict[UUID, list[Row[Any]]] = field(default_factory=dict)
    grants: dict[Holder, dict[UUID, Permit]] = field(default_factory=dict)

    @property
    def local(self) -> Collection[UUID]:
        """The persons of whom an administrator declared a profile."""
        return self.profiles.keys()


Asked = Collection[Any] | None
"""Values asked for; None asks for all."""


def load(session: Session, logins: Collection[str] | None, named: Collection[Named]) -> People:
    """Return what stands of the people with these logins or identifiers; of everybody with a login when ``logins`` is
    None."""
    found = People()
    for row in _rows(session, select(Account.login, Account.person_id), Account.login, logins):
        found.logins[row.login] = row.person_id
    for row in _rows(session, select(FormerUsername.login, FormerUsername.person_id), FormerUsername.login, logins):
        found.former[row.login] = row.person_id
    identifiers = select(Identifier.kind, Identifier.issuer, Identifier.value, Identifier.person_id).where(
        Identifier.closed_by.is_(None)
    )
    wanted = set(named)
    for row in _rows(session, identifiers, Identifier.value, {value for _, _, value in named}):
        if (row.kind, row.issuer, row.value) in wanted:
            found.named[(row.kind, row.issuer, row.value)] = row.person_id
    persons = None if logins is None else {*found.logins.values(), *found.named.values()}
    _by_person(session, found, persons)
    return found


def _by_person(session: Session, found: People, persons: Asked) -> None:
    for row in _rows(session, select(Account.login, Account.person_id), Account.person_id, persons):
        found.login_of[row.person_id] = row.login
    for row in _rows(
        session, select(Credential.person_id, Credential.kind, Credential.data), Credential.person_id, persons
    ):
        found.credentials.setdefault(row.person_id, {})[row.kind] = row.data
    for model, put in ((PersonProfile, _put_profile), (Affiliation, _put_affiliation)):
        table: Any = model.__table__
        local = (
            select(table).where(table.c.closed_by.is_(None), table.c.source_id.is_(None)).order_by(table.c.valid_from)
        )
        for row in _rows(session, local, table.c.person_id, persons):
            put(found, row)
    for batch in _batches(persons):
        found.grants |= delegation.grants(session, batch)


def _put_profile(found: People, row: Row[Any]) -> None:
    found.profiles[row.person_id] = row


def _put_affiliation(found: People, row: Row[Any]) -> None:
    found.affiliations.setdefault(row.person_id, []).append(row)


def groups(
    session: Session, organisation_ids: Collection[UUID] | None
) -> tuple[list[Row[Any]], dict[UUID, dict[UUID, str | None]]]:
    """Return the groups of these organisations (all local ones for None), and the members now with their logins, by
    group id.

    Of groups with one key the local one, which a declaration means, comes last.
    """
    query = select(Group.__table__).order_by(Group.organisation_id, Group.key, Group.source_id.is_(None), Group.id)
    if organisation_ids is None:
        query = query.where(Group.source_id.is_(None))
    rows = list(_rows(session, query, Group.organisation_id, organisation_ids))
    now = clock.now()
    members: dict[UUID, dict[UUID, str | None]] = defaultdict(dict)
    query = (
        select(Membership.group_id, Membership.person_id, Account.login)
        .outerjoin(Account, Account.person_id == Membership.person_id)
        .where(
            Membership.closed_by.is_(None),
            Membership.source_id.is_(None),
            Membership.valid_from <= now,
            Membership.valid_to > now,
        )
    )
    for row in _rows(session, query, Membership.group_id, [row.id for row in rows if row.source_id is None]):
        members[row.group_id][row.person_id] = row.login
    return rows, members


def said(name: Named) -> str:
    """Return an identifier as one text, which no login is: a login has no blanks."""
    return " ".join(name)


def names(session: Session, person_ids: Collection[UUID]) -> dict[UUID, str | Named]:
    """Return by what a declaration names each of these persons: the login, else a readable identifier; who has neither
    is left out."""
    query = select(Account.login, Account.person_id)
    found: dict[UUID, str | Named] = {
        row.person_id: row.login for row in _rows(session, query, Account.person_id, person_ids)
    }
    return {**identifiers(session, [one for one in person_ids if one not in found]), **found}


def record_keys(session: Session, person_ids: Collection[UUID]) -> dict[tuple[str, UUID], str]:
    """Return the key of each person's own record in each source, by the source's key and the person."""
    query = (
        select(Source.key.label("source"), Record.person_id, Record.key)
        .join(Source, Source.id == Record.source_id)
        .where(Record.person_key == Record.key)
        .order_by(Record.key.desc())
    )
    return {(row.source, row.person_id): row.key for row in _rows(session, query, Record.person_id, person_ids)}


def identifiers(session: Session, person_ids: Collection[UUID]) -> dict[UUID, Named]:
    """Return one readable identifier of each person, the first by kind, issuer and value; sealed ones are never
    read."""
    query = (
        select(Identifier.person_id, Identifier.kind, Identifier.issuer, Identifier.value)
        .where(Identifier.closed_by.is_(None), Identifier.value.is_not(None))
        .order_by(Identifier.kind, Identifier.issuer, Identifier.value)
    )
    found: dict[UUID, Named] = {}
    for row in _rows(session, query, Identifier.person_id, person_ids):
        found.setdefault(row.person_id, (row.kind, row.issuer, row.value))
    return found


def _rows(session: Session, query: Any, column: Any, asked: Asked) -> Iterator[Row[Any]]:
    """Yield the rows of ``query`` whose ``column`` is among ``asked``: one statement for each 5,000 of them."""
    for batch in _batches(asked):
        yield from session.execute(query if batch is None else query.where(column.in_(batch)))


def _batches(asked: Asked) -> Iterator[list[Any] | None]:
    if asked is None:
        yield None
        return
    values = list(asked)
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]
