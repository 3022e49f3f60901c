"""Passwords kept by a directory: the record must be the person's own, and a directory that is down says nothing of
anybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from connectors.contract import TimedOut, Unreachable
from connectors.memory import MemoryConnector
from connectors.problem import Problem
from iam.directory.source import Source
from iam.signin.passwords import directory_bind
from tests.kit.factories import facts

DATA = {"source": "ad", "record_key": "guid-1"}
LOGINS = {"aino": {"key": "guid-1", "password": "oikea"}, "eino": {"key": "guid-2", "password": "oikea"}}


@pytest.fixture(autouse=True)
def _forget_failures() -> Iterator[None]:
    yield
    directory_bind._breakers.clear()


@pytest.fixture
def directory(session: Session) -> Session:
    return add_source(session, "memory", {"logins": LOGINS})


def add_source(session: Session, connector: str, settings: dict[str, Any]) -> Session:
    town = facts.organisation(session, "KUNTA", "municipality")
    session.add(
        Source(
            key="ad",
            connector=connector,
            owner_id=town,
            settings=settings,
            correlate=["upn"],
            zone="Europe/Helsinki",
            priority=1,
            purpose="sign-in",
        )
    )
    session.flush()
    return session


def test_the_right_password_of_the_persons_own_record_is_accepted(directory: Session) -> None:
    assert directory_bind.accepts(directory, DATA, "aino", "oikea")


@pytest.mark.parametrize(
    ("login", "password"), [("aino", "väärä"), ("aino", ""), ("eino", "oikea"), ("*", "oikea"), ("nobody", "x")]
)
def test_anything_else_is_refused_and_so_is_the_record_of_another(
    directory: Session, login: str, password: str
) -> None:
    assert not directory_bind.accepts(directory, DATA, login, password)


def test_a_directory_that_is_disabled_lets_nobody_in(directory: Session) -> None:
    directory.execute(update(Source).values(disabled=True))
    assert directory_bind.accepts(directory, DATA, "aino", "oikea") is None


@pytest.mark.parametrize("error", [Unreachable, TimedOut])
def test_a_directory_that_does_not_answer_is_down_and_after_three_failures_is_left_alone(
    directory: Session, monkeypatch: pytest.MonkeyPatch, error: type[Unreachable]
) -> None:
    asked = []

    def silent(_self: object, login: str, _password: str) -> str | None:
        asked.append(login)
        raise error(Problem("It does not answer."))

    monkeypatch.setattr(MemoryConnector, "authenticate", silent)
    for _ in range(5):
        with pytest.raises(directory_bind.DirectoryDown):
            directory_bind.accepts(directory, DATA, "aino", "oikea")
    assert len(asked) == 3


@pytest.mark.parametrize(("connector", "settings"), [("nothing", {}), ("memory", {"wrong": 1})])
def test_a_source_that_cannot_be_used_is_down(session: Session, connector: str, settings: dict[str, Any]) -> None:
    with pytest.raises(directory_bind.DirectoryDown):
        directory_bind.accepts(add_source(session, connector, settings), DATA, "aino", "oikea")


def test_a_source_that_does_not_exist_is_down(engine: Engine) -> None:
    with Session(engine) as session, pytest.raises(directory_bind.DirectoryDown):
        directory_bind.accepts(session, DATA, "aino", "oikea")
