"""The door of the administration pages: they are a relying party of our own provider."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.change import SYSTEM
from iam.oidc.client import ADMIN
from iam.signin import ending
from iam.tokens.grant import GrantRow
from tests.unit.admin_ui.world import ISSUER, Reader, World


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


def test_a_form_sent_without_passing_the_door_is_refused(world: World) -> None:
    reader = Reader(world, "paula")
    assert reader.force(f"/admin/persons/{world.ids['anna']}/end", end_reason="x").status_code == 401
    assert world.events("person:access:ended") == []
