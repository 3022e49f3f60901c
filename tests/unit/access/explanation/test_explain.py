"""Why a person holds a right, what was known when, and why somebody else does not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import WHOLE
from iam.access.commands import by_hand
from iam.access.commands.publish import publish
from iam.access.explanation.explain import Explanation, explain
from iam.access.explanation.why_not import why_not
from iam.access.model.agreement import Agreement
from iam.access.right import rights
from iam.change import SYSTEM, Actor, begin
from iam.directory.occupation import Occupation
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day
from tests.kit.held import Statements
from tests.unit.access.conftest import Town

AUTUMN = day("2026-09-15")
CHRISTMAS = day("2026-12-20")
END = day("2027-06-01")
PSYCHOLOGISTS = access.teachers(occupation="psykologi") | {
    "gives": {"role": "wilma:opettaja", "scope": {"organisation": "koulu"}}
}


@pytest.fixture
def teacher(session: Session, town: Town) -> Any:
    """A teacher whom a published rule gives the role; the payroll told so on line 7."""
    held = facts.affiliation(session, facts.person(session), town.school, until=END, title="Luokanopettaja")
    facts.told_by(session, held, facts.source(session, town.town), "hr.csv", 7)
    publish(
        session,
        "opettajat",
        access.teachers(kind="employee", occupation="opettaja"),
        "kunta",
        Actor(facts.person(session)),
    )
    return held


def one(session: Session, person_id: Any, **asked: Any) -> Explanation:
    """The only right of a person, explained."""
    (found,) = explain(session, person_id, **({"at": AUTUMN} | asked))
    return found


def test_a_right_tells_role_scope_enforcement_and_until_when(session: Session, teacher: Any) -> None:
    found = one(session, teacher.person_id)
    assert (found.role, found.role_names["fi"], found.scope_key, found.scope_names["sv"]) == (
        "wilma:opettaja",
        "Wilma: Opettaja",
        "koulu",
        "koulu sv",
    )
    assert (found.capacity_id, found.enforced, found.held, found.until) == (teacher.fact_id, "by token", True, END)
    assert found.ends_first["en"] == "the affiliation ends"


def test_a_right_leads_through_rule_and_fact_to_the_line_of_the_file(session: Session, teacher: Any) -> None:
    (because,) = one(session, teacher.person_id).because
    assert (because.origin, because.rule_key, because.rule_version, because.clause) == ("rule", "opettajat", 1, None)
    assert because.published_by is not None
    assert set(because.sentence) == {"fi", "sv", "en"}
    assert "Wilma: Opettaja" in because.sentence["en"]
    fact, place = because.facts
    assert (fact.version_id, fact.fact, fact.kind, fact.organisation_key, fact.position) == (
        teacher.version_id,
        "affiliation",
        "employee",
        "koulu",
        "Luokanopettaja",
    )
    assert (fact.source_key, fact.file, fact.line, fact.valid_to) == ("hr", "hr.csv", 7, END)
    assert fact.run_id is not None
    assert (place.fact, place.organisation_key, place.source_key, place.line) == ("place", "koulu", None, None)


def test_a_fact_that_a_person_wrote_names_the_person(session: Session, town: Town, teacher: Any) -> None:
    aino, writer = facts.person(session), facts.person(session)
    held = facts.affiliation(session, aino, town.school)
    held.opened_by = begin(session, "command", Actor(writer)).id
    session.flush()
    access.derive_all(session)
    assert one(session, aino).because[0].facts[0].recorded_by == writer


def test_at_a_past_day_the_right_of_that_day_is_explained(session: Session, town: Town, teacher: Any) -> None:
    assert explain(session, teacher.person_id, at=facts.SCHOOL_YEAR - timedelta(seconds=1)) == []
    facts.affiliation(session, teacher.person_id, town.town, day("2019-08-01"), facts.SCHOOL_YEAR)
    access.derive_all(session)
    assert one(session, teacher.person_id, at=day("2020-01-01")).scope_key == "kunta"
    assert one(session, teacher.person_id, at=AUTUMN).scope_key == "koulu"


def test_what_was_known_before_a_correction_gives_the_old_answer_and_after_it_the_new(
    session: Session, town: Town
) -> None:
    recorded, corrected = day("2026-08-10"), day("2026-10-01")
    with clock.fixed(recorded):
        aino = facts.person(session)
        held = facts.affiliation(session, aino, town.school, until=END)
        access.rule(session, town.town, access.teachers())
        access.derive_all(session)
    with clock.fixed(corrected):
        moved = facts.correct(session, held, organisation_id=town.town, valid_to=CHRISTMAS)
        access.derive_all(session)

    def told(known_at: datetime | None) -> tuple[str, datetime, Any]:
        found = one(session, aino, known_at=known_at)
        return found.scope_key, found.until, found.because[0].facts[0].version_id

    old, new = ("koulu", END, held.version_id), ("kunta", CHRISTMAS, moved.version_id)
    assert told(corrected - timedelta(seconds=1)) == old
    assert [told(corrected), told(None)] == [new, new]
    assert explain(session, aino, at=AUTUMN, known_at=recorded - timedelta(seconds=1)) == []


def test_a_hold_that_was_not_known_then_took_no_right(session: Session, teacher: Any) -> None:
    with clock.fixed(day("2030-01-01")):
        facts.hold(session, teacher.person_id)
        assert explain(session, teacher.person_id, at=AUTUMN) == []
        assert len(explain(session, teacher.person_id, at=AUTUMN, known_at=day("2029-12-31"))) == 1


def test_a_right_across_entities_names_agreement_and_clause(session: Session, town: Town) -> None:
    held = facts.affiliation(session, facts.person(session), town.clinic, occupation="psykologi", until=END)
    term = (facts.SCHOOL_YEAR, CHRISTMAS)
    access.agreement(session, town.town, town.county, town.town, {"psykologi": ["oppilaat:read"]}, term=term)
    access.rule(session, town.county, PSYCHOLOGISTS)
    access.derive_all(session)
    found = one(session, held.person_id)
    clause = found.because[0].clause
    assert clause is not None
    assert (clause.agreement_key, clause.case_number, clause.n, clause.purpose) == ("sopimus", "sopimus-1", 1, "test")
    assert clause.purpose_in("sv") == "test"
    assert (clause.live_from, clause.live_to) == term
    assert (found.until, found.ends_first["en"]) == (CHRISTMAS, "the agreement ends")


def test_a_rights_purpose_and_occupations_are_told_in_the_readers_language(session: Session, town: Town) -> None:
    held = facts.affiliation(session, facts.person(session), town.clinic, occupation="psykologi", title="ps.")
    access.agreement(session, town.town, town.county, town.town, {"psykologi": ["oppilaat:read"]})
    names = {"fi": "opiskeluhuolto", "sv": "elevhälsa", "en": "student welfare"}
    session.execute(update(Agreement).values(purpose_names=names))
    session.add(Occupation(code="psykologi", name={"fi": "Koulupsykologi", "sv": "Skolpsykolog"}))
    access.rule(session, town.county, PSYCHOLOGISTS)
    access.derive_all(session)
    because = one(session, held.person_id).because[0]
    assert because.clause is not None
    assert [because.clause.purpose_in(language) for language in ("fi", "sv")] == ["opiskeluhuolto", "elevhälsa"]
    fact = next(one for one in because.facts if one.fact == "affiliation")
    assert (fact.called("sv"), fact.position) == ("Skolpsykolog", "ps.")
    assert "Skolpsykolog" in because.sentence["sv"]
    assert "Koulupsykologi" in because.sentence["fi"]


def test_a_right_by_hand_tells_the_reason_that_was_given(session: Session, town: Town) -> None:
    held = facts.affiliation(session, facts.person(session), town.school)
    with clock.fixed(AUTUMN):
        by_hand.grant(
            session, held.person_id, held.fact_id, town.role, town.school, "sijaistus", CHRISTMAS, SYSTEM, WHOLE
        )
    found = one(session, held.person_id)
    assert [(one.origin, one.reason, one.rule_key, one.sentence) for one in found.because] == [
        ("hand", "sijaistus", None, {})
    ]
    assert found.ends_first["en"] == "the end that was set by hand"


def test_no_absence_ends_a_right_that_was_given_by_hand(session: Session, town: Town) -> None:
    held = facts.affiliation(session, facts.person(session), town.school)
    facts.absence(session, held, CHRISTMAS)
    with clock.fixed(AUTUMN):
        by_hand.grant(
            session, held.person_id, held.fact_id, town.role, town.school, "sijaistus", CHRISTMAS, SYSTEM, WHOLE
        )
    assert one(session, held.person_id).ends_first["en"] == "the end that was set by hand"


def test_a_right_tells_every_reason_and_the_end_of_the_last(session: Session, town: Town, teacher: Any) -> None:
    team = facts.group(session, town.school, "tiimi")
    facts.membership(session, teacher.person_id, team, until=CHRISTMAS)
    bind = {"m": {"membership": {"group": "tiimi", "owner": "koulu"}}}
    access.rule(
        session, town.town, {"bind": bind, "gives": {"role": "wilma:opettaja", "scope": "organisation of m"}}, "tiimi"
    )
    access.derive_all(session)
    found = one(session, teacher.person_id)
    assert {because.rule_key: because.valid_to for because in found.because} == {"opettajat": END, "tiimi": CHRISTMAS}
    by_team = next(because for because in found.because if because.rule_key == "tiimi")
    assert [(line.fact, line.kind, line.other) for line in by_team.facts] == [
        ("membership", "group", "tiimi"),
        ("affiliation", "employee", None),
        ("place", "place", None),
    ]
    assert (found.until, found.ends_first["en"]) == (END, "the affiliation ends")


def test_a_guardians_right_names_the_child(session: Session, town: Town) -> None:
    parent, child = facts.person(session), facts.person(session)
    facts.relationship(session, parent, child)
    facts.affiliation(session, child, town.school, kind="student", until=END)
    bind = {"g": {"relationship": {"kind": "guardian_of"}}, "c": {"affiliation": {"kind": "student", "of": "g"}}}
    access.rule(session, town.town, {"bind": bind, "gives": {"role": "wilma:opettaja", "scope": "organisation of c"}})
    access.derive_all(session)
    line = one(session, parent).because[0].facts[0]
    assert (line.fact, line.kind, line.other) == ("relationship", "guardian_of", str(child))


ENDS = [
    ("an absence", "an absence begins"),
    ("another place in the tree", "the organisation changes its place"),
    ("nothing", "no end is known"),
]


@pytest.mark.parametrize(("cause", "told"), ENDS, ids=[cause for cause, _ in ENDS])
def test_what_ends_a_right_first_is_named_by_its_true_cause(
    session: Session, town: Town, cause: str, told: str
) -> None:
    held = facts.affiliation(session, facts.person(session), town.school)
    if cause == "an absence":
        facts.absence(session, held, CHRISTMAS)
    if cause == "another place in the tree":
        facts.places(
            session,
            town.school,
            (town.town, False, clock.LONG_AGO, CHRISTMAS),
            (town.county, False, CHRISTMAS, clock.FOREVER),
        )
    access.rule(session, town.town, access.teachers())
    access.derive_all(session)
    found = one(session, held.person_id)
    assert found.ends_first["en"] == told
    assert all(found.ends_first[language] for language in ("fi", "sv"))


def test_only_the_application_that_is_asked_about_is_explained(session: Session, town: Town, teacher: Any) -> None:
    assert explain(session, teacher.person_id, application_key="primus", at=AUTUMN) == []
    assert len(explain(session, teacher.person_id, application_key="wilma", at=AUTUMN)) == 1


def test_an_explanation_takes_as_many_statements_for_many_rights_as_for_one(
    session: Session, town: Town, teacher: Any
) -> None:
    counted = []
    for many in (0, 20):
        for n in range(many):
            facts.affiliation(session, teacher.person_id, facts.organisation(session, f"koulu-{n}", under=town.town))
        access.derive_all(session)
        with Statements(session) as statements:
            assert len(explain(session, teacher.person_id, at=AUTUMN)) == 1 + many
        counted.append(len(statements))
    assert counted[0] == counted[1] <= 15


def nearest(session: Session, person_id: Any, at: datetime = AUTUMN) -> str:
    """The first condition of the nearest rule that a person does not meet."""
    return str(why_not(session, person_id, "wilma:opettaja", at)[0].failing)


def test_why_not_names_the_first_condition_that_fails(session: Session, town: Town, teacher: Any) -> None:
    child = facts.person(session)
    facts.affiliation(session, child, town.school, kind="student")
    worker = facts.person(session)
    facts.affiliation(session, worker, town.school, occupation="siivooja")
    late = facts.person(session)
    facts.affiliation(session, late, town.school, CHRISTMAS)
    stranger = facts.person(session)
    facts.affiliation(session, stranger, town.clinic)
    assert nearest(session, facts.person(session)) == "There is no fact of the kind the rule begins with."
    assert nearest(session, child) == "The kind is student, the rule asks for employee."
    assert nearest(session, worker) == "The position is not among those the rule asks for."
    assert nearest(session, late) == "It does not hold on that day."
    assert nearest(session, stranger) == "The organisation does not belong where the rule applies."


def test_why_not_begins_with_the_rule_that_is_nearest_and_leaves_others_out(
    session: Session, town: Town, teacher: Any
) -> None:
    access.role(session, town.wilma, "rehtori")
    access.rule(session, town.town, access.teachers("wilma:rehtori"), "rehtorit")
    access.rule(session, town.town, access.teachers(kind="student", occupation="rehtori"), "kaukana")
    worker = facts.person(session)
    facts.affiliation(session, worker, town.school, occupation="siivooja")
    found = why_not(session, worker, "wilma:opettaja", AUTUMN)
    assert [item.rule_key for item in found] == ["opettajat", "kaukana"]
    assert found[0].passed > found[1].passed
    assert (found[0].rule_version, set(found[0].sentence)) == (1, {"fi", "sv", "en"})
    assert why_not(session, worker, "wilma:tuntematon", AUTUMN) == []


def test_why_not_says_when_only_an_agreement_is_missing(session: Session, town: Town) -> None:
    held = facts.affiliation(session, facts.person(session), town.clinic, occupation="psykologi")
    access.rule(session, town.county, PSYCHOLOGISTS)
    assert nearest(session, held.person_id).startswith("No agreement lets people of the person's own organisation")


def obstacle(session: Session, person_id: Any, **asked: Any) -> str:
    """What stands in the way of the nearest rule, in words."""
    failing = why_not(session, person_id, "wilma:opettaja", asked.pop("at", AUTUMN), **asked)[0].failing
    return failing.message % failing.params


@pytest.fixture
def psychologist(session: Session, town: Town) -> Any:
    """A psychologist of the county, whom a rule would give a role of the town's school."""
    access.rule(session, town.county, PSYCHOLOGISTS)
    return facts.affiliation(session, facts.person(session), town.clinic, occupation="psykologi")


AGREEMENTS: list[tuple[str, dict[str, Any], str]] = [
    ("nobody signed", {"signed": None}, "The agreement sopimus is not signed by both sides of the clause."),
    ("it has ended", {"term": (facts.SCHOOL_YEAR, AUTUMN)}, "The agreement sopimus has ended."),
    ("it begins later", {"term": (CHRISTMAS, END)}, "The agreement sopimus is not in force yet on that day."),
    (
        "its clause ends",
        {"dates": (clock.LONG_AGO, AUTUMN)},
        "The clause of the agreement sopimus does not hold on that day.",
    ),
]


@pytest.mark.parametrize(("values", "told"), [row[1:] for row in AGREEMENTS], ids=[row[0] for row in AGREEMENTS])
def test_why_not_names_what_keeps_an_agreement_from_giving_the_right(
    session: Session, town: Town, psychologist: Any, values: dict[str, Any], told: str
) -> None:
    access.agreement(session, town.town, town.county, town.town, {"psykologi": ["oppilaat:read"]}, **values)
    assert obstacle(session, psychologist.person_id) == told


def test_why_not_says_when_the_agreement_allows_less_than_the_role_holds_or_asks_for_more(
    session: Session, town: Town, psychologist: Any
) -> None:
    agreed = access.agreement(session, town.town, town.county, town.town, {"psykologi": ["nimi:read"]})
    assert (
        obstacle(session, psychologist.person_id)
        == "The agreement sopimus does not allow that position all that the role holds."
    )
    content = frozenset({("psykologi", "oppilaat", "read")})
    access.alter(session, agreed, content=content, relationship_kind="customer")
    assert obstacle(session, psychologist.person_id).startswith("The agreement sopimus asks for a live relationship")


def test_why_not_says_that_somebody_is_absent_or_that_the_access_was_ended(session: Session, town: Town) -> None:
    absent, ended = (facts.affiliation(session, facts.person(session), town.school) for _ in range(2))
    facts.absence(session, absent, facts.SCHOOL_YEAR, CHRISTMAS)
    access.rule(session, town.town, access.teachers() | {"unless": {"absence_of": "a"}})
    access.derive_all(session)
    facts.hold(session, ended.person_id)
    assert obstacle(session, absent.person_id) == "The person is absent on that day."
    assert obstacle(session, ended.person_id) == "The access of this person has been ended."


def test_why_not_says_that_the_area_does_not_reach_there(session: Session, town: Town, psychologist: Any) -> None:
    gives = {"role": "wilma:opettaja", "scope": {"covers_of": "hva"}}
    access.rule(session, town.county, access.teachers(occupation="psykologi") | {"gives": gives}, "saanto")
    assert obstacle(session, psychologist.person_id) == "The area of hva covers no organisation on that day."


def test_why_not_tells_what_stood_in_the_way_as_it_was_known_then(
    session: Session, town: Town, psychologist: Any
) -> None:
    with clock.fixed(CHRISTMAS):
        access.agreement(session, town.town, town.county, town.town, {"psykologi": ["oppilaat:read"]}, signed=None)
    before = CHRISTMAS - timedelta(days=1)
    with clock.fixed(END):
        assert obstacle(session, psychologist.person_id).endswith("is not signed by both sides of the clause.")
        assert obstacle(session, psychologist.person_id, known_at=before).startswith("No agreement lets")


def test_the_rules_of_the_persons_own_organisation_come_first_however_near_another_is(
    session: Session, town: Town
) -> None:
    held = facts.affiliation(session, facts.person(session), town.clinic, occupation="psykologi", kind="contractor")
    access.rule(session, town.county, access.teachers(kind="employee", occupation="laakari"), "oma")
    access.rule(session, town.town, access.teachers(kind="contractor", occupation="psykologi"), "toisen")
    found = why_not(session, held.person_id, "wilma:opettaja", AUTUMN)
    assert [(one.rule_key, one.own) for one in found] == [("oma", True), ("toisen", False)]


def test_a_role_that_another_includes_is_told_as_what_the_token_holds(
    session: Session, town: Town, teacher: Any
) -> None:
    head = access.role(session, town.wilma, "rehtori", ["henkilosto:read"])
    access.include(session, head, town.role)
    access.rule(session, town.town, access.teachers("wilma:rehtori", kind="employee", occupation="rehtori"), "rehtorit")
    principal = facts.affiliation(session, facts.person(session), town.school, occupation="rehtori", until=CHRISTMAS)
    access.derive_all(session)
    told = {item.role: item for item in explain(session, principal.person_id, at=AUTUMN)}
    assert set(told) == {f"wilma:{right.role_key}" for right in rights(session, principal.person_id, None, AUTUMN)}
    assert set(told) == {"wilma:rehtori", "wilma:opettaja"}
    (because,) = told["wilma:opettaja"].because
    assert (because.through, because.rule_key, told["wilma:opettaja"].until) == ("wilma:rehtori", "rehtorit", CHRISTMAS)
    assert [item.through for item in told["wilma:rehtori"].because] == [None]
    missing = {item.rule_key for item in why_not(session, facts.person(session), "wilma:opettaja", AUTUMN)}
    assert missing == {"opettajat", "rehtorit"}, "whoever lacks it may get it by either"


def test_how_a_role_was_enforced_is_what_was_known_then(session: Session, town: Town, teacher: Any) -> None:
    with clock.fixed(CHRISTMAS):
        access.change_role(session, town.role, ["oppilaat:read"], "at use")
    assert one(session, teacher.person_id).enforced == "at use"
    assert one(session, teacher.person_id, known_at=CHRISTMAS - timedelta(days=1)).enforced == "by token"


def test_the_end_told_is_that_of_the_right_and_not_of_the_piece_in_which_it_is_written(
    session: Session, town: Town
) -> None:
    held = facts.affiliation(session, facts.person(session), town.school, until=END)
    unit = facts.organisation(session, "perusopetus", under=town.town)
    facts.places(
        session, town.school, (town.town, False, clock.LONG_AGO, CHRISTMAS), (unit, False, CHRISTMAS, clock.FOREVER)
    )
    access.rule(session, town.town, access.teachers())
    access.derive_all(session)
    found = one(session, held.person_id)
    assert (found.until, found.ends_first["en"]) == (END, "the affiliation ends")
    assert [item.valid_to for item in found.because] == [END]


def test_where_the_clause_ends_the_right_it_is_the_clause_that_is_named(
    session: Session, town: Town, psychologist: Any
) -> None:
    allows = {"psykologi": ["oppilaat:read"]}
    access.agreement(
        session,
        town.town,
        town.county,
        town.town,
        allows,
        dates=(clock.LONG_AGO, CHRISTMAS),
        term=(facts.SCHOOL_YEAR, END),
    )
    access.derive_all(session)
    found = one(session, psychologist.person_id)
    clause = found.because[0].clause
    assert clause is not None
    assert (found.until, clause.ends, found.ends_first["en"]) == (
        CHRISTMAS,
        CHRISTMAS,
        "the clause of the agreement ends",
    )
