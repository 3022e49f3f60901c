"""Authorization requests pushed before (RFC 9126) and signed by the client (RFC 9101)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from iam import clock
from iam.oidc.model import Client
from iam.tokens import jose
from tests.kit.worlds.oidc import CHALLENGE, ISSUER, Application, Browser, World, answer, request_of

Clock = Callable[[datetime], None]
KEY = jose.generate("ES256", "wilmas")


def push(world: World, client_id: str = "wilma", **changes: Any) -> TestResponse:
    fields = {name: value for name, value in request_of(client_id, **changes).items() if name != "client_id"}
    return Application(world, client_id).post("/oauth2/par", fields)


def bring(anna: Browser, uri: str, client_id: str = "wilma", **more: str) -> TestResponse:
    return anna.get("/oauth2/authorize?" + urlencode({"client_id": client_id, "request_uri": uri, **more}))


def pushed(world: World, **changes: Any) -> str:
    made = push(world, **changes)
    assert made.status_code == 201, made.text
    assert made.headers["Cache-Control"] == "no-store"
    assert made.get_json()["expires_in"] == 60
    uri: str = made.get_json()["request_uri"]
    assert uri.startswith("urn:ietf:params:oauth:request_uri:")
    return uri


def finish(anna: Browser, page: TestResponse) -> TestResponse:
    return anna.get(anna.choose(page, anna.world.ids["capacity KOIVU"]).location)


def signed(world: World, key: jose.Key = KEY, typ: str = "oauth-authz-req+jwt", **changes: Any) -> str:
    if key is KEY:
        world.change(Client, Client.client_id == "wilma", jwks={"keys": [jose.public_dict(KEY)]})
    said = {"iss": "wilma", "aud": ISSUER, **request_of("wilma"), **changes}
    return jose.sign(key, typ, {name: value for name, value in said.items() if value is not None})


def test_a_pushed_request_is_answered_as_one_in_the_address(world: World, anna: Browser) -> None:
    said = answer(finish(anna, bring(anna, pushed(world, state="pushed"))))
    assert (said["state"], said["iss"]) == ("pushed", ISSUER)
    assert Application(world).redeem(said["code"]).status_code == 200


def test_what_stands_beside_the_address_of_a_pushed_request_is_not_looked_at(world: World, anna: Browser) -> None:
    said = answer(finish(anna, bring(anna, pushed(world, state="pushed"), state="added", scope="phone")))
    assert said["state"] == "pushed"


def test_par_01_a_request_uri_is_its_clients_alone(world: World, anna: Browser) -> None:
    assert bring(anna, pushed(world), client_id="verso").status_code == 400


def test_par_01_a_request_uri_completes_one_authorization(world: World, anna: Browser) -> None:
    uri = pushed(world)
    answer(finish(anna, bring(anna, uri)))
    again = bring(anna, uri)
    assert again.status_code == 400
    assert "request_uri" in again.text


def test_par_01_a_request_uri_is_not_completed_twice_from_two_pages(world: World, anna: Browser) -> None:
    uri = pushed(world)
    first, second = bring(anna, uri), bring(anna, uri)
    answer(finish(anna, first))
    assert anna.choose(second, anna.world.ids["capacity KOIVU"]).status_code == 400


def test_par_01_a_request_uri_runs_out_after_a_minute(world: World, anna: Browser, at: Clock) -> None:
    uri = pushed(world)
    at(clock.now() + timedelta(seconds=61))
    assert bring(anna, uri).status_code == 400


def test_par_01_whoever_brought_it_in_time_may_take_longer_on_our_pages(world: World, anna: Browser, at: Clock) -> None:
    page = bring(anna, pushed(world))
    at(clock.now() + timedelta(minutes=10))
    assert "code" in answer(finish(anna, page))


def test_par_02_reloading_before_the_end_still_works(world: World, anna: Browser) -> None:
    uri = pushed(world)
    assert bring(anna, uri).status_code == 200
    assert "code" in answer(finish(anna, bring(anna, uri)))


@pytest.mark.parametrize(
    "uri", ["https://evil.example/r", "urn:ietf:params:oauth:request_uri:", "urn:other", "file:///etc/passwd"]
)
def test_az_13_no_other_request_uri_is_looked_at(anna: Browser, uri: str) -> None:
    assert bring(anna, uri).status_code == 400


def test_par_03_a_request_uri_inside_a_push_is_refused(world: World) -> None:
    assert push(world, request_uri=pushed(world)).get_json()["error"] == "invalid_request"


def test_par_03_a_push_needs_the_clients_proof(world: World) -> None:
    sent = world.app.test_client().post("/oauth2/par", base_url=ISSUER, data=request_of("wilma"))
    assert (sent.status_code, sent.get_json()["error"]) == (401, "invalid_client")


def test_par_03_a_push_is_a_post(world: World) -> None:
    assert world.app.test_client().get("/oauth2/par", base_url=ISSUER).status_code == 405


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"claims": "["}, "invalid_request"),
        ({"resource": "https://other.example"}, "invalid_target"),
        ({"prompt": "dance"}, "invalid_request"),
        ({"request": "eyJ"}, "invalid_request_object"),
    ],
)
def test_a_wrong_push_is_answered_to_the_client_at_once(world: World, changes: dict[str, Any], error: str) -> None:
    said = push(world, **changes)
    assert (said.status_code, said.get_json()["error"]) == (400, error)
    assert "Location" not in said.headers


def test_par_04_a_client_that_must_push_is_refused_in_the_address(world: World, anna: Browser) -> None:
    world.change(Client, Client.client_id == "wilma", par_required=True)
    assert answer(anna.authorize())["error"] == "invalid_request"
    assert "code" in answer(finish(anna, bring(anna, pushed(world))))


def test_a_signed_request_is_answered(world: World, anna: Browser) -> None:
    text = signed(world, state="signed")
    said = answer(finish(anna, anna.get("/oauth2/authorize?" + urlencode({"client_id": "wilma", "request": text}))))
    assert said["state"] == "signed"


def test_only_what_was_signed_counts(world: World, anna: Browser) -> None:
    text = signed(world, state="signed")
    query = {"client_id": "wilma", "request": text, "state": "added", "redirect_uri": "https://evil.example/"}
    assert answer(finish(anna, anna.get("/oauth2/authorize?" + urlencode(query))))["state"] == "signed"


def test_a_signed_request_can_be_pushed(world: World, anna: Browser) -> None:
    made = Application(world).post("/oauth2/par", {"request": signed(world, state="both")})
    assert made.status_code == 201, made.text
    assert answer(finish(anna, bring(anna, made.get_json()["request_uri"])))["state"] == "both"


def test_numbers_and_groups_in_a_signed_request_are_read(world: World, anna: Browser) -> None:
    text = signed(world, max_age=3600, claims={"id_token": {"auth_time": {"essential": True}}})
    assert "code" in answer(
        finish(anna, anna.get("/oauth2/authorize?" + urlencode({"client_id": "wilma", "request": text})))
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "verso"},
        {"sub": "wilma"},
        {"aud": "https://other.example"},
        {"client_id": "verso"},
        {"client_id": None},
        {"exp": 1},
        {"nbf": 2**32},
        {"request": "eyJ"},
        {"request_uri": "urn:x"},
        {"max_age": True},
        {"state": None, "nonce": ["a"]},
        {"exp": "soon"},
    ],
    ids=str,
)
def test_a_signed_request_that_is_not_in_order_is_refused(world: World, anna: Browser, changes: dict[str, Any]) -> None:
    query = {**request_of("wilma"), "request": signed(world, **changes)}
    assert answer(anna.get("/oauth2/authorize?" + urlencode(query)))["error"] == "invalid_request_object"


def test_what_proves_a_client_at_the_token_endpoint_starts_no_sign_in(world: World, anna: Browser) -> None:
    """RFC 9101 section 10.8: a client's assertion names the client as its subject."""
    query = {"client_id": "wilma", "request": signed(world, typ="JWT", sub="wilma")}
    assert anna.get("/oauth2/authorize?" + urlencode(query)).status_code == 400
    query["request"] = signed(world, typ="JWT", sub="somebody")
    assert finish(anna, anna.get("/oauth2/authorize?" + urlencode(query))).status_code == 302


def test_a_request_that_another_key_or_nobody_signed_is_refused(world: World, anna: Browser) -> None:
    signed(world)
    header, body, _ = signed(world).split(".")
    unsigned = "eyJhbGciOiJub25lIn0." + body + "."
    other = jose.generate("ES256", "wilmas")
    for text in (signed(world, other), unsigned, f"{header}.{body}.AAAA", signed(world, typ="at+jwt")):
        query = {**request_of("wilma"), "request": text}
        assert answer(anna.get("/oauth2/authorize?" + urlencode(query)))["error"] == "invalid_request_object"


def test_a_broken_request_without_a_registered_address_stays_here(world: World, anna: Browser) -> None:
    query = {"client_id": "wilma", "request": "eyJ", "redirect_uri": "https://evil.example/"}
    assert anna.get("/oauth2/authorize?" + urlencode(query)).status_code == 400


def test_a_client_can_be_held_to_signing(world: World, anna: Browser) -> None:
    world.change(Client, Client.client_id == "wilma", metadata_={"require_signed_request_object": True})
    assert answer(anna.authorize())["error"] == "invalid_request"


def test_the_challenge_of_a_pushed_request_binds_its_code(world: World, anna: Browser) -> None:
    code = answer(finish(anna, bring(anna, pushed(world, code_challenge=CHALLENGE[::-1]))))["code"]
    assert Application(world).redeem(code).get_json()["error"] == "invalid_grant"


def test_parameters_that_are_not_text_never_reach_the_database(world: World) -> None:
    made = Application(world).post("/oauth2/par", {**request_of("wilma"), "claims": json.dumps({"id_token": []})})
    assert made.status_code == 400
