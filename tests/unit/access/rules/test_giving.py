"""What a rule gives is walled like what it reads: in its owner's subtree, and elsewhere only what an agreement
allows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from iam import clock
from iam.access.commands.publish import publish
from iam.access.derivation.crossing import crossings
from iam.access.explanation.proof import prove
from iam.access.rules import idle
from iam.access.rules.naming import load
from iam.access.rules.pattern import parse
from iam.change import SYSTEM
from iam.errors import Invalid
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day
from tests.kit.held import open_assignments, roles_of, times
from tests.unit.access.conftest import Town

AUTUMN = day("2026-09-15")
SECRETARY = {"bind": {"a": {"affiliation": {"kind": "employee", "occupation": "sihteeri"}}}}


def gives(scope: Any, **pattern: Any) -> dict[str, Any]:
    """A rule for school secretaries (or what ``pattern`` binds) that gives the role in a scope."""
    return {**SECRETARY, **pattern, "gives": {"role": "wilma:opettaja", "scope": scope}}


@pytest.fixture
def other(session: Session, town: Town) -> UUID:
    """A second school of the town."""
    return facts.organisation(session, "toinen", "school", town.town)


@pytest.fixture
def secretary(session: Session, town: Town) -> UUID:
    """The secretary of the first school."""
    person_id = facts.person(session)
    facts.affiliation(session, person_id, town.school, occupation="sihteeri")
    return person_id


@pytest.fixture
def parent(session: Session, town: Town, other: UUID) -> UUID:
    """The guardian of a pupil of the first school."""
    person_id, child = facts.person(session), facts.person(session)
    facts.affiliation(session, child, town.school, kind="student")
    facts.relationship(session, person_id, child)
    return person_id


OF_PUPILS = {"g": {"relationship": {"kind": "guardian_of"}}, "c": {"affiliation": {"of": "g", "kind": "student"}}}


@pytest.mark.parametrize("scope", [{"organisation": "toinen"}, {"organisation": "kunta"}, {"covers_of": "alue"}])
def test_a_school_cannot_write_a_rule_that_gives_in_the_rest_of_its_town(
    session: Session, town: Town, other: UUID, scope: dict[str, str]
) -> None:
    area = facts.organisation(session, "alue", "employment-area", town.root)
    facts.covers(session, area, other)
    with pytest.raises(Invalid) as caught:
        publish(session, "rehtoriksi-kaikkialla", gives(scope), "koulu", SYSTEM)
    (problem,) = caught.value.problems
    assert problem.field == f"gives.scope.{next(iter(scope))}"
    assert "koulu" in str(problem.params.values())


@pytest.mark.parametrize("scope", [{"organisation": "toinen"}, {"organisation": "kunta"}, {"covers_of": "alue"}])
def test_a_secretary_whose_schools_stored_rule_gives_in_the_rest_of_the_town_gains_nothing(
    session: Session, town: Town, other: UUID, secretary: UUID, scope: dict[str, str]
) -> None:
    area = facts.organisation(session, "alue", "employment-area", town.root)
    facts.covers(session, area, other)
    access.rule(session, town.school, gives(scope))
    access.derive_all(session)
    assert roles_of(session, secretary, AUTUMN) == set()


def test_a_rule_of_the_town_gives_its_secretaries_what_it_names_in_the_town(
    session: Session, town: Town, other: UUID, secretary: UUID
) -> None:
    publish(session, "kaupungilta", gives({"organisation": "toinen"}), "kunta", SYSTEM)
    assert roles_of(session, secretary, AUTUMN) == {"opettaja@toinen"}
    assert prove(session, secretary, AUTUMN) == []


def test_a_right_ends_the_day_its_place_leaves_the_owners_part_and_begins_when_it_comes(
    session: Session, town: Town, other: UUID, secretary: UUID
) -> None:
    access.rule(session, town.school, gives({"organisation": "toinen"}))
    start, end = day("2026-10-01"), day("2027-02-01")
    facts.places(
        session,
        other,
        (town.town, False, clock.LONG_AGO, start),
        (town.school, False, start, end),
        (town.town, False, end, clock.FOREVER),
    )
    access.derive_all(session)
    assert times(session) == [(start, end)]
    assert prove(session, secretary, day("2026-11-01")) == []


def test_a_stored_right_outside_the_owners_part_is_not_proved(
    session: Session, town: Town, other: UUID, secretary: UUID
) -> None:
    publish(session, "kaupungilta", gives({"organisation": "toinen"}), "kunta", SYSTEM)
    (row,) = open_assignments(session)
    access.rule(session, town.school, gives({"organisation": "toinen"}), "koululta")
    version = access.rule_version(session, "koululta")
    row.rule_version_id = version
    session.flush()
    assert prove(session, secretary, AUTUMN) == [row.id]


def test_guardians_gain_only_in_the_part_of_the_rules_owner_whatever_a_clause_allows(
    session: Session, town: Town, other: UUID, parent: UUID
) -> None:
    access.agreement(session, town.county, town.town, town.clinic, {"": ["oppilaat:read"]})
    for place in ("toinen", "opiskeluhuolto"):
        access.rule(session, town.school, gives({"organisation": place}, bind=OF_PUPILS), f"huoltajat-{place}")
    access.rule(session, town.school, gives({"organisation": "koulu"}, bind=OF_PUPILS), "huoltajat-koulu")
    access.derive_all(session)
    assert roles_of(session, parent, AUTUMN) == {"opettaja@koulu"}


def test_a_guardian_gains_nothing_by_a_source_that_may_not_speak_of_the_childs_school(
    session: Session, town: Town, other: UUID
) -> None:
    parent, child = facts.person(session), facts.person(session)
    facts.affiliation(session, child, town.school, kind="student")
    told = facts.relationship(session, parent, child)
    foreign = facts.source(session, other, "toisen-koulun")
    told.source_id = foreign.id
    session.flush()
    publish(session, "huoltajat", gives("organisation of c", bind=OF_PUPILS), "koulu", SYSTEM)
    assert roles_of(session, parent, AUTUMN) == set()
    opened = facts.opening(session, foreign, town.school, day("2026-09-01"), day("2026-10-01"))
    access.derive_all(session)
    assert times(session) == [(opened.valid_from, opened.valid_to)]
    assert prove(session, parent, AUTUMN) == []


def test_whoever_writes_a_rule_over_another_entity_learns_which_clause_allows_it_or_that_none_does(
    session: Session, town: Town
) -> None:
    pattern, _ = parse(gives({"organisation": "koulu"}))
    assert pattern is not None
    (none,) = crossings(session, pattern, town.county, load(session))
    assert (none.scope_key, none.clauses) == ("koulu", ())
    access.agreement(session, town.town, town.county, town.town, {"sihteeri": ["oppilaat:read"]}, key="SOP-1")
    access.agreement(session, town.town, town.county, town.town, {"psykologi": ["oppilaat:read"]}, key="SOP-2")
    (found,) = crossings(session, pattern, town.county, load(session))
    assert [(clause.agreement_key, clause.n) for clause in found.clauses] == [("SOP-1", 1)]


def test_a_rule_within_its_owners_part_needs_no_clause(session: Session, town: Town) -> None:
    pattern, _ = parse(gives({"organisation": "koulu"}))
    assert pattern is not None
    assert crossings(session, pattern, town.town, load(session)) == []


def test_the_operator_learns_which_stored_rules_give_nothing_since_it_would_be_beside_their_owners_part(
    session: Session, town: Town, other: UUID
) -> None:
    access.rule(session, town.school, gives({"organisation": "toinen"}), "koululta")
    access.rule(session, town.town, gives({"organisation": "toinen"}), "kaupungilta")
    assert idle.rules(session) == ["koululta"]
