"""Whoever may not enter a service learns why, and whom to ask in their own organisation."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import delete, update

from iam import clock
from iam.access.model.assignment import Assignment
from iam.access.model.role import ApplicationEnabled
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.person import PersonProfile
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, Browser, World


def no_right(world: World, name: str = "anna") -> str:
    """What the page says."""
    browser = Browser(world)
    browser.sign_in(name)
    page = browser.authorize(lang="en")
    assert page.status_code == 403
    return unescape(page.text.partition("<main")[2])


def test_who_has_a_position_that_gives_no_right_learns_that_and_whom_to_ask_there(world: World) -> None:
    eero = oidc_world.person(world, "eero")
    oidc_world.employ(world, eero, "RANTA", "Rehtori")
    page = no_right(world, "eero")
    assert "Your position Rehtori · RANTA en gives no right to this service." in page
    assert "Your manager or the office: RANTA en" in page
    assert "Ask your manager or your school's office." not in page


def test_who_has_a_manager_learns_their_name_unless_the_manager_is_protected(world: World) -> None:
    eero, mari, salla = (oidc_world.person(world, name) for name in ("eero", "mari", "salla"))
    oidc_world.employ(world, eero, "RANTA", "Rehtori")
    for manager in (mari, salla):
        world.write(Relationship(person_id=manager, kind="manager_of", other_person_id=eero, **world.lasting()))
    with world.transaction() as session:
        session.execute(update(PersonProfile).where(PersonProfile.person_id == salla).values(protected=True))
    page = no_right(world, "eero")
    assert "Your manager: Mari Virtanen" in page
    assert "Salla" not in page


def test_whose_organisation_does_not_use_the_service_learns_that(world: World) -> None:
    with world.transaction() as session:
        session.execute(delete(ApplicationEnabled).where(ApplicationEnabled.application_id == world.ids["wilma"]))
    page = no_right(world)
    assert "KOIVU en has not taken this service into use." in page
    assert "Your manager or the office: KOIVU en" in page


def test_whose_right_ended_learns_which_and_since_when(world: World) -> None:
    end = clock.now() - timedelta(days=1)
    with world.transaction() as session:
        session.execute(update(Assignment).values(valid_to=end))
    page = no_right(world)
    assert "Your right opettaja in KOIVU en ended on 14.9.2026." in page


def test_whose_last_position_ended_learns_that_and_asks_where_it_was(world: World) -> None:
    end = clock.now() - timedelta(days=1)
    with world.transaction() as session:
        session.execute(update(Affiliation).values(valid_to=end))
        session.execute(update(Assignment).values(valid_to=end))
        session.execute(delete(Affiliation).where(Affiliation.organisation_id == world.ids["RANTA"]))
    page = no_right(world)
    assert "Your position Luokanopettaja · KOIVU en ended on 14.9.2026" in page
    assert "Your manager or the office: KOIVU en" in page


@pytest.mark.parametrize("protected", [True, False])
def test_a_pupil_asks_the_office_and_a_guardian_is_told_no_school(world: World, protected: bool) -> None:
    child, berit = oidc_world.person(world, "lapsi", protected=protected), oidc_world.person(world, "berit")
    oidc_world.employ(world, child, "KOIVU", "")
    with world.transaction() as session:
        session.execute(update(Affiliation).where(Affiliation.person_id == child).values(kind="student", title=None))
    oidc_world.guardian(world, berit, child)
    assert "The office: KOIVU en" in no_right(world, "lapsi")
    page = no_right(world, "berit")
    assert "The office of the child's school" in page
    assert "KOIVU" not in page


def test_who_signs_in_as_somebody_else_comes_back_to_the_service(world: World) -> None:
    eero, browser = oidc_world.person(world, "eero"), Browser(world)
    oidc_world.employ(world, eero, "RANTA", "Rehtori")
    browser.sign_in("eero")
    page = browser.authorize()
    fields = dict(oidc_world.re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    out = browser.http.post("/logout", base_url=ISSUER, data=fields, headers={"Accept": "text/html"})
    said = browser.get(out.location)
    again = unescape(said.text.partition('href="/login?')[2].partition('"')[0])
    assert parse_qs(again)["flow"]
    browser.sign_in("anna")
    back = browser.get(f"/login?{again}").location
    assert urlsplit(back).path == "/oauth2/authorize"
    assert browser.get(back).status_code == 200
