"""Nobody removes the last administrator of the whole: one who holds ``admin`` over every top of the tree for a good
while yet, and whose login works. Whoever writes grants, or takes somebody's way in, asks before and after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import roots
from iam.access.model.assignment import AdminGrant
from iam.directory.person import Hold, Person
from iam.directory.queries import holds_at
from iam.directory.source import Source
from iam.errors import Conflict
from iam.signin.accounts.account import Account, Credential
from iam.signin.accounts.factor import Passkey
from iam.signin.administrators import ADMIN
from iam.signin.federation.connection import Connection, Link
from iam.texts import N_

FAR = timedelta(days=30)
"""For so long somebody must still be there."""


def is_there(session: Session) -> bool:
    """Whether somebody administers the whole, from now for at least ``FAR``, and can sign in; two statements."""
    tops, g, now = roots(session), AdminGrant, clock.now()
    lasting = (g.valid_from <= now, g.valid_to > now + FAR, g.closed_by.is_(None))
    query = (
        select(g.person_id)
        .join(Person, Person.id == g.person_id)
        .where(g.permission == ADMIN, g.organisation_id.in_(tops), *lasting, Person.merged_into.is_(None))
        .where(_signs_in(), ~_is_held())
        .group_by(g.person_id)
        .having(func.count(g.organisation_id.distinct()) >= len(tops))
    )
    return session.scalars(query.limit(1)).first() is not None


@contextmanager
def kept(session: Session) -> Iterator[None]:
    """Let somebody be left who administers the whole, where somebody was before: raises as ``refuse_last`` at the
    end."""
    was_there = is_there(session)
    yield
    session.flush()
    refuse_last(session, was_there=was_there)


def refuse_last(session: Session, *, was_there: bool) -> None:
    """Raise ``Conflict`` when somebody administered the whole before (``was_there``) and nobody does now."""
    if was_there and not is_there(session):
        message = N_("Nobody would administer the whole consortium any more who can sign in, or not for long.")
        raise Conflict(Problem(message, N_("Appoint another administrator of the whole first.")))


def _signs_in() -> ColumnElement[bool]:
    """The condition that a person has a login, and something to prove themselves by that is in use."""
    place = Credential.data["source"].as_string()
    directory = exists().where(Source.key == place, ~Source.disabled)
    own = or_(Credential.kind == "password", directory)
    return and_(
        exists().where(Account.person_id == Person.id),
        or_(
            exists().where(Credential.person_id == Person.id, own),
            exists().where(Passkey.person_id == Person.id),
            exists().where(Link.person_id == Person.id, Connection.id == Link.connection_id, ~Connection.retired),
        ),
    )


def _is_held() -> ColumnElement[bool]:
    return exists().where(
        Hold.person_id == Person.id, Hold.whole, Hold.closed_by.is_(None), holds_at(Hold, clock.now())
    )
