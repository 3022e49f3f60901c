"""TK-03, C-05, C-12, C-13, AZ-13: what works once works once, over restarts, and nothing is ever fetched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from iam.tokens import jose
from iam.web import extension
from tests.flows.security.protocol.forge import encode
from tests.flows.security.protocol.kinds import URN
from tests.kit.peers.hostile_http import HostileHttp, answer_json
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, JWT_KEY, Application, Browser, World, answer, request_of

Restart = Callable[[], World]
Clock = Callable[[datetime], None]
LASTING = "openid roles offline_access"


def pushed(world: World, **changes: Any) -> str:
    """Push a request of wilma's and return the secret part of its address."""
    fields = {name: value for name, value in request_of("wilma", **changes).items() if name != "client_id"}
    return str(Application(world).post("/oauth2/par", fields).get_json()["request_uri"]).removeprefix(URN)


def bring(browser: Browser, secret: str, **more: str) -> Any:
    return browser.get("/oauth2/authorize?" + urlencode({"client_id": "wilma", "request_uri": URN + secret, **more}))


def test_tk_03_a_lost_answer_is_given_again_also_by_another_process_and_only_for_ten_seconds(
    world: World, anna: Browser, wilma: Application, restarted: Restart, at: Clock
) -> None:
    first = wilma.redeem(anna.code(scope=LASTING)).get_json()["refresh_token"]
    second = wilma.refresh(first).get_json()["refresh_token"]
    elsewhere = Application(restarted())
    at(oidc_world.instant(9))
    assert elsewhere.refresh(first).get_json()["refresh_token"] == second
    at(oidc_world.instant(2))
    before = len(world.events("oidc:token:replayed"))
    assert elsewhere.refresh(first).get_json()["error"] == "invalid_grant"
    assert len(world.events("oidc:token:replayed")) == before + 1
    assert wilma.refresh(second).get_json()["error"] == "invalid_grant"


def test_tk_03_the_retry_window_is_of_the_last_rotation_only(world: World, anna: Browser, wilma: Application) -> None:
    """A token two rotations old is a replay however quick it comes."""
    first = wilma.redeem(anna.code(scope=LASTING)).get_json()["refresh_token"]
    second = wilma.refresh(first).get_json()["refresh_token"]
    third = wilma.refresh(second).get_json()
    assert wilma.refresh(first).get_json()["error"] == "invalid_grant"
    assert wilma.refresh(third["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert wilma.introspect(third["access_token"]) == {"active": False}


def test_c_05_a_rotated_refresh_token_is_known_after_every_process_died(
    world: World, anna: Browser, wilma: Application, restarted: Restart, at: Clock
) -> None:
    """Nothing of it is in memory: another application over the same database refuses the old token and ends the
    family."""
    first = wilma.redeem(anna.code(scope=LASTING)).get_json()["refresh_token"]
    second = wilma.refresh(first).get_json()
    again = restarted()
    at(oidc_world.instant(11))
    reborn = Application(again)
    assert reborn.refresh(first).get_json()["error"] == "invalid_grant"
    assert reborn.refresh(second["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert reborn.introspect(second["access_token"]) == {"active": False}
    assert reborn.userinfo(second["access_token"]).status_code == 401


def test_c_05_so_is_everything_else_that_was_used_or_taken_back(
    world: World, anna: Browser, wilma: Application, restarted: Restart
) -> None:
    """A code, the address of a pushed request, a revoked token, an ended session."""
    code = anna.code(scope=LASTING)
    given = wilma.redeem(code).get_json()
    uri = pushed(world)
    assert "code" in answer(bring(anna, uri))
    revoked = wilma.redeem(anna.code(scope=LASTING)).get_json()
    assert wilma.post("/oauth2/revoke", {"token": revoked["refresh_token"]}).status_code == 200
    left = Browser(world)
    left.sign_in()
    cookie = left.http.get_cookie("avain", "localhost")
    left.http.post("/logout", base_url=ISSUER, data=oidc_world.form(left.get("/logout")) | {"decision": "sign-out"})
    again = restarted()
    reborn, browser = Application(again), Browser(again)
    assert cookie is not None
    browser.http.set_cookie("avain", cookie.value, domain="localhost")
    assert browser.get("/account").status_code == 303
    assert bring(browser, uri).status_code == 400
    assert reborn.refresh(revoked["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert reborn.introspect(revoked["access_token"]) == {"active": False}
    assert reborn.introspect(given["access_token"])["active"] is True
    assert reborn.redeem(code).get_json()["error"] == "invalid_grant"
    assert reborn.introspect(given["access_token"]) == {"active": False}


def test_c_12_par_01_a_silent_request_uses_its_address_up_as_any_other(world: World, anna: Browser) -> None:
    """Also when it is brought with another ``prompt`` beside it, by another browser, or while a first one is still on
    our pages."""
    anna.code()
    uri = pushed(world, prompt="none")
    assert "code" in answer(bring(anna, uri))
    for browser in (anna, Browser(world)):
        for more in ({}, {"prompt": "none"}, {"prompt": "login"}, {"max_age": "0"}):
            assert bring(browser, uri, **more).status_code == 400, more
    other = Browser(world)
    other.sign_in()
    uri = pushed(world)
    assert "code" in answer(bring(other, uri))
    assert bring(anna, uri, prompt="none").status_code == 400


def test_c_12_a_refusal_before_anybody_signed_in_leaves_the_address_to_who_comes_next(
    world: World, anna: Browser
) -> None:
    """PAR-02: what was not completed can be brought again, and then once only."""
    anna.code()
    uri = pushed(world, prompt="none")
    assert answer(bring(Browser(world), uri))["error"] == "login_required"
    assert "code" in answer(bring(anna, uri))
    assert bring(anna, uri).status_code == 400


def test_par_03_a_push_is_a_post_of_a_client_that_proves_itself(world: World, wilma: Application) -> None:
    http = world.app.test_client()
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        said = http.open("/oauth2/par?" + urlencode(request_of("wilma")), method=method, base_url=ISSUER)
        assert said.status_code == 405, method
    for uri in (URN + pushed(world), "https://evil.example/r", "x"):
        assert wilma.post("/oauth2/par", {"request_uri": uri}).get_json()["error"] == "invalid_request", uri
    for auth in (None, ("wilma", "x"), ("wilma", "")):
        said = http.post("/oauth2/par", base_url=ISSUER, data=request_of("wilma"), auth=auth)
        assert (said.status_code, said.get_json()["error"]) == (401, "invalid_client"), auth


@pytest.fixture(scope="module")
def listener(world: World) -> Iterator[HostileHttp]:
    """A server that we could reach, and that the guard on the way out would let us reach."""
    with HostileHttp(answer_json({})) as server:
        extension.parts_of(world.app).settings.egress.hosts = [server.place]
        yield server


def test_c_13_az_13_no_request_makes_us_fetch_anything(
    world: World, anna: Browser, wilma: Application, listener: HostileHttp
) -> None:
    """Addresses in every parameter and header that has made others call out, from strangers, people and clients."""
    url = listener.url("/r")
    header = {"alg": "ES256", "kid": JWT_KEY.kid, "typ": "JWT", "jku": url, "x5u": url}
    signed = jose.sign(JWT_KEY, "JWT", {"iss": "wilma", "client_id": "wilma", "aud": ISSUER, "request_uri": url})
    pointing = f"{encode(json.dumps(header).encode())}.{signed.split('.', 1)[1]}"
    names = (
        "request_uri jwks_uri logo_uri sector_identifier_uri client_uri policy_uri id_token_hint login_hint "
        "resource claims registration iss"
    )
    everywhere: dict[str, Any] = dict.fromkeys(names.split(), url)
    for browser in (Browser(world), anna):
        for fields in (
            {"request_uri": url},
            {"request_uri": url + "#x"},
            {"request": pointing},
            {"request": signed},
            everywhere,
            {"client_id": url},
            {"redirect_uri": url},
        ):
            asked = request_of("wilma") | fields
            assert browser.get("/oauth2/authorize?" + urlencode(asked)).status_code in (302, 400)
            posted = browser.http.post("/oauth2/authorize", base_url=ISSUER, data=asked)
            assert posted.status_code in (303, 400)
            wilma.post("/oauth2/par", {name: value for name, value in asked.items() if name != "client_id"})
            wilma.post("/oauth2/token", fields | {"grant_type": "authorization_code", "code": url})
            browser.get("/oauth2/logout?" + urlencode(fields))
    document = everywhere | {"redirect_uris": ["https://a.example/"]}
    for token in ("avi_unknown", pointing):
        said = world.app.test_client().post(
            "/oauth2/register", base_url=ISSUER, json=document, headers={"Authorization": f"Bearer {token}"}
        )
        assert said.status_code == 401
    assert listener.connections == 0
