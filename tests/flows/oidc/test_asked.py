"""What an application asks for: claims one by one, levels of sign-in, resources, kinds of token; and what a person is
told of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam import clock
from iam.access.model.role import Application as ApplicationRow, Role
from iam.change import SYSTEM
from iam.oidc.model import Client
from iam.signin.factors import levels
from iam.tokens import keys
from iam.tokens.session import LoginSessionRow
from iam.web import extension
from tests.kit.worlds.oidc import ISSUER, Application, Browser, World, answer, form, verified

Clock = Callable[[datetime], None]
OTHER = "https://arkisto.example"


def set_client(world: World, **values: Any) -> None:
    world.change(Client, Client.client_id == "wilma", **values)


def notice(world: World, kind: str) -> None:
    world.change(ApplicationRow, ApplicationRow.key == "wilma", notice=kind)


def asking(**claims: Any) -> str:
    return json.dumps(claims)


def through(anna: Browser, **changes: Any) -> TestResponse:
    """The answer to a request in a capacity that was chosen before, so that no page but the one about the data is
    shown."""
    kind = changes.pop("kind")
    anna.code()
    notice(anna.world, kind)
    return anna.authorize(**changes)


def test_claims_asked_one_by_one_come_in_the_id_token_and_at_userinfo(
    world: World, anna: Browser, wilma: Application
) -> None:
    set_client(world, scope="openid roles profile email")
    asked = asking(id_token={"email": None}, userinfo={"name": {"essential": True}})
    tokens = wilma.redeem(anna.code(scope="openid", claims=asked)).get_json()
    told = wilma.userinfo(tokens["access_token"]).get_json()
    assert verified(world, tokens["id_token"], "JWT")["email"] == "anna@example.fi"
    assert told["name"] == "Anna Virtanen"
    assert "email" not in told
    assert "given_name" not in told


def test_a_claim_of_a_scope_the_client_does_not_have_is_not_told(
    anna: Browser, world: World, wilma: Application
) -> None:
    set_client(world, scope="openid roles")
    tokens = wilma.redeem(
        anna.code(claims=asking(id_token={"email": None}, userinfo={"phone_number": None}))
    ).get_json()
    assert "email" not in verified(world, tokens["id_token"], "JWT")
    assert "phone_number" not in wilma.userinfo(tokens["access_token"]).get_json()


def test_claims_asked_one_by_one_outlive_a_refresh(world: World, anna: Browser, wilma: Application) -> None:
    set_client(world, scope="openid email offline_access", grants=["authorization_code", "refresh_token"])
    asked = asking(id_token={"email": None})
    tokens = wilma.redeem(anna.code(scope="openid offline_access", claims=asked)).get_json()
    again = wilma.refresh(tokens["refresh_token"]).get_json()
    assert verified(world, again["id_token"], "JWT")["email"] == "anna@example.fi"


def test_claims_we_do_not_know_are_ignored(anna: Browser) -> None:
    assert anna.code(claims=asking(id_token={"shoe_size": {"essential": True}}, other={"x": None}))


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "1", '"x"', '{"id_token": 1}', '{"userinfo": {"name": "yes"}}', "[" * 5000]
)
def test_a_claims_parameter_that_is_none_is_refused(anna: Browser, text: str) -> None:
    if text:
        assert answer(anna.authorize(claims=text))["error"] == "invalid_request"
    else:
        assert anna.code(claims=text)


def test_only_the_person_asked_for_by_sub_is_answered_for(world: World, anna: Browser, wilma: Application) -> None:
    sub = verified(world, wilma.redeem(anna.code()).get_json()["id_token"], "JWT")["sub"]
    assert "code" in answer(anna.authorize(claims=asking(id_token={"sub": {"value": sub}}), prompt="none"))
    said = answer(anna.authorize(claims=asking(id_token={"sub": {"value": "somebody-else"}}), prompt="none"))
    assert said["error"] == "login_required"


def reach(world: World, acr: str) -> None:
    with Session(world.engine) as session, session.begin():
        for row in session.query(LoginSessionRow):
            row.acr = acr


@pytest.mark.parametrize(
    "asked",
    [
        {"acr_values": levels.TWO_FACTOR},
        {"claims": asking(id_token={"acr": {"essential": True, "value": levels.TWO_FACTOR}})},
        {
            "claims": asking(
                id_token={"acr": {"essential": True, "values": ["urn:x", levels.TWO_FACTOR, levels.PASSKEY]}}
            )
        },
    ],
)
def test_oi_02_a_stronger_sign_in_is_asked_for_and_then_told(
    world: World, anna: Browser, wilma: Application, asked: dict[str, str]
) -> None:
    assert anna.authorize(**asked).location.startswith("/factor?flow=")
    reach(world, levels.TWO_FACTOR)
    said = verified(world, wilma.redeem(anna.code(**asked)).get_json()["id_token"], "JWT")
    assert said["acr"] == levels.TWO_FACTOR


def test_oi_02_an_essential_level_nobody_can_reach_is_an_error(anna: Browser) -> None:
    asked = asking(id_token={"acr": {"essential": True, "value": "urn:x:loa4"}})
    assert answer(anna.authorize(claims=asked))["error"] == "unmet_authentication_requirements"


def test_oi_02_an_essential_level_cannot_be_reached_silently_and_a_wish_is_let_go(
    world: World, anna: Browser, wilma: Application
) -> None:
    anna.code()
    essential = asking(id_token={"acr": {"essential": True, "value": levels.PASSKEY}})
    assert answer(anna.authorize(claims=essential, prompt="none"))["error"] == "interaction_required"
    code = answer(anna.authorize(acr_values=levels.PASSKEY, prompt="none"))["code"]
    assert verified(world, wilma.redeem(code).get_json()["id_token"], "JWT")["acr"] == levels.PASSWORD


def test_an_application_may_ask_for_a_level_always(world: World, anna: Browser) -> None:
    world.change(ApplicationRow, ApplicationRow.key == "wilma", least_acr=levels.TWO_FACTOR)
    assert anna.authorize().location.startswith("/factor?flow=")
    reach(world, levels.PASSKEY)
    assert anna.code()


def test_a_client_may_register_how_fresh_a_sign_in_it_wants(world: World, anna: Browser, at: Clock) -> None:
    set_client(world, default_max_age=60)
    at(clock.now() + timedelta(seconds=61))
    assert anna.authorize().location.startswith("/login?")


def test_a_token_is_for_the_resource_asked_for(world: World, anna: Browser, wilma: Application) -> None:
    set_client(world, resources=[OTHER])
    tokens = wilma.redeem(anna.code(resource=OTHER)).get_json()
    said = verified(world, tokens["access_token"], "at+jwt")
    assert said["aud"] == OTHER
    assert "capacity" not in said
    assert said["roles"] == []
    own = verified(world, tokens["id_token"], "JWT")
    assert (own["aud"], own["roles"]) == ("wilma", ["opettaja@KOIVU"])
    assert wilma.userinfo(tokens["access_token"]).status_code == 401, (
        "whoever it is shown to learns nothing of the person by it"
    )


def test_a_token_for_another_application_tells_that_ones_rights(
    world: World, anna: Browser, wilma: Application
) -> None:
    set_client(world, resources=["https://verso.example"])
    world.change(Role, Role.key == "opettaja", application_id=world.ids["verso"])
    world.change(ApplicationRow, ApplicationRow.key == "wilma", entry="everyone")
    tokens = wilma.redeem(anna.code(resource="https://verso.example")).get_json()
    said, own = verified(world, tokens["access_token"], "at+jwt"), verified(world, tokens["id_token"], "JWT")
    assert (said["roles"], own["roles"]) == (["opettaja@KOIVU"], [])
    assert said["capacity"]["id"] != own["capacity"]["id"]


def test_of_several_resources_granted_each_gets_a_token_of_its_own(
    world: World, anna: Browser, wilma: Application
) -> None:
    set_client(
        world, resources=[OTHER], scope="openid roles offline_access", grants=["authorization_code", "refresh_token"]
    )
    code = anna.code(scope="openid offline_access", resource=["https://wilma.example", OTHER])
    tokens = wilma.redeem(code, resource="https://wilma.example").get_json()
    assert verified(world, tokens["access_token"], "at+jwt")["aud"] == "https://wilma.example"
    fields = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "resource": OTHER}
    other = wilma.post("/oauth2/token", fields).get_json()
    assert verified(world, other["access_token"], "at+jwt")["aud"] == OTHER


@pytest.mark.parametrize("resource", ["https://third.example", [OTHER, "https://wilma.example"]])
def test_jw_01_a_resource_that_was_not_granted_or_two_at_once_give_nothing(
    world: World, anna: Browser, wilma: Application, resource: Any
) -> None:
    set_client(world, resources=[OTHER])
    told = wilma.redeem(anna.code(resource=OTHER), resource=resource)
    assert (told.status_code, told.get_json()["error"]) == (400, "invalid_target")


@pytest.mark.parametrize("resource", ["nowhere", "https://wilma.example/#part", "https://third.example"])
def test_a_resource_that_is_none_of_the_clients_is_refused(anna: Browser, resource: str) -> None:
    said = anna.authorize(resource=resource)
    assert said.status_code == 400 or answer(said)["error"] == "invalid_target"


def test_an_opaque_token_says_nothing_and_works_everywhere_a_signed_one_does(
    world: World, anna: Browser, wilma: Application
) -> None:
    set_client(world, token_format="opaque")
    tokens = wilma.redeem(anna.code()).get_json()
    token = tokens["access_token"]
    assert token.startswith("avo_")
    assert "." not in token
    assert wilma.userinfo(token).get_json()["roles"] == ["opettaja@KOIVU"]
    told = wilma.introspect(token)
    assert (told["active"], told["client_id"], told["aud"]) == (True, "wilma", "https://wilma.example")
    wilma.post("/oauth2/revoke", {"token": token})
    assert wilma.introspect(token) == {"active": False}
    assert wilma.userinfo(token).status_code == 401


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_jw_05_a_cut_or_padded_opaque_token_is_unknown(
    world: World, anna: Browser, wilma: Application, cut: int
) -> None:
    set_client(world, token_format="opaque")
    token = wilma.redeem(anna.code()).get_json()["access_token"]
    for other in (token[:-cut], token + "A" * cut, token + "="):
        assert wilma.introspect(other) == {"active": False}


def test_an_opaque_token_ends(world: World, anna: Browser, wilma: Application, at: Clock) -> None:
    set_client(world, token_format="opaque")
    token = wilma.redeem(anna.code()).get_json()["access_token"]
    at(clock.now() + timedelta(seconds=301))
    assert wilma.introspect(token) == {"active": False}


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "PS256"])
def test_tokens_are_signed_as_the_client_registered(
    world: World, anna: Browser, wilma: Application, algorithm: str
) -> None:
    set_client(world, id_token_alg=algorithm, userinfo_alg=algorithm)
    # The witness knows no other clock than the machine's.
    with clock.fixed(datetime.now(UTC)), Session(world.engine) as session, session.begin():
        keys.ensure(session, extension.parts_of(world.app).vault, SYSTEM, (algorithm,))
    tokens = wilma.redeem(anna.code()).get_json()
    sub = verified(world, tokens["id_token"], "JWT")["sub"]
    told = wilma.userinfo(tokens["access_token"])
    assert told.content_type == "application/jwt"
    said = verified(world, told.text, "JWT")
    assert (said["sub"], said["iss"], said["aud"], said["roles"]) == (sub, ISSUER, "wilma", ["opettaja@KOIVU"])
    page = anna.http.get(
        "/oauth2/logout", query_string={"id_token_hint": told.text, "client_id": "wilma"}, base_url=ISSUER
    )
    assert page.status_code == 200, "JW-02: userinfo is no ID token, so the person is asked"


def test_a_person_is_told_once_what_an_application_receives(world: World, anna: Browser) -> None:
    page = through(anna, kind="inform")
    assert page.status_code == 200
    assert "käyttöoikeutesi tässä palvelussa" in page.text
    assert anna.informed(page).location.startswith("https://wilma.example/cb?code=")
    assert anna.code()
    assert [event.envelope["notice"] for event in world.events("oidc:notice:agreed")] == ["inform"]


def test_a_person_is_told_what_for_and_by_which_law_as_the_controller_says(world: World, anna: Browser) -> None:
    law = {"purpose": "Opetuksen arviointi", "legal_basis": "Perusopetuslaki 40 §", "legal_basis#sv": "40 § i lagen"}
    set_client(world, metadata_=law)
    page = through(anna, kind="inform").text
    assert "Opetuksen arviointi" in page
    assert "Perusopetuslaki 40 §" in page


def test_a_person_is_told_again_when_the_application_wants_more(world: World, anna: Browser) -> None:
    set_client(world, scope="openid roles email")
    anna.informed(through(anna, kind="inform"))
    assert "sähköpostiosoitteesi" in anna.authorize(scope="openid roles email").text


def test_silently_nobody_can_be_told(world: World, anna: Browser) -> None:
    anna.code()
    notice(world, "inform")
    assert answer(anna.authorize(prompt="none"))["error"] == "consent_required"


def test_consent_is_asked_where_it_is_the_basis_and_can_be_refused(world: World, anna: Browser) -> None:
    page = through(anna, kind="consent")
    assert "Hyväksyn" in page.text or "suostu" in page.text.lower()
    fields = form(page)
    refused = anna.http.post(fields["action"], base_url=ISSUER, data=fields | {"decision": "cancel"})
    assert answer(refused)["error"] == "access_denied"
    assert world.events("oidc:notice:agreed") == []


def test_who_chooses_a_capacity_is_told_on_that_page(world: World, anna: Browser) -> None:
    notice(world, "inform")
    page = anna.authorize()
    assert "käyttöoikeutesi tässä palvelussa" in page.text
    chosen = anna.get(anna.choose(page, world.ids["capacity KOIVU"]).location)
    assert "code" in answer(chosen)
    assert len(world.events("oidc:notice:agreed")) == 1


def test_who_chooses_a_capacity_has_not_consented_yet(world: World, anna: Browser) -> None:
    notice(world, "consent")
    chosen = anna.get(anna.choose(anna.authorize(), world.ids["capacity KOIVU"]).location)
    assert "/consent?" in chosen.text


def test_prompt_consent_asks_again(world: World, anna: Browser) -> None:
    anna.informed(through(anna, kind="inform"))
    page = anna.authorize(prompt="consent")
    assert "/consent?" in page.text
    assert "code" in answer(anna.informed(page))


def test_az_12_a_native_application_is_told_of_every_time(anna: Browser) -> None:
    anna.code("wilma-app")
    assert "/consent?" in anna.authorize("wilma-app").text


def test_an_agreement_prepared_in_another_browser_is_worth_nothing(world: World, anna: Browser) -> None:
    fields = form(through(anna, kind="consent"))
    other = Browser(world)
    other.sign_in()
    other.get("/login")
    sent = other.http.post(fields["action"], base_url=ISSUER, data=fields | {"decision": "continue"})
    assert sent.status_code in (400, 303)
    assert world.events("oidc:notice:agreed") == []
