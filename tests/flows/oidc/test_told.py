"""What the controller writes of a client on its page is what people read before they go on, in their own language, and
nobody else writes it."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam.access.model.assignment import AdminGrant
from iam.access.model.role import Application as ApplicationRow
from iam.apply.export import as_data
from iam.oidc.model import Client
from tests.kit.registrar import Registrar
from tests.kit.worlds.oidc import CHANGE, ISSUER, Browser, World, administrator, person

PAGE = "/admin/applications/wilma/clients/wilma"
APPLICATION = "/admin/applications/wilma"
WRITTEN = {
    "purpose-fi": "Opetuksen arviointi",
    "purpose-sv": "Bedömning av undervisningen",
    "purpose-en": "",
    "legal_basis-fi": "Perusopetuslaki\u00a040\u00a0§",
    "legal_basis-sv": "",
    "legal_basis-en": " Basic Education Act,\n section 40 ",
}


class Office(Browser):
    """An administrator's browser."""

    def enter(self, name: str) -> Office:
        """Sign in and pass the door of the pages."""
        self.sign_in(name)
        response = self.get("/admin/")
        while response.status_code in (302, 303):
            response = self.get(response.location.removeprefix(ISSUER))
        assert response.status_code == 200, response.text
        return self

    def write(self, client_id: str = "wilma", **fields: str) -> TestResponse:
        """Send the form of a client of wilma."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/account").text)
        assert token is not None
        return self.http.post(
            f"{APPLICATION}/clients/{client_id}/words",
            base_url=ISSUER,
            data={"csrf_token": html.unescape(token[1]), **fields},
            headers={"Accept": "text/html", "Accept-Language": "en"},
        )


def grant(world: World, name: str, permission: str, *organisations: str) -> None:
    world.write(
        *(
            AdminGrant(
                person_id=world.ids[name], permission=permission, organisation_id=world.ids[one], **world.lasting()
            )
            for one in organisations
        )
    )


@pytest.fixture
def paula(world: World) -> Office:
    """The administrator of everything."""
    administrator(world, person(world, "paula"))
    grant(world, "paula", "admin", "OPISTO")
    return Office(world).enter("paula")


def metadata(world: World, client_id: str = "wilma") -> dict[str, Any]:
    with Session(world.engine) as session:
        return dict(session.scalars(select(Client).where(Client.client_id == client_id)).one().metadata_)


def read(world: World, language: str) -> str:
    """What Anna reads before she goes on, in a language."""
    world.change(ApplicationRow, ApplicationRow.key == "wilma", notice="none")
    anna = Browser(world)
    anna.sign_in()
    anna.code()
    world.change(ApplicationRow, ApplicationRow.key == "wilma", notice="inform")
    anna.http.set_cookie("avain-language", language, domain="localhost")
    page = anna.authorize()
    assert page.status_code == 200, page.text
    return page.text


def test_people_read_in_their_language_what_was_written_and_the_first_text_where_it_was_not(
    world: World, paula: Office
) -> None:
    done = paula.write(**WRITTEN)
    assert (done.status_code, done.location) == (303, f"{PAGE}#told"), done.text
    assert metadata(world) == {
        "purpose": "Opetuksen arviointi",
        "purpose#sv": "Bedömning av undervisningen",
        "legal_basis": "Perusopetuslaki 40 §",
        "legal_basis#en": "Basic Education Act, section 40",
    }
    for language, purpose, law in (
        ("fi", "Opetuksen arviointi", "Perusopetuslaki 40 §"),
        ("sv", "Bedömning av undervisningen", "Perusopetuslaki 40 §"),
        ("en", "Opetuksen arviointi", "Basic Education Act, section 40"),
    ):
        page = read(world, language)
        assert purpose in page, language
        assert law in page, language


def test_the_pages_show_what_is_told_and_the_event_says_which_of_it_was_written(world: World, paula: Office) -> None:
    assert "People read only that it is for signing in." in html.unescape(paula.get(f"{APPLICATION}?lang=en").text)
    paula.write(**WRITTEN)
    for path in (PAGE, APPLICATION):
        text = paula.get(path).text
        assert "Bedömning av undervisningen" in text
        assert "Basic Education Act, section 40" in text
    paula.write(**WRITTEN)
    paula.write(**WRITTEN | {"legal_basis-en": ""})
    first, second = world.events("admin:client:words-written")
    assert first.envelope == {"application": "wilma", "client": "wilma", "words": ["legal_basis", "purpose"]}
    assert (second.actor_id, second.envelope["words"]) == (world.ids["paula"], ["legal_basis"])
    assert first.change_id not in (None, CHANGE)


def test_what_a_page_wrote_is_exported_as_a_declaration_states_it(world: World, paula: Office) -> None:
    paula.write(**WRITTEN)
    with Session(world.engine) as session:
        (wilma,) = [one for one in as_data(session)["applications"] if one["key"] == "wilma"]
    (client,) = [one for one in wilma["clients"] if one["client_id"] == "wilma"]
    assert client["metadata"] == metadata(world)


def test_saving_a_declared_text_as_it_is_changes_nothing(world: World, paula: Office) -> None:
    law = {
        "purpose": "Arviointi",
        "legal_basis": "40 §",
        "legal_basis#sv": "40 § i lagen",
        "contacts": ["a@wilma.example"],
    }
    world.change(Client, Client.client_id == "wilma", metadata_=law)
    fields = dict.fromkeys(WRITTEN, "") | {
        "purpose-fi": "Arviointi",
        "legal_basis-fi": "40 §",
        "legal_basis-sv": "40 § i lagen",
    }
    paula.write(**fields)
    assert metadata(world) == law
    assert world.events("admin:client:words-written") == []
    paula.write(**dict.fromkeys(WRITTEN, ""))
    assert metadata(world) == {"contacts": ["a@wilma.example"]}


@pytest.mark.parametrize("text", ["x" * 401, "tieto\x00", "\u202eoikea"])
def test_a_text_that_cannot_be_shown_is_refused_beside_its_field_and_nothing_is_lost(
    world: World, paula: Office, text: str
) -> None:
    page = paula.write(**WRITTEN | {"legal_basis-sv": text})
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.text.partition('id="legal_basis-sv"')[2][:300]
    assert "Bedömning av undervisningen" in page.text
    assert metadata(world) == {}


@pytest.mark.parametrize(
    ("permission", "places"),
    [("config.apply", ["KUNTA"]), ("applications.write", ["KUNTA", "OPISTO"]), ("admin", ["KUNTA"])],
)
def test_who_may_not_apply_declarations_of_everything_neither_finds_nor_sends_the_form(
    world: World, permission: str, places: list[str]
) -> None:
    person(world, "liisa")
    grant(world, "liisa", permission, *places)
    grant(world, "liisa", "applications.read", "KUNTA")
    liisa = Office(world).enter("liisa")
    assert "purpose-fi" not in liisa.get(PAGE).text
    assert liisa.write(**WRITTEN).status_code == 404
    assert metadata(world) == {}
    assert world.events("admin:client:words-written") == []


def test_a_client_that_changes_its_own_registration_keeps_what_its_controller_says(world: World, paula: Office) -> None:
    registrar = Registrar(world)
    client = registrar.made()
    done = paula.write(client["client_id"], **WRITTEN)
    assert done.status_code == 303, done.text
    theirs = {
        "client_id": client["client_id"],
        "redirect_uris": client["redirect_uris"],
        "client_name": "Uusi",
        "purpose": "Muu",
    }
    assert registrar.manage("PUT", client, theirs).status_code == 200
    kept = metadata(world, client["client_id"])
    assert (kept["purpose"], kept["legal_basis#en"], kept["client_name"]) == (
        "Opetuksen arviointi",
        "Basic Education Act, section 40",
        "Uusi",
    )


def test_a_retired_client_is_told_of_no_more(world: World, paula: Office) -> None:
    with Session(world.engine) as session, session.begin():
        session.execute(update(Client).where(Client.client_id == "wilma").values(retired=True))
    assert paula.write(**WRITTEN).status_code == 404
