"""HT-05, HT-06, LG-06: errors say what to do and tell nothing of what is inside; nothing half done stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask, request
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.change import SYSTEM, Change, begin
from iam.errors import Conflict, Held, Invalid, Unavailable
from iam.web import context, guard
from iam.web.forms import csrf
from tests.kit.browser import Browser, application
from tests.kit.servers.ports import HOST, free_port

CANARY = "canary-of-the-inside"


@csrf.csrf_exempt
@guard.public
def failing(kind: str) -> str:
    begin(context.db(), "command", SYSTEM)
    errors: dict[str, Exception] = {
        "invalid": Invalid(Problem("The date is wrong.", "Write it as 31.5.2027.", field="until", line=3)),
        "conflict": Conflict(),
        "held": Held(),
        "unavailable": Unavailable(),
        "bug": RuntimeError(CANARY),
    }
    if kind == "sql":
        context.db().execute(text(f"SELECT * FROM nothing_here WHERE a = '{CANARY}'"))
    raise errors[kind]


@csrf.csrf_exempt
@guard.public
def writing() -> str:
    begin(context.db(), "command", SYSTEM)
    return "written"


@csrf.csrf_exempt
@guard.public
def parsing() -> str:
    return str(len(request.get_json()))


@pytest.fixture
def faulty(app: Flask) -> Flask:
    app.add_url_rule("/test/failing/<kind>", "failing", failing)
    app.add_url_rule("/test/writing", "writing", writing, methods=["POST"])
    app.add_url_rule("/test/parsing", "parsing", parsing, methods=["POST"])
    return app


def changes(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(Change)) or 0


@pytest.mark.parametrize(
    ("kind", "status"),
    [("invalid", 422), ("conflict", 409), ("held", 409), ("unavailable", 503), ("bug", 500), ("sql", None)],
)
def test_an_error_is_a_page_for_people_and_a_problem_for_programs_and_leaves_nothing(
    faulty: Flask, engine: Engine, kind: str, status: int | None
) -> None:
    page = Browser(faulty).get(f"/test/failing/{kind}")
    problem = faulty.test_client().get(f"/test/failing/{kind}")
    assert page.status_code == problem.status_code
    assert status in (None, page.status_code)
    assert problem.content_type == "application/problem+json"
    assert problem.json is not None
    assert problem.json["status"] == problem.status_code
    assert problem.json["instance"] == f"urn:uuid:{problem.headers['X-Request-Id']}"
    assert page.headers["X-Request-Id"] in page.text
    assert not [
        part
        for part in (CANARY, "Traceback", "RuntimeError", "SELECT", "nothing_here")
        if part in page.text + problem.text
    ]
    assert changes(engine) == 0


def test_a_problem_names_the_field_the_line_and_the_remedy(faulty: Flask) -> None:
    body = faulty.test_client().get("/test/failing/invalid", headers={"Accept-Language": "en"}).json
    assert body is not None
    told = {"message": "The date is wrong.", "remedy": "Write it as 31.5.2027.", "field": "until", "line": 3}
    assert body["problems"] == [told]
    assert body["type"] == "urn:avain:problem:invalid"


def test_what_a_view_wrote_is_committed_before_the_answer(faulty: Flask, engine: Engine) -> None:
    assert faulty.test_client().post("/test/writing").text == "written"
    assert changes(engine) == 1


def test_a_commit_that_fails_is_told_and_never_silent(
    faulty: Flask, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Session) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Session, "commit", full)
    answer = faulty.test_client().post("/test/writing")
    assert answer.status_code == 500
    assert changes(engine) == 0


def test_a_database_that_does_not_answer_is_503_and_its_address_is_not_told(tmp_path: Path) -> None:
    port = free_port()
    with application(f"postgresql+psycopg://avain:hunter2@{HOST}:{port}/avain", tmp_path) as app:
        browser = Browser(app)
        browser.client.set_cookie("avain", "avs_" + "x" * 43)
        answer = browser.get("/account")
    assert answer.status_code == 503
    assert not [part for part in ("hunter2", str(port), "psycopg") if part in answer.text]


@pytest.mark.parametrize(
    "path", ["/nothing", "/login/x", "/account/../../etc", "/static/../app.py", "/%00", "/login?flow=%ff"]
)
def test_a_hostile_address_is_never_a_server_error(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code < 500


@pytest.mark.parametrize(
    "login", ["\x00", "a\x00b", "'; DROP TABLE account;--", "*)(uid=*", "a" * 10_000, "\u202eevil", "\ud7ff", "%"]
)
def test_a_hostile_login_is_refused_like_any_other(browser: Browser, login: str) -> None:
    answer = browser.sign_in(login, "x")
    assert answer.status_code == 422
    assert "does not match" in answer.text


def test_json_nested_without_end_is_malformed_and_not_a_fault(faulty: Flask) -> None:
    bomb = "[" * 120_000
    answer = faulty.test_client().post("/test/parsing", data=bomb, content_type="application/json")
    assert answer.status_code == 400


def test_a_body_over_a_mebibyte_is_refused(faulty: Flask) -> None:
    body = json.dumps("x" * (1024 * 1024))
    assert faulty.test_client().post("/test/parsing", data=body, content_type="application/json").status_code == 413


def test_a_form_of_parts_with_too_many_or_too_long_ones_is_refused(browser: Browser) -> None:
    for values in (["1"] * 600, ["x" * (512 * 1024)]):
        parts = "".join(
            f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in enumerate(values)
        )
        kind = "multipart/form-data; boundary=b"
        assert browser.client.post("/login", data=f"{parts}--b--\r\n", content_type=kind).status_code == 413
