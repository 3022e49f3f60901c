"""The guard by numbers, with real files: too many ends wait for a second administrator while starts go through."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from iam.directory.source import Record, Run, Source
from iam.plans.plan import Plan, PlanEffect
from tests.kit.worlds.source import EMPLOYEES, Row, World, build, row, rows

LAST = "30.9.2026"


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return build(engine, tmp_path)


def ending(numbers: Iterable[int], whole: Iterable[int], **values: str) -> list[Row]:
    """The rows of ``whole``, of which ``numbers`` get a last day."""
    end = set(numbers)
    return [row(number, **values | ({"paattymispvm": LAST} if number in end else {})) for number in whole]


def ended(world: World) -> int:
    return sum(1 for *_, last in world.affiliations() if last)


def test_of_six_hundred_four_may_end_while_fifty_start(world: World) -> None:
    world.load(rows(range(600)))
    report = world.later(days=1).run(ending(range(4), range(650)))
    assert (report.state, report.exit_code) == ("done", 0)
    assert (report.counts["start"], report.counts["end"]) == (50, 4)
    assert (ended(world), len(world.affiliations())) == (4, 650)


def test_of_six_hundred_seven_ends_wait_while_fifty_start_and_once_accepted_they_end(world: World) -> None:
    world.load(rows(range(600)))
    report = world.later(days=1).run(ending(range(7), range(650)))
    assert (report.state, report.exit_code) == ("held", 3)
    assert (report.counts["start"], report.counts["held_end"], report.counts.get("end", 0)) == (50, 7, 0)
    assert [str(reason) for reason in report.reasons] == [
        "KOIVU en: 7 affiliations would lose something, 7 in seven days; the limit is 6. Those that start "
        "were applied. "
        "Let a second administrator look at it and accept it."
    ]
    assert (ended(world), len(world.affiliations())) == (0, 650)
    again = world.later(days=1).run()
    assert (again.state, again.counts["held_end"]) == ("held", 7)
    accepted = world.later(days=1).accept()
    assert (accepted.state, accepted.counts["end"], ended(world)) == ("done", 7, 7)


def test_a_held_run_can_be_accepted_at_once_although_its_starts_are_in_use_already(world: World) -> None:
    world.load(rows(range(40)))
    world.later(days=1).run([*ending(range(10), range(40)), *rows(range(50, 60))])
    accepted = world.later(days=1).accept()
    assert (accepted.state, accepted.counts["end"], accepted.counts.get("start", 0)) == ("done", 10, 0)


def test_held_moves_can_be_accepted_although_their_starts_are_in_use_already(world: World) -> None:
    world.load(rows(range(12)))
    moved = [*rows(range(6), toimipisteet="RANTA:100"), *rows(range(6, 12))]
    report = world.later(days=1).run(moved)
    assert (report.state, report.counts["held_move"], report.counts["start"]) == ("held", 6, 6)
    assert len([one for one in world.affiliations() if one[1] == "KOIVU" and not one[4]]) == 12
    assert world.later(days=1).accept().state == "done"
    assert len([one for one in world.affiliations() if one[1] == "KOIVU" and not one[4]]) == 6
    assert len([one for one in world.affiliations() if one[1] == "RANTA" and not one[4]]) == 6


def test_after_five_ends_in_six_days_three_more_are_eight_in_seven_days_and_wait(world: World) -> None:
    world.load(rows(range(600)))
    for day in range(1, 6):
        assert world.later(days=day).run(ending(range(day), range(600))).state == "done"
    report = world.later(days=6).run(ending(range(8), range(600)))
    assert (report.state, report.counts["held_end"], ended(world)) == ("held", 3, 5)
    assert "3 affiliations would lose something, 8 in seven days; the limit is 6." in str(report.reasons[0])


def test_ends_of_more_than_seven_days_ago_do_not_count(world: World) -> None:
    world.load(rows(range(600)))
    world.later(days=1).run(ending(range(5), range(600)))
    assert world.later(days=8, hours=1).run(ending(range(8), range(600))).state == "done"
    assert ended(world) == 8


def test_what_a_second_administrator_accepted_does_not_count_in_the_next_seven_days(world: World) -> None:
    world.load(rows(range(40)))
    world.later(days=1).run(ending(range(10), range(40)))
    world.later(days=1).accept()
    report = world.later(days=2).run(ending(range(12), range(40)))
    assert (report.state, report.counts["end"]) == ("done", 2)


def test_of_twelve_teachers_three_ends_wait_as_a_quarter_of_the_group(world: World) -> None:
    world.load(rows(range(12)))
    report = world.later(days=1).run(ending(range(3), range(12)))
    assert (report.state, report.counts["held_end"], ended(world)) == ("held", 3, 0)
    assert "3 of 12 affiliations would lose something, the limit is 2 at once." in str(report.reasons[0])


def test_of_three_teachers_one_ends_at_once(world: World) -> None:
    world.load(rows(range(3)))
    report = world.later(days=1).run(ending([0], range(3)))
    assert (report.state, report.counts["end"], ended(world)) == ("done", 1, 1)


def test_each_organisation_and_kind_has_limits_of_its_own(world: World) -> None:
    def table(first: str, third: str) -> list[Row]:
        here = ending(range(2 if first else 0), range(12))
        there = ending(range(20, 22) if first else [], range(20, 32), toimipisteet="RANTA:100")
        stand_ins = ending(range(40, 43) if third else [], range(40, 52), palvelussuhteen_laji="sijainen")
        return [*here, *there, *stand_ins]

    world.load(table("", ""))
    report = world.later(days=1).run(table("ends", "ends"))
    assert (report.state, report.counts["end"], report.counts["held_end"]) == ("held", 4, 3)
    held = world.all(select(PlanEffect.affiliation_kind).where(PlanEffect.plan_id == report.plan_id, PlanEffect.held))
    assert held == ["substitute"] * 3


def test_two_missing_rows_end_in_the_next_complete_run_within_the_limits(world: World) -> None:
    world.load(rows(range(600)))
    assert world.later(days=1).run(rows(range(598))).state == "done"
    assert ended(world) == 0
    report = world.later(days=2).run()
    assert (report.state, report.counts["end"], ended(world)) == ("done", 2, 2)


def test_missing_rows_above_the_limit_wait_until_they_are_accepted(world: World) -> None:
    world.load(rows(range(1000)))
    assert world.later(days=1).run(rows(range(989))).state == "stopped"
    world.write(rows(range(989)), trailer=989)
    assert world.later(days=1).run().state == "done"
    report = world.later(days=2).run()
    assert (report.state, report.counts["held_end"], ended(world)) == ("held", 11, 0)
    assert (world.later(days=2).accept().counts["end"], ended(world)) == (11, 11)


def test_a_record_that_was_held_is_met_again_by_every_run_until_it_changes_back(world: World) -> None:
    world.load(rows(range(12)))
    facts = world.affiliations()
    assert world.later(days=1).run(ending(range(3), range(12))).state == "held"
    report = world.later(days=2).run(rows(range(12)))
    assert (report.state, report.counts.get("change", 0)) == ("done", 0)
    assert world.affiliations() == facts


def test_the_plan_of_a_held_run_keeps_its_reason_and_what_is_held(world: World) -> None:
    world.load(rows(range(12)))
    report = world.later(days=1).run([*ending(range(3), range(12)), row(50)])
    plan = world.scalar(select(Plan).where(Plan.id == report.plan_id))
    assert (plan.state, plan.approved_by, plan.reasons[0]["params"]["ends"]) == ("partly", None, 3)
    effects = world.all(
        select(PlanEffect.kind, PlanEffect.held).where(
            PlanEffect.plan_id == plan.id, PlanEffect.affiliation_kind.is_not(None)
        )
    )
    assert sorted(effects) == [("end", True)] * 3 + [("start", False)]
    run = world.scalar(select(Run).where(Run.id == report.run_id))
    assert (run.state, run.plan_id, run.reasons) == ("held", plan.id, plan.reasons)


def test_another_occupation_for_a_quarter_of_a_group_waits_and_takes_nobodys_right(world: World) -> None:
    world.load(rows(range(12)))
    recoded = [row(n, tehtavanimike_koodi="avustaja") if n < 3 else row(n) for n in range(12)]
    report = world.later(days=1).run(recoded)
    assert (report.state, report.counts["held_lost"]) == ("held", 3)
    assert world.later(days=1).accept().counts["lost"] == 3


def test_absences_of_many_are_no_loss_for_good_but_of_a_quarter_at_once_they_wait(world: World) -> None:
    away = {"keskeytys_alku": "16.9.2026", "keskeytys_loppu": "30.9.2026"}
    world.load(rows(range(60)))
    some = [row(n, **away) if n < 10 else row(n) for n in range(60)]
    assert world.later(days=1).run(some).state == "done", "ten of sixty: above five, below a fifth"
    many = [row(n, **away) if n < 30 else row(n) for n in range(60)]
    assert world.later(days=2).run(many).state == "held"


def test_an_end_that_is_announced_for_many_waits(world: World) -> None:
    world.load(rows(range(12)))
    report = world.later(days=1).run(rows(range(12), paattymispvm="31.12.2026"))
    assert (report.state, report.counts["held_lost"]) == ("held", 12)


def test_starts_that_nobody_looked_at_make_no_group_larger_for_seven_days(world: World) -> None:
    world.load(rows(range(10)))
    more = world.later(days=1).run(rows(range(40)))
    assert (more.state, more.counts["start"]) == ("done", 30)
    soon = [row(n, paattymispvm="1.9.2026") if n < 3 else row(n) for n in range(40)]
    assert world.later(days=2).run(soon).state == "held", "three of the ten that were accepted"


def test_a_source_of_forty_can_lose_one(world: World) -> None:
    world.load(rows(range(40)))
    assert world.later(days=1).run(rows(range(1, 40))).state == "done"
    assert world.later(days=2, hours=1).run(rows(range(1, 40)), full=True).counts["end"] == 1


def test_the_first_reading_after_an_upgrade_reads_every_row_and_opens_and_closes_nothing(world: World) -> None:
    away = {"keskeytys_alku": "16.9.2026", "keskeytys_loppu": "30.9.2026"}
    table = [
        *rows(range(20)),
        row(30, **away),
        row(31, esihenkilo_henkilonumero="3"),
        row(32, toimipisteet="KOIVU:50|RANTA:50"),
    ]
    world.load(table)
    with world.sessions.begin() as session:
        session.execute(update(Record).values(digest=b"as it was before"))
        session.execute(update(Source).values(places=None))
    before = {name: found for name, found in world.facts().items() if name != "record"}
    report = world.later(days=1).run(table)
    assert (report.state, report.counts["changed"], report.counts["unchanged"]) == ("done", 23, 0)
    assert {name: found for name, found in world.facts().items() if name != "record"} == before


def test_a_role_that_too_many_would_lose_waits_though_no_position_of_theirs_ends(world: World) -> None:
    at_first = {"bind": {"a": {"affiliation": {"kind": "employee", "primary": True}}}, "gives": EMPLOYEES["gives"]}
    world.give_teachers_a_role(at_first)
    both, turned = {"toimipisteet": "KOIVU:50|RANTA:50"}, {"toimipisteet": "RANTA:50|KOIVU:50"}
    world.load(rows(range(20), **both))
    report = world.later(days=1).run([row(n, **(turned if n < 8 else both)) for n in range(20)])
    assert (report.state, report.counts["rights_lose"], report.counts["rights_held_lose"]) == ("held", 0, 8)
    assert "8 people would lose the role Wilma: Opettaja" in str(report.reasons[0])
    assert world.later(days=1).accept().counts["rights_lose"] == 8


def test_a_school_that_grew_this_week_is_judged_by_those_who_had_the_role_before(world: World) -> None:
    at_first = {"bind": {"a": {"affiliation": {"kind": "employee", "primary": True}}}, "gives": EMPLOYEES["gives"]}
    world.give_teachers_a_role(at_first)
    both, turned = {"toimipisteet": "KOIVU:50|RANTA:50"}, {"toimipisteet": "RANTA:50|KOIVU:50"}
    world.load(rows(range(20), **both))
    world = world.later(days=10)
    assert world.run(rows(range(60), **both)).state == "done"
    report = world.later(days=1).run([row(n, **(turned if n < 5 else both)) for n in range(60)])
    assert (report.state, report.counts["rights_held_lose"]) == ("held", 5)
    assert "5 of 20 people would lose the role" in str(report.reasons[0])


def test_a_school_that_grew_this_week_is_judged_by_those_whose_names_were_known_before(world: World) -> None:
    world.load(rows(range(20)))
    world = world.later(days=10)
    assert world.run(rows(range(60))).state == "done"
    report = world.later(days=1).run([row(n, **({"sukunimi": "Muu"} if n < 5 else {})) for n in range(60)])
    assert report.state == "held"
    assert "5 of 20 people would get another name" in str(report.reasons[0])
