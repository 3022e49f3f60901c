"""Registering on a page: an application with its first client in a minute, and a further client."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.model.role import Application
from iam.oidc.clients.registered import load
from iam.oidc.model import Client, ClientSecret
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, person
from tests.unit.admin_ui.trace.test_sign_in_trace import told

NEW, CLIENT = "/admin/new-application", "/admin/applications/wilma/new-client"


def clients(world: World) -> list[Client]:
    with Session(world.engine) as session:
        return list(session.scalars(select(Client).order_by(Client.client_id)))


def test_a_service_is_registered_in_one_form_and_its_secret_is_shown_once(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    assert NEW in paula.get("/admin/applications").text
    page = paula.post(
        NEW,
        NEW,
        name="Päiväkodin viestit",
        owner="MANSIKKALA",
        entry="everyone",
        template="web",
        redirect_uris="https://viestit.example/cb\r\n\r\nhttps://viestit.example/cb",
        post_logout_redirect_uris="https://viestit.example/",
    )
    assert page.status_code == 200, told(page.text)
    assert page.headers["Cache-Control"] == "no-store"
    secret = re.search(r'<code id="secret">(avk_[^<]+)</code>', page.text)
    assert secret is not None
    (made,) = clients(world)
    assert (made.client_id, made.redirect_uris, made.auth, made.pkce) == (
        "paivakodin-viestit-web",
        ["https://viestit.example/cb"],
        "client_secret_basic",
        "required",
    )
    with Session(world.engine) as session:
        row = session.scalars(select(Application).where(Application.key == "paivakodin-viestit")).one()
        assert (row.owner_id, row.entry, row.audience, row.name["sv"]) == (
            world.ids["MANSIKKALA"],
            "everyone",
            "paivakodin-viestit",
            "Päiväkodin viestit",
        )
        known = load(session, made.client_id)
        assert known is not None
        assert known.check_client_secret(secret[1])
    again = paula.get("/admin/applications/paivakodin-viestit/clients/paivakodin-viestit-web").text
    assert secret[1] not in again
    assert [event.envelope for event in world.events("admin:client:registered")] == [
        {"application": "paivakodin-viestit", "client": "paivakodin-viestit-web", "template": "web"}
    ]
    assert len(world.events("admin:application:added")) == 1


@pytest.mark.parametrize(
    ("template", "uris", "auth", "grants", "kind"),
    [
        ("single-page", "https://sovellus.example/cb", "none", ["authorization_code"], "web"),
        ("native", "http://127.0.0.1/cb", "none", ["authorization_code", "refresh_token"], "native"),
        ("native", "fi.example.sovellus:/cb", "none", ["authorization_code", "refresh_token"], "native"),
        ("service", "", "client_secret_basic", ["client_credentials"], None),
    ],
)
def test_each_template_registers_what_its_kind_needs(
    world: World,
    reader: Callable[[str], Reader],
    template: str,
    uris: str,
    auth: str,
    grants: list[str],
    kind: str | None,
) -> None:
    page = reader("paula").post(CLIENT, CLIENT, template=template, redirect_uris=uris)
    assert page.status_code == 200, told(page.text)
    (made,) = clients(world)
    assert (made.client_id, made.auth, made.grants, made.sector) == (f"wilma-{template}", auth, grants, "wilma")
    assert made.metadata_.get("application_type") == kind
    assert ('id="secret"' in page.text) == (auth != "none")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"template": "web", "redirect_uris": ""}, "State its redirect addresses."),
        (
            {"template": "web", "redirect_uris": "http://app.example/cb"},
            "An address without TLS must be on the same machine",
        ),
        ({"template": "web", "redirect_uris": "https://app.example/#cb"}, "has no fragment"),
        (
            {"template": "single-page", "redirect_uris": "fi.example:/cb"},
            "Only an application on the person's own device",
        ),
        (
            {"template": "invented", "redirect_uris": "https://app.example/cb"},
            "Choose what kind of application this is.",
        ),
        ({"redirect_uris": "https://app.example/cb"}, "Choose what kind of application this is."),
    ],
)
def test_what_cannot_be_registered_comes_back_with_the_reason_and_writes_nothing(
    world: World, reader: Callable[[str], Reader], fields: dict[str, str], words: str
) -> None:
    page = reader("paula").post(CLIENT, CLIENT, **fields)
    assert page.status_code == 422
    assert words in told(page.text)
    assert html.escape(fields["redirect_uris"]) in page.text
    assert clients(world) == []


def test_an_application_whose_client_is_refused_is_not_added_either(
    world: World, reader: Callable[[str], Reader]
) -> None:
    page = reader("paula").post(NEW, NEW, name="Viestit", owner="MANSIKKALA", template="web", redirect_uris="nonsense")
    assert page.status_code == 422
    with Session(world.engine) as session:
        assert session.scalars(select(Application.key)).all() == ["wilma"]
    assert world.events("admin:application:added") == []


def test_a_name_that_is_taken_gets_a_number(world: World, reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    paula.post(NEW, NEW, name="Wilma", owner="MANSIKKALA", template="service")
    paula.post(CLIENT, CLIENT, template="service")
    paula.post(CLIENT, CLIENT, template="service")
    assert [one.client_id for one in clients(world)] == ["wilma-2-service", "wilma-service", "wilma-service-2"]


def test_nobody_registers_for_an_organisation_outside_the_part(world: World, reader: Callable[[str], Reader]) -> None:
    person(world, "mika", "Mustikka")
    administer(world, "mika", "MUSTIKKALA", "applications.write", "applications.read")
    catalogue.enable(world, "wilma", world.ids["MUSTIKKALA"])
    mika = reader("mika")
    page = mika.post(NEW, NEW, name="Viestit", owner="MANSIKKALA", template="service")
    assert page.status_code == 422
    assert "There is no such organisation, or it is outside your part." in told(page.text)
    assert mika.get("/admin/applications/wilma").status_code == 200
    assert CLIENT not in mika.get("/admin/applications/wilma").text
    assert mika.get(CLIENT).status_code == 404
    assert mika.force(CLIENT, template="service").status_code == 404
    assert clients(world) == []


def test_who_may_only_look_registers_nothing(world: World, reader: Callable[[str], Reader]) -> None:
    person(world, "lulu", "Lukija")
    administer(world, "lulu", "ROOT", "applications.read")
    lulu = reader("lulu")
    assert NEW not in lulu.get("/admin/applications").text
    assert lulu.get(NEW).status_code == 404
    assert lulu.force(CLIENT, template="service").status_code == 404
    with Session(world.engine) as session:
        assert session.scalars(select(ClientSecret)).all() == []


def test_the_settings_are_told_as_text_and_as_json_without_the_secret(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    page = paula.post(CLIENT, CLIENT, template="web", redirect_uris="https://app.example/cb")
    secret = re.search(r'id="secret">([^<]+)<', page.text)
    assert secret is not None
    here = "/admin/applications/wilma/clients/wilma-web"
    file = paula.get(f"{here}/settings.json")
    settings = json.loads(file.text)
    assert settings["discovery"] == "http://localhost:8080/.well-known/openid-configuration"
    assert settings["token_endpoint"] == "http://localhost:8080/oauth2/token"
    assert (settings["client_id"], settings["redirect_uris"]) == ("wilma-web", ["https://app.example/cb"])
    assert secret[1] not in file.text
    assert "redirect_uris: https://app.example/cb" in html.unescape(page.text)
