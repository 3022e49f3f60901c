"""An organisation moves to another legal entity: what its people keep, what they lose and from which day, and who is
told before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import WHOLE
from iam.access.commands.by_hand import end, grant
from iam.access.commands.effects import Effect
from iam.access.explanation.proof import prove
from iam.access.model.assignment import Assignment
from iam.access.right import rights
from iam.apply.run import Report, run_apply
from iam.change import Actor
from iam.directory.affiliation import Affiliation
from iam.sources.report import Report as Run
from tests.kit.factories import access, facts
from tests.kit.worlds.source import EMPLOYEES, NOW, World, built, fill, row
from tests.kit.worlds.source_kept import People

DECLARED = datetime(2026, 11, 29, 9, tzinfo=UTC)
BEFORE, ON, AFTER = (datetime(*day, 9, tzinfo=UTC) for day in ((2026, 12, 30), (2027, 1, 1), (2027, 2, 3)))
TIMES = {"before the day": BEFORE, "on the day": ON, "after the day": AFTER}
MERGER = """
organisations:
  - {key: mansikkala, kind: municipality, parent: mustikkamaa, name: {fi: Mansikkala}, legal_entity: true, to: 2026-12-31}
  - {key: mansikkala, parent: puolukka, from: 2027-01-01}
relations:
  - {organisation: puolukka, kind: continues, other: mansikkala, from: 2027-01-01}
"""
SCHOOL_GOES = """
organisations:
  - {key: KOIVU, kind: school, parent: mansikkala, name: {fi: Koivu}, to: 2026-12-31}
  - {key: KOIVU, parent: puolukka, from: 2027-01-01}
"""
ROLES = ("kayttaja", "opettaja", "vieras", "naapuri")
FILE = [row(n, toimipisteet="KOIVU:60|RANTA:40" if n == 1 else "KOIVU:100") for n in range(1, 9)]
CORRECTED = [one | {"nimike": "Erityisopettaja"} for one in FILE]


@dataclass(frozen=True)
class Town:
    """Mansikkala with its HR source, and what the rules of the consortium, of the town and of the county give."""

    world: World
    roles: Mapping[str, UUID]
    visitor: UUID

    def at(self, moment: datetime) -> Town:
        return replace(self, world=replace(self.world, at=moment))

    def declare(self, text: str, actor: Actor | None = None, **options: Any) -> Report:
        path = self.world.folder / "moves.yaml"
        path.write_text(text, encoding="utf-8")
        with self.world.now(), self.world.sessions.begin() as session:
            return run_apply(session, [path], {}, actor or self.world.clerk, self.world.vault, **options)

    def decide(self, text: str) -> None:
        """Declare, and let a second person accept what waits."""
        held = self.declare(text).held
        if held is not None:
            assert self.declare(text, self.world.second, accept=held.digest).applied is not None

    def run(self, table: list[dict[str, str]]) -> Run:
        return self.world.run(table)

    def held(self) -> dict[str, set[tuple[str, str]]]:
        """Who holds what now, role and scope; every right is proved."""
        people = {**self.world.persons(), "visitor": self.visitor}
        with self.world.now(), self.world.sessions() as session:
            found = {
                name: {(one.role_key, one.scope_key) for one in rights(session, id_, None)}
                for name, id_ in people.items()
            }
            assert [prove(session, id_) for id_ in people.values()] == [[]] * len(people)
        return found


@pytest.fixture
def town(engine: Engine, tmp_path: Path) -> Town:
    """Eight teachers of KOIVU, one of them in RANTA too; a psychologist of the county who comes to KOIVU by an
    agreement."""
    world = built(engine, tmp_path, "moves", _fill)
    world.load(FILE)
    with world.now(), world.sessions.begin() as session:
        access.derive_all(session)
    return Town(world, {key: world.ids[key] for key in ROLES}, world.ids["visitor"])


def _fill(session: Session) -> People:
    known = fill(session)
    ids = known.ids
    with clock.fixed(NOW):
        root = facts.roots(session)[0]
        of_all, of_town = (
            access.application(session, owner, key) for owner, key in ((root, "verkko"), (ids["mansikkala"], "wilma"))
        )
        roles = {
            key: access.role(session, application, key)
            for key, application in zip(ROLES, (of_all, of_town, of_all, of_all), strict=True)
        }
        access.rule(
            session, root, EMPLOYEES | {"gives": {"role": "verkko:kayttaja", "scope": "organisation of a"}}, "kaikille"
        )
        access.code_list(session, "opettajat", "luokanopettaja")
        own = {"bind": {"a": {"affiliation": {"kind": "employee", "occupation": {"in_list": "opettajat"}}}}}
        access.rule(
            session,
            ids["mansikkala"],
            own | {"gives": {"role": "wilma:opettaja", "scope": "organisation of a"}},
            "omille",
        )
        for owner, key, place in (("marjala-hva", "vieras", "KOIVU"), ("mansikkala", "naapuri", "OPISTO")):
            gives = {"role": f"verkko:{key}", "scope": {"organisation": place}}
            access.rule(
                session, ids[owner], {"bind": {"a": {"affiliation": {"kind": "employee"}}}, "gives": gives}, key
            )
        for grantor, grantee, place, who in (
            ("mansikkala", "marjala-hva", "KOIVU", "psykologi"),
            ("puolukka", "mansikkala", "OPISTO", "luokanopettaja"),
        ):
            allows = {who: ["oppilaat:read"]}
            access.agreement(session, ids[grantor], ids[grantee], ids[place], allows, key=f"{grantor}-{grantee}")
        visitor = facts.person(session, "Psykologi")
        facts.affiliation(session, visitor, ids["PERHEKESKUS"], occupation="psykologi")
    return replace(known, ids={**ids, **roles, "visitor": visitor})


def lost(report: Report) -> list[Effect]:
    return [] if report.held is None else [one for one in report.held.effects.rows if not one.gains]


@pytest.mark.parametrize("when", TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("table", [FILE, CORRECTED], ids=["the same file", "titles corrected"])
def test_nobody_loses_anything_when_their_town_is_merged_whole(
    town: Town, table: list[dict[str, str]], when: datetime
) -> None:
    town = town.at(DECLARED)
    had = town.held()
    assert had["1"] == {
        ("kayttaja", "KOIVU"),
        ("kayttaja", "RANTA"),
        ("opettaja", "KOIVU"),
        ("opettaja", "RANTA"),
        ("naapuri", "OPISTO"),
    }
    assert had["visitor"] == {("kayttaja", "PERHEKESKUS"), ("vieras", "KOIVU")}
    assert lost(town.declare(MERGER)) == []
    town.decide(MERGER)
    assert town.held() == had
    town = town.at(when)
    assert town.held() == had, "before anything is run"
    report = town.run(table)
    assert (report.state, report.counts.get("rights_lose", 0), report.counts.get("lost", 0)) == ("done", 0, 0)
    assert town.held() == had
    assert town.at(AFTER + timedelta(days=90)).held() == had


@pytest.mark.parametrize("when", TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("table", [FILE, CORRECTED], ids=["the same file", "titles corrected"])
def test_a_school_that_goes_alone_keeps_what_the_consortium_gives_and_loses_what_the_town_gave_on_the_day(
    town: Town, table: list[dict[str, str]], when: datetime
) -> None:
    town = town.at(DECLARED)
    had = town.held()
    town.decide(SCHOOL_GOES)
    assert town.held() == had, "nothing ends before the day"
    town = town.at(when)
    assert town.run(table).state == "held", (
        "the town's file may tell of the school until June only, and a second person looks"
    )
    of_the_school = {("kayttaja", "KOIVU")}
    left = dict.fromkeys(had, of_the_school) | {
        "1": {("kayttaja", "KOIVU"), ("kayttaja", "RANTA"), ("opettaja", "RANTA"), ("naapuri", "OPISTO")},
        "visitor": {("kayttaja", "PERHEKESKUS")},
    }
    assert town.held() == (had if when < ON else left)
    town.world.accept()
    assert town.held() == (had if when < ON else left)
    assert town.at(AFTER).held() == left


def test_before_a_school_goes_the_preview_names_everybody_who_loses_by_it_and_a_second_person_looks(town: Town) -> None:
    town = town.at(DECLARED)
    report = town.declare(SCHOOL_GOES)
    assert report.held is not None
    people, day = town.world.persons(), clock.day_start(ON.date())
    teachers = {(people[name], town.roles["opettaja"]) for name in people}
    neighbours = {(people[name], town.roles["naapuri"]) for name in people if name != "1"}
    assert {(one.person_id, one.role_id) for one in lost(report)} == teachers | neighbours | {
        (town.visitor, town.roles["vieras"])
    }
    assert {one.valid_from for one in lost(report)} == {day}, "each of them from the day on"
    assert any("8 of 8 people lose" in reason.message % reason.params for reason in report.held.reasons)


def test_where_no_successor_is_named_the_parties_of_an_agreement_are_not_followed(town: Town) -> None:
    town = town.at(DECLARED)
    alone = MERGER.partition("relations:")[0]
    assert (town.visitor, town.roles["vieras"]) in {(one.person_id, one.role_id) for one in lost(town.declare(alone))}
    town.decide(alone)
    assert town.at(ON).held()["visitor"] == {("kayttaja", "PERHEKESKUS")}


def test_a_merged_town_s_rule_gives_no_more_in_its_new_entity_than_the_agreement_did(town: Town) -> None:
    town = town.at(DECLARED)
    town.decide(MERGER)
    with town.world.now(), town.world.sessions.begin() as session:
        agreed = select(Assignment).where(Assignment.role_id == town.roles["naapuri"], Assignment.closed_by.is_(None))
        assert all(one.clause_id is not None for one in session.scalars(agreed))
        access.change_role(session, town.roles["naapuri"], ["oppilaat:read", "arviointi:write"])
        access.derive_all(session)
    assert ("naapuri", "OPISTO") not in town.at(AFTER).held()["2"], "its role holds more than the clause allows"


def by_hand(town: Town, name: str, place: str, role: str = "opettaja") -> Assignment:
    """Hand a role out in a place to a teacher, until the end of June, in the capacity of KOIVU."""
    person_id, ids = town.world.persons()[name], town.world.ids
    with town.world.now(), town.world.sessions.begin() as session:
        mine = select(Affiliation.fact_id).where(
            Affiliation.person_id == person_id, Affiliation.organisation_id == ids["KOIVU"]
        )
        capacity = session.scalars(mine.where(Affiliation.closed_by.is_(None))).one()
        june = datetime(2027, 6, 30, tzinfo=UTC)
        return grant(
            session, person_id, capacity, town.roles[role], ids[place], "Sijaistaa", june, town.world.clerk, WHOLE
        )


def test_what_was_handed_out_in_the_town_ends_on_the_day_when_the_school_goes(town: Town) -> None:
    town = town.at(DECLARED)
    by_hand(town, "2", "RANTA")
    had = town.held()
    assert ("opettaja", "RANTA") in had["2"]
    assert (town.world.persons()["2"], town.world.ids["RANTA"]) in {
        (one.person_id, one.scope_id) for one in lost(town.declare(SCHOOL_GOES))
    }
    town.decide(SCHOOL_GOES)
    assert [("opettaja", "RANTA") in town.at(when).held()["2"] for when in (DECLARED, BEFORE, ON)] == [
        True,
        True,
        False,
    ]


def test_what_was_handed_out_before_a_merger_goes_on_after_it_and_is_ended_whole(town: Town) -> None:
    town = town.at(DECLARED)
    right = by_hand(town, "2", "RANTA")
    town.decide(MERGER)
    assert [("opettaja", "RANTA") in town.at(when).held()["2"] for when in TIMES.values()] == [True, True, True]
    with town.world.now(), town.world.sessions.begin() as session:
        open_ = select(Assignment).where(Assignment.origin == "hand", Assignment.closed_by.is_(None))
        pieces = session.scalars(open_.order_by(Assignment.valid_from)).all()
        assert [one.valid_from for one in pieces] == [right.valid_from, clock.day_start(ON.date())]
        end(session, pieces[0].id, "Ei tarvita", town.world.clerk)
    assert [("opettaja", "RANTA") in town.at(when).held()["2"] for when in TIMES.values()] == [False, False, False]


def test_what_is_handed_out_once_a_merger_is_known_holds_before_and_after_the_day(town: Town) -> None:
    town = town.at(DECLARED)
    town.decide(MERGER)
    given = by_hand(town, "2", "RANTA")
    assert given.valid_to == clock.day_start(ON.date())
    assert [("opettaja", "RANTA") in town.at(when).held()["2"] for when in TIMES.values()] == [True, True, True]


def test_a_right_by_hand_that_no_clause_carries_is_found(town: Town) -> None:
    town = town.at(DECLARED)
    right = by_hand(town, "2", "RANTA")
    with town.world.now(), town.world.sessions.begin() as session:
        assert prove(session, right.person_id) == []
        session.get_one(Assignment, right.id).scope_id = town.world.ids["OPISTO"]
        session.flush()
        assert prove(session, right.person_id) == [right.id]
