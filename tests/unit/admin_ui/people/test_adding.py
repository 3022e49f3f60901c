"""A person is added by hand: nobody twice, never beyond the part, and with somebody who answers for them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam import clock
from iam.demo.codes import identity_code
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.person import Identifier, PersonProfile, VaultItem
from iam.signin.accounts.account import Account
from tests.kit.worlds.admin import Reader, World, administer

NEW = "/admin/new-person"
CODE = identity_code(date(1990, 5, 4), "-", 951)
Filled = Callable[..., dict[str, str]]


@pytest.fixture
def sanna(world: World, reader: Callable[[str], Reader]) -> Reader:
    administer(world, "sanna", "KOIVU", "persons.write")
    return reader("sanna")


@pytest.fixture
def filled(world: World) -> Filled:
    def fields(**changes: str) -> dict[str, str]:
        today = clock.today()
        said = {
            "given_names": "Sirkka Maria",
            "family_name": "Sijainen",
            "birth_date": "1990-05-04",
            "organisation": str(world.ids["KOIVU"]),
            "kind": "substitute",
            "first_day": today.isoformat(),
            "until": (today + timedelta(days=60)).isoformat(),
            "sponsor": "sanna",
            "reason": "Anna is away",
        }
        return said | changes

    return fields


def seen(page: TestResponse) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return html.unescape(found[1])


def save(sanna: Reader, fields: dict[str, str]) -> TestResponse:
    page = sanna.post(NEW, NEW, act="look", **fields)
    assert page.status_code == 200, page.text
    return sanna.post(NEW, NEW, act="save", seen=seen(page), **fields)


def people(world: World, family_name: str = "Sijainen") -> list[PersonProfile]:
    with Session(world.engine) as session:
        return list(session.scalars(select(PersonProfile).where(PersonProfile.family_name == family_name)))


def test_a_secretary_adds_a_substitute_who_gets_a_position_a_username_and_somebody_who_answers(
    world: World, sanna: Reader, filled: Filled
) -> None:
    assert sanna.post(NEW, NEW, act="look", **filled()).status_code == 200
    assert people(world) == [], "looking writes nothing"
    answer = save(sanna, filled(code=CODE, purpose="a contract"))
    assert answer.status_code == 303, answer.text
    (profile,) = people(world)
    assert profile.birth_date == date(1990, 5, 4)
    assert profile.source_id is None
    with Session(world.engine) as session:
        position = session.scalars(select(Affiliation).where(Affiliation.person_id == profile.person_id)).one()
        assert (position.kind, position.organisation_id) == ("substitute", world.ids["KOIVU"])
        assert position.is_primary
        answers = session.scalars(select(Relationship).where(Relationship.kind == "sponsor_of")).one()
        assert (answers.person_id, answers.valid_to) == (world.ids["sanna"], position.valid_to)
        login = session.scalar(select(Account.login).where(Account.person_id == profile.person_id))
        assert login == "sirkka.sijainen"
        identifier = session.scalars(select(Identifier).where(Identifier.person_id == profile.person_id)).one()
        assert identifier.value is None
        assert session.get(VaultItem, (profile.person_id, "identity-code")) is not None
    (event,) = world.events("person:hand:added")
    assert (event.subject_id, event.actor_id) == (profile.person_id, world.ids["sanna"])
    assert "Sijainen" in sanna.get("/admin/persons").text
    assert "Has as responsible person" in sanna.get(f"/admin/persons/{profile.person_id}?tab=facts").text


def test_nobody_is_added_twice_by_the_same_code(world: World, sanna: Reader, filled: Filled) -> None:
    assert save(sanna, filled(code=CODE, purpose="x")).status_code == 303
    again = sanna.post(NEW, NEW, act="save", another="yes", **filled(given_names="Toinen", code=CODE, purpose="x"))
    assert again.status_code == 422
    assert "This person is here already." in again.text
    assert "Sijainen" in again.text
    assert len(people(world)) == 1
    assert [one.envelope["found"] for one in world.events("person:code:searched")][-1] is True


def test_of_a_code_across_the_wall_one_learns_only_that_it_is_known(
    world: World, sanna: Reader, filled: Filled, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    elsewhere = filled(code=CODE, purpose="x", organisation=str(world.ids["KUUSI"]), sponsor="ville")
    assert save(paula, elsewhere).status_code == 303
    answer = sanna.post(NEW, NEW, act="save", **filled(given_names="Sirkka", family_name="Muu", code=CODE, purpose="x"))
    assert answer.status_code == 422
    assert "Somebody with this code is known outside your part." in answer.text
    (profile,) = people(world)
    assert str(profile.person_id) not in answer.text
    assert people(world, "Muu") == []


def test_a_namesake_born_the_same_day_is_shown_and_somebody_else_is_added_only_when_that_is_said(
    world: World, sanna: Reader, filled: Filled
) -> None:
    assert save(sanna, filled()).status_code == 303
    (first,) = people(world)
    page = sanna.post(NEW, NEW, act="look", **filled(given_names="Sirkka Liisa"))
    assert page.status_code == 409
    assert f"/admin/persons/{first.person_id}/positions" in page.text
    fields = filled(given_names="Sirkka Liisa", another="yes")
    assert save(sanna, fields).status_code == 303
    assert len(people(world)) == 2
    page = sanna.post(NEW, NEW, act="look", **filled(birth_date="1990-05-05"))
    assert "Who looks like the same person" not in page.text, "born another day"


def test_a_namesake_outside_the_part_is_not_told_of(
    world: World, sanna: Reader, filled: Filled, reader: Callable[[str], Reader]
) -> None:
    fields = filled(organisation=str(world.ids["KUUSI"]), sponsor="ville")
    assert save(reader("paula"), fields).status_code == 303
    page = sanna.post(NEW, NEW, act="look", **filled())
    assert page.status_code == 200
    assert "Who looks like the same person" not in page.text


def test_a_visitor_has_an_end_within_two_years(world: World, sanna: Reader, filled: Filled) -> None:
    for until in ("", (clock.today() + timedelta(days=800)).isoformat()):
        answer = sanna.post(NEW, NEW, act="look", **filled(kind="visitor", until=until))
        assert answer.status_code == 422, until
        assert "at most two years" in answer.text
    within = (clock.today() + timedelta(days=700)).isoformat()
    assert save(sanna, filled(kind="visitor", until=within)).status_code == 303
    assert save(sanna, filled(family_name="Vakinainen", kind="employee", until="")).status_code == 303


def test_what_is_wrong_is_told_beside_its_field_and_what_was_typed_stays(
    world: World, sanna: Reader, filled: Filled
) -> None:
    wrong = {
        "family_name": "",
        "birth_date": "",
        "organisation": str(world.ids["KUUSI"]),
        "kind": "king",
        "sponsor": "ville",
        "reason": "",
        "email": "no address",
        "until": "soon",
    }
    for name, value in wrong.items():
        answer = sanna.post(NEW, NEW, act="save", **filled(**{name: value}))
        assert answer.status_code == 422, name
        assert f'id="{name}-error"' in answer.text, name
        assert 'value="Sirkka Maria"' in answer.text
    answer = sanna.post(NEW, NEW, act="save", **filled(code=CODE[:-1] + "#", purpose="x"))
    assert 'id="code-error"' in answer.text
    assert people(world) == []


def test_what_was_not_seen_is_not_saved(world: World, sanna: Reader, filled: Filled) -> None:
    digest = seen(sanna.post(NEW, NEW, act="look", **filled()))
    for fields in (filled(kind="employee"), filled(sponsor="anna"), filled(given_names="Muu")):
        assert sanna.post(NEW, NEW, act="save", seen=digest, **fields).status_code == 409
    assert people(world) == []


def test_who_may_not_write_persons_has_no_such_page(world: World, reader: Callable[[str], Reader]) -> None:
    sanna = reader("sanna")
    assert sanna.get(NEW).status_code == 404
    assert NEW not in sanna.get("/admin/persons").text
    assert sanna.force(NEW, act="save").status_code == 404
