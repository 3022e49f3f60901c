"""A source's first run is shown and waits; what a second administrator accepts is one input, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from connectors import registry
from iam.access.administration import WHOLE
from iam.audit.log import AuditEvent
from iam.change import SYSTEM, Change
from iam.directory.affiliation import Affiliation
from iam.directory.source import Acceptance, KeptReading, Run, Source
from iam.errors import Conflict, Invalid, NotFound
from iam.plans.plan import Plan, PlanEffect
from iam.sources import acceptance, configured, lease
from iam.sources.making import commands
from iam.sources.making.files import Files
from tests.kit.worlds.source import World, build, row, rows


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return build(engine, tmp_path)


def test_the_first_run_is_shown_and_writes_no_fact(world: World) -> None:
    before = world.facts()
    report = world.run(rows(range(3)))
    assert (report.state, report.exit_code) == ("held", 3)
    assert "first run" in str(report.reasons[0])
    assert report.counts["held_start"] == 3
    assert world.facts() == before


def test_the_first_run_s_plan_says_what_would_start_where(world: World) -> None:
    world.open("OPISTO")
    report = world.run([row(1), row(2, toimipisteet="OPISTO:100")])
    plan = world.scalar(select(Plan).where(Plan.id == report.plan_id))
    assert (plan.state, plan.kind, plan.change_id, plan.author_id) == (
        "held",
        "source run",
        None,
        world.clerk.person_id,
    )
    effects = world.all(
        select(PlanEffect.kind, PlanEffect.held, PlanEffect.organisation_id).where(PlanEffect.plan_id == plan.id)
    )
    assert sorted(effects, key=str) == sorted(
        [("start", True, world.ids["KOIVU"]), ("start", True, world.ids["OPISTO"])], key=str
    )


def test_a_second_administrator_accepts_the_first_run_and_exactly_that_is_applied(world: World) -> None:
    shown = world.run(rows(range(3)))
    report = world.accept()
    assert (report.state, report.exit_code, report.counts["start"]) == ("done", 0, 3)
    assert report.digest == shown.digest
    assert world.affiliations() == [(str(n), "KOIVU", "employee", "2026-08-01", "") for n in range(3)]


def test_the_accepted_plan_names_who_proposed_and_who_accepted_it(world: World) -> None:
    report = world.load(rows(range(2)))
    plan = world.scalar(select(Plan).where(Plan.id == report.plan_id))
    assert (plan.state, plan.author_id, plan.approved_by) == ("applied", world.clerk.person_id, world.second.person_id)
    assert world.scalar(select(Change.actor_person_id).where(Change.id == plan.change_id)) == world.second.person_id


def test_acceptance_is_an_audit_event_with_the_input_s_digest(world: World) -> None:
    report = world.load(rows(range(2)))
    accepted = world.all(select(AuditEvent).where(AuditEvent.type == "source:run:accepted"))
    assert [(one.actor_id, one.envelope["digest"]) for one in accepted] == [(world.second.person_id, report.digest)]


def test_the_one_who_ran_it_cannot_accept(world: World) -> None:
    world.run(rows(range(2)))
    with pytest.raises(Conflict):
        world.accept(world.clerk)
    assert world.all(select(Acceptance)) == []
    assert world.affiliations() == []


def test_the_system_cannot_accept(world: World) -> None:
    world.run(rows(range(2)))
    with pytest.raises(Conflict):
        world.accept(SYSTEM)


def test_nothing_waits_before_a_run_and_after_a_good_one(world: World) -> None:
    with pytest.raises(Conflict):
        world.accept()
    world.load(rows(range(2)))
    with pytest.raises(Conflict):
        world.accept()


def test_a_dry_run_leaves_nothing_to_accept(world: World) -> None:
    world.run(rows(range(2)), dry_run=True)
    with pytest.raises(Conflict):
        world.accept()


def test_what_was_shown_is_what_is_applied_whatever_the_source_says_by_then(world: World) -> None:
    world.run(rows(range(2)))
    world.write(rows(range(3)))
    assert (world.accept().state, len(world.affiliations())) == ("done", 2)
    assert (world.run().state, len(world.affiliations())) == ("done", 3)


def test_what_was_shown_is_applied_although_the_source_is_gone(world: World) -> None:
    world.run(rows(range(2)))
    world.file.unlink()
    assert (world.accept().state, len(world.affiliations())) == ("done", 2)


def test_what_was_read_is_sealed_while_it_waits_and_forgotten_once_it_is_decided(world: World) -> None:
    world.run(rows(range(2)))
    (kept,) = {one.run_id for one in world.all(select(KeptReading))}
    assert kept == world.scalar(select(Run.id).order_by(Run.id.desc()))
    read = world.file.read_bytes()
    assert not any(
        word in one.sealed for one in world.all(select(KeptReading)) for word in read.split(b";") if len(word) > 3
    )
    world.accept()
    assert world.all(select(KeptReading)) == []


def test_what_is_newer_takes_the_place_of_what_waited(world: World) -> None:
    world.run(rows(range(2)))
    world.run(rows(range(3)))
    assert (world.accept().state, len(world.affiliations())) == ("done", 3)


def test_a_refusal_forgets_what_was_read(world: World) -> None:
    world.run(rows(range(2)))
    world.refuse()
    assert world.all(select(KeptReading)) == []


def test_acceptance_holds_for_one_input_only_where_nothing_was_kept(world: World) -> None:
    world.run(rows(range(2)))
    with world.sessions.begin() as session:
        session.execute(delete(KeptReading))
    world.write(rows(range(3)))
    report = world.accept()
    assert report.state == "held"
    assert world.affiliations() == []
    assert world.accept(world.clerk).state == "done"
    assert len(world.affiliations()) == 3


def test_acceptance_is_spent_once_its_input_was_applied(world: World) -> None:
    first, second = rows(range(12)), rows(range(12), paattymispvm="30.9.2026")
    world.load(first)
    assert world.run(second).state == "held"
    assert world.accept().counts["end"] == 12
    assert world.later(days=8).run(first).counts["change"] == 12
    again = world.later(days=16).run(second)
    assert (again.state, again.counts["held_end"]) == ("held", 12)
    assert world.later(days=16).accept().state == "done"


def test_a_file_that_was_refused_for_its_size_and_then_accepted_does_not_end_the_missing_unguarded(
    world: World,
) -> None:
    world.load(rows(range(40)))
    assert world.run(rows(range(20))).state == "stopped"
    assert world.accept().state == "done"
    assert len([one for one in world.affiliations() if one[4] == ""]) == 40
    later = world.later(days=1).run()
    assert (later.state, later.counts["held_end"]) == ("held", 20)
    assert len([one for one in world.affiliations() if one[4] == ""]) == 40


def test_accepting_a_refused_file_does_not_accept_ends_that_nobody_was_shown(world: World) -> None:
    world.load(rows(range(40)))
    world.run(rows(range(20), paattymispvm="30.9.2026"))
    report = world.accept()
    assert (report.state, report.counts["held_end"]) == ("held", 20)
    assert world.accept(world.clerk).counts["end"] == 20


def test_when_avain_s_own_data_moved_nothing_is_applied_and_the_run_says_so(world: World) -> None:
    world.load(rows(range(12)))
    world.run(rows(range(12), paattymispvm="30.9.2026"))
    with world.sessions.begin() as session:
        session.query(Affiliation).filter(Affiliation.person_id == world.persons()["0"]).update(
            {"occupation": "muu", "valid_to": world.at}
        )
    before = world.facts()
    report = world.accept()
    assert (report.state, report.exit_code) == ("moved", 4)
    assert "Nothing was changed" in str(report.reasons[0])
    assert world.facts() == before
    assert world.scalar(select(Run.state).where(Run.id == report.run_id)) == "moved"


def test_after_moved_inputs_a_new_run_shows_anew_and_can_be_accepted(world: World) -> None:
    world.load(rows(range(12)))
    world.run(rows(range(12), paattymispvm="30.9.2026"))
    with world.sessions.begin() as session:
        session.query(Affiliation).filter(Affiliation.person_id == world.persons()["0"]).update({"valid_to": world.at})
    assert world.accept().state == "moved"
    assert world.run().state == "held"
    assert world.accept().state == "done"
    assert {last for *_, last in world.affiliations()} == {"2026-09-30"}


def test_a_dry_run_computes_everything_and_writes_no_fact(world: World) -> None:
    world.load(rows(range(30)))
    before = world.facts()
    report = world.run([*rows(range(1, 30)), *rows(range(40, 45))], dry_run=True)
    assert (report.state, report.counts["start"], report.counts["missing"]) == ("done", 5, 1)
    assert world.facts() == before
    run = world.scalar(select(Run).where(Run.id == report.run_id))
    assert (run.dry_run, run.state, run.counts["start"]) == (True, "done", 5)


def test_a_dry_run_counts_as_no_good_run(world: World) -> None:
    world.load(rows(range(30)))
    world.run(rows(range(300)), dry_run=True)
    assert world.run(rows(range(30))).state == "done"


def under_way(world: World) -> UUID:
    """Leave the source as a process does that was killed in the middle of a run; return the run's id."""
    with world.sessions.begin() as session:
        source = configured.by_key(session, "hr")
        run = Run(
            source_id=source.id, state="running", dry_run=False, started_at=world.at, phases={}, counts={}, reasons=[]
        )
        session.add(run)
        session.flush()
        source.leased_until, source.leased_by = world.at + lease.LEASE, run.id
        return run.id


def test_a_second_run_while_one_is_under_way_is_refused(world: World) -> None:
    world.write(rows(range(2)))
    under_way(world)
    with pytest.raises(Conflict, match="running already"):
        world.run()
    assert world.scalar(select(func.count(Run.id))) == 1


def test_a_run_that_was_killed_is_found_by_the_next_after_the_lease(world: World) -> None:
    world.write(rows(range(2)))
    killed = under_way(world)
    world.later(minutes=1, seconds=1).run()
    found = world.scalar(select(Run).where(Run.id == killed))
    assert found.state == "failed"
    assert found.ended_at is not None


def test_a_source_that_was_released_can_be_run_at_once_and_the_run_before_it_writes_nothing(world: World) -> None:
    world.load(rows(range(2)))
    before = world.facts()

    def release(phase: str, _rows: int) -> None:
        """Somebody releases the source just before the run would commit: SQLite lets nobody else write meanwhile."""
        if phase == "write":
            patch.setattr(lease, "conclude", conclude)

    def conclude(session: Session, *told: Any) -> None:
        session.execute(update(Source).values(leased_by=None, leased_until=None))
        patch.undo()
        lease.conclude(session, *told)

    with pytest.MonkeyPatch.context() as patch:
        report = world.run(rows(range(4)), progress=release)
    assert (report.state, [str(one) for one in report.reasons]) == ("failed", [str(lease.Lost.problem)])
    assert world.facts() == before


def test_who_releases_a_source_frees_it_from_the_run_that_holds_it(world: World) -> None:
    world.write(rows(range(2)))
    stuck = under_way(world)
    with world.sessions.begin() as session, world.now():
        assert lease.release(session, configured.by_key(session, "hr"), world.clerk)
        assert not lease.release(session, configured.by_key(session, "hr"), world.clerk)
    assert world.run().state == "held"
    assert world.scalar(select(Run.state).where(Run.id == stuck)) == "failed"


def test_what_was_refused_with_a_reason_waits_no_longer(world: World) -> None:
    world.load(rows(range(12)))
    gone = [row(n, paattymispvm="1.9.2026") if n < 3 else row(n) for n in range(12)]
    held = world.later(days=1).run(gone)
    with world.sessions.begin() as session, world.later(days=1).now():
        with pytest.raises(Invalid):
            acceptance.refuse(session, configured.by_key(session, "hr"), world.clerk, " ")
    world.later(days=1).refuse(actor=world.clerk)
    with pytest.raises(Conflict):
        world.later(days=1).accept()
    assert world.scalar(select(Plan.refusal).where(Plan.id == held.plan_id)) == "virhe palkoissa"
    assert len([one for one in world.affiliations() if not one[4]]) == 12


def test_the_lease_is_free_again_after_every_kind_of_end(world: World) -> None:
    world.write(rows(range(2)))
    for _ in range(2):
        assert world.run().state == "held"
    world.file.unlink()
    for _ in range(2):
        assert world.run().state == "failed"


def test_a_run_that_breaks_in_the_middle_of_writing_leaves_only_the_failed_run(world: World) -> None:
    world.load(rows(range(1)))
    before = world.facts()
    with world.engine.begin() as connection:
        connection.execute(text("CREATE UNIQUE INDEX one_teacher ON affiliation (occupation)"))
    with pytest.raises(IntegrityError):
        world.run(rows(range(3)))
    assert world.facts() == before
    last = world.all(select(Run).order_by(Run.id.desc()).limit(1))[0]
    assert (last.state, last.plan_id) == ("failed", None)
    assert world.scalar(select(func.count(Plan.id))) == 2
    with world.engine.begin() as connection:
        connection.execute(text("DROP INDEX one_teacher"))
    assert world.run().counts["start"] == 2


def test_a_source_that_does_not_exist_is_named(world: World) -> None:
    with pytest.raises(NotFound, match="palkat"):
        world.of("palkat").run()


def test_a_source_out_of_use_is_tried_by_a_dry_run_and_read_by_no_other(world: World) -> None:
    world.change_source(disabled=True)
    before = world.facts()
    assert world.run(rows(range(3)), dry_run=True).counts["held_start"] == 3
    assert world.facts() == before
    with pytest.raises(Conflict):
        world.run(rows(range(3)))


def test_another_matching_means_every_row_anew_under_the_guard(world: World) -> None:
    world.load(rows(range(3)))
    own = registry.matching("hr")
    own["employment"]["affiliation"]["kind"]["values"]["vakinainen"] = "trainee"
    with world.now(), Session(world.engine) as session, session.begin():
        source, town = configured.by_key(session, "hr"), Files(world.folder)
        commands.change(session, source, {"matching": own}, WHOLE, town, SYSTEM)
    report = world.run()
    assert report.counts["changed"] == 3
