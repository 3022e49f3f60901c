"""What persons are, read as one view for who may see it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import WHOLE, Part
from iam.directory.occupation import Occupation
from iam.directory.pages.ties import ties
from iam.directory.person import PersonProfile
from iam.lifecycle.states import state, state_of
from tests.kit.factories import facts
from tests.kit.held import Statements

KEPT, DAY = timedelta(days=90), timedelta(days=1)


def test_the_ties_of_many_are_read_in_one_statement_and_none_for_nobody(session: Session, frozen: datetime) -> None:
    people, place = [facts.person(session) for _ in range(20)], facts.organisation(session, "KOIVU", "school")
    for one in people:
        facts.affiliation(session, one, place)
    with Statements(session) as statements:
        assert all(one.intervals for one in ties(session, WHOLE, people).values())
        assert ties(session, WHOLE, []) == {}
    assert len(statements) == 1


def test_the_view_agrees_with_what_is_told_of_one_person_alone(session: Session, frozen: datetime) -> None:
    now, place = frozen, facts.organisation(session, "KOIVU", "school")
    other = facts.organisation(session, "RANTA", "school")
    lasting, ended, held, coming = (facts.person(session) for _ in range(4))
    facts.affiliation(session, lasting, place, until=clock.FOREVER)
    facts.affiliation(session, lasting, other)
    facts.affiliation(session, ended, place, now - 400 * DAY, now - 300 * DAY)
    facts.affiliation(session, held, place)
    facts.hold(session, held)
    facts.affiliation(session, coming, place, now + 5 * DAY)
    people = [lasting, ended, held, coming]
    part = Part(False, frozenset([place]))
    for visible, near in ((WHOLE, [2, 0, 1, 1]), (part, [1, 0, 1, 1])):
        found = ties(session, visible, people)
        assert [len(found[one].affiliations) for one in people] == near
        computed = {one: state(found[one].intervals, found[one].held, now, KEPT) for one in people}
        assert computed == {one: state_of(session, one, now, KEPT) for one in people}
    assert found[lasting].affiliations[0].valid_to == clock.FOREVER
    assert [one.has_holds for one in found.values()] == [False, False, True, False]


def test_the_name_of_an_occupation_is_told_where_the_position_may_be(session: Session, frozen: datetime) -> None:
    session.add(Occupation(code="ope", name={"fi": "Opettaja", "sv": "Lärare"}))
    place = facts.organisation(session, "KOIVU", "school")
    open_, hidden = facts.person(session), facts.person(session)
    session.execute(update(PersonProfile).where(PersonProfile.person_id == hidden).values(protected=True))
    for one in (open_, hidden):
        facts.affiliation(session, one, place, occupation="ope", title="opett. vv")
    found = ties(session, Part(False, frozenset([place])), [open_, hidden])
    assert [one.called("sv") for one in found[open_].affiliations] == ["Lärare"]
    assert [one.called("sv") for one in found[hidden].affiliations] == [None]


def test_a_guardian_is_told_only_to_who_may_see_the_child(session: Session, frozen: datetime) -> None:
    place, other = (facts.organisation(session, key, "school") for key in ("KOIVU", "RANTA"))
    parent, child = facts.person(session), facts.person(session)
    facts.affiliation(session, child, place, kind="student")
    facts.relationship(session, parent, child)
    seen = {key: ties(session, Part(False, frozenset([key])), [parent])[parent] for key in (place, other)}
    assert seen[place].guards_until is not None
    assert seen[other].guards_until is None
    assert len(seen[other].intervals) == 1
