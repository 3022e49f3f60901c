"""The names persons have towards clients: random, stable, one a sector, never given to another (OIDC Core section
8)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Uuid, and_, bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from iam.database.statement import Rows, Statement
from iam.directory.person import Person
from iam.oidc.model import Subject
from iam.signin.accounts.account import Account


@dataclass(frozen=True, slots=True)
class Named:
    """A person's subject in a sector (None: not given yet), login and language."""

    subject: str | None
    login: str | None
    language: str | None


def _known() -> Rows:
    query: Rows = select(Subject.sub, Account.login, Account.language).select_from(Person)
    return (
        query.outerjoin(Account, Account.person_id == Person.id)
        .outerjoin(Subject, and_(Subject.person_id == Person.id, Subject.sector == bindparam("of_sector")))
        .where(Person.id == bindparam("of_person", type_=Uuid()))
    )


_KNOWN = Statement(_known, Named)


def known(session: Session, sector: str, person_id: UUID) -> Named:
    """Return what a person is called, without giving a new subject; one statement."""
    return _KNOWN.one(session, of_sector=sector, of_person=person_id) or Named(None, None, None)


def give(session: Session, sector: str, person_id: UUID) -> str:
    """Return the person's subject in a sector, made when there is none; of two that make it at once, both get the first
    one's."""
    query = select(Subject.sub).where(Subject.sector == sector, Subject.person_id == person_id)
    found = session.scalar(query)
    if found is not None:
        return found
    try:
        with session.begin_nested():
            fresh = Subject(sector=sector, person_id=person_id, sub=secrets.token_urlsafe(24))
            session.add(fresh)
    except IntegrityError:
        return session.execute(query).scalar_one()
    return fresh.sub


def person_of(session: Session, sector: str, sub: str) -> UUID | None:
    """Return whose subject this is in the sector."""
    return session.scalar(select(Subject.person_id).where(Subject.sub == sub, Subject.sector == sector))
