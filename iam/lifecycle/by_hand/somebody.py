"""Adds one person who is not here yet: the profile, and the identity code sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from iam import clock, vault as sealing
from iam.change import Change
from iam.directory.identity_code import KIND, item_row, key_row
from iam.directory.person import Identifier, PersonKey, VaultItem
from iam.lifecycle import persons
from iam.lifecycle.persons import LocalProfile
from iam.vault import Vault


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who is to be added. ``code`` is a personal identity code in its plain form, or nothing."""

    given_names: str
    family_name: str
    email: str | None = None
    birth_date: date | None = None
    code: str | None = None


def add(session: Session, change: Change, vault: Vault, who: Somebody) -> UUID:
    """Add a person and return the id; the caller has asked who is alike."""
    profile = LocalProfile(who.given_names, who.family_name, who.email, who.birth_date)
    (person_id,) = persons.create_local(session, change, [profile])
    if who.code is not None:
        _seal(session, change, vault, person_id, who.code)
    return person_id


def _seal(session: Session, change: Change, vault: Vault, person_id: UUID, code: str) -> None:
    own, _ = vault.new_key()
    session.add_all(
        [
            PersonKey(person_id=person_id, wrapped_key=vault.wrap(own, key_row(person_id))),
            VaultItem(person_id=person_id, kind=KIND, ciphertext=sealing.seal(own, KIND, code, item_row(person_id))),
            Identifier(
                person_id=person_id,
                kind=KIND,
                issuer="",
                value_mac=vault.mac(KIND, "", code),
                opened_by=change.id,
                valid_from=clock.LONG_AGO,
                valid_to=clock.FOREVER,
            ),
        ]
    )
    session.flush()
