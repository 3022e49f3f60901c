"""The guard over memberships and relationships: a feed that ends most of them waits, and ends that were announced do
not count."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from iam.plans.plan import PlanEffect
from tests.kit.worlds.roster import Table, build, enrolled, guardians, load, members, pupil, run, student
from tests.kit.worlds.source import World, row, rows

NUMBERS = range(12)
TABLES: dict[str, Table] = {
    "users": [*(pupil(f"o{n}", f"h{n}") for n in NUMBERS), *(pupil(f"h{n}") for n in NUMBERS), pupil("uusi")],
    "roles": [student(f"r{n}", f"o{n}") for n in NUMBERS],
    "enrollments": [enrolled(f"e{n}", f"o{n}", "1a") for n in NUMBERS],
}


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return build(engine, tmp_path)


def tables(**other: Table) -> dict[str, Table]:
    return TABLES | other


def moved(count: int) -> Table:
    """The enrolments when so many pupils are said to be in the other class."""
    return [enrolled(f"e{n}", f"o{n}", "2b" if n < count else "1a") for n in NUMBERS]


def orphaned(count: int, guardian: str = "") -> Table:
    """The users when so many pupils have lost their guardian, or have another."""
    return [pupil(f"o{n}", guardian) if n < count else one for n, one in enumerate(TABLES["users"])]


def test_a_feed_that_ends_a_quarter_of_the_memberships_waits_while_new_ones_start(world: World) -> None:
    load(world, **TABLES)
    report = run(world, 1, **tables(enrollments=moved(3)))
    assert (report.state, report.exit_code, report.counts["held_link_end"]) == ("held", 3, 3)
    assert [str(reason) for reason in report.reasons] == [
        "KOIVU en: 3 of 12 memberships would end, the limit is 2 at once. Those that start were applied. "
        "Let a second administrator look at it and accept it."
    ]
    both = sorted([("1a", f"o{n}") for n in NUMBERS] + [("2b", f"o{n}") for n in range(3)])
    assert members(world, 1) == both
    held = select(PlanEffect.kind, PlanEffect.affiliation_kind, PlanEffect.held, PlanEffect.organisation_id)
    assert (
        world.all(held.where(PlanEffect.plan_id == report.plan_id))
        == [("end", "membership", True, world.ids["KOIVU"])] * 3
    )


def test_held_memberships_end_once_they_are_accepted(world: World) -> None:
    load(world, **TABLES)
    run(world, 1, **tables(enrollments=moved(3)))
    assert world.later(days=2).run().counts["held_link_end"] == 3
    accepted = world.later(days=2).accept()
    assert (accepted.state, accepted.counts["link_end"]) == ("done", 3)
    assert members(world, 2) == sorted([("1a", f"o{n}") for n in range(3, 12)] + [("2b", f"o{n}") for n in range(3)])
    again = world.later(days=3).run()
    assert (again.state, again.counts.get("link_end", 0)) == ("done", 0)


def test_two_of_twelve_memberships_end_at_once(world: World) -> None:
    load(world, **TABLES)
    report = run(world, 1, **tables(enrollments=moved(2)))
    assert (report.state, report.counts["link_end"]) == ("done", 2)
    assert ("1a", "o0") not in members(world, 1)


def test_memberships_that_end_two_a_day_wait_when_they_are_more_than_five_in_seven_days(world: World) -> None:
    load(world, **TABLES)
    states = [run(world, days, **tables(enrollments=moved(2 * days))).state for days in (1, 2, 3)]
    assert states == ["done", "done", "held"]


def test_a_feed_that_ends_a_quarter_of_the_guardianships_waits(world: World) -> None:
    load(world, **TABLES)
    report = run(world, 1, **tables(users=orphaned(3)))
    assert (report.state, report.counts["held_link_end"]) == ("held", 3)
    assert "3 of 12 relationships would end, the limit is 2 at once." in str(report.reasons[0])
    assert len(guardians(world, 1)) == 12
    assert world.later(days=1).accept().state == "done"
    assert len(guardians(world, 1)) == 9


def test_a_new_guardian_comes_at_once_although_the_old_one_s_end_waits(world: World) -> None:
    load(world, **TABLES)
    assert run(world, 1, **tables(users=orphaned(3, "uusi"))).state == "held"
    assert [pair for pair in guardians(world, 1) if pair[1] == "o0"] == [("h0", "o0"), ("uusi", "o0")]
    world.later(days=1).accept()
    assert [pair for pair in guardians(world, 1) if pair[1] == "o0"] == [("uusi", "o0")]


def test_guardianships_told_again_are_as_they_were_although_they_were_held(world: World) -> None:
    load(world, **TABLES)
    facts = world.facts()
    run(world, 1, **tables(users=orphaned(3)))
    assert run(world, 2, **TABLES).state == "done"
    assert world.facts() == facts


def test_memberships_whose_announced_end_has_come_may_all_be_left_out(world: World) -> None:
    ending = [one | {"endDate": "2026-09-20"} for one in TABLES["enrollments"]]
    load(world, **tables(enrollments=ending))
    left = [enrolled("e99", "uusi", "1a")]
    for days in (10, 11, 12):
        report = run(world, days, **tables(enrollments=left))
        if report.state == "stopped":
            report = world.later(days=days).accept()
        assert (report.state, report.counts.get("link_end", 0)) == ("done", 0)
    assert members(world, 12) == [("1a", "uusi")]


def test_enrolments_that_are_left_out_end_no_membership_before_a_second_administrator_accepts_that(
    world: World,
) -> None:
    load(world, **TABLES)
    few = tables(enrollments=TABLES["enrollments"][:6])
    assert run(world, 1, **few).state == "stopped"
    assert world.later(days=1).accept().state == "done"
    report = run(world, 2, **few)
    assert (report.state, report.counts["held_link_end"], len(members(world, 2))) == ("held", 6, 12)


def test_an_ended_employment_holds_the_relationship_with_the_manager_it_told(world: World) -> None:
    hr = world.of("hr")
    own = [row(0), *rows(range(1, 12), esihenkilo_henkilonumero="0")]
    hr.load(own)
    managed = select(PlanEffect.affiliation_kind, PlanEffect.held)
    ended = [one | ({"paattymispvm": "30.9.2026"} if 0 < n < 4 else {}) for n, one in enumerate(own)]
    report = hr.later(days=1).run(ended)
    assert (report.state, report.counts["held_end"], report.counts["held_link_end"]) == ("held", 3, 3)
    assert (
        sorted(world.all(managed.where(PlanEffect.plan_id == report.plan_id, PlanEffect.role_id.is_(None))))
        == [("employee", True)] * 3 + [("manager_of", True)] * 3
    )
    accepted = hr.later(days=1).accept()
    assert (accepted.state, accepted.counts["end"], accepted.counts["link_end"]) == ("done", 3, 3)
