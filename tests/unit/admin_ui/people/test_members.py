"""Local groups on pages: made, filled by a paste, never with people beyond the part, and written out again."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam import clock
from iam.apply.export import as_data
from iam.demo.codes import identity_code
from iam.directory.affiliation import Group, Membership
from iam.directory.person import Identifier
from iam.signin.accounts import found
from iam.signin.accounts.account import Account
from tests.kit.worlds.admin import Reader, World, administer, employ, person
from tests.unit.admin_ui.people.test_adding import seen

NEW = "/admin/new-group"


@pytest.fixture
def sanna(world: World, reader: Callable[[str], Reader]) -> Reader:
    administer(world, "sanna", "KOIVU", "persons.write")
    for name in ("bertta", "celia"):
        person(world, name, "Kerholainen")
        employ(world, name, "KOIVU", "Ohjaaja", number=name)
    return reader("sanna")


def made(world: World, sanna: Reader, name: str = "Kuoron väki") -> str:
    answer = sanna.post(NEW, NEW, name=name, organisation=str(world.ids["KOIVU"]))
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def members(world: World, key: str = "kuoron-vaki") -> set[str]:
    m = Membership
    with Session(world.engine) as session:
        query = select(Account.login).join(m, m.person_id == Account.person_id).join(Group, Group.id == m.group_id)
        return set(session.scalars(query.where(Group.key == key, m.closed_by.is_(None), m.valid_to > clock.now())))


def change_by_form(sanna: Reader, path: str, **said: str) -> TestResponse:
    page = sanna.post(path, path, act="look", **said)
    assert page.status_code == 200, page.text
    return sanna.post(path, path, act="save", seen=seen(page), **said)


def number_of(world: World, name: str) -> str:
    with Session(world.engine) as session:
        value = session.scalar(select(Identifier.value).where(Identifier.person_id == world.ids[name]))
    assert value is not None
    return value


def test_a_group_is_made_filled_by_a_paste_renamed_and_emptied(world: World, sanna: Reader) -> None:
    path = made(world, sanna)
    code = identity_code(date(1990, 5, 4), "-", 951)
    pasted = f"Anna\n{number_of(world, 'bertta')}; ville, nobody {code}\n"
    page = sanna.post(path, path, act="look", paste=pasted)
    assert page.status_code == 200
    assert 'nothing is done for these:</p><p class="wraps">ville, nobody</p>' in page.text
    assert code not in page.text
    assert members(world) == set(), "looking writes nothing"
    assert sanna.post(path, path, act="save", paste=pasted, seen=seen(page)).status_code == 303
    assert members(world) == {"anna", "bertta"}
    assert "Kerholainen Bertta" in sanna.get(path).text
    assert change_by_form(sanna, path, remove=str(world.ids["anna"])).status_code == 303
    assert members(world) == {"bertta"}
    assert change_by_form(sanna, path, name="Kuoro").status_code == 303
    assert "Kuoro" in sanna.get("/admin/groups").text
    assert members(world) == {"bertta"}
    assert len(world.events("group:members:stated")) == 4


def test_somebody_is_found_by_search_and_put_in(world: World, sanna: Reader) -> None:
    path = made(world, sanna)
    page = sanna.get(f"{path}?q=kerholainen").text
    assert f'value="{world.ids["celia"]}"' in page
    assert f'value="{world.ids["ville"]}"' not in sanna.get(f"{path}?q=vieras").text
    assert change_by_form(sanna, path, add=str(world.ids["celia"])).status_code == 303
    assert members(world) == {"celia"}
    assert sanna.post(path, path, act="look", add=str(world.ids["ville"])).status_code == 409, "nothing would change"


def test_somebody_without_a_username_is_put_in_by_number_or_search_and_written_out_by_the_number(
    world: World, sanna: Reader
) -> None:
    path, number = made(world, sanna), number_of(world, "celia")
    with Session(world.engine) as session, session.begin():
        session.execute(delete(Account).where(Account.person_id == world.ids["celia"]))
    assert f'value="{world.ids["celia"]}"' in sanna.get(f"{path}?q=kerholainen").text
    assert change_by_form(sanna, path, paste=f"anna {number}").status_code == 303
    assert "Kerholainen Celia" in sanna.get(path).text
    with Session(world.engine) as session:
        (stated,) = [one for one in as_data(session)["groups"] if one["key"] == "kuoron-vaki"]
    named = {"identifier": "employee-number", "issuer": "hr", "value": number, "when_present": True}
    assert (stated["members"], stated["identified"]) == (["anna"], [named])
    assert change_by_form(sanna, path, remove=str(world.ids["anna"])).status_code == 303
    assert "Kerholainen Celia" in sanna.get(path).text, "who has no username stays"
    assert change_by_form(sanna, path, remove=str(world.ids["celia"])).status_code == 303
    assert "Kerholainen" not in sanna.get(path).text


def test_whom_nothing_names_is_not_put_in_and_stays_where_they_are(world: World, sanna: Reader) -> None:
    path, celia = made(world, sanna), world.ids["celia"]
    assert change_by_form(sanna, path, paste="anna celia").status_code == 303
    with Session(world.engine) as session, session.begin():
        session.execute(delete(Account).where(Account.person_id.in_([celia, world.ids["bertta"]])))
        session.execute(update(Identifier).values(closed_by=world.ids["change"]))
    assert f'value="{world.ids["bertta"]}"' not in sanna.get(f"{path}?q=kerholainen").text
    assert change_by_form(sanna, path, remove=str(world.ids["anna"])).status_code == 303
    assert "Kerholainen Celia" in sanna.get(path).text


def test_a_protected_pupil_is_not_found_by_who_may_not_know_where_she_is(
    world: World, sanna: Reader, reader: Callable[[str], Reader]
) -> None:
    path = made(world, sanna)
    assert sanna.post(path, path, act="look", paste="oona").status_code == 409
    assert change_by_form(reader("paula"), path, paste="oona celia").status_code == 303
    page = sanna.get(path).text
    assert "Oppilas" not in page
    assert re.search(r'<td class="number"[^>]*>1</td>', sanna.get("/admin/groups").text), (
        "a count tells as much as a name"
    )
    assert change_by_form(sanna, path, remove=str(world.ids["celia"])).status_code == 303
    assert members(world) == {"oona"}, "whom one does not see stays"


def test_nobody_puts_themselves_in(world: World, sanna: Reader) -> None:
    path = made(world, sanna)
    assert sanna.post(path, path, act="look", paste="sanna").status_code == 422
    assert members(world) == set()


def test_five_thousand_numbers_are_taken_at_once_and_one_more_is_not(world: World, sanna: Reader) -> None:
    path = made(world, sanna)
    many = [f"{n:08}" for n in range(found.MOST - 1)]
    page = sanna.post(path, path, act="look", paste="\r\n".join([*many, "anna"]))
    assert page.status_code == 200
    assert "Put in: 1." in page.text
    assert sanna.post(path, path, act="look", paste="\r\n".join([*many, "anna", "x"])).status_code == 422


def test_another_schools_group_is_not_there(world: World, sanna: Reader, reader: Callable[[str], Reader]) -> None:
    answer = reader("paula").post(NEW, NEW, name="Muu", organisation=str(world.ids["KUUSI"]))
    assert sanna.get(str(answer.location)).status_code == 404
    assert sanna.force(str(answer.location), act="save", paste="anna").status_code == 404
    assert "Muu" not in sanna.get("/admin/groups").text
    assert sanna.post(NEW, NEW, name="Toinen", organisation=str(world.ids["KUUSI"])).status_code == 422
    assert sanna.post(NEW, NEW, name="", organisation=str(world.ids["KOIVU"])).status_code == 422


def test_what_another_changed_meanwhile_is_looked_at_again(
    world: World, sanna: Reader, reader: Callable[[str], Reader]
) -> None:
    path = made(world, sanna)
    digest = seen(sanna.post(path, path, act="look", paste="anna"))
    assert change_by_form(reader("paula"), path, paste="celia").status_code == 303
    answer = sanna.post(path, path, act="save", paste="anna", seen=digest)
    assert answer.status_code == 409
    assert members(world) == {"celia"}


def test_a_group_made_here_is_written_out(world: World, sanna: Reader) -> None:
    path = made(world, sanna)
    assert change_by_form(sanna, path, paste="anna celia").status_code == 303
    with Session(world.engine) as session:
        (row,) = [one for one in as_data(session)["groups"] if one["key"] == "kuoron-vaki"]
    assert row == {"key": "kuoron-vaki", "organisation": "KOIVU", "name": "Kuoron väki", "members": ["anna", "celia"]}
