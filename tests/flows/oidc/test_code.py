"""The authorization code flow from the browser to the tokens, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from jose import jwt
from sqlalchemy.orm import Session

from iam.access.model.assignment import Assignment
from iam.change import SYSTEM
from iam.oidc.model import RememberedCapacity
from iam.signin.passwords import credentials
from iam.tokens import witness
from iam.web import extension
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, VERIFIER, Application, Browser, World, answer, form, request_of, verified

Clock = Callable[[datetime], None]


def test_anna_signs_in_chooses_a_capacity_and_wilma_learns_exactly_that(
    world: World, anna: Browser, wilma: Application
) -> None:
    page = anna.authorize(scope="openid profile roles groups")
    assert "KOIVU fi" in page.text
    assert "RANTA fi" in page.text
    chosen = anna.choose(page, world.ids["capacity KOIVU"])
    assert chosen.status_code == 303
    found = answer(anna.get(chosen.location))
    assert (found["state"], found["iss"]) == ("st4te", ISSUER)
    tokens = wilma.redeem(found["code"])
    assert tokens.headers["Cache-Control"] == "no-store"
    said = verified(world, tokens.get_json()["id_token"], "JWT")
    assert said["nonce"] == "n0nce"
    assert said["aud"] == "wilma"
    assert said["acr"] == "urn:avain:acr:password"
    assert said["amr"] == ["pwd"]
    assert said["roles"] == ["opettaja@KOIVU"]
    assert said["groups"] == ["4B"]
    assert said["capacity"]["organisation"] == {"key": "KOIVU", "name": "KOIVU fi"}
    assert "name" not in said


def test_the_access_token_is_for_one_audience_as_rfc_9068_says(
    world: World, anna: Browser, wilma: Application, frozen: datetime
) -> None:
    """JW-01."""
    answered = wilma.redeem(anna.code()).get_json()
    said = verified(world, answered["access_token"], "at+jwt")
    assert {name: said[name] for name in ("iss", "aud", "client_id", "scope")} == {
        "iss": ISSUER,
        "aud": "https://wilma.example",
        "client_id": "wilma",
        "scope": "openid roles",
    }
    assert said["iat"] == int(frozen.timestamp())
    assert said["exp"] - said["iat"] == answered["expires_in"] == 300
    assert said["jti"]
    assert said["roles"] == ["opettaja@KOIVU"]
    assert "refresh_token" not in answered


def test_the_independent_witness_accepts_every_token(world: World, anna: Browser, at: Clock) -> None:
    at(datetime.now(UTC))
    anna.sign_in()
    published = world.app.test_client().get("/oauth2/jwks", base_url=ISSUER).get_json()["keys"]
    by_algorithm = {key["alg"]: key for key in published}
    assert all("d" not in key for key in published)
    for client_id, algorithm in (("wilma", "RS256"), ("wilma-app", "ES256")):
        answered = Application(world, client_id).redeem(anna.code(client_id)).get_json()
        key = by_algorithm[algorithm]
        assert witness.accepts(answered["access_token"], key, "https://wilma.example")
        # The witness compares at_hash too when it is given the access token.
        said = jwt.decode(
            answered["id_token"], key, algorithms=[algorithm], audience=client_id, access_token=answered["access_token"]
        )
        assert said["at_hash"]


def test_rights_decided_at_use_and_other_capacities_are_in_no_token(
    world: World, anna: Browser, wilma: Application
) -> None:
    answered = wilma.redeem(anna.code(capacity="RANTA")).get_json()
    for name, typ in (("access_token", "at+jwt"), ("id_token", "JWT")):
        assert verified(world, answered[name], typ)["roles"] == ["opettaja@RANTA"]


def test_a_token_ends_with_the_right_it_tells(
    world: World, anna: Browser, wilma: Application, frozen: datetime
) -> None:
    world.change(Assignment, Assignment.scope_id == world.ids["KOIVU"], valid_to=frozen + timedelta(seconds=90))
    assert wilma.redeem(anna.code()).get_json()["expires_in"] == 90


def test_the_choice_is_remembered_and_can_be_changed(world: World, anna: Browser) -> None:
    anna.code(capacity="RANTA")
    assert "code" in answer(anna.authorize())
    assert "code" in answer(anna.authorize(prompt="none"))
    page = anna.authorize(prompt="select_account")
    assert page.status_code == 200
    assert f'value="{world.ids["capacity RANTA"]}" required checked' in page.text
    anna.choose(page, world.ids["capacity KOIVU"])
    assert "code" in answer(anna.get(anna.choose(page, world.ids["capacity KOIVU"]).location))
    with world.engine.connect() as connection:
        assert (
            connection.scalar(RememberedCapacity.__table__.select().with_only_columns(RememberedCapacity.capacity_id))
            == world.ids["capacity KOIVU"]
        )


def test_cancelling_the_choice_is_told_to_the_application(anna: Browser) -> None:
    response = anna.choose(anna.authorize(), "", decision="cancel")
    assert response.status_code == 303
    assert answer(response)["error"] == "access_denied"
    assert answer(response)["iss"] == ISSUER


def test_a_choice_prepared_in_another_browser_is_worth_nothing(world: World, anna: Browser) -> None:
    location = anna.choose(anna.authorize(), world.ids["capacity RANTA"]).location
    other = Browser(world)
    other.sign_in()
    assert other.get(location).status_code == 200
    assert answer(anna.get(location))["code"]


def test_a_capacity_of_somebody_else_cannot_be_chosen(world: World, anna: Browser) -> None:
    anna_koivu = world.ids["capacity KOIVU"]
    berit = oidc_world.person(world, "berit")
    stranger = oidc_world.employ(world, berit, "KOIVU", "Rehtori")
    page = anna.get(anna.choose(anna.authorize(), stranger).location)
    assert page.status_code == 200
    assert str(anna_koivu) in page.text
    assert str(stranger) not in page.text


def test_an_application_that_does_not_ask_gets_the_primary_affiliation_under_its_own_names(
    world: World, anna: Browser
) -> None:
    found = answer(anna.authorize("verso"))
    said = verified(world, Application(world, "verso").redeem(found["code"]).get_json()["id_token"], "JWT")
    assert said["capacity"]["organisation"]["key"] == "KOIVU"
    assert said["groups"] == []
    assert "roles" not in said


def test_the_subject_is_pairwise_and_stable(world: World, anna: Browser, wilma: Application) -> None:
    """OI-03."""
    subjects = [verified(world, wilma.redeem(anna.code()).get_json()["id_token"], "JWT")["sub"] for _ in range(2)]
    other = Application(world, "verso").redeem(answer(anna.authorize("verso"))["code"]).get_json()["id_token"]
    assert subjects[0] == subjects[1]
    assert verified(world, other, "JWT")["sub"] != subjects[0]


def test_somebody_without_a_role_is_told_so_and_the_application_only_when_asked_back(world: World) -> None:
    berit = oidc_world.person(world, "berit")
    oidc_world.employ(world, berit, "KOIVU", "Koulusihteeri")
    browser = Browser(world)
    browser.sign_in("berit")
    page = browser.authorize()
    assert page.status_code == 403
    assert "error=access_denied" in page.text
    assert world.events("oidc:authorization:refused")[0].subject_id == berit
    assert answer(browser.authorize(prompt="none"))["error"] == "access_denied"
    assert "code" in answer(browser.authorize("verso"))


def test_an_organisation_that_did_not_enable_the_application_keeps_its_people_out(world: World) -> None:
    oidc_world.employ(world, oidc_world.person(world, "berit"), "OPISTO", "Opettaja")
    browser = Browser(world)
    browser.sign_in("berit")
    assert browser.authorize("verso").status_code == 403


def test_a_guardian_chooses_for_whom_and_the_application_learns_it(world: World) -> None:
    berit, child = oidc_world.person(world, "berit"), oidc_world.person(world, "lapsi")
    capacity = oidc_world.guardian(world, berit, child)
    oidc_world.give(world, berit, "opettaja", "KOIVU", capacity)
    browser = Browser(world)
    browser.sign_in("berit")
    said = verified(world, Application(world).redeem(browser.code()).get_json()["id_token"], "JWT")
    assert said["capacity"]["kind"] == "guardian"
    assert said["capacity"]["on_behalf_of"] not in (said["sub"], None)
    assert "organisation" not in said["capacity"]


def test_a_hold_lets_nobody_in(world: World, anna: Browser) -> None:
    oidc_world.hold(world, world.ids["anna"])
    assert anna.authorize().status_code == 403


def test_form_post_answers_by_a_form_that_may_lead_to_the_application_only(anna: Browser) -> None:
    anna.code()
    page = anna.authorize(response_mode="form_post")
    fields = form(page)
    assert fields["action"] == "https://wilma.example/cb"
    assert fields["code"].startswith("avc_")
    assert (fields["state"], fields["iss"]) == ("st4te", ISSUER)
    assert "form-action 'self' https://wilma.example;" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"


def test_a_posted_request_is_answered_like_a_got_one(world: World, anna: Browser) -> None:
    """AZ-07: after a post, 303."""
    moved = anna.http.post("/oauth2/authorize", base_url=ISSUER, data=request_of("verso"))
    assert moved.status_code == 303
    assert "code" in answer(anna.get(moved.location))


def test_the_whole_way_with_a_password_and_back(world: World, wilma: Application) -> None:
    with Session(world.engine) as session, session.begin():
        credentials.set_password(
            session, extension.parts_of(world.app).vault, world.ids["anna"], oidc_world.PASSWORD, SYSTEM
        )
    browser = Browser(world)
    sent = browser.authorize()
    assert sent.status_code == 303
    page = browser.get(sent.location)
    assert "form-action 'self' https://wilma.example;" in page.headers["Content-Security-Policy"]
    signed_in = browser.http.post(
        "/login", base_url=ISSUER, data=form(page) | {"login": "anna", "password": oidc_world.PASSWORD}
    )
    assert signed_in.status_code == 303
    chooser = browser.get(signed_in.location)
    code = answer(browser.get(browser.choose(chooser, world.ids["capacity KOIVU"]).location))["code"]
    assert wilma.redeem(code).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": None},
        {"redirect_uri": "https://wilma.example/other"},
        {"redirect_uri": None},
    ],
)
def test_a_code_is_bound_to_its_challenge_and_redirect_uri(
    anna: Browser, wilma: Application, changes: dict[str, Any]
) -> None:
    """AZ-11, C-16."""
    code = anna.code()
    refused = wilma.redeem(code, **changes)
    assert refused.status_code == 400
    assert refused.get_json()["error"] in ("invalid_grant", "invalid_request")
    assert wilma.redeem(code).get_json()["error"] == "invalid_grant"


@pytest.mark.parametrize("client_id", ["wilma", "wilma-app", "wilma-old"])
@pytest.mark.parametrize("verifier", [None, ""])
def test_an_application_that_brings_no_verifier_is_told_that_the_code_is_not_good(
    world: World, anna: Browser, client_id: str, verifier: str | None
) -> None:
    """RFC 7636 section 4.6; of a client that need not use PKCE, too, when its request did."""
    refused = Application(world, client_id).redeem(anna.code(client_id), code_verifier=verifier)
    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_grant")


def test_a_code_is_bound_to_its_client(world: World, anna: Browser, wilma: Application) -> None:
    """AZ-11, C-17."""
    code = anna.code()
    stolen = Application(world, "verso").redeem(code, redirect_uri="https://wilma.example/cb")
    assert stolen.get_json()["error"] == "invalid_grant"
    assert wilma.redeem(code).status_code == 200


def test_a_code_lives_a_minute(anna: Browser, wilma: Application, at: Clock) -> None:
    """AZ-10."""
    code = anna.code()
    at(oidc_world.instant(60))
    assert wilma.redeem(code).get_json()["error"] == "invalid_grant"


def test_a_replayed_code_ends_what_it_gave_and_is_in_the_log(world: World, anna: Browser, wilma: Application) -> None:
    """AZ-10."""
    code = anna.code(scope="openid roles offline_access")
    first = wilma.redeem(code).get_json()
    assert wilma.introspect(first["access_token"])["active"] is True
    assert wilma.redeem(code).get_json()["error"] == "invalid_grant"
    assert wilma.introspect(first["access_token"]) == {"active": False}
    assert wilma.userinfo(first["access_token"]).status_code == 401
    assert wilma.refresh(first["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert len(world.events("oidc:token:replayed")) == 1
    assert len(world.events("oidc:token:issued")) == 1


def test_a_client_that_need_not_use_pkce_may_not_send_a_verifier_out_of_the_blue(world: World, anna: Browser) -> None:
    """AZ-05."""
    old = Application(world, "wilma-old")
    bare = {"code_challenge": None, "code_challenge_method": None}
    assert old.redeem(anna.code("wilma-old", **bare), code_verifier=None).status_code == 200
    assert old.redeem(anna.code("wilma-old", **bare), code_verifier=VERIFIER).get_json()["error"] == "invalid_request"
    assert old.redeem(anna.code("wilma-old")).status_code == 200


def test_signing_out_between_code_and_token_leaves_nothing_to_redeem(
    world: World, anna: Browser, wilma: Application
) -> None:
    code = anna.code()
    anna.http.post("/logout", base_url=ISSUER, data=form(anna.get("/logout")) | {"decision": "sign-out"})
    assert wilma.redeem(code).get_json()["error"] == "invalid_grant"
