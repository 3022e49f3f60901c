"""No page forgets the way on: whoever meets one that says no finds there where to go."""

from __future__ import annotations

import re
import time
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import Flask, session as form_session
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam.change import SYSTEM
from iam.signin.accounts import ending
from iam.tokens.session import LoginSessionRow
from iam.web import flow, guard
from tests.kit.browser import Browser, hidden
from tests.kit.people import PASSWORD
from tests.unit.web.test_guard import signed_in

LOGIN = "aino.admin"


def ways(page: TestResponse) -> list[str]:
    """Where the main part of a page leads: its links and its forms."""
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return [
        unescape(found)
        for found in re.findall(r'<a [^>]*href="([^"]+)"|<form[^>]* action="([^"]+)"', main)
        for found in found
        if found
    ]


@guard.public
def broken() -> str:
    raise RuntimeError


@pytest.fixture
def faulty(app: Flask) -> Flask:
    app.add_url_rule("/test/broken", "broken", broken)
    return app


def test_a_page_that_is_not_there_leads_to_signing_in_or_to_my_account(app: Flask, engine: Engine) -> None:
    missing = Browser(app).get("/nothing-here")
    assert (missing.status_code, ways(missing)) == (404, ["/login"])
    mine = signed_in(app, engine).get("/nothing-here")
    assert (mine.status_code, ways(mine)) == (404, ["/account", "/logout"])


def test_a_fault_of_ours_offers_to_try_again_without_asking_who_is_there(faulty: Flask) -> None:
    page = Browser(faulty).get("/test/broken?a=1")
    assert (page.status_code, ways(page)) == (500, ["/test/broken?a=1", "/"])


def test_the_address_of_a_form_opened_from_a_bookmark_leads_to_its_page_in_the_chosen_language(
    app: Flask, engine: Engine
) -> None:
    browser = signed_in(app, engine)
    for form in ("/account/password", "/account/sessions/end", "/account/applications/take-back"):
        assert browser.get(form).location == "/account"
    assert browser.get("/account/password?lang=sv").location == "/account?lang=sv"
    assert browser.client.get("/account/password").status_code == 405, "a program is told"


def test_in_a_second_tab_the_form_of_a_sign_in_that_has_been_finished_leads_to_where_the_tab_was_going(
    app: Flask, engine: Engine
) -> None:
    signed_in(app, engine)
    browser = Browser(app)
    one, two = browser.get("/account?a=1").location, browser.get("/account?b=2").location
    first, second = browser.get(one), browser.get(two)
    assert browser.fill(first, "/login", login=LOGIN, password=PASSWORD).location == "/account?a=1"
    refused = browser.fill(second, "/login", login=LOGIN, password=PASSWORD)
    assert refused.status_code == 400
    back = ways(refused)[0]
    assert browser.get(back).location == "/account?b=2"


def test_a_language_chosen_after_a_refusal_keeps_where_the_person_was_going(app: Flask) -> None:
    browser = Browser(app)
    refused = browser.sign_in("nobody", "nothing", browser.get("/account?a=1").location)
    assert refused.status_code == 422
    swedish = re.search(r'href="([^"]+)" lang="sv"', refused.text)
    assert swedish is not None
    page = browser.get(unescape(swedish[1]))
    assert 'lang="sv"' in page.text[:60]
    handle = parse_qs(urlsplit(unescape(swedish[1])).query)["flow"][0]
    assert hidden(page, "/login")["flow"] == handle


def test_a_sign_in_page_that_was_bookmarked_or_has_grown_old_leads_to_the_page_it_was_for(app: Flask) -> None:
    browser = Browser(app)
    address = browser.get("/account?a=1").location
    other = Browser(app).get(address)
    assert (other.status_code, ways(other)) == (400, ["/account?a=1", "/login"])
    with time_machine.travel(time.time() + flow.HOURS * 3600 + 60):
        old = browser.get(address)
    assert (old.status_code, ways(old)) == (400, ["/account?a=1", "/login"])


@pytest.mark.parametrize("handle", ["x", "x.y.z", ".e30.a.b", "a" * 5000])
def test_an_address_of_a_sign_in_that_nobody_made_leads_to_signing_in(app: Flask, handle: str) -> None:
    page = Browser(app).get(f"/login?flow={handle}")
    assert (page.status_code, ways(page)) == (400, ["/login"])


def test_a_made_up_address_of_a_sign_in_never_leads_out_of_the_house(app: Flask) -> None:
    for path in ("https://evil.example/", "//evil.example", "/oauth2/authorize?client_id=x", "/login?flow=x"):
        with app.test_request_context("/"):
            form_session["browser"] = "of somebody"
            handle = flow.start(flow.Flow("/account"))
            forged = flow._serializer().dumps({"p": path, "a": "nothing"})
        for made_up in (handle, forged):
            assert not [
                way for way in ways(Browser(app).get(f"/login?flow={made_up}")) if "evil" in way or "oauth2" in way
            ]


def test_a_form_sent_after_its_sign_in_ended_leads_to_signing_in_and_says_why(app: Flask, engine: Engine) -> None:
    browser = signed_in(app, engine)
    page = browser.get("/account")
    with Session(engine) as session, session.begin():
        for login in session.scalars(select(LoginSessionRow)).all():
            ending.end(session, SYSTEM, "test", login.person_id)
    asked = browser.fill(page, "/account/language", language="sv")
    assert asked.location.startswith("/login?flow=")
    told = browser.get(asked.location)
    assert "Your sign-in here has ended." in told.text
    done = browser.fill(told, "/login", login=LOGIN, password=PASSWORD)
    again = browser.get(done.location)
    assert "It has not been sent yet." in again.text
    assert re.search(r'<option selected="" value="sv">|<option value="sv" selected="">', again.text)


def test_a_browser_that_keeps_no_cookies_is_told_that_it_must(app: Flask) -> None:
    page = Browser(app).post("/login", {})
    assert page.status_code == 400
    assert "cookies" in page.text
