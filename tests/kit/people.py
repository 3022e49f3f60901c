"""People for the tests of signing in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.audit import log
from iam.change import SYSTEM, begin
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import Organisation
from iam.directory.person import Hold, Person, PersonProfile
from iam.directory.source import Source
from iam.signin.accounts.account import Account, normal
from iam.signin.passwords import credentials
from iam.vault import Vault
from tests.kit.factories import facts

PASSWORD = "sininen hauki ui vastavirtaan"
OTHER = "vihreä kuusi humisee yöllä"


def add_person(session: Session, vault: Vault, login: str, password: str | None = PASSWORD) -> UUID:
    """A person called Aino Virtanen with a login and a password."""
    change = begin(session, "command", SYSTEM)
    person = Person(sort_name="Virtanen Aino")
    session.add(person)
    session.flush()
    span = {"valid_from": clock.LONG_AGO, "valid_to": clock.FOREVER, "opened_by": change.id}
    names = {"given_names": "Aino Maria", "call_name": "Aino", "family_name": "Virtanen"}
    session.add(PersonProfile(person_id=person.id, **names, **span))
    session.add(Account(person_id=person.id, login=normal(login), language=None))
    log.write(session, "person:account:created", SYSTEM, subject_id=person.id)
    if password is not None:
        credentials.set_password(session, vault, person.id, password, SYSTEM)
    return person.id


def hold(session: Session, person_id: UUID) -> None:
    """End the person's access at once."""
    change = begin(session, "command", SYSTEM)
    span = {"valid_from": clock.now(), "valid_to": clock.FOREVER, "opened_by": change.id}
    session.add(Hold(person_id=person_id, kind="end-now", reason="test", **span))


def directory(session: Session, town: UUID, connector: str, settings: Mapping[str, Any]) -> None:
    """Add the source "ad" of a municipality, a directory that keeps passwords."""
    session.add(
        Source(
            key="ad",
            connector=connector,
            owner_id=town,
            settings=dict(settings),
            correlate=[],
            zone="Europe/Helsinki",
            priority=1,
            purpose="x",
        )
    )


def municipality(session: Session, key: str = "KUNTA") -> UUID:
    """Return a municipality, which is added where there is none yet."""
    standing = session.scalars(select(Organisation.id).where(Organisation.key == key)).one_or_none()
    return standing or facts.organisation(session, key, "municipality")


def employ(session: Session, person_id: UUID, *, until_days: int) -> None:
    """Give the person an employment that began a year ago and ends in so many days (negative: has ended)."""
    change = begin(session, "command", SYSTEM)
    town, now = municipality(session), clock.now()
    session.add(
        Affiliation(
            person_id=person_id,
            organisation_id=town,
            kind="employee",
            title="Opettaja",
            valid_from=now - timedelta(days=365),
            valid_to=now + timedelta(days=until_days),
            opened_by=change.id,
        )
    )
