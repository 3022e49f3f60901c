"""What holds at an instant: facts, clause and agreement together, and nothing while a hold lasts."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.right import capacities, capacity, rights
from iam.database.base import Base
from iam.directory.occupation import Occupation
from iam.oidc.claims.compose import usable
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day
from tests.kit.held import Statements, roles_of
from tests.unit.access.conftest import Town

AUTUMN = day("2026-09-15")
CHRISTMAS = day("2026-12-20")
END = day("2027-06-01")
SECOND = timedelta(seconds=1)


@pytest.fixture
def teacher(session: Session, town: Town) -> Any:
    """A teacher with the role of the school year, by rule."""
    held = facts.affiliation(session, facts.person(session), town.school, until=END)
    access.rule(session, town.town, access.teachers())
    access.derive_all(session)
    return held


@pytest.fixture
def agreed(session: Session, town: Town) -> access.Agreed:
    """An agreement for 2026 that lets the county's psychologists into the town's schools."""
    allows = {"psykologi": ["oppilaat:read"]}
    term = (day("2026-08-01"), day("2027-01-01"))
    return access.agreement(session, town.town, town.county, town.town, allows, term=term)


@pytest.fixture
def psychologist(session: Session, town: Town, agreed: access.Agreed) -> Any:
    """A psychologist of the county with the role in the town's school, under the agreement."""
    held = facts.affiliation(session, facts.person(session), town.clinic, occupation="psykologi", until=END)
    gives = {"role": "wilma:opettaja", "scope": {"organisation": "koulu"}}
    access.rule(session, town.county, access.teachers(occupation="psykologi") | {"gives": gives}, "psykologit")
    access.derive_all(session)
    return held


def test_a_right_holds_from_its_first_instant_and_at_its_end_no_more(session: Session, teacher: Any) -> None:
    holds = [
        bool(roles_of(session, teacher.person_id, at))
        for at in (facts.SCHOOL_YEAR - SECOND, facts.SCHOOL_YEAR, END - SECOND, END)
    ]
    assert holds == [False, True, True, False]


def test_a_right_tells_role_scope_content_enforcement_and_end(session: Session, town: Town, teacher: Any) -> None:
    (right,) = rights(session, teacher.person_id, town.wilma, AUTUMN)
    assert (right.role_key, right.scope_key, right.capacity_id) == ("opettaja", "koulu", teacher.fact_id)
    assert (right.content, right.enforcement, right.needs_relationship) == (("oppilaat:read",), "by token", False)
    assert (right.valid_from, right.valid_to, right.application_id) == (facts.SCHOOL_YEAR, END, town.wilma)


def test_another_application_has_none_of_it(session: Session, town: Town, teacher: Any) -> None:
    assert rights(session, teacher.person_id, access.application(session, town.town, "primus"), AUTUMN) == []


def test_the_right_is_as_the_newest_version_of_the_role_says(session: Session, town: Town, teacher: Any) -> None:
    access.change_role(session, town.role, ["arviointi:write", "oppilaat:read"], "at use")
    (right,) = rights(session, teacher.person_id, town.wilma, AUTUMN)
    assert (right.content, right.enforcement) == (("arviointi:write", "oppilaat:read"), "at use")


def test_several_reasons_make_one_right_that_lasts_as_long_as_the_last(
    session: Session, town: Town, teacher: Any
) -> None:
    shorter = access.teachers(occupation="opettaja")
    access.rule(session, town.town, shorter | {"gives": {**shorter["gives"], "needs_relationship": True}}, "toinen")
    facts.absence(session, teacher, CHRISTMAS)
    access.rule(
        session, town.town, {name: part for name, part in access.teachers().items() if name != "unless"}, "kolmas"
    )
    access.derive_all(session)
    (right,) = rights(session, teacher.person_id, town.wilma, AUTUMN)
    assert (right.valid_to, right.needs_relationship) == (END, False)


def test_a_right_needs_a_relationship_only_when_every_reason_does(session: Session, town: Town) -> None:
    held = facts.affiliation(session, facts.person(session), town.school)
    pattern = access.teachers()
    access.rule(session, town.town, pattern | {"gives": {**pattern["gives"], "needs_relationship": True}})
    access.derive_all(session)
    assert [right.needs_relationship for right in rights(session, held.person_id, None, AUTUMN)] == [True]


def test_rights_of_two_capacities_stay_two(session: Session, town: Town, teacher: Any) -> None:
    second = facts.affiliation(session, teacher.person_id, town.school, kind="employee")
    access.derive_all(session)
    assert {right.capacity_id for right in rights(session, teacher.person_id, None, AUTUMN)} == {
        teacher.fact_id,
        second.fact_id,
    }


def test_a_hold_keeps_a_person_from_every_right_while_it_lasts(session: Session, teacher: Any) -> None:
    hold = facts.hold(session, teacher.person_id, AUTUMN, CHRISTMAS)
    instants = (AUTUMN - SECOND, AUTUMN, CHRISTMAS - SECOND, CHRISTMAS)
    assert [bool(roles_of(session, teacher.person_id, at)) for at in instants] == [True, False, False, True]
    facts.close(session, hold)
    assert roles_of(session, teacher.person_id, AUTUMN) == {"opettaja@koulu"}


def test_a_hold_on_one_person_keeps_nobody_else(session: Session, town: Town, teacher: Any) -> None:
    other = facts.affiliation(session, facts.person(session), town.school)
    access.derive_all(session)
    facts.hold(session, other.person_id)
    assert roles_of(session, teacher.person_id, AUTUMN) == {"opettaja@koulu"}


TERMS: dict[str, tuple[datetime, datetime, date | None, bool]] = {
    "in force and signed": (day("2026-08-01"), END, date(2026, 6, 1), True),
    "ended": (day("2026-08-01"), AUTUMN, date(2026, 6, 1), False),
    "ends in a second": (day("2026-08-01"), AUTUMN + SECOND, date(2026, 6, 1), True),
    "begins later": (AUTUMN + SECOND, END, date(2026, 6, 1), False),
    "begins now": (AUTUMN, END, date(2026, 6, 1), True),
    "not signed by everybody": (day("2026-08-01"), END, None, False),
    "signed tomorrow": (day("2026-08-01"), END, date(2026, 9, 16), False),
    "signed today, in Helsinki": (day("2026-08-01"), END, date(2026, 9, 15), True),
}


def test_a_right_across_entities_holds_only_under_a_live_agreement(
    session: Session, agreed: access.Agreed, psychologist: Any
) -> None:
    found = {}
    for name, (since, until, signed, _) in TERMS.items():
        access.set_term(session, agreed.id, since, until)
        access.sign(session, agreed, signed)
        found[name] = bool(roles_of(session, psychologist.person_id, AUTUMN))
    assert found == {name: expected for name, (*_, expected) in TERMS.items()}


def test_a_dead_agreement_takes_nothing_from_rights_within_one_entity(
    session: Session, agreed: access.Agreed, teacher: Any
) -> None:
    access.set_term(session, agreed.id, clock.LONG_AGO, AUTUMN)
    assert roles_of(session, teacher.person_id, AUTUMN) == {"opettaja@koulu"}


def everything(session: Session) -> dict[str, list[Any]]:
    """The rows of every table."""
    return {table.name: sorted(map(repr, session.execute(select(table)))) for table in Base.metadata.sorted_tables}


def test_an_agreement_that_ends_at_midnight_is_felt_by_everybody_and_no_row_was_written(
    session: Session, town: Town, psychologist: Any
) -> None:
    people = [psychologist.person_id]
    for _ in range(5):
        people.append(facts.person(session))
        facts.affiliation(session, people[-1], town.clinic, occupation="psykologi")
    access.derive_all(session)
    midnight, before = day("2027-01-01"), everything(session)
    with clock.fixed(midnight - SECOND):
        assert [len(rights(session, one, None)) for one in people] == [1] * 6
    with clock.fixed(midnight):
        assert [len(rights(session, one, None)) for one in people] == [0] * 6
    assert everything(session) == before


def test_the_end_told_is_the_first_of_the_ends_of_facts_clause_and_agreement(
    session: Session, agreed: access.Agreed, psychologist: Any
) -> None:
    def told() -> datetime:
        (right,) = rights(session, psychologist.person_id, None, AUTUMN)
        return right.valid_to

    assert told() == day("2027-01-01")
    access.set_term(session, agreed.id, clock.LONG_AGO, clock.FOREVER)
    assert told() == END
    access.alter(session, agreed, valid_to=CHRISTMAS)
    access.derive_all(session)
    assert told() == CHRISTMAS


def test_rights_are_read_in_one_statement_however_many_there_are(
    session: Session, town: Town, psychologist: Any
) -> None:
    counted = []
    for n in range(2):
        with Statements(session) as statements:
            assert len(rights(session, psychologist.person_id, None, AUTUMN)) == 1 + 10 * n
        counted.append(len(statements))
        for m in range(10 * (1 - n)):
            facts.affiliation(
                session, psychologist.person_id, facts.organisation(session, f"koulu-{m}", under=town.town)
            )
        access.rule(session, town.town, access.teachers(), "opettajat")
        access.derive_all(session)
    assert counted == [1, 1]


def keys_of(session: Session, person_id: Any, at: datetime = AUTUMN) -> list[tuple[str, str]]:
    """The kind and the organisation of a person's capacities."""
    return [(one.kind, one.organisation_key) for one in capacities(session, person_id, at)]


def test_capacities_are_what_a_person_is_now_or_within_a_month_the_primary_one_first(
    session: Session, town: Town
) -> None:
    aino = facts.person(session)
    facts.affiliation(session, aino, town.school)
    facts.affiliation(session, aino, town.clinic, is_primary=True, title="Psykologi")
    facts.affiliation(session, aino, town.county, AUTUMN + timedelta(days=30))
    facts.affiliation(session, aino, town.town, AUTUMN + timedelta(days=30) + SECOND)
    facts.affiliation(session, aino, town.root, until=AUTUMN)
    facts.close(session, facts.affiliation(session, aino, town.school))
    assert keys_of(session, aino) == [("employee", "opiskeluhuolto"), ("employee", "koulu"), ("employee", "hva")]
    first = capacities(session, aino, AUTUMN)[0]
    assert (first.position, first.organisation_names["sv"], first.is_primary) == (
        "Psykologi",
        "opiskeluhuolto sv",
        True,
    )


def test_a_capacity_is_called_by_its_occupation_in_the_language_of_the_reader(session: Session, town: Town) -> None:
    session.add(Occupation(code="ope", name={"fi": "Opettaja", "sv": "Lärare"}))
    aino, child = facts.person(session), facts.person(session)
    for code, title in (("ope", "opett. vv"), ("muu", "Muu")):
        facts.affiliation(session, aino, town.school, occupation=code, title=title)
    link = facts.relationship(session, aino, child)
    found = {one.position: one for one in capacities(session, aino, AUTUMN)}
    assert {told: [one.called(language) for language in ("sv", "en")] for told, one in found.items()} == {
        "opett. vv": ["Lärare", "Opettaja"],
        "Muu": ["Muu", "Muu"],
        None: [None, None],
    }
    assert [capacity(session, aino, one.id, AUTUMN) for one in found.values()] == list(found.values())
    assert found[None].id == link.fact_id


def test_a_guardian_can_act_for_the_child_and_a_manager_for_nobody(session: Session, town: Town) -> None:
    parent, child, worker = (facts.person(session) for _ in range(3))
    facts.relationship(session, parent, worker, "manager_of")
    link = facts.relationship(session, parent, child)
    (found,) = capacities(session, parent, AUTUMN)
    assert (found.id, found.kind, found.organisation_id, found.on_behalf_of) == (link.fact_id, "guardian", None, child)
    assert capacities(session, child, AUTUMN) == []


def test_somebody_who_is_held_can_act_as_nothing(session: Session, town: Town) -> None:
    parent, child = facts.person(session), facts.person(session)
    facts.affiliation(session, parent, town.school)
    facts.relationship(session, parent, child)
    facts.hold(session, parent, AUTUMN, CHRISTMAS)
    assert keys_of(session, parent) == []
    assert len(keys_of(session, parent, CHRISTMAS)) == 2


def test_under_a_clause_that_needs_a_live_relationship_a_right_is_asked_at_use_or_not_held(
    session: Session, town: Town, agreed: access.Agreed, psychologist: Any
) -> None:
    access.alter(session, agreed, relationship_kind="customer")
    access.derive_all(session)
    assert rights(session, psychologist.person_id, None, AUTUMN) == [], (
        "a token cannot tell whether somebody is a customer"
    )
    access.change_role(session, town.role, ["oppilaat:read"], "at use")
    access.derive_all(session)
    (right,) = rights(session, psychologist.person_id, None, AUTUMN)
    assert right.needs_relationship
    assert usable([right], psychologist.fact_id, town.wilma) == ()


def test_where_the_agreement_records_who_accepted_it_a_weaker_enforcement_gives_a_usable_right(
    session: Session, town: Town, agreed: access.Agreed, psychologist: Any
) -> None:
    accepted = {"weaker_accepted_by": "Sivistysjohtaja", "weaker_accepted_on": date(2026, 6, 12)}
    access.alter(session, agreed, relationship_kind="customer", **accepted)
    access.derive_all(session)
    (right,) = rights(session, psychologist.person_id, None, AUTUMN)
    assert usable([right], psychologist.fact_id, town.wilma) == (right,)
    access.change_role(session, town.role, ["oppilaat:read"], "at use")
    (right,) = rights(session, psychologist.person_id, None, AUTUMN)
    assert usable([right], psychologist.fact_id, town.wilma) == (), "what is asked at use stays asked at use"


def test_what_a_role_held_then_is_what_was_known_then(session: Session, town: Town, teacher: Any) -> None:
    with clock.fixed(CHRISTMAS):
        access.change_role(session, town.role, ["arviointi:write"], "at use")
    (then,) = rights(session, teacher.person_id, None, AUTUMN, known_at=CHRISTMAS - timedelta(days=1))
    (now,) = rights(session, teacher.person_id, None, AUTUMN)
    assert (then.content, then.enforcement) == (("oppilaat:read",), "by token")
    assert (now.content, now.enforcement) == (("arviointi:write",), "at use")
