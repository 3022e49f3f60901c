"""A person's state is computed from facts: draft, active, ended, suspended, archived."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from iam import clock
from iam.lifecycle.states import State, state, state_of
from tests.kit.factories import facts

NOW = datetime(2026, 9, 15, tzinfo=UTC)
KEPT = timedelta(days=90)
SECOND = timedelta(seconds=1)
Interval = tuple[timedelta, timedelta]
FAR = timedelta(days=400)

CASES: dict[str, tuple[list[Interval], bool, State]] = {
    "nothing at all": ([], False, State.DRAFT),
    "only what is coming": ([(SECOND, FAR)], False, State.DRAFT),
    "begins now": ([(timedelta(0), FAR)], False, State.ACTIVE),
    "holds": ([(-FAR, FAR)], False, State.ACTIVE),
    "ended now": ([(-FAR, timedelta(0))], False, State.ENDED),
    "ended a second less than the archive time ago": ([(-FAR, SECOND - KEPT)], False, State.ENDED),
    "one ended lately and another is coming": ([(-FAR, -SECOND), (SECOND, FAR)], False, State.ACTIVE),
    "one ended lately and another holds": ([(-FAR, -SECOND), (-SECOND, FAR)], False, State.ACTIVE),
    "ended the archive time ago": ([(-FAR, -KEPT)], False, State.ARCHIVED),
    "ended long ago": ([(-2 * FAR, -FAR)], False, State.ARCHIVED),
    "one ended long ago and one holds": ([(-2 * FAR, -FAR), (-FAR, FAR)], False, State.ACTIVE),
    "one ended long ago and one lately": ([(-2 * FAR, -FAR), (-FAR, -SECOND)], False, State.ENDED),
    "held while it holds": ([(-FAR, FAR)], True, State.SUSPENDED),
    "held before anything began": ([], True, State.SUSPENDED),
    "held long after the end": ([(-2 * FAR, -FAR)], True, State.SUSPENDED),
}


def test_the_state_follows_from_the_intervals_and_a_hold() -> None:
    found = {
        name: state([(NOW + start, NOW + end) for start, end in intervals], held, NOW, KEPT)
        for name, (intervals, held, _) in CASES.items()
    }
    assert found == {name: expected for name, (*_, expected) in CASES.items()}


def school(session: Session) -> UUID:
    """An organisation to be affiliated with."""
    return facts.organisation(session, "koulu")


def test_affiliations_and_guardianships_count_and_other_relationships_do_not(session: Session) -> None:
    worker, parent, manager, child = (facts.person(session) for _ in range(4))
    facts.affiliation(session, worker, school(session))
    facts.relationship(session, parent, child)
    facts.relationship(session, manager, child, "manager_of")
    assert [state_of(session, one, NOW, KEPT) for one in (worker, parent, manager, child)] == [
        State.ACTIVE,
        State.ACTIVE,
        State.DRAFT,
        State.DRAFT,
    ]


def test_an_end_that_nobody_knows_is_no_reason_to_archive(session: Session) -> None:
    worker = facts.person(session)
    facts.affiliation(session, worker, school(session), until=clock.FOREVER)
    assert state_of(session, worker, NOW, timedelta(days=36_500)) is State.ACTIVE


def test_versions_that_were_superseded_do_not_count(session: Session) -> None:
    worker, held = facts.person(session), facts.person(session)
    facts.close(session, facts.affiliation(session, worker, school(session)))
    facts.close(session, facts.hold(session, held))
    assert [state_of(session, one, NOW, KEPT) for one in (worker, held)] == [State.DRAFT, State.DRAFT]


def test_a_hold_counts_while_it_lasts(session: Session) -> None:
    worker = facts.person(session)
    facts.affiliation(session, worker, school(session))
    facts.hold(session, worker, NOW, NOW + KEPT)
    instants = (NOW - SECOND, NOW, NOW + KEPT - SECOND, NOW + KEPT)
    assert [state_of(session, worker, at, KEPT) for at in instants] == [
        State.ACTIVE,
        State.SUSPENDED,
        State.SUSPENDED,
        State.ACTIVE,
    ]
