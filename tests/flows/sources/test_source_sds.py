"""Files of School Data Sync: pupils, classes, memberships and guardians, and that nobody loses anything by a file that is
missing or badly written."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, select, text

from connectors import registry
from iam import clock
from iam.directory.affiliation import Affiliation, Group
from iam.directory.organisation import Organisation
from iam.directory.person import PersonProfile
from iam.directory.source import RunReject, Source
from iam.sources.report import Report
from tests.kit.worlds.roster import (
    SDS,
    Table,
    build_sds,
    guardians,
    members,
    person,
    pupils,
    related,
    sds_role,
    sds_user,
    write_sds,
)
from tests.kit.worlds.source import World

AS_IN_THE_FILES = (
    [("oona", "KOIVU"), ("ville", "KOIVU")],
    [("1a", "oona"), ("2b", "ville")],
    [("hannu", "oona"), ("hilla", "oona"), ("hilla", "ville")],
)


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return build_sds(engine, tmp_path)


def load(world: World, **tables: Table | None) -> Report:
    write_sds(world, **tables)
    return world.load()


def run(world: World, days: int, full: bool = False, **tables: Table | None) -> Report:
    write_sds(world, **tables)
    return world.later(days=days).run(full=full)


def held(world: World, days: int = 0) -> tuple[Any, Any, Any]:
    """Who is a pupil where, in which class, and whose guardian, so many days later."""
    return pupils(world, days), members(world, days), guardians(world, days)


def test_a_bundle_gives_persons_schools_classes_and_guardians(world: World) -> None:
    assert load(world).state == "done"
    assert held(world) == AS_IN_THE_FILES
    assert world.all(select(Group.key, Group.name).order_by(Group.key)) == [("1a", "1A"), ("2b", "2B")]
    named = select(PersonProfile.given_names, PersonProfile.family_name)
    assert world.all(named.where(PersonProfile.person_id == person(world, "oona"))) == [("Oona", "Esimerkki")]


def test_an_unchanged_bundle_changes_nothing(world: World) -> None:
    load(world)
    before = world.facts()
    report = run(world, 1)
    assert (report.state, report.counts["unchanged"]) == ("done", sum(map(len, SDS.values())))
    assert world.facts() == before


def test_a_teacher_of_two_schools_is_employed_in_each_as_long_as_its_row_says(world: World) -> None:
    usual = registry.matching("sds")
    usual["role"]["affiliation"]["kind"]["values"]["teacher"] = "employee"
    world.change_source(matching=usual)
    load(world)
    query = (
        select(Organisation.key, Affiliation.is_primary, Affiliation.valid_to)
        .join(Affiliation, Affiliation.organisation_id == Organisation.id)
        .where(Affiliation.person_id == person(world, "ope"), Affiliation.closed_by.is_(None))
    )
    assert sorted(world.all(query)) == [
        ("KOIVU", True, clock.FOREVER),
        ("RANTA", False, clock.day_end(date(2026, 12, 31))),
    ]


@pytest.mark.parametrize("gone", [("relationships",), ("classes", "enrollments")])
def test_nobody_loses_anything_because_a_file_is_missing_that_came_last_time(
    world: World, gone: tuple[str, ...]
) -> None:
    load(world)
    for days in (1, 2, 3):
        report = run(world, days, **dict.fromkeys(gone))
        assert report.state == "failed"
        assert report.reasons[0].params == {"files": ", ".join(f"{one}.csv" for one in gone)}
    assert held(world, 3) == AS_IN_THE_FILES
    assert run(world, 4).state == "done"


def test_a_file_that_is_left_out_for_good_is_accepted_by_a_second_administrator(world: World) -> None:
    load(world)
    assert run(world, 1, relationships=None).state == "failed"
    report = run(world, 1, full=True, relationships=None)
    assert report.state == "stopped", "columns and files differ from the last good run's"
    assert held(world, 1) == AS_IN_THE_FILES
    assert world.later(days=1).accept().state == "done"
    assert guardians(world, 1) == AS_IN_THE_FILES[2], "what is missing for the first time ends nothing yet"
    assert run(world, 3, relationships=None).state in ("done", "held"), "it is not asked for any more"


def test_the_files_that_came_are_remembered_also_when_a_row_could_not_be_read(world: World) -> None:
    load(world, roles=[*SDS["roles"], sds_role("kadonnut")])
    assert "relationships" in world.scalar(select(Source.checkpoint).where(Source.key == "primus"))


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("roles", [sds_role("oona", "oppilas"), *SDS["roles"][1:]]),
        ("relationships", [*SDS["relationships"][:1], related("oona", "hannu", "mummo"), *SDS["relationships"][2:]]),
        ("enrollments", [SDS["enrollments"][0] | {"role": "oppilas"}, *SDS["enrollments"][1:]]),
    ],
)
def test_a_word_that_the_format_does_not_have_ends_nobody(world: World, table: str, rows: Table) -> None:
    load(world)
    for days in (1, 2, 3):
        report = run(world, days, **{table: rows})
        assert (report.state, report.counts["rejected"]) == ("partial", 1)
    assert held(world, 3) == AS_IN_THE_FILES


def test_a_role_in_other_capitals_is_the_same_role(world: World) -> None:
    load(world)
    before = world.facts()
    shouted = [one | {"role": one["role"].upper(), "isPrimary": one["isPrimary"].title()} for one in SDS["roles"]]
    assert run(world, 1, roles=shouted).state == "done"
    assert world.facts() == before


def test_a_role_of_somebody_who_is_not_there_is_rejected_alone_and_told(world: World) -> None:
    report = load(world, roles=[*SDS["roles"], sds_role("kadonnut"), sds_role("ville", org="PUISTO")])
    assert report.state == "partial"
    assert sorted(world.all(select(RunReject.field).distinct())) == ["orgSourcedId", "userSourcedId"]
    assert held(world) == AS_IN_THE_FILES


def test_only_parents_and_guardians_are_guardians(world: World) -> None:
    others = [related("ville", "hannu", word) for word in ("relative", "aide", "doctor", "child", "other")]
    load(world, relationships=[*SDS["relationships"], *others])
    assert guardians(world) == AS_IN_THE_FILES[2]


def test_who_is_parent_and_guardian_stays_the_guardian_while_one_of_them_is_told(world: World) -> None:
    world.change_source(missing_hours=20)
    load(world, relationships=[*SDS["relationships"], related("ville", "hilla", "parent")])
    for days in (1, 3):
        run(world, days, relationships=[*SDS["relationships"][:2], related("ville", "hilla", "parent")])
    assert ("hilla", "ville") in guardians(world, 3)


def test_a_relationship_that_becomes_another_is_no_guardian_s_any_more(world: World) -> None:
    world.change_source(missing_hours=20)
    load(world)
    told = [related("oona", "hilla", "parent"), related("oona", "hannu", "relative"), related("ville", "hilla")]
    run(world, 1, relationships=told)
    assert guardians(world, 1) == AS_IN_THE_FILES[2], "the row of the guardian is missing for the first time"
    run(world, 2, relationships=told)
    assert guardians(world, 3) == [("hilla", "oona"), ("hilla", "ville")]


def test_a_pupil_of_two_sessions_of_one_school_is_its_pupil_while_either_is_told(world: World) -> None:
    terms = [sds_role("oona", roleStartDate="2026-08-10"), sds_role("oona", roleStartDate="2027-01-07")]
    load(world, roles=[*SDS["roles"][1:], *terms])
    assert ("oona", "KOIVU") in pupils(world)
    run(world, 1, roles=[*SDS["roles"][1:], terms[0]])
    assert ("oona", "KOIVU") in pupils(world, 1)
    assert ("oona", "KOIVU") in pupils(world, 3)


def test_a_pupil_who_moves_to_another_class_leaves_the_first_only_when_it_is_missed_twice(world: World) -> None:
    world.change_source(missing_hours=20)
    many = [sds_user(f"o{n}") for n in range(150)]
    load(world, users=[*SDS["users"], *many])
    moved = [{"classSourcedId": "2b", "userSourcedId": name, "role": "student"} for name in ("oona", "ville")]
    run(world, 1, users=[*SDS["users"], *many], enrollments=moved)
    assert members(world, 1) == [("1a", "oona"), ("2b", "oona"), ("2b", "ville")]
    run(world, 2, users=[*SDS["users"], *many], enrollments=moved)
    assert members(world, 2) == [("2b", "oona"), ("2b", "ville")]


def test_a_password_is_nowhere_in_the_database(world: World) -> None:
    write_sds(world)
    users = world.folder / "bundle" / "users.csv"
    head, *rows = users.read_text().splitlines()
    users.write_text("".join(f"{line}\n" for line in (f"{head},password", *(f'{row},"salasana-7"' for row in rows))))
    assert world.load().state == "done"
    inspected = inspect(world.engine)
    with world.engine.connect() as connection:
        told = [
            str(row)
            for table in inspected.get_table_names()
            for row in connection.execute(text(f'SELECT * FROM "{table}"'))
        ]
    assert any("oona@edu" in row for row in told)
    assert not [row for row in told if "salasana-7" in row]
