"""Whose row it is: found by number or code, made anew, or left for a human to decide."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select

from connectors import registry
from iam import clock
from iam.directory import identity_code
from iam.directory.affiliation import Absence, Affiliation
from iam.directory.name_words import sort_key
from iam.directory.person import Identifier, Person, PersonProfile
from iam.directory.queries import profile
from iam.directory.source import Ambiguity, Record
from iam.jobs import Worker
from iam.signin.accounts.account import Account
from iam.signin.addresses import change as addresses, worker as address_notice
from iam.sources.identity.decide import decide
from tests.kit.factories import facts
from tests.kit.worlds.source import World, build, code, hr_text, row, rows


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return build(engine, tmp_path)


def numbers(world: World) -> list[str]:
    """The employee numbers that name somebody now."""
    standing = select(Identifier.value).where(Identifier.kind == "employee-number", Identifier.closed_by.is_(None))
    return sorted(world.all(standing))


def shown_code(world: World, person_id: UUID) -> str:
    with world.sessions() as session, clock.fixed(world.at):
        return identity_code.show(session, world.vault, person_id, "tarkistus", world.clerk)


def somebody_with(world: World, n: int) -> UUID:
    """A person of another system whose identity code is number ``n``'s."""
    with world.sessions.begin() as session, world.now():
        person_id = facts.person(session, "Aiempi")
        session.add(
            Identifier(
                person_id=person_id,
                kind="identity-code",
                issuer="",
                value_mac=world.vault.mac("identity-code", "", code(n)),
                valid_from=clock.LONG_AGO,
                valid_to=clock.FOREVER,
                opened_by=facts.change(session).id,
            )
        )
    return person_id


def of_hr(world: World) -> int:
    """How many persons the HR source describes now."""
    described = (PersonProfile.source_id.is_not(None), PersonProfile.closed_by.is_(None))
    return int(world.scalar(select(func.count(PersonProfile.person_id.distinct())).where(*described)))


def test_the_rows_of_one_employee_number_are_one_person(world: World) -> None:
    world.open("OPISTO")
    world.load([row(1, "P1-1"), row(1, "P1-2", toimipisteet="OPISTO:100"), row(2)])
    assert of_hr(world) == 2
    assert len(set(world.all(select(Affiliation.person_id)))) == 2


def test_two_people_whose_codes_differ_only_in_the_separator_stay_two(world: World) -> None:
    world.load([row(1, hetu=code(1, "-")), row(2, hetu=code(1, "Y"))])
    people = world.persons()
    assert people["1"] != people["2"]
    assert (shown_code(world, people["1"]), shown_code(world, people["2"])) == (code(1, "-"), code(1, "Y"))


def test_two_employee_numbers_with_one_identity_code_are_one_person(world: World) -> None:
    world.load([row(1), row(2, hetu=code(1), toimipisteet="RANTA:100")])
    people = world.persons()
    assert people["1"] == people["2"]
    assert (of_hr(world), numbers(world)) == (1, ["1", "2"])
    assert [one[:2] for one in world.affiliations() if one[0] == "1"] == [("1", "KOIVU"), ("1", "RANTA")]
    assert shown_code(world, people["1"]) == code(1)


def test_a_second_number_of_a_person_who_is_known_finds_that_person(world: World) -> None:
    world.load([row(1)])
    world.later(days=1).run([row(1), row(2, hetu=code(1))])
    assert world.persons()["1"] == world.persons()["2"]


def test_a_change_in_one_of_two_numbers_rows_leaves_the_other_number_alone(world: World) -> None:
    world.load([row(1), row(2, hetu=code(1))])
    world.later(days=1).run([row(1, nimike="Rehtori"), row(2, hetu=code(1))])
    assert numbers(world) == ["1", "2"]
    assert len(world.all(select(Identifier.version_id).where(Identifier.kind == "employee-number"))) == 2


def test_a_person_of_another_system_is_found_by_the_identity_code(world: World) -> None:
    known = somebody_with(world, 1)
    world.load([row(1)])
    assert world.persons()["1"] == known


def test_nobody_is_found_by_name(world: World) -> None:
    world.load(
        [
            row(1, hetu="", sukunimi="Sama"),
            row(2, hetu="", sukunimi="Sama", etunimet="Etunimi1 Toinen", kutsumanimi="Etunimi1"),
        ]
    )
    assert of_hr(world) == 2


def test_the_order_of_what_finds_a_person_is_the_source_s_setting(world: World) -> None:
    world.change_source(correlate=["employee-number"])
    world.load([row(1), row(2, hetu=code(1))])
    assert numbers(world) == ["1", "2"]
    assert len(set(world.persons().values())) == 2


def test_a_code_that_nobody_looks_by_belongs_to_the_first_who_tells_it(world: World) -> None:
    world.change_source(correlate=["learner-number"])
    world.load([row(1), row(2, hetu=code(1))])
    with_code = world.all(select(Identifier.person_id).where(Identifier.kind == "identity-code"))
    assert with_code == [world.persons()["1"]]


def test_a_new_number_that_shares_a_known_person_s_new_code_is_that_person(world: World) -> None:
    world.load([row(2, hetu="")])
    known = world.persons()["2"]
    world.later(days=1).run([row(1), row(2, hetu=code(1))])
    assert world.persons() == {"1": known, "2": known}
    assert shown_code(world, known) == code(1)


def test_two_known_people_who_are_told_the_same_code_wait_for_a_human(world: World) -> None:
    world.load([row(1, hetu=""), row(2, hetu="", toimipisteet="RANTA:100"), row(3)])
    people = world.persons()
    table = [row(1, nimike="Muu"), row(2, hetu=code(1), nimike="Muu", toimipisteet="RANTA:100"), row(3)]
    report = world.later(days=1).run(table)
    assert (report.state, report.counts["ambiguous"]) == ("partial", 2)
    both = sorted([str(people["1"]), str(people["2"])])
    questions = world.all(select(Ambiguity).order_by(Ambiguity.person_key))
    assert [(one.person_key, one.candidates) for one in questions] == [("1", both), ("2", both)]
    assert (
        world.all(select(Identifier).where(Identifier.kind == "identity-code", Identifier.person_id != people["3"]))
        == []
    )
    with world.sessions.begin() as session, world.later(days=2).now():
        for question in questions:
            decide(session, question.id, people[question.person_key], world.second)
    assert world.later(days=2).run().state == "done"
    assert world.persons() == people
    assert set(world.all(select(Affiliation.title).where(Affiliation.closed_by.is_(None)))) == {"Muu", "Luokanopettaja"}


def test_a_corrected_identity_code_keeps_the_person_and_replaces_the_code(world: World) -> None:
    world.load([row(1, hetu=code(50)), row(2)])
    person_id = world.persons()["1"]
    report = world.later(days=1).run([row(1, hetu=code(51)), row(2)])
    assert report.state == "done"
    assert world.persons()["1"] == person_id
    macs = world.all(
        select(Identifier.value_mac).where(
            Identifier.person_id == person_id, Identifier.kind == "identity-code", Identifier.closed_by.is_(None)
        )
    )
    assert macs == [world.vault.mac("identity-code", "", code(51))]
    assert shown_code(world, person_id) == code(51)
    world.later(days=2).run([row(1, hetu=code(51)), row(2), row(3, hetu=code(50))])
    assert world.persons()["3"] != person_id


def test_a_code_that_comes_later_is_sealed_for_the_person_who_had_none(world: World) -> None:
    world.load([row(1, hetu="")])
    world.later(days=1).run([row(1)])
    assert shown_code(world, world.persons()["1"]) == code(1)


def test_a_code_that_is_left_out_later_stays(world: World) -> None:
    world.load([row(1)])
    world.later(days=1).run([row(1, hetu="")])
    assert shown_code(world, world.persons()["1"]) == code(1)


def ambiguous(world: World) -> tuple[Any, UUID]:
    """Load employee 1, then let her row carry the code of somebody else; return the open question and that person."""
    world.load([row(1), *rows(range(10, 13))])
    other = somebody_with(world, 60)
    changed = row(1, hetu=code(60), nimike="Rehtori", toimipisteet="RANTA:100", keskeytys_alku="1.10.2026")
    report = world.later(days=1).run([changed, *rows(range(10, 14))])
    assert (report.state, report.exit_code, report.counts["ambiguous"]) == ("partial", 0, 1)
    return world.scalar(select(Ambiguity)), other


def test_a_row_whose_number_and_code_name_two_people_waits_for_a_human(world: World) -> None:
    question, other = ambiguous(world)
    assert sorted(question.candidates) == sorted([str(world.persons()["1"]), str(other)])
    assert (question.person_key, question.decided_person_id) == ("1", None)


def test_what_an_ambiguous_row_says_is_kept_to_be_seen_beside_the_candidates(world: World) -> None:
    question, _ = ambiguous(world)
    assert question.told["name"]
    assert "code" not in str(question.told)
    assert [place[1:] for place in question.told["places"]] == [["Rehtori", "employee"]]


def test_nothing_is_written_for_an_ambiguous_row_while_the_others_are(world: World) -> None:
    ambiguous(world)
    assert ("1", "KOIVU", "employee", "2026-08-01", "") in world.affiliations()
    assert not [one for one in world.affiliations() if one[:2] == ("1", "RANTA")]
    assert world.all(select(Absence)) == []
    assert ("13", "KOIVU", "employee", "2026-08-01", "") in world.affiliations()


def test_an_ambiguous_row_asks_once_and_is_counted_by_every_run(world: World) -> None:
    ambiguous(world)
    report = world.later(days=2).run()
    assert report.counts["ambiguous"] == 1
    assert world.scalar(select(func.count(Ambiguity.id))) == 1


@pytest.mark.parametrize("chosen", ["the one of the number", "the one of the code"])
def test_once_decided_the_next_run_gives_the_row_to_that_person(world: World, chosen: str) -> None:
    question, other = ambiguous(world)
    person_id = other if chosen == "the one of the code" else world.persons()["1"]
    with world.sessions.begin() as session, world.later(days=2).now():
        decide(session, question.id, person_id, world.second)
    report = world.later(days=2).run()
    assert (report.state, report.counts["ambiguous"]) == ("done", 0)
    a = Affiliation
    standing = world.all(
        select(a.person_id, a.title)
        .join(Record, Record.id == a.record_id)
        .where(Record.key == "P1", a.closed_by.is_(None), a.valid_to > report_end(world))
    )
    assert standing == [(person_id, "Rehtori")]
    before = world.facts()
    assert world.later(days=3).run().state == "done"
    assert world.facts() == before


def report_end(world: World) -> Any:
    return world.later(days=2, hours=1).at


def test_an_ambiguous_row_of_a_first_run_is_left_out_and_its_people_stay_as_they_were(world: World) -> None:
    first, second = somebody_with(world, 1), somebody_with(world, 2)
    with world.sessions.begin() as session, world.now():
        session.add(
            Identifier(
                person_id=second,
                kind="employee-number",
                issuer="hr",
                value="1",
                valid_from=clock.LONG_AGO,
                valid_to=clock.FOREVER,
                opened_by=facts.change(session).id,
            )
        )
    report = world.load([row(1), row(3)])
    assert (report.state, report.counts["ambiguous"]) == ("partial", 1)
    assert sorted(world.scalar(select(Ambiguity.candidates))) == sorted([str(first), str(second)])
    assert [one[0] for one in world.affiliations()] == ["3"]


def test_a_run_makes_no_person_twice(world: World) -> None:
    world.load(rows(range(5)))
    before = world.scalar(select(func.count(Person.id)))
    world.later(days=1).run([row(n, nimike="Muu") for n in range(5)])
    assert world.scalar(select(func.count(Person.id))) == before


def another_town_tells(world: World, place: str, priority: int) -> None:
    """A source of the joint authority tells of the teacher with number 1, under another name, and is accepted."""
    path = world.folder / f"{place}.csv"
    told = row(
        1,
        "T1",
        hetu=code(1),
        henkilonumero="900",
        sukunimi="Väärä",
        sahkoposti="vaara@muu.example",
        toimipisteet=f"{place}:100",
    )
    path.write_text(hr_text([told]), encoding="utf-8")
    world.add_source("muu", "hr", {"path": str(path)}, priority=priority, correlate=["identity-code"])
    other = world.of("muu").later(days=1)
    other.change_source(owner_id=world.ids["puolukka"])
    other.run()
    if other.scalar(select(func.count()).select_from(Ambiguity)) == 0:
        other.accept()


def shown(world: World) -> tuple[str | None, str]:
    """The family name of the teacher with number 1, and the one that lists are ordered by."""
    person_id = world.persons()["1"]
    with world.sessions() as session, world.later(days=2).now():
        name = profile(session, person_id).family_name
    return name, world.scalar(select(Person.sort_name).where(Person.id == person_id)).split()[0]


def test_another_town_that_recognises_a_teacher_by_the_code_gives_her_no_other_name(world: World) -> None:
    world.load([row(1)])
    another_town_tells(world, "KOIVU", 1)
    assert shown(world) == ("Sukunimi1", "sukunimi1")


@pytest.mark.parametrize(("priority", "name"), [(1, "Väärä"), (90, "Sukunimi1")])
def test_a_second_employer_names_her_as_far_as_the_sources_order_says(world: World, priority: int, name: str) -> None:
    world.load([row(1)])
    another_town_tells(world, "OPISTO", priority)
    assert shown(world) == (name, sort_key(name, None))


def test_a_run_has_the_addresses_of_those_with_a_login_compared(world: World) -> None:
    matching = deepcopy(dict(registry.matching("hr")))
    matching["employment"]["person"]["email"] = "kustannuspaikka"
    world.change_source(matching=matching)
    world.load([row(1, kustannuspaikka="eka@mansikkala.example"), row(2)])
    person_id = world.persons()["1"]
    with world.sessions.begin() as session:
        session.add(Account(person_id=person_id, login="eka", language=None))
        with world.now():
            addresses.follow(session, [person_id], timedelta(days=3))
    later = world.later(days=1)
    later.run([row(1, kustannuspaikka="toka@mansikkala.example"), row(2)])
    with later.now():
        handler = {addresses.TOUCHED: address_notice.Comparing(world.sessions, timedelta(days=3))}
        assert Worker(world.sessions, handler).deliver()["delivered"] == 1
    with world.sessions() as session:
        used = [addresses.usable(session, person_id, world.later(days=n).at) for n in (2, 4)]
    assert used == ["eka@mansikkala.example", "toka@mansikkala.example"]
