"""Occupations are chosen from those that people really have, narrowed to the rule's owner and to what the reader may be
told; other conditions that the language of rules has are in the form too."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from werkzeug.datastructures import MultiDict

from admin_ui.rules import form as rule_form
from admin_ui.rules.form import RuleForm
from iam.access.rules.pattern import parse
from iam.directory.affiliation import Group
from tests.kit.worlds.admin import Reader, World, administer, employ, person
from tests.unit.admin_ui.rules.test_rules import GOOD, NEW, send, told


def offered(text: str) -> list[str]:
    """The codes to tick."""
    return re.findall(r'id="occupations-\d+" name="occupations" value="([^"]+)"', text)


def hire(world: World, name: str, place: str, occupation: str, title: str, **profile: bool) -> None:
    person(world, name, name.title(), **profile)
    employ(world, name, place, title, occupation=occupation)


@pytest.fixture(autouse=True)
def staff(world: World) -> None:
    hire(world, "rauni", "KOIVU", "rehtori", "Rehtori")
    hire(world, "keijo", "KOIVU", "4401", "Keittäjä")
    hire(world, "kaija", "KOIVU", "4401", "Keittäjä")
    hire(world, "kerttu", "KOIVU", "4401", "Ruokapalveluvastaava")
    hire(world, "outo", "KUUSI", "naapuri", "Naapurin ammatti")


def test_positions_that_people_of_the_owner_have_are_offered_with_their_title_and_number(
    reader: Callable[[str], Reader],
) -> None:
    page = send(reader("paula"), NEW, **GOOD)
    assert {"rehtori", "4401"} <= set(offered(page.text))
    assert "naapuri" not in offered(page.text), "nobody of the owner's part has it"
    assert "Keittäjä – 4401 – 3 people" in told(page)


def test_chosen_positions_and_another_code_make_the_rule(world: World, reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    page = send(paula, NEW, **GOOD, occupations=["4401", "tulossa"])
    assert "(4401, tulossa" in told(page)
    assert re.search(r'value="4401" checked', page.text)
    assert re.search(r'value="tulossa" checked', page.text), "what was written can be ticked after that"


def test_a_position_is_looked_for_by_title_and_what_is_ticked_stays(reader: Callable[[str], Reader]) -> None:
    page = send(reader("paula"), NEW, **GOOD, occupations=["4401"], act="find", find="reht")
    assert offered(page.text) == ["4401", "rehtori"]
    assert "What the rule says" not in page.text


def test_who_sees_one_school_is_offered_only_what_people_there_have(
    world: World, reader: Callable[[str], Reader]
) -> None:
    hire(world, "kuusen", "KUUSI", "kuusikko", "Kuusikon hoitaja")
    person(world, "kimmo", "Koulu")
    administer(world, "kimmo", "KOIVU", "rules.read", "rules.write", "persons.read")
    person(world, "sokea", "Sokea")
    administer(world, "sokea", "KOIVU", "rules.read", "rules.write")
    assert "4401" in offered(reader("kimmo").get(NEW).text)
    assert "kuusikko" not in offered(reader("kimmo").get(NEW).text)
    assert offered(reader("sokea").get(NEW).text) == [], "a count tells as much as a value"


def test_nobody_protected_is_counted_or_told_of(world: World, reader: Callable[[str], Reader]) -> None:
    hire(world, "piilo", "KOIVU", "salainen", "Salainen ammatti", protected=True)
    person(world, "kimmo", "Koulu")
    administer(world, "kimmo", "KOIVU", "rules.read", "rules.write", "persons.read")
    page = reader("kimmo").get(NEW).text
    assert "salainen" not in page.lower()


def sent(**fields: str) -> RuleForm:
    return rule_form.read(MultiDict({"key": "x", "owner": "KOIVU", "role": "wilma:opettaja", **fields}))


@pytest.mark.parametrize("related", rule_form.RELATED)
def test_what_somebody_is_to_others_and_a_live_relationship_are_asked_for_in_the_form(related: str) -> None:
    form = sent(kinds="employee", related=related, needs_relationship="yes")
    data = rule_form.pattern(form)
    pattern, problems = parse(data)
    assert not problems
    assert pattern is not None
    assert pattern.needs_relationship
    assert data["bind"]["r"] == {"relationship": {"kind": related}}
    assert rule_form.from_pattern("x", "KOIVU", data) == form


def test_a_group_is_written_by_its_name_and_told_by_it(world: World, reader: Callable[[str], Reader]) -> None:
    world.write(Group(organisation_id=world.ids["KOIVU"], key="g-17", kind="group", name="Vastuuhenkilöt"))
    rule = {"name_fi": "Ryhmä", "owner": "MANSIKKALA", "role": "wilma:opettaja", "scope": "own", "fact": "membership"}
    page = send(reader("paula"), NEW, **rule, group_owner="KOIVU", group="Vastuuhenkilöt")
    assert "a member of a group (Vastuuhenkilöt; Koivu en)" in told(page)
    assert 'value="g-17"' in page.text
