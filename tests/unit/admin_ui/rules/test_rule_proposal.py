"""A rule by which many gain or lose, as its author, a second person and everybody else meet it on the pages."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam import clock
from iam.access.model.assignment import Assignment
from iam.access.model.proposal import TakenOut
from iam.directory.source import Acceptance
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, build, employ, fill, hidden, person
from tests.unit.admin_ui.rules.test_rules import GOOD, NEW, published, send, told

RULE, PROPOSAL = "/admin/rules/opettaja-wilmaan", "/admin/rules/opettaja-wilmaan/proposal"
WITHDRAW = "/admin/rules/opettaja-wilmaan/withdraw"


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    """A school with sixty teachers, in an installation that is in use, and a second administrator of the whole."""
    made = build(database_url, tmp_path, _in_use)
    yield made
    made.engine.dispose()


def _in_use(world: World) -> None:
    fill(world)
    for number in range(60):
        person(world, f"opettaja{number}", f"Opettaja{number:02}")
        employ(world, f"opettaja{number}", "KOIVU", "Opettaja")
    person(world, "veera", "Varahenkilö")
    administer(world, "veera", "ROOT", "admin")
    world.write(
        Acceptance(
            source_id=world.ids["hr"],
            digest="1",
            run_id=world.ids["run"],
            accepted_by=world.ids["veera"],
            accepted_at=clock.now(),
        )
    )


def holders(world: World) -> int:
    with Session(world.engine) as session:
        query = select(Assignment.person_id).where(Assignment.origin == "rule", Assignment.closed_by.is_(None))
        return len(set(session.scalars(query)))


def propose(who: Reader) -> TestResponse:
    page = send(who, NEW, **GOOD)
    return send(who, NEW, **GOOD, act="publish", seen=hidden(page, NEW)["seen"])


def decide(who: Reader, **fields: str) -> TestResponse:
    return who.post(PROPOSAL, PROPOSAL, **fields)


def names(page: TestResponse) -> list[str]:
    found = re.search(r'<table[^>]*id="who".*?</table>|id="who".*?</table>', page.text, re.DOTALL)
    return re.findall(r'<a href="/admin/persons/[^"]+">([^<]+)</a>', found[0]) if found else []


def test_a_rule_that_gives_many_a_role_waits_and_is_shown_to_the_second_person_who_accepts(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula, veera = reader("paula"), reader("veera")
    assert propose(paula).location == PROPOSAL
    assert (published(world, "opettaja-wilmaan"), holders(world)) == ([(1, "draft")], 0)
    assert f'href="{PROPOSAL}"' in veera.get("/admin/").text
    assert f'href="{PROPOSAL}"' in veera.get(RULE).text
    page = veera.get(PROPOSAL)
    assert "people gain something at once, the limit is 5." in told(page)
    assert "Pääkäyttäjä" in told(page)
    assert decide(veera, act="accept").location == RULE
    assert (published(world, "opettaja-wilmaan"), holders(world)) == ([(1, "published")], 62)
    assert PROPOSAL not in veera.get("/admin/").text
    assert veera.get(PROPOSAL).status_code == 404


def test_who_proposed_it_sees_no_button_and_forces_nothing(world: World, reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    propose(paula)
    page = paula.get(PROPOSAL)
    assert 'value="accept"' not in page.text
    seen = hidden(reader("veera").get(PROPOSAL), PROPOSAL)["seen"]
    answer = paula.force(PROPOSAL, act="accept", seen=seen)
    assert (answer.status_code, holders(world)) == (403, 0)
    assert "Somebody else than who proposed it must accept." in told(answer)


def test_somebody_hired_meanwhile_is_shown_before_anybody_gets_anything(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula, veera = reader("paula"), reader("veera")
    propose(paula)
    seen = hidden(veera.get(PROPOSAL), PROPOSAL)["seen"]
    person(world, "uusi", "Aaltonen")
    employ(world, "uusi", "KOIVU", "Opettaja")
    answer = veera.force(PROPOSAL, act="accept", seen=seen)
    assert (answer.status_code, holders(world)) == (409, 0)
    assert "The effects changed meanwhile." in told(answer)
    assert "Aaltonen Uusi" in names(answer)
    decide(veera, act="accept")
    assert holders(world) == 63


def test_a_refusal_needs_a_reason_and_nothing_changes(world: World, reader: Callable[[str], Reader]) -> None:
    veera = reader("veera")
    propose(reader("paula"))
    assert decide(veera, act="refuse", reason=" ").status_code == 422
    assert decide(veera, act="refuse", reason="väärä rooli").location == RULE
    assert (published(world, "opettaja-wilmaan"), holders(world)) == ([(1, "withdrawn")], 0)
    (event,) = world.events("rule:version:refused")
    assert event.actor_id == world.ids["veera"]


def test_everybody_who_gains_is_named_page_by_page_and_in_a_file(world: World, reader: Callable[[str], Reader]) -> None:
    veera = reader("veera")
    propose(reader("paula"))
    pages = [names(veera.get(f"{PROPOSAL}?page={number}")) for number in (1, 2)]
    assert [len(page) for page in pages] == [50, 11], "Anna holds it by hand already"
    assert len({*pages[0], *pages[1]}) == 61
    lines = veera.get(f"{PROPOSAL}.csv").text.splitlines()
    assert len(lines) == 62
    assert any("Opettaja07" in line and "Koivu en" in line for line in lines)


def test_the_form_turns_the_pages_of_names_too(world: World, reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    assert len(names(send(paula, NEW, **GOOD, page="2"))) == 11
    assert "Opettaja07" in send(paula, NEW, **GOOD, act="file").text


def test_people_outside_the_readers_part_are_numbers_only(world: World, reader: Callable[[str], Reader]) -> None:
    propose(reader("paula"))
    person(world, "kimmo", "Koulu")
    administer(world, "kimmo", "MANSIKKALA", "rules.read", "rules.write")
    administer(world, "kimmo", "RANTA", "persons.read")
    page = reader("kimmo").get(PROPOSAL)
    assert "61 people more are outside the part in which you see people." in told(page)
    assert "Opettaja07" not in page.text


def test_where_a_protected_person_is_is_not_told_to_who_may_not_know(
    world: World, reader: Callable[[str], Reader]
) -> None:
    person(world, "kimmo", "Koulu")
    administer(world, "kimmo", "MANSIKKALA", "rules.read", "rules.write", "persons.read")
    page = send(reader("kimmo"), NEW, **{**GOOD, "kinds": "student"})
    assert names(page) == []
    assert "1 gain the role" not in told(page)
    assert "Koivu" not in re.sub(r"<datalist.*?</datalist>", "", page.text, flags=re.DOTALL)


def test_withdrawing_shows_who_loses_and_waits(world: World, reader: Callable[[str], Reader]) -> None:
    paula, veera = reader("paula"), reader("veera")
    propose(paula)
    decide(veera, act="accept")
    page = paula.get(WITHDRAW)
    assert (len(names(page)), "62 lose the role" in told(page)) == (50, True), (
        "Anna too, when what she has by hand ends"
    )
    assert paula.post(WITHDRAW, WITHDRAW).location == PROPOSAL
    assert holders(world) == 62
    decide(veera, act="accept")
    assert (published(world, "opettaja-wilmaan"), holders(world)) == ([(1, "withdrawn")], 0)


def test_an_emergency_stop_is_at_once_and_a_second_person_looks_at_it_afterwards(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula, veera = reader("paula"), reader("veera")
    propose(paula)
    decide(veera, act="accept")
    assert paula.force(f"{RULE}/stop", reason=" ").status_code == 422
    assert holders(world) == 62
    assert paula.post(f"{RULE}/stop", RULE, reason="antaa väärille").location == RULE
    assert holders(world) == 0
    assert "I have looked at it" not in paula.get("/admin/").text
    assert "antaa väärille" in html.unescape(veera.get("/admin/").text)
    with Session(world.engine) as session:
        (row,) = session.scalars(select(TakenOut))
        assert (row.kind, row.key, row.taken_by) == ("rule", "opettaja-wilmaan", world.ids["paula"])
    assert paula.force("/admin/taken-out", id=str(row.id)).status_code == 404
    veera.post("/admin/taken-out", "/admin/")
    assert "antaa väärille" not in html.unescape(veera.get("/admin/").text)
    assert [event.actor_id for event in world.events("definition:use:seen")] == [world.ids["veera"]]


def test_rules_of_others_are_neither_stopped_withdrawn_nor_decided(
    world: World, reader: Callable[[str], Reader]
) -> None:
    catalogue.rule(world, "naapurin", owner="KUUSI")
    propose(reader("paula"))
    person(world, "kimmo", "Koulu")
    administer(world, "kimmo", "KOIVU", "rules.read", "rules.write")
    kimmo = reader("kimmo")
    for path in ("/admin/rules/naapurin/stop", "/admin/rules/naapurin/withdraw", "/admin/rules/naapurin/proposal"):
        assert kimmo.force(path, reason="x", act="accept").status_code == 404
    assert kimmo.force(PROPOSAL, act="accept", seen="x").status_code == 403
    assert kimmo.force(PROPOSAL, act="refuse", reason="x").status_code == 404
    assert PROPOSAL not in kimmo.get("/admin/").text
    assert published(world, "opettaja-wilmaan") == [(1, "draft")]
