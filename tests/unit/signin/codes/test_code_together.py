"""A code that works only together with something the person already has."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from iam import clock
from iam.change import Actor
from iam.settings import Settings
from iam.signin.addresses.address import SignInAddress
from iam.signin.codes import first_code
from iam.signin.factors import levels, totp
from iam.signin.flow import Around, Refusal
from iam.tokens import session as login_sessions
from iam.tokens.session import LoginSession
from iam.vault import Vault
from tests.kit.factories.facts import WORKING_DAY
from tests.kit.people import OTHER, add_person
from tests.kit.proofs import code_of

BROWSER = "a browser"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.open(tmp_path / "vault.key")


@pytest.fixture
def around(vault: Vault, frozen: Any) -> Around:
    return Around(Settings(), vault, Actor())


@pytest.fixture
def aino(session: Session, vault: Vault) -> UUID:
    return add_person(session, vault, "aino")


def handed(session: Session, around: Around, *, together: bool = True) -> str:
    return first_code.issue(session, around.vault, around.settings, "aino", Actor(), together=together).code


def begin(session: Session, around: Around) -> first_code.Step:
    return first_code.redeem(session, "aino", handed(session, around), BROWSER, around)


def secret_of(session: Session, vault: Vault, person_id: UUID) -> str:
    shown = totp.begin(session, vault, person_id, "aino", "Marjala")
    assert totp.confirm(session, vault, person_id, code_of(shown.secret, -1))
    return shown.secret


def chooses(session: Session, around: Around, handle: str) -> bool:
    """Whether a handle sets a password."""
    return first_code.choose(session, handle, OTHER, OTHER, BROWSER, around).refusal is None


def test_a_time_code_opens_it_in_the_same_browser_and_only_there(
    session: Session, vault: Vault, aino: UUID, around: Around
) -> None:
    secret = secret_of(session, vault, aino)
    step = begin(session, around)
    assert (step.together, step.refusal) == (True, None)
    elsewhere = first_code.prove(session, step.handle, code_of(secret), "another", around)
    assert (elsewhere.refusal, elsewhere.handle) == (Refusal.MISMATCH, "")
    proved = first_code.prove(session, begin(session, around).handle, code_of(secret), BROWSER, around)
    assert (proved.refusal, proved.together) == (None, False)
    assert chooses(session, around, proved.handle)


def test_nothing_is_proved_twice_by_one_time_code_and_tries_are_counted(
    session: Session, vault: Vault, aino: UUID, around: Around
) -> None:
    secret = secret_of(session, vault, aino)
    first_code.prove(session, begin(session, around).handle, code_of(secret), BROWSER, around)
    step = first_code.prove(session, begin(session, around).handle, code_of(secret), BROWSER, around)
    assert step.refusal is Refusal.MISMATCH
    for _ in range(10):
        step = first_code.prove(session, step.handle, "000000", BROWSER, around)
    assert step.refusal is Refusal.THROTTLED
    assert chooses(session, around, step.handle) is False


def had_since(session: Session, person_id: UUID, days: int) -> None:
    """Say for how long the person's codes have gone to their address."""
    since = clock.now() - timedelta(days=days)
    row = SignInAddress(person_id=person_id, address="aino@kunta.example", since=since, usable_from=since)
    session.add(row)
    session.flush()


@pytest.mark.parametrize(("days", "opens"), [(4, True), (2, False)])
def test_a_code_mailed_to_an_address_that_the_person_has_had_for_days_opens_it_and_to_a_newer_one_not(
    session: Session, aino: UUID, around: Around, days: int, opens: bool
) -> None:
    had_since(session, aino, days)
    step = begin(session, around)
    assert step.known is not None
    mailed = first_code.issue_by_mail(session, around.vault, around.settings, step.known)
    proved = first_code.prove(session, step.handle, mailed.code, BROWSER, around)
    assert chooses(session, around, proved.handle) is opens


def signed_in(session: Session, person_id: UUID, acr: str) -> LoginSession:
    return login_sessions.start(session, person_id, WORKING_DAY, acr=acr, amr=["hwk", "user"], agent="test")[0]


def test_who_has_just_signed_in_with_a_passkey_of_their_own_is_asked_nothing_more(
    session: Session, vault: Vault, aino: UUID, around: Around
) -> None:
    login = signed_in(session, aino, levels.PASSKEY)
    assert begin(session, replace(around, previous=login)).together is False
    stranger = signed_in(session, add_person(session, vault, "eino"), levels.PASSKEY)
    late = replace(login, auth_time=login.auth_time - timedelta(minutes=6))
    for other in (
        stranger,
        late,
        signed_in(session, aino, levels.TWO_FACTOR),
        replace(login, proofs=["connection:1"]),
        None,
    ):
        assert begin(session, replace(around, previous=other)).together is True


def test_a_code_of_who_stands_over_all_asks_for_nothing_more(session: Session, aino: UUID, around: Around) -> None:
    code = handed(session, around, together=False)
    step = first_code.redeem(session, "aino", code, BROWSER, around)
    assert step.together is False
    assert chooses(session, around, step.handle)
