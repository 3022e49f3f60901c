"""OI-05: each module of the OpenID suite's RP-Initiated Logout plan, by its name, as its relying party sees it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from tests.kit.worlds.oidc import ISSUER, Application, Browser, World, answer, form

BYE = "https://wilma.example/bye?x=1"
STATE = "s" * 128


@pytest.fixture
def id_token(world: World, anna: Browser) -> str:
    return str(Application(world).redeem(anna.code(scope="openid")).get_json()["id_token"])


def logout(browser: Browser, **parameters: str) -> TestResponse:
    return browser.get("/oauth2/logout?" + urlencode(parameters))


def signed_out(browser: Browser) -> bool:
    """Whether a silent authorization request now says that nobody is signed in, as the suite asks at the end."""
    return answer(browser.authorize(prompt="none")).get("error") == "login_required"


def asked(browser: Browser, page: TestResponse) -> None:
    """The person is asked and still signed in; whoever says yes is signed out, and is taken nowhere."""
    assert page.status_code == 200
    assert "Location" not in page.headers
    assert not signed_out(browser)
    fields = form(page)
    done = browser.http.post(fields["action"], base_url=ISSUER, data=fields | {"decision": "sign-out"})
    assert done.status_code == 200
    assert signed_out(browser)


def unsigned(id_token: str) -> str:
    """The token as nobody signed it, with ``alg`` none."""
    _, body, _ = id_token.split(".")
    return f"{urlsafe_b64encode(json.dumps({'alg': 'none'}).encode()).decode().rstrip('=')}.{body}."


def of_another_issuer(id_token: str) -> str:
    """The token with another person's name in it, under the old signature."""
    head, body, signature = id_token.split(".")
    said = json.loads(urlsafe_b64decode(body + "==")) | {"sub": "somebody-else"}
    return f"{head}.{urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip('=')}.{signature}"


def test_rp_initiated_logout(anna: Browser, id_token: str) -> None:
    done = logout(anna, id_token_hint=id_token, post_logout_redirect_uri=BYE, state=STATE)
    assert (done.status_code, done.location) == (303, f"{BYE}&state={STATE}")
    assert signed_out(anna)


def test_rp_initiated_logout_by_post(anna: Browser, id_token: str) -> None:
    data = {"id_token_hint": id_token, "post_logout_redirect_uri": BYE, "state": STATE}
    done = anna.http.post("/oauth2/logout", base_url=ISSUER, data=data)
    assert (done.status_code, done.location) == (303, f"{BYE}&state={STATE}")
    assert signed_out(anna)


def test_rp_initiated_logout_bad_id_token_hint(anna: Browser, id_token: str) -> None:
    asked(anna, logout(anna, id_token_hint=of_another_issuer(id_token), post_logout_redirect_uri=BYE, state=STATE))


def test_rp_initiated_logout_modified_id_token_hint(anna: Browser, id_token: str) -> None:
    asked(anna, logout(anna, id_token_hint=unsigned(id_token), post_logout_redirect_uri=BYE, state=STATE))


def test_rp_initiated_logout_bad_logout_redirect_uri(anna: Browser, id_token: str) -> None:
    page = logout(anna, id_token_hint=id_token, post_logout_redirect_uri="https://wilma.example/other", state=STATE)
    assert page.status_code == 400
    assert "Location" not in page.headers


def test_rp_initiated_logout_query_added_to_logout_redirect_uri(anna: Browser, id_token: str) -> None:
    page = logout(anna, id_token_hint=id_token, post_logout_redirect_uri=f"{BYE}&foo=bar", state=STATE)
    assert page.status_code == 400
    assert "Location" not in page.headers


def test_rp_initiated_logout_no_id_token_hint(anna: Browser, id_token: str) -> None:
    asked(anna, logout(anna, post_logout_redirect_uri=BYE, state=STATE))


def test_rp_initiated_logout_no_params(anna: Browser, id_token: str) -> None:
    asked(anna, logout(anna))


def test_rp_initiated_logout_only_state(anna: Browser, id_token: str) -> None:
    asked(anna, logout(anna, state=STATE))


def test_rp_initiated_logout_no_post_logout_redirect_uri(anna: Browser, id_token: str) -> None:
    page = logout(anna, id_token_hint=id_token, state=STATE)
    assert page.status_code == 200
    assert "Location" not in page.headers
    assert signed_out(anna)


def test_rp_initiated_logout_no_state(anna: Browser, id_token: str) -> None:
    done = logout(anna, id_token_hint=id_token, post_logout_redirect_uri=BYE)
    assert (done.status_code, done.location) == (303, BYE)
    assert signed_out(anna)


def test_rp_initiated_logout_discovery_endpoint_verification(anna: Browser) -> None:
    found: dict[str, Any] = anna.get("/.well-known/openid-configuration").get_json()
    assert found["end_session_endpoint"] == f"{ISSUER}/oauth2/logout"


def test_an_unknown_client_is_nobody_to_go_back_to(anna: Browser, id_token: str) -> None:
    asked(anna, logout(anna, client_id="nobody", post_logout_redirect_uri=BYE, state=STATE))


def test_a_hint_of_an_ended_session_does_not_end_the_one_that_came_after(anna: Browser, id_token: str) -> None:
    assert logout(anna, id_token_hint=id_token, post_logout_redirect_uri=BYE).location == BYE
    anna.sign_in()
    page = logout(anna, id_token_hint=id_token)
    assert page.status_code == 200
    assert not signed_out(anna)


def test_a_copied_session_cookie_is_dead_after_logout(world: World, anna: Browser, id_token: str) -> None:
    thief = Browser(world)
    cookie = anna.http.get_cookie("avain", domain="localhost")
    assert cookie is not None
    thief.http.set_cookie("avain", cookie.value, domain="localhost")
    assert thief.get("/account").status_code == 200
    logout(anna, id_token_hint=id_token)
    assert anna.http.get_cookie("avain", domain="localhost") is None
    assert signed_out(thief)
    assert thief.get("/account").status_code == 303
