"""What a rule is called: typed where it is made, changed at once, told wherever the rule is named."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.model.rule import Rule
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, hidden, person
from tests.unit.admin_ui.rules.test_rules import GOOD, NEW, beside, send, told

NAMED = {**GOOD, "name_fi": "Opettajat Wilmaan", "name_sv": "Lärare till Wilma"}
NAME = "/admin/rules/vanha/name"


def called(world: World, key: str) -> object:
    with Session(world.engine) as session:
        return session.scalar(select(Rule.name).where(Rule.key == key))


def make(who: Reader, **fields: str) -> str:
    """Make a rule in the form and return its address."""
    seen = hidden(send(who, NEW, **NAMED, **fields), NEW)["seen"]
    return str(send(who, NEW, **NAMED, **fields, act="publish", seen=seen).location)


def test_a_new_rule_has_its_names_and_a_key_that_they_give(world: World, reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    assert make(paula) == "/admin/rules/opettajat-wilmaan"
    names = {"fi": "Opettajat Wilmaan", "sv": "Lärare till Wilma", "en": "Opettajat Wilmaan"}
    assert called(world, "opettajat-wilmaan") == names
    assert "<h1>Opettajat Wilmaan</h1>" in " ".join(paula.get("/admin/rules/opettajat-wilmaan").text.split())
    assert make(paula) == "/admin/rules/opettajat-wilmaan-2", "a key that is taken gets a number"


def test_a_rule_is_named_by_its_name_and_one_without_by_its_sentence(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    catalogue.rule(world, "vanha")
    make(paula)
    page = paula.get("/admin/rules").text
    assert '<a href="/admin/rules/opettajat-wilmaan">Opettajat Wilmaan</a>' in page
    assert '<a href="/admin/rules/vanha">Whoever is an employee' in page
    role = paula.get("/admin/roles/wilma/opettaja").text
    assert '<a href="/admin/rules/opettajat-wilmaan">Opettajat Wilmaan</a>' in role
    assert "opettajat-wilmaan<" not in role
    rights = told(paula.get(f"/admin/persons/{world.ids['sanna']}?tab=rights"))
    assert "Rule Opettajat Wilmaan, version 1" in rights


def test_a_rule_is_found_by_its_name_and_by_its_code(world: World, reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    catalogue.rule(world, "vanha")
    make(paula)
    for text in ("till wilma", "opettajat-wil"):
        page = paula.get(f"/admin/rules?q={text}").text
        assert "Opettajat Wilmaan" in page
        assert "/admin/rules/vanha" not in page
    (row,) = csv.DictReader(io.StringIO(paula.get("/admin/rules.csv?q=opettajat").text.lstrip("\ufeff")), delimiter=";")
    assert (row["Rule"], row["Code"]) == ("Opettajat Wilmaan", "opettajat-wilmaan")


def test_a_rule_is_called_otherwise_at_once_and_the_log_keeps_the_name_before(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    catalogue.rule(world, "vanha")
    for name in ("Ensimmäinen", "Toinen"):
        assert send(paula, NAME, name_fi=name).location == "/admin/rules/vanha"
    assert called(world, "vanha") == {"fi": "Toinen", "sv": "Toinen", "en": "Toinen"}
    _, event = sorted(world.events("rule:name:changed"), key=lambda one: one.id)
    assert event.envelope["before"]["fi"] == "Ensimmäinen"
    assert event.envelope["name"]["fi"] == "Toinen"
    page = paula.get("/admin/rules/vanha").text
    assert "Toinen" in page
    assert "Ensimmäinen" not in page


def test_a_name_is_needed_in_finnish_and_who_was_slower_keeps_what_was_typed(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    catalogue.rule(world, "vanha")
    page = send(paula, NAME, name_fi=" ", name_sv="Gammal")
    assert page.status_code == 422
    assert beside(page, "name_fi") == "The rule needs a name in Finnish."
    assert 'value="Gammal"' in page.text
    before = hidden(paula.get(NAME), NAME)
    send(paula, NAME, name_fi="Toisen antama")
    page = send(paula, NAME, **before | {"name_fi": "Oma"})
    assert page.status_code == 409
    assert "Toisen antama" in beside(page, "name_fi")
    assert 'value="Oma"' in page.text


def test_nobody_names_the_rules_of_another_part(world: World, reader: Callable[[str], Reader]) -> None:
    catalogue.rule(world, "kunnan")
    person(world, "kimmo", "Koulu")
    administer(world, "kimmo", "KOIVU", "rules.read", "rules.write")
    kimmo = reader("kimmo")
    assert kimmo.get("/admin/rules/kunnan").status_code == 200
    assert kimmo.get("/admin/rules/kunnan/name").status_code == 404
