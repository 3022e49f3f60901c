"""Nobody takes the last administrator of the whole, or their way in, away; another, and it is done."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.asker import OPERATOR, asker_of
from iam.change import Actor
from iam.directory.organisation import Organisation
from iam.directory.person import Hold
from iam.directory.source import Source
from iam.errors import Conflict
from iam.signin import access_end, last_administrator
from iam.signin.accounts.account import Account, Credential
from iam.sources.making import commands
from tests.kit.factories import access, facts

MATCH = "Nobody would administer the whole"


@pytest.fixture
def paula(session: Session) -> UUID:
    """The only administrator of the whole, who signs in by the directory that the source ``ad`` reads."""
    facts.tree(session, ("marjala", "consortium", None, True))
    facts.source(session, root(session), "ad")
    return administrator(session, "paula", "directory", source="ad")


def root(session: Session) -> UUID:
    return session.scalars(select(Organisation.id).where(Organisation.key == "marjala")).one()


def administrator(session: Session, login: str, kind: str, **data: str) -> UUID:
    person_id = facts.person(session)
    session.add(Account(person_id=person_id, login=login, language="fi"))
    session.flush()
    session.add(Credential(person_id=person_id, kind=kind, data=data, changed_at=clock.now()))
    access.admin_grant(session, person_id, "admin", root(session))
    session.flush()
    return person_id


@pytest.mark.parametrize("by", ["herself", "the operator of the server"])
def test_the_access_of_the_last_one_is_not_ended_at_once(session: Session, paula: UUID, by: str) -> None:
    asker = asker_of(session, paula) if by == "herself" else OPERATOR
    with pytest.raises(Conflict, match=MATCH):
        access_end.end(session, asker, paula, "lähti", Actor(None))


def test_with_another_one_it_is_ended(session: Session, paula: UUID) -> None:
    administrator(session, "pekka", "password")
    assert access_end.end(session, OPERATOR, paula, "lähti", Actor(None))
    assert session.scalars(select(Hold).where(Hold.person_id == paula)).one().whole


def test_the_only_directory_by_which_one_signs_in_stays_in_use(session: Session, paula: UUID) -> None:
    source = session.scalars(select(Source).where(Source.key == "ad")).one()
    with pytest.raises(Conflict, match=MATCH):
        commands.disable(session, source, Actor(None))
    session.refresh(source)


def test_nobody_who_is_somebody_elses_is_kept_for_it(session: Session, paula: UUID) -> None:
    other = facts.person(session)
    with last_administrator.kept(session):
        access_end.end(session, OPERATOR, other, "lähti", Actor(None))
    assert last_administrator.is_there(session)
