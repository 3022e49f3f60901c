"""Several workers, the leases of messages, and how long messages are kept."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from sqlalchemy.orm import Session

from iam.delivery import outbox
from iam.jobs import BATCH, PARALLEL, Worker
from iam.tokens import sign_out
from tests.flows.backchannel.listening import listen, messages, sign_off, signed_in, worker_of
from tests.kit.peers.relying_party import RelyingParty
from tests.kit.worlds.oidc import World

At = Callable[[datetime], None]


def test_of_several_workers_one_has_a_message(
    world: World, worker: Worker, tmp_path: Path, wilma: RelyingParty
) -> None:
    _, session_id, _ = signed_in(world)
    payload = {"client": "wilma", "session": str(session_id), "person": str(world.ids["anna"])}
    with Session(world.engine) as session, session.begin():
        outbox.leave(session, sign_out.KIND, [("wilma", payload)] * 40)
    workers = [worker, worker_of(world, tmp_path, wilma.host)]
    with ThreadPoolExecutor(2) as pool:
        counts = [one.result() for one in [pool.submit(each.deliver) for each in workers]]
    assert sum(count["delivered"] for count in counts) == len(wilma.tokens) == 40
    assert {message.attempts for message in messages(world)} == {1}


def test_one_worker_has_at_most_so_many_messages_on_their_way(
    world: World, worker: Worker, wilma: RelyingParty
) -> None:
    _, session_id, _ = signed_in(world)
    payload = {"client": "wilma", "session": str(session_id), "person": str(world.ids["anna"])}
    with Session(world.engine) as session, session.begin():
        outbox.leave(session, sign_out.KIND, [("wilma", payload)] * (PARALLEL + 4))
    wilma.held = Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(worker.deliver)
        assert wilma.crowded(PARALLEL)
        wilma.held.set()
        assert running.result()["delivered"] == PARALLEL + 4
    assert wilma.most == PARALLEL


def test_a_message_whose_worker_died_is_taken_by_another_when_its_lease_is_over(
    world: World, worker: Worker, wilma: RelyingParty, frozen: datetime, at: At
) -> None:
    browser, _, _ = signed_in(world)
    sign_off(browser)
    with Session(world.engine) as session, session.begin():
        (taken,) = outbox.take(session, [sign_out.KIND], 10)
    assert worker.deliver()["delivered"] == 0
    at(frozen + outbox.LEASE)
    assert worker.deliver()["delivered"] == 1
    with Session(world.engine) as session, session.begin():
        outbox.refused(session, taken, "too late to say so")
    assert messages(world)[0].given_up_at is None


def test_a_message_that_cannot_be_prepared_keeps_no_other_from_being_delivered(
    world: World, worker: Worker, wilma: RelyingParty
) -> None:
    browser, _, _ = signed_in(world)
    with Session(world.engine) as session, session.begin():
        outbox.leave(session, sign_out.KIND, [("wilma", {"session": "no id"})])
    sign_off(browser)
    assert worker.deliver() == {"delivered": 1, "failed": 1, "given_up": 0}


def test_messages_are_forgotten_some_time_after_they_arrived_or_were_given_up(
    world: World, worker: Worker, wilma: RelyingParty, frozen: datetime, at: At
) -> None:
    browser, _, _ = signed_in(world)
    sign_off(browser)
    worker.deliver()
    for moved, left in ((outbox.KEEP, 1), (outbox.KEEP + timedelta(seconds=1), 0)):
        at(frozen + moved)
        with Session(world.engine) as session, session.begin():
            outbox.tidy(session)
        assert len(messages(world)) == left


def test_an_application_that_is_down_does_not_keep_others_waiting_behind_its_own_messages(
    world: World, tmp_path: Path, wilma: RelyingParty, frozen: datetime, at: At
) -> None:
    listen(world, "wilma", wilma.url)
    _, session_id, _ = signed_in(world)
    payload = {"client": "wilma", "session": str(session_id), "person": str(world.ids["anna"])}
    with Session(world.engine) as session, session.begin():
        outbox.leave(session, sign_out.KIND, [("wilma", payload)] * 50)
    worker = worker_of(world, tmp_path, wilma.host)
    wilma.down()
    assert worker.deliver() == {"delivered": 0, "failed": BATCH, "given_up": 0}
    assert sorted({message.due_at for message in messages(world)}) == [frozen + outbox.WAITS[0], frozen + outbox.HELD]
    wilma.up()
    at(frozen + outbox.HELD)
    assert worker.deliver()["delivered"] == 50


def test_a_message_older_than_a_day_has_one_more_attempt_only(
    world: World, worker: Worker, wilma: RelyingParty, frozen: datetime, at: At
) -> None:
    browser, _, _ = signed_in(world)
    wilma.status = 503
    sign_off(browser)
    at(frozen + outbox.LONGEST)
    assert worker.deliver() == {"delivered": 0, "failed": 0, "given_up": 1}
