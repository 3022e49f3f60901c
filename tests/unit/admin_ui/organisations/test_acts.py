"""What is done to organisations on pages: seen first, written or waiting, and only within the part."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from admin_ui.overview.declaration import PATH as DECLARATION, address
from iam import clock
from iam.access.model.proposal import Proposal, waiting
from iam.access.model.role import Role
from iam.apply.export import as_data
from iam.directory.organisation import Organisation, OrganisationPlace, OrganisationRelation
from iam.directory.source import Acceptance, SourceOpening
from tests.kit.worlds.admin import Reader, World, administer, person

NEW_SCHOOL = {"key": "LEPPA", "kind": "school", "name.fi": "Leppä", "name.sv": "", "name.en": "Alder"}


@pytest.fixture
def lauri(world: World, reader: Callable[[str], Reader]) -> Reader:
    """Sanna, who may do everything to the organisations of MANSIKKALA."""
    administer(world, "sanna", "MANSIKKALA", "organisations.read", "organisations.write", "persons.read")
    return reader("sanna")


def path(world: World, act: str, key: str) -> str:
    return f"/admin/organisations/{world.ids[key]}/acts/{act}"


def hidden_of(text: str) -> dict[str, str]:
    form = text.partition('id="act"')[2]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def stood(text: str) -> str:
    found = re.search(r'name="stood" value="([^"]+)"', text)
    assert found is not None
    return found[1]


def look(reader: Reader, there: str, **typed: Any) -> TestResponse:
    """Fill the form of an act, and see what it does."""
    return reader.post(there, there, stood=stood(reader.get(there).text), **typed)


def do(reader: Reader, there: str, **typed: Any) -> TestResponse:
    """See what an act does, and do it."""
    shown = look(reader, there, **typed)
    assert shown.status_code == 200, shown.text
    kept = {name: text for name, text in hidden_of(shown.text).items() if name != "csrf_token"}
    done = reader.post(there, there, act="do", **kept)
    assert done.status_code == 303, done.text
    return done


def places(world: World, key: str) -> Sequence[OrganisationPlace]:
    with Session(world.engine) as session:
        p = OrganisationPlace
        query = select(p).join(Organisation, Organisation.id == p.organisation_id)
        return session.scalars(query.where(Organisation.key == key, p.closed_by.is_(None)).order_by(p.valid_from)).all()


def row(world: World, key: str) -> Organisation:
    with Session(world.engine) as session:
        return session.scalars(select(Organisation).where(Organisation.key == key)).one()


def test_an_organisation_is_added_under_one_of_the_part_and_the_export_gives_it_back(
    world: World, lauri: Reader
) -> None:
    there = path(world, "add", "MANSIKKALA")
    shown = look(lauri, there, day="2020-08-01", **NEW_SCHOOL)
    assert "Nobody gains or loses anything" in shown.text
    assert "Leppä" in shown.text
    with Session(world.engine) as session:
        assert session.scalar(select(Organisation.id).where(Organisation.key == "LEPPA")) is None
    done = do(lauri, there, day="2020-08-01", **NEW_SCHOOL)
    assert done.status_code == 303
    made = row(world, "LEPPA")
    assert (made.name_fi, made.name_sv, made.name_en) == ("Leppä", "Leppä", "Alder")
    assert done.location.endswith(str(made.id))
    assert [place.parent_id for place in places(world, "LEPPA")] == [world.ids["MANSIKKALA"]]
    with Session(world.engine) as session:
        (stated,) = [one for one in as_data(session)["organisations"] if one["key"] == "LEPPA"]
    assert stated["parent"] == "MANSIKKALA"
    (event,) = world.events("organisation:tree:stated")
    assert event.envelope == {"organisation": "LEPPA", "act": "add", "waits": False}


def test_what_is_wrong_with_a_new_one_stands_beside_its_field_and_what_was_typed_stays(
    world: World, lauri: Reader
) -> None:
    there = path(world, "add", "MANSIKKALA")
    for typed, field in (
        ({"key": "KUUSI"}, "key"),
        ({"key": "a b"}, "key"),
        ({"kind": "consortium"}, "kind"),
        ({"name.fi": ""}, "name.fi"),
        ({"day": "tomorrow"}, "day"),
    ):
        answer = look(lauri, there, **({"day": "2020-08-01"} | NEW_SCHOOL | typed))
        assert answer.status_code in (409, 422, 400), (typed, answer.status_code)
        assert f'href="#{field}"' in answer.text, typed
        assert 'value="Alder"' in answer.text


def test_an_organisation_is_renamed_and_everything_else_of_it_stays(world: World, lauri: Reader) -> None:
    before = [(one.parent_id, one.valid_from, one.valid_to) for one in places(world, "KOIVU")]
    do(lauri, path(world, "rename", "KOIVU"), **{"kind": "unit", "name.fi": "Uusi", "name.sv": "Ny", "name.en": "New"})
    now = row(world, "KOIVU")
    assert (now.kind, now.name_fi, now.name_sv, now.name_en) == ("unit", "Uusi", "Ny", "New")
    assert [(one.parent_id, one.valid_from, one.valid_to) for one in places(world, "KOIVU")] == before


def test_the_second_of_two_is_told_what_changed_and_keeps_what_was_typed(world: World, lauri: Reader) -> None:
    there = path(world, "rename", "KOIVU")
    opened = stood(lauri.get(there).text)
    with Session(world.engine) as session, session.begin():
        session.execute(update(Organisation).where(Organisation.key == "KOIVU").values(name_sv="Björken"))
    answer = lauri.post(there, there, stood=opened, **{"kind": "school", "name.fi": "Minun", "name.sv": "Min"})
    assert answer.status_code == 409
    assert "Björken" in answer.text
    assert 'value="Minun"' in answer.text
    assert row(world, "KOIVU").name_fi != "Minun"


def test_a_move_takes_effect_on_its_day_and_the_past_stays(world: World, lauri: Reader) -> None:
    day = clock.today() + timedelta(days=30)
    do(lauri, path(world, "add", "MANSIKKALA"), day="2020-08-01", **(NEW_SCHOOL | {"kind": "unit"}))
    shown = look(lauri, path(world, "move", "KOIVU"), other="Alder", day=day.isoformat())
    assert "Effect" in shown.text
    do(lauri, path(world, "move", "KOIVU"), other="LEPPA", day=day.isoformat())
    earlier, later = places(world, "KOIVU")
    assert (earlier.parent_id, later.parent_id) == (world.ids["MANSIKKALA"], row(world, "LEPPA").id)
    assert earlier.valid_to == later.valid_from == clock.day_start(day)
    page = lauri.get(f"/admin/organisations/{world.ids['KOIVU']}").text
    assert page.partition('id="entities"')[2].partition("</table>")[0].count("<tr>") == 1


def test_both_ends_of_a_move_lie_in_the_part(world: World, lauri: Reader, reader: Callable[[str], Reader]) -> None:
    there = path(world, "move", "KOIVU")
    outside = look(lauri, there, other="KUUSI", day="2030-01-01")
    assert "No organisation has this name or key" in outside.text
    assert lauri.get(path(world, "move", "KUUSI")).status_code == 404
    administer(world, "anna", "KOIVU", "organisations.read", "organisations.write")
    anna = reader("anna")
    assert anna.get(there).status_code == 404
    assert anna.get(path(world, "rename", "KOIVU")).status_code == 200


def test_an_organisation_is_not_put_under_itself_or_what_is_under_it_or_in_the_past(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula, there = reader("paula"), path(world, "move", "MANSIKKALA")
    assert 'href="#other"' in look(paula, there, other="MANSIKKALA", day="2030-01-01").text
    under = look(paula, there, other="KOIVU", day="2030-01-01")
    assert "would lie under itself" in under.text
    assert 'href="#day"' in look(paula, there, other="MUSTIKKALA", day="2020-01-01").text


def test_a_legal_entity_and_the_top_are_of_whoever_holds_everything(
    world: World, lauri: Reader, reader: Callable[[str], Reader]
) -> None:
    for act in ("rename", "move", "merge", "close"):
        assert lauri.get(path(world, act, "MANSIKKALA")).status_code == 404
    assert lauri.get(path(world, "add", "MANSIKKALA")).status_code == 200
    do(lauri, path(world, "add", "MANSIKKALA"), day="2020-08-01", legal_entity="yes", **NEW_SCHOOL)
    assert places(world, "LEPPA")[0].legal_entity_id == world.ids["MANSIKKALA"]
    paula = reader("paula")
    assert paula.get(path(world, "close", "ROOT")).status_code == 404
    assert paula.get(path(world, "merge", "MANSIKKALA")).status_code == 200


def test_a_merger_places_a_municipality_whole_under_its_successor(
    world: World, reader: Callable[[str], Reader]
) -> None:
    day = clock.today() + timedelta(days=60)
    do(reader("paula"), path(world, "merge", "MUSTIKKALA"), other="MANSIKKALA", day=day.isoformat())
    _, later = places(world, "MUSTIKKALA")
    assert (later.parent_id, later.legal_entity_id) == (world.ids["MANSIKKALA"], world.ids["MANSIKKALA"])
    assert [one.legal_entity_id for one in places(world, "KUUSI")] == [
        world.ids["MUSTIKKALA"],
        world.ids["MANSIKKALA"],
    ]
    with Session(world.engine) as session:
        relation = session.scalars(select(OrganisationRelation)).one()
    assert (relation.organisation_id, relation.kind, relation.other_id) == (
        world.ids["MANSIKKALA"],
        "continues",
        world.ids["MUSTIKKALA"],
    )


def test_an_organisation_closes_with_its_last_day_when_nothing_is_left_under_it(
    world: World, lauri: Reader, reader: Callable[[str], Reader]
) -> None:
    last = clock.today() + timedelta(days=3)
    held = look(reader("paula"), path(world, "close", "MANSIKKALA"), last=last.isoformat())
    assert "Under it there would still be: Koivu en, Ranta en." in held.text
    do(lauri, path(world, "close", "RANTA"), last=last.isoformat())
    assert [one.valid_to for one in places(world, "RANTA")] == [clock.day_end(last)]


def test_what_does_not_move_is_opened_to_no_source(world: World, lauri: Reader) -> None:
    do(lauri, path(world, "move", "RANTA"), other="KOIVU", day=(clock.today() + timedelta(days=9)).isoformat())
    with Session(world.engine) as session:
        assert session.scalars(select(SourceOpening)).all() == []


def test_what_takes_much_waits_for_a_second_person_and_the_page_says_so(world: World, lauri: Reader) -> None:
    with Session(world.engine) as session, session.begin():
        session.add(_acceptance(world))
        session.execute(update(Role).values(sensitive=True))
    there, last = path(world, "close", "KOIVU"), clock.today().isoformat()
    shown = look(lauri, there, last=last)
    assert "lose the role" in shown.text
    done = do(lauri, there, last=last)
    assert "it waits for a second person" in lauri.get(done.location).text
    with Session(world.engine) as session:
        waits = session.scalars(select(Proposal).where(waiting())).all()
    assert len(waits) == 1
    assert places(world, "KOIVU")[0].valid_to > clock.day_end(clock.today())
    (event,) = world.events("organisation:tree:stated")
    assert event.envelope["waits"]


def test_what_waits_is_decided_by_another_of_the_same_part_and_what_is_stated_of_another_thing_waits_beside_it(
    world: World, lauri: Reader, reader: Callable[[str], Reader]
) -> None:
    with Session(world.engine) as session, session.begin():
        session.add(_acceptance(world))
        session.execute(update(Role).values(sensitive=True))
    person(world, "kakkonen", "Kakkonen")
    administer(world, "kakkonen", "MANSIKKALA", "organisations.write", "persons.read")
    person(world, "naapuri", "Naapuri")
    administer(world, "naapuri", "MUSTIKKALA", "organisations.write", "persons.read")
    last = clock.today().isoformat()
    do(lauri, path(world, "close", "KOIVU"), last=last)
    do(lauri, path(world, "rename", "RANTA"), **{"kind": "school", "name.fi": "Rantala"})
    assert row(world, "RANTA").name_fi == "Rantala", "what takes nothing does not wait"
    do(lauri, path(world, "close", "KOIVU"), last=(clock.today() + timedelta(days=1)).isoformat())
    with Session(world.engine) as session:
        (waits,) = session.scalars(select(Proposal).where(waiting())).all()
    there = address(waits.digest)
    assert there in lauri.get("/admin/").text
    assert 'value="accept"' not in lauri.get(there).text
    assert there not in reader("naapuri").get("/admin/").text
    assert "KOIVU" not in reader("naapuri").get(there).text
    second = reader("kakkonen")
    assert there in second.get("/admin/").text
    assert second.post(DECLARATION, there, act="accept").location == "/admin/"
    assert places(world, "KOIVU")[0].valid_to < clock.FOREVER


def test_effects_that_changed_since_they_were_shown_are_shown_anew(world: World, lauri: Reader) -> None:
    there = path(world, "rename", "KOIVU")
    typed = {"kind": "school", "name.fi": "Uusi"}
    shown = hidden_of(look(lauri, there, **typed).text) | {"seen": "0" * 64}
    shown.pop("csrf_token", None)
    answer = lauri.post(there, there, act="do", **shown)
    assert answer.status_code == 409
    assert "The effects changed meanwhile" in answer.text
    assert row(world, "KOIVU").name_fi != "Uusi"


def _acceptance(world: World) -> Acceptance:
    by = world.ids["paula"]
    return Acceptance(
        source_id=world.ids["hr"], digest="first", run_id=world.ids["run"], accepted_by=by, accepted_at=clock.now()
    )
