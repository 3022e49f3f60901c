"""A source that tells what changed: the checkpoint moves on only when everything before it is in use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from connectors import registry
from iam.directory.affiliation import Group, Membership
from iam.directory.person import Identifier
from iam.directory.source import Source
from iam.sources.report import Report
from tests.kit.worlds.source import World, build, row

Entry = dict[str, Any]


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    """The source ``memory`` reads employments as the HR connector's are read."""
    world = build(engine, tmp_path)
    world.add_source("memory", "memory", {}, matching=registry.matching("hr"))
    return world.of("memory")


def employment(number: int, **values: str) -> Entry:
    return {"kind": "employment", "key": f"P{number}", "fields": row(number, **values)}


def gone(number: int) -> Entry:
    return {"kind": "employment", "key": f"P{number}", "deleted": True}


def log(world: World, *entries: Entry, **settings: Any) -> None:
    """Make the source's log these entries."""
    world.change_source(settings={"rows": list(entries)} | settings)


def checkpoint(world: World) -> str | None:
    value: str | None = world.scalar(select(Source.checkpoint).where(Source.key == world.source))
    return value


def standing(world: World) -> list[str]:
    return sorted(number for number, *_, last in world.affiliations() if not last)


def start(world: World, entries: list[Entry]) -> Report:
    log(world, *entries)
    return world.load()


def test_the_first_run_is_read_in_full_again_when_it_is_accepted(world: World) -> None:
    log(world, *(employment(n) for n in range(3)))
    assert world.run().state == "held"
    assert checkpoint(world) is None
    assert world.accept().counts["start"] == 3
    assert checkpoint(world) == "3"


def test_later_runs_read_what_changed_and_end_nobody_who_did_not(world: World) -> None:
    first = [employment(n) for n in range(3)]
    start(world, first)
    log(world, *first, employment(1, nimike="Rehtori"), employment(5))
    report = world.later(days=1).run()
    assert (report.counts["rows"], report.counts["change"], report.counts["start"], report.counts["missing"]) == (
        2,
        1,
        1,
        0,
    )
    assert standing(world) == ["0", "1", "2", "5"]


def test_a_full_run_on_request_reads_everything(world: World) -> None:
    start(world, [employment(n) for n in range(3)])
    assert world.later(days=1).run().counts["rows"] == 0
    assert world.later(days=1).run(full=True).counts["rows"] == 3


def test_what_the_source_says_is_gone_ends_at_once(world: World) -> None:
    first = [employment(n) for n in range(3)]
    start(world, first)
    log(world, *first, gone(1))
    report = world.later(days=1).run()
    assert (report.state, report.counts["end"]) == ("done", 1)
    assert standing(world) == ["0", "2"]


def test_held_ends_keep_the_checkpoint_so_that_they_can_be_accepted(world: World) -> None:
    first = [employment(n) for n in range(12)]
    start(world, first)
    log(world, *first, *(gone(n) for n in range(6)))
    report = world.later(days=1).run()
    assert (report.state, report.counts["held_end"], checkpoint(world)) == ("held", 6, "12")
    accepted = world.later(days=1).accept()
    assert (accepted.state, accepted.counts["end"], checkpoint(world)) == ("done", 6, "18")
    assert len(standing(world)) == 6


def test_a_row_that_cannot_be_read_keeps_the_checkpoint(world: World) -> None:
    first = [employment(n) for n in range(3)]
    start(world, first)
    log(world, *first, employment(4, toimipisteet="KADONNUT"), employment(5))
    for _ in range(2):
        report = world.later(days=1).run()
        assert (report.state, report.counts["rejected"], checkpoint(world)) == ("partial", 1, "3")
    assert standing(world) == ["0", "1", "2", "5"]


def test_a_small_run_of_changes_does_not_make_half_of_everything_look_whole(world: World) -> None:
    first = [employment(n) for n in range(40)]
    start(world, first)
    log(world, *first, employment(1, nimike="Rehtori"))
    assert world.later(days=1).run().state == "done"
    log(world, *(employment(n) for n in range(20)))
    report = world.later(days=2).run(full=True)
    assert (report.state, report.reasons[0].params) == ("stopped", {"rows": 20, "before": 40})


def test_a_count_that_the_source_states_must_match(world: World) -> None:
    first = [employment(n) for n in range(3)]
    start(world, first)
    log(world, *first, declared=2)
    report = world.later(days=1).run(full=True)
    assert (report.state, report.completeness) == ("stopped", "incomplete")


def test_a_reading_that_breaks_off_changes_nothing(world: World) -> None:
    first = [employment(n) for n in range(3)]
    start(world, first)
    before = world.facts()
    log(world, *first, employment(9), finished=False)
    report = world.later(days=1).run()
    assert (report.state, report.exit_code, checkpoint(world)) == ("stopped", 3, "3")
    assert world.facts() == before


def test_a_source_made_anew_is_read_in_full_in_the_same_run_and_nobody_s_change_is_lost(world: World) -> None:
    start(world, [employment(n) for n in range(3)] + [employment(1, nimike="Rehtori")] * 2)
    assert checkpoint(world) == "5"
    log(world, employment(0), employment(1, nimike="Lehtori"), employment(2), employment(3))
    report = world.later(days=1).run()
    assert (report.state, report.counts["rows"], report.counts["change"], report.counts["start"]) == ("done", 4, 1, 1)
    assert standing(world) == ["0", "1", "2", "3"]
    assert checkpoint(world) == "4"
    ((_, told),) = report.warnings
    assert ("made anew" in told.message, "read in full" in told.remedy) == (True, True)
    assert world.later(days=2).run().warnings == []


def test_who_is_gone_from_a_source_made_anew_ends_by_the_rules_of_a_full_reading(world: World) -> None:
    start(world, [employment(n) for n in range(200)] + [employment(1)] * 2)
    log(world, *(employment(n) for n in range(199)))
    report = world.later(days=1).run()
    assert (report.state, report.counts["missing"], report.counts.get("end")) == ("done", 1, None)
    assert world.later(days=4).run(full=True).counts["end"] == 1
    assert len(standing(world)) == 199


def test_half_of_a_source_made_anew_ends_nobody(world: World) -> None:
    start(world, [employment(n) for n in range(40)])
    before = world.facts()
    log(world, *(employment(n) for n in range(20)))
    report = world.later(days=1).run()
    assert (report.state, report.reasons[0].params) == ("stopped", {"rows": 20, "before": 40})
    assert (world.facts(), checkpoint(world)) == (before, "40")
    assert [told.field for _, told in report.warnings] == [None]


def test_a_checkpoint_that_cannot_be_read_costs_one_full_reading_and_no_run(world: World) -> None:
    start(world, [employment(n) for n in range(3)])
    world.change_source(checkpoint="no checkpoint")
    report = world.later(days=1).run()
    assert (report.state, report.counts["rows"], len(report.warnings), checkpoint(world)) == ("done", 3, 1, "3")


def entry(uuid: str, number: str, **values: str) -> Entry:
    fields = {
        "entryUUID": uuid,
        "givenName": "Aino",
        "sn": f"Suku{number}",
        "uid": f"aino{number}",
        "employeeNumber": number,
    } | values
    return {"kind": "person", "key": uuid, "fields": fields}


def group(key: str, name: str) -> Entry:
    return {"kind": "group", "key": key, "fields": {"cn": name}}


def member(group_: str, person: str, *, deleted: bool = False) -> Entry:
    fields = {} if deleted else {"group": group_, "person": person}
    return {"kind": "membership", "key": f"{group_}/{person}", "fields": fields, "deleted": deleted}


def members(world: World, days: int) -> list[tuple[str, str]]:
    m, at = Membership, world.later(days=days, minutes=1).at
    named = (Identifier.person_id == m.person_id) & (Identifier.kind == "entry-uuid")
    query = select(Group.key, Identifier.value).join(m, m.group_id == Group.id).join(Identifier, named)
    return sorted(world.all(query.where(m.closed_by.is_(None), m.valid_to > at)))


def test_a_directory_s_persons_are_those_of_hr_by_employee_number_and_its_groups_have_members(world: World) -> None:
    hr = world.of("hr")
    hr.load([row(1), row(2)])
    world.change_source(matching=registry.matching("ldap"))
    entries = [
        entry("e1", "1", sn="Sukunimi1"),
        entry("e3", "3"),
        group("g1", "opettajat"),
        member("g1", "e1"),
        member("g1", "e3"),
    ]
    start(world, entries)
    people = dict(world.all(select(Identifier.value, Identifier.person_id).where(Identifier.kind == "entry-uuid")))
    assert people["e1"] == hr.persons()["1"]
    assert people["e3"] not in (people["e1"], hr.persons()["2"])
    assert members(world, 0) == [("g1", "e1"), ("g1", "e3")]
    log(world, *entries, member("g1", "e3", deleted=True))
    world.later(days=1).run()
    assert members(world, 1) == [("g1", "e1")]


def test_a_member_whom_the_directory_never_described_is_nobody(world: World) -> None:
    world.change_source(matching=registry.matching("ldap"))
    start(world, [entry("e1", "1"), group("g1", "opettajat"), member("g1", "e1"), member("g1", "haamu")])
    assert members(world, 0) == [("g1", "e1")]
    log(
        world,
        entry("e1", "1"),
        group("g1", "opettajat"),
        member("g1", "e1"),
        member("g1", "haamu"),
        entry("haamu", "9"),
    )
    world.later(days=1).run(full=True)
    assert members(world, 1) == [("g1", "e1"), ("g1", "haamu")]
