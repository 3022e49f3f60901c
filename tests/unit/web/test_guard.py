"""AC-01, AC-02: every route says who may use it, and to everybody else it does not exist."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam.access.model.assignment import AdminGrant
from iam.audit.log import AuditEvent
from iam.errors import NotFound
from iam.web import extension, guard
from tests.kit.browser import Browser, application
from tests.kit.factories import facts
from tests.kit.factories.access import admin_grant
from tests.kit.people import PASSWORD, add_person


@guard.requires("persons.read")
def administration() -> str:
    return f"everything={guard.part().everything}"


@guard.requires("persons.read")
def outside() -> str:
    raise NotFound


@guard.signed_in
def mine() -> str:
    return "mine"


@pytest.fixture
def guarded(app: Flask) -> Flask:
    app.add_url_rule("/test/administration", "administration", administration, methods=["GET", "POST"])
    app.add_url_rule("/test/outside", "outside", outside)
    app.add_url_rule("/test/mine", "mine", mine)
    guard.check(app)
    return app


def signed_in(app: Flask, engine: Engine, *, permission: str | None = None) -> Browser:
    vault = extension.parts_of(app).vault
    with Session(engine) as session, session.begin():
        person_id = add_person(session, vault, "aino.admin")
        if permission:
            grant_at_root(session, person_id, permission)
    browser = Browser(app)
    assert (r := browser.sign_in("aino.admin", PASSWORD)).status_code == 303, r.text
    return browser


def grant_at_root(session: Session, person_id: UUID, permission: str) -> None:
    admin_grant(session, person_id, permission, facts.organisation(session, "KOIVU", "consortium"))


def denials(engine: Engine) -> list[AuditEvent]:
    with Session(engine) as session:
        return list(session.scalars(select(AuditEvent).where(AuditEvent.type == "admin:request:denied")))


def test_an_application_with_a_route_that_says_nothing_does_not_start(app: Flask) -> None:
    app.add_url_rule("/test/bare", "bare", lambda: "bare")
    with pytest.raises(guard.UndeclaredRoute, match="bare"):
        guard.check(app)


def test_a_permission_that_does_not_exist_cannot_be_required() -> None:
    with pytest.raises(KeyError):
        guard.requires("persons.everything")


def test_only_the_published_list_of_routes_answers_nobody(app: Flask) -> None:
    paths = {
        str(rule)
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], "avain_access") == "public"  # noqa: B009
        and not str(rule).startswith(("/oauth2/", "/.well-known/", "/admin"))
    }
    assert paths == {
        "/",
        "/api/v1/openapi.json",
        "/healthz",
        "/login",
        "/login/passkey",
        "/login/passkey/options",
        "/first-code",
        "/forgotten",
        "/logout",
        "/logged-out",
        "/capacity",
        "/consent",
        "/upstream/<key>",
        "/upstream/<key>/callback",
        "/upstream/unknown",
        "/static/<path:filename>",
    }


def test_nobody_is_taken_to_the_sign_in_page_and_then_to_where_they_were_going(guarded: Flask, engine: Engine) -> None:
    browser = signed_in(guarded, engine)
    other = Browser(guarded)
    asked = other.get("/test/mine?a=1")
    assert asked.status_code == 303
    done = other.sign_in("aino.admin", PASSWORD, asked.location)
    assert (done.status_code, done.location) == (303, "/test/mine?a=1")
    assert browser.get("/test/mine").text == "mine"


def test_a_program_that_is_not_signed_in_is_told_so_and_not_redirected(guarded: Flask) -> None:
    answer = guarded.test_client().get("/test/mine", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"


def test_an_administrator_with_the_permission_sees_the_page_with_their_part(guarded: Flask, engine: Engine) -> None:
    assert signed_in(guarded, engine, permission="persons.read").get("/test/administration").text == "everything=True"
    assert denials(engine) == []


def test_without_the_permission_the_page_looks_as_if_it_did_not_exist_and_the_attempt_is_logged(
    guarded: Flask, engine: Engine
) -> None:
    browser = signed_in(guarded, engine, permission="sources.read")
    refused, missing = browser.get("/test/administration"), browser.get("/test/nothing-here")
    assert (refused.status_code, missing.status_code) == (404, 404)
    assert without_code(refused.text) == without_code(missing.text)
    (event,) = denials(engine)
    assert event.actor_id is not None
    assert event.envelope == {"permission": "persons.read", "endpoint": "administration", "result": "not-found"}
    assert event.request_id == refused.headers["X-Request-Id"]


def without_code(text: str) -> str:
    """The page without its correlation id and form tokens."""
    start = text.index("<main")
    return text[start : text.index("<code>")] + text[text.index("</code>") : text.index("</main>")]


def test_something_outside_the_part_is_not_found_and_logged(guarded: Flask, engine: Engine) -> None:
    assert signed_in(guarded, engine, permission="persons.read").get("/test/outside").status_code == 404
    assert [event.envelope["endpoint"] for event in denials(engine)] == ["outside"]


def test_a_grant_that_has_ended_gives_nothing(guarded: Flask, engine: Engine) -> None:
    browser = signed_in(guarded, engine, permission="persons.read")
    with Session(engine) as session, session.begin():
        session.scalars(select(AdminGrant)).one().closed_by = uuid4()
    assert browser.get("/test/administration").status_code == 404


def test_the_application_starts_over_another_folder(database_url: str, tmp_path: Path) -> None:
    with application(database_url, tmp_path / "other") as app:
        assert Browser(app).get("/healthz").status_code == 200
