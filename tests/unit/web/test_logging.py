"""LG-03, LG-04: a log line holds no secret, no identity code and no forged line."""

from __future__ import annotations

import json
import logging as standard
import sqlite3
from collections.abc import Iterator

import pytest
import structlog
from flask import Flask
from sqlalchemy.exc import IntegrityError

from iam.tokens import secret
from iam.web import guard
from iam.web.edge import logging
from tests.kit.browser import Browser


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = standard.getLogger()
    handlers, level, raising = root.handlers[:], root.level, standard.raiseExceptions
    yield
    root.handlers[:], root.level, standard.raiseExceptions = handlers, level, raising
    structlog.reset_defaults()


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in captured.readouterr().out.splitlines()]


def test_no_canary_reaches_the_log_by_any_way(capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure("debug")
    canaries = [secret.new(kind) for kind in secret.PREFIXES]
    canaries += ["140381-902E", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln", "hunter2hunter2", "dXNlcjpwYXNz"]
    log = structlog.get_logger("test")
    for canary in canaries[:-2]:
        log.info(f"saw {canary} here", other=f"x={canary}", deep={"a": [canary, {"b": canary}]})
        standard.getLogger("library").warning("library saw %s", canary)
        try:
            raise ValueError(f"bad {canary}")
        except ValueError as error:
            log.error("failed", exc_info=error)
    log.info("x", password=canaries[-2], authorization=f"Basic {canaries[-1]}", header=f"Basic {canaries[-1]}")
    log.info(
        "x", url="postgresql://avain:hunter2hunter2@db/avain", client_secret=canaries[-2], cookies={"a": canaries[-2]}
    )
    written = capsys.readouterr().out
    assert [canary for canary in canaries if canary in written] == []
    assert "saw avc_\\u2026" in written


def test_a_database_error_is_told_by_its_kind_without_the_values_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure("debug")
    error = IntegrityError(
        "INSERT INTO account VALUES (?)", ("aino.virtanen",), Exception("Key (login)=(aino.virtanen) exists")
    )
    structlog.get_logger("test").error("failed", exc_info=error)
    (line,) = lines(capsys)
    assert "aino" not in json.dumps(line)
    assert "IntegrityError" in json.dumps(line["error"])


def test_text_that_tries_to_forge_a_line_stays_in_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure("debug")
    structlog.get_logger("test").info("login", name='x\r\n{"event": "forged"}\x1b[2J\u202e\u2028')
    (line,) = lines(capsys)
    assert line["event"] == "login"


def test_an_id_that_is_no_secret_is_left_alone() -> None:
    text = "01a20116-9027-73dc-8a0e-556bd19d3a15 changed 120 rows of avain_requests"
    assert logging.masked(text) == text


def test_a_line_says_when_how_grave_and_by_whom(capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure("debug")
    structlog.get_logger("avain.test").warning("something")
    (line,) = lines(capsys)
    assert {"event": "something", "level": "warning", "logger": "avain.test"}.items() <= line.items()
    assert str(line["timestamp"]).endswith("Z")


@guard.public
def failing() -> str:
    raise RuntimeError("inside")


def test_every_line_of_a_request_carries_the_id_that_its_answer_tells(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.configure("info")
    app.add_url_rule("/test/failing", "failing", failing)
    answers = [Browser(app).get("/test/failing") for _ in range(2)]
    assert [line["request_id"] for line in lines(capsys)] == [answer.headers["X-Request-Id"] for answer in answers]


class Untellable:
    """Something of which nothing can be told."""

    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


def test_whatever_is_logged_a_line_comes_and_nobody_is_stopped_by_it(capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure("debug")
    log, library = structlog.get_logger("test"), standard.getLogger("library")
    cycle: dict[str, object] = {}
    cycle["again"] = cycle
    log.error("saw", thing=Untellable())
    log.error("saw", deep=cycle)
    library.error("saw %s", Untellable())
    library.error("%d of %d", "one")
    for code in ("raise ValueError('no file')", "raise Unwritten"):
        try:
            exec(
                compile(code, "<nowhere>", "exec"),
                {"Unwritten": type("Unwritten", (Exception,), {"__str__": Untellable.__str__})},
            )
        except Exception as error:
            log.error("failed", exc_info=error)
    written = lines(capsys)
    assert len(written) == 6
    assert {line["level"] for line in written} == {"error"}
    assert "<nowhere>:1" in json.dumps(written[4])


def test_why_the_database_could_not_write_is_told_and_no_value_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure("debug")
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE account (login text UNIQUE)")
        connection.execute("PRAGMA max_page_count = 3")
        for text, values in (("x" * 100_000,), "full"), (("aino", "aino"), "twice"):
            try:
                connection.executemany("INSERT INTO account VALUES (?)", [(one,) for one in text])
            except sqlite3.Error as error:
                structlog.get_logger("test").error(values, exc_info=error)
    full, twice = (json.dumps(line) for line in lines(capsys))
    assert "database or disk is full" in full
    assert "SQLITE_FULL" in full
    assert "aino" not in twice
    assert "SQLITE_CONSTRAINT_UNIQUE" in twice
