"""The rights of a person as a file: the tab's columns and walls, every right once however many there are, and who took
it home."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from iam import clock
from iam.access.explanation.batches import SIZE
from iam.access.model.assignment import Assignment
from iam.access.model.rule import RuleVersion
from iam.database.types import uuid7
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, person
from tests.unit.admin_ui.person.test_person import page_of

Readers = Callable[[str], Reader]


def table(reader: Reader, path: str) -> list[list[str]]:
    """The file, its header first."""
    answer = reader.get(path)
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))


def rights(world: World, numbers: range) -> None:
    """Let Anna be a teacher in so many more schools of MANSIKKALA."""
    entity = world.ids["MANSIKKALA"]
    with catalogue.batch(world) as together:
        schools = catalogue.schools(together, numbers)
        together.write(
            *(
                Assignment(
                    person_id=world.ids["anna"],
                    capacity_id=world.ids["anna KOIVU"],
                    capacity_kind="employee",
                    role_id=world.ids["opettaja"],
                    role_version_id=world.ids["opettaja v1"],
                    scope_id=one,
                    holder_entity_id=entity,
                    scope_entity_id=entity,
                    origin="hand",
                    reason="project",
                    fact_1=world.ids["anna KOIVU v"],
                    place_id=uuid7(),
                    **world.lasting(100),
                )
                for one in schools
            )
        )


def test_the_file_tells_what_the_tab_tells(world: World, reader: Readers) -> None:
    paula, here = reader("paula"), page_of(world, "anna")
    page = paula.get(here).text
    assert f'href="{here}/rights.csv"' in page
    header, *lines = table(paula, f"{here}/rights.csv")
    assert header == [
        "Role",
        "Where",
        "Last day",
        "How it takes hold",
        "Why?",
        "Rule",
        "Facts and sources",
        "Agreement",
        "Ends first",
    ]
    assert [line[1] for line in lines] == ["Koivu en", "Kuusi en"]
    told = dict(zip(header, lines[0], strict=True))
    assert (told["Role"], told["Why?"], told["Rule"]) == ("Wilma: Opettaja", "Granted by hand: project", "")
    assert "Luokanopettaja · Koivu en" in told["Facts and sources"]
    assert "hr, hr.csv line 7" in told["Facts and sources"]
    for name in ("Role", "Where", "How it takes hold", "Why?", "Ends first"):
        assert told[name] in page, name
    assert told["Last day"] in page


def test_a_rule_and_its_publisher_stand_in_their_column(world: World, reader: Readers) -> None:
    catalogue.rule(world, "opettajat")
    with catalogue.batch(world) as together:
        row = together.session.get_one(Assignment, world.ids["anna right KOIVU"])
        row.origin, row.reason, row.rule_version_id = (
            "rule",
            None,
            together.session.scalars(select(RuleVersion.id)).one(),
        )
    _, koivu, _ = table(reader("paula"), page_of(world, "anna") + "/rights.csv")
    assert koivu[5] == "Version 1 of the rule · published by Paula Pääkäyttäjä"
    assert koivu[4] != ""


def test_the_file_is_of_the_day_and_the_service_that_the_tab_shows(world: World, reader: Readers) -> None:
    paula, here = reader("paula"), page_of(world, "anna")
    shown = paula.get(f"{here}?tab=rights&application=wilma&at=2020-01-01").text
    assert f"{here}/rights.csv?at=2020-01-01" not in shown, "there is nothing to take home"
    assert len(table(paula, f"{here}/rights.csv?application=wilma")) == 3
    for nothing in ("application=other", "at=2020-01-01"):
        assert len(table(paula, f"{here}/rights.csv?{nothing}")) == 1
    later = (clock.now() + timedelta(days=99)).date().isoformat()
    assert f"{here}/rights.csv?at={later}" in paula.get(f"{here}?tab=rights&at={later}").text
    assert len(table(paula, f"{here}/rights.csv?at={later}")) == 3
    events = world.events("person:list:exported")
    assert {event.subject_id for event in events} == {world.ids["anna"]}
    assert events[-1].envelope["filters"] == {"person": str(world.ids["anna"]), "day": later, "application": None}


def test_only_who_may_open_the_page_takes_the_file_and_it_keeps_to_the_part(world: World, reader: Readers) -> None:
    sanna, here = reader("sanna"), page_of(world, "anna")
    assert [line[1] for line in table(sanna, f"{here}/rights.csv")[1:]] == ["Koivu en"]
    assert sanna.get(page_of(world, "ville") + "/rights.csv").status_code == 404
    person(world, "lauri", "Paikallinen")
    administer(world, "lauri", "KOIVU", "applications.read", "persons.export")
    assert reader("lauri").get(f"{here}/rights.csv").status_code == 404


@pytest.mark.parametrize("count", [SIZE - 2, 2 * SIZE + 1], ids=["one whole batch", "three batches"])
def test_every_right_is_in_the_file_once(world: World, reader: Readers, count: int) -> None:
    rights(world, range(count))
    lines = table(reader("paula"), page_of(world, "anna") + "/rights.csv")[1:]
    places = [line[1] for line in lines]
    assert len(places) == len(set(places)) == count + 2


def test_a_batch_takes_as_many_statements_for_150_rights_as_for_10(world: World, reader: Readers) -> None:
    paula, sanna, here = reader("paula"), reader("sanna"), page_of(world, "anna") + "/rights.csv"

    def counted(who: Reader) -> int:
        with world.counted() as sent:
            table(who, here)
        return len([one for one in sent if not one.startswith(("BEGIN", "COMMIT"))])

    rights(world, range(8))
    few = counted(paula), counted(sanna)
    rights(world, range(8, 150))
    assert (counted(paula), counted(sanna)) == few
