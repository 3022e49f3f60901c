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
from iam.access.model.proposal import Proposal
from iam.access.model.role import ApplicationEnabled
from iam.directory.source import Acceptance
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


def test_a_neighbours_person_whose_id_is_sent_is_never_touched_nor_named(world: World, sanna: Reader) -> None:
    page = send(sanna, world, GIVE, [*CLUB, "ville"], act="look", **said(world))
    assert "Vieras" not in page.text
    assert "It is done for 3 people." in page.text
    assert send(sanna, world, GIVE, ["ville"], act="look", **said(world)).status_code == 422
    assert do(sanna, world, GIVE, [*CLUB, "ville"], **said(world)).status_code == 303
    assert holders(world) == set(CLUB)


def test_everybody_of_the_filter_is_chosen_and_who_is_left_out_is_told_with_why(world: World, sanna: Reader) -> None:
    chosen = sanna.get("/admin/bulk?who=all&in_q=Kerholainen")
    assert "3 people chosen" in chosen.text
    path = f"{GIVE}?who=all&in_kind=employee"
    page = sanna.post(GIVE, path, act="look", **said(world))
    assert "Nobody grants rights to themselves." in page.text
    assert "Sihteeri Sanna" in page.text
    assert sanna.post(GIVE, path, act="save", seen=seen(page), **said(world)).status_code == 303
    assert "Holds it by hand already" in page.text, "anna does"
    assert holders(world) == set(CLUB)


def test_what_was_pasted_and_not_found_is_listed_and_nothing_is_done_for_it(world: World, sanna: Reader) -> None:
    page = sanna.post(GIVE, GIVE, act="look", paste="bertta\nville nobody", **said(world))
    assert 'nothing is done for these:</p><p class="wraps">ville, nobody</p>' in page.text
    answer = sanna.post(GIVE, GIVE, act="save", seen=seen(page), paste="bertta", **said(world))
    assert answer.status_code == 303, answer.text
    assert holders(world) == {"bertta"}


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(world: World, sanna: Reader) -> None:
    page = send(sanna, world, GIVE, CLUB, act="look", **said(world, until="2020-01-01", reason=""))
    assert page.status_code == 422
    assert 'id="until-error">The end must be in the future.' in page.text
    assert 'id="reason-error">A reason is needed.' in page.text
    assert 'value="2020-01-01"' in page.text
    assert "Nobody was chosen." in sanna.get("/admin/bulk?who=these").text
    again = send(sanna, world, GIVE, CLUB, act="edit", **said(world))
    assert "Kerho alkaa" in again.text
    assert 'name="seen"' not in again.text


def test_who_changed_meanwhile_is_told_and_nothing_is_done_until_it_was_seen(world: World, sanna: Reader) -> None:
    page = send(sanna, world, GIVE, CLUB, act="look", **said(world))
    assert do(sanna, world, GIVE, ["bertta"], **said(world)).status_code == 303
    answer = send(sanna, world, GIVE, CLUB, act="save", seen=seen(page), **said(world))
    assert answer.status_code == 409
    assert "Holds it by hand already" in answer.text
    assert holders(world) == {"bertta"}
    assert send(sanna, world, GIVE, CLUB, act="save", seen=seen(answer), **said(world)).status_code == 303
    assert holders(world) == set(CLUB)


def test_a_protected_pupil_is_left_out_without_telling_where_they_are(world: World, sanna: Reader) -> None:
    page = send(sanna, world, GIVE, ["oona", "bertta"], act="look", **said(world))
    assert "Protected: do it on the person" in page.text
    assert do(sanna, world, GIVE, ["oona", "bertta"], **said(world)).status_code == 303
    assert holders(world) == {"bertta"}


def test_letters_and_the_file_come_in_the_answer_itself(world: World, sanna: Reader) -> None:
    answer = do(sanna, world, "/admin/bulk/print-codes", CLUB)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="letters.html"'
    assert "Bertta Kerholainen" in answer.text
    answer = do(sanna, world, "/admin/bulk/export", ["bertta", "ville"])
    assert answer.mimetype == "text/csv"
    assert "Kerholainen Bertta" in answer.text
    assert "Vieras" not in answer.text
    (event,) = world.events("person:list:exported")
    assert event.envelope["filters"] == {"chosen": 1}


def test_what_gives_much_waits_on_a_page_of_its_own_for_somebody_else(
    world: World, sanna: Reader, reader: Callable[[str], Reader]
) -> None:
    old = Acceptance(source_id=world.ids["hr"], digest="x", run_id=world.ids["run"], accepted_by=world.ids["paula"])
    old.accepted_at = clock.now()
    world.write(old)
    many = [f"uusi{n}" for n in range(12)]
    for name in many:
        person(world, name, "Uusi")
        employ(world, name, "KOIVU", "Ohjaaja", number=name)
    answer = do(sanna, world, GIVE, many, **said(world))
    assert answer.status_code == 303
    assert holders(world) == set()
    with Session(world.engine) as session:
        kept = session.scalars(select(Proposal)).one()
    path = f"/admin/bulk/waiting/{kept.id}"
    assert "You proposed this" in sanna.get(path).text
    paula = reader("paula")
    assert path in paula.get("/admin/").text
    page = paula.get(path)
    assert "It is done for 12 people." in page.text
    assert "Kerho alkaa" in page.text
    assert paula.post(path, path, act="refuse", reason="").status_code == 422
    assert paula.post(path, path, act="accept").status_code == 303
    assert holders(world) == set(many)
    assert paula.get(path).status_code == 404


def test_an_act_without_its_permission_does_not_exist(world: World, sanna: Reader) -> None:
    assert sanna.get("/admin/bulk/no-such-act").status_code == 404
    person(world, "lukija", "Lukija")
    administer(world, "lukija", "KOIVU", "persons.read")
    other = Reader(world, "lukija").enter()
    assert other.get(GIVE).status_code == 404
    assert 'name="person"' not in other.get("/admin/persons").text
