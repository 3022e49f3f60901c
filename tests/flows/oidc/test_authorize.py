"""The authorization endpoint refuses what it must, and says so only where it may (security 1.1 and OI-01)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session

from iam.access.model.role import Application as ApplicationRow
from iam.oidc.clients import registered as client, write as registration
from iam.oidc.model import Client
from iam.signin.federation.connection import Connection
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import CHALLENGE, ISSUER, Application, Browser, World, answer, request_of

Clock = Callable[[datetime], None]


STRAY = [
    {"redirect_uri": "https://wilma.example/cb/"},
    {"redirect_uri": "https://evil.example/"},
    {"redirect_uri": None},
    {"client_id": "nobody"},
    {"client_id": None},
    {"redirect_uri": "https://evil.example", "response_type": "token"},
    {"redirect_uri": "https://evil.example", "scope": "nothing"},
    {"redirect_uri": "https://evil.example", "code_challenge": None},
    {"redirect_uri": 'https://evil.example/"'},
    {"redirect_uri": "https://evil.example/é\n"},
    {"client_id": "wilma\x00"},
    {"redirect_uri": ["https://wilma.example/cb", "https://evil.example"]},
    {"state": ["a", "b"]},
    {"code_challenge": [CHALLENGE, CHALLENGE]},
    {"nonce": ["a", "b"]},
    {"client_id": ["wilma", "wilma"]},
    {"client_id": "avain-admin"},
]


@pytest.mark.parametrize("changes", STRAY)
def test_nobody_is_sent_to_an_address_that_was_not_proved(world: World, changes: dict[str, Any]) -> None:
    """AZ-02, AZ-09, C-03."""
    response = Browser(world).authorize(**{"client_id": "wilma", **changes})
    assert response.status_code == 400
    assert "Location" not in response.headers
    assert "evil.example" not in response.text.split("<main", 1)[1]


REFUSED = [
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "id_token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_type": "code token"}, "unsupported_response_type"),
    ({"response_type": None}, "invalid_request"),
    ({"scope": "nothing"}, "invalid_scope"),
    ({"scope": None}, "invalid_scope"),
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"response_mode": "web_message"}, "invalid_request"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "dance"}, "invalid_request"),
    ({"max_age": "soon"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"request": "eyJ"}, "invalid_request_object"),
    ({"request_uri": "http://localhost:1/"}, "invalid_request_uri"),
    ({"resource": "https://other.example"}, "invalid_target"),
    ({"prompt": "none"}, "login_required"),
]


@pytest.mark.parametrize(("changes", "error"), REFUSED)
def test_a_wrong_request_is_answered_at_the_proved_address_with_state_and_issuer(
    world: World, changes: dict[str, Any], error: str
) -> None:
    """AZ-03, AZ-04, AZ-06."""
    response = Browser(world).authorize(**changes)
    assert response.location.startswith("https://wilma.example/cb?")
    found = answer(response)
    assert (found["error"], found["state"], found["iss"]) == (error, "st4te", ISSUER)
    assert "code" not in found


def test_an_application_leads_to_the_connection_its_people_come_by(world: World, anna: Browser) -> None:
    world.write(
        Connection(
            key="kunta",
            name={"fi": "Kunta"},
            issuer="https://login.example",
            client_id="avain",
            domains=[],
            applications={"wilma": "only"},
            identifier={},
        )
    )
    stranger = Browser(world)
    there = stranger.get(stranger.authorize().location)
    assert there.location.startswith("/upstream/kunta?flow=")
    assert stranger.get(stranger.authorize("verso").location).status_code == 200
    assert "/capacity?" in anna.authorize().text


@pytest.mark.parametrize("client_id", ["wilma", "wilma-app"])
def test_every_client_needs_pkce_before_anybody_signs_in(world: World, client_id: str) -> None:
    """AZ-04, C-16."""
    assert answer(Browser(world).authorize(client_id, code_challenge=None))["error"] == "invalid_request"


def test_an_error_travels_by_form_when_that_was_asked(world: World) -> None:
    page = Browser(world).authorize(prompt="none", response_mode="form_post")
    fields = oidc_world.form(page)
    assert (fields["action"], fields["error"], fields["iss"]) == ("https://wilma.example/cb", "login_required", ISSUER)


def test_a_native_client_listens_on_any_loopback_port_and_a_web_client_on_none(anna: Browser) -> None:
    """AZ-01."""
    anna.code("wilma-app")
    told = anna.informed(anna.authorize("wilma-app", redirect_uri="http://127.0.0.1:40000/cb"))
    assert told.location.startswith("http://127.0.0.1:40000/cb?code=")
    assert anna.authorize("wilma-app", redirect_uri="http://localhost:40000/cb").status_code == 400
    assert anna.authorize("wilma", redirect_uri="http://127.0.0.1:40000/cb").status_code == 400


def test_several_fitting_capacities_without_a_choice_need_interaction(anna: Browser) -> None:
    """OI-01: silently nothing is asked."""
    assert answer(anna.authorize(prompt="none"))["error"] == "interaction_required"


def test_prompt_login_asks_for_the_password_although_there_is_a_session(world: World, anna: Browser, at: Clock) -> None:
    """OI-01."""
    anna.code()
    sent = anna.authorize(prompt="login")
    assert sent.location.startswith("/login?")
    page = anna.get(sent.location)
    assert 'name="password"' in page.text
    at(oidc_world.instant(5))
    anna.sign_in()
    assert "code" in answer(anna.get(_back(sent.location)))


def _back(location: str) -> str:
    """Return where the sign-in page goes on to after its form: read from the signed handle, as that page does."""
    handle = dict(parse_qsl(urlsplit(location).query))["flow"]
    _, payload = URLSafeTimedSerializer("", salt="").loads_unsafe(handle)
    return str(payload["p"])


def test_a_sign_in_older_than_max_age_is_not_enough(anna: Browser, at: Clock) -> None:
    """OI-01."""
    anna.code()
    at(oidc_world.instant(61))
    assert "code" in answer(anna.authorize(max_age="61"))
    assert answer(anna.authorize(max_age="60", prompt="none"))["error"] == "login_required"
    assert anna.authorize(max_age="60").location.startswith("/login?")


def test_cancelling_a_forced_sign_in_leaves_no_fresh_session(world: World, anna: Browser, at: Clock) -> None:
    """OI-01."""
    anna.code()
    at(oidc_world.instant(61))
    sent = anna.authorize(max_age="60")
    again = anna.get(_back(sent.location))
    assert again.location.startswith("/login?")
    assert answer(anna.authorize(max_age="60", prompt="none"))["error"] == "login_required"


def test_auth_time_is_when_the_person_really_signed_in(
    world: World, anna: Browser, frozen: datetime, at: Clock
) -> None:
    """OI-01."""
    at(oidc_world.instant(600))
    tokens = Application(world).redeem(anna.code()).get_json()
    assert oidc_world.verified(world, tokens["id_token"], "JWT")["auth_time"] == int(frozen.timestamp())


def test_a_hint_for_another_person_is_not_answered_for_this_one(world: World, anna: Browser) -> None:
    hint = Application(world).redeem(anna.code()).get_json()["id_token"]
    assert "code" in answer(anna.authorize(prompt="none", id_token_hint=hint))
    berit = oidc_world.person(world, "berit")
    oidc_world.employ(world, berit, "KOIVU", "Opettaja")
    oidc_world.give(world, berit, "opettaja", "KOIVU")
    other = Browser(world)
    other.sign_in("berit")
    assert "code" in answer(other.authorize(prompt="none"))
    assert answer(other.authorize(prompt="none", id_token_hint=hint))["error"] == "login_required"


def test_the_application_may_ask_for_a_language_and_name_a_login(world: World) -> None:
    location = Browser(world).authorize(ui_locales="de sv-FI fi", login_hint="anna@example.fi").location
    assert "lang=sv" in location
    assert "login_hint=anna%40example.fi" in location


def test_a_language_chosen_before_is_kept(world: World) -> None:
    browser = Browser(world)
    browser.http.set_cookie("avain-language", "en", domain="localhost")
    assert "lang=" not in browser.authorize(ui_locales="sv").location


@pytest.mark.parametrize("model", [Client, ApplicationRow])
def test_a_retired_client_or_application_is_unknown_within_a_second(
    world: World, anna: Browser, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JW-06, and C-11 for what contains people's rights."""
    monkeypatch.undo()
    wilma = Application(world)
    tokens = wilma.redeem(anna.code()).get_json()
    condition = Client.client_id == "wilma" if model is Client else ApplicationRow.key == "wilma"
    world.change(model, condition, retired=True)
    with Session(world.engine) as session, session.begin():
        registration.changed(session)
    time.sleep(client.SECONDS)
    assert anna.authorize().status_code == 400
    assert wilma.userinfo(tokens["access_token"]).status_code == 401
    assert wilma.post("/oauth2/introspect", {"token": tokens["access_token"]}).status_code == 401


def test_the_endpoint_gives_no_script_of_another_origin_anything(anna: Browser) -> None:
    """AZ-08."""
    response = anna.http.get(
        "/oauth2/authorize?" + urlencode(request_of("wilma")),
        base_url=ISSUER,
        headers={"Origin": "https://evil.example"},
    )
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


def test_the_capacity_form_needs_its_token(world: World, anna: Browser) -> None:
    page = anna.authorize()
    fields = oidc_world.form(page)
    response = anna.http.post(
        fields["action"], base_url=ISSUER, data={"flow": fields["flow"], "capacity": str(world.ids["capacity KOIVU"])}
    )
    assert response.status_code == 400
