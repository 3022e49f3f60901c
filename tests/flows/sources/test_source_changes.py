"""What a later file changes: versions are closed and opened, ends act at once, and what goes missing ends in due
time."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, select

from iam import clock
from iam.change import Change
from iam.directory.affiliation import Absence, Affiliation, Relationship
from iam.directory.organisation import Organisation, OrganisationPlace
from iam.directory.person import PersonProfile
from iam.directory.source import Record
from tests.kit.worlds.source import World, build, row, rows


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return build(engine, tmp_path)


def versions(world: World, number: str = "1") -> list[Any]:
    """Every version of a person's affiliations, oldest first."""
    mine = Affiliation.person_id == world.persons()[number]
    return world.all(select(Affiliation).where(mine).order_by(Affiliation.version_id))


def test_a_loaded_file_is_facts_with_their_source_record_and_change(world: World) -> None:
    report = world.load([row(1, toimipisteet="KOIVU:60|RANTA:40", paattymispvm="31.5.2027")])
    assert world.affiliations() == [
        ("1", "KOIVU", "employee", "2026-08-01", "2027-05-31"),
        ("1", "RANTA", "employee", "2026-08-01", "2027-05-31"),
    ]
    record = world.scalar(select(Record))
    assert (record.kind, record.key, record.file, record.line, record.run_id) == (
        "employment",
        "P1",
        "hr.csv",
        2,
        report.run_id,
    )
    change = world.scalar(select(Change).where(Change.run_id == report.run_id))
    assert (change.kind, change.purpose, change.plan_id) == ("run", "henkilöstöhallinto", report.plan_id)
    assert {(one.opened_by, one.closed_by, one.record_id) for one in versions(world)} == {(change.id, None, record.id)}


def test_another_legal_entity_s_school_makes_that_entity_the_employer(world: World) -> None:
    world.open("OPISTO")
    world.load([row(1, toimipisteet="OPISTO:100")])
    place = OrganisationPlace
    entity = select(place.legal_entity_id).where(place.organisation_id == versions(world)[0].organisation_id)
    assert world.all(entity.where(place.closed_by.is_(None))) == [world.ids["puolukka"]]


def test_an_unchanged_file_changes_nothing(world: World) -> None:
    world.load(
        [row(1, toimipisteet="KOIVU:60|RANTA:40", esihenkilo_henkilonumero="2", keskeytys_alku="1.10.2026"), row(2)]
    )
    before = world.facts()
    report = world.later(days=1).run()
    assert (report.state, report.counts["unchanged"], report.counts["new"], report.counts["changed"]) == (
        "done",
        2,
        0,
        0,
    )
    assert world.facts() == before


def test_a_row_that_differs_in_what_nobody_reads_changes_no_fact_but_its_record(world: World) -> None:
    world.load([row(1)])
    before = world.facts()
    report = world.later(days=1).run([row(1, sopimusala="KVTES")])
    after = world.facts()
    assert report.counts["changed"] == 1
    assert {name for name in before if before[name] != after[name]} == {"record"}


def test_a_changed_row_closes_the_old_version_and_opens_the_next_of_the_same_fact(world: World) -> None:
    world.load([row(1), row(2)])
    report = world.later(days=1).run([row(1, nimike="Rehtori", tehtavanimike_koodi="rehtori"), row(2)])
    change = world.scalar(select(Change.id).where(Change.run_id == report.run_id))
    old, new = versions(world)
    assert (old.title, old.closed_by) == ("Luokanopettaja", change)
    assert (new.title, new.opened_by, new.closed_by, new.fact_id) == ("Rehtori", change, None, old.fact_id)
    assert (report.counts["change"], len(versions(world, "2"))) == (1, 1)


def test_a_new_name_is_a_new_version_of_the_profile(world: World) -> None:
    world.load([row(1)])
    world.later(days=1).run([row(1, sukunimi="Uusinimi")])
    mine = PersonProfile.person_id == world.persons()["1"]
    found = world.all(
        select(PersonProfile.family_name, PersonProfile.closed_by.is_(None))
        .where(mine)
        .order_by(PersonProfile.version_id)
    )
    assert found == [("Sukunimi1", False), ("Uusinimi", True)]


def test_a_retroactive_end_is_known_from_now_on_and_was_not_known_before(world: World) -> None:
    world.load([row(1), row(2)])
    report = world.later(days=1).run([row(1, paattymispvm="31.8.2026"), row(2)])
    assert (report.state, report.counts["end"]) == ("done", 1)
    old, new = versions(world)
    assert (old.valid_to, old.closed_by is None) == (clock.FOREVER, False)
    assert (new.valid_to < world.at, new.closed_by) == (True, None)
    assert world.affiliations()[0][4] == "2026-08-31"


def test_an_end_that_is_taken_back_is_open_again(world: World) -> None:
    world.load([row(1, paattymispvm="31.8.2026"), row(2)])
    report = world.later(days=1).run([row(1, paattymispvm="31.12.2026"), row(2)])
    assert report.counts["change"] == 1
    assert world.affiliations()[0][4] == "2026-12-31"


def test_another_workplace_is_a_move_that_ends_the_one_now_and_starts_the_other(world: World) -> None:
    world.load([row(1), row(2)])
    report = world.later(days=1).run([row(1, toimipisteet="RANTA:100"), row(2)])
    assert (report.counts["start"], report.counts["move"]) == (1, 1)
    assert world.affiliations()[:2] == [
        ("1", "KOIVU", "employee", "2026-08-01", "2026-09-16"),
        ("1", "RANTA", "employee", "2026-08-01", ""),
    ]


def test_one_of_two_workplaces_that_is_no_longer_told_ends_now(world: World) -> None:
    world.load([row(1, toimipisteet="KOIVU:60|RANTA:40"), row(2)])
    report = world.later(days=1).run([row(1, toimipisteet="KOIVU:100"), row(2)])
    assert report.counts["end"] == 1
    assert world.affiliations()[1] == ("1", "RANTA", "employee", "2026-08-01", "2026-09-16")


def test_a_workplace_that_had_not_begun_and_is_no_longer_told_leaves_no_trace(world: World) -> None:
    world.load([row(1, toimipisteet="KOIVU:60|RANTA:40", alkamispvm="1.1.2027"), row(2)])
    world.later(days=1).run([row(1, toimipisteet="KOIVU:100", alkamispvm="1.1.2027"), row(2)])
    assert world.affiliations()[0] == ("1", "KOIVU", "employee", "2027-01-01", "")
    assert len(world.affiliations()) == 2


def test_a_row_that_is_missing_once_ends_nothing(world: World) -> None:
    world.load(rows(range(100)))
    facts = world.affiliations()
    report = world.later(days=1).run(rows(range(99)))
    assert (report.state, report.counts["missing"]) == ("done", 1)
    assert world.affiliations() == facts


def test_a_row_that_is_missing_again_within_twenty_hours_ends_nothing(world: World) -> None:
    world.load(rows(range(100)))
    facts = world.affiliations()
    world.later(days=1).run(rows(range(99)))
    world.later(days=1, hours=19.9).run()
    assert world.affiliations() == facts


def test_a_row_that_is_missing_in_a_second_run_twenty_hours_later_ends_then(world: World) -> None:
    world.load(rows(range(100)))
    world.later(days=1).run(rows(range(99)))
    report = world.later(days=1, hours=20).run()
    assert (report.state, report.counts["end"]) == ("done", 1)
    ended = [one for one in world.affiliations() if one[4]]
    assert ended == [("99", "KOIVU", "employee", "2026-08-01", "2026-09-17")]


def test_after_a_missing_row_ended_further_runs_change_nothing(world: World) -> None:
    world.load([row(1), row(2), *rows(range(100, 200), esihenkilo_henkilonumero="1")])
    world.later(days=1).run([row(1), row(2), *rows(range(100, 199), esihenkilo_henkilonumero="1")])
    world.later(days=2).run()
    before = world.facts()
    assert world.later(days=3).run().state == "done"
    assert world.facts() == before


def test_how_long_a_missing_row_waits_is_the_source_s_setting(world: World) -> None:
    world.change_source(missing_hours=72)
    world.load(rows(range(100)))
    world.later(days=1).run(rows(range(99)))
    world.later(days=3).run()
    assert not [one for one in world.affiliations() if one[4]]
    assert world.later(days=4).run().counts["end"] == 1


def test_a_row_that_comes_back_before_it_ended_is_as_if_it_had_never_been_missing(world: World) -> None:
    world.load(rows(range(100)))
    before = world.facts()
    world.later(days=1).run(rows(range(99)))
    world.later(days=2).run(rows(range(100)))
    assert world.facts() == before
    world.later(days=3).run(rows(range(99)))
    assert not [one for one in world.affiliations() if one[4]]


def test_a_row_that_comes_back_after_it_ended_is_open_again_as_the_same_fact(world: World) -> None:
    world.load(rows(range(100)))
    world.later(days=1).run(rows(range(99)))
    world.later(days=2).run()
    world.later(days=3).run(rows(range(100)))
    assert not [one for one in world.affiliations() if one[4]]
    assert len({one.fact_id for one in versions(world, "99")}) == 1


def test_a_row_that_cannot_be_read_is_not_missing_and_what_it_said_stands(world: World) -> None:
    world.load(rows(range(100)))
    facts = world.affiliations()
    bad = [*rows(range(99)), row(99, alkamispvm="31.2.2026")]
    for days in (1, 2, 3):
        report = world.later(days=days).run(bad)
        assert (report.counts["rejected"], report.counts["missing"]) == (1, 0)
    assert world.affiliations() == facts


def test_a_row_with_an_identity_code_in_the_wrong_column_is_not_missing_either(world: World) -> None:
    world.load(rows(range(100)))
    facts = world.affiliations()
    bad = [*rows(range(99)), row(99, nimike="140381-902E")]
    for days in (1, 2, 3):
        world.later(days=days).run(bad)
    assert world.affiliations() == facts


def test_a_row_with_too_few_fields_is_not_missing_either(world: World) -> None:
    world.load(rows(range(100)))
    facts = world.affiliations()
    world.write(rows(range(99)))
    text = world.file.read_text()
    lines = text.splitlines(keepends=True)
    world.file.write_text("".join([*lines[:5], "99;rikki\n", *lines[5:]]))
    for days in (1, 2, 3):
        assert world.later(days=days).run().counts["rejected"] == 1
    assert world.affiliations() == facts


def test_an_absence_pauses_each_affiliation_of_its_row_and_nobody_else_s(world: World) -> None:
    world.load(
        [row(1, toimipisteet="KOIVU:60|RANTA:40", keskeytys_alku="1.10.2026", keskeytys_loppu="31.10.2026"), row(2)]
    )
    facts = {one.fact_id for one in versions(world)}
    found = world.all(select(Absence))
    assert {one.affiliation_fact_id for one in found} == facts
    assert {(one.valid_from, one.valid_to) for one in found} == {
        (clock.day_start(_d(2026, 10, 1)), clock.day_end(_d(2026, 10, 31)))
    }


def test_an_absence_that_is_prolonged_is_one_absence_and_one_that_is_cancelled_is_none(world: World) -> None:
    world.load([row(1, keskeytys_alku="1.10.2026", keskeytys_loppu="31.10.2026")])
    world.later(days=1).run([row(1, keskeytys_alku="1.10.2026", keskeytys_loppu="30.11.2026")])
    standing = select(Absence).where(Absence.closed_by.is_(None))
    assert [one.valid_to for one in world.all(standing)] == [clock.day_end(_d(2026, 11, 30))]
    world.later(days=2).run([row(1)])
    assert world.all(standing) == []
    assert world.scalar(select(func.count(Absence.version_id))) == 2


def test_the_manager_named_in_the_file_manages_until_another_is_named(world: World) -> None:
    world.load([row(1, esihenkilo_henkilonumero="2"), row(2), row(3)])
    people = world.persons()
    world.later(days=1).run([row(1, esihenkilo_henkilonumero="3"), row(2), row(3)])
    r = Relationship
    found = world.all(
        select(r.person_id, r.valid_to)
        .where(r.closed_by.is_(None), r.other_person_id == people["1"])
        .order_by(r.valid_to)
    )
    assert found == [(people["2"], world.later(days=1).at), (people["3"], clock.FOREVER)]


def test_a_manager_whom_the_file_does_not_have_is_passed_over(world: World) -> None:
    assert world.load([row(1, esihenkilo_henkilonumero="999")]).state == "done"
    assert world.all(select(Relationship)) == []


def test_a_manager_who_comes_later_is_related_although_the_row_that_named_the_manager_is_the_same(world: World) -> None:
    world.load([row(1, esihenkilo_henkilonumero="2", alkamispvm="1.8.2026"), row(3)])
    assert managers(world) == []
    report = world.later(days=1).run([row(1, esihenkilo_henkilonumero="2", alkamispvm="1.8.2026"), row(3), row(2)])
    assert (report.counts["changed"], managers(world)) == (0, [("2", "1", "2026-08-01")])
    before = world.facts()
    world.later(days=2).run()
    assert world.facts() == before
    ended = [row(1, alkamispvm="1.8.2026"), row(3), row(2)]
    world.later(days=3).run(ended)
    assert managers(world, days=3) == []


def test_a_manager_who_was_named_no_more_before_coming_manages_nobody(world: World) -> None:
    world.load([row(1, esihenkilo_henkilonumero="2"), row(3)])
    world.later(days=1).run([row(1), row(3)])
    world.later(days=2).run([row(1), row(3), row(2)])
    assert managers(world, days=2) == []


def managers(world: World, days: int = 0) -> list[tuple[str, str, str]]:
    """Who manages whom since when, by employee number, so many days later."""
    numbers = {person_id: number for number, person_id in world.persons().items()}
    r, at = Relationship, world.later(days=days, minutes=1).at
    held = world.all(select(r.person_id, r.other_person_id, r.valid_from).where(r.closed_by.is_(None), r.valid_to > at))
    return [
        (numbers[one], numbers[other], start.astimezone(ZoneInfo(clock.HELSINKI)).date().isoformat())
        for one, other, start in held
    ]


def test_a_manager_is_found_among_those_who_came_before(world: World) -> None:
    world.load([row(1), row(2)])
    world.later(days=1).run([row(1, esihenkilo_henkilonumero="2"), row(2)])
    assert world.all(select(Relationship.person_id)) == [world.persons()["2"]]


def test_organisations_are_named_by_oid_and_school_code_too(world: World) -> None:
    with world.sessions.begin() as session:
        session.get_one(Organisation, world.ids["RANTA"]).school_code = "03456"
    world.load([row(1, toimipisteet="03456:100")])
    assert world.affiliations()[0][1] == "RANTA"


def _d(year: int, month: int, day: int) -> Any:
    return date(year, month, day)
