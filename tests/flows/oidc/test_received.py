"""What an application receives of a person is what the person is told, agrees to, reads in the log and on My account,
however it asked."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from iam.access.model.assignment import Assignment
from iam.access.model.role import Application as ApplicationRow
from iam.oidc.model import Agreed, Client
from tests.kit.worlds.oidc import ISSUER, Application, Browser, World, administrator, answer, instant, person, verified

ONE_BY_ONE = json.dumps({"userinfo": {"email": None, "groups": None}, "id_token": {"phone_number": None}})
EMAIL, GROUPS, PHONE = "your e-mail address", "your groups in the organisation", "your telephone number"
CAPACITY = "what you act as, and in which organisation or on whose behalf"
PROFILE = "your name, username, position and language"


@pytest.fixture(autouse=True)
def _may_ask_for_everything(world: World) -> None:
    scope = "openid profile email phone roles groups offline_access"
    world.change(
        Client,
        Client.client_id == "wilma",
        scope=scope,
        grants=["authorization_code", "refresh_token"],
        redirect_uris=["https://wilma.example/cb"],
    )


def notice(world: World, kind: str) -> None:
    world.change(ApplicationRow, ApplicationRow.key == "wilma", notice=kind)


def words(page: TestResponse) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.text)))


def asked(anna: Browser, kind: str, **changes: Any) -> TestResponse:
    """The page about the data, in a capacity that was chosen before."""
    anna.code(scope="openid")
    notice(anna.world, kind)
    return anna.authorize(**{"scope": "openid", "lang": "en", **changes})


def applications(anna: Browser) -> str:
    return words(anna.get("/account?lang=en"))


@pytest.mark.parametrize("kind", ["inform", "consent"])
def test_a_person_is_told_of_data_that_are_asked_one_by_one(anna: Browser, kind: str) -> None:
    plain = words(asked(anna, kind))
    assert not [one for one in (EMAIL, GROUPS, PHONE) if one in plain]
    told = words(asked(anna, kind, claims=ONE_BY_ONE))
    assert [one for one in (EMAIL, GROUPS, PHONE) if one not in told] == []


def test_who_chooses_a_capacity_is_told_there_of_data_that_are_asked_one_by_one(world: World, anna: Browser) -> None:
    notice(world, "inform")
    told = words(anna.authorize(scope="openid", lang="en", claims=ONE_BY_ONE))
    assert [one for one in (CAPACITY, EMAIL, GROUPS, PHONE) if one not in told] == []


def test_who_agreed_to_less_is_asked_again_before_more_is_asked_one_by_one(world: World, anna: Browser) -> None:
    assert "code" in answer(anna.informed(asked(anna, "consent")))
    assert answer(anna.authorize(scope="openid", prompt="none", claims=ONE_BY_ONE))["error"] == "consent_required"
    assert "code" in answer(anna.informed(anna.authorize(scope="openid", claims=ONE_BY_ONE)))
    assert "code" in answer(anna.authorize(scope="openid email", prompt="none"))
    agreed = world.events("oidc:notice:agreed")[-1].envelope
    assert set(agreed["scope"].split()) == {"openid", "capacity", "email", "groups", "phone"}


def test_data_that_a_client_may_not_have_are_not_told_of(world: World, anna: Browser) -> None:
    world.change(Client, Client.client_id == "wilma", scope="openid roles")
    assert EMAIL not in words(asked(anna, "consent", claims=ONE_BY_ONE))


def test_a_person_is_told_that_an_application_learns_the_capacity_and_with_the_profile_the_title(anna: Browser) -> None:
    plain = words(asked(anna, "inform"))
    assert CAPACITY in plain
    assert PROFILE not in plain
    assert PROFILE in words(asked(anna, "inform", scope="openid profile"))


def test_who_agreed_before_the_capacity_was_told_is_told_once_more(world: World, anna: Browser) -> None:
    assert "code" in answer(anna.informed(asked(anna, "inform")))
    world.change(Agreed, Agreed.notice == "inform", scope="openid")
    page = anna.authorize(scope="openid", lang="en")
    assert CAPACITY in words(page)
    assert "code" in answer(anna.informed(page))
    assert "code" in answer(anna.authorize(scope="openid"))


def test_my_account_lists_data_that_were_asked_one_by_one_and_the_capacity(anna: Browser, wilma: Application) -> None:
    wilma.redeem(anna.code(scope="openid", claims=ONE_BY_ONE))
    told = applications(anna)
    assert [one for one in (CAPACITY, EMAIL, GROUPS, PHONE) if one not in told] == []
    assert PROFILE not in told


def test_the_log_names_data_that_were_asked_one_by_one_wherever_they_were_told(
    world: World, anna: Browser, wilma: Application
) -> None:
    tokens = wilma.redeem(anna.code(scope="openid offline_access", claims=ONE_BY_ONE)).get_json()
    wilma.refresh(tokens["refresh_token"])
    wilma.userinfo(tokens["access_token"])
    granted = world.events("oidc:authorization:granted")[-1].envelope["scope"].split()
    assert set(granted) == {"openid", "offline_access", "capacity", "email", "groups", "phone"}
    for issued in world.events("oidc:token:issued"):
        assert set(issued.envelope["scope"].split()) == {"openid", "offline_access", "capacity", "phone"}
    disclosed = world.events("oidc:userinfo:disclosed")[-1].envelope["scope"].split()
    assert set(disclosed) == {"openid", "offline_access", "capacity", "email", "groups"}


def test_the_log_says_to_which_client_and_by_which_capacity_each_token_was_issued_renewed_ones_too(
    world: World, anna: Browser, wilma: Application
) -> None:
    tokens = wilma.redeem(anna.code(scope="openid offline_access")).get_json()
    wilma.refresh(tokens["refresh_token"])
    (granted,) = world.events("oidc:authorization:granted")
    told = [(one.envelope["client"], one.envelope["capacity"]) for one in world.events("oidc:token:issued")]
    assert told == [("wilma", granted.envelope["capacity"])] * 2
    assert granted.envelope["capacity"]


@pytest.mark.parametrize(("scope", "told"), [("openid", False), ("openid profile", True)])
def test_an_application_learns_the_title_with_the_profile_only_wherever_it_reads(
    world: World, anna: Browser, wilma: Application, scope: str, told: bool
) -> None:
    tokens = wilma.redeem(anna.code(scope=scope)).get_json()
    said = {
        "ID token": verified(world, tokens["id_token"], "JWT"),
        "access token": verified(world, tokens["access_token"], "at+jwt"),
        "userinfo": wilma.userinfo(tokens["access_token"]).get_json(),
        "introspection": wilma.introspect(tokens["access_token"]),
    }
    assert {place: one["capacity"]["organisation"]["key"] for place, one in said.items()} == dict.fromkeys(
        said, "KOIVU"
    )
    titles = {place: one["capacity"].get("position") for place, one in said.items()}
    assert titles == dict.fromkeys(said, "Luokanopettaja" if told else None)


def test_a_token_that_tells_roles_asked_one_by_one_ends_with_the_first_of_them(
    world: World, anna: Browser, wilma: Application
) -> None:
    soon = instant(120)
    world.change(Assignment, Assignment.scope_id == world.ids["KOIVU"], valid_to=soon)
    code = anna.code(scope="openid", claims=json.dumps({"id_token": {"roles": None}}))
    said = verified(world, wilma.redeem(code).get_json()["id_token"], "JWT")
    assert (said["roles"], said["exp"]) == (["opettaja@KOIVU"], int(soon.timestamp()))


def test_the_administration_pages_are_told_no_capacity_and_say_so(world: World) -> None:
    administrator(world, person(world, "paula"))
    office = Browser(world)
    office.sign_in("paula")
    response = office.get("/admin/")
    while response.status_code in (302, 303):
        response = office.get(response.location.removeprefix(ISSUER))
    scopes = {event.envelope["scope"] for event in world.events("oidc:authorization:granted")}
    assert scopes == {"openid profile"}
