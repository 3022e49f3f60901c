"""An act for many people on pages: from ticks, a filter or a paste to the database, never beyond the part."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from iam import clock
from iam.access.model.assignment import Assignment
from iam.access.model.role import ApplicationEnabled
from tests.kit.worlds.admin import ISSUER, Reader, World, administer, employ, hidden, person
from tests.unit.admin_ui.people.test_adding import seen

GIVE = "/admin/bulk/give-right"
CLUB = ("bertta", "celia", "daavid")


@pytest.fixture
def sanna(world: World, reader: Callable[[str], Reader]) -> Reader:
    """The secretary, who may grant rights in her school, and three of its club leaders."""
    administer(world, "sanna", "KOIVU", "rights.grant", "persons.write", "persons.export")
    for name in CLUB:
        person(world, name, "Kerholainen")
        employ(world, name, "KOIVU", "Ohjaaja", number=name)
    world.write(ApplicationEnabled(application_id=world.ids["wilma"], organisation_id=world.ids["KOIVU"]))
    return reader("sanna")


def said(world: World, **more: str) -> dict[str, str]:
    last = (clock.today() + timedelta(days=60)).isoformat()
    fields = {"role": "wilma:opettaja", "scope": str(world.ids["KOIVU"]), "until": last, "reason": "Kerho alkaa"}
    return fields | more


def send(reader: Reader, world: World, path: str, people: Collection[str], **fields: str) -> TestResponse:
    """Send the form of an act for these people, as its page shows it."""
    query = "&".join(f"person={world.ids[name]}" for name in people)
    data: MultiDict[str, Any] = MultiDict(hidden(reader.get(f"{path}?who=these&{query}"), path))
    data.setlist("person", [str(world.ids[name]) for name in people])
    data.update(fields)
    headers = {"Accept": "text/html", "Accept-Language": "en"}
    return reader.http.post(path, base_url=ISSUER, data=data, headers=headers)


def do(reader: Reader, world: World, path: str, people: Collection[str], **fields: str) -> TestResponse:
    page = send(reader, world, path, people, act="look", **fields)
    assert page.status_code == 200, page.text
    return send(reader, world, path, people, act="save", seen=seen(page), **fields)


def holders(world: World) -> set[str]:
    """Who holds the teacher's role at the school by hand for the club."""
    names = {id_: name for name, id_ in world.ids.items()}
    a = Assignment
    with Session(world.engine) as session:
        query = select(a.person_id).where(a.reason == "Kerho alkaa", a.closed_by.is_(None), a.valid_to > clock.now())
        return {names[one] for one in session.scalars(query)}


def test_those_who_were_ticked_are_given_a_right_and_each_is_told_in_the_log(world: World, sanna: Reader) -> None:
    listed = sanna.get("/admin/persons").text
    assert f'name="person" value="{world.ids["bertta"]}"' in listed
    page = send(sanna, world, GIVE, CLUB, act="look", **said(world))
    assert "Kerholainen Bertta" in page.text
    assert holders(world) == set(), "looking writes nothing"
    answer = do(sanna, world, GIVE, CLUB, **said(world))
    assert answer.status_code == 303, answer.text
    assert holders(world) == set(CLUB)
    assert {one.subject_id for one in world.events("right:hand:granted")} == {world.ids[name] for name in CLUB}
    (event,) = world.events("bulk:act:done")
    assert (event.envelope["act"], event.envelope["people"], event.envelope["gain"]) == ("give-right", 3, 3)
