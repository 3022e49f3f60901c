"""A OneRoster bundle: pupils, classes, memberships and guardians, and what ends when somebody leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from connectors import registry
from iam import clock
from iam.access.model.assignment import Assignment
from iam.directory.affiliation import Affiliation, Group, Membership
from iam.directory.organisation import Organisation
from iam.directory.person import PersonProfile
from iam.directory.source import RunReject
from tests.kit.factories import facts
from tests.kit.worlds.roster import (
    ROSTER,
    Table,
    build,
    enrolled,
    guardians,
    load,
    members,
    person,
    pupil,
    pupils,
    run,
    student,
    write_old,
)
from tests.kit.worlds.source import World


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return build(engine, tmp_path)


def test_pupils_classes_memberships_and_guardians_are_facts(world: World) -> None:
    report = load(world)
    assert (report.counts["rows"], report.counts["start"]) == (14, 2)
    assert pupils(world) == [("oona", "KOIVU"), ("ville", "KOIVU")]
    assert members(world) == [("1a", "oona"), ("2b", "ville")]
    assert guardians(world) == [("hannu", "oona"), ("hilla", "oona"), ("hilla", "ville")]
    assert world.all(select(Group.kind, Group.organisation_id).distinct()) == [("class", world.ids["KOIVU"])]


def test_a_class_s_name_tells_where_its_members_are_and_is_marked(world: World) -> None:
    load(world)
    assert sorted(str.__str__(name) for name in world.all(select(Group.name))) == ["1A", "2B"]
    assert {str(name) for name in world.all(select(Group.name))} == {"…"}


def test_a_teacher_of_the_roster_is_a_person_but_not_employed_by_it(world: World) -> None:
    load(world)
    assert person(world, "ope") is not None
    assert world.all(select(Affiliation).where(Affiliation.person_id == person(world, "ope"))) == []


def test_an_unchanged_bundle_changes_nothing(world: World) -> None:
    load(world)
    before = world.facts()
    report = run(world, 1)
    assert (report.state, report.counts["unchanged"]) == ("done", 14)
    assert world.facts() == before


def test_moving_to_another_class_ends_the_one_membership_and_starts_the_other(world: World) -> None:
    load(world)
    run(world, 1, enrollments=[enrolled("e1", "oona", "2b", beginDate="2026-09-16"), ROSTER["enrollments"][1]])
    assert members(world) == [("1a", "oona"), ("2b", "ville")]
    assert members(world, 1) == [("2b", "oona"), ("2b", "ville")]


def test_leaving_a_class_ends_the_membership_once_it_is_missed_a_second_time_and_keeps_its_past(world: World) -> None:
    load(world)
    without = ROSTER["enrollments"][1:]
    world.change_source(missing_hours=20)
    many = [enrolled(f"x{n}", "ville", "2b") for n in range(200)]
    run(world, 1, enrollments=[*ROSTER["enrollments"], *many])
    run(world, 2, enrollments=[*without, *many])
    assert ("1a", "oona") in members(world, 2)
    run(world, 3, enrollments=[*without, *many])
    assert ("1a", "oona") in members(world, 2)
    assert ("1a", "oona") not in members(world, 3)
    before = world.facts()
    run(world, 4, enrollments=[*without, *many])
    assert world.facts() == before
    assert ("1a", "oona") in members(world, 2)


def test_a_row_marked_to_be_deleted_ends_at_once(world: World) -> None:
    many = [enrolled(f"x{n}", "ville", "2b") for n in range(200)]
    load(world, enrollments=[*ROSTER["enrollments"], *many])
    marked = [enrolled("e1", "oona", "1a", status="tobedeleted"), ROSTER["enrollments"][1], *many]
    run(world, 1, enrollments=marked)
    assert ("1a", "oona") in members(world)
    assert ("1a", "oona") not in members(world, 1)
    again = world.facts()
    run(world, 2, enrollments=marked)
    assert world.facts() == again


def test_corrected_days_of_a_membership_keep_its_fact(world: World) -> None:
    load(world)
    mine = Membership.person_id == person(world, "ville")
    fact = world.scalar(select(Membership.fact_id).where(mine))
    run(
        world,
        1,
        enrollments=[
            ROSTER["enrollments"][0],
            enrolled("e2", "ville", "2b", beginDate="2026-08-10", endDate="2026-12-18"),
        ],
    )
    found = world.all(select(Membership.fact_id, Membership.valid_to).where(mine, Membership.closed_by.is_(None)))
    assert found == [(fact, clock.day_end(clock_day("2026-12-18")))]


def clock_day(text: str) -> Any:
    return date.fromisoformat(text)


def test_a_guardian_who_is_no_longer_told_ends_now_and_keeps_the_others(world: World) -> None:
    load(world)
    run(world, 1, users=[pupil("oona", "hannu"), *ROSTER["users"][1:]])
    assert guardians(world) == [("hannu", "oona"), ("hilla", "oona"), ("hilla", "ville")]
    assert guardians(world, 1) == [("hannu", "oona"), ("hilla", "ville")]


def guardian_rule(world: World) -> None:
    """A guardian has a role in the school of the child."""
    world.give_teachers_a_role(
        {
            "bind": {
                "g": {"relationship": {"kind": "guardian_of"}},
                "c": {"affiliation": {"kind": "student", "of": "g"}},
            },
            "gives": {"role": "wilma:opettaja", "scope": "organisation of c"},
        }
    )


def holders(world: World) -> list[Any]:
    """Who holds a right from now on."""
    a = Assignment
    return world.all(select(a.person_id).where(a.closed_by.is_(None), a.valid_to > world.at).distinct())


def test_the_only_guardian_of_a_pupil_loses_the_right_with_the_relationship(world: World) -> None:
    guardian_rule(world)
    users, roles = [*ROSTER["users"], pupil("heli")], [*ROSTER["roles"], student("r4", "aada")]
    load(world, users=[*users, pupil("aada", "heli")], roles=roles)
    assert set(holders(world)) == {person(world, key) for key in ("hilla", "hannu", "heli")}
    run(world, 1, users=[*users, pupil("aada")], roles=roles)
    assert set(holders(world.later(days=1))) == {person(world, key) for key in ("hilla", "hannu")}


def test_a_guardian_gains_and_loses_with_the_child_s_school(world: World) -> None:
    guardian_rule(world)
    load(world)
    run(world, 1, roles=[student("r1", "oona", "org-r"), *ROSTER["roles"][1:]])
    scopes = world.all(
        select(Organisation.key)
        .join(Assignment, Assignment.scope_id == Organisation.id)
        .where(
            Assignment.person_id == person(world, "hannu"),
            Assignment.closed_by.is_(None),
            Assignment.valid_to > world.later(days=1).at,
        )
    )
    assert scopes == ["RANTA"]


def test_a_pupil_with_a_learner_number_is_found_in_another_roster(world: World) -> None:
    load(world, users=[pupil("oona", userIds="{learner-number:1.2.246.562.98.10000000017}"), *ROSTER["users"][1:]])
    other = world.of("toinen")
    world.add_source("toinen", "oneroster", {"path": str(world.folder / "toinen" / "bundle")}, purpose="perusopetus")
    there = replace(other, folder=world.folder / "toinen")
    there.folder.mkdir()
    load(
        there,
        users=[pupil("uusi", userIds="{learner-number:1.2.246.562.98.10000000017}")],
        roles=[student("r1", "uusi", "org-r")],
        classes=[{"sourcedId": "3c", "title": "3C", "schoolSourcedId": "org-k"}],
        enrollments=[enrolled("e1", "uusi", "3c")],
    )
    assert person(world, "uusi") == person(world, "oona")


def test_a_role_of_a_user_whose_row_is_rejected_waits_for_the_user(world: World) -> None:
    load(world)
    broken = [*ROSTER["users"], pupil("uusi", "eikukaan")]
    more = {
        "roles": [*ROSTER["roles"], student("r9", "uusi")],
        "enrollments": [*ROSTER["enrollments"], enrolled("e9", "uusi", "1a")],
    }
    report = run(world, 1, users=broken, **more)
    assert (report.state, world.all(select(RunReject.field))) == ("partial", ["agentSourcedIds"])
    assert person(world, "uusi") is None
    unnamed = select(func.count(Affiliation.version_id)).where(
        Affiliation.person_id.not_in(select(PersonProfile.person_id)), Affiliation.closed_by.is_(None)
    )
    assert world.scalar(unnamed) == 0
    run(world, 2, users=[*ROSTER["users"], pupil("uusi", "hannu")], **more)
    assert ("uusi", "KOIVU") in pupils(world, 2)
    assert ("1a", "uusi") in members(world, 2)
    assert ("hannu", "uusi") in guardians(world, 2)


def test_a_pupil_whose_guardian_s_row_is_rejected_comes_with_the_guardian(world: World) -> None:
    load(
        world,
        users=[
            pupil("oona", "hilla,hannu"),
            pupil("ville", "hilla"),
            pupil("hilla"),
            pupil("hannu", identifier="140381-902E"),
            pupil("ope"),
        ],
    )
    assert guardians(world) == [("hilla", "ville")]
    assert pupils(world) == [("ville", "KOIVU")]
    run(world, 1)
    assert guardians(world, 1) == [("hannu", "oona"), ("hilla", "oona"), ("hilla", "ville")]
    assert pupils(world, 1) == [("oona", "KOIVU"), ("ville", "KOIVU")]
    assert members(world, 1) == [("1a", "oona"), ("2b", "ville")]


def test_a_guardian_who_cannot_be_read_yet_is_related_as_soon_as_that_works(world: World) -> None:
    usual = registry.matching("oneroster")
    usual["user"]["person"]["birth_date"] = "identifier"
    world.change_source(matching=usual)
    load(
        world,
        users=[
            pupil("oona", "hilla,hannu"),
            pupil("ville", "hilla"),
            pupil("hilla"),
            pupil("hannu", identifier="31.2.1980"),
            pupil("ope"),
        ],
    )
    assert guardians(world) == [("hilla", "oona"), ("hilla", "ville")]
    run(world, 1)
    assert guardians(world, 1) == [("hannu", "oona"), ("hilla", "oona"), ("hilla", "ville")]


def test_a_class_of_a_school_that_comes_later_gets_its_members_then(world: World) -> None:
    orgs = [*ROSTER["orgs"], {"sourcedId": "org-p", "name": "P", "type": "school", "identifier": "PUISTO"}]
    classes = [ROSTER["classes"][0] | {"schoolSourcedId": "org-p"}, ROSTER["classes"][1]]
    load(world, orgs=orgs, classes=classes)
    assert members(world) == [("2b", "ville")]
    with world.sessions.begin() as session, world.now():
        facts.organisation(session, "PUISTO", "school", world.ids["mansikkala"])
    run(world, 1, orgs=orgs, classes=classes)
    assert members(world, 1) == [("1a", "oona"), ("2b", "ville")]


def test_a_school_that_avain_does_not_know_is_told_and_its_pupils_too(world: World) -> None:
    orgs = [ROSTER["orgs"][0], ROSTER["orgs"][1] | {"identifier": "KADONNUT"}]
    report = load(world, orgs=orgs, roles=[*ROSTER["roles"], student("r9", "oona", "org-r")])
    assert sorted((problem.file, problem.field) for _, problem in report.rejects) == [
        ("orgs.csv", "identifier"),
        ("roles.csv", "orgSourcedId"),
    ]
    assert pupils(world) == [("oona", "KOIVU"), ("ville", "KOIVU")]


def many(count: int) -> dict[str, Table]:
    """The tables of so many pupils of the class 1A."""
    return {
        "users": [pupil(f"o{n}") for n in range(count)],
        "roles": [student(f"r{n}", f"o{n}") for n in range(count)],
        "enrollments": [enrolled(f"e{n}", f"o{n}", "1a") for n in range(count)],
    }


def deleting(tables: dict[str, Table], count: int) -> dict[str, Table]:
    """The same tables with so many enrolments marked as deleted."""
    marked = [one | {"status": "tobedeleted"} if n < count else one for n, one in enumerate(tables["enrollments"])]
    return tables | {"enrollments": marked}


def test_more_than_a_hundredth_of_rows_marked_to_be_deleted_go_to_the_guard(world: World) -> None:
    load(world, **many(30))
    report = run(world, 1, **deleting(many(30), 5))
    assert (report.state, report.counts["deleted"], report.counts["link_end"]) == ("done", 5, 5)
    report = run(world, 2, **deleting(many(30), 12))
    assert (report.state, report.counts["deleted"], report.counts["held_link_end"]) == ("held", 12, 7)
    assert len(members(world, 2)) == 25


def test_rows_that_were_marked_as_deleted_may_be_left_out_afterwards(world: World) -> None:
    load(world, **many(30))
    run(world, 1, **deleting(many(30), 5))
    left = many(30) | {"enrollments": many(30)["enrollments"][5:]}
    assert run(world, 2, **left).state == "done"


def test_two_sources_may_use_the_same_class_key_in_one_school(world: World) -> None:
    load(world)
    world.add_source("wilma", "oneroster", {"path": str(world.folder / "wilma" / "bundle")}, purpose="perusopetus")
    other = replace(world.of("wilma"), folder=world.folder / "wilma")
    other.folder.mkdir()
    assert load(other).state == "done"
    assert world.all(select(func.count(Group.id)).where(Group.key == "1a")) == [2]
    assert members(world) == [("1a", "oona")] * 2 + [("2b", "ville")] * 2


def test_a_roster_in_oneroster_1_1_gives_the_same_persons_schools_classes_and_guardians(world: World) -> None:
    load(world)
    new = (pupils(world), members(world), guardians(world))
    assert all(new)
    world.add_source("wilma", "oneroster", {"path": str(world.folder / "wilma" / "bundle")}, purpose="perusopetus")
    other = replace(world.of("wilma"), folder=world.folder / "wilma")
    other.folder.mkdir()
    write_old(other)
    assert other.load().state == "done"
    assert (pupils(world), members(world), guardians(world)) == tuple(sorted([*found, *found]) for found in new)
    assert world.all(select(func.count(PersonProfile.person_id)).where(PersonProfile.given_names == "Oona")) == [2]


def test_a_pupil_whose_role_is_misspelled_in_oneroster_1_1_loses_nothing(world: World) -> None:
    write_old(world)
    world.load()
    before = pupils(world)
    for days in (1, 2, 3):
        write_old(world, roles=[student("r1", "oona", role="oppilas"), *ROSTER["roles"][1:]])
        assert world.later(days=days).run().state == "partial"
    assert pupils(world, 3) == before


@pytest.mark.parametrize("role", ["Student", "STUDENT", " student ", "oppilas"])
def test_no_pupil_ends_because_the_role_is_written_otherwise(world: World, role: str) -> None:
    load(world)
    for days in (1, 2, 3):
        report = run(world, days, roles=[student("r1", "oona", role=role), *ROSTER["roles"][1:]])
        assert (report.counts["missing"], report.counts.get("end", 0)) == (0, 0)
        assert report.counts["rejected"] == (role == "oppilas")
    assert pupils(world) == [("oona", "KOIVU"), ("ville", "KOIVU")]


def test_a_pupil_whose_user_is_disabled_loses_the_school_and_nothing_else_until_it_is_enabled_again(
    world: World,
) -> None:
    load(world)
    before, classes, parents = pupils(world), members(world), guardians(world)
    key = before[0][0]
    disabled = [one | {"enabledUser": "false"} if one["sourcedId"] == key else one for one in ROSTER["users"]]
    report = run(world, 1, users=disabled)
    assert report.counts["lost"] == 1
    assert pupils(world, 1) == [one for one in before if one[0] != key]
    assert (members(world, 1), guardians(world, 1)) == (classes, parents)
    assert run(world, 2, users=disabled).counts.get("lost", 0) == 0
    run(world, 3)
    assert pupils(world, 3) == before


def test_where_too_many_guardians_would_lose_a_right_the_children_stay_as_they_were_until_it_is_accepted(
    world: World,
) -> None:
    child = {"affiliation": {"kind": "student", "of": "g", "primary": True}}
    bind = {"g": {"relationship": {"kind": "guardian_of"}}, "c": child}
    world.give_teachers_a_role({"bind": bind, "gives": {"role": "wilma:opettaja", "scope": "organisation of c"}})
    names = [f"lapsi{n}" for n in range(20)]
    users = [one for name in names for one in (pupil(name, f"h-{name}"), pupil(f"h-{name}"))]
    told = {
        "users": users,
        "enrollments": [enrolled("e1", "lapsi9", "1a")],
        "roles": [student(f"r-{name}", name) for name in names],
    }
    load(world, **told)
    second = [student(f"r-{name}", name, roleType="secondary" if n < 8 else "primary") for n, name in enumerate(names)]
    report = run(world, 1, **{**told, "roles": second})
    assert (report.state, report.counts["rights_held_lose"]) == ("held", 8)
    assert len(holders(world.later(days=1))) == 20, "nobody has lost anything"
    assert (
        world.scalar(
            select(func.count())
            .select_from(Affiliation)
            .where(Affiliation.closed_by.is_(None), ~Affiliation.is_primary)
        )
        == 0
    )
    assert world.later(days=1).accept().counts["rights_lose"] == 8
    assert len(holders(world.later(days=1))) == 12


ANOTHER = {"givenName": "Aku", "familyName": "Ankka"}
"""What is told under a key that has been somebody else's."""


def test_a_guardian_whose_own_row_is_in_question_stays_the_guardian_though_the_child_s_row_changes(
    world: World,
) -> None:
    load(world)
    users = [
        pupil("oona", "hilla", givenName="Oona-Liina"),
        pupil("ville", "hilla"),
        pupil("hilla", **ANOTHER),
        pupil("hannu"),
        pupil("ope"),
    ]
    assert run(world, 1, users=users).counts["ambiguous"] == 1
    assert guardians(world, 1) == [("hilla", "oona"), ("hilla", "ville")], "only who is not told any more ends"


def test_of_a_pupil_in_question_nothing_moves_but_an_end_that_is_told_acts(world: World) -> None:
    enrollments = [enrolled("e1", "oona", "1a"), enrolled("e2", "ville", "2b")]
    load(world, enrollments=enrollments)
    users = [pupil("oona", "hannu", **ANOTHER), *ROSTER["users"][1:]]
    ends = enrolled("e1", "oona", "2b", beginDate="2026-08-10", endDate="2026-10-31")
    run(world, 1, users=users, enrollments=[ends, enrollments[1]])
    assert members(world, 1) == [("1a", "oona"), ("2b", "ville")], "she is not moved to another class"
    assert members(world, 60) == [("2b", "ville")]
    assert ("hilla", "oona") in guardians(world, 60), "nor does a guardian end"
