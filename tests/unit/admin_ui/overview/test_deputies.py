"""An administrator who goes away names on a page who is told of what waits in their stead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.assignment import Deputy
from tests.kit.worlds.admin import Reader, World, administer, person
from tests.unit.admin_ui.rules.test_rules import told

PATH = "/admin/deputies"


@pytest.fixture
def pair(world: World) -> World:
    """Two who decide on everything, and one who decides on rules of a municipality only."""
    person(world, "veera", "Varahenkilö")
    administer(world, "veera", "ROOT", "admin")
    person(world, "mauri", "Mansikkala")
    administer(world, "mauri", "MANSIKKALA", "rules.write")
    return world


def days(first: int = 0, last: int = 7) -> dict[str, str]:
    today = clock.today()
    return {name: (today + timedelta(days=n)).isoformat() for name, n in (("since", first), ("until", last))}


def rows(world: World) -> list[Deputy]:
    with Session(world.engine) as session:
        return list(session.scalars(select(Deputy).where(Deputy.closed_by.is_(None))))


def test_a_deputy_is_named_by_username_seen_by_both_and_ended_by_either(
    pair: World, reader: Callable[[str], Reader]
) -> None:
    paula, veera = reader("paula"), reader("veera")
    assert PATH in paula.get("/admin/").text
    answer = paula.post(PATH, PATH, login="veera", permission="", **days())
    assert answer.location == PATH
    assert {row.permission for row in rows(pair)} == {
        "administrators.write",
        "agreements.sign",
        "applications.write",
        "config.apply",
        "organisations.write",
        "persons.write",
        "rules.write",
        "sources.accept",
        "rights.grant",
    }
    for page in (paula.get(PATH).text, veera.get(PATH).text):
        assert "Varahenkilö" in page
        assert page.count("End it now") == 9
    one = rows(pair)[0]
    assert reader("mauri").force(f"{PATH}/{one.id}/end").status_code == 404
    assert veera.force(f"{PATH}/{one.id}/end").location == PATH
    assert len(rows(pair)) == 8


@pytest.mark.parametrize(
    ("login", "first", "last", "says"),
    [
        ("mauri", 0, 7, "must hold the same permission"),
        ("ei.ketaan", 0, 7, "must hold the same permission"),
        ("paula", 0, 7, "Somebody else than you"),
        ("veera", 7, 0, "The last day is over, or before the first."),
    ],
    ids=["holds less", "nobody", "oneself", "days the wrong way round"],
)
def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_stays(
    pair: World, reader: Callable[[str], Reader], login: str, first: int, last: int, says: str
) -> None:
    answer = reader("paula").post(PATH, PATH, login=login, permission="", **days(first, last))
    assert answer.status_code in (400, 403, 422)
    assert says in told(answer)
    assert f'value="{login}"' in answer.text
    assert rows(pair) == []


def test_who_decides_nothing_is_offered_no_deputy(pair: World, reader: Callable[[str], Reader]) -> None:
    sanna = reader("sanna")
    assert "Name a deputy" not in sanna.get(PATH).text
    assert PATH not in sanna.get("/admin/").text
    assert sanna.force(PATH, login="veera", permission="", **days()).status_code == 403
