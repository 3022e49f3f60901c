"""*End now* ends everything a person could use in one transaction; its undo brings back rights and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import NOTHING, Part
from iam.access.right import capacities, capacity, rights
from iam.audit.log import AuditEvent
from iam.change import Actor, Change
from iam.directory.organisation import Organisation
from iam.directory.person import Hold
from iam.errors import Conflict, Denied, Invalid
from iam.lifecycle.leave import end_leavers, end_now, undo_end_now
from iam.lifecycle.states import State, state_of
from iam.tokens import session as sessions
from iam.tokens.grant import GrantRow
from tests.kit.factories import access, facts

ADMIN = Actor(UUID(int=5), "r-1")
HOUR = timedelta(hours=1)


def grant(session: Session, person_id: UUID, capacity_id: UUID | None) -> GrantRow:
    """Something a person gave an application in a capacity."""
    now = clock.now()
    row = GrantRow(
        person_id=person_id,
        client_id="wilma",
        capacity_id=capacity_id,
        scope="openid",
        auth_time=now,
        acr="",
        created_at=now,
        expires_at=now + 24 * HOUR,
    )
    session.add(row)
    session.flush()
    return row


@pytest.fixture
def teacher(session: Session, frozen: Any) -> Any:
    """A teacher with a right, a login session and a grant; committed."""
    town = facts.organisation(session, "kunta", "municipality")
    held = facts.affiliation(session, facts.person(session), facts.organisation(session, "koulu", under=town))
    access.role(session, access.application(session, town))
    access.rule(session, town, access.teachers())
    access.derive_all(session)
    sessions.start(session, held.person_id, facts.WORKING_DAY, acr="", amr=["pwd"], agent="test")
    grant(session, held.person_id, held.fact_id)
    session.commit()
    return held


def usable(session: Session, person_id: UUID) -> tuple[int, int, int, int]:
    """How many rights, capacities, login sessions and grants a person can use now."""
    session.expire_all()
    now = clock.now()
    live = session.scalars(select(GrantRow).where(GrantRow.person_id == person_id, GrantRow.revoked_at.is_(None))).all()
    return (
        len(rights(session, person_id, None)),
        len(capacities(session, person_id, now)),
        len(sessions.living(session, person_id)),
        len(live),
    )


def events(session: Session) -> list[AuditEvent]:
    """What the log says happened to access."""
    return list(
        session.scalars(select(AuditEvent).where(AuditEvent.type.startswith("person:access")).order_by(AuditEvent.id))
    )


def test_ending_now_ends_rights_capacities_sessions_and_grants(session: Session, teacher: Any) -> None:
    assert usable(session, teacher.person_id) == (1, 1, 1, 1)
    end_now(session, teacher.person_id, "epäily", ADMIN)
    assert usable(session, teacher.person_id) == (0, 0, 0, 0)
    assert state_of(session, teacher.person_id, clock.now(), HOUR) is State.SUSPENDED


def test_it_is_one_transaction_that_others_see_whole_or_not_at_all(
    engine: Engine, session: Session, teacher: Any
) -> None:
    end_now(session, teacher.person_id, "epäily", ADMIN)
    session.rollback()
    assert usable(session, teacher.person_id) == (1, 1, 1, 1)
    assert events(session) == []
    end_now(session, teacher.person_id, "epäily", ADMIN)
    session.commit()
    with Session(engine) as other:
        assert usable(other, teacher.person_id) == (0, 0, 0, 0)
        assert len(events(other)) == 1


def test_ending_is_told_in_one_event_with_counts_and_the_reason_in_its_change(session: Session, teacher: Any) -> None:
    change = end_now(session, teacher.person_id, "  epäily ", ADMIN)
    (event,) = events(session)
    assert (event.type, event.actor_id, event.subject_id, event.request_id) == (
        "person:access:ended",
        ADMIN.person_id,
        teacher.person_id,
        "r-1",
    )
    assert (event.envelope, event.change_id) == ({"sessions": 1, "grants": 1}, change.id)
    assert (change.purpose, change.kind, change.actor_person_id) == ("epäily", "command", ADMIN.person_id)


def test_nobody_else_loses_anything(session: Session, teacher: Any) -> None:
    other = facts.affiliation(session, facts.person(session), teacher.organisation_id)
    access.derive_all(session)
    sessions.start(session, other.person_id, facts.WORKING_DAY, acr="", amr=["pwd"], agent="test")
    grant(session, other.person_id, other.fact_id)
    end_now(session, teacher.person_id, "epäily", ADMIN)
    assert usable(session, other.person_id) == (1, 1, 1, 1)


def test_undoing_brings_rights_back_but_neither_sessions_nor_grants(
    session: Session, teacher: Any, at: Any, frozen: Any
) -> None:
    ended = end_now(session, teacher.person_id, "epäily", ADMIN)
    at(frozen + HOUR)
    undone = undo_end_now(session, teacher.person_id, "aiheeton", ADMIN)
    assert usable(session, teacher.person_id) == (1, 1, 0, 0)
    assert [event.type for event in events(session)] == ["person:access:ended", "person:access:restored"]
    assert (undone.kind, undone.undoes, undone.purpose) == ("undo", ended.id, "aiheeton")


def test_the_hour_of_the_hold_stays_an_hour_without_rights(
    session: Session, teacher: Any, at: Any, frozen: Any
) -> None:
    ended, undone, second = frozen + HOUR, frozen + 2 * HOUR, timedelta(seconds=1)
    at(ended)
    end_now(session, teacher.person_id, "epäily", ADMIN)
    at(undone)
    undo_end_now(session, teacher.person_id, "aiheeton", ADMIN)
    instants = (ended - second, ended, undone - second, undone)
    assert [len(rights(session, teacher.person_id, None, instant)) for instant in instants] == [1, 0, 0, 1]
    assert len(rights(session, teacher.person_id, None, ended, known_at=frozen)) == 1


def test_an_undo_in_the_same_instant_leaves_no_hold(session: Session, teacher: Any) -> None:
    end_now(session, teacher.person_id, "epäily", ADMIN)
    undo_end_now(session, teacher.person_id, "erehdys", ADMIN)
    assert usable(session, teacher.person_id) == (1, 1, 0, 0)
    assert session.scalars(select(Hold).where(Hold.closed_by.is_(None))).all() == []


def test_it_can_be_ended_again_after_an_undo(session: Session, teacher: Any, at: Any, frozen: Any) -> None:
    end_now(session, teacher.person_id, "epäily", ADMIN)
    at(frozen + HOUR)
    undo_end_now(session, teacher.person_id, "aiheeton", ADMIN)
    end_now(session, teacher.person_id, "sittenkin", ADMIN)
    assert usable(session, teacher.person_id) == (0, 0, 0, 0)


def test_without_a_reason_or_twice_nothing_is_ended(session: Session, teacher: Any) -> None:
    changes = len(session.scalars(select(Change)).all())
    with pytest.raises(Invalid):
        end_now(session, teacher.person_id, " ", ADMIN)
    with pytest.raises(Conflict):
        undo_end_now(session, teacher.person_id, "aiheeton", ADMIN)
    assert (len(session.scalars(select(Change)).all()), usable(session, teacher.person_id)) == (changes, (1, 1, 1, 1))
    end_now(session, teacher.person_id, "epäily", ADMIN)
    with pytest.raises(Conflict):
        end_now(session, teacher.person_id, "epäily", ADMIN)
    assert len(events(session)) == 1


def test_another_hold_is_not_what_an_undo_lifts(session: Session, teacher: Any) -> None:
    facts.hold(session, teacher.person_id)
    end_now(session, teacher.person_id, "epäily", ADMIN)
    undo_end_now(session, teacher.person_id, "aiheeton", ADMIN)
    assert rights(session, teacher.person_id, None) == []


def test_grants_of_a_capacity_that_has_ended_are_revoked_and_others_are_not(session: Session, teacher: Any) -> None:
    now, aino = clock.now(), teacher.person_id
    over = facts.affiliation(session, aino, teacher.organisation_id, until=now)
    child = facts.person(session)
    guardian, former = facts.relationship(session, aino, child), facts.relationship(session, aino, child, until=now)
    gone = facts.affiliation(session, aino, teacher.organisation_id)
    facts.close(session, gone)
    kept = [grant(session, aino, one) for one in (teacher.fact_id, guardian.fact_id, None)]
    ended = [grant(session, aino, one) for one in (over.fact_id, former.fact_id, gone.fact_id)]
    stranger = grant(session, facts.person(session), over.fact_id)
    assert end_leavers(session, GrantRow.person_id == aino) == 3
    session.expire_all()
    assert [row.revoked_at for row in (*kept, stranger)] == [None] * 4
    assert [row.revoked_at for row in ended] == [now] * 3


@pytest.fixture
def elsewhere(session: Session, teacher: Any) -> Any:
    """The same teacher in a school of another town too, with a right and a grant there."""
    town = facts.organisation(session, "toinen", "municipality")
    held = facts.affiliation(session, teacher.person_id, facts.organisation(session, "toinen-koulu", under=town))
    access.role(session, access.application(session, town, "toinen"))
    access.rule(session, town, access.teachers("toinen:opettaja"), key="toinen")
    access.derive_all(session)
    grant(session, held.person_id, held.fact_id)
    session.commit()
    return held


def part(*organisations: UUID) -> Part:
    return Part(False, frozenset(organisations))


def kept(session: Session, person_id: UUID) -> tuple[set[UUID], set[UUID], set[UUID]]:
    """The capacities in which a person has rights, which they can act in, and in which grants live."""
    session.expire_all()
    now = clock.now()
    live = session.scalars(
        select(GrantRow.capacity_id).where(GrantRow.person_id == person_id, GrantRow.revoked_at.is_(None))
    )
    return (
        {right.capacity_id for right in rights(session, person_id, None)},
        {one.id for one in capacities(session, person_id, now)},
        {one for one in live if one},
    )


def test_ending_over_one_school_leaves_the_other_schools_rights_and_grants_alone(
    session: Session, teacher: Any, elsewhere: Any
) -> None:
    both, person_id = {teacher.fact_id, elsewhere.fact_id}, teacher.person_id
    assert kept(session, person_id) == (both, both, both)
    end_now(session, person_id, "epäily", ADMIN, part(teacher.organisation_id))
    assert kept(session, person_id) == ({elsewhere.fact_id},) * 3
    assert capacity(session, person_id, teacher.fact_id, clock.now()) is None
    assert capacity(session, person_id, elsewhere.fact_id, clock.now()) is not None
    assert state_of(session, person_id, clock.now(), HOUR) is State.ACTIVE
    assert len(sessions.living(session, person_id)) == 1
    (event,) = events(session)
    assert event.envelope == {"sessions": 0, "grants": 1, "over": [str(teacher.organisation_id)]}


def test_no_derivation_brings_back_what_was_ended_over_a_part(session: Session, teacher: Any, elsewhere: Any) -> None:
    end_now(session, teacher.person_id, "epäily", ADMIN, part(teacher.organisation_id))
    facts.correct(session, teacher, title="Luokanopettaja")
    access.derive_all(session)
    assert kept(session, teacher.person_id)[:2] == ({elsewhere.fact_id},) * 2


def test_over_a_part_that_holds_all_of_the_person_everything_ends(session: Session, teacher: Any) -> None:
    end_now(session, teacher.person_id, "epäily", ADMIN, part(teacher.organisation_id))
    assert usable(session, teacher.person_id) == (0, 0, 0, 0)
    assert state_of(session, teacher.person_id, clock.now(), HOUR) is State.SUSPENDED


def test_a_coming_position_elsewhere_is_not_ended_by_todays_school(
    session: Session, teacher: Any, at: Any, frozen: Any
) -> None:
    coming = facts.affiliation(
        session, teacher.person_id, facts.organisation(session, "muu", "municipality"), frozen + HOUR
    )
    end_now(session, teacher.person_id, "epäily", ADMIN, part(teacher.organisation_id))
    at(frozen + HOUR)
    assert kept(session, teacher.person_id)[1] == {coming.fact_id}


def test_a_hold_over_a_part_is_lifted_only_by_who_holds_all_of_that_part(
    session: Session, teacher: Any, elsewhere: Any, at: Any, frozen: Any
) -> None:
    both, person_id = {teacher.fact_id, elsewhere.fact_id}, teacher.person_id
    town = session.scalars(select(Organisation.id).where(Organisation.key == "kunta")).one()
    end_now(session, person_id, "epäily", ADMIN, part(town))
    at(frozen + HOUR)
    for other in (part(teacher.organisation_id), part(elsewhere.organisation_id), NOTHING):
        with pytest.raises(Denied):
            undo_end_now(session, person_id, "aiheeton", ADMIN, other)
    undo_end_now(session, person_id, "aiheeton", ADMIN, part(town))
    assert kept(session, person_id)[:2] == (both, both)
    assert [event.envelope.get("over") for event in events(session)] == [[str(town)]] * 2
    then = capacities(session, person_id, frozen, soon=timedelta(0))
    assert [one.id for one in then] == [elsewhere.fact_id], "the hour stays an hour without"


def test_the_whole_is_not_given_back_by_who_holds_a_part_of_it(session: Session, teacher: Any, elsewhere: Any) -> None:
    end_now(session, teacher.person_id, "epäily", ADMIN)
    with pytest.raises(Denied):
        undo_end_now(session, teacher.person_id, "aiheeton", ADMIN, part(teacher.organisation_id))
    undo_end_now(
        session, teacher.person_id, "aiheeton", ADMIN, part(teacher.organisation_id, elsewhere.organisation_id)
    )
    assert len(capacities(session, teacher.person_id, clock.now())) == 2


def test_two_schools_end_each_their_own_and_nobody_ends_the_same_twice(
    session: Session, teacher: Any, elsewhere: Any
) -> None:
    for one in (teacher, elsewhere):
        end_now(session, teacher.person_id, "epäily", ADMIN, part(one.organisation_id))
        with pytest.raises(Conflict):
            end_now(session, teacher.person_id, "epäily", ADMIN, part(one.organisation_id))
    assert kept(session, teacher.person_id) == (set(), set(), set())
    undo_end_now(session, teacher.person_id, "aiheeton", ADMIN, part(elsewhere.organisation_id))
    assert kept(session, teacher.person_id)[1] == {elsewhere.fact_id}


def test_a_guardian_loses_what_they_are_for_the_schools_own_pupil_and_keeps_the_other(
    session: Session, teacher: Any, elsewhere: Any
) -> None:
    guardian, ours, theirs = (facts.person(session) for _ in range(3))
    facts.affiliation(session, ours, teacher.organisation_id, kind="student")
    facts.affiliation(session, theirs, elsewhere.organisation_id, kind="student")
    lost, left = (facts.relationship(session, guardian, child) for child in (ours, theirs))
    given = [grant(session, guardian, one.fact_id) for one in (lost, left)]
    end_now(session, guardian, "epäily", ADMIN, part(teacher.organisation_id))
    assert kept(session, guardian)[1:] == ({left.fact_id}, {left.fact_id})
    assert [row.revoked_at is None for row in given] == [False, True]
