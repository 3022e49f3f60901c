"""Failures by network: who mistypes is not counted for long, and who tries everybody is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher, Type
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam.change import Actor
from iam.settings import Listen, Settings
from iam.signin.accounts.account import NetworkFailure
from iam.signin.flow import Around, Refusal, sign_in
from iam.signin.passwords import network, throttle
from iam.vault import Vault
from tests.kit.people import PASSWORD, add_person

VAULT = Vault(b"k" * 32)
SETTINGS = Settings(listen=Listen(proxies=["10.0.0.5"]))
HERE, THERE = (network.key(SETTINGS, VAULT, address) for address in ("203.0.113.7", "198.51.100.9"))


def account(n: int) -> bytes:
    return throttle.account_key(VAULT, f"person-{n}")


def fail(session: Session, accounts: range, where: bytes = HERE) -> None:
    for n in accounts:
        network.failed(session, where, account(n))


def spent_until(session: Session, where: bytes) -> datetime | None:
    return network.look(session, where, account(0)).spent_until


def test_of_a_thousand_people_at_one_address_of_whom_one_in_twenty_mistypes_at_eight_nobody_is_hindered(
    session: Session, frozen: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The cost of a guess is measured elsewhere; here a thousand are signed in for real, each from a browser that is
    # new.
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
    monkeypatch.setattr("iam.signin.passwords.password._HASHER", quick)
    around = Around(SETTINGS, VAULT, Actor(None, "", "203.0.113.7"))
    logins = [f"pupil-{n}" for n in range(1_000)]
    for login in logins:
        add_person(session, VAULT, login)
    mistyped = [sign_in(session, login, "sininen hauki", around).refusal for login in logins[::20]]
    assert mistyped == [Refusal.MISMATCH] * 50
    assert {sign_in(session, login, PASSWORD, around).refusal for login in logins} == {None}
    assert session.scalar(select(func.count()).select_from(NetworkFailure)) == 0


def test_one_account_that_fails_many_times_is_one_account(session: Session, frozen: datetime) -> None:
    for _ in range(3):
        fail(session, range(network.NETWORK - 1))
    assert spent_until(session, HERE) is None
    fail(session, range(network.NETWORK))
    assert spent_until(session, HERE) is not None


def test_a_success_elsewhere_forgives_nothing_here(session: Session, frozen: datetime) -> None:
    fail(session, range(network.NETWORK))
    for n in range(network.NETWORK):
        network.got_in(session, THERE, account(n))
    assert spent_until(session, HERE) is not None
    network.got_in(session, HERE, account(0))
    assert spent_until(session, HERE) is None


def test_many_networks_together_spend_the_budget_of_the_installation(
    session: Session, monkeypatch: pytest.MonkeyPatch, frozen: datetime
) -> None:
    monkeypatch.setattr("iam.signin.passwords.network.INSTALLATION", 30)
    for n in range(30):
        assert spent_until(session, THERE) is None
        network.failed(session, network.key(SETTINGS, VAULT, f"192.0.2.{n}"), account(n))
    assert spent_until(session, THERE) == frozen + network.SPAN


def test_a_large_installation_bears_as_many_as_its_share(
    session: Session, monkeypatch: pytest.MonkeyPatch, frozen: datetime
) -> None:
    monkeypatch.setattr("iam.signin.passwords.network.INSTALLATION", 3)
    monkeypatch.setattr("iam.signin.passwords.network.SHARE", 1)
    for n in range(5):
        add_person(session, VAULT, f"person-{n}", None)
    session.flush()
    fail(session, range(4), network.EVERYWHERE)
    assert spent_until(session, THERE) is None
    fail(session, range(5), network.EVERYWHERE)
    assert spent_until(session, THERE) is not None


def test_neither_addresses_nor_logins_are_stored_and_old_failures_are_tidied_away(
    session: Session, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    fail(session, range(2))
    row = session.scalars(select(NetworkFailure).where(NetworkFailure.network == HERE)).first()
    assert row is not None
    assert (len(row.network), len(row.account)) == (32, 32)
    at(frozen + timedelta(minutes=30))
    fail(session, range(1))
    at(frozen + network.SPAN)
    assert network.tidy(session) == 2
