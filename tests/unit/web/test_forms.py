"""HT-04, SE-02: forged posts are refused, and a sign-in is finished only in the browser that began it."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import Flask, session as form_session

from iam.web import flow, guard
from iam.web.forms import csrf
from tests.kit.browser import Browser, hidden


@guard.public
def posted() -> str:
    return "posted"


@csrf.csrf_exempt
@guard.public
def protocol() -> str:
    return "protocol"


@pytest.fixture
def formed(app: Flask) -> Flask:
    app.add_url_rule("/test/posted", "posted", posted, methods=["GET", "POST"])
    app.add_url_rule("/test/protocol", "protocol", protocol, methods=["POST"])
    return app


def token(browser: Browser) -> str:
    return hidden(browser.get("/login"), "/login")["csrf_token"]


def test_a_post_without_a_token_is_refused(formed: Flask) -> None:
    answer = Browser(formed).post("/test/posted", {})
    assert answer.status_code == 400
    assert "expired" in answer.text


def test_a_post_with_the_token_of_another_browser_is_refused(formed: Flask) -> None:
    mine, theirs = Browser(formed), Browser(formed)
    token(mine)
    assert mine.post("/test/posted", {"csrf_token": token(theirs)}).status_code == 400


def test_a_post_with_its_own_token_is_taken(formed: Flask) -> None:
    browser = Browser(formed)
    assert browser.post("/test/posted", {"csrf_token": token(browser)}).text == "posted"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_post_that_the_browser_says_came_from_elsewhere_is_refused_even_with_a_token(
    formed: Flask, site: str
) -> None:
    browser = Browser(formed)
    given = {"csrf_token": token(browser)}
    assert browser.post("/test/posted", given, **{"Sec-Fetch-Site": site}).status_code == 400
    assert browser.post("/test/posted", given, **{"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_a_protocol_endpoint_needs_no_form_token(formed: Flask) -> None:
    assert Browser(formed).post("/test/protocol", {}).text == "protocol"


def test_every_route_that_takes_a_post_from_a_person_refuses_one_without_a_token(app: Flask) -> None:
    browser = Browser(app)
    for rule in app.url_map.iter_rules("signin.login"):
        assert "POST" not in (rule.methods or ())
    for path in ("/login", "/first-code", "/logout"):
        assert browser.post(path, {}).status_code == 400, path


def handle_of(browser: Browser, path: str) -> str:
    location = browser.get(path).location
    return parse_qs(urlsplit(location).query)["flow"][0]


def test_a_handle_made_in_another_browser_does_not_open_the_sign_in_page(app: Flask) -> None:
    attacker, victim = Browser(app), Browser(app)
    handle = handle_of(attacker, "/account")
    assert attacker.get(f"/login?flow={handle}").status_code == 200
    victim.get("/login")
    assert victim.get(f"/login?flow={handle}").status_code == 400
    assert victim.fill(victim.get("/login"), "/login", flow=handle, login="a", password="b").status_code == 400


def test_a_handle_that_was_altered_or_has_grown_old_is_refused(app: Flask) -> None:
    browser = Browser(app)
    handle = handle_of(browser, "/account")
    assert browser.get(f"/login?flow={handle[:-2]}").status_code == 400
    with time_machine.travel(time.time() + flow.HOURS * 3600 + 60):
        assert browser.get(f"/login?flow={handle}").status_code == 400


def test_the_form_of_the_sign_in_page_may_lead_on_to_the_service_it_is_for(app: Flask) -> None:
    browser = Browser(app)
    browser.get("/account")
    with browser.client.session_transaction(base_url=browser.base) as stored:
        kept = dict(stored)
    with app.test_request_context("/"):
        form_session.update(kept)
        service = {"fi": "Wilma", "en": "Wilma"}
        handle = flow.start(flow.Flow("/oauth2/authorize?x=1", service, origin="https://wilma.example"))
    page = browser.get(f"/login?flow={handle}")
    assert "form-action 'self' https://wilma.example;" in page.headers["Content-Security-Policy"]
    assert "Wilma" in page.text
