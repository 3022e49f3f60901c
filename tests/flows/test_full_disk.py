"""A full disk: nothing is half done, people are told to come again, and the log names the cause."""

from __future__ import annotations

import errno
import json
import logging as standard
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from iam.web import extension, guard
from iam.web.edge import logging
from tests.kit.browser import Browser, application
from tests.kit.people import PASSWORD, add_person


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application in which Aino can sign in."""
    root = standard.getLogger()
    before = root.handlers[:], root.level, standard.raiseExceptions
    with application(database_url, tmp_path) as made:
        with Session(extension.engine_of(made)) as session, session.begin():
            add_person(session, extension.parts_of(made).vault, "aino")
        yield made
    root.handlers[:], root.level, standard.raiseExceptions = before
    structlog.reset_defaults()


@guard.public
def writing() -> str:
    """A page that writes a file."""
    raise OSError(errno.ENOSPC, "No space left on device")


def told(captured: pytest.CaptureFixture[str]) -> str:
    return json.dumps([json.loads(line) for line in captured.readouterr().out.splitlines()])


def test_where_the_database_has_no_room_people_are_told_503_and_the_log_says_that_the_disk_is_full(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.configure("info")
    engine = extension.engine_of(app)
    if engine.dialect.name != "sqlite":
        return  # PostgreSQL tells the same by an error of the same kind, which no test can bring about without a disk of its own.
    with engine.connect() as connection:
        connection.execute(text("COMMIT"))
        connection.exec_driver_sql("VACUUM")
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    @event.listens_for(engine, "checkout")
    def _full(connection: object, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]

    statuses = [Browser(app).sign_in("aino", PASSWORD).status_code for _ in range(40)]
    assert set(statuses) == {303, 503}
    assert "database or disk is full" in told(capsys)


def test_where_a_file_has_no_room_people_are_told_503_and_the_log_says_so(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.configure("info")
    app.add_url_rule("/test/writing", "writing", writing)
    assert Browser(app).get("/test/writing").status_code == 503
    assert "No space left on device" in told(capsys)
