"""Whose factors an administrator removes, and what becomes of one that waited to take the place of a lost one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.change import SYSTEM, Actor
from iam.errors import Conflict, Denied
from iam.signin import step_up
from iam.signin.accounts.factor import FactorReplacement
from iam.signin.factors import passkey, replacement, totp
from iam.vault import Vault
from tests.kit.people import add_person
from tests.kit.proofs import code_of

NEW = {
    "credential_id": b"new",
    "public_key": b"key",
    "sign_count": 0,
    "backup_eligible": False,
    "backed_up": False,
    "transports": [],
    "name": "uusi",
}


def with_totp(session: Session, login: str = "aino") -> Actor:
    vault = Vault(bytes(32))
    person_id = add_person(session, vault, login, None)
    shown = totp.begin(session, vault, person_id, login, "Avain")
    assert totp.confirm(session, vault, person_id, code_of(shown.secret))
    return Actor(person_id)


def test_nobody_resets_their_own_second_factor(session: Session, frozen: datetime) -> None:
    aino, other = with_totp(session), with_totp(session, "toinen")
    assert aino.person_id is not None
    with pytest.raises(Denied):
        step_up.reset(session, aino.person_id, aino)
    assert step_up.held(session, aino.person_id)
    assert step_up.reset(session, aino.person_id, other)
    assert not step_up.held(session, aino.person_id)


def test_a_reset_stops_what_waited_to_take_the_place_of_a_lost_factor(
    session: Session, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    aino = with_totp(session).person_id
    assert aino is not None
    replacement.begin(session, aino, "passkey", NEW, 24, SYSTEM)
    step_up.reset(session, aino, SYSTEM)
    at(clock.now() + timedelta(days=2))
    assert (step_up.held(session, aino).passkeys, replacement.follow_due(session)) == (0, 0)


def test_while_one_waits_no_second_of_its_kind_begins_and_each_comes_into_force_once(
    session: Session, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    aino, other = with_totp(session).person_id, with_totp(session, "toinen").person_id
    assert aino is not None
    assert other is not None
    replacement.begin(session, aino, "passkey", NEW, 24, SYSTEM)
    replacement.begin(session, other, "passkey", NEW | {"credential_id": b"other"}, 24, SYSTEM)
    with pytest.raises(Conflict):
        replacement.begin(session, aino, "passkey", NEW, 24, SYSTEM)
    at(clock.now() + timedelta(hours=24))
    assert [replacement.follow_due(session), replacement.follow_due(session)] == [2, 0]
    assert [row.credential_id for row in passkey.of_person(session, aino)] == [b"new"]
    assert not replacement.stop(session, aino, SYSTEM), "it is in force"
    assert all(row.stopped_at is None for row in session.scalars(select(FactorReplacement)))


def test_where_no_delay_is_set_the_new_one_counts_at_once(session: Session, frozen: datetime) -> None:
    aino = with_totp(session).person_id
    assert aino is not None
    replacement.begin(session, aino, "passkey", NEW, 0, SYSTEM)
    assert step_up.held(session, aino).passkeys == 1
