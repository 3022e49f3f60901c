"""Prepared statements mean what the same statement means through the session, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, Uuid, bindparam, event, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from iam.audit.log import AuditEvent
from iam.database.engine import make_engine
from iam.database.statement import Statement
from iam.database.types import uuid7
from iam.directory.person import Person
from iam.tokens.one_shot import OneShot
from tests.kit.servers.postgresql import PostgreSQL

MOMENT = datetime(2026, 9, 15, 9, 0, tzinfo=UTC)
ISSUE = Statement(lambda: insert(OneShot), tuple)
BY_KIND = Statement(
    lambda: (
        select(OneShot.hash, OneShot.person_id, OneShot.data, OneShot.expires_at)
        .where(OneShot.kind == bindparam("of_kind"), OneShot.used_at.is_(None))
        .order_by(OneShot.hash)
    ),
    lambda *values: values,
)
NAME = Statement(
    lambda: (
        update(Person)
        .where(Person.id == bindparam("of_person", type_=Uuid()))
        .values(sort_name=bindparam("name"))
        .returning(Person.id, Person.sort_name)
    ),
    lambda person_id, name: (person_id, name),
)


def issue(session: Session, hash_: bytes, person_id: UUID | None = None, data: dict[str, Any] | None = None) -> int:
    return ISSUE.run(
        session,
        hash=hash_,
        kind="code",
        client_id=None,
        person_id=person_id,
        grant_id=None,
        data=data or {},
        expires_at=MOMENT,
        used_at=None,
    )


def test_values_come_out_as_they_went_in(session: Session) -> None:
    person_id = uuid7()
    assert issue(session, b"\x00\xff", person_id, {"scope": "openid ä", "n": [1, None]}) == 1
    assert BY_KIND.all(session, of_kind="code") == [
        (b"\x00\xff", person_id, {"scope": "openid ä", "n": [1, None]}, MOMENT)
    ]


def test_all_gives_every_row_in_order_and_one_the_first_or_nothing(session: Session) -> None:
    for hash_ in (b"b", b"a"):
        issue(session, hash_)
    assert [row[0] for row in BY_KIND.all(session, of_kind="code")] == [b"a", b"b"]
    first = BY_KIND.one(session, of_kind="code")
    assert first is not None
    assert first[0] == b"a"
    assert BY_KIND.one(session, of_kind="refresh") is None


def test_what_the_session_has_not_written_yet_is_written_first(session: Session) -> None:
    person = Person(sort_name="before")
    session.add(person)
    session.flush()
    person.sort_name = "changed"
    assert NAME.one(session, of_person=person.id, name="after") == (person.id, "after")
    session.expire(person)
    assert person.sort_name == "after"


def test_it_belongs_to_the_sessions_transaction(session: Session) -> None:
    issue(session, b"a")
    session.rollback()
    assert BY_KIND.all(session, of_kind="code") == []


def test_an_error_of_the_driver_is_told_as_sqlalchemy_tells_it_and_without_the_values(session: Session) -> None:
    issue(session, b"a", data={"secret": "kissa"})
    with pytest.raises(IntegrityError) as caught:
        issue(session, b"a", data={"secret": "kissa"})
    assert "kissa" not in str(caught.value)


@pytest.mark.parametrize("values", [{}, {"kind": "code"}])
def test_a_value_left_out_is_an_error_not_a_null(session: Session, values: dict[str, str]) -> None:
    with pytest.raises(KeyError):
        BY_KIND.all(session, **values)


def test_who_listens_to_statements_hears_of_it(session: Session, engine: Engine) -> None:
    heard: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, text, *_rest: heard.append(text))
    Statement(lambda: select(AuditEvent.id), tuple).all(session)
    assert "audit_event" in heard[-1]


def test_a_connection_whose_server_was_restarted_is_replaced_once_it_has_rested(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iam.database.postgresql.RESTED", -1.0)
    engine = make_engine(postgresql.url())
    with Session(engine) as session:
        pid = Statement(lambda: select(bindparam("one", 1)), int).one(session)
        assert pid == 1
        backend = session.connection().connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
    other = make_engine(postgresql.url())
    with other.connect() as connection:
        connection.exec_driver_sql("SELECT pg_terminate_backend($1)", (backend,))
    with Session(engine) as session:
        assert Statement(lambda: select(bindparam("one", 2)), int).one(session) == 2
    engine.dispose()
    other.dispose()


def test_a_connection_that_was_just_used_and_is_gone_is_an_operational_error(postgresql: PostgreSQL) -> None:
    engine, other = make_engine(postgresql.url()), make_engine(postgresql.url())
    with Session(engine) as session:
        backend = session.connection().connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
        with other.connect() as connection:
            connection.exec_driver_sql("SELECT pg_terminate_backend($1)", (backend,))
        with pytest.raises(OperationalError):
            Statement(lambda: select(bindparam("one", 1)), int).one(session)
    with Session(engine) as session:
        assert Statement(lambda: select(bindparam("one", 2)), int).one(session) == 2
    engine.dispose()
    other.dispose()
