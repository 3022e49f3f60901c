"""Nobody waits for PostgreSQL for ever: not to connect, not for a statement, and it does not wait for us."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from iam.database.engine import make_engine
from iam.database.postgresql import PAGES, Patience
from iam.database.pulse import Pulse
from tests.kit.servers.ports import HOST
from tests.kit.servers.postgresql import PostgreSQL

pytestmark = pytest.mark.services


@pytest.fixture
def brief(postgresql: PostgreSQL) -> Iterator[Engine]:
    """An engine whose statements and idle transactions end after a second."""
    engine = make_engine(postgresql.url(), patience=Patience(1, 1))
    yield engine
    engine.dispose()


def test_a_statement_that_takes_too_long_is_ended_and_the_next_one_is_answered(brief: Engine) -> None:
    with brief.connect() as connection, pytest.raises(OperationalError):
        connection.execute(text("SELECT pg_sleep(20)"))
    with brief.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def test_a_transaction_in_which_nothing_happens_ends_and_frees_what_it_holds(brief: Engine) -> None:
    with brief.connect() as idle, brief.connect() as other:
        idle.execute(text("SELECT pg_advisory_xact_lock(77)"))
        other.execute(text("SET statement_timeout = '20s'; SET lock_timeout = '20s'"))
        other.execute(text("SELECT pg_advisory_xact_lock(77)"))
        with pytest.raises(DBAPIError):
            idle.execute(text("SELECT 1"))


def test_a_busy_server_is_waited_for_although_it_is_silent(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iam.database.pulse.SILENT", 0.1)
    engine = make_engine(postgresql.url(), patience=PAGES)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1 FROM pg_sleep(0.6)")) == 1
    engine.dispose()


def test_a_server_that_takes_connections_and_says_nothing_is_given_up() -> None:
    with socket.create_server((HOST, 0)) as silent:
        engine = make_engine(f"postgresql+psycopg://avain@{HOST}:{silent.getsockname()[1]}/avain")
        with pytest.raises(OperationalError):
            engine.connect()


def test_a_server_that_was_just_seen_to_be_gone_is_not_asked_again_by_everybody() -> None:
    looked = []

    def look() -> None:
        looked.append(True)
        raise psycopg.OperationalError

    pulse = Pulse(look)
    assert not pulse.is_gone()
    assert [pulse.beats() for _ in range(5)] == [False] * 5
    assert pulse.is_gone()
    assert len(looked) == 1
