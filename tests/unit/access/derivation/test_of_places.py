"""Once an organisation stands elsewhere, deriving those whom it concerns gives what deriving everybody gives."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings, strategies as st
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from iam.access.derivation.derive import Counts, derive
from iam.access.derivation.of_places import whom
from iam.access.model.assignment import Assignment
from iam.database.types import uuid7
from iam.directory.organisation import Organisation, OrganisationPlace
from iam.lifecycle.organisations.commands import rebuild_closure
from tests.kit.factories import access, facts
from tests.kit.held import contents
from tests.kit.worlds import plain as worlds
from tests.kit.worlds.plain import PlaceSpec, WorldSpec
from tests.unit.access.conftest import Town

Case = tuple[WorldSpec, list[tuple[dict[str, Any], str]]]


@st.composite
def moves(draw: st.DrawFn) -> tuple[int, tuple[PlaceSpec, ...], bool]:
    """An organisation, where it is to stand, and whether it is of another kind from then on."""
    number = draw(st.integers(0, worlds.ORGANISATIONS - 1))
    return number, draw(worlds.some_places(number)), draw(st.booleans())


def move(session: Session, number: int, places: tuple[PlaceSpec, ...], *, kind: bool) -> UUID:
    """Let an organisation stand at these places alone."""
    change, moved, row = facts.change(session), worlds.organisation_id(number), OrganisationPlace
    standing = row.organisation_id == moved, row.closed_by.is_(None)
    session.execute(update(row).where(*standing).values(closed_by=change.id))
    for place in places:
        session.add(
            row(
                fact_id=uuid7(),
                organisation_id=moved,
                parent_id=worlds.organisation_id(place.parent) if number else None,
                legal_entity_id=worlds.organisation_id(place.entity),
                valid_from=worlds.at(place.span[0]),
                valid_to=worlds.at(place.span[1]),
                opened_by=change.id,
            )
        )
    if kind:
        one = session.get_one(Organisation, moved)
        one.kind = next(other for other in worlds.ORGANISATION_KINDS if other != one.kind)
    session.flush()
    rebuild_closure(session)
    return moved


def test_deriving_whom_a_move_concerns_gives_what_deriving_everybody_gives(engine: Engine) -> None:
    @settings(
        max_examples=60 if engine.dialect.name == "sqlite" else 8,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(worlds.cases(), moves())
    def holds(case: Case, moved: tuple[int, tuple[PlaceSpec, ...], bool]) -> None:
        spec, rules = case
        with Session(engine) as session:
            worlds.write(session, spec)
            for n, (pattern, owner) in enumerate(rules):
                access.rule(session, worlds.organisation_id(int(owner[1:])), pattern, f"rule-{n}")
            access.derive_all(session)
            before = contents(session)
            persons = whom(session, [move(session, *moved[:2], kind=moved[2])])
            if persons is not None:
                derive(session, facts.change(session), persons=persons)
                event(f"of {len(persons)}, {'others' if contents(session) != before else 'the same'}")
                assert access.derive_all(session) == Counts(0, 0)
            session.rollback()

    holds()


@pytest.fixture
def people(session: Session, town: Town) -> dict[str, UUID]:
    """A teacher of the school, a pupil there, the pupil's guardian, and a teacher of the county's clinic."""
    made = {name: facts.person(session) for name in ("teacher", "pupil", "guardian", "elsewhere")}
    facts.affiliation(session, made["teacher"], town.school)
    facts.affiliation(session, made["pupil"], town.school, kind="student")
    facts.relationship(session, made["guardian"], made["pupil"])
    facts.affiliation(session, made["elsewhere"], town.clinic)
    return made


def test_a_school_that_moves_concerns_its_people_and_their_guardians_alone(
    session: Session, town: Town, people: dict[str, UUID]
) -> None:
    access.rule(session, town.town, access.teachers())
    assert whom(session, [town.school]) == {people[name] for name in ("teacher", "pupil", "guardian")}
    assert whom(session, [town.town]) is None, "the role is of an application that the town owns"
    assert whom(session, [town.county]) == {people["elsewhere"]}
    assert whom(session, [uuid7()]) == set()
    assert whom(session, [uuid7() for _ in range(70_000)]) is None, "more than a statement takes"


def test_a_member_of_a_group_of_the_school_is_concerned(session: Session, town: Town, people: dict[str, UUID]) -> None:
    facts.membership(session, people["elsewhere"], facts.group(session, town.school, "tiimi"))
    assert people["elsewhere"] in (whom(session, [town.school]) or ())


def test_a_rule_that_names_the_school_as_its_scope_concerns_everybody(
    session: Session, town: Town, people: dict[str, UUID]
) -> None:
    scoped = access.teachers() | {"gives": {"role": "wilma:opettaja", "scope": {"organisation": "koulu"}}}
    access.rule(session, town.town, scoped)
    assert whom(session, [town.school]) is None
    assert whom(session, [town.clinic]) == {people["elsewhere"]}


def test_a_rule_over_an_area_concerns_everybody_once_a_place_of_it_moves(
    session: Session, town: Town, people: dict[str, UUID]
) -> None:
    facts.covers(session, town.county, town.school)
    over = access.teachers() | {"gives": {"role": "wilma:opettaja", "scope": {"covers_of": "hva"}}}
    access.rule(session, town.county, over)
    assert whom(session, [town.school]) is None
    assert whom(session, [town.clinic]) == {people["elsewhere"]}


@pytest.mark.parametrize("column", ["scope_id", "granter_id", "role_id"])
def test_whoever_holds_a_right_by_hand_there_or_by_somebody_there_is_concerned(
    session: Session, town: Town, people: dict[str, UUID], column: str
) -> None:
    county_role = access.role(session, access.application(session, town.county, "oma"), "opettaja")
    access.rule(session, town.county, access.teachers("oma:opettaja"), "oma")
    access.derive_all(session)
    row = session.scalars(select(Assignment).where(Assignment.role_id == county_role)).one()
    columns = {column.key: getattr(row, column.key) for column in Assignment.__table__.columns}
    hand = {"id": uuid7(), "origin": "hand", "rule_version_id": None, "granter_id": town.county}
    assert people["elsewhere"] not in (whom(session, [town.school]) or ())
    schools = access.role(session, access.application(session, town.school, "koulun"), "opettaja")
    session.add(Assignment(**columns | hand | {column: schools if column == "role_id" else town.school}))
    session.flush()
    assert people["elsewhere"] in (whom(session, [town.school]) or ())
