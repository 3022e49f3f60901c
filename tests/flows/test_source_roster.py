"""A OneRoster bundle: pupils, classes, memberships and guardians, and what ends when somebody leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from connectors import registry
from connectors.oneroster.files import FILES
from iam import clock
from iam.access.assignment import Assignment
from iam.directory.affiliation import Affiliation, Group, Membership, Relationship
from iam.directory.organisation import Organisation
from iam.directory.person import Identifier, PersonProfile
from iam.directory.source import RunReject
from iam.sources.report import Report
from tests.factories import facts
from tests.flows.source_world import World, build

Table = list[dict[str, str]]
COLUMNS = {file.name: file.layout.columns for file in FILES}


def pupil(key: str, agents: str = "", **values: str) -> dict[str, str]:
    return {"sourcedId": key, "givenName": key.title(), "familyName": "Esimerkki", "agentSourcedIds": agents} | values


def student(key: str, user: str, org: str = "org-k", **values: str) -> dict[str, str]:
    return {
        "sourcedId": key,
        "userSourcedId": user,
        "roleType": "primary",
        "role": "student",
        "orgSourcedId": org,
    } | values


def enrolled(key: str, user: str, class_: str, **values: str) -> dict[str, str]:
    return {
        "sourcedId": key,
        "userSourcedId": user,
        "classSourcedId": class_,
        "role": "student",
        "schoolSourcedId": "org-k",
    } | values


ROSTER: dict[str, Table] = {
    "orgs": [{"sourcedId": "org-k", "name": "K", "type": "school", "identifier": "KOIVU"}, {"sourcedId": "org-r", "name": "R", "type": "school", "identifier": "RANTA"}],
    "users": [pupil("oona", "hilla,hannu"), pupil("ville", "hilla"), pupil("hilla"), pupil("hannu"), pupil("ope")],
    "roles": [student("r1", "oona"), student("r2", "ville"), student("r3", "ope", role="teacher")],
    "classes": [{"sourcedId": "1a", "title": "1A", "schoolSourcedId": "org-k"}, {"sourcedId": "2b", "title": "2B", "schoolSourcedId": "org-k"}],
    "enrollments": [enrolled("e1", "oona", "1a"), enrolled("e2", "ville", "2b", beginDate="2026-08-10", endDate="2027-06-05")],
}  # fmt: skip


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    world = build(engine, tmp_path)
    world.add_source("primus", "oneroster", {"path": str(tmp_path / "bundle")}, purpose="perusopetus")
    return world.of("primus")


def write(world: World, **tables: Table) -> None:
    """Write the bundle; a table that is given takes the place of the usual one."""
    folder = world.folder / "bundle"
    folder.mkdir(exist_ok=True)
    lines = ["propertyName,value", "manifest.version,1.0", "oneroster.version,1.2"]
    lines += [f"file.{name},{'bulk' if name in ROSTER else 'absent'}" for name in sorted(COLUMNS)]
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    for name, table in (ROSTER | tables).items():
        quoted = (",".join(f'"{one.get(column, "")}"' for column in COLUMNS[name]) for one in table)
        (folder / f"{name}.csv").write_text("".join(f"{line}\n" for line in (",".join(COLUMNS[name]), *quoted)))


def load(world: World, **tables: Table) -> Report:
    write(world, **tables)
    return world.load()


def run(world: World, days: int, **tables: Table) -> Report:
    write(world, **tables)
    return world.later(days=days).run()


def person(world: World, key: str) -> Any:
    return world.scalar(select(Identifier.person_id).where(Identifier.kind == "oneroster-id", Identifier.value == key))


def members(world: World, days: int = 0) -> list[tuple[str, str]]:
    """Class and pupil of the memberships that hold so many days later."""
    m, at = Membership, world.later(days=days, minutes=1).at
    query = (
        select(Group.key, Identifier.value)
        .join(m, m.group_id == Group.id)
        .join(Identifier, (Identifier.person_id == m.person_id) & (Identifier.kind == "oneroster-id"))
        .where(m.closed_by.is_(None), m.valid_from <= at, m.valid_to > at)
    )
    return sorted(world.all(query))


def guardians(world: World, days: int = 0) -> list[tuple[str, str]]:
    """Guardian and pupil of the relationships that hold so many days later."""
    r, at = Relationship, world.later(days=days, minutes=1).at
    held = world.all(
        select(r.person_id, r.other_person_id).where(
            r.closed_by.is_(None), r.kind == "guardian_of", r.valid_from <= at, r.valid_to > at
        )
    )
    names = dict(world.all(select(Identifier.person_id, Identifier.value).where(Identifier.kind == "oneroster-id")))
    return sorted((names[one], names[other]) for one, other in held)


def pupils(world: World, days: int = 0) -> list[tuple[str, str]]:
    """Pupil and school of the affiliations that hold so many days later."""
    a, at = Affiliation, world.later(days=days, minutes=1).at
    query = (
        select(Identifier.value, Organisation.key)
        .join(a, a.person_id == Identifier.person_id).join(Organisation, Organisation.id == a.organisation_id)
        .where(Identifier.kind == "oneroster-id", a.closed_by.is_(None), a.kind == "student", a.valid_from <= at, a.valid_to > at)
    )  # fmt: skip
    return sorted(world.all(query))


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
        select(Organisation.key).join(Assignment, Assignment.scope_id == Organisation.id)
        .where(Assignment.person_id == person(world, "hannu"), Assignment.closed_by.is_(None), Assignment.valid_to > world.later(days=1).at)
    )  # fmt: skip
    assert scopes == ["RANTA"]


def test_a_pupil_with_a_learner_number_is_found_in_another_roster(world: World) -> None:
    load(world, users=[pupil("oona", userIds="{learner-number:1.2.246.562.98.10000000017}"), *ROSTER["users"][1:]])
    other = world.of("toinen")
    world.add_source("toinen", "oneroster", {"path": str(world.folder / "toinen" / "bundle")}, purpose="perusopetus")
    there = replace(other, folder=world.folder / "toinen")
    there.folder.mkdir()
    load(
        there, users=[pupil("uusi", userIds="{learner-number:1.2.246.562.98.10000000017}")], roles=[student("r1", "uusi", "org-r")],
        classes=[{"sourcedId": "3c", "title": "3C", "schoolSourcedId": "org-k"}], enrollments=[enrolled("e1", "uusi", "3c")],
    )  # fmt: skip
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
