"""Letters for people who have never signed in: who they are in a part of the tree, and a code for each, all at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import Part
from iam.access.asker import OPERATOR, Asker
from iam.access.standing import may_be_given
from iam.change import Actor
from iam.directory import holds
from iam.directory.person import Person
from iam.directory.queries import people_at, profiles
from iam.settings import Settings
from iam.signin.accounts import username_rules
from iam.signin.accounts.account import Account, Credential
from iam.signin.codes import first_code
from iam.signin.codes.words import Slip
from iam.vault import Vault

_AT_A_TIME = 5_000


class _Waiting(NamedTuple):
    """Somebody who has a login and nothing to sign in with."""

    person_id: UUID
    login: str
    language: str | None


def make(
    session: Session, vault: Vault, settings: Settings, organisation_id: UUID, actor: Actor, asker: Asker = OPERATOR
) -> list[Slip]:
    """Make a code for everybody with an affiliation in the organisation, or under it, now whose account has no password
    yet.

    Nobody whose access is held, or whose password a directory keeps, or whose account the asker may not give (see
    ``left_out``). Earlier codes stop working. In the order of names.
    """
    return _made(session, vault, settings, _waiting(organisation_id).where(_given(asker)), actor)


def make_for(
    session: Session, vault: Vault, settings: Settings, person_ids: Collection[UUID], actor: Actor, asker: Asker
) -> list[Slip]:
    """Make a code for each of these people whose account has no password yet, as ``make`` does; in the order of
    names."""
    chosen = _without_password().where(Account.person_id.in_(person_ids), _given(asker))
    return _made(session, vault, settings, chosen, actor)


def _made(
    session: Session, vault: Vault, settings: Settings, waiting: Select[UUID, str, str | None], actor: Actor
) -> list[Slip]:
    found = [_Waiting(row.person_id, row.login, row.language) for row in session.execute(waiting)]
    logins = {one.person_id: one.login for one in found}
    names = dict(_names(session, list(logins)))
    issued = first_code.issue_on_paper(session, vault, settings, logins, actor)
    return [Slip(names.get(one.person_id, ""), one.login, one.language, issued[one.person_id]) for one in found]


def left_out(session: Session, organisation_id: UUID, asker: Asker) -> int:
    """Return how many get no letter because they are, or administer, more than the asker's part."""
    query = _waiting(organisation_id).where(~_given(asker)).order_by(None)
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def nameless(session: Session, organisation_id: UUID, part: Part) -> int:
    """Return how many there get no letter because they have no username and would need one."""
    here = people_at(organisation_id, clock.now())
    query = (
        select(func.count()).select_from(Person).where(Person.id.in_(here), username_rules.lacks_one(part, Person.id))
    )
    return session.scalar(query) or 0


def _given(asker: Asker) -> ColumnElement[bool]:
    return may_be_given(asker, "codes.issue", Account.person_id)


def _waiting(organisation_id: UUID) -> Select[UUID, str, str | None]:
    return _without_password().where(Account.person_id.in_(people_at(organisation_id, clock.now())))


def _without_password() -> Select[UUID, str, str | None]:
    now = clock.now()
    return (
        select(Account.person_id, Account.login, Account.language)
        .join(Person, Person.id == Account.person_id)
        .where(
            ~exists().where(Credential.person_id == Account.person_id),
            ~holds.whole(Account.person_id, now),
        )
        .order_by(Person.sort_name, Person.id)
    )


def _names(session: Session, person_ids: list[UUID]) -> Iterator[tuple[UUID, str]]:
    left = iter(person_ids)
    while some := list(islice(left, _AT_A_TIME)):
        yield from ((person_id, shown.display_name) for person_id, shown in profiles(session, some).items())
