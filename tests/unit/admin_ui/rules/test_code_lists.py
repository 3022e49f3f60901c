"""Lists of occupation codes on pages: what is in them and how many people have it, made and changed with the effect
first."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from iam.access.model.rule import CodeList
from iam.access.pages import code_lists
from iam.apply.export import as_data
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import ISSUER, Reader, World, administer, employ, hidden, person

HERE, NEW = "/admin/code-lists/opettajat", "/admin/new-code-list"


@pytest.fixture
def lists(world: World) -> World:
    """Two teachers and a principal in KOIVU, and a list of MANSIKKALA with the teachers' code in it."""
    for n, (login, code) in enumerate((("eka", "opettaja"), ("toka", "opettaja"), ("kolmas", "rehtori"))):
        person(world, login, "Testi")
        employ(world, login, "KOIVU", None, occupation=code, number=str(10 + n))
    employ(world, "ville", "KUUSI", None, occupation="vieraskoodi", number="20")
    catalogue.code_list(world, "opettajat", "opettaja", owner="MANSIKKALA")
    administer(world, "sanna", "MANSIKKALA", "rules.read", "rules.write", "persons.read")
    return world


def send(reader: Reader, path: str, codes: list[str], **typed: Any) -> TestResponse:
    """Send the form at a path with these codes ticked."""
    data: MultiDict[str, str] = MultiDict([*hidden(reader.get(path), path).items(), *typed.items()])
    data.setlist("code", codes)
    return reader.http.post(path, base_url=ISSUER, data=data, headers={"Accept": "text/html", "Accept-Language": "en"})


def do(reader: Reader, path: str, codes: list[str], **typed: Any) -> TestResponse:
    """See what it does, and do it."""
    shown = send(reader, path, codes, **typed)
    assert shown.status_code == 200, shown.text
    seen = re.search(r'name="seen" value="([^"]+)"', shown.text)
    assert seen is not None
    return send(reader, path, codes, **typed, act="do", seen=seen[1])


def codes_of(world: World, key: str = "opettajat") -> list[str]:
    with Session(world.engine) as session:
        return list(session.scalars(select(CodeList.code).where(CodeList.key == key).order_by(CodeList.code)))


def test_codes_of_the_part_are_offered_with_how_many_people_have_each(
    lists: World, reader: Callable[[str], Reader]
) -> None:
    text = reader("sanna").get(HERE).text
    assert "opettaja – 2 people" in text
    assert "rehtori – 1 person" in text
    assert "vieraskoodi" not in text
    assert len(re.findall(r'name="code"[^>]* checked', text)) == 1


def test_of_more_people_than_a_form_has_time_for_no_number_is_told(
    lists: World, reader: Callable[[str], Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_lists, "LOOKED_AT", 2)
    text = reader("sanna").get(HERE).text
    assert "opettaja</label>" in text
    assert "– 2 people" not in text


def test_a_list_is_changed_after_its_effect_was_seen_and_the_export_gives_it_back(
    lists: World, reader: Callable[[str], Reader]
) -> None:
    sanna = reader("sanna")
    shown = send(sanna, HERE, ["opettaja", "rehtori"], more="uusi, toinen")
    assert "opettaja, rehtori, toinen, uusi" in shown.text
    assert codes_of(lists) == ["opettaja"]
    done = do(sanna, HERE, ["opettaja", "rehtori"], more="uusi")
    assert done.status_code == 303
    assert codes_of(lists) == ["opettaja", "rehtori", "uusi"]
    with Session(lists.engine) as session:
        (stated,) = as_data(session)["code_lists"]
    assert stated == {"key": "opettajat", "owner": "MANSIKKALA", "codes": ["opettaja", "rehtori", "uusi"]}
    (event,) = lists.events("rule:codes:stated")
    assert event.envelope == {"list": "opettajat", "waits": False}


def test_a_list_has_a_name_by_language_that_stands_for_its_key_wherever_it_is_named(
    lists: World, reader: Callable[[str], Reader]
) -> None:
    sanna = reader("sanna")
    named = {"name_fi": "Opettajat", "name_sv": "Lärare"}
    assert do(sanna, HERE, ["opettaja"], **named).status_code == 303
    with Session(lists.engine) as session:
        (stated,) = as_data(session)["code_lists"]
    assert stated["name"] == {"fi": "Opettajat", "sv": "Lärare", "en": "Opettajat"}
    assert '<a href="/admin/code-lists/opettajat">Lärare</a>' in sanna.get("/admin/code-lists?lang=sv").text
    assert 'value="Lärare"' in sanna.get(HERE).text
    pattern: dict[str, Any] = deepcopy(catalogue.TEACHERS)
    pattern["bind"]["a"]["affiliation"]["occupation"] = {"in_list": "opettajat"}
    catalogue.rule(lists, "opettajille", pattern=pattern)
    assert "(Lärare" in sanna.get("/admin/rules/opettajille?lang=sv").text
    assert ">Lärare (opettaja)</option>" in sanna.get("/admin/rules/new?lang=sv").text
    assert do(sanna, HERE, ["opettaja", "rehtori"], **named).status_code == 303
    with Session(lists.engine) as session:
        assert as_data(session)["code_lists"][0]["name"]["sv"] == "Lärare"


def test_a_name_without_finnish_is_asked_for_and_a_name_is_taken_back(
    lists: World, reader: Callable[[str], Reader]
) -> None:
    sanna = reader("sanna")
    answer = send(sanna, HERE, ["opettaja"], name_sv="Lärare")
    assert answer.status_code == 422
    assert 'href="#name_fi"' in answer.text
    assert do(sanna, HERE, ["opettaja"], name_fi="Opettajat").status_code == 303
    assert do(sanna, HERE, ["opettaja"], name_fi="", name_sv="", name_en="").status_code == 303
    with Session(lists.engine) as session:
        assert "name" not in as_data(session)["code_lists"][0]


def test_a_list_is_made_for_an_owner_of_the_part(lists: World, reader: Callable[[str], Reader]) -> None:
    sanna = reader("sanna")
    assert do(sanna, NEW, ["rehtori"], key="rehtorit", owner="Koivu en").status_code == 303
    assert codes_of(lists, "rehtorit") == ["rehtori"]
    for typed, field in (
        ({"key": "opettajat", "owner": "KOIVU"}, "key"),
        ({"key": "a b", "owner": "KOIVU"}, "key"),
        ({"key": "uusi", "owner": "KUUSI"}, "owner"),
        ({"key": "uusi", "owner": "KOIVU", "more": "a:b"}, "more"),
    ):
        answer = send(sanna, NEW, ["rehtori"], **typed)
        assert answer.status_code >= 400, typed
        assert f'href="#{field}"' in answer.text, typed
    assert 'href="#more"' in send(sanna, NEW, [], key="uusi", owner="KOIVU").text


def test_a_list_of_one_above_is_seen_and_not_changed_and_one_elsewhere_is_not_there(
    lists: World, reader: Callable[[str], Reader]
) -> None:
    administer(lists, "anna", "KOIVU", "rules.read", "rules.write", "persons.read")
    anna = reader("anna")
    page = anna.get(HERE)
    assert "opettaja" in page.text
    assert '<form method="post" action="/admin/code-lists' not in page.text
    assert anna.force(HERE, code="rehtori").status_code == 404
    administer(lists, "ville", "KUUSI", "rules.read", "rules.write")
    assert reader("ville").get(HERE).status_code == 404


def test_the_second_of_two_is_told_what_the_list_holds_by_now(lists: World, reader: Callable[[str], Reader]) -> None:
    sanna = reader("sanna")
    before = hidden(sanna.get(HERE), HERE)
    lists.write(CodeList(key="opettajat", code="tuntiopettaja"))
    answer = sanna.force(HERE, **(before | {"code": "rehtori"}))
    assert answer.status_code == 409
    assert "By now it holds: opettaja, tuntiopettaja" in answer.text
    assert codes_of(lists) == ["opettaja", "tuntiopettaja"]
