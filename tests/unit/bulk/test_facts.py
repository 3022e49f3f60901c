"""Positions and groups for many: added with somebody who answers for them, ended, and never beyond what one would
get."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.audit.log import AuditEvent
from iam.bulk.acts import registry
from iam.directory.affiliation import Affiliation, Membership, Relationship
from iam.errors import Invalid
from tests.kit.factories import access, facts
from tests.unit.bulk.conftest import School

ADD, END, INTO, OUT = "add-position", "end-position", "into-group", "out-of-group"
SUBSTITUTE = {"kind": "substitute", "occupation": "opettaja", "sponsor": "paula"}


def by_hand(session: Session, school: UUID) -> set[UUID]:
    """Who has a position as a substitute there that lasts."""
    a = Affiliation
    there = a.organisation_id == school, a.kind == "substitute", a.closed_by.is_(None), a.valid_to > clock.now()
    return set(session.scalars(select(a.person_id).where(*there)))


def sponsored(session: Session) -> set[UUID]:
    r = Relationship
    lasting = r.kind == "sponsor_of", r.closed_by.is_(None), r.valid_to > clock.now()
    return set(session.scalars(select(r.other_person_id).where(*lasting)))


def members(session: Session, group_id: UUID) -> set[UUID]:
    m = Membership
    return set(
        session.scalars(
            select(m.person_id).where(m.group_id == group_id, m.closed_by.is_(None), m.valid_to > clock.now())
        )
    )


def test_many_get_a_position_with_who_answers_and_the_rights_that_rules_give_it_until_it_ends(school: School) -> None:
    session, koulu = school.session, school.ids["koulu"]
    access.rule(session, school.ids["kunta"], access.teachers(kind="substitute"))
    ids = school.people(3)
    report = school.do(ADD, [*ids, school.ids["paula"], school.ids["sanna"]], **SUBSTITUTE)
    assert by_hand(session, koulu) == sponsored(session) == set(ids)
    assert school.why(report, school.ids["paula"]) == "Nobody answers for themselves."
    assert school.why(report, school.ids["sanna"]) == "Nobody changes their own positions."
    (done,) = session.scalars(select(AuditEvent).where(AuditEvent.type == "bulk:act:done"))
    assert done.envelope["gain"] == 3
    assert set(school.do(ADD, ids[:2] + school.people(1), **SUBSTITUTE).people.left) == set(ids[:2])
    assert school.do(END, ids, kind="substitute", until="").people.done
    assert by_hand(session, koulu).isdisjoint(ids)
    told = session.scalars(select(AuditEvent.subject_id).where(AuditEvent.type == "person:position:ended"))
    assert set(told) == set(ids)


def test_positions_of_sources_are_never_ended_and_a_visitor_has_an_end(school: School) -> None:
    session = school.session
    person = facts.person(session)
    facts.affiliation(session, person, school.ids["koulu"], source_id=facts.source(session, school.ids["kunta"]).id)
    with pytest.raises(Invalid) as caught:
        registry.read(session, school.asker(), ADD, school.said(kind="visitor", sponsor="paula", until=""))
    assert [one.field for one in caught.value.problems] == ["until"]
    (visitor,) = school.people(1)
    school.do(ADD, [visitor], kind="visitor", sponsor="paula")
    report = school.do(END, [visitor, person], until=(clock.today() + timedelta(days=5)).isoformat(), kind="")
    assert school.why(report, person) == "Has no such position by hand there."


def test_many_are_put_into_a_group_and_taken_out_and_who_else_is_there_stays(school: School) -> None:
    session = school.session
    group = facts.group(session, school.ids["koulu"], "kuoro")
    neighbour = facts.person(session)
    facts.membership(session, neighbour, group)
    ids, nameless, numbered = school.named(3), school.people(1), school.people(1)
    facts.identifier(session, numbered[0], "employee-number", "hr", "10017")
    report = school.do(INTO, [*ids, *nameless, *numbered, school.ids["sanna"]], group=str(group))
    assert members(session, group) == {*ids, *numbered, neighbour}
    assert school.why(report, nameless[0]) == "Has neither a username nor a number that a source told."
    assert school.why(report, school.ids["sanna"]) == "Nobody puts themselves into a group."
    report = school.do(OUT, [ids[0], *numbered, *nameless], group=str(group))
    assert members(session, group) == {*ids[1:], neighbour}
    assert school.why(report, nameless[0]) == "Is not in the group."


def test_a_group_of_a_neighbour_or_of_a_source_cannot_be_chosen(school: School) -> None:
    there = facts.group(school.session, school.ids["naapuri"], "kuoro")
    with pytest.raises(Invalid, match="Choose a group"):
        registry.read(school.session, school.asker(), INTO, school.said(group=str(there)))
