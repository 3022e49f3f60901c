"""Every derived right is proved again from the facts, and one that nobody derived is found."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from iam.access.explanation.proof import prove
from iam.access.model.agreements import clauses
from iam.access.model.assignment import Assignment
from iam.database.types import uuid7
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day
from tests.kit.held import open_assignments
from tests.kit.worlds import plain as worlds
from tests.kit.worlds.plain import LAST_DAY, PERSONS, WorldSpec
from tests.unit.access.conftest import Town

AUTUMN = day("2026-09-15")
CHRISTMAS = day("2026-12-20")
END = day("2027-06-01")
PSYCHOLOGISTS = access.teachers(occupation="psykologi") | {
    "gives": {"role": "wilma:opettaja", "scope": {"organisation": "koulu"}}
}


@pytest.fixture
def teacher(session: Session, town: Town) -> Any:
    """A teacher whom a rule gives the role."""
    held = facts.affiliation(session, facts.person(session), town.school, until=END)
    access.rule(session, town.town, access.teachers())
    access.derive_all(session)
    return held


def test_every_derived_right_can_be_proved(session: Session, town: Town, teacher: Any) -> None:
    other = facts.affiliation(session, teacher.person_id, town.town)
    facts.absence(session, other, CHRISTMAS, END)
    access.derive_all(session)
    assert len(open_assignments(session)) == 3
    assert [prove(session, teacher.person_id, at) for at in (AUTUMN, CHRISTMAS, END)] == [[], [], []]


def planted(session: Session, row: Assignment, **values: Any) -> Assignment:
    """Write an assignment that nobody derived: like ``row`` but for ``values``."""
    columns = {column.key: getattr(row, column.key) for column in Assignment.__table__.columns}
    false = Assignment(**columns | {"id": uuid7()} | values)
    session.add(false)
    session.flush()
    return false


def test_a_right_that_no_fact_carries_is_found(session: Session, town: Town, teacher: Any) -> None:
    (row,) = open_assignments(session)
    other = facts.affiliation(session, facts.person(session), town.school, occupation="siivooja")
    false_in = (
        {"scope_id": town.town},
        {"capacity_id": uuid7()},
        {"fact_1": other.version_id},
        {"fact_2": teacher.version_id},
        {"place_id": uuid7()},
        {"role_id": access.role(session, town.wilma, "rehtori")},
        {"valid_to": END + (END - AUTUMN)},
        {"valid_from": day("2026-01-01")},
        {"holder_entity_id": town.county, "scope_entity_id": town.county},
    )
    for values in false_in:
        false = planted(session, row, **values)
        assert prove(session, teacher.person_id, AUTUMN) == [false.id]
        session.delete(false)
        session.flush()
    assert prove(session, teacher.person_id, AUTUMN) == []


def test_a_right_whose_fact_was_taken_back_is_found_until_it_is_derived_anew(session: Session, teacher: Any) -> None:
    (row,) = open_assignments(session)
    facts.close(session, teacher)
    assert prove(session, teacher.person_id, AUTUMN) == [row.id]
    access.derive_all(session)
    assert prove(session, teacher.person_id, AUTUMN) == []


def test_a_right_that_was_planted_over_an_absence_is_found(session: Session, teacher: Any) -> None:
    facts.absence(session, teacher, AUTUMN, CHRISTMAS)
    access.derive_all(session)
    before, _ = open_assignments(session)
    false = planted(session, before, valid_to=END)
    assert prove(session, teacher.person_id, AUTUMN) == [false.id]


@pytest.fixture
def psychologist(session: Session, town: Town) -> tuple[Any, access.Agreed]:
    """A psychologist of the county with the role in the town's school, and the agreement that allows it."""
    held = facts.affiliation(session, facts.person(session), town.clinic, occupation="psykologi", until=END)
    agreed = access.agreement(
        session, town.town, town.county, town.town, {"psykologi": ["oppilaat:read", "luokka:read"]}
    )
    access.rule(session, town.county, PSYCHOLOGISTS)
    access.derive_all(session)
    return held, agreed


def test_a_right_across_entities_is_proved_by_its_clause(
    session: Session, town: Town, psychologist: tuple[Any, access.Agreed]
) -> None:
    held, _ = psychologist
    assert len(open_assignments(session)) == 1
    assert prove(session, held.person_id, AUTUMN) == []
    access.include(session, town.role, access.role(session, town.wilma, "lisa", ["arviointi:read"]))
    assert len(prove(session, held.person_id, AUTUMN)) == 1


OTHERWISE: dict[str, dict[str, Any]] = {
    "another position": {"content": frozenset({("kuraattori", "oppilaat", "read")})},
    "less": {"content": frozenset({("psykologi", "luokka", "read")})},
    "another time": {"valid_to": CHRISTMAS},
    "itself only": {"with_descendants": False},
}


@pytest.mark.parametrize("values", OTHERWISE.values(), ids=OTHERWISE)
def test_a_right_that_cites_a_clause_which_does_not_allow_it_is_found(
    session: Session, town: Town, psychologist: tuple[Any, access.Agreed], values: dict[str, Any]
) -> None:
    held, agreed = psychologist
    (row,) = open_assignments(session)
    access.alter(session, agreed, **values)
    (clause_id,) = clauses(session)[agreed.id]
    row.clause_id = clause_id
    session.flush()
    assert prove(session, held.person_id, AUTUMN) == [row.id]


def test_whatever_is_derived_can_be_proved_on_every_day(engine: Engine) -> None:
    @settings(
        max_examples=6 if engine.dialect.name == "sqlite" else 3,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(worlds.cases())
    def holds(case: tuple[WorldSpec, list[tuple[dict[str, Any], str]]]) -> None:
        spec, rules = case
        with Session(engine) as session:
            worlds.write(session, spec)
            for n, (pattern, owner) in enumerate(rules[:2]):
                access.rule(session, worlds.organisation_id(int(owner[1:])), pattern, f"rule-{n}")
            access.derive_all(session)
            found = [
                prove(session, worlds.person_id(one), worlds.at(on))
                for one in range(PERSONS)
                for on in range(0, LAST_DAY, 2)
            ]
            assert found == [[]] * len(found)
            session.rollback()

    holds()
