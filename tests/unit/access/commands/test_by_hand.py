"""A right granted by hand: with a reason and a coming end, to a living capacity, never longer than it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import WHOLE
from iam.access.commands import by_hand
from iam.access.model.assignment import Assignment
from iam.access.model.role import Role
from iam.audit.log import AuditEvent
from iam.change import Actor, Change
from iam.database.types import uuid7
from iam.directory.affiliation import Affiliation
from iam.errors import Conflict, Invalid, NotFound
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day
from tests.kit.held import open_assignments, roles_of
from tests.unit.access.conftest import Town

CHRISTMAS = day("2026-12-20")
END = day("2027-06-01")


@pytest.fixture
def held(session: Session, town: Town, frozen: Any) -> Affiliation:
    """An affiliation until the summer; the clock stands in the autumn."""
    return facts.affiliation(session, facts.person(session), town.school, until=END)


def grant(
    session: Session,
    town: Town,
    held: Affiliation,
    *,
    reason: str = "sijaistus",
    until: datetime = CHRISTMAS,
    **values: Any,
) -> Assignment:
    """Grant the role in the school, but for ``values``."""
    named: dict[str, UUID] = {
        "person_id": held.person_id,
        "capacity_id": held.fact_id,
        "role_id": town.role,
        "scope_id": town.school,
    } | values
    return by_hand.grant(session, **named, reason=reason, until=until, actor=Actor(held.person_id, "r-1"), part=WHOLE)


def test_a_right_by_hand_holds_from_now_until_the_end_that_was_set(
    session: Session, town: Town, held: Affiliation
) -> None:
    row = grant(session, town, held)
    assert (row.origin, row.reason, row.valid_from, row.valid_to) == ("hand", "sijaistus", clock.now(), CHRISTMAS)
    assert roles_of(session, held.person_id, clock.now()) == {"opettaja@koulu"}
    assert roles_of(session, held.person_id, CHRISTMAS) == set()


def test_it_lasts_no_longer_than_the_capacity_or_the_place_of_the_organisation(
    session: Session, town: Town, held: Affiliation
) -> None:
    assert grant(session, town, held, until=END + timedelta(days=1)).valid_to == END
    facts.places(session, town.school, (town.town, False, clock.LONG_AGO, CHRISTMAS))
    assert grant(session, town, held, until=END).valid_to == CHRISTMAS


def test_granting_and_ending_are_each_told_once_with_who_and_why(
    session: Session, town: Town, held: Affiliation
) -> None:
    row = grant(session, town, held, reason="  sijaistus  ")
    by_hand.end(session, row.id, "ei enää", Actor(held.person_id))
    events = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert {(event.type, event.actor_id, event.subject_id, event.organisation_id) for event in events} == {
        (kind, held.person_id, held.person_id, town.school) for kind in ("right:hand:granted", "right:hand:ended")
    }
    assert len(events) == 2
    purposes = {event.type: session.get_one(Change, event.change_id).purpose for event in events}
    assert purposes == {"right:hand:granted": "sijaistus", "right:hand:ended": "ei enää"}


def test_what_was_ended_is_held_no_more_and_cannot_be_ended_again(
    session: Session, town: Town, held: Affiliation
) -> None:
    row = grant(session, town, held)
    by_hand.end(session, row.id, "ei enää", Actor())
    assert roles_of(session, held.person_id, clock.now()) == set()
    with pytest.raises(Conflict):
        by_hand.end(session, row.id, "ei enää", Actor())


def test_a_right_by_rule_or_an_unknown_one_cannot_be_ended_by_hand(
    session: Session, town: Town, held: Affiliation
) -> None:
    row = grant(session, town, held)
    for reason, id_, error in (("syy", uuid7(), NotFound), (" ", row.id, Invalid)):
        with pytest.raises(error):
            by_hand.end(session, id_, reason, Actor())
    assert len(open_assignments(session)) == 1


REFUSED: dict[str, tuple[dict[str, Any], type[Exception]]] = {
    "no reason": ({"reason": " "}, Invalid),
    "an end that has passed": ({"until": day("2026-09-01")}, Invalid),
    "a capacity that does not exist": ({"capacity_id": uuid7()}, NotFound),
    "somebody else's capacity": ({"person_id": uuid7()}, NotFound),
    "a role that does not exist": ({"role_id": uuid7()}, NotFound),
    "an organisation that does not exist": ({"scope_id": uuid7()}, NotFound),
}


def test_what_makes_no_sense_is_refused_and_nothing_is_written(session: Session, town: Town, held: Affiliation) -> None:
    for name, (values, error) in REFUSED.items():
        with pytest.raises(error):
            grant(session, town, held, **values)
        assert open_assignments(session) == [], name
    assert session.scalars(select(AuditEvent)).all() == []


def test_a_capacity_that_is_over_or_coming_can_be_granted_nothing(
    session: Session, town: Town, held: Affiliation
) -> None:
    coming = facts.affiliation(session, held.person_id, town.school, CHRISTMAS)
    over = facts.affiliation(session, held.person_id, town.school, until=clock.now())
    for capacity in (coming, over):
        with pytest.raises(NotFound):
            grant(session, town, held, capacity_id=capacity.fact_id)


def test_a_sensitive_role_or_one_that_includes_it_is_not_granted_by_one_person(
    session: Session, town: Town, held: Affiliation
) -> None:
    session.get_one(Role, town.role).sensitive = True
    above = access.include(session, access.role(session, town.wilma, "rehtori"), town.role)
    for role_id in (town.role, above):
        with pytest.raises(Invalid, match="Nobody hands out this role alone"):
            grant(session, town, held, role_id=role_id)
    assert open_assignments(session) == []
