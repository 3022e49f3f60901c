"""Reading and writing how a person signs in: the account, its password, its directory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.audit import log
from iam.change import Actor
from iam.directory.person import PersonProfile
from iam.signin import password
from iam.signin.account import Account, Credential, normal
from iam.vault import Vault

_LONGEST_LOGIN = 320


@dataclass(frozen=True, slots=True)
class Known:
    """A person with a login, and what they sign in with by kind."""

    person_id: UUID
    login: str
    language: str | None
    credentials: dict[str, Credential]

    def data(self, kind: str) -> dict[str, Any] | None:
        """Return what is stored for one kind of credential."""
        return self.credentials[kind].data if kind in self.credentials else None


def find(session: Session, login: str) -> Known | None:
    """Return who has ``login`` in any spelling of it; one statement."""
    name = normal(login)
    if not name.isprintable() or len(name) > _LONGEST_LOGIN:
        return None
    return _known(session, Account.login == name)


def of_person(session: Session, person_id: UUID) -> Known | None:
    """Return the login of a person."""
    return _known(session, Account.person_id == person_id)


def _known(session: Session, condition: Any) -> Known | None:
    query = (
        select(Account, Credential).outerjoin(Credential, Credential.person_id == Account.person_id).where(condition)
    )
    rows = session.execute(query).all()
    if not rows:
        return None
    account = rows[0][0]
    return Known(
        account.person_id, account.login, account.language, {one.kind: one for _, one in rows if one is not None}
    )


def open_account(session: Session, person_id: UUID, login: str, actor: Actor) -> Account:
    """Give a person a login; it is stored in its normal form and never given to another. The caller sees to collisions."""
    account = Account(person_id=person_id, login=normal(login), language=None)
    session.add(account)
    session.flush()
    log.write(session, "person:account:created", actor, subject_id=person_id)
    return account


def set_password(session: Session, vault: Vault, person_id: UUID, text: str, actor: Actor) -> None:
    """Store a person's new password, whose rules were checked, in place of the old one."""
    set_hash(session, person_id, password.hash_password(vault, text))
    log.write(session, "signin:password:set", actor, subject_id=person_id)


def set_hash(session: Session, person_id: UUID, hashed: str) -> None:
    """Store a hash that ``password.hash_password`` made."""
    query = select(Credential).where(Credential.person_id == person_id, Credential.kind == "password")
    row = session.scalars(query).one_or_none()
    if row is None:
        row = Credential(person_id=person_id, kind="password", data={}, changed_at=clock.now())
        session.add(row)
    row.data, row.changed_at = {"hash": hashed}, clock.now()
    session.flush()


def set_language(session: Session, person_id: UUID, language: str) -> None:
    """Remember the language a person reads (``texts.LANGUAGES``)."""
    session.execute(update(Account).where(Account.person_id == person_id).values(language=language))


def own_words(session: Session, known: Known, consortium: str) -> list[str]:
    """Return the words that this person's password must not hold."""
    names = session.execute(
        select(PersonProfile.given_names, PersonProfile.call_name, PersonProfile.family_name).where(
            PersonProfile.person_id == known.person_id, PersonProfile.closed_by.is_(None)
        )
    )
    return [known.login, consortium, *(name for row in names for name in row if name)]
