"""What a run's plan holds: effects by kind, rights gained and lost, a digest, and one audit event."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, event, select

from iam.access.model.assignment import Assignment
from iam.audit.log import AuditEvent
from iam.directory.organisation import Organisation
from iam.directory.source import Run
from iam.plans.plan import Plan, PlanEffect
from iam.sources.report import Report
from tests.kit.worlds.source import World, build, row, rows


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return build(engine, tmp_path)


def effects(world: World, report: Report) -> list[tuple[str, str, str | None]]:
    """Kind, organisation and kind of affiliation of the plan's effects."""
    query = select(PlanEffect.kind, Organisation.key, PlanEffect.affiliation_kind).join(
        Organisation, Organisation.id == PlanEffect.organisation_id
    )
    return sorted(world.all(query.where(PlanEffect.plan_id == report.plan_id)), key=str)


def rights(world: World, report: Report, *, held: bool = False) -> list[tuple[str, UUID, str]]:
    """Kind, person and scope of the rights the plan gave and took; ``held``: of those it would once accepted."""
    query = select(PlanEffect.kind, PlanEffect.person_id, Organisation.key).join(
        Organisation, Organisation.id == PlanEffect.organisation_id
    )
    return sorted(
        world.all(
            query.where(
                PlanEffect.plan_id == report.plan_id, PlanEffect.role_id.is_not(None), PlanEffect.held.is_(held)
            )
        ),
        key=str,
    )


FIRST = [
    row(1),
    row(2),
    row(3, toimipisteet="KOIVU:50|RANTA:50"),
    row(4),
    *rows(range(10, 40)),
]
SECOND = [
    row(1, paattymispvm="30.9.2026"),
    row(2, toimipisteet="RANTA:100"),
    row(3, toimipisteet="KOIVU:100"),
    row(4, nimike="Rehtori"),
    row(5, palvelussuhteen_laji="sijainen"),
    *rows(range(10, 40)),
]


def test_a_run_s_effects_are_starts_ends_moves_and_changes_where_they_are(world: World) -> None:
    world.load(FIRST)
    report = world.later(days=1).run(SECOND)
    assert effects(world, report) == [
        ("change", "KOIVU", "employee"),
        ("end", "KOIVU", "employee"),
        ("end", "RANTA", "employee"),
        ("move", "KOIVU", "employee"),
        ("start", "KOIVU", "substitute"),
        ("start", "RANTA", "employee"),
    ]
    counted = {name: report.counts[name] for name in ("start", "end", "move", "change")}
    assert counted == {"start": 2, "end": 2, "move": 1, "change": 1}
    assert world.scalar(select(Plan.counts).where(Plan.id == report.plan_id)) == report.counts


def test_the_interval_of_an_effect_is_the_one_after_it(world: World) -> None:
    world.load(FIRST)
    report = world.later(days=1).run(SECOND)
    ends = world.all(
        select(PlanEffect.valid_to)
        .where(PlanEffect.plan_id == report.plan_id, PlanEffect.kind == "end")
        .order_by(PlanEffect.valid_to)
    )
    assert ends[0] == world.later(days=1).at
    assert ends[1].isoformat() == "2026-09-30T21:00:00+00:00"


def test_an_unchanged_run_has_a_plan_without_effects(world: World) -> None:
    world.load(FIRST)
    report = world.later(days=1).run()
    assert effects(world, report) == []
    assert world.scalar(select(Plan.state).where(Plan.id == report.plan_id)) == "applied"


def test_rights_are_gained_by_those_who_start_and_lost_by_those_who_end(world: World) -> None:
    world.give_teachers_a_role()
    loaded = world.load(FIRST)
    assert loaded.counts["rights_gain"] == 35
    report = world.later(days=1).run(SECOND)
    people = world.persons()
    lost = [("lose", people["1"], "KOIVU"), ("lose", people["2"], "KOIVU"), ("lose", people["3"], "RANTA")]
    assert rights(world, report) == sorted([("gain", people["2"], "RANTA"), *lost], key=str)
    assert (report.counts["rights_gain"], report.counts["rights_lose"]) == (1, 3)


def test_a_right_that_another_employment_carries_on_is_neither_gained_nor_lost(world: World) -> None:
    world.give_teachers_a_role()
    world.load([row(1, "P1-1"), row(1, "P1-2"), *rows(range(10, 20))])
    report = world.later(days=1).run([row(1, "P1-1", paattymispvm="1.9.2026"), row(1, "P1-2"), *rows(range(10, 20))])
    assert report.counts["end"] == 1
    assert rights(world, report) == []


def test_an_end_in_the_past_takes_the_right_at_once_and_one_to_come_takes_it_on_its_day(world: World) -> None:
    world.give_teachers_a_role()
    world.load(rows(range(20)))
    report = world.later(days=1).run(
        [row(0, paattymispvm="1.9.2026"), row(1, paattymispvm="30.9.2026"), *rows(range(2, 20))]
    )
    people = world.persons()
    assert rights(world, report) == sorted([("lose", people["0"], "KOIVU"), ("lose", people["1"], "KOIVU")], key=str)
    lost = select(PlanEffect.valid_from).where(PlanEffect.plan_id == report.plan_id, PlanEffect.role_id.is_not(None))
    begins = {world.later(days=1).at, datetime(2026, 9, 30, 21, tzinfo=UTC)}
    assert set(world.all(lost)) == begins, "what is lost is lost from its day on"
    last = world.all(
        select(Assignment.valid_to).where(Assignment.person_id == people["1"], Assignment.closed_by.is_(None))
    )
    assert [one.isoformat() for one in last] == ["2026-09-30T21:00:00+00:00"]


def test_an_absence_makes_a_pause_in_the_right(world: World) -> None:
    world.give_teachers_a_role()
    world.load([row(1, keskeytys_alku="1.10.2026", keskeytys_loppu="31.10.2026", paattymispvm="31.5.2027")])
    held = world.all(
        select(Assignment.valid_from, Assignment.valid_to)
        .where(Assignment.closed_by.is_(None))
        .order_by(Assignment.valid_from)
    )
    assert [(start.isoformat()[:16], end.isoformat()[:16]) for start, end in held] == [
        ("2026-07-31T21:00", "2026-09-30T21:00"),
        ("2026-10-31T22:00", "2027-05-31T21:00"),
    ]


def test_held_ends_take_no_right(world: World) -> None:
    world.give_teachers_a_role()
    world.load(rows(range(12)))
    report = world.later(days=1).run([row(n, paattymispvm="1.9.2026") if n < 3 else row(n) for n in range(12)])
    assert (report.state, rights(world, report)) == ("held", [])
    accepted = world.later(days=1).accept()
    assert len(rights(world, accepted)) == 3
    assert rights(world, report, held=True) == rights(world, accepted), "shown before as they then are lost"
    assert report.counts["rights_held_lose"] == accepted.counts["rights_lose"]


def test_who_goes_on_only_in_february_loses_the_right_today(world: World) -> None:
    world.give_teachers_a_role()
    world.load([row(1, "P1-1"), row(1, "P1-2", alkamispvm="1.2.2027"), *rows(range(10, 20))])
    table = [row(1, "P1-1", paattymispvm="1.9.2026"), row(1, "P1-2", alkamispvm="1.2.2027"), *rows(range(10, 20))]
    report = world.later(days=1).run(table)
    assert rights(world, report) == [("lose", world.persons()["1"], "KOIVU")]


def test_who_pauses_and_returns_loses_the_right_all_the_same(world: World) -> None:
    world.give_teachers_a_role()
    world.load([row(1, "P1-1"), *rows(range(10, 20))])
    table = [row(1, "P1-1", paattymispvm="30.11.2026"), row(1, "P1-2", alkamispvm="1.2.2027"), *rows(range(10, 20))]
    report = world.later(days=1).run(table)
    assert rights(world, report) == [("lose", world.persons()["1"], "KOIVU")]


def test_a_first_run_tells_how_many_rights_it_would_give_and_gives_none(world: World) -> None:
    world.give_teachers_a_role()
    report = world.run(rows(range(7)))
    assert report.counts["rights_gain"] == 7
    assert world.all(select(Assignment)) == []


def plan_digest(world: World, report: Report) -> str:
    return str(world.scalar(select(Plan.digest).where(Plan.id == report.plan_id)))


def test_the_digest_is_equal_for_equal_effects_and_differs_for_others(world: World) -> None:
    first = plan_digest(world, world.run(rows(range(5))))
    assert plan_digest(world, world.later(hours=5).run(list(reversed(rows(range(5)))))) == first
    others = [
        rows(range(4)),
        [*rows(range(4)), row(4, toimipisteet="RANTA:100")],
        [*rows(range(4)), row(4, alkamispvm="2.8.2026")],
        [*rows(range(4)), row(4, palvelussuhteen_laji="sijainen")],
        [*rows(range(4)), row(4, "P4b")],
        [*rows(range(4)), row(4, paattymispvm="1.6.2027")],
    ]
    digests = {plan_digest(world, world.later(hours=6).run(table)) for table in others}
    assert len({first, *digests}) == 1 + len(others)


def test_every_run_writes_one_event_with_counts_and_digest(world: World) -> None:
    shown, loaded = world.run(FIRST), world.accept()
    changed, stopped = world.later(days=1).run(SECOND), world.later(days=2).run(FIRST[:3])
    dry = world.later(days=3).run(FIRST, dry_run=True)
    world.file.unlink()
    failed = world.later(days=4).run()
    reports = [shown, loaded, changed, stopped, dry, failed]
    written = world.all(select(AuditEvent).where(AuditEvent.type == "source:run:finished").order_by(AuditEvent.id))
    assert [one.envelope for one in written] == [
        {"source": "hr", "run": str(one.run_id), "state": one.state, "counts": one.counts, "digest": one.digest}
        for one in reports
    ]
    actors = [world.second.person_id if one is loaded else world.clerk.person_id for one in reports]
    assert [one.actor_id for one in written] == actors
    assert [one.change_id is not None for one in written] == [True, True, True, False, False, False]
    assert {one.organisation_id for one in written} == {world.ids["mansikkala"]}


def test_the_run_s_record_is_the_report(world: World) -> None:
    report = world.load(FIRST)
    run = world.scalar(select(Run).where(Run.id == report.run_id))
    assert (run.state, run.counts, run.digest, run.completeness, run.plan_id) == (
        "done",
        report.counts,
        report.digest,
        "plausible",
        report.plan_id,
    )
    assert list(run.phases) == ["read", "correlate", "compare", "write"]
    assert run.ended_at == world.at


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile; many rows in one call are one."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def statements(world: World, size: int) -> list[int]:
    """How many statements the runs of a source of ``size`` rows take: shown, accepted, nothing new, much changed or
    rejected, and one ended."""
    changed = [row(n, nimike="Muu", esihenkilo_henkilonumero="3") if n % 3 == 0 else row(n) for n in range(1, size)]
    changed = [one | {"toimipisteet": "KADONNUT"} if n % 4 == 1 else one for n, one in enumerate(changed, 1)]
    found: list[int] = []
    for days, table in ((0, rows(range(size))), (0, None), (1, rows(range(size))), (2, changed), (3, changed)):
        if table is not None:
            world.write(table, trailer=len(table))
        with counted(world.engine) as sent:
            report = world.later(days=days).run() if table is not None else world.accept()
        assert report.state == ("held" if not found else "partial" if table is changed else "done")
        found.append(len(sent))
    assert report.counts["end"] == 1
    return found


def test_a_run_takes_as_many_statements_for_four_hundred_rows_as_for_two_hundred(world: World) -> None:
    world.give_teachers_a_role()
    world.load(rows(range(400)))
    for name in ("pieni", "suuri"):
        world.add_source(name, "hr", {"path": str(world.file)})
    few, many = statements(world.of("pieni"), 200), statements(world.of("suuri"), 400)
    assert many == few
    assert max(few) <= {"sqlite": 211, "postgresql": 178}[world.engine.dialect.name], "working tables included"
    assert few[2] <= 30, "nothing new"
