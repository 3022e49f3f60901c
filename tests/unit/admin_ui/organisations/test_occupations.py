"""What occupations are called, on their page and wherever one is named: by the reader's language."""

from __future__ import annotations

import csv
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from admin_ui.parts import paging
from iam.apply.export import as_data
from iam.directory.occupation import Occupation
from iam.directory.pages import occupations
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import ISSUER, Reader, World, administer, employ, hidden, person

LIST, NEW = "/admin/occupations", "/admin/new-occupation"
TEACHER = {"fi": "Opettaja", "sv": "Lärare", "en": "Teacher"}


@pytest.fixture
def staff(world: World) -> World:
    """Two people of KOIVU in an occupation that has a name, told otherwise by their source, and one in another."""
    for n, (login, code, title) in enumerate(
        (("eka", "ope", "opett. (vv)"), ("toka", "ope", None), ("kolmas", "vahtimestari", "Vahtimestari"))
    ):
        person(world, login, "Testi")
        employ(world, login, "KOIVU", title, occupation=code, number=str(10 + n))
    world.write(Occupation(code="ope", name=TEACHER))
    return world


def send(reader: Reader, path: str, **typed: Any) -> TestResponse:
    data = hidden(reader.get(path), path) | typed
    return reader.http.post(path, base_url=ISSUER, data=data, headers={"Accept": "text/html", "Accept-Language": "en"})


def taken_home(reader: Reader, path: str) -> list[list[str]]:
    return list(csv.reader(reader.get(path).text.splitlines(), delimiter=";"))[1:]


def names(world: World) -> dict[str, Any]:
    with Session(world.engine) as session:
        return {one["code"]: one["name"] for one in as_data(session).get("occupations", ())}


def test_the_page_lists_names_and_the_codes_that_have_none(staff: World, reader: Callable[[str], Reader]) -> None:
    text = reader("paula").get(LIST).text
    assert '<a href="/admin/occupations/ope">Teacher</a>' in text
    assert "Lärare, Opettaja" in text
    nameless = text.partition('id="nameless"')[2]
    assert '<a href="/admin/occupations/vahtimestari">Vahtimestari' in nameless
    assert "ope<" not in nameless


def test_an_occupation_is_found_by_its_code_and_by_its_name_in_any_language(
    staff: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    for text, is_found in (("op", True), ("rare", True), ("Teach", True), ("kokki", False)):
        assert ('<a href="/admin/occupations/ope">' in paula.get(f"{LIST}?q={text}").text) == is_found, text


def test_many_names_are_shown_some_at_a_time(
    staff: World, reader: Callable[[str], Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    staff.write(*(Occupation(code=f"x{n}", name={"fi": f"Ammatti {n}"}) for n in range(3)))
    monkeypatch.setattr(paging, "SIZE", 2)
    first = reader("paula").get(LIST).text
    assert "Teacher" in first
    assert "Ammatti 1" not in first
    assert 'href="/admin/occupations?after=x0"' in first
    second = reader("paula").get(f"{LIST}?after=x0").text
    assert "Ammatti 1" in second
    assert 'href="/admin/occupations?before=x1"' in second
    back = reader("paula").get(f"{LIST}?before=x1").text
    assert "Teacher" in back
    assert "Ammatti 1" not in back
    assert 'rel="prev"' not in back
    assert 'href="/admin/occupations?after=x0"' in back


def test_the_names_are_taken_home_in_every_language_those_that_were_looked_for(
    staff: World, reader: Callable[[str], Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(occupations, "BATCH", 2)
    staff.write(*(Occupation(code=f"x{n}", name={"fi": f"Ammatti {n}"}) for n in range(4)))
    paula = reader("paula")
    rows = [["ope", *TEACHER.values()], *([f"x{n}", f"Ammatti {n}", "", ""] for n in range(4))]
    assert taken_home(paula, f"{LIST}.csv") == rows
    assert 'href="/admin/occupations.csv?q=tti+3"' in paula.get(f"{LIST}?q=tti+3").text
    assert taken_home(paula, f"{LIST}.csv?q=tti+3") == rows[-1:]


def test_a_name_is_given_and_the_export_gives_it_back(staff: World, reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    assert send(paula, NEW, code="kokki", name_fi="Kokki", name_sv="Kock").status_code == 303
    assert send(paula, f"{LIST}/vahtimestari", name_fi="Vahtimestari", name_en="Caretaker").status_code == 303
    told = names(staff)
    assert told["kokki"] == {"fi": "Kokki", "sv": "Kock", "en": "Kokki"}
    assert told["vahtimestari"] == {"fi": "Vahtimestari", "sv": "Vahtimestari", "en": "Caretaker"}


def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_written(
    staff: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    for typed, wrong in (
        ({"code": "a b", "name_fi": "A"}, "without blanks"),
        ({"code": "ope", "name_fi": "A"}, "has a name already"),
        ({"code": "uusi"}, "needs a name in Finnish"),
    ):
        answer = send(paula, NEW, **typed)
        assert (answer.status_code, wrong in answer.text) == (422, True), typed
    assert names(staff) == {"ope": TEACHER}


def test_the_same_name_again_and_one_that_another_changed_meanwhile_are_not_written(
    staff: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    same = {f"name_{language}": name for language, name in TEACHER.items()}
    assert send(paula, f"{LIST}/ope", **same).status_code == 409
    moved = send(paula, f"{LIST}/ope", name_fi="Toinen", stood="0" * 64)
    assert moved.status_code == 409
    assert "meanwhile" in moved.text
    assert 'value="Toinen"' in moved.text
    assert names(staff) == {"ope": TEACHER}


def test_who_writes_rules_of_a_part_reads_the_names_and_gives_none(
    staff: World, reader: Callable[[str], Reader]
) -> None:
    administer(staff, "sanna", "MANSIKKALA", "rules.read", "rules.write", "persons.read")
    sanna = reader("sanna")
    text = sanna.get(LIST).text
    assert "Teacher" in text
    assert "/admin/occupations/vahtimestari" not in text
    for path in (NEW, f"{LIST}/ope"):
        page = sanna.get(path)
        assert page.status_code == 200
        assert f'action="{path}"' not in page.text
        assert sanna.force(path, code="ope", name_fi="Muu").status_code == 404
    assert "Lärare" in sanna.get(f"{LIST}/ope").text
    assert sanna.get(f"{LIST}/vahtimestari").status_code == 404
    assert names(staff) == {"ope": TEACHER}


def test_a_person_is_shown_in_the_named_occupation_and_else_as_the_source_told_it(
    staff: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    page = paula.get("/admin/persons?q=Testi").text
    assert page.count("Teacher") == 2
    assert "opett." not in page
    assert "Vahtimestari" in page
    facts = paula.get(f"/admin/persons/{staff.ids['eka']}?tab=facts").text
    assert "Teacher (opett. (vv))" in facts
    assert "Lärare" in paula.get(f"/admin/persons/{staff.ids['eka']}?tab=facts&lang=sv").text


def test_a_rule_says_occupations_by_their_names_in_the_language_of_the_reader(
    staff: World, reader: Callable[[str], Reader]
) -> None:
    pattern: dict[str, Any] = deepcopy(catalogue.TEACHERS)
    pattern["bind"]["a"]["affiliation"]["occupation"] = ["ope", "vahtimestari"]
    catalogue.rule(staff, "opelle", pattern=pattern)
    for language, said in (("fi", "Opettaja, vahtimestari"), ("sv", "Lärare, vahtimestari"), ("en", "Teacher, vahti")):
        assert said in reader("paula").get(f"/admin/rules?lang={language}").text, language
