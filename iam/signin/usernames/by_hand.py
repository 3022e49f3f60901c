"""Giving one person a username, or another one, by hand. Whether the actor stands over all of the person is for the
caller to ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.audit import log
from iam.change import Actor
from iam.database.bulk import upsert
from iam.directory.person import PersonProfile
from iam.errors import Conflict, Invalid
from iam.signin.accounts.account import Account, normal
from iam.signin.accounts.username import FormerUsername
from iam.signin.addresses import notices
from iam.signin.codes import first_code
from iam.signin.passwords import credentials
from iam.signin.passwords.credentials import Known
from iam.signin.usernames import give as usernames
from iam.tokens import one_shot

FIELD = "username"


def name(session: Session, person_id: UUID, text: str, actor: Actor, told: Mapping[str, Any] | None = None) -> str:
    """Give a person this username and return it as it is kept. What they had before stays theirs and lets nobody in.

    Codes made over the old one stop working. Raises ``Invalid`` for one that cannot be a username or is somebody
    else's, and ``Conflict`` where a declaration names the person. Where a directory keeps the password, it must know
    the person by this username. ``told`` is kept with the event.
    """
    login = normal(text)
    if not usernames.usable(login):
        raise Invalid(
            Problem("This cannot be a username.", "Write it without spaces and without an identity code.", field=FIELD)
        )
    usernames.have_turn(session)
    known = credentials.of_person(session, person_id)
    if known is not None and known.login == login:
        raise Invalid(Problem("This is the person's username already.", "Write another one.", field=FIELD))
    if usernames.taken(session, [login]).get(login, person_id) != person_id:
        raise Invalid(
            Problem("This username is or was somebody else's.", "Choose another; none is given twice.", field=FIELD)
        )
    if known is None:
        _give(session, person_id, login, actor, dict(told or {}))
    else:
        _change(session, known, login, actor, dict(told or {}))
    return login


def _give(session: Session, person_id: UUID, login: str, actor: Actor, told: dict[str, Any]) -> None:
    session.add(Account(person_id=person_id, login=login, language=None))
    session.flush()
    log.write(session, usernames.CREATED, actor, subject_id=person_id, envelope=told)


def _change(session: Session, known: Known, login: str, actor: Actor, told: dict[str, Any]) -> None:
    _may_change(session, known)
    ended = {"person_id": known.person_id, "ended_at": clock.now()}
    upsert(session, FormerUsername, {"login": known.login}, ended)
    session.execute(update(Account).where(Account.person_id == known.person_id).values(login=login))
    for kind in (first_code.BY_HAND, first_code.BY_MAIL):
        one_shot.forget(session, kind, known.person_id)
    log.write(session, "person:username:changed", actor, subject_id=known.person_id, envelope=told)
    notices.tell(session, known.person_id, notices.USERNAME)


def _may_change(session: Session, known: Known) -> None:
    p = PersonProfile
    declared = exists().where(p.person_id == known.person_id, p.source_id.is_(None), p.closed_by.is_(None))
    if session.scalar(select(declared)):
        raise Conflict(
            Problem("This person is declared, under this username.", "It stays as it was declared.", field=FIELD)
        )
