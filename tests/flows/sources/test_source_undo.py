"""A run that was wrong is undone: facts and rights are as before it, and the next night does not bring it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from iam.access.model.assignment import Assignment
from iam.access.model.proposal import Proposal
from iam.directory.affiliation import Affiliation
from iam.directory.person import Person, PersonProfile
from iam.directory.source import Run
from iam.errors import Conflict, Denied, NotFound
from iam.plans.plan import Plan
from iam.sources import configured, undo
from tests.kit.worlds.source import Row, World, build, code, row, rows

ENDS = "1.9.2026"


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    """Twelve teachers, who have the role where they work."""
    made = build(engine, tmp_path)
    made.give_teachers_a_role()
    made.load(rows(range(12)))
    return made


def changed(*numbers: int) -> list[Row]:
    """Twelve teachers, of whom these work no more, and one more is called otherwise."""
    table = [row(n, paattymispvm=ENDS) if n in numbers else row(n) for n in range(12)]
    table[11] = row(11, sukunimi="Toisin")
    return [*table, row(40)]


def standing(world: World) -> dict[str, list[Any]]:
    """Facts and rights that stand, without the ids of their versions."""
    with world.sessions() as session:
        a, p, r = Affiliation, PersonProfile, Assignment
        return {
            "work": sorted(
                map(str, session.execute(select(a.fact_id, a.valid_from, a.valid_to).where(a.closed_by.is_(None))))
            ),
            "names": sorted(map(str, session.execute(select(p.person_id, p.family_name).where(p.closed_by.is_(None))))),
            "rights": sorted(
                map(str, session.execute(select(r.person_id, r.valid_to, r.scope_id).where(r.closed_by.is_(None))))
            ),
            "found by": sorted(
                map(str, session.execute(text("SELECT person_id, word FROM person_name_word WHERE shown")))
            ),
        }


def test_a_run_that_is_undone_leaves_facts_names_and_rights_as_before_it(world: World) -> None:
    before = standing(world)
    assert world.later(days=1).run(changed(0, 1)).state == "done"
    assert standing(world) != before
    assert list(world.later(days=1).undo()) == []
    assert standing(world) == before
    assert world.scalar(select(Run.state).order_by(Run.id.desc()).limit(1)) == "undone"


def test_a_night_in_which_nothing_changed_does_not_hide_the_run_that_was_wrong(world: World) -> None:
    before = standing(world)
    world.later(days=1).run(changed(0, 1))
    assert world.later(days=2).run().counts["unchanged"] == 13
    nothing = world.scalar(select(Run.id).order_by(Run.id.desc()).limit(1))
    with world.sessions() as session:
        empty = session.get_one(Run, nothing)
        assert not undo.may_be_undone(empty, session.get_one(Plan, empty.plan_id))
    assert list(world.later(days=2).undo()) == []
    assert standing(world) == before
    assert world.scalar(select(Run.state).where(Run.id == nothing)) == "done"
    assert world.later(days=3).run().counts["refused"] == 4


def test_what_was_undone_does_not_come_back_the_next_night_and_what_says_something_else_does(world: World) -> None:
    world.later(days=1).run(changed(0, 1))
    world.later(days=1).undo()
    before = standing(world)
    report = world.later(days=2).run()
    assert (report.state, report.counts["refused"]) == ("done", 4)
    assert standing(world) == before
    other = [*changed(0, 1)[:-1], row(40, nimike="Erityisopettaja")]
    assert world.later(days=3).run(other).counts["start"] == 1


def test_who_came_by_the_run_stays_a_person_of_whom_nothing_is_said(world: World) -> None:
    world.later(days=1).run(changed())
    world.later(days=1).undo()
    with world.sessions() as session:
        nameless = session.scalars(select(Person.id).where(Person.sort_name == "")).all()
        assert len(nameless) == 1
        open_ = select(PersonProfile).where(PersonProfile.person_id == nameless[0], PersonProfile.closed_by.is_(None))
        assert session.scalars(open_).all() == []


def test_what_later_runs_built_on_is_not_undone_and_told(world: World) -> None:
    world.later(days=1).run(changed(0, 1))
    first = world.scalar(select(Run.id).order_by(Run.id.desc()).limit(1))
    table = changed(0, 1)
    table[0] = row(0, paattymispvm="5.9.2026")
    assert world.later(days=2).run(table).state == "done"
    with world.sessions.begin() as session, world.later(days=2).now():
        run = session.get_one(Run, first)
        with pytest.raises(Conflict) as told:
            undo.undo(session, configured.by_key(session, "hr"), run, world.clerk)
    assert told.value.problems[0].params == {"n": 1}
    assert list(world.later(days=2).undo()) == []


def test_undoing_what_many_have_got_waits_for_a_second_person(world: World) -> None:
    assert world.later(days=1).run([*rows(range(12)), *rows(range(20, 40))]).state == "done"
    held = standing(world)
    reasons = [str(one) for one in world.later(days=1).undo()]
    assert any("20" in one and "lose something at once" in one for one in reasons)
    assert standing(world) == held
    with world.sessions.begin() as session, world.later(days=1).now():
        found = session.scalars(select(Proposal)).one()
        with pytest.raises(Denied):
            undo.accept(session, found, lambda _: True, world.clerk)
        assert not undo.accept(session, found, lambda digest: digest == "another", world.second)
        assert undo.accept(session, found, lambda digest: digest == found.digest, world.second)
    assert len([one for one in world.affiliations() if not one[4]]) == 12
    assert world.later(days=2).run().counts["refused"] == 20


def test_a_run_of_other_identity_codes_is_not_undone(world: World) -> None:
    assert world.later(days=1).run([row(0, hetu=code(77)), *rows(range(1, 12))]).state == "done"
    with pytest.raises(Conflict, match="the earlier ones are not kept"):
        world.later(days=1).undo()


def test_a_run_is_undone_once(world: World) -> None:
    world.later(days=1).run(changed(0))
    world.later(days=1).undo()
    with world.sessions.begin() as session, pytest.raises(Conflict, match="undone already"):
        run = session.scalars(select(Run).where(Run.state == "undone")).one()
        undo.undo(session, configured.by_key(session, "hr"), run, world.clerk)


def test_a_source_that_wrote_nothing_has_nothing_to_undo(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="No run of hr can be undone"):
        build(engine, tmp_path).undo()
