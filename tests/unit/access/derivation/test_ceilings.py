"""What crosses from one legal entity to another needs a clause that allows every bit of it, in that place, to that
position."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import WHOLE
from iam.access.commands import by_hand
from iam.access.commands.catalogue import amend_roles, withdraw_rules
from iam.access.derivation.derive import derive
from iam.access.explanation.proof import prove
from iam.access.model.agreement import AgreementClause
from iam.access.model.rule import Rule
from iam.change import SYSTEM
from iam.errors import Invalid
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day
from tests.kit.held import open_assignments, roles_of, times
from tests.unit.access.conftest import Town

AUTUMN = day("2026-09-15")
END = day("2027-06-01")
ALLOWS = {"psykologi": ["oppilaat:read", "luokka:read"]}


@pytest.fixture
def psychologist(session: Session, town: Town) -> Any:
    """A county's psychologist whom a rule gives the town's role in the town's school."""
    aino = facts.person(session)
    held = facts.affiliation(session, aino, town.clinic, occupation="psykologi", until=END)
    pattern = access.teachers(occupation="psykologi")
    access.rule(
        session, town.county, pattern | {"gives": {"role": "wilma:opettaja", "scope": {"organisation": "koulu"}}}
    )
    return held


def agree(session: Session, town: Town, **values: Any) -> access.Agreed:
    """The town lets the county's psychologists into its schools."""
    named: dict[str, Any] = {
        "grantor_id": town.town,
        "grantee_id": town.county,
        "scope_id": town.town,
        "allows": ALLOWS,
    } | values
    return access.agreement(session, **named)


def test_without_an_agreement_nothing_crosses(session: Session, psychologist: Any) -> None:
    access.derive_all(session)
    assert open_assignments(session) == []


def test_a_role_that_a_clause_allows_whole_crosses_and_names_the_clause(
    session: Session, town: Town, psychologist: Any
) -> None:
    agree(session, town)
    access.derive_all(session)
    (row,) = open_assignments(session)
    assert row.clause_id == session.scalars(select(AgreementClause.id)).one()
    assert (row.holder_entity_id, row.scope_entity_id) == (town.county, town.town)
    assert (row.valid_from, row.valid_to) == (facts.SCHOOL_YEAR, END)


Change = Callable[[Session, Town], Any]
DENIED: dict[str, Change] = {
    "one data group more": lambda s, t: (
        agree(s, t),
        access.change_role(s, t.role, ["oppilaat:read", "arviointi:read"]),
    ),
    "another operation": lambda s, t: (agree(s, t), access.change_role(s, t.role, ["oppilaat:write"])),
    "a role with no content": lambda s, t: (agree(s, t), access.change_role(s, t.role, [])),
    "another position": lambda s, t: agree(s, t, allows={"kuraattori": ["oppilaat:read"]}),
    "half by one position and half by another": lambda s, t: (
        agree(s, t, allows={"psykologi": ["oppilaat:read"], "kuraattori": ["arviointi:read"]}),
        access.change_role(s, t.role, ["oppilaat:read", "arviointi:read"]),
    ),
    "another grantee": lambda s, t: agree(s, t, grantee_id=t.root),
    "another grantor": lambda s, t: agree(s, t, grantor_id=t.root),
    "the other way round": lambda s, t: agree(s, t, grantor_id=t.county, grantee_id=t.town, scope_id=t.county),
    "a scope beside": lambda s, t: agree(s, t, scope_id=facts.organisation(s, "toinen", under=t.town)),
    "a scope above, itself only": lambda s, t: agree(s, t, with_descendants=False),
    "dates that are over": lambda s, t: agree(s, t, dates=(clock.LONG_AGO, facts.SCHOOL_YEAR)),
    "what the role includes": lambda s, t: (
        agree(s, t),
        access.include(s, t.role, access.role(s, t.wilma, "lisa", ["arviointi:read"])),
    ),
}


def test_what_a_clause_does_not_allow_gives_nothing(session: Session, town: Town, psychologist: Any) -> None:
    crossed = []
    for name, change in DENIED.items():
        trial = session.begin_nested()
        change(session, town)
        access.derive_all(session)
        crossed += [name] if open_assignments(session) else []
        trial.rollback()
    assert crossed == []
    agree(session, town)
    access.derive_all(session)
    assert len(open_assignments(session)) == 1


def test_a_clause_over_an_area_holds_in_what_the_area_covers_of_the_grantor_while_it_does(
    session: Session, town: Town, psychologist: Any
) -> None:
    area = facts.organisation(session, "alue", under=town.root)
    agreed = agree(session, town, scope_id=area)
    access.alter(session, agreed, over_area=True)
    access.derive_all(session)
    assert open_assignments(session) == []
    facts.covers(session, area, town.clinic)
    facts.covers(session, area, town.town, day("2026-09-01"), day("2027-02-01"))
    access.derive_all(session)
    assert times(session) == [(day("2026-09-01"), day("2027-02-01"))]
    assert prove(session, psychologist.person_id, AUTUMN) == []
    access.alter(session, agreed, over_area=True, with_descendants=False)
    access.derive_all(session)
    assert open_assignments(session) == []
    facts.covers(session, area, town.school)
    access.derive_all(session)
    assert (len(open_assignments(session)), prove(session, psychologist.person_id, AUTUMN)) == (1, [])


def test_what_an_area_no_longer_covers_is_found_by_the_prover(session: Session, town: Town, psychologist: Any) -> None:
    area = facts.organisation(session, "alue", under=town.root)
    access.alter(session, agree(session, town, scope_id=area), over_area=True)
    relation = facts.covers(session, area, town.town)
    access.derive_all(session)
    (row,) = open_assignments(session)
    relation.closed_by = facts.change(session).id
    assert prove(session, psychologist.person_id, AUTUMN) == [row.id]


def test_a_scope_that_is_the_clauses_own_needs_no_descendants(session: Session, town: Town, psychologist: Any) -> None:
    agree(session, town, scope_id=town.school, with_descendants=False)
    access.derive_all(session)
    assert len(open_assignments(session)) == 1


def test_a_right_across_lasts_no_longer_than_the_clauses_own_dates(
    session: Session, town: Town, psychologist: Any
) -> None:
    agree(session, town, dates=(day("2026-10-01"), day("2026-12-01")))
    access.derive_all(session)
    assert times(session) == [(day("2026-10-01"), day("2026-12-01"))]


def test_a_right_across_holds_only_while_the_scope_stands_under_the_clauses_scope(
    session: Session, town: Town, psychologist: Any
) -> None:
    basic = facts.organisation(session, "perusopetus", "unit", town.town)
    facts.places(
        session,
        town.school,
        (basic, False, clock.LONG_AGO, day("2027-01-01")),
        (town.town, False, day("2027-01-01"), clock.FOREVER),
    )
    agree(session, town, scope_id=basic)
    access.derive_all(session)
    assert times(session) == [(facts.SCHOOL_YEAR, day("2027-01-01"))]


def test_two_clauses_give_two_reasons_and_one_of_them_is_enough(
    session: Session, town: Town, psychologist: Any
) -> None:
    agree(session, town)
    second = agree(session, town, key="toinen")
    access.derive_all(session)
    assert len(open_assignments(session)) == 2
    access.alter(session, second, content=frozenset({("psykologi", "luokka", "read")}))
    access.derive_all(session)
    assert len(open_assignments(session)) == 1


def test_widening_a_role_widens_no_agreement_and_narrowing_it_brings_the_right_back(
    session: Session, town: Town, psychologist: Any
) -> None:
    agree(session, town)
    access.derive_all(session)
    access.change_role(session, town.role, ["oppilaat:read", "arviointi:write"])
    access.derive_all(session)
    assert open_assignments(session) == []
    access.change_role(session, town.role, ["oppilaat:read", "luokka:read"])
    access.derive_all(session)
    assert roles_of(session, psychologist.person_id, AUTUMN) == {"opettaja@koulu"}


def test_a_clause_that_covers_what_a_role_includes_lets_it_cross_whole(
    session: Session, town: Town, psychologist: Any
) -> None:
    agree(session, town)
    access.include(session, town.role, access.role(session, town.wilma, "lisa", ["luokka:read"]))
    access.derive_all(session)
    assert roles_of(session, psychologist.person_id, AUTUMN) == {"opettaja@koulu", "lisa@koulu"}


def test_a_retired_role_is_included_no_more(session: Session, town: Town, psychologist: Any) -> None:
    agree(session, town)
    extra = access.role(session, town.wilma, "lisa", ["luokka:read"])
    access.include(session, town.role, extra)
    access.derive_all(session)
    amend_roles(session, [{"id": extra, "retired": True}])
    assert roles_of(session, psychologist.person_id, AUTUMN) == {"opettaja@koulu"}


@pytest.fixture
def by_grant(session: Session, town: Town, psychologist: Any) -> Any:
    """The role granted to the psychologist by hand, under an agreement; the rule that gives it too is withdrawn."""
    withdraw_rules(session, list(session.scalars(select(Rule.id))))
    with clock.fixed(AUTUMN):
        return by_hand.grant(
            session,
            psychologist.person_id,
            psychologist.fact_id,
            town.role,
            town.school,
            "sijaistus",
            END,
            SYSTEM,
            WHOLE,
        )


@pytest.fixture
def agreed(session: Session, town: Town) -> access.Agreed:
    """The agreement under which hands grant."""
    return agree(session, town)


def test_a_hand_may_not_grant_what_no_clause_allows(session: Session, town: Town, psychologist: Any) -> None:
    with clock.fixed(AUTUMN), pytest.raises(Invalid):
        by_hand.grant(
            session,
            psychologist.person_id,
            psychologist.fact_id,
            town.role,
            town.school,
            "sijaistus",
            END,
            SYSTEM,
            WHOLE,
        )
    assert open_assignments(session) == []


def test_a_right_by_hand_names_its_clause_and_stands_through_a_derivation(
    session: Session, agreed: Any, by_grant: Any
) -> None:
    assert by_grant.clause_id == session.scalars(select(AgreementClause.id)).one()
    access.derive_all(session)
    assert [row.id for row in open_assignments(session)] == [by_grant.id]


def test_a_right_by_hand_ends_when_its_role_outgrows_the_clause(
    session: Session, town: Town, agreed: Any, by_grant: Any
) -> None:
    access.change_role(session, town.role, ["oppilaat:read", "arviointi:write"])
    access.derive_all(session)
    assert open_assignments(session) == []


def test_a_right_by_hand_ends_when_its_clause_is_taken_back(
    session: Session, agreed: access.Agreed, by_grant: Any
) -> None:
    access.alter(session, agreed, content=frozenset({("psykologi", "luokka", "read")}))
    access.derive_all(session)
    assert open_assignments(session) == []


def test_a_right_by_hand_ends_with_the_position_that_the_clause_names(
    session: Session, agreed: Any, by_grant: Any, psychologist: Any
) -> None:
    facts.correct(session, psychologist, occupation="kuraattori")
    access.derive_all(session)
    assert open_assignments(session) == []


def test_a_right_by_hand_does_not_live_on_what_another_role_is_allowed(
    session: Session, town: Town, agreed: Any, by_grant: Any, psychologist: Any
) -> None:
    other = access.role(session, town.wilma, "lukija", ["luokka:read"])
    with clock.fixed(AUTUMN):
        second = by_hand.grant(
            session, psychologist.person_id, psychologist.fact_id, other, town.school, "sijaistus", END, SYSTEM, WHOLE
        )
    access.change_role(session, town.role, ["oppilaat:read", "arviointi:write"])
    access.derive_all(session)
    assert [row.id for row in open_assignments(session)] == [second.id]


def test_a_right_by_hand_follows_the_capacity_and_never_outlasts_it(
    session: Session, agreed: Any, by_grant: Any, psychologist: Any
) -> None:
    shorter = facts.correct(session, psychologist, valid_to=day("2026-12-01"))
    access.derive_all(session)
    (row,) = open_assignments(session)
    assert (row.origin, row.fact_1, row.valid_to, row.reason) == (
        "hand",
        shorter.version_id,
        day("2026-12-01"),
        "sijaistus",
    )
    facts.close(session, shorter)
    access.derive_all(session)
    assert open_assignments(session) == []


def test_deriving_one_rule_leaves_rights_by_hand_alone(session: Session, agreed: Any, by_grant: Any) -> None:
    rule_ids = list(session.scalars(select(Rule.id)))
    derive(session, facts.change(session), rules=rule_ids)
    assert [row.id for row in open_assignments(session)] == [by_grant.id]
