"""What OpenID Connect promises people and applications besides: links under the form, whose name it is, the zone, the
language, the change."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.role import Application as ApplicationRow
from iam.change import Change
from iam.database.types import uuid7
from iam.directory.person import PersonProfile
from iam.oidc.model import Client
from iam.signin.accounts.account import Account
from tests.kit.registrar import BACK, Registrar
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, Application, Browser, World

Clock = Callable[[datetime], None]
POLICY, TERMS = "https://wilma.example/policy", "https://wilma.example/terms"
ALONE, SHARED = "a name for you that only this service knows", "a name for you that other services of KUNTA en know too"


@pytest.fixture
def registrar(world: World) -> Registrar:
    return Registrar(world)


def says(world: World, **metadata: str) -> None:
    world.change(
        Client, Client.client_id == "wilma", metadata_={name.replace("__", "#"): one for name, one in metadata.items()}
    )


def form_page(world: World, lang: str = "en") -> str:
    """The sign-in page on the way to wilma."""
    stranger = Browser(world)
    return stranger.get(stranger.authorize().location + f"&lang={lang}").text


def words(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def told(wilma: Application, anna: Browser) -> dict[str, Any]:
    tokens = wilma.redeem(anna.code(scope="openid profile")).get_json()
    found: dict[str, Any] = wilma.userinfo(tokens["access_token"]).get_json()
    return found


def test_who_signs_in_finds_the_services_own_policy_and_terms_under_the_form(world: World) -> None:
    says(world, policy_uri=POLICY, tos_uri=TERMS)
    page = form_page(world)
    assert page.index("</form>") < page.index(f'<a href="{POLICY}">') < page.index(f'<a href="{TERMS}">')
    assert "Privacy notice of the service" in page
    assert "Terms of use of the service" in page


def test_who_mistypes_finds_them_still_and_in_the_language_of_the_page(world: World) -> None:
    says(world, policy_uri__sv=POLICY, policy_uri__fi=f"{POLICY}/fi", tos_uri=TERMS)
    assert f'<a href="{POLICY}">' in form_page(world, "sv")
    assert f'<a href="{POLICY}/fi">' in form_page(world, "fi")
    assert POLICY in form_page(world, "en"), "a notice in another language is better than none"
    stranger = Browser(world)
    page = stranger.get(stranger.authorize().location)
    again = stranger.http.post(
        "/login", base_url=ISSUER, data=oidc_world.form(page) | {"login": "anna", "password": "väärä"}
    )
    assert f'<a href="{TERMS}">' in again.text


def test_a_service_without_policy_and_terms_has_no_such_links(world: World) -> None:
    assert "of the service" not in words(form_page(world))


@pytest.mark.parametrize(("mode", "says_", "hides"), [("pairwise", ALONE, SHARED), ("public", SHARED, ALONE)])
def test_a_person_is_told_truly_who_else_knows_the_name(
    world: World, anna: Browser, wilma: Application, mode: str, says_: str, hides: str
) -> None:
    world.change(ApplicationRow, ApplicationRow.key == "wilma", subject_mode=mode)
    wilma.redeem(anna.code())
    world.change(ApplicationRow, ApplicationRow.key == "wilma", notice="inform")
    page = anna.authorize(lang="en")
    for text in (words(page.text), words(anna.get("/account?lang=en").text)):
        assert says_ in text
        assert hides not in text
    anna.informed(page)
    assert says_ in words(anna.get("/account?lang=en").text)


def test_a_pairwise_client_of_a_public_application_knows_a_name_of_its_own(
    world: World, anna: Browser, wilma: Application
) -> None:
    world.change(ApplicationRow, ApplicationRow.key == "wilma", subject_mode="public", notice="inform")
    says(world, subject_type="pairwise")
    wilma.redeem(anna.code())
    assert ALONE in words(anna.get("/account?lang=en").text)


def test_an_application_learns_the_time_zone_and_the_consortiums_language_of_who_chose_none(
    world: World, anna: Browser, wilma: Application
) -> None:
    world.change(Account, Account.person_id == world.ids["anna"], language=None)
    said = told(wilma, anna)
    assert (said["zoneinfo"], said["locale"]) == ("Europe/Helsinki", "fi")
    world.change(Account, Account.person_id == world.ids["anna"], language="sv")
    assert told(wilma, anna)["locale"] == "sv"


def test_an_application_learns_when_the_persons_data_last_changed(
    world: World, anna: Browser, wilma: Application, at: Clock
) -> None:
    before = told(wilma, anna)["updated_at"]
    at(clock.now() + timedelta(hours=1))
    change = Change(id=uuid7(), kind="command", purpose="a new name", at=clock.now())
    world.write(change)
    with Session(world.engine) as session, session.begin():
        row = session.scalars(select(PersonProfile).where(PersonProfile.person_id == world.ids["anna"])).one()
        row.closed_by = change.id
        session.flush()
        fresh = PersonProfile(
            person_id=row.person_id,
            fact_id=row.fact_id,
            given_names="Anna",
            family_name="Laine",
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            opened_by=change.id,
        )
        session.add(fresh)
    anna.sign_in()
    said = told(wilma, anna)
    assert (said["name"], said["updated_at"]) == ("Anna Laine", int(clock.now().timestamp()))
    assert before < said["updated_at"]


def test_without_the_profile_none_of_it_is_told(anna: Browser, wilma: Application) -> None:
    tokens = wilma.redeem(anna.code(scope="openid email")).get_json()
    assert not {"zoneinfo", "locale", "updated_at"} & wilma.userinfo(tokens["access_token"]).get_json().keys()


def test_discovery_offers_no_scope_that_gives_nothing(anna: Browser) -> None:
    said = anna.get("/.well-known/openid-configuration").get_json()
    assert "address" not in said["scopes_supported"]
    assert {"zoneinfo", "updated_at", "locale"} <= set(said["claims_supported"])


def test_a_client_that_registers_itself_without_scopes_may_read_the_telephone_too(registrar: Registrar) -> None:
    said = registrar.post({"redirect_uris": [BACK]}).get_json()
    assert said["scope"].split() == ["openid", "profile", "email", "roles", "groups", "phone"]
    lasting = {"redirect_uris": [BACK], "grant_types": ["authorization_code", "refresh_token"]}
    assert {"phone", "offline_access"} <= set(registrar.post(lasting).get_json()["scope"].split())
    assert registrar.post({"redirect_uris": [BACK], "scope": "openid"}).get_json()["scope"] == "openid"


@pytest.mark.parametrize("uris", [["https://a.example/r"], [], "https://a.example/r", [1]])
def test_a_client_that_registers_addresses_of_requests_learns_that_none_is_kept(
    registrar: Registrar, uris: Any
) -> None:
    said = registrar.post({"redirect_uris": [BACK], "request_uris": uris})
    assert said.status_code == 201
    assert "request_uris" not in said.get_json()
