"""Settings of a client and of an application are changed on their pages: seen before they are saved, checked as a new
one's are, and only within what the asker holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from admin_ui.applications import setting_form
from admin_ui.applications.setting_words import GROUPS
from iam.access.model.role import Application
from iam.oidc import amending
from iam.oidc.clients import write as registration
from iam.oidc.clients.registered import load
from iam.oidc.model import Client, ClientSecret
from iam.tokens.secret import hash_of
from tests.kit.factories import consortium
from tests.kit.filled import fields_of
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, person
from tests.unit.admin_ui.trace.test_sign_in_trace import told

HERE = "/admin/applications/wilma/clients/wilma-web"
FORM = f"{HERE}/settings"
APPLICATION = "/admin/applications/wilma/settings"
SECRET = "avk_" + "f" * 43


@pytest.fixture
def wilma(world: World) -> None:
    """A client with one secret."""
    consortium.client(world, "wilma", "wilma-web", metadata_={"purpose": "Koulu", "client_name#sv": "Wilma på svenska"})
    with Session(world.engine) as session, session.begin():
        registration.set_secrets(session, {"wilma-web": hash_of(SECRET)})


def client(world: World) -> Client:
    with Session(world.engine) as session:
        return session.scalars(select(Client).where(Client.client_id == "wilma-web")).one()


def looked(reader: Reader, path: str, **changes: Any) -> tuple[Any, dict[str, Any]]:
    """The answer to a form that was filled otherwise in some fields, and what was sent."""
    sent = fields_of(reader.get(path).text, path) | changes
    return reader.force(path, **{name: value for name, value in sent.items() if value is not None}), sent


def saved(reader: Reader, path: str, **changes: Any) -> Any:
    shown, sent = looked(reader, path, **changes)
    seen = re.search(r'name="seen" value="([^"]+)"', shown.text)
    assert (shown.status_code, seen is not None) == (200, True), told(shown.text)
    assert seen is not None
    return reader.force(path, **{name: value for name, value in sent.items() if value is not None}, seen=seen[1])


def test_every_setting_stands_in_one_group_of_the_form_and_has_a_name() -> None:
    names = [name for _, some in GROUPS for name in some]
    assert sorted(names) == sorted([*amending.AMENDED, *amending.AMENDED_MEMBERS])
    assert all(setting_form.label_of(name)[0] for name in names)


def test_what_a_form_shows_is_read_back_as_it_stood(world: World, wilma: None) -> None:
    standing = amending.stated(client(world)) | {"default_max_age": 3600, "pkce": "optional"}
    form: MultiDict[str, str] = MultiDict()
    for _, inputs in setting_form.groups(standing):
        for one in inputs:
            if one.control == "choices":
                form.setlist(one.name, list(one.value))
            elif one.value != ():
                form[one.name] = str(one.value)
    given = setting_form.read(form, standing)
    assert (given.problems, amending.changed(standing, given.settings)) == ([], {})


def test_a_redirect_address_is_corrected_after_the_change_was_seen(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    paula = reader("paula")
    assert f'href="{FORM}"' in paula.get(HERE).text
    address = "https://wilma.example/takaisin"
    shown, _ = looked(paula, FORM, redirect_uris=address)
    assert f"Redirect addresses Now: https://wilma-web.example/cb After saving: {address}" in told(shown.text)
    assert client(world).redirect_uris == ["https://wilma-web.example/cb"]
    done = saved(paula, FORM, redirect_uris=address, default_max_age="3600", **{"client_name-fi": "Wilma"})
    assert done.location == HERE
    found = client(world)
    assert (found.redirect_uris, found.default_max_age) == ([address], 3600)
    assert found.metadata_ == {"purpose": "Koulu", "client_name": "Wilma", "client_name#sv": "Wilma på svenska"}
    (event,) = world.events("admin:client:amended")
    assert event.envelope["fields"] == ["client_name", "default_max_age", "redirect_uris"]
    with Session(world.engine) as session:
        known = load(session, "wilma-web")
        assert known is not None
        assert known.check_redirect_uri(address)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("redirect_uris", "wilma.example/cb", "This is no address to come back to."),
        ("redirect_uris", "", "People cannot come back to this client."),
        ("scope", "profile", "A client that people sign in to needs the scope openid."),
        ("default_max_age", "tunti", "This is no number of seconds."),
        ("jwks", "[1]", "This is no JWK set."),
        ("frontchannel_logout_uri", "https://muu.example/ulos", "The page for logout must be where"),
        ("logo_uri-sv", "http://kuva.example", "is not allowed"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_changed(
    world: World, reader: Callable[[str], Reader], wilma: None, field: str, value: str, words: str
) -> None:
    paula = reader("paula")
    page, _ = looked(paula, FORM, **{field: value, "software_id": "typed"})
    assert (page.status_code, words in told(page.text)) == (422, True)
    assert 'value="typed"' in page.text
    assert client(world).redirect_uris == ["https://wilma-web.example/cb"]


def test_a_client_that_begins_to_prove_itself_by_a_secret_is_given_one_and_loses_it_when_it_ceases(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    paula = reader("paula")
    assert saved(paula, FORM, auth="none").location == HERE
    with Session(world.engine) as session:
        assert [one.expires_at is not None for one in session.scalars(select(ClientSecret))] == [True]
    page = saved(paula, FORM, auth="client_secret_basic")
    found = re.search(r'<code id="secret">(avk_[^<]+)</code>', page.text)
    assert found is not None
    assert page.headers["Cache-Control"] == "no-store"


def test_the_second_of_two_editors_is_told_and_keeps_what_was_typed(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    paula, other = reader("paula"), reader("paula")
    began = fields_of(other.get(FORM).text, FORM)
    saved(paula, FORM, software_id="first")
    page = other.force(FORM, **began | {"software_id": "second"})
    assert (page.status_code, "Somebody changed this client meanwhile." in told(page.text)) == (409, True)
    assert 'value="second"' in page.text
    assert client(world).metadata_["software_id"] == "first"


@pytest.fixture
def mari(world: World, reader: Callable[[str], Reader], wilma: None) -> Reader:
    """Somebody who registers applications of one municipality only."""
    person(world, "mari", "Mansikka")
    administer(world, "mari", "MANSIKKALA", "applications.read", "applications.write")
    return reader("mari")


def test_tokens_for_the_services_of_others_are_not_a_municipalitys_to_ask(world: World, mari: Reader) -> None:
    page, _ = looked(mari, FORM, resources="https://muiden.example/api")
    assert (page.status_code, "Only whoever answers for the whole consortium" in told(page.text)) == (422, True)
    assert saved(mari, FORM, software_id="oma").location == HERE


def test_where_a_client_is_answered_that_may_have_tokens_for_the_services_of_others_is_not_a_municipalitys_to_say(
    world: World, mari: Reader
) -> None:
    with Session(world.engine) as session, session.begin():
        session.scalars(select(Client)).one().resources = ["https://avain.example/api/v1"]
    page, _ = looked(mari, FORM, redirect_uris="https://oma.example/cb")
    assert (page.status_code, "Only whoever answers for the whole consortium" in told(page.text)) == (422, True)


def test_anothers_client_and_application_are_not_there(world: World, mari: Reader) -> None:
    catalogue.application(world, "vieras", "MUSTIKKALA")
    consortium.client(world, "vieras", "vieras-web")
    for path in ("/admin/applications/vieras/clients/vieras-web/settings", "/admin/applications/vieras/settings"):
        assert mari.get(path).status_code == 404
        assert mari.force(path).status_code == 404


def test_an_application_is_renamed_and_given_to_an_organisation_of_ones_own_part_only(
    world: World, mari: Reader, reader: Callable[[str], Reader]
) -> None:
    assert f'href="{APPLICATION}"' in mari.get("/admin/applications/wilma").text
    page, _ = looked(mari, APPLICATION, owner="MUSTIKKALA")
    assert (page.status_code, "outside your part" in told(page.text)) == (422, True)
    done = saved(mari, APPLICATION, name_fi="Kouluportaali", name_sv="Skolportalen", entry="everyone")
    assert done.location == "/admin/applications/wilma"
    paula = reader("paula")
    assert saved(paula, APPLICATION, owner="MUSTIKKALA").location == "/admin/applications/wilma"
    with Session(world.engine) as session:
        row = session.scalars(select(Application).where(Application.key == "wilma")).one()
        assert (row.name["sv"], row.entry, row.owner_id) == ("Skolportalen", "everyone", world.ids["MUSTIKKALA"])
    assert [one.envelope["fields"] for one in world.events("application:page:stated")] == [["entry", "name"], ["owner"]]
    assert mari.get(APPLICATION).status_code == 404


def test_what_people_are_told_is_changed_by_whoever_answers_for_the_whole_only(world: World, mari: Reader) -> None:
    assert 'name="notice"' not in mari.get(APPLICATION).text
    saved(mari, APPLICATION, notice="none", name_en="School portal")
    with Session(world.engine) as session:
        assert session.scalars(select(Application.notice).where(Application.key == "wilma")).one() == "inform"
