"""A rule by which many gain or lose, or its author does, waits for a second person; nothing of it holds before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access import administration, asker
from iam.access.model.assignment import Assignment
from iam.access.model.proposal import Proposal
from iam.access.model.role import Application, Role
from iam.access.model.rule import RuleVersion
from iam.audit.log import AuditEvent
from iam.change import Actor
from iam.directory.affiliation import Affiliation
from iam.errors import Denied, Invalid
from iam.plans import rule_proposals
from tests.kit.factories import access, facts
from tests.unit.plans.conftest import Welfare

TEACHERS = access.teachers(kind="employee")
PUPILS = access.teachers(kind="student")


@dataclass(slots=True)
class School:
    """A school of thirty teachers and two administrators of its rules."""

    session: Session
    town: UUID
    school: UUID
    role: UUID
    people: list[UUID]
    author: UUID
    second: UUID

    def holders(self) -> set[UUID]:
        """Who holds something by a rule."""
        query = select(Assignment.person_id).where(Assignment.origin == "rule", Assignment.closed_by.is_(None))
        return set(self.session.scalars(query))

    def states(self) -> list[str]:
        """What the versions of all rules are, in order."""
        return list(self.session.scalars(select(RuleVersion.state).order_by(RuleVersion.n)))

    def publish(self, pattern: Any = TEACHERS, who: UUID | None = None) -> list[str]:
        """Publish a rule as the author; return why it waits."""
        found = rule_proposals.publish(self.session, "saanto", pattern, "kunta", Actor(who or self.author))
        return [str(one) for one in found]

    def waiting(self) -> Proposal:
        """What waits."""
        found = rule_proposals.of_rule(self.session, "saanto")
        assert found is not None
        return found

    def part(self, who: UUID) -> administration.Part:
        """Where somebody may write rules."""
        return asker.asker_of(self.session, who).decides("rules.write")

    def accept(self, who: UUID | None = None, seen: str | None = None) -> bool:
        """Accept what waits, as the second person who has looked at it now."""
        found, person = self.waiting(), who or self.second
        digest = seen or rule_proposals.effects_of(self.session, found).effects.digest
        return rule_proposals.accept(self.session, found, digest.__eq__, self.part(person), Actor(person))

    def hire(self, kind: str = "employee") -> UUID:
        """Somebody more at the school."""
        one = facts.person(self.session)
        facts.affiliation(self.session, one, self.school, kind=kind)
        return one


@pytest.fixture
def fresh(session: Session, frozen: datetime) -> School:
    """An installation whose first source run nobody has accepted yet."""
    ids = facts.tree(
        session,
        ("marjala", "consortium", None, True),
        ("kunta", "municipality", "marjala", True),
        ("koulu", "school", "kunta", False),
        ("muu", "municipality", "marjala", True),
    )
    role = access.role(session, access.application(session, ids["kunta"]))
    author, second = facts.person(session), facts.person(session)
    for one in (author, second):
        access.admin_grant(session, one, "rules.write", ids["kunta"])
    made = School(session, ids["kunta"], ids["koulu"], role, [], author, second)
    made.people = [made.hire() for _ in range(30)]
    return made


@pytest.fixture
def school(fresh: School) -> School:
    """The same, in use."""
    facts.accepted(fresh.session, facts.source(fresh.session, fresh.town), fresh.second)
    return fresh


def test_a_new_installation_publishes_at_once_however_many_gain(fresh: School) -> None:
    assert fresh.publish() == []
    assert fresh.holders() == set(fresh.people)


def test_a_rule_that_gives_thirty_people_a_role_waits_and_nobody_has_it(school: School) -> None:
    assert school.publish() == ["koulu en: 30 of 30 people gain something at once, the limit is 5."]
    assert (school.holders(), school.states()) == (set(), ["draft"])
    found = school.waiting()
    assert (found.counts, found.owner_id, found.proposed_by) == ({"gain": 30, "lose": 0}, school.town, school.author)


def test_when_the_second_person_accepts_they_have_it_and_the_log_tells_who_did_what(school: School) -> None:
    school.publish()
    assert school.accept()
    assert (school.holders(), school.states()) == (set(school.people), ["published"])
    version = school.session.scalars(select(RuleVersion)).one()
    assert (version.author_id, version.published_by) == (school.author, school.second)
    events = {(row.type, row.actor_id) for row in school.session.scalars(select(AuditEvent))}
    assert {("rule:version:proposed", school.author), ("rule:version:accepted", school.second)} <= events
    assert rule_proposals.of_rule(school.session, "saanto") is None


def test_who_proposed_it_cannot_accept_it(school: School) -> None:
    school.publish()
    with pytest.raises(Denied):
        school.accept(school.author)
    assert school.holders() == set()


def test_somebody_with_a_smaller_part_than_the_owner_cannot_accept_it(school: School) -> None:
    school.publish()
    smaller, elsewhere = facts.person(school.session), facts.person(school.session)
    access.admin_grant(school.session, smaller, "rules.write", school.school)
    access.admin_grant(school.session, elsewhere, "persons.read", school.town)
    for one in (smaller, elsewhere):
        with pytest.raises(Denied):
            school.accept(one)
    assert school.holders() == set()


def test_who_approves_plans_of_the_town_accepts_it_without_writing_rules(school: School) -> None:
    school.publish()
    approver = facts.person(school.session)
    access.admin_grant(school.session, approver, "plans.approve", school.town)
    assert school.accept(approver)
    assert school.holders() == set(school.people)


def test_a_rule_that_gives_in_another_legal_entity_is_decided_by_who_stands_over_both(welfare: Welfare) -> None:
    session, (wilma,) = welfare.session, welfare.session.scalars(select(Application.id)).all()
    access.role(session, wilma, "kuraattori")
    gives = {"role": "wilma:kuraattori", "scope": {"organisation": "koulu"}}
    pattern = access.teachers(occupation="psykologi") | {"gives": gives}
    assert rule_proposals.publish(session, "uusi", pattern, "hva", Actor(welfare.of_county))
    waits = rule_proposals.of_rule(session, "uusi")
    assert waits is not None

    def accepted(*places: UUID) -> bool:
        person_id = facts.person(session)
        for place in places:
            access.admin_grant(session, person_id, "plans.approve", place)
        digest = rule_proposals.effects_of(session, waits).effects.digest
        part = asker.asker_of(session, person_id).decides("rules.write")
        return rule_proposals.accept(session, waits, digest.__eq__, part, Actor(person_id))

    with pytest.raises(Denied, match="outside your part"):
        accepted(welfare.county)
    with pytest.raises(Denied):
        accepted(welfare.city)
    assert accepted(welfare.county, welfare.city)


def test_effects_that_changed_meanwhile_are_shown_anew_and_give_nothing(school: School) -> None:
    school.publish()
    seen = rule_proposals.effects_of(school.session, school.waiting()).effects.digest
    late = school.hire()
    assert school.accept(seen=seen) is False
    assert (school.holders(), school.states()) == (set(), ["draft"])
    assert school.accept() is True
    assert school.holders() == {*school.people, late}


def test_a_rule_by_which_its_author_gains_waits_however_small(school: School) -> None:
    facts.affiliation(school.session, school.author, school.school, kind="elected-official")
    assert school.publish(access.teachers(kind="elected-official")) == ["Whoever asked for it gains by it."]
    assert school.holders() == set()
    assert school.accept()
    assert school.holders() == {school.author}


def test_a_small_rule_by_which_others_gain_is_in_force_at_once(school: School) -> None:
    pupils = {school.hire("student") for _ in range(3)}
    assert school.publish(PUPILS) == []
    assert school.holders() == pupils


def test_withdrawing_a_rule_by_which_many_lose_waits_and_they_keep_it_until_it_is_accepted(school: School) -> None:
    school.publish()
    school.accept()
    found = rule_proposals.withdraw(school.session, "saanto", Actor(school.author))
    assert [str(one) for one in found] == ["koulu en: 30 of 30 people lose something at once, the limit is 5."]
    assert school.holders() == set(school.people)
    assert school.accept()
    assert (school.holders(), school.states()) == (set(), ["withdrawn"])


def test_a_next_version_is_a_draft_beside_the_one_in_force(school: School) -> None:
    school.publish()
    school.accept()
    pupils = {school.hire("student") for _ in range(9)}
    assert len(school.publish(PUPILS)) == 2
    assert (school.states(), school.holders()) == (["published", "draft"], set(school.people))
    school.accept()
    assert (school.states(), school.holders()) == (["withdrawn", "published"], pupils)


def test_what_is_proposed_anew_takes_the_place_of_what_waited(school: School) -> None:
    school.publish()
    seen = rule_proposals.effects_of(school.session, school.waiting()).effects.digest
    for _ in range(9):
        school.hire("student")
    school.publish(PUPILS)
    assert school.states() == ["withdrawn", "draft"]
    assert school.accept(seen=seen) is False, "what was seen is not what waits now"
    assert school.holders() == set()


def test_a_refusal_has_a_reason_and_leaves_everything_as_it_was(school: School) -> None:
    school.publish()
    with pytest.raises(Invalid):
        rule_proposals.refuse(school.session, school.waiting(), " ", school.part(school.second), Actor(school.second))
    rule_proposals.refuse(
        school.session, school.waiting(), "väärä rooli", school.part(school.second), Actor(school.second)
    )
    assert (school.states(), school.holders()) == (["withdrawn"], set())
    (event,) = school.session.scalars(select(AuditEvent).where(AuditEvent.type == "rule:version:refused"))
    assert (event.actor_id, event.envelope["reason"]) == (school.second, "väärä rooli")


def test_of_a_sensitive_role_nobody_is_given_it_alone_and_neither_of_the_two_gains(school: School) -> None:
    school.session.get_one(Role, school.role).sensitive = True
    one = access.teachers(kind="elected-official")
    chosen = school.hire("elected-official")
    assert school.publish(one) == ["It touches a role that nobody hands out alone."]
    assert school.accept()
    assert school.holders() == {chosen}
    for loser in (school.author, school.second):
        facts.affiliation(school.session, loser, school.school, kind="trainee")
    with pytest.raises(Denied):
        school.publish(access.teachers(kind="trainee"))
    third = facts.person(school.session)
    access.admin_grant(school.session, third, "rules.write", school.town)
    school.publish(access.teachers(kind="trainee"), who=third)
    with pytest.raises(Denied):
        school.accept()
    assert school.holders() == {chosen}


def test_a_sensitive_role_waits_though_nobody_has_it_today(school: School) -> None:
    school.session.get_one(Role, school.role).sensitive = True
    assert school.publish(access.teachers(kind="contractor")) == ["It touches a role that nobody hands out alone."]


def test_a_right_in_another_legal_entity_waits_though_it_is_one(school: School) -> None:
    other = facts.organisation(school.session, "naapuri", "municipality", None)
    access.agreement(school.session, other, school.town, other, {"rehtori": ["oppilaat:read"]})
    facts.affiliation(
        school.session, facts.person(school.session), school.school, kind="contractor", occupation="rehtori"
    )
    pattern = {
        "bind": {"a": {"affiliation": {"kind": "contractor"}}},
        "gives": {"role": "wilma:opettaja", "scope": {"organisation": "naapuri"}},
    }
    assert school.publish(pattern) == ["It touches rights in another legal entity."]


def test_many_small_rules_in_a_week_add_up_and_the_one_too_many_waits(school: School) -> None:
    for one in school.people:
        facts.correct(school.session, affiliation_of(school.session, one), occupation="opettaja")
    for code, few in (("a", school.people[:3]), ("b", school.people[3:6])):
        for one in few:
            facts.correct(school.session, affiliation_of(school.session, one), occupation=code)

    def publish(code: str) -> list[str]:
        pattern = access.teachers(kind="employee", occupation=code)
        found = rule_proposals.publish(school.session, f"saanto-{code}", pattern, "kunta", Actor(school.author))
        return [str(one) for one in found]

    assert publish("a") == []
    assert publish("b") == ["koulu en: 3 people gain something, 6 in seven days; the limit is 5."]
    assert school.holders() == set(school.people[:3])
    with clock.fixed(clock.now() + timedelta(days=8)):
        rule_proposals.refuse(
            school.session, of(school, "saanto-b"), "liikaa", school.part(school.second), Actor(school.second)
        )
        assert publish("b") == []
    assert school.holders() == set(school.people[:6])


def of(school: School, key: str) -> Proposal:
    """What waits about a rule."""
    found = rule_proposals.of_rule(school.session, key)
    assert found is not None
    return found


def affiliation_of(session: Session, person_id: UUID) -> Affiliation:
    """Where somebody is employed."""
    query = select(Affiliation).where(Affiliation.person_id == person_id, Affiliation.closed_by.is_(None))
    return session.scalars(query).one()
