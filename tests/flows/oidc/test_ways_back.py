"""What the back button, a bookmark, a second sign-in and a sign-out that was asked wrongly lead to: on, and never
astray."""

from __future__ import annotations

import time
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from werkzeug.test import TestResponse

from iam.oidc.model import Client
from tests.flows.oidc.test_pushed import bring, finish, pushed
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, Application, Browser, World, answer

HOME = "https://wilma.example/"


def main(page: TestResponse) -> str:
    return unescape(page.text.partition("<main")[2].partition("</main>")[0])


@pytest.fixture
def at_home(world: World) -> None:
    world.change(Client, Client.client_id == "wilma", metadata_={"client_uri": HOME})


def test_an_address_that_is_not_registered_for_signing_out_is_not_gone_to_and_signing_out_is_offered(
    world: World, anna: Browser
) -> None:
    tokens: dict[str, Any] = Application(world).redeem(anna.code()).get_json()
    asked = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "https://evil.example/", "lang": "en"}
    page = anna.get("/oauth2/logout?" + urlencode(asked))
    assert page.status_code == 400
    assert "asked for signing out wrongly" in main(page)
    assert "sign-in" not in main(page)
    leads = oidc_world.re.findall(r'(?:href|action|content)="([^"]+)"', page.text)
    assert not [address for address in leads if address.startswith("http") or "url=" in address]
    assert "Location" not in page.headers
    assert anna.get("/account").status_code == 200, "nothing is done before it is pressed"
    fields = dict(oidc_world.re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', main(page)))
    done = anna.http.post(
        "/logout", base_url=ISSUER, data=fields | {"decision": "sign-out"}, headers={"Accept": "text/html"}
    )
    assert done.location == "/logged-out"
    assert anna.get("/account").status_code == 303


def test_who_is_not_signed_in_is_told_that_when_a_service_asks_wrongly_for_signing_out(world: World) -> None:
    page = Browser(world).get("/oauth2/logout?" + urlencode({"state": "a\nb", "lang": "en"}))
    assert page.status_code == 400
    assert "You are not signed in here." in main(page)
    assert 'href="/login"' in main(page)


@pytest.mark.usefixtures("at_home")
def test_the_back_button_to_a_pushed_request_that_was_finished_blames_nobody_and_leads_to_the_service(
    world: World, anna: Browser
) -> None:
    uri = pushed(world)
    asked = bring(anna, uri)
    assert "code" in answer(finish(anna, asked))
    page = bring(anna, uri, lang="en")
    assert page.status_code == 400
    assert "This sign-in is over" in main(page)
    assert "wrongly" not in main(page)
    assert f'href="{HOME}"' in main(page)


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize("how", ["bookmarked in another browser", "grown old"])
def test_a_sign_in_page_that_cannot_be_finished_leads_to_where_the_service_begins(world: World, how: str) -> None:
    first = Browser(world)
    address = first.authorize().location
    later = time.time() + (13 * 3600 if how == "grown old" else 0)
    with time_machine.travel(later):
        page = (first if how == "grown old" else Browser(world)).get(f"{address}&lang=en")
    assert page.status_code == 400
    assert f'href="{HOME}"' in main(page)
    assert "To the service" in main(page)


def test_a_bookmark_of_the_sign_in_to_the_administration_leads_to_it(world: World) -> None:
    asked = Browser(world).get("/admin/login").location
    page = Browser(world).get(Browser(world).get(asked.removeprefix(ISSUER)).location)
    assert 'href="/admin/"' in main(page)


def test_a_service_that_begins_sign_ins_itself_is_told_for_which_provider(world: World) -> None:
    world.change(Client, Client.client_id == "wilma", metadata_={"initiate_login_uri": f"{HOME}begin?a=1"})
    page = Browser(world).get(Browser(world).authorize().location)
    assert f"{HOME}begin?a=1&iss={ISSUER.replace(':', '%3A').replace('/', '%2F')}" in main(page)


def test_a_service_that_asks_to_sign_in_again_is_named_as_the_reason(anna: Browser) -> None:
    page = anna.get(anna.authorize(prompt="login", ui_locales="en").location)
    assert "asks that you sign in again, although you are signed in already." in main(page)
