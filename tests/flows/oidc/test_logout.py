"""OI-05: an application asks to sign a person out; a valid hint is believed, anybody else makes the person be asked."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, Application, Browser, World, form

BYE = "https://wilma.example/bye?x=1"


@pytest.fixture
def tokens(world: World, anna: Browser) -> dict[str, Any]:
    found: dict[str, Any] = Application(world).redeem(anna.code(scope="openid offline_access")).get_json()
    return found


def logout(browser: Browser, **parameters: str) -> TestResponse:
    return browser.get("/oauth2/logout?" + urlencode(parameters))


def signed_in(browser: Browser) -> bool:
    return browser.get("/account").status_code == 200


def test_a_valid_hint_ends_the_session_and_every_grant_in_it_and_goes_back(
    world: World, anna: Browser, tokens: dict[str, Any]
) -> None:
    response = logout(anna, id_token_hint=tokens["id_token"], post_logout_redirect_uri=BYE, state="s t")
    assert response.status_code == 303
    assert response.location == BYE + "&state=s+t"
    assert not signed_in(anna)
    assert Application(world).introspect(tokens["refresh_token"]) == {"active": False}
    assert world.events("oidc:session:logout")[0].envelope["client"] == "wilma"


def test_an_expired_hint_still_tells_who_asks(world: World, anna: Browser, tokens: dict[str, Any], at: Any) -> None:
    at(oidc_world.instant(3600))
    assert logout(anna, id_token_hint=tokens["id_token"], post_logout_redirect_uri=BYE).location == BYE


def test_a_hint_posted_from_elsewhere_ends_its_session_although_no_cookie_comes_along(
    world: World, anna: Browser, tokens: dict[str, Any]
) -> None:
    other = world.app.test_client()
    response = other.post(
        "/oauth2/logout", base_url=ISSUER, data={"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": BYE}
    )
    assert response.location == BYE
    assert not signed_in(anna)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"client_id": "wilma"},
        {"client_id": "wilma", "post_logout_redirect_uri": BYE},
        {"id_token_hint": "x.y.z"},
        {"logout_hint": "anna"},
    ],
)
def test_without_a_valid_hint_the_person_is_asked_and_nobody_is_redirected(
    world: World, anna: Browser, parameters: dict[str, str]
) -> None:
    page = logout(anna, **parameters)
    assert page.status_code == 200
    assert signed_in(anna)
    fields = form(page)
    done = anna.http.post(fields["action"], base_url=ISSUER, data=fields | {"decision": "sign-out"})
    assert done.status_code == 200
    assert "Location" not in done.headers
    assert not signed_in(anna)


def test_staying_signed_in_is_possible(anna: Browser) -> None:
    fields = form(logout(anna))
    anna.http.post(fields["action"], base_url=ISSUER, data=fields | {"decision": "stay"})
    assert signed_in(anna)


def test_a_post_without_our_form_ends_nothing(anna: Browser) -> None:
    for data in ({}, {"decision": "sign-out"}, {"decision": "sign-out", "handle": "x.y"}):
        assert anna.http.post("/oauth2/logout", base_url=ISSUER, data=data).status_code == 200
        assert signed_in(anna)


def test_a_form_made_for_another_session_ends_nothing(world: World, anna: Browser) -> None:
    other = Browser(world)
    other.sign_in()
    fields = form(logout(other))
    anna.http.post(fields["action"], base_url=ISSUER, data=fields | {"decision": "sign-out"})
    assert signed_in(anna)


def test_somebody_elses_hint_does_not_sign_this_person_out(world: World, anna: Browser, tokens: dict[str, Any]) -> None:
    oidc_world.person(world, "berit")
    berit = Browser(world)
    berit.sign_in("berit")
    page = logout(berit, id_token_hint=tokens["id_token"])
    assert page.status_code == 200
    assert signed_in(berit)
    assert signed_in(anna)


@pytest.mark.parametrize(
    "uri", ["https://wilma.example/bye", BYE + "&y=2", "https://evil.example/", "https://wilma.example/cb", BYE.upper()]
)
def test_an_unregistered_address_is_an_error_page(anna: Browser, tokens: dict[str, Any], uri: str) -> None:
    response = logout(anna, id_token_hint=tokens["id_token"], post_logout_redirect_uri=uri)
    assert response.status_code == 400
    assert "Location" not in response.headers


def test_a_hint_and_a_client_that_do_not_fit_are_an_error_page(anna: Browser, tokens: dict[str, Any]) -> None:
    assert logout(anna, id_token_hint=tokens["id_token"], client_id="verso").status_code == 400
    assert signed_in(anna)


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_no_other_token_is_a_hint(anna: Browser, tokens: dict[str, Any], kind: str) -> None:
    assert logout(anna, id_token_hint=tokens[kind], post_logout_redirect_uri=BYE).status_code == 200
    assert signed_in(anna)


def test_nobody_signed_in_is_already_signed_out(world: World) -> None:
    assert logout(Browser(world)).status_code == 200


def test_parameters_that_come_twice_are_refused(anna: Browser) -> None:
    assert anna.get("/oauth2/logout?state=a&state=b").status_code == 400
