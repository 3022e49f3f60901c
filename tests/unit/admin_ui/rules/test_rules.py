"""Rules as pages: the list and its templates, versions, and the form that previews, tries, refuses beside the field and
publishes."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from iam.access.model.assignment import Assignment
from iam.access.model.role import Role
from iam.access.model.rule import Rule, RuleVersion
from iam.directory.organisation import Organisation
from tests.kit.factories import consortium
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import ISSUER, Reader, World, administer, employ, hidden, person

NEW = "/admin/rules/new"
GOOD = {
    "name_fi": "Opettaja Wilmaan",
    "owner": "MANSIKKALA",
    "kinds": "employee",
    "place_kind": "school",
    "role": "wilma:opettaja",
    "scope": "own",
}


def send(who: Reader, path: str, **fields: Any) -> TestResponse:
    """Send the form as the page at ``path`` shows it."""
    data = MultiDict({**hidden(who.get(path), path), **fields})
    return who.http.post(
        path, base_url=ISSUER, data=data, headers={"Accept": "text/html", "Accept-Language": who.language}
    )


def told(page: TestResponse) -> str:
    """The text of a page without its marks."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.text)))


def beside(page: TestResponse, field: str) -> str:
    """The error that stands beside a field."""
    found = re.search(rf'id="{field}-error">([^<]+)<', page.text)
    return html.unescape(found[1]) if found else ""


def published(world: World, key: str) -> list[tuple[int, str]]:
    with Session(world.engine) as session:
        query = (
            select(RuleVersion.n, RuleVersion.state).join(Rule, Rule.id == RuleVersion.rule_id).where(Rule.key == key)
        )
        return [(n, state) for n, state in session.execute(query.order_by(RuleVersion.n))]


def given(world: World) -> set[str]:
    """The ids of those who hold something by a rule."""
    with Session(world.engine) as session:
        query = select(Assignment.person_id).where(Assignment.origin == "rule", Assignment.closed_by.is_(None))
        return {str(one) for one in session.scalars(query)}


def test_an_empty_list_offers_three_rules_to_begin_with(world: World, reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    page = paula.get("/admin/rules").text
    for template in ("teacher", "pupil", "substitute"):
        assert f"{NEW}?template={template}" in page
        assert paula.get(f"{NEW}?template={template}").status_code == 200
    form = paula.get(f"{NEW}?template=teacher").text
    assert re.search(r'value="employee" checked', form)
    assert '<option value="school" selected>' in form


def test_a_rule_is_looked_at_published_and_gives_its_rights_at_once(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    page = send(paula, NEW, **GOOD)
    assert page.status_code == 200
    assert "Whoever is an employee (school" in told(page)
    assert re.search(r'tile__number">1</span><span class="tile__title">gain the role', page.text)
    assert re.search(r'tile__number">1</span><span class="tile__title">keep it as it is', page.text), (
        "Anna has it by hand already"
    )
    assert published(world, "opettaja-wilmaan") == []
    seen = hidden(page, NEW)["seen"]
    answer = send(paula, NEW, **GOOD, act="publish", seen=seen)
    assert answer.location == "/admin/rules/opettaja-wilmaan"
    assert published(world, "opettaja-wilmaan") == [(1, "published")]
    assert given(world) == {str(world.ids[name]) for name in ("anna", "sanna")}
    (event,) = world.events("rule:version:published")
    assert event.actor_id == world.ids["paula"]


def test_nothing_is_published_that_was_not_looked_at(world: World, reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    seen = hidden(send(paula, NEW, **GOOD), NEW)["seen"]
    page = send(paula, NEW, **{**GOOD, "kinds": "student"}, act="publish", seen=seen)
    assert "Look at the effect first, then publish." in told(page)
    assert published(world, "opettaja-wilmaan") == []


def test_a_preview_leaves_nothing_behind(world: World, reader: Callable[[str], Reader]) -> None:
    send(reader("paula"), NEW, **GOOD)
    assert given(world) == set()
    assert world.events("rule:version:published") == []


def test_a_second_version_withdraws_the_first_and_both_are_told(world: World, reader: Callable[[str], Reader]) -> None:
    paula, edit = reader("paula"), "/admin/rules/vanha/edit"
    catalogue.rule(world, "vanha")
    changed = {"kinds": "student", "place_kind": "school", "role": "wilma:opettaja", "scope": "own"}
    seen = hidden(send(paula, edit, **changed), edit)["seen"]
    send(paula, edit, **changed, act="publish", seen=seen)
    assert published(world, "vanha") == [(1, "withdrawn"), (2, "published")]
    page = told(paula.get("/admin/rules/vanha"))
    assert "Whoever is a pupil or student (school" in page
    assert "Whoever is an employee (school" in page


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"kinds": "", "place_kind": ""}, "kinds", "This rule would match everybody."),
        ({"role": "wilma:keisari"}, "role", "There is no role wilma:keisari."),
        ({"role": ""}, "role", "Choose the role."),
        ({"place_under": "MUSTIKKALA"}, "place_under", "MUSTIKKALA does not belong to MANSIKKALA"),
        ({"place_is": "KUUSI"}, "place_is", "KUUSI does not belong to MANSIKKALA"),
        ({"place_under": "Nowhere"}, "place_under", "There is no organisation Nowhere."),
        ({"kinds": "emperor"}, "kinds", "There is no such kind."),
        ({"owner": "Nowhere"}, "owner", "Name one of your own part."),
        ({"owner": ""}, "owner", "The rule needs an owner."),
        ({"name_fi": " "}, "name_fi", "The rule needs a name in Finnish."),
        ({"scope": "named"}, "scope_organisation", "The place is missing."),
        ({"fact": "membership", "group": "4B"}, "group_owner", "A group is named together with its organisation."),
        (
            {"fact": "membership", "group": "9Z", "group_owner": "KOIVU"},
            "group",
            "There is no group 9Z in that organisation.",
        ),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_a_rule_is_refused_beside_the_field_with_the_remedy(
    world: World, reader: Callable[[str], Reader], change: dict[str, str], field: str, words: str
) -> None:
    catalogue.rule(world, "vanha")
    catalogue.code_list(world, "opettajat", "luokanopettaja")
    page = send(reader("paula"), NEW, **{**GOOD, **change})
    assert page.status_code == 422
    assert words in beside(page, field)
    assert published(world, "opettaja-wilmaan") == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_list_and_codes_at_once_are_refused(world: World, reader: Callable[[str], Reader]) -> None:
    catalogue.code_list(world, "opettajat", "luokanopettaja")
    page = send(reader("paula"), NEW, **GOOD, code_list="opettajat", occupations="rehtori")
    assert "not both" in beside(page, "code_list")


def test_an_organisation_is_chosen_among_names_and_of_two_with_one_name_ones_own_is_meant(
    world: World, reader: Callable[[str], Reader]
) -> None:
    same = {"name_fi": "Koivu fi", "name_sv": "Koivu sv", "name_en": "Koivu en"}
    with Session(world.engine) as session, session.begin():
        session.execute(update(Organisation).where(Organisation.key == "KUUSI").values(**same))
    person(world, "mari", "Mansikka")
    administer(world, "mari", "MANSIKKALA", "rules.read", "rules.write")
    for login, chosen in (("mari", "Koivu en"), ("paula", "Koivu en (KOIVU)")):
        page = send(reader(login), NEW, **{**GOOD, "owner": "Mansikkala en", "place_under": chosen})
        assert (login, page.status_code, 'value="Koivu en' in page.text) == (login, 200, True)
    assert send(reader("paula"), NEW, **{**GOOD, "place_under": "Koivu en"}).status_code == 422


def test_an_organisation_may_be_written_by_its_name(world: World, reader: Callable[[str], Reader]) -> None:
    page = send(reader("paula"), NEW, **{**GOOD, "owner": "Mansikkala en", "place_under": "Koivu fi"})
    assert page.status_code == 200
    assert 'name="place_under" type="text" value="Koivu en"' in page.text
    assert ">KOIVU<" not in page.text


@pytest.mark.parametrize(
    ("who", "verdict", "why"),
    [
        ("Virtanen", "Yes: Virtanen Anna gets the role.", ""),
        (
            "Oppilas",
            "No: Oppilas Oona does not get the role.",
            "The kind is Pupil or student, the rule asks for Employee.",
        ),
        ("Vieras", "No: Vieras Ville does not get the role.", "does not belong where the rule applies"),
    ],
)
def test_a_rule_is_tried_on_a_person_and_says_the_first_condition_that_fails(
    world: World, reader: Callable[[str], Reader], who: str, verdict: str, why: str
) -> None:
    page = told(send(reader("paula"), NEW, **GOOD, act="test", person=who))
    assert verdict in page
    assert why in page
    assert published(world, "opettaja-wilmaan") == []


def test_a_rule_is_tried_on_another_day(world: World, reader: Callable[[str], Reader]) -> None:
    page = told(send(reader("paula"), NEW, **GOOD, act="test", person="Virtanen", on="2020-01-15"))
    assert "It does not hold on that day." in page


def test_of_several_people_of_one_name_one_is_chosen(world: World, reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    person(world, "aatu", "Virtanen")
    page = send(paula, NEW, **GOOD, act="test", person="Virtanen")
    assert "Whom do you mean?" in told(page)
    page = send(paula, NEW, **GOOD, act="test", person="Virtanen", person_id=str(world.ids["aatu"]))
    assert "No: Virtanen Aatu does not get the role." in told(page)


def test_a_rule_is_not_tried_on_anybody_outside_the_part_nor_by_an_identity_code(
    world: World, reader: Callable[[str], Reader]
) -> None:
    person(world, "maija", "Mansikka")
    administer(world, "maija", "MANSIKKALA", "rules.read", "rules.write", "persons.read")
    maija = reader("maija")
    for text in ("Vieras", "010190-9023"):
        assert "Nobody in your part fits." in beside(send(maija, NEW, **GOOD, act="test", person=text), "person")
    page = send(maija, NEW, **GOOD, act="test", person="x", person_id=str(world.ids["ville"]))
    assert "Nobody in your part fits." in beside(page, "person")


def test_who_writes_rules_for_one_school_writes_none_for_another(world: World, reader: Callable[[str], Reader]) -> None:
    catalogue.rule(world, "kunnan")
    catalogue.rule(world, "koulun", owner="KOIVU")
    catalogue.rule(world, "naapurin", owner="KUUSI")
    person(world, "kimmo", "Koulu")
    administer(world, "kimmo", "KOIVU", "rules.read", "rules.write")
    kimmo = reader("kimmo")
    assert "/admin/rules/koulun/edit" in kimmo.get("/admin/rules/koulun").text
    assert "/admin/rules/kunnan/edit" not in kimmo.get("/admin/rules/kunnan").text
    for path in ("/admin/rules/naapurin", "/admin/rules/naapurin/edit", "/admin/rules/kunnan/edit"):
        assert kimmo.get(path).status_code == 404
    assert "Name one of your own part." in beside(send(kimmo, NEW, **{**GOOD, "owner": "RANTA"}), "owner")
    listed = kimmo.get("/admin/rules").text
    assert "kunnan" in listed
    assert "naapurin" not in listed


def test_who_may_only_read_rules_gets_no_form(world: World, reader: Callable[[str], Reader]) -> None:
    person(world, "lulu", "Lukija")
    administer(world, "lulu", "ROOT", "rules.read")
    lulu = reader("lulu")
    assert NEW not in lulu.get("/admin/rules").text
    assert lulu.get(NEW).status_code == 404
    assert lulu.force(NEW, **GOOD).status_code == 404


def test_a_rule_that_says_more_than_the_form_is_shown_as_data_and_has_no_form(
    world: World, reader: Callable[[str], Reader]
) -> None:
    pattern = {
        "bind": {"a": {"affiliation": {"kind": "employee", "primary": True}}},
        "gives": catalogue.TEACHERS["gives"],
    }
    catalogue.rule(world, "tarkka", pattern=pattern)
    paula = reader("paula")
    page = paula.get("/admin/rules/tarkka")
    assert "says more than the form can show" in page.text
    assert "primary: true" in page.text
    assert paula.get("/admin/rules/tarkka/edit").status_code == 404


def test_the_list_is_narrowed_to_those_that_give_a_role(world: World, reader: Callable[[str], Reader]) -> None:
    catalogue.rule(world, "antaa")
    consortium.role(world, "wilma", "rehtori")
    paula = reader("paula")
    assert "/admin/rules/antaa" in paula.get("/admin/rules?role=wilma:opettaja").text
    assert "/admin/rules/antaa" not in paula.get("/admin/rules?role=wilma:rehtori").text
    assert paula.get("/admin/rules?role=wilma:keisari").status_code == 404


def test_the_effect_names_only_people_of_the_readers_part(world: World, reader: Callable[[str], Reader]) -> None:
    person(world, "eeva", "Etsijä")
    employ(world, "eeva", "RANTA", "Rehtori")
    person(world, "kimmo", "Koulu")
    administer(world, "kimmo", "MANSIKKALA", "rules.read", "rules.write")
    administer(world, "kimmo", "RANTA", "persons.read")
    page = told(send(reader("kimmo"), NEW, **GOOD))
    assert "Etsijä Eeva" in page
    assert "Virtanen" not in page


def secretary(world: World, handed_out: str = "enabled") -> None:
    """Let a school's secretary write rules over the school, and say who hands the role out."""
    administer(world, "sanna", "KOIVU", "rules.read", "rules.write")
    with world.transaction() as session:
        session.get_one(Role, world.ids["opettaja"]).handed_out = handed_out


def test_a_school_is_offered_no_role_that_it_does_not_hand_out_and_is_told_who_does(
    world: World, reader: Callable[[str], Reader]
) -> None:
    secretary(world)
    sanna = reader("sanna")
    assert "wilma:opettaja" not in sanna.get(NEW).text
    page = send(sanna, NEW, **{**GOOD, "owner": "KOIVU"})
    assert page.status_code == 422
    assert "is handed out by MANSIKKALA and by the organisations" in beside(page, "role")
    assert published(world, "opettaja-wilmaan") == []


def test_a_school_gives_a_role_that_parts_hand_out(world: World, reader: Callable[[str], Reader]) -> None:
    secretary(world, "parts")
    sanna = reader("sanna")
    assert '<option value="wilma:opettaja">' in sanna.get(NEW).text
    assert send(sanna, NEW, **{**GOOD, "owner": "KOIVU"}).status_code == 200


def test_a_list_from_above_is_copied_in_one_press_and_another_s_is_as_if_it_did_not_exist(
    world: World, reader: Callable[[str], Reader]
) -> None:
    secretary(world, "parts")
    catalogue.code_list(world, "opettajat", "luokanopettaja", "rehtori")
    catalogue.code_list(world, "naapurin", "rehtori", owner="MUSTIKKALA")
    sanna, fields = reader("sanna"), {**GOOD, "owner": "KOIVU", "act": "copy"}
    assert "naapurin" not in sanna.get(NEW).text
    hidden_one = send(sanna, NEW, **fields, code_list="naapurin")
    nowhere = send(sanna, NEW, **fields, code_list="olematon")
    assert beside(hidden_one, "code_list") == beside(nowhere, "code_list") != ""
    for _ in range(2):
        page = send(sanna, NEW, **fields, code_list="opettajat")
        assert '<option value="opettajat-KOIVU" selected>' in page.text
    (event,) = world.events("rule:list:copied")
    assert (event.organisation_id, event.envelope) == (
        world.ids["KOIVU"],
        {"list": "opettajat-KOIVU", "of": "opettajat"},
    )
    assert send(sanna, NEW, **{**GOOD, "owner": "KOIVU", "code_list": "opettajat-KOIVU"}).status_code == 200
    assert send(sanna, NEW, **fields | {"owner": "RANTA"}, code_list="opettajat").status_code == 422


def test_a_role_s_page_says_who_hands_it_out(world: World, reader: Callable[[str], Reader]) -> None:
    secretary(world, "owner")
    page = told(reader("sanna").get("/admin/roles/wilma/opettaja"))
    assert "Handed out by only the application's owner" in page


def test_a_town_s_rule_gives_nothing_from_the_moment_the_application_is_disabled_for_the_town(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula, enabling = reader("paula"), f"/admin/applications/wilma/organisations/{world.ids['MUSTIKKALA']}"
    paula.force(enabling, on="yes")
    of_the_town = {**GOOD, "owner": "MUSTIKKALA"}
    send(paula, NEW, **of_the_town, act="publish", seen=hidden(send(paula, NEW, **of_the_town), NEW)["seen"])
    assert given(world) == {str(world.ids[name]) for name in ("anna", "ville")}
    paula.force(enabling, on="no")
    assert given(world) == set()
    paula.force(enabling, on="yes")
    assert given(world) == {str(world.ids[name]) for name in ("anna", "ville")}
