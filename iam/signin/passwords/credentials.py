"""Reading and writing how a person signs in: the account, its password, its directory."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, bindparam, delete, select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.audit import log
from iam.change import Actor
from iam.database.statement import Rows, Statement
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import Organisation, OrganisationPlace
from iam.directory.person import PersonProfile
from iam.signin.accounts.account import Account, Credential, normal
from iam.signin.accounts.factor import RememberedDevice
from iam.signin.passwords import password
from iam.vault import Vault

_LONGEST_LOGIN = 320
PRODUCT = "Avain"
"""What nobody's password may hold: the name of this product."""


@dataclass(frozen=True, slots=True)
class Known:
    """A person with a login, and what they sign in with by kind."""

    person_id: UUID
    login: str
    language: str | None
    credentials: dict[str, dict[str, Any]]
    """What is stored, by kind of credential."""

    def data(self, kind: str) -> dict[str, Any] | None:
        """Return what is stored for one kind of credential."""
        return self.credentials.get(kind)


def find(session: Session, login: str) -> Known | None:
    """Return who has ``login`` in any spelling of it; one statement."""
    name = normal(login)
    if not name.isprintable() or len(name) > _LONGEST_LOGIN:
        return None
    return _known(_BY_LOGIN.all(session, of_login=name))


def of_person(session: Session, person_id: UUID) -> Known | None:
    """Return the login of a person."""
    return _known(_BY_PERSON.all(session, of_person=person_id))


def whoever(session: Session, person_id: UUID, called: str = "") -> Known:
    """Return the login of a person. A person without one gets a ``Known`` whose login is ``called`` and who has nothing
    to sign in with."""
    return of_person(session, person_id) or Known(person_id, called, None, {})


def password_mark(known: Known | None) -> str:
    """Return a hash that changes with the password kept here; empty where there is none, as with a directory's people
    and unknown logins."""
    stored = known.data("password") if known is not None else None
    return sha256(stored["hash"].encode()).hexdigest() if stored is not None else ""


class _Row(NamedTuple):
    """An account with one of its credentials, if it has any."""

    person_id: UUID
    login: str
    language: str | None
    kind: str | None
    data: dict[str, Any] | None


def _accounts(condition: ColumnElement[bool]) -> Rows:
    query: Rows = select(Account.person_id, Account.login, Account.language, Credential.kind, Credential.data)
    return query.outerjoin(Credential, Credential.person_id == Account.person_id).where(condition)


_BY_LOGIN = Statement(lambda: _accounts(Account.login == bindparam("of_login")), _Row)
_BY_PERSON = Statement(lambda: _accounts(Account.person_id == bindparam("of_person", type_=Uuid())), _Row)


def _known(rows: list[_Row]) -> Known | None:
    if not rows:
        return None
    kept = {row.kind: row.data for row in rows if row.kind is not None and row.data is not None}
    return Known(rows[0].person_id, rows[0].login, rows[0].language, kept)


def set_password(session: Session, vault: Vault, person_id: UUID, text: str, actor: Actor) -> None:
    """Store a person's new password, whose rules were checked, in place of the old one; no device is remembered past
    it."""
    session.execute(delete(RememberedDevice).where(RememberedDevice.person_id == person_id))
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
    """Return the words that this person's password must not hold: login, names, consortium, employers, this product
    (AU-02)."""
    names = session.execute(
        select(PersonProfile.given_names, PersonProfile.call_name, PersonProfile.family_name).where(
            PersonProfile.person_id == known.person_id, PersonProfile.closed_by.is_(None)
        )
    )
    place = OrganisationPlace
    organisations = session.execute(
        select(Organisation.name_fi, Organisation.name_sv, Organisation.name_en).where(
            Organisation.id.in_(
                select(place.legal_entity_id)
                .join(Affiliation, Affiliation.organisation_id == place.organisation_id)
                .where(
                    Affiliation.person_id == known.person_id, Affiliation.closed_by.is_(None), place.closed_by.is_(None)
                )
            )
        )
    )
    return [known.login, consortium, PRODUCT, *(name for row in (*names, *organisations) for name in row if name)]
