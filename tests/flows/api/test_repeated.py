"""What a program sends twice with one ``Idempotency-Key`` is done once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from iam import clock
from iam.tokens.keyed_request import KeyedRequest
from iam.web import extension
from tests.flows.api.test_acts import right as right  # noqa: PLC0414 - a fixture
from tests.flows.api.test_calling import problem
from tests.kit.peers.api import Caller
from tests.kit.worlds.admin import World

Of = Callable[..., Caller]
KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


@pytest.fixture
def rights(world: World) -> str:
    return f"/persons/{world.ids['anna']}/rights"


def same(one: TestResponse, other: TestResponse) -> bool:
    told = [(x.status_code, x.headers.get("Location"), x.headers["ETag"], x.content_type, x.data) for x in (one, other)]
    return told[0] == told[1]


def test_what_is_sent_twice_is_done_once_and_told_the_same(
    world: World, caller: Of, right: dict[str, Any], rights: str
) -> None:
    paula = caller("paula")
    first, again = paula.post(rights, right, KEY), paula.post(rights, right, KEY)
    assert first.status_code == 201
    assert same(first, again)
    assert len(world.events("right:hand:granted")) == 1


def test_without_a_key_it_is_done_twice(world: World, caller: Of, right: dict[str, Any], rights: str) -> None:
    paula = caller("paula")
    assert [paula.post(rights, right).status_code for _ in range(2)] == [201, 201]


def test_a_key_is_for_one_request_of_one_caller(world: World, caller: Of, right: dict[str, Any], rights: str) -> None:
    paula = caller("paula")
    assert paula.post(rights, right, KEY).status_code == 201
    assert problem(paula.post(rights, right | {"reason": "toinen"}, KEY)) == (422, "key-used")
    assert problem(paula.post(f"/persons/{world.ids['anna']}/end", {"reason": "x"}, KEY)) == (422, "key-used")
    # A narrower token is not told what a wider one was.
    assert problem(caller("paula", "rights.grant").post(rights, right, KEY)) == (422, "key-used")
    assert caller("lauri").post(rights, right, KEY).status_code != 201
    assert len(world.events("right:hand:granted")) == 1


def test_a_refusal_is_not_kept(world: World, caller: Of, right: dict[str, Any], rights: str) -> None:
    paula = caller("paula")
    assert problem(paula.post(rights, right | {"role": "wilma:tuntematon"}, KEY)) == (422, "invalid")
    assert problem(paula.post(rights, {"role": 1}, KEY)) == (422, "invalid")
    assert paula.post(rights, right, KEY).status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, 'a"b', "ä"])
def test_a_key_that_cannot_be_read_is_refused(
    world: World, caller: Of, right: dict[str, Any], rights: str, key: str
) -> None:
    assert problem(caller("paula").post(rights, right, {"Idempotency-Key": key})) == (400, "bad-request")
    assert world.events("right:hand:granted") == []


def test_of_two_at_once_one_is_done(world: World, caller: Of, right: dict[str, Any], rights: str) -> None:
    paula, start, told = caller("paula"), threading.Barrier(2), list[TestResponse]()

    def post() -> None:
        start.wait()
        told.append(paula.post(rights, right, KEY))

    threads = [threading.Thread(target=post) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [one.status_code for one in told] == [201, 201]
    assert same(*told)
    assert len(world.events("right:hand:granted")) == 1


def test_what_broke_off_is_not_done_again_unseen(world: World, caller: Of, right: dict[str, Any], rights: str) -> None:
    paula = caller("paula")
    assert paula.post(rights, right, KEY).status_code == 201
    with world.transaction() as session:
        session.execute(update(KeyedRequest).values(status=None, answer=None))
    assert problem(paula.post(rights, right, KEY)) == (409, "being-done")


def test_what_was_committed_on_the_way_to_a_refusal_leaves_no_key(world: World, caller: Of) -> None:
    paula = caller("paula")
    with world.transaction() as session:
        assert session.scalars(select(KeyedRequest)).all() == []
    # There is no such connector's folder: the run is refused after the request's own transaction was over.
    refused = paula.post("/sources/hr/runs", {"dry_run": True}, KEY)
    assert refused.status_code in (409, 422)
    with world.transaction() as session:
        assert session.scalars(select(KeyedRequest)).all() == []


def test_what_was_told_is_kept_sealed(world: World, caller: Of, right: dict[str, Any], rights: str) -> None:
    assert caller("paula").post(rights, right, KEY).status_code == 201
    with world.transaction() as session:
        row = session.scalars(select(KeyedRequest)).one()
    assert row.answer
    assert b"opettaja" not in row.answer
    assert "anna" not in str(row.headers)
    assert extension.parts_of(world.app).vault.unwrap(row.answer, f"keyed_request/{row.caller}/{row.key}")
    assert clock.now() - row.at < timedelta(days=1)
