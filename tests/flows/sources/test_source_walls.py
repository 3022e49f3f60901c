"""A source states facts only where its owner is, or where an organisation opened itself to it: what a person keeps,
gets and does not get."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from iam import clock
from iam.directory.affiliation import Group, Relationship
from iam.directory.person import Identifier
from iam.directory.source import RunReject, Source
from iam.errors import Conflict
from iam.sources import background
from iam.sources.background import Workplace
from tests.kit.factories import facts
from tests.kit.worlds import roster as roster_world, source as source_world
from tests.kit.worlds.roster import ROSTER, enrolled, pupil, student
from tests.kit.worlds.source import World, row

ORG_O = {"sourcedId": "org-o", "name": "O", "type": "school", "identifier": "OPISTO"}


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return source_world.build(engine, tmp_path)


@pytest.fixture
def roster(engine: Engine, tmp_path: Path) -> World:
    return roster_world.build(engine, tmp_path)


def day(text: str) -> datetime:
    return clock.day_start(date.fromisoformat(text))


def at_opisto(number: int, **values: str) -> dict[str, str]:
    return row(number, toimipisteet="OPISTO:100", yksikko_koodi="OPISTO", **values)


def messages(report: Any) -> list[str]:
    return [problem.message for _, problem in [*report.rejects, *report.warnings]]


def test_a_town_s_payroll_that_names_another_owner_s_school_employs_nobody_there_and_says_what_to_do(
    world: World,
) -> None:
    world.load([row(1), at_opisto(2)])
    assert world.affiliations() == [("1", "KOIVU", "employee", "2026-08-01", "")]
    (told,) = world.all(select(RunReject).where(RunReject.remedy.contains("open it to this source")).limit(1))
    assert (told.line, told.params) == (3, {"organisation": "OPISTO"})


def test_a_row_that_strays_to_another_owner_s_school_ends_nothing(world: World) -> None:
    world.load([row(1)])
    for days in (1, 2, 3):
        report = world.later(days=days).run([at_opisto(1)])
    assert report.counts["rejected"] == 1
    assert world.affiliations() == [("1", "KOIVU", "employee", "2026-08-01", "")]


def test_where_a_school_opened_itself_its_people_are_taken_for_the_time_of_that_only(world: World) -> None:
    world.load([row(1)])
    world.open("OPISTO", day("2026-09-01"), day("2027-01-01"))
    report = world.later(days=1).run([row(1), at_opisto(2)])
    assert (report.state, report.counts["warned"], report.counts["rejected"]) == ("done", 1, 0)
    assert world.affiliations()[1] == ("2", "OPISTO", "employee", "2026-09-01", "2026-12-31")
    again = world.later(days=2).run()
    assert (again.counts["unchanged"], again.counts["warned"]) == (2, 0), "said once"


def test_opening_a_school_for_longer_lengthens_what_was_taken_without_any_change_in_the_feed(world: World) -> None:
    world.load([row(1)])
    world.open("OPISTO", day("2026-08-01"), day("2027-01-01"))
    world.later(days=1).run([row(1), at_opisto(2)])
    world.open("OPISTO", day("2027-01-01"), day("2028-01-01"))
    world.later(days=2).run()
    assert world.affiliations()[1] == ("2", "OPISTO", "employee", "2026-08-01", "2027-12-31")


def test_what_outlasts_the_move_of_a_school_ends_with_the_move_and_says_so(world: World) -> None:
    world.load([row(n) for n in range(1, 3)])
    with world.sessions.begin() as session:
        facts.places(
            session,
            world.ids["KOIVU"],
            (world.ids["mansikkala"], False, clock.LONG_AGO, day("2027-01-01")),
            (world.ids["puolukka"], False, day("2027-01-01"), clock.FOREVER),
        )
    report = world.later(days=1).run()
    assert report.counts["warned"] == 2
    assert {last for *_, last in world.affiliations()} == {"2026-12-31"}


def test_a_payroll_of_the_whole_consortium_employs_people_everywhere(world: World) -> None:
    with world.sessions.begin() as session:
        root = session.scalars(select(Source)).one()
        root.owner_id = session.scalar(
            select(source_world.Organisation.id).where(source_world.Organisation.key == "mustikkamaa")
        )
    report = world.load([row(1), at_opisto(2), row(3, toimipisteet="PERHEKESKUS:100")])
    assert report.counts["rejected"] == 0
    assert [place for _, place, *_ in world.affiliations()] == ["KOIVU", "OPISTO", "PERHEKESKUS"]


def test_a_roster_makes_no_class_and_no_member_of_it_in_another_owner_s_school(roster: World) -> None:
    classes = [*ROSTER["classes"], {"sourcedId": "o1", "title": "O1", "schoolSourcedId": "org-o"}]
    enrolments = [*ROSTER["enrollments"], enrolled("e3", "oona", "o1")]
    report = roster_world.load(roster, orgs=[*ROSTER["orgs"], ORG_O], classes=classes, enrollments=enrolments)
    assert roster_world.members(roster) == [("1a", "oona"), ("2b", "ville")]
    assert roster.scalar(select(Group).where(Group.record_key == "o1")) is None
    assert "This source may not state anything of %(organisation)s." in messages(report)


def test_a_class_that_moves_to_another_owner_takes_its_members_only_until_then(roster: World) -> None:
    roster_world.load(roster)
    with roster.sessions.begin() as session:
        facts.places(
            session,
            roster.ids["KOIVU"],
            (roster.ids["mansikkala"], False, clock.LONG_AGO, day("2027-01-01")),
            (roster.ids["puolukka"], False, day("2027-01-01"), clock.FOREVER),
        )
    report = roster_world.run(roster, 1)
    assert report.counts["warned"] >= 2
    assert roster_world.members(roster, 100) == [("1a", "oona"), ("2b", "ville")]
    assert roster_world.members(roster, 130) == []
    assert roster_world.run(roster, 2).counts["warned"] == 0


def test_a_guardian_is_one_wherever_she_lives_when_the_child_is_in_the_town_s_school(roster: World) -> None:
    roster_world.load(roster)
    assert roster_world.guardians(roster) == [("hannu", "oona"), ("hilla", "oona"), ("hilla", "ville")]


def test_nobody_becomes_the_guardian_of_a_child_by_the_source_of_a_town_where_the_child_is_not(roster: World) -> None:
    roles = [student("r1", "oona"), student("r2", "ville", "org-o")]
    report = roster_world.load(
        roster, orgs=[*ROSTER["orgs"], ORG_O], roles=roles, enrollments=ROSTER["enrollments"][:1]
    )
    assert roster_world.guardians(roster) == [("hannu", "oona"), ("hilla", "oona")]
    assert "The child or subordinate of this row has no position where this source may state facts." in messages(report)


def test_a_guardian_stays_one_though_the_source_may_not_say_so_any_more_and_becomes_one_when_it_may(
    roster: World,
) -> None:
    roster_world.load(roster)
    away = [student("r1", "oona"), student("r2", "ville", "org-o")]
    tables = {"orgs": [*ROSTER["orgs"], ORG_O], "roles": away}
    users = [pupil("oona", "hilla,hannu"), pupil("ville", "hannu"), pupil("hilla"), pupil("hannu"), pupil("ope")]
    roster.open("OPISTO", until=day("2026-09-17"))
    roster_world.run(roster, 1, **tables)
    report = roster_world.run(roster, 120, **tables, users=users)
    assert report.counts["rejected"] >= 1
    assert roster_world.guardians(roster, 120) == [("hannu", "oona"), ("hilla", "oona"), ("hilla", "ville")]
    roster.open("OPISTO")
    roster_world.run(roster, 121, **tables, users=users)
    assert ("hannu", "ville") in roster_world.guardians(roster, 121)


def test_another_source_s_number_finds_the_person_and_is_not_written(roster: World) -> None:
    hr = roster.of("hr")
    hr.load([row(1)])
    told = [
        pupil("ope1", familyName="Sukunimi1", userIds="{employee-number:1}"),
        pupil("ope2", userIds="{employee-number:777}"),
        *ROSTER["users"],
    ]
    roster_world.load(roster, users=told)
    assert roster_world.person(roster, "ope1") == roster.persons()["1"], "found by the number of the payroll"
    numbers = roster.all(select(Identifier.value).where(Identifier.kind == "employee-number"))
    assert numbers == ["1"], "the payroll alone says whose number 777 is"


def test_a_learner_number_is_written_by_whoever_knows_it(roster: World) -> None:
    roster_world.load(roster, users=[pupil("x", userIds="{learner-number:1.2.246.562.24.1}"), *ROSTER["users"]])
    assert roster.scalar(select(Identifier.person_id).where(Identifier.kind == "learner-number")) is not None


def test_a_disabled_source_is_neither_run_nor_accepted_and_says_why(world: World) -> None:
    world.run([row(1)])
    world.change_source(disabled=True)
    for act in (world.run, world.accept):
        with pytest.raises(Conflict) as caught:
            act()
        assert caught.value.problems[0].params == {"key": "hr"}
        assert "disabled" in caught.value.problems[0].message
    with pytest.raises(Conflict):
        background.start(Workplace(world.engine, world.folder / "vault.key", "info", 0, 1), "hr", world.clerk)
    assert world.affiliations() == []
    world.change_source(disabled=False)
    assert world.accept().exit_code == 0


def _before_walls(world: World) -> World:
    """A world of which Mansikkala's payroll has employed somebody at OPISTO since before there were walls."""
    with world.sessions.begin() as session:
        session.scalars(select(Source)).one().walled = False
    return world


def test_the_first_reading_after_the_upgrade_shows_what_would_be_left_out_and_leaves_nothing_out(world: World) -> None:
    _before_walls(world)
    world.load([row(1), at_opisto(2)])
    world.change_source(walled=False)
    report = world.later(days=1).run([row(1), at_opisto(2), at_opisto(3)])
    assert (report.state, report.counts["rejected"], report.counts["warned"]) == ("held", 0, 2)
    assert [place for _, place, *_ in world.affiliations()] == ["KOIVU", "OPISTO", "OPISTO"]
    assert world.later(days=2).run().state == "held", "until a second person has looked"
    accepted = world.later(days=2).accept()
    assert (accepted.state, world.scalar(select(Source.walled))) == ("done", True)
    after = world.later(days=3).run([row(1), at_opisto(2), at_opisto(3), at_opisto(4)])
    assert (after.state, after.counts["rejected"]) == ("partial", 3)
    assert len(world.affiliations()) == 3, "what was stated stays; nothing new is"


def test_a_first_reading_with_nothing_to_leave_out_needs_nobody(world: World) -> None:
    world.load([row(1)])
    world.change_source(walled=False)
    assert world.later(days=1).run().state == "done"
    assert world.scalar(select(Source.walled))


def test_a_guardian_from_before_walls_is_shown_before_the_source_may_not_say_so(roster: World) -> None:
    roster_world.load(roster)
    with roster.sessions.begin() as session:
        facts.places(session, roster.ids["KOIVU"], (roster.ids["puolukka"], False, clock.LONG_AGO, clock.FOREVER))
    roster.change_source(walled=False)
    report = roster_world.run(roster, 1)
    assert report.state == "held"
    assert any("child or subordinate" in message for message in messages(report))
    held = select(Relationship.person_id).where(
        Relationship.closed_by.is_(None), Relationship.valid_to > roster.at + timedelta(days=2)
    )
    assert len(roster.all(held)) == 3
