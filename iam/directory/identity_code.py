"""Personal identity codes: found by keyed hash and shown, each time for a purpose and with an event. Never listed,
never written out."""

from __future__ import annotations

from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import vault as sealing
from iam.audit import log
from iam.change import Actor
from iam.directory.person import Identifier, PersonKey, VaultItem
from iam.errors import Invalid, NotFound
from iam.vault import Vault

KIND = "identity-code"


class Shows(Protocol):
    """Which persons the asker may see."""

    def shows(self, person_id: Any) -> ColumnElement[bool]:
        """The condition that a person is one of them."""


def find(session: Session, vault: Vault, code: str, visible: Shows, purpose: str, actor: Actor) -> UUID | None:
    """Return the person with this code; None when nobody has it, or nobody the asker may see. Writes the event either
    way.

    Raises ``Invalid`` without a purpose.
    """
    _needs_purpose(purpose)
    query = select(Identifier.person_id).where(
        Identifier.kind == KIND,
        Identifier.issuer == "",
        Identifier.value_mac == vault.mac(KIND, "", code),
        Identifier.closed_by.is_(None),
        visible.shows(Identifier.person_id),
    )
    found = session.scalars(query).one_or_none()
    log.write(
        session,
        "person:code:searched",
        actor,
        subject_id=found,
        envelope={"purpose": purpose.strip(), "found": found is not None},
    )
    return found


def show(session: Session, vault: Vault, person_id: UUID, purpose: str, actor: Actor) -> str:
    """Return a person's code and write the event; raises ``Invalid`` without a purpose, ``NotFound`` when none is
    known."""
    _needs_purpose(purpose)
    key, item = session.get(PersonKey, person_id), session.get(VaultItem, (person_id, KIND))
    if key is None or key.wrapped_key is None or item is None:
        raise NotFound(
            Problem("No personal identity code is known of this person.", "Ask the source that should tell it.")
        )
    log.write(session, "person:code:shown", actor, subject_id=person_id, envelope={"purpose": purpose.strip()})
    own = vault.unwrap(key.wrapped_key, key_row(person_id))
    return sealing.unseal(own, KIND, item.ciphertext, item_row(person_id))


def key_row(person_id: UUID) -> str:
    """Return what a person's own key is bound to."""
    return sealing.row(PersonKey.__tablename__, person_id)


def item_row(person_id: UUID) -> str:
    """Return what a person's sealed code is bound to."""
    return sealing.row(f"{VaultItem.__tablename__}/{KIND}", person_id)


def _needs_purpose(purpose: str) -> None:
    if not purpose.strip():
        raise Invalid(Problem("A purpose is needed.", "Write what you need the code for.", field="purpose"))
