"""An application lets in only people of organisations for which it is enabled, by the child's school where a guardian
asks."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete

from iam.access.model.role import Application as ApplicationRow, ApplicationEnabled, Role
from iam.oidc.model import Client
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import Application, Browser, World, verified


def enable(world: World, *organisations: str, application: str = "wilma") -> None:
    """Let only the people of these organisations use an application."""
    with world.transaction() as session:
        session.execute(delete(ApplicationEnabled).where(ApplicationEnabled.application_id == world.ids[application]))
        session.add_all(
            ApplicationEnabled(application_id=world.ids[application], organisation_id=world.ids[key])
            for key in organisations
        )


def guardian(world: World, *schools: str) -> UUID:
    """A parent with a role in the schools of a child."""
    berit, child = oidc_world.person(world, "berit"), oidc_world.person(world, "lapsi")
    capacity = oidc_world.guardian(world, berit, child)
    for school in schools:
        oidc_world.give(world, berit, "opettaja", school, capacity)
    return capacity


def test_a_role_does_not_open_an_application_that_is_not_enabled_for_the_capacity_s_organisation(
    world: World, anna: Browser
) -> None:
    enable(world, "RANTA")
    code = anna.code(capacity="RANTA")
    assert verified(world, Application(world).redeem(code).get_json()["id_token"], "JWT")["roles"] == ["opettaja@RANTA"]
    enable(world)
    assert anna.authorize().status_code == 403


def test_what_was_disabled_between_the_code_and_its_use_gives_nothing(world: World, anna: Browser) -> None:
    code = anna.code()
    enable(world)
    refused = Application(world).redeem(code)
    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_grant")


def test_a_guardian_enters_by_the_childs_school_and_leaves_with_it(world: World) -> None:
    guardian(world, "KOIVU", "RANTA")
    browser, wilma = Browser(world), Application(world)
    browser.sign_in("berit")
    enable(world, "KOIVU")
    tokens = wilma.redeem(browser.code(scope="openid roles offline_access")).get_json()
    assert verified(world, tokens["access_token"], "at+jwt")["roles"] == ["opettaja@KOIVU"]
    assert wilma.userinfo(tokens["access_token"]).get_json()["roles"] == ["opettaja@KOIVU"]
    enable(world, "OPISTO")
    assert wilma.introspect(tokens["access_token"]) == {"active": False}
    assert wilma.userinfo(tokens["access_token"]).status_code == 401
    assert wilma.refresh(tokens["refresh_token"]).status_code == 400
    assert browser.authorize().status_code == 403


def test_a_token_for_another_application_tells_no_rights_where_that_one_is_not_enabled(
    world: World, anna: Browser
) -> None:
    world.change(Client, Client.client_id == "wilma", resources=["https://verso.example"])
    world.change(Role, Role.key == "opettaja", application_id=world.ids["verso"])
    world.change(ApplicationRow, ApplicationRow.key == "wilma", entry="everyone")
    enable(world, application="verso")
    tokens = Application(world).redeem(anna.code(resource="https://verso.example")).get_json()
    assert verified(world, tokens["access_token"], "at+jwt")["roles"] == []


def test_a_client_s_names_for_claims_shape_no_token_for_another_application(world: World, anna: Browser) -> None:
    mapper = {"roles": {"name": "groups", "format": "code"}}
    world.change(Client, Client.client_id == "wilma", resources=["https://verso.example"], mapper=mapper)
    world.change(Role, Role.key == "opettaja", application_id=world.ids["verso"])
    world.change(ApplicationRow, ApplicationRow.key == "wilma", entry="everyone")
    tokens = Application(world).redeem(anna.code(resource="https://verso.example")).get_json()
    said, own = verified(world, tokens["access_token"], "at+jwt"), verified(world, tokens["id_token"], "JWT")
    assert said["roles"] == ["opettaja@KOIVU"]
    assert "groups" not in said
    assert own["groups"] == []
    asked = Application(world, "verso").introspect(tokens["access_token"])
    assert (asked["roles"], "groups" in asked) == (["opettaja@KOIVU"], False)
