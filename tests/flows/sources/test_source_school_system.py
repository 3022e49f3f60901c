"""A school system that is asked over REST: the same facts as by files, changes and deletions, and faults that harm
nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from connectors.simulators.oneroster.roster import reference
from iam.directory.person import PersonProfile
from iam.directory.source import Source
from tests.kit.worlds import roster
from tests.kit.worlds.roster import School, guardians, members, person, pupils, school as started


@pytest.fixture
def school(engine: Engine, tmp_path: Path) -> Iterator[School]:
    with started(engine, tmp_path) as made:
        yield made


def checkpoint(school: School) -> str | None:
    value: str | None = school.world.scalar(select(Source.checkpoint).where(Source.key == "primus"))
    return value


def test_the_first_run_is_shown_and_what_is_accepted_is_the_same_as_by_files(school: School) -> None:
    assert school.world.run().state == "held"
    assert pupils(school.world) == []
    report = school.world.accept()
    assert (report.state, report.completeness, report.counts["rows"]) == ("done", "proved", 14)
    assert pupils(school.world) == [("oona", "KOIVU"), ("ville", "KOIVU")]
    assert members(school.world) == [("1a", "oona"), ("2b", "ville")]
    assert guardians(school.world) == [("hannu", "oona"), ("hilla", "oona"), ("hilla", "ville")]
    assert person(school.world, "ope") is not None


def test_files_give_the_very_same_pupils_members_and_guardians(engine: Engine, tmp_path: Path) -> None:
    world = roster.build(engine, tmp_path)
    assert roster.load(world).counts["rows"] == 14
    assert pupils(world) == [("oona", "KOIVU"), ("ville", "KOIVU")]
    assert members(world) == [("1a", "oona"), ("2b", "ville")]
    assert guardians(world) == [("hannu", "oona"), ("hilla", "oona"), ("hilla", "ville")]


def test_a_run_in_which_nothing_changed_asks_for_changes_only_and_writes_nothing(school: School) -> None:
    school.world.load()
    before = school.world.facts()
    school.simulator.asked.clear()
    report = school.run()
    assert (report.state, report.counts["rows"], report.counts["unchanged"]) == ("done", 2, 2)
    assert school.world.facts() == before
    assert [("filter=dateLastModified%3E" in target) for target in school.simulator.asked] == [False, True, True, True]


def test_a_pupil_who_moves_to_another_class_is_in_that_one(school: School) -> None:
    school.world.load()
    school.move("e1", "2b")
    assert school.run().state == "done"
    assert members(school.world, 1) == [("2b", "oona"), ("2b", "ville")]


def test_a_pupil_who_comes_is_a_person_with_a_school_and_a_class(school: School) -> None:
    school.world.load()
    school.add("sini", "1a")
    assert school.run().state == "done"
    assert ("sini", "KOIVU") in pupils(school.world, 1)
    assert ("1a", "sini") in members(school.world, 1)


def test_a_pupil_who_moves_to_another_school_loses_the_first_in_the_same_run(school: School) -> None:
    school.world.load()
    role = {"roleType": "primary", "role": "student", "org": reference("org-r", "org")}
    school.change("users", "oona", roles=[role])
    assert school.run().state == "done"
    assert pupils(school.world, 1) == [("oona", "RANTA"), ("ville", "KOIVU")]


def test_a_pupil_who_is_deleted_loses_school_and_class(school: School) -> None:
    school.world.load()
    school.simulator.roster.delete("users", "oona")
    school.simulator.roster.delete("enrollments", "e1")
    report = school.run()
    assert (report.state, report.counts["deleted"]) == ("done", 2)
    assert (pupils(school.world, 1), members(school.world, 1)) == ([("ville", "KOIVU")], [("2b", "ville")])
    before = school.world.facts()
    assert school.run(2).counts["deleted"] == 0
    assert school.world.facts() == before


def test_a_pupil_who_is_not_enabled_any_more_is_marked_so(school: School) -> None:
    school.world.load()
    school.change("users", "ville", enabledUser=False)
    school.run()
    assert pupils(school.world, 1) == [("oona", "KOIVU")]


def test_a_new_family_name_is_taken_and_nothing_else_of_the_user_ends(school: School) -> None:
    school.world.load()
    school.change("users", "ville", familyName="Uusi")
    school.run()
    names = school.world.all(
        select(PersonProfile.family_name).where(PersonProfile.person_id == person(school.world, "ville"))
    )
    assert "Uusi" in {str.__str__(name) for name in names}
    assert (pupils(school.world, 1), len(members(school.world, 1))) == ([("oona", "KOIVU"), ("ville", "KOIVU")], 2)


HARM = {
    "always-busy": "busy or out of order (429)",
    "cut": "broke the connection",
    "repeat": "same page",
    "lying-total": "The server says that users has",
    "short-total": "The server says that users has 4 objects, but 5 came",
    "moving-total": "grew or shrank",
    "page-of-errors": "not OneRoster",
    "not-json": "not OneRoster",
    "not-a-list": "not OneRoster",
    "refused": "does not let us read (401)",
    "forbidden": "does not let us read (403)",
    "twice": "twice",
    "redirect": "never followed (302)",
    "slow": "did not answer in time",
}
"""What may go wrong in a full reading, and what is told of it."""
FROM_THE_FIRST_PAGE = {"lying-total", "short-total", "twice"}
"""What would be noticed as another thing on a later page."""


@pytest.mark.parametrize("fault", sorted(HARM))
def test_a_fault_in_the_middle_harms_nothing_and_says_why(school: School, fault: str) -> None:
    school.world.load()
    before, stood = school.world.facts(), checkpoint(school)
    school.simulator.roster.delete("users", "oona")
    school.set(deadline_seconds=0.5)
    school.simulator.break_down(fault, after=1 if fault in FROM_THE_FIRST_PAGE else 2)
    report = school.run(full=True)
    assert (report.state, HARM[fault] in str(report.reasons[0])) == ("failed", True), report.reasons
    assert report.reasons[0].remedy
    assert not [word for word in ("simulated", "oona", "Esimerkki") if word in str(report.reasons[0])]
    assert (school.world.facts(), checkpoint(school)) == (before, stood)


@pytest.mark.parametrize("fault", ["busy", "gateway", "expired"])
def test_a_server_that_is_busy_now_and_then_or_forgets_its_token_is_asked_again(school: School, fault: str) -> None:
    school.world.load()
    before = school.world.facts()
    school.simulator.break_down(fault, after=1)
    assert school.run(full=True).state == "done"
    assert school.world.facts() == before


def test_without_a_number_of_objects_a_list_that_ends_is_plausible_and_a_short_one_changes_nothing(
    school: School,
) -> None:
    school.world.load()
    school.simulator.break_down("no-total")
    assert school.run(full=True).completeness == "plausible"
    for user in ("hilla", "hannu", "ope"):
        school.simulator.roster.drop("users", user)
    assert school.run(2, full=True).state == "stopped"
    assert len(guardians(school.world, 2)) == 3


def test_a_server_that_refuses_a_filter_is_read_in_full_in_the_same_run(school: School) -> None:
    school.world.load()
    school.simulator.break_down("no-filter")
    report = school.run()
    assert (report.state, report.counts["rows"]) == ("done", 14)
    assert "refuses a filter" in str(report.warnings[0][1])


def test_everything_is_read_again_once_a_week_so_that_nobody_stays_who_was_never_marked(school: School) -> None:
    school.world.load()
    school.set(full_every_days=0)
    report = school.run()
    assert (report.counts["rows"], "time to read everything" in str(report.warnings[0][1])) == (14, True)


def test_what_a_held_run_read_of_lost_roles_is_kept_and_accepted_as_it_was(school: School) -> None:
    names = [f"p{n}" for n in range(12)]
    for name in names:
        school.add(name, "1a")
    school.world.load()
    for name in names:
        school.change("users", name, roles=[])
    assert school.run().state == "held"
    school.simulator.break_down("forbidden")
    report = school.world.later(days=1).accept()
    assert (report.state, pupils(school.world, 1)) == ("done", [("oona", "KOIVU"), ("ville", "KOIVU")])
