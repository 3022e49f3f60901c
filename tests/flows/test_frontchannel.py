"""OpenID Connect Front-Channel Logout 1.0: the page that says it is done tells the session's applications by hidden
frames."""

from __future__ import annotations

import html
import re
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from werkzeug.test import TestResponse

from iam.oidc.model import Client
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, Application, Browser, World, form

BYE = "https://wilma.example/bye?x=1"
URIS = {"wilma": "https://wilma.example:8443/out?a=1", "verso": "https://verso.example/out"}


@pytest.fixture
def world(database_url: str, tmp_path: Path, frozen: datetime) -> World:
    made = oidc_world.build(database_url, tmp_path)
    for client_id, uri in URIS.items():
        made.change(Client, Client.client_id == client_id, frontchannel_logout_uri=uri)
    return made


def signed_in(world: World, *client_ids: str) -> tuple[Browser, list[str]]:
    """Sign Anna in to applications; return her browser and the ID tokens."""
    browser = Browser(world)
    browser.sign_in()
    answers = [Application(world, one).redeem(browser.code(one)).get_json() for one in client_ids]
    return browser, [str(one["id_token"]) for one in answers]


def frames(page: TestResponse) -> list[str]:
    """The addresses of the page's frames."""
    return [html.unescape(found) for found in re.findall(r'<iframe src="([^"]+)" hidden></iframe>', page.text)]


def policy(page: TestResponse) -> dict[str, list[str]]:
    """The content security policy, by directive."""
    parts = [one.split() for one in page.headers["Content-Security-Policy"].split(";")]
    return {name: words for name, *words in parts}


def sign_off(browser: Browser) -> TestResponse:
    """Sign out at /logout; return the page that follows."""
    fields = form(browser.get("/logout"))
    done = browser.http.post("/logout", base_url=ISSUER, data=fields | {"decision": "sign-out"})
    return browser.get(done.location)


def test_each_application_of_the_session_has_a_frame_with_the_issuer_and_its_own_name_of_the_session(
    world: World,
) -> None:
    browser, id_tokens = signed_in(world, "wilma", "verso", "wilma-app")
    page = sign_off(browser)
    sids = [oidc_world.verified(world, one, "JWT")["sid"] for one in id_tokens]
    assert [parse_qs(urlsplit(one).query) for one in frames(page)] == [
        {"iss": [ISSUER], "sid": [sids[1]]},
        {"a": ["1"], "iss": [ISSUER], "sid": [sids[0]]},
    ]
    assert [one.split("?")[0] for one in frames(page)] == [
        "https://verso.example/out",
        "https://wilma.example:8443/out",
    ]


def test_the_page_may_load_frames_of_exactly_these_origins_and_nobody_elses(world: World) -> None:
    browser, _ = signed_in(world, "wilma", "verso")
    found = policy(sign_off(browser))
    assert found["frame-src"] == ["https://verso.example", "https://wilma.example:8443"]
    assert found["default-src"] == ["'none'"]
    assert found["script-src"] == ["'self'"]


def test_the_frames_come_once_and_only_in_the_browser_that_signed_out(world: World) -> None:
    browser, _ = signed_in(world, "wilma")
    assert frames(Browser(world).get("/logged-out")) == []
    assert len(frames(sign_off(browser))) == 1
    page = browser.get("/logged-out")
    assert frames(page) == []
    assert "frame-src" not in policy(page)


def test_applications_of_another_session_have_no_frame(world: World) -> None:
    signed_in(world, "wilma")
    browser, _ = signed_in(world, "verso")
    assert [urlsplit(one).netloc for one in frames(sign_off(browser))] == ["verso.example"]


def test_an_application_that_asks_for_the_logout_is_gone_back_to_by_a_link_after_the_frames(world: World) -> None:
    browser, (id_token,) = signed_in(world, "wilma")
    query = urlencode({"id_token_hint": id_token, "post_logout_redirect_uri": BYE, "state": "st"})
    page = browser.get(f"/oauth2/logout?{query}")
    assert page.status_code == 200
    assert len(frames(page)) == 1
    link = re.search(r'<a [^>]*href="([^"]+)"[^>]* id="continue"', page.text)
    assert link is not None
    assert html.unescape(link[1]) == f"{BYE}&state=st"
    assert 'signing_out.js" defer' in page.text
    assert browser.get("/account").status_code == 303


def test_without_such_an_application_the_way_back_is_direct(world: World) -> None:
    world.change(Client, Client.client_id == "wilma", frontchannel_logout_uri=None)
    browser, (id_token,) = signed_in(world, "wilma")
    query = urlencode({"id_token_hint": id_token, "post_logout_redirect_uri": BYE})
    assert browser.get(f"/oauth2/logout?{query}").location == BYE


@pytest.mark.parametrize(
    "uri",
    ["https://wilma.example;script-src/out", "javascript:alert(1)", "https://a b/", "https://x'y/", "data:text/html,x"],
)
def test_no_address_can_put_a_word_of_its_own_into_the_policy(world: World, uri: str) -> None:
    world.change(Client, Client.client_id == "wilma", frontchannel_logout_uri=uri)
    browser, _ = signed_in(world, "wilma")
    page = sign_off(browser)
    assert frames(page) == []
    assert "frame-src" not in policy(page)


def test_a_retired_application_has_no_frame(world: World) -> None:
    browser, _ = signed_in(world, "wilma")
    world.change(Client, Client.client_id == "wilma", retired=True)
    assert frames(sign_off(browser)) == []
