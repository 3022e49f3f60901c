"""What an application calls its data groups: written on its pages, and shown wherever a use of data stands."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.model.role import DataGroup
from tests.kit.worlds.admin import Reader, World, administer, hidden, person
from tests.unit.admin_ui.rules.test_rules import beside, send, told

APPLICATION = "/admin/applications/wilma"
EDIT, NEW = f"{APPLICATION}/data-groups/oppilaat", f"{APPLICATION}/new-data-group"
NAMED = {"name_fi": "Oppilastiedot", "name_en": "Data of pupils", "meaning_fi": "Nimi ja luokka"}


def named(world: World) -> dict[str, str]:
    with Session(world.engine) as session:
        return {row.key: row.name["en"] for row in session.scalars(select(DataGroup))}


def test_a_data_group_gets_a_name_and_a_meaning_that_stand_where_its_code_stood(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    assert send(paula, EDIT, **NAMED).location == f"{APPLICATION}/roles"
    page = told(paula.get(f"{APPLICATION}/roles"))
    assert "Data of pupils Nimi ja luokka reading:" in page
    for path in ("/admin/roles", "/admin/roles/wilma/opettaja", "/admin/roles/wilma/opettaja/versions/1"):
        text = told(paula.get(path))
        assert "Data of pupils: reading" in text, path
        assert "oppilaat:read" not in text, path
    assert "Data of pupils" in told(paula.get("/admin/roles/wilma/opettaja/edit"))
    (event,) = world.events("application:page:stated")
    assert event.envelope["fields"] == ["data_groups"]


def test_a_new_data_group_is_named_before_any_role_holds_it(world: World, reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    assert send(paula, NEW, key="kurssit", name_fi="Kurssit").location == f"{APPLICATION}/roles"
    assert named(world) == {"kurssit": "Kurssit"}
    assert "Kurssit" in told(paula.get(f"{APPLICATION}/roles"))
    assert 'value="kurssit:read"' in paula.get(f"{APPLICATION}/new-role").text
    wrong = send(paula, NEW, key="kurssit", name_fi="Kurssit")
    assert (wrong.status_code, beside(wrong, "key")) == (422, "This data group has a name already.")
    wrong = send(paula, NEW, key="a:b", name_fi="", meaning_sv="x")
    assert "without blanks, colons" in beside(wrong, "key")
    assert beside(wrong, "name_fi") == "The data group needs a name in Finnish."
    assert beside(wrong, "meaning_fi") == "What it means is told in Finnish at least."


def test_a_name_is_taken_away_and_who_was_slower_keeps_what_was_typed(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    send(paula, EDIT, **NAMED)
    before = hidden(paula.get(EDIT), EDIT)
    send(paula, EDIT, name_fi="Toinen")
    page = send(paula, EDIT, **before | {"name_fi": "Oma"})
    assert page.status_code == 409
    assert 'value="Oma"' in page.text
    assert send(paula, EDIT, act="remove").location == f"{APPLICATION}/roles"
    assert named(world) == {}


def test_the_data_groups_of_another_s_application_are_not_there(world: World, reader: Callable[[str], Reader]) -> None:
    person(world, "kimmo", "Koulu")
    administer(world, "kimmo", "KOIVU", "applications.write", "rules.read")
    kimmo = reader("kimmo")
    assert kimmo.get(EDIT).status_code == 404
    assert kimmo.get(NEW).status_code == 404
    assert reader("paula").get(f"{APPLICATION}/data-groups/olematon").status_code == 404
