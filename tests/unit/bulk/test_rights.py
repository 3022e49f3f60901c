"""Rights by hand for many: who gains, who is left out and why, by few statements, and what waits is done exactly."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.asker import asker_of
from iam.access.model.assignment import AdminGrant, Assignment
from iam.access.model.proposal import Proposal
from iam.access.model.role import Role
from iam.audit.log import AuditEvent
from iam.bulk import plan, waits
from iam.bulk.acts import registry
from iam.deciding import decide
from iam.deciding.decide import Decider
from iam.deciding.waiting import named, waiting
from iam.directory.affiliation import Affiliation
from iam.errors import Conflict, Denied, Invalid, NotFound
from iam.plans.plan import Plan, PlanEffect
from tests.kit.factories import access, facts
from tests.unit.bulk.conftest import School

GIVE, LENGTHEN, END = "give-right", "lengthen-right", "end-right"


def day(days: int) -> str:
    return (clock.today() + timedelta(days=days)).isoformat()


def events(session: Session, type_: str) -> list[AuditEvent]:
    return list(session.scalars(select(AuditEvent).where(AuditEvent.type == type_)))


def test_each_of_a_thousand_gains_the_right_and_is_told_in_the_log_by_few_statements(school: School) -> None:
    few, ids = school.people(3), school.people(1000)
    with school.counted() as for_few:
        school.do(GIVE, few)
    school.do(END, few)
    school.session.execute(delete(AuditEvent))
    school.session.execute(delete(PlanEffect))
    school.session.execute(delete(Plan))
    with school.counted() as for_many:
        report = school.do(GIVE, ids)
    assert len(for_many) <= len(for_few) + 5, "as many statements for three as for a thousand"
    assert school.holders() == set(ids) == set(report.people.done)
    assert {one.subject_id for one in events(school.session, "right:hand:granted")} == set(ids)
    (event,) = events(school.session, "bulk:act:done")
    assert (event.envelope["people"], event.envelope["gain"], event.envelope["left_out"]) == (1000, 1000, 0)
    assert school.session.scalars(select(Plan)).one().counts == {"gain": 1000, "lose": 0}, "the guard sums seven days"


def test_who_is_left_out_is_told_with_why_and_the_others_get_it(school: School) -> None:
    ids = school.people(2)
    elsewhere = facts.person(school.session)
    facts.affiliation(school.session, elsewhere, school.ids["koulu"], until=clock.now() - timedelta(days=3))
    report = school.do(GIVE, [*ids, elsewhere, school.ids["sanna"]])
    assert school.holders() == set(ids)
    assert school.why(report, elsewhere) == "No present position in your part."
    assert school.why(report, school.ids["sanna"]) == "Nobody grants rights to themselves."


def test_what_is_sent_twice_is_done_once(school: School) -> None:
    ids, who = school.people(3), school.asker()
    act = registry.read(school.session, who, GIVE, school.said())
    seen = plan.preview(school.session, act, ids, who, who.part("persons.read")).preview.effects.digest
    plan.do(school.session, act, ids, who, lambda digest: digest == seen)
    with pytest.raises(Conflict, match="changed meanwhile"):
        plan.do(school.session, act, ids, who, lambda digest: digest == seen)
    with pytest.raises(Conflict, match="nobody for whom"):
        school.do(GIVE, ids)
    assert len(school.session.scalars(select(Assignment).where(Assignment.closed_by.is_(None))).all()) == 3


def test_a_role_that_nobody_hands_out_alone_is_not_given_to_many_either(school: School) -> None:
    school.session.get_one(Role, school.ids["opettaja"]).sensitive = True
    with pytest.raises(Invalid, match="hands out this role alone"):
        school.do(GIVE, school.people(2))


def test_every_field_that_is_wrong_is_told_at_once(school: School) -> None:
    who = school.asker()
    with pytest.raises(Invalid) as caught:
        registry.read(school.session, who, GIVE, {"role": "wilma:olematon", "scope": str(school.ids["naapuri"])})
    assert {one.field for one in caught.value.problems} == {"role", "scope", "until", "reason"}
    with pytest.raises(NotFound):
        registry.of(school.asker("sanna"), "no-such-act")


def test_a_right_goes_on_from_where_it_would_have_ended_and_ends_for_all(school: School) -> None:
    ids = school.people(3)
    school.do(GIVE, ids)
    other = school.people(1)
    report = school.do(LENGTHEN, ids + other, until=day(200))
    assert school.why(report, other[0]) == "Holds no such right by hand there."
    a = Assignment
    query = select(a.valid_from, a.valid_to).where(a.person_id == ids[0], a.closed_by.is_(None)).order_by(a.valid_from)
    (_, first), (second, _) = school.session.execute(query).all()
    assert first == second
    report = school.do(END, [*ids, *other])
    assert school.holders() == set()
    assert set(report.people.done) == set(ids)
    assert {one.subject_id for one in events(school.session, "right:hand:ended")} == set(ids)


def test_a_protected_pupil_is_left_out_where_it_may_not_be_told_that_they_are_there(school: School) -> None:
    (pupil,) = school.people(1, kind="student")
    school.protect(pupil)
    report = school.do(GIVE, [pupil, *school.people(1)])
    assert school.why(report, pupil) == plan.PROTECTED.message
    assert pupil not in school.holders()
    assert pupil in school.do(GIVE, [pupil], school.asker("paula")).people.done


def held(school: School) -> Proposal:
    """Something that waits: a right for more than go through by themselves."""
    school.people(60)
    kept = school.do(GIVE, school.people(40)).waits
    assert kept is not None
    return kept


def test_what_gives_much_waits_and_a_second_person_has_exactly_that_done(guarded: School) -> None:
    proposal = held(guarded)
    assert guarded.holders() == set()
    paula = asker_of(guarded.session, guarded.ids["paula"])
    (found,) = waiting(guarded.session, paula)
    assert (found.name, found.gain) == (f"bulk/{proposal.key}", 40)
    who = Decider(paula, guarded.asker("paula").actor, guarded.vault)
    decide.approve(guarded.session, named(guarded.session, paula, found.name), who)
    assert len(guarded.holders()) == 40
    (event,) = events(guarded.session, "bulk:act:accepted")
    assert event.envelope["proposed_by"] == str(guarded.ids["sanna"])
    assert waiting(guarded.session, paula) == []


def test_who_proposed_it_does_not_accept_it_and_takes_it_back(guarded: School) -> None:
    proposal, sanna = held(guarded), guarded.asker()
    with pytest.raises(Denied, match="Somebody else"):
        plan.accept(guarded.session, proposal, lambda _: True, sanna)
    with pytest.raises(Invalid):
        waits.refuse(guarded.session, proposal, " ", sanna.actor)
    waits.refuse(guarded.session, proposal, "Ei sittenkään", sanna.actor)
    assert waiting(guarded.session, sanna.asker) == []
    assert guarded.holders() == set()


def test_what_changed_meanwhile_is_not_done(guarded: School) -> None:
    proposal, paula = held(guarded), guarded.asker("paula")
    one = guarded.session.scalars(select(Affiliation).where(Affiliation.occupation == "ohjaaja")).all()[-1]
    facts.correct(guarded.session, one, valid_to=clock.now() - timedelta(days=1))
    assert not plan.accept(guarded.session, proposal, lambda digest: digest == proposal.digest, paula)
    assert guarded.holders() == set()
    _, shown = plan.look_at_waiting(guarded.session, proposal, paula)
    assert plan.accept(guarded.session, proposal, lambda digest: digest == shown.preview.effects.digest, paula)
    assert len(guarded.holders()) == 39


def test_what_the_proposer_may_not_do_any_more_is_done_by_nobody(guarded: School) -> None:
    proposal, paula = held(guarded), guarded.asker("paula")
    for row in guarded.session.scalars(select(AdminGrant).where(AdminGrant.permission == "rights.grant")):
        row.closed_by = facts.change(guarded.session).id
    guarded.session.flush()
    with pytest.raises(NotFound):
        plan.accept(guarded.session, proposal, lambda _: True, paula)
    assert guarded.holders() == set()


def test_it_waits_for_nobody_of_another_part(guarded: School) -> None:
    proposal = held(guarded)
    neighbour = facts.person(guarded.session)
    access.admin_grant(guarded.session, neighbour, "admin", guarded.ids["toinen"])
    assert waiting(guarded.session, asker_of(guarded.session, neighbour)) == []
    with pytest.raises(NotFound):
        waits.of_id(guarded.session, asker_of(guarded.session, neighbour), proposal.id)
    assert waits.of_id(guarded.session, guarded.asker("paula").asker, proposal.id) is proposal


def test_who_would_have_it_too_does_not_accept_it(guarded: School) -> None:
    many = guarded.people(40)
    guarded.people(60)
    kept = guarded.do(GIVE, [*many, guarded.ids["pekka"]]).waits
    assert kept is not None
    with pytest.raises(Denied, match="done for you too"):
        plan.accept(guarded.session, kept, lambda _: True, guarded.asker("pekka"))
    assert guarded.holders() == set()
