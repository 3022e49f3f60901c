"""A declaration that waits, as its author, a second person and everybody else meet it on the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from admin_ui.overview import difference_words
from admin_ui.overview.declaration import PATH, address
from iam import clock
from iam.access.model.assignment import Assignment
from iam.access.model.proposal import Proposal
from iam.apply.registry import KINDS
from iam.apply.run import run_apply
from iam.change import Actor
from iam.web.extension import parts_of
from tests.kit.worlds.admin import Reader, World, administer, build, employ, fill, hidden, person
from tests.unit.admin_ui.agreements.sides import in_use
from tests.unit.admin_ui.rules.test_rules import told

RULE = """
rules:
  - rule: opettaja-wilmaan
    owner: MANSIKKALA
    bind: {a: {affiliation: {kind: employee, organisation: {kind: school}}}}
    gives: {role: "wilma:opettaja", scope: organisation of a}
"""


EMPTY = "No declaration waits for you."


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    """A school with twenty teachers, in an installation that is in use, and a second administrator of the whole."""
    made = build(database_url, tmp_path, _filled)
    yield made
    made.engine.dispose()


def _filled(world: World) -> None:
    fill(world)
    in_use(world)
    person(world, "veera", "Varahenkilö")
    administer(world, "veera", "ROOT", "admin")
    for number in range(20):
        person(world, f"opettaja{number}", f"Opettaja{number:02}")
        employ(world, f"opettaja{number}", "KOIVU", "Opettaja")


@pytest.fixture
def page(world: World, tmp_path: Path) -> str:
    """Where the declaration waits that Paula proposed."""
    file = tmp_path / "rule.yaml"
    file.write_text(RULE, encoding="utf-8")
    with Session(world.engine) as session, session.begin():
        held = run_apply(session, [file], {}, Actor(world.ids["paula"]), parts_of(world.app).vault).held
    assert held is not None
    return address(held.digest)


def holders(world: World) -> int:
    with Session(world.engine) as session:
        query = select(Assignment.person_id).where(Assignment.origin == "rule", Assignment.closed_by.is_(None))
        return len(set(session.scalars(query)))


def test_a_second_person_sees_whom_it_gives_what_and_applies_just_that(
    world: World, page: str, reader: Callable[[str], Reader]
) -> None:
    veera = reader("veera")
    overview = veera.get("/admin/").text
    assert f'href="{page}"' in overview
    assert "Nothing waits for you." not in overview
    shown = veera.get(page)
    assert "Whoever is an employee (school" in told(shown)
    assert "opettaja-wilmaan" in told(shown), "a rule that is not there yet has no other name"
    assert "Opettaja07" in told(shown)
    assert "people gain something at once, the limit is 5." in told(shown)
    assert veera.post(PATH, page, act="accept").location == "/admin/"
    assert holders(world) == 22
    assert page not in veera.get("/admin/").text
    assert EMPTY in told(veera.get(page))


def test_who_proposed_it_takes_it_back_and_accepts_it_by_no_means(
    world: World, page: str, reader: Callable[[str], Reader]
) -> None:
    paula, seen = reader("paula"), hidden(reader("veera").get(page), PATH)["seen"]
    assert 'value="accept"' not in paula.get(page).text
    answer = paula.force(PATH, act="accept", seen=seen)
    assert (answer.status_code, holders(world)) == (403, 0)
    assert "Somebody else than who proposed it must accept." in told(answer)
    assert paula.force(PATH, act="refuse", reason="erehdys").location == "/admin/"
    assert EMPTY in told(paula.get(page))


def test_somebody_hired_meanwhile_is_shown_before_anybody_gets_anything_and_the_next_press_applies_it(
    world: World, page: str, reader: Callable[[str], Reader]
) -> None:
    veera = reader("veera")
    seen = hidden(veera.get(page), PATH)["seen"]
    person(world, "uusi", "Aaltonen")
    employ(world, "uusi", "KOIVU", "Opettaja")
    answer = veera.force(PATH, act="accept", seen=seen)
    assert (answer.status_code, holders(world)) == (409, 0)
    page_now = told(answer)
    new, _, all_of_it = page_now.partition("New since it was proposed")[2].partition("All of it")
    assert ("Aaltonen" in new, "Opettaja01" in new, "Opettaja01" in all_of_it) == (True, False, True)
    assert veera.post(PATH, page, act="accept").location == "/admin/"
    assert holders(world) == 23


def test_it_is_refused_with_a_reason_only(world: World, page: str, reader: Callable[[str], Reader]) -> None:
    veera = reader("veera")
    answer = veera.force(PATH, act="refuse", reason=" ")
    assert "A reason is needed." in told(answer)
    assert veera.force(PATH, act="refuse", reason="liian moni").location == "/admin/"
    assert (EMPTY in told(veera.get(page)), holders(world)) == (True, 0)
    (event,) = world.events("config:file:refused")
    assert event.envelope["reason"] == "liian moni"


def test_whoever_administers_a_part_only_does_not_find_it(page: str, reader: Callable[[str], Reader]) -> None:
    sanna = reader("sanna")
    assert page not in sanna.get("/admin/").text
    assert EMPTY in sanna.get(page).text
    assert "opettaja-wilmaan" not in sanna.get(page).text


def test_a_page_of_many_sends_no_more_statements_than_one_of_few(
    world: World, page: str, reader: Callable[[str], Reader]
) -> None:
    veera = reader("veera")
    person(world, "uusi", "Aaltonen")
    employ(world, "uusi", "KOIVU", "Opettaja")
    veera.get(page)
    with world.counted() as few:
        veera.get(page)
    for number in range(20, 60):
        person(world, f"opettaja{number}", f"Opettaja{number:02}")
        employ(world, f"opettaja{number}", "KOIVU", "Opettaja")
    with world.counted() as many:
        assert "Opettaja" in veera.get(page).text
    assert len(many) <= len(few) <= 127


def test_what_waits_for_more_than_two_working_days_is_told_to_be_due(
    world: World, page: str, reader: Callable[[str], Reader]
) -> None:
    veera = reader("veera")
    assert ">Due<" not in veera.get("/admin/").text
    with Session(world.engine) as session, session.begin():
        session.execute(update(Proposal).values(proposed_at=clock.now() - timedelta(days=6)))
    assert page in veera.get("/admin/").text
    assert "Due" in told(veera.get("/admin/"))


def test_whatever_is_declared_is_called_by_a_word() -> None:
    assert set(difference_words.KIND_WORDS) == {kind.name for kind in KINDS}
