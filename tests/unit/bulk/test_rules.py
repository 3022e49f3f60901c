"""Many rules at once: withdrawn, or given to another owner, as one plan for what people lose by all of them."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select, update

from iam.access.asker import asker_of
from iam.access.model.rule import Rule, RuleVersion
from iam.audit.log import AuditEvent
from iam.bulk import plan, waits
from iam.change import Actor
from iam.errors import Conflict, NotFound
from tests.kit.factories import access, facts
from tests.kit.held import open_assignments
from tests.unit.bulk.conftest import School

WITHDRAW, GIVE = "withdraw-rules", "give-rules"


@pytest.fixture
def two(guarded: School) -> list[UUID]:
    """Two rules of the town that give its people the role, of which nobody has the other."""
    session, kunta = guarded.session, guarded.ids["kunta"]
    found = []
    for key, occupation in (("opettajat", "opettaja"), ("ohjaajat", "ohjaaja")):
        pattern = access.teachers()
        pattern["bind"]["a"]["affiliation"]["occupation"] = occupation
        access.rule(session, kunta, pattern, key)
        found.append(session.scalars(select(Rule.id).where(Rule.key == key)).one())
    return found


def in_force(school: School) -> set[str]:
    query = select(Rule.key).join(RuleVersion, RuleVersion.rule_id == Rule.id).where(RuleVersion.state == "published")
    return set(school.session.scalars(query))


def by_rule(school: School) -> int:
    return len([one for one in open_assignments(school.session) if one.origin == "rule"])


def test_rules_that_take_from_few_are_withdrawn_at_once_each_with_its_event(guarded: School, two: list[UUID]) -> None:
    guarded.people(2)
    guarded.people(60, kind="student")
    access.derive_all(guarded.session)
    assert by_rule(guarded) == 2
    report = guarded.do(WITHDRAW, two, guarded.asker("paula"))
    assert report.waits is None
    assert in_force(guarded) == set()
    assert by_rule(guarded) == 0
    told = guarded.session.scalars(select(AuditEvent).where(AuditEvent.type == "rule:version:withdrawn"))
    assert {one.envelope["rule"] for one in told} == {"opettajat", "ohjaajat"}
    with pytest.raises(Conflict):
        guarded.do(WITHDRAW, two, guarded.asker("paula"))


def test_what_takes_from_many_waits_and_a_second_person_withdraws_exactly_those(
    guarded: School, two: list[UUID]
) -> None:
    guarded.people(60)
    access.derive_all(guarded.session)
    kept = guarded.do(WITHDRAW, two, guarded.asker("paula")).waits
    assert kept is not None
    assert in_force(guarded) == {"opettajat", "ohjaajat"}
    assert kept.counts == {"gain": 0, "lose": 60}
    assert plan.accept(guarded.session, kept, lambda digest: digest == kept.digest, guarded.asker("pekka"))
    assert in_force(guarded) == set()
    assert by_rule(guarded) == 0


def test_what_waits_is_decided_over_the_smallest_organisation_that_holds_every_owner(
    guarded: School, two: list[UUID]
) -> None:
    session, ids = guarded.session, guarded.ids
    guarded.people(60)
    access.derive_all(session)
    in_town, in_school = (facts.person(session) for _ in range(2))
    access.admin_grant(session, in_town, "admin", ids["kunta"])
    access.admin_grant(session, in_school, "admin", ids["koulu"])
    session.execute(update(Rule).where(Rule.id == two[1]).values(owner_id=ids["koulu"]))
    kept = guarded.do(WITHDRAW, two, guarded.asker("paula")).waits
    assert kept is not None
    assert kept.owner_id == ids["kunta"]
    with pytest.raises(NotFound):
        waits.of_id(session, asker_of(session, in_school), kept.id)
    assert waits.of_id(session, asker_of(session, in_town), kept.id) is kept
    waits.refuse(session, kept, "Ei", Actor(in_town))


def test_rules_of_two_towns_are_decided_by_who_holds_both(guarded: School, two: list[UUID]) -> None:
    session, ids = guarded.session, guarded.ids
    guarded.people(60)
    access.derive_all(session)
    session.execute(update(Rule).where(Rule.id == two[1]).values(owner_id=ids["toinen"]))
    kept = guarded.do(WITHDRAW, two, guarded.asker("paula")).waits
    assert kept is not None
    in_town = facts.person(session)
    access.admin_grant(session, in_town, "admin", ids["kunta"])
    with pytest.raises(NotFound):
        waits.of_id(session, asker_of(session, in_town), kept.id)
    assert waits.of_id(session, guarded.asker("pekka").asker, kept.id) is kept


def test_a_rule_goes_to_another_owner_and_what_that_one_may_not_give_is_left_out(
    guarded: School, two: list[UUID]
) -> None:
    session, paula = guarded.session, guarded.asker("paula")
    guarded.people(2)
    access.derive_all(session)
    report = guarded.do(GIVE, two, paula, organisation=str(guarded.ids["marjala"]))
    owners = set(session.scalars(select(Rule.owner_id).where(Rule.id.in_(two))))
    assert owners == {guarded.ids["marjala"]}
    assert by_rule(guarded) == 2, "whose rights they are changes nobody's"
    assert set(report.people.done) == set(two)
    with pytest.raises(Conflict, match="nobody for whom"):
        guarded.do(GIVE, two, paula, organisation=str(guarded.ids["marjala"]))
    told = session.scalars(select(AuditEvent).where(AuditEvent.type == "rule:owner:changed"))
    assert {one.envelope["from"] for one in told} == {str(guarded.ids["kunta"])}


def test_a_neighbours_rule_is_never_touched(guarded: School, two: list[UUID]) -> None:
    neighbour = facts.person(guarded.session)
    access.admin_grant(guarded.session, neighbour, "admin", guarded.ids["toinen"])
    guarded.ids["neighbour"] = neighbour
    with pytest.raises(Conflict):
        guarded.do(WITHDRAW, two, guarded.asker("neighbour"))
    assert in_force(guarded) == {"opettajat", "ohjaajat"}
