"""Two who change rights at a time: the later one sees what the earlier one wrote, and nobody who signs in or ends an
access waits.

Each interleaving is forced: one transaction stands still, another is seen waiting for it, and then the first goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import WHOLE
from iam.access.commands import by_hand
from iam.access.commands.publish import preview, publish
from iam.access.commands.taken_out import stop_rule
from iam.access.derivation import later, turns
from iam.access.derivation.derive import derive
from iam.access.model.assignment import Assignment
from iam.access.model.rule import Rule
from iam.change import SYSTEM, Actor, Change, begin
from iam.database.engine import make_engine, make_sessions
from iam.directory.affiliation import Affiliation
from iam.errors import Conflict
from iam.jobs import Worker
from iam.lifecycle import leave
from tests.kit.factories import access, facts
from tests.kit.servers.databases import Databases
from tests.kit.servers.postgresql import PostgreSQL

SECONDS = 20
TEACHER = access.teachers()
BOTH = {
    "bind": {"a": {"affiliation": {"kind": "employee"}}, "m": {"membership": {"kind": "group"}}},
    "gives": {"role": "wilma:opettaja", "scope": "organisation of a"},
}


@dataclass(frozen=True)
class Town:
    """A school with a teacher, on PostgreSQL."""

    engine: Engine
    owner: UUID
    school: UUID
    aino: UUID
    affiliation: UUID
    role: UUID

    @contextmanager
    def at_work(self) -> Iterator[Session]:
        """A transaction of somebody at work, committed at the end of the block."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session
            session.commit()

    def waiting(self) -> None:
        """Return once somebody waits for a turn."""
        end = time.monotonic() + SECONDS
        query = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        with self.engine.connect() as connection:
            while time.monotonic() < end:
                if connection.scalar(query):
                    return
        raise AssertionError("nobody waits")

    def roles(self) -> list[str]:
        """In which capacities Aino holds something."""
        with Session(self.engine) as session:
            query = select(Assignment).where(Assignment.person_id == self.aino, Assignment.closed_by.is_(None))
            return sorted(str(row.scope_id) for row in session.scalars(query) if row.valid_to > clock.now())


@pytest.fixture
def town(postgresql: PostgreSQL, databases: Databases) -> Iterator[Town]:
    """The town, its rules not yet written."""
    name = databases.lend()
    engine = make_engine(postgresql.url(name))
    with Session(engine) as session, session.begin():
        ids = facts.tree(session, ("kunta", "municipality", None, True), ("koulu", "school", "kunta", False))
        role = access.role(session, access.application(session, ids["kunta"]))
        aino = facts.person(session)
        held = facts.affiliation(session, aino, ids["koulu"])
        made = Town(engine, ids["kunta"], ids["koulu"], aino, held.version_id, role)
    yield made
    engine.dispose()
    databases.take_back(name)


@pytest.fixture
def beside() -> Iterator[Callable[..., Future[Any]]]:
    """Does something in another thread."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield pool.submit


def in_own(engine: Engine, do: Callable[[Session], object]) -> None:
    """Do something in a transaction of its own."""
    with Session(engine) as session, session.begin():
        do(session)


@pytest.mark.parametrize("turn", [turns.of_definitions, lambda *had: turns.of_person(*had, UUID(int=1))])
def test_who_has_had_a_turn_waits_for_anything_else_as_long_as_before(town: Town, turn: Callable[..., None]) -> None:
    how_long = text("SHOW lock_timeout")
    with Session(town.engine) as session:
        before = session.scalar(how_long)
        change = begin(session, "command", SYSTEM, "test")
        turn(session, change)
        assert session.scalar(how_long) == before == "10s"


def ends(session: Session, town: Town) -> Change:
    """A feed tells that Aino has left."""
    change = begin(session, "run", SYSTEM, "feed")
    facts.close(session, session.get_one(Affiliation, town.affiliation))
    derive(session, change, persons=[town.aino])
    return change


def test_nobody_keeps_a_right_by_a_rule_that_was_published_while_a_feed_ended_their_employment(
    town: Town, beside: Callable[..., Future[Any]]
) -> None:
    with town.at_work() as feed:
        ends(feed, town)
        published = beside(in_own, town.engine, lambda session: publish(session, "opettajat", TEACHER, "kunta", SYSTEM))
        town.waiting()
        assert not published.done()
    published.result(SECONDS)
    assert town.roles() == []


def test_a_position_elsewhere_that_another_source_brings_meanwhile_gives_its_right_and_keeps_it(
    town: Town, beside: Callable[..., Future[Any]]
) -> None:
    with Session(town.engine) as session, session.begin():
        nursery = facts.organisation(session, "paivakoti", "unit", town.owner)
        publish(session, "opettajat", access.teachers(kind="employee"), "kunta", SYSTEM)

    def derived(session: Session) -> None:
        derive(session, begin(session, "run", SYSTEM, "feed"), persons=[town.aino])

    with town.at_work() as feed:
        change = begin(feed, "run", SYSTEM, "feed")
        facts.affiliation(feed, town.aino, nursery, kind="employee")
        derive(feed, change, persons=[town.aino])
        other = beside(in_own, town.engine, derived)
        town.waiting()
    other.result(SECONDS)
    assert town.roles() == sorted([str(town.school), str(nursery)])


def test_whoever_comes_while_a_rule_is_published_gets_what_it_gives(
    town: Town, beside: Callable[..., Future[Any]]
) -> None:
    def comes(session: Session) -> None:
        change = begin(session, "run", SYSTEM, "feed")
        facts.affiliation(session, town.aino, town.school, kind="employee")
        derive(session, change, persons=[town.aino])

    with town.at_work() as office:
        publish(office, "opettajat", TEACHER, "kunta", SYSTEM)
        brought = beside(in_own, town.engine, comes)
        town.waiting()
    brought.result(SECONDS)
    assert town.roles() == [str(town.school)] * 2


def test_two_sources_that_bring_two_facts_of_one_rule_give_what_both_together_give(
    town: Town, beside: Callable[..., Future[Any]]
) -> None:
    with town.at_work() as session:
        access.rule(session, town.owner, BOTH)
        group = facts.group(session, town.school, "tiimi")
        other = facts.person(session)

    def joins(session: Session) -> None:
        facts.membership(session, town.aino, group)
        derive(session, begin(session, "run", SYSTEM, "feed"), persons=[other, town.aino])

    with town.at_work() as first:
        facts.affiliation(first, town.aino, town.school, kind="employee")
        derive(first, begin(first, "run", SYSTEM, "feed"), persons=[town.aino, other])
        second = beside(in_own, town.engine, joins)
        town.waiting()
    second.result(SECONDS)
    assert town.roles() == [str(town.school)] * 2


def test_a_right_granted_by_hand_while_the_employment_ends_is_not_granted(
    town: Town, beside: Callable[..., Future[Any]]
) -> None:
    def grant(session: Session) -> None:
        held = session.scalars(select(Affiliation).where(Affiliation.closed_by.is_(None))).first()
        capacity = held.fact_id if held is not None else town.affiliation
        until = clock.now() + timedelta(days=9)
        by_hand.grant(session, town.aino, capacity, town.role, town.school, "sijainen", until, SYSTEM, WHOLE)

    with town.at_work() as feed:
        ends(feed, town)
        granted = beside(in_own, town.engine, grant)
        town.waiting()
    with pytest.raises(Exception, match="does not exist now"):
        granted.result(SECONDS)
    assert town.roles() == []


def test_whoever_publishes_while_others_are_at_work_is_told_who_and_nothing_is_changed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "A_MOMENT", timedelta(milliseconds=50))
    with town.at_work() as office:
        publish(office, "opettajat", TEACHER, "kunta", Actor(town.aino))
        with pytest.raises(Conflict) as caught, Session(town.engine) as other, other.begin():
            publish(other, "toiset", TEACHER, "kunta", SYSTEM)
    assert caught.value.problems[0].params["who"] == "Aino Esimerkki"
    with Session(town.engine) as session:
        assert session.scalars(select(Rule.key)).all() == ["opettajat"]


def test_a_preview_waits_for_nobody(town: Town) -> None:
    with town.at_work() as office, Session(town.engine) as other:
        publish(office, "opettajat", TEACHER, "kunta", SYSTEM)
        assert len(preview(other, TEACHER, "kunta").effects.persons(gains=True)) == 1


def test_an_access_is_ended_at_once_while_a_rule_is_published(town: Town) -> None:
    with town.at_work() as office:
        publish(office, "opettajat", TEACHER, "kunta", SYSTEM)
        in_own(town.engine, lambda session: leave.end_now(session, town.aino, "puhelin varastettu", SYSTEM))


def test_a_rule_is_taken_out_of_use_at_once_while_a_feed_is_read_and_stays_so(town: Town) -> None:
    with town.at_work() as session:
        publish(session, "opettajat", TEACHER, "kunta", SYSTEM)
    assert town.roles() == [str(town.school)]
    with town.at_work() as feed:
        facts.affiliation(feed, town.aino, town.school, kind="employee")
        derive(feed, begin(feed, "run", SYSTEM, "feed"), persons=[town.aino])
        in_own(town.engine, lambda session: stop_rule(session, WHOLE, "opettajat", "antaa liikaa", SYSTEM))
        assert town.roles() == []
    sessions = make_sessions(town.engine)
    Worker(sessions, {later.KIND: later.Following(sessions)}).deliver()
    assert town.roles() == []


def test_who_signs_in_while_a_rule_is_published_goes_on_and_the_worker_follows(town: Town) -> None:
    with town.at_work() as session:
        access.rule(session, town.owner, TEACHER)
    with town.at_work() as office:
        turns.of_definitions(office, begin(office, "command", SYSTEM))
        with town.at_work() as sign_in:
            assert not turns.free_for(sign_in, town.aino)
            later.note(sign_in, town.aino)
    sessions = make_sessions(town.engine)
    Worker(sessions, {later.KIND: later.Following(sessions)}).deliver()
    assert town.roles() == [str(town.school)]


def test_the_night_mends_rights_that_are_not_as_facts_and_rules_give_them_and_raises_an_alarm(session: Session) -> None:
    ids = facts.tree(session, ("kunta", "municipality", None, True), ("koulu", "school", "kunta", False))
    access.role(session, access.application(session, ids["kunta"]))
    facts.affiliation(session, facts.person(session), ids["koulu"])
    access.rule(session, ids["kunta"], TEACHER)
    night = later.Nightly(clock.HELSINKI)
    with clock.fixed(facts.day("2026-09-15") + timedelta(hours=1)):
        assert night(session) == 0
    with clock.fixed(facts.day("2026-09-15") + timedelta(hours=3)):
        assert night(session) == 1
        assert night(session) == 0
    assert len(session.scalars(select(Assignment).where(Assignment.closed_by.is_(None))).all()) == 1
    found = session.execute(text("SELECT type, count(*) FROM audit_event GROUP BY type")).all()
    assert found == [("right:check:mended", 1)]
    with clock.fixed(facts.day("2026-09-16") + timedelta(hours=3)):
        changes = len(session.scalars(select(Change.id)).all())
        assert night(session) == 0
        assert len(session.scalars(select(Change.id)).all()) == changes
