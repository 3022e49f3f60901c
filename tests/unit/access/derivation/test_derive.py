"""Derivation: every right cites its reasons, lives as long as they do, and deriving again changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from sqlalchemy import Column, Engine, MetaData, Table, Uuid, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from iam import clock
from iam.access.commands import catalogue
from iam.access.derivation.derive import Counts, derive
from iam.access.derivation.relevant import FEW
from iam.access.model.assignment import NIL, Assignment
from iam.access.model.role import RoleVersion
from iam.database.types import uuid7
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.organisation import OrganisationPlace
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day
from tests.kit.held import Statements, contents, open_assignments, roles_of, times
from tests.kit.worlds import plain as worlds
from tests.kit.worlds.plain import WorldSpec
from tests.unit.access.conftest import Town

AUTUMN = day("2026-09-15")
END = day("2027-06-01")


def test_an_assignment_says_who_where_when_and_cites_the_versions_it_rests_on(session: Session, town: Town) -> None:
    aino = facts.person(session)
    held = facts.affiliation(session, aino, town.school, until=END)
    access.rule(session, town.town, access.teachers())
    access.derive_all(session)
    (row,) = open_assignments(session)
    place = session.scalars(
        select(OrganisationPlace.version_id).where(OrganisationPlace.organisation_id == town.school)
    ).one()
    assert (row.person_id, row.capacity_id, row.role_id, row.scope_id) == (aino, held.fact_id, town.role, town.school)
    assert (row.fact_1, row.fact_2, row.place_id) == (held.version_id, NIL, place)
    assert (row.valid_from, row.valid_to, row.origin) == (facts.SCHOOL_YEAR, END, "rule")
    assert (row.holder_entity_id, row.scope_entity_id, row.clause_id) == (town.town, town.town, None)


def test_deriving_again_changes_nothing(session: Session, town: Town) -> None:
    held = facts.affiliation(session, facts.person(session), town.school)
    facts.absence(session, held, day("2026-10-01"), day("2026-11-01"))
    access.rule(session, town.town, access.teachers())
    assert access.derive_all(session) == Counts(2, 0)
    before = {row.id for row in open_assignments(session)}
    assert access.derive_all(session) == Counts(0, 0)
    assert {row.id for row in open_assignments(session)} == before


def test_a_code_list_that_has_changed_is_felt_by_the_next_derivation(session: Session, town: Town) -> None:
    access.code_list(session, "opettajat", "teacher")
    facts.affiliation(session, facts.person(session), town.school, occupation="teacher")
    facts.affiliation(session, facts.person(session), town.school, occupation="special-teacher")
    access.rule(session, town.town, access.teachers(occupation={"in_list": "opettajat"}))
    assert access.derive_all(session) == Counts(1, 0)
    access.code_list(session, "opettajat", "teacher", "special-teacher")
    assert access.derive_all(session) == Counts(1, 0)
    access.code_list(session, "opettajat", "special-teacher")
    assert access.derive_all(session) == Counts(0, 1)


@pytest.mark.parametrize("only", [False, True], ids=["everybody", "one person"])
def test_a_role_that_has_changed_is_given_anew_in_its_new_version(session: Session, town: Town, only: bool) -> None:
    aino = facts.person(session)
    facts.affiliation(session, aino, town.school)
    access.rule(session, town.town, access.teachers())
    persons = [aino] if only else None
    assert derive(session, facts.change(session), persons=persons) == Counts(1, 0)
    access.change_role(session, town.role, ["oppilaat:write"])
    assert derive(session, facts.change(session), persons=persons) == Counts(1, 1)
    newest = select(RoleVersion.id).where(RoleVersion.role_id == town.role).order_by(RoleVersion.n.desc()).limit(1)
    assert [row.role_version_id for row in open_assignments(session)] == [session.scalars(newest).one()]


def test_a_right_lasts_no_longer_than_the_organisation_stands_where_the_rule_applies(
    session: Session, town: Town
) -> None:
    facts.affiliation(session, facts.person(session), town.school)
    access.rule(session, town.town, access.teachers(kind="employee", organisation={"under": "kunta"}))
    facts.places(
        session, town.school, (town.town, False, clock.LONG_AGO, END), (town.county, False, END, clock.FOREVER)
    )
    access.derive_all(session)
    assert times(session) == [(facts.SCHOOL_YEAR, END)]


def test_losing_one_reason_keeps_the_right_that_another_carries(session: Session, town: Town) -> None:
    aino = facts.person(session)
    facts.affiliation(session, aino, town.school)
    team = facts.group(session, town.school, "tiimi")
    member = facts.membership(session, aino, team)
    access.rule(session, town.town, access.teachers(), "opettajat")
    bind = {"m": {"membership": {"group": "tiimi", "owner": "koulu"}}}
    access.rule(
        session, town.town, {"bind": bind, "gives": {"role": "wilma:opettaja", "scope": "organisation of m"}}, "tiimi"
    )
    assert access.derive_all(session).opened == 2
    facts.close(session, member)
    assert access.derive_all(session) == Counts(0, 1)
    assert roles_of(session, aino, AUTUMN) == {"opettaja@koulu"}


def test_a_member_without_an_affiliation_there_has_no_right(session: Session, town: Town) -> None:
    aino = facts.person(session)
    facts.affiliation(session, aino, town.clinic)
    facts.membership(session, aino, facts.group(session, town.school, "tiimi"))
    bind = {"m": {"membership": {"group": "tiimi", "owner": "koulu"}}}
    access.rule(session, town.town, {"bind": bind, "gives": {"role": "wilma:opettaja", "scope": "organisation of m"}})
    access.derive_all(session)
    assert open_assignments(session) == []


def test_only_who_the_named_source_puts_into_the_group_gets_the_role(session: Session, town: Town) -> None:
    aino, onni, told = facts.person(session), facts.person(session), facts.source(session, town.town, "primus")
    team = facts.group(session, town.school, "tiimi")
    for person in (aino, onni):
        facts.affiliation(session, person, town.school)
    facts.membership(session, aino, team, source_id=told.id)
    facts.membership(session, onni, team)
    bind = {"m": {"membership": {"group": "tiimi", "owner": "koulu", "source": "primus"}}}
    access.rule(session, town.town, {"bind": bind, "gives": {"role": "wilma:opettaja", "scope": "organisation of m"}})
    access.derive_all(session)
    assert [held.person_id for held in open_assignments(session)] == [aino]


def test_a_right_ends_with_the_affiliation_version_that_is_replaced(session: Session, town: Town) -> None:
    held = facts.affiliation(session, facts.person(session), town.school)
    access.rule(session, town.town, access.teachers())
    access.derive_all(session)
    later = facts.correct(session, held, valid_to=END)
    assert access.derive_all(session) == Counts(1, 1)
    (row,) = open_assignments(session)
    assert (row.fact_1, row.capacity_id, row.valid_to) == (later.version_id, held.fact_id, END)
    facts.correct(session, later, occupation="siivooja", kind="contractor")
    assert access.derive_all(session) == Counts(0, 1)


def test_a_guardian_holds_as_the_schools_own_entity_and_in_the_guardianship(session: Session, town: Town) -> None:
    parent, child = facts.person(session), facts.person(session)
    link = facts.relationship(session, parent, child)
    pupil = facts.affiliation(session, child, town.school, kind="student", occupation=None, until=END)
    bind = {"g": {"relationship": {"kind": "guardian_of"}}, "c": {"affiliation": {"kind": "student", "of": "g"}}}
    access.rule(session, town.town, {"bind": bind, "gives": {"role": "wilma:opettaja", "scope": "organisation of c"}})
    access.derive_all(session)
    (row,) = open_assignments(session)
    assert (row.person_id, row.capacity_id, row.capacity_kind) == (parent, link.fact_id, "guardian_of")
    assert (row.fact_1, row.fact_2, row.valid_to) == (link.version_id, pupil.version_id, END)
    assert (row.holder_entity_id, row.scope_entity_id) == (town.town, town.town)


def test_a_rule_reaches_no_facts_outside_its_owners_part(session: Session, town: Town) -> None:
    facts.affiliation(session, facts.person(session), town.clinic)
    access.rule(session, town.town, access.teachers())
    access.derive_all(session)
    assert open_assignments(session) == []


def test_deriving_one_rule_leaves_the_rights_of_others_alone(session: Session, town: Town) -> None:
    facts.affiliation(session, facts.person(session), town.school)
    access.rule(session, town.town, access.teachers(), "yksi")
    other = access.rule(session, town.town, access.teachers(), "toinen")
    access.derive_all(session)
    catalogue.withdraw_rules(session, [other])
    assert derive(session, facts.change(session), rules=[other]) == Counts(0, 1)
    assert len(open_assignments(session)) == 1


def test_deriving_nobody_changes_nobodys_rights(session: Session, town: Town) -> None:
    facts.affiliation(session, facts.person(session), town.school)
    access.rule(session, town.town, access.teachers())
    assert derive(session, facts.change(session), persons=[]) == Counts(0, 0)
    access.derive_all(session)
    assert derive(session, facts.change(session), persons=[]) == Counts(0, 0)


def _shorten(session: Session, number: int) -> set[Any]:
    """Change a fact of one person; returns the persons whose rights may differ: themselves and who is related to
    them."""
    held = session.scalars(
        select(Affiliation).where(Affiliation.closed_by.is_(None)).order_by(Affiliation.version_id)
    ).all()
    if not held:
        return set()
    row = held[number % len(held)]
    changed = facts.correct(
        session, row, occupation="b" if row.occupation == "a" else "a", is_primary=not row.is_primary
    )
    related = session.scalars(select(Relationship.person_id).where(Relationship.other_person_id == changed.person_id))
    return {changed.person_id, *related}


def test_deriving_one_person_gives_what_deriving_everybody_gives(engine: Engine) -> None:
    @settings(
        max_examples=10 if engine.dialect.name == "sqlite" else 3,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(worlds.cases(), st.integers(0, 5))
    def holds(case: tuple[WorldSpec, list[tuple[dict[str, Any], str]]], number: int) -> None:
        spec, rules = case
        with Session(engine) as session:
            worlds.write(session, spec)
            for n, (pattern, owner) in enumerate(rules[:2]):
                access.rule(session, worlds.organisation_id(int(owner[1:])), pattern, f"rule-{n}")
            access.derive_all(session)
            persons = _shorten(session, number)
            derive(session, facts.change(session), persons=persons)
            incremental = contents(session)
            assert access.derive_all(session) == Counts(0, 0)
            assert contents(session) == incremental
            session.rollback()

    holds()


@pytest.mark.parametrize("only", [False, True], ids=["everybody", "some persons"])
def test_the_number_of_statements_does_not_grow_with_the_number_of_persons(
    session: Session, town: Town, only: bool
) -> None:
    access.rule(session, town.town, access.teachers())
    counted = []
    for many in (10, 190):
        people = [facts.person(session) for _ in range(many)]
        dated = {
            "opened_by": NIL,
            "valid_from": facts.SCHOOL_YEAR,
            "valid_to": clock.FOREVER,
        }
        rows = [{"person_id": one, "organisation_id": town.school, "kind": "employee", **dated} for one in people]
        session.execute(insert(Affiliation), rows)
        change = facts.change(session)
        with Statements(session) as statements:
            derived = derive(session, change, persons=people if only else None)
        assert derived == Counts(many, 0)
        counted.append(len(statements))
    assert counted[1] <= counted[0] < 60


@pytest.mark.parametrize("as_table", [False, True], ids=["ids", "a table"])
def test_of_a_few_persons_only_rules_that_can_touch_their_facts_are_run(
    session: Session, town: Town, as_table: bool
) -> None:
    access.rule(session, town.town, access.teachers(), "opettajat")
    access.rule(session, town.town, access.teachers(kind="student"), "oppilaat")
    aino = facts.person(session)
    facts.affiliation(session, aino, town.school)
    few = Table("few", MetaData(), Column("person_id", Uuid), prefixes=["TEMPORARY"])
    session.execute(CreateTable(few))
    session.execute(insert(few).values(person_id=aino))
    change = facts.change(session)
    with Statements(session) as statements:
        assert derive(session, change, persons=few if as_table else [aino]) == Counts(1, 0)
    assert len([text for text in statements.texts if text.startswith("INSERT INTO match_")]) == 1


def test_the_rules_of_others_cost_a_town_no_statement_at_its_run(session: Session, town: Town) -> None:
    access.rule(session, town.town, access.teachers(), "opettajat")
    people = [facts.person(session) for _ in range(2 * FEW)]
    for one in people:
        facts.affiliation(session, one, town.school)
    counted = []
    for many in (1, 5):
        for n in range(many):
            access.rule(session, town.county, access.teachers(), f"muiden-{many}-{n}")
        change = facts.change(session)
        with Statements(session) as statements:
            derive(session, change, persons=people)
        counted.append(len(statements))
        assert len([text for text in statements.texts if text.startswith("INSERT INTO match_")]) == 1
    assert counted[0] == counted[1]
    assert {held.person_id for held in open_assignments(session)} == set(people)


def assigned(town: Town, person_id: Any, **values: Any) -> dict[str, Any]:
    """A row of an assignment by hand within the town, but for ``values``."""
    row = {
        "id": uuid7(),
        "person_id": person_id,
        "capacity_id": uuid7(),
        "capacity_kind": "employee",
        "role_id": town.role,
        "scope_id": town.school,
        "holder_entity_id": town.town,
        "scope_entity_id": town.town,
        "clause_id": None,
        "origin": "hand",
        "reason": "test",
        "fact_1": uuid7(),
        "place_id": uuid7(),
        "valid_from": facts.SCHOOL_YEAR,
        "valid_to": END,
        "opened_by": NIL,
    }
    return row | values


def test_the_database_refuses_a_right_across_entities_without_a_clause(session: Session, town: Town) -> None:
    aino = facts.person(session)
    version = session.scalars(select(RoleVersion.id).where(RoleVersion.role_id == town.role)).one()
    session.execute(insert(Assignment), [assigned(town, aino, role_version_id=version)])
    session.commit()
    with pytest.raises(IntegrityError, match="clause_across_entities"):
        session.execute(
            insert(Assignment), [assigned(town, aino, role_version_id=version, holder_entity_id=town.county)]
        )


def test_the_database_refuses_a_clause_that_does_not_exist(session: Session, town: Town) -> None:
    version = session.scalars(select(RoleVersion.id).where(RoleVersion.role_id == town.role)).one()
    row = assigned(
        town, facts.person(session), role_version_id=version, holder_entity_id=town.county, clause_id=uuid7()
    )
    with pytest.raises(IntegrityError):
        session.execute(insert(Assignment), [row])
