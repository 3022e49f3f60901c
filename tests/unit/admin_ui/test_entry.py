"""The door of the administration pages: they are a relying party of our own provider."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam.change import SYSTEM
from iam.oidc.clients.registered import ADMIN
from iam.signin.accounts import ending
from iam.tokens.grant import GrantRow
from tests.kit.worlds.admin import ISSUER, Reader, World


def grants(world: World) -> list[GrantRow]:
    with Session(world.engine) as session:
        return list(session.scalars(select(GrantRow).where(GrantRow.client_id == ADMIN)))


def test_a_login_session_alone_opens_nothing_but_leads_through_the_provider_and_back(world: World) -> None:
    reader = Reader(world, "paula")
    first = reader.get("/admin/persons?q=vir")
    assert first.status_code == 303
    assert first.location == "/admin/login?next=%2Fadmin%2Fpersons%3Fq%3Dvir"
    asked = reader.get(first.location)
    query = parse_qs(urlsplit(asked.location).query)
    assert query["client_id"] == [ADMIN]
    assert query["code_challenge_method"] == ["S256"]
    callback = reader.get(asked.location).location
    assert callback.startswith(f"{ISSUER}/admin/callback?")
    back = reader.get(callback)
    assert back.location == "/admin/persons?q=vir"
    assert reader.get(back.location).status_code == 200
    assert [(grant.person_id, grant.session_id) for grant in grants(world)] == [(world.ids["paula"], reader.session_id)]


def test_a_code_works_once_and_only_with_this_browsers_state(world: World) -> None:
    reader = Reader(world, "paula")
    asked = reader.get("/admin/login")
    callback = reader.get(asked.location).location
    stranger = Reader(world, "sanna")
    assert stranger.get(callback).status_code == 403
    state = parse_qs(urlsplit(callback).query)["state"][0]
    other = Reader(world, "paula")
    other.get("/admin/login")
    assert other.get(callback).status_code == 403
    assert reader.get(callback.replace(state, "another")).status_code == 403
    assert grants(world) == []


def test_a_person_without_any_part_finds_no_administration(world: World) -> None:
    reader = Reader(world, "ville")
    assert reader.get("/admin/persons").status_code == 404
    assert reader.get(reader.get("/admin/login").location).status_code == 403


def test_ending_the_session_closes_the_door(world: World, reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    with Session(world.engine) as session, session.begin():
        ending.end(session, SYSTEM, "test", world.ids["paula"])
    assert paula.get("/admin/").location.startswith("/login?")
    assert all(grant.revoked_at for grant in grants(world))


def test_a_form_sent_without_passing_the_door_does_nothing_and_a_program_is_told_so(world: World) -> None:
    reader, path = Reader(world, "paula"), f"/admin/persons/{world.ids['anna']}/end"
    assert reader.force(path, end_reason="x").location.startswith("/admin/login?next=")
    token = re.search(r'name="csrf_token" value="([^"]+)"', reader.get("/account").text)
    assert token is not None
    data = {"csrf_token": html.unescape(token[1]), "end_reason": "x"}
    told = reader.http.post(path, base_url=ISSUER, data=data, headers={"Accept": "application/json"})
    assert told.status_code == 401
    assert world.events("person:access:ended") == []


def callback_of(reader: Reader, begun: TestResponse) -> str:
    return str(reader.get(begun.location).location).removeprefix(ISSUER)


def test_who_opens_two_tabs_comes_in_by_both_each_where_they_were_going(world: World) -> None:
    reader = Reader(world, "paula")
    one, two = (reader.get(f"/admin/login?next=/admin/{path}") for path in ("persons", "rules"))
    first, second = callback_of(reader, one), callback_of(reader, two)
    assert reader.get(first).location == "/admin/persons"
    assert reader.get(second).location == "/admin/rules"


def test_the_back_button_at_the_door_leads_in_and_not_to_an_error(world: World) -> None:
    reader = Reader(world, "paula")
    callback = callback_of(reader, reader.get("/admin/login"))
    assert reader.get(callback).location == "/admin/"
    assert reader.get(callback).location == "/admin/"
    assert len(grants(world)) == 1


def test_a_sign_in_at_the_door_that_did_not_succeed_offers_to_open_it_again(world: World) -> None:
    refused = Reader(world, "paula").get("/admin/callback?state=x&code=y")
    assert refused.status_code == 403
    assert '<a class="hds-button hds-button--primary" href="/admin/">' in refused.text


def test_an_ordinary_person_at_the_administration_is_led_on_and_learns_nothing_of_it(world: World) -> None:
    ville = Reader(world, "ville")
    for path in ("/admin/", "/admin/persons", "/admin/nothing-here"):
        page = ville.get(path)
        while page.status_code == 303:
            page = ville.get(page.location.removeprefix(ISSUER))
        assert 'href="/account"' in page.text, path
        assert page.status_code in (403, 404), path
    assert ville.get("/admin/").status_code == 404
