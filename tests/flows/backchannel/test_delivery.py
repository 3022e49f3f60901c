"""Applications that are down, refuse, or have ceased to listen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from iam import clock
from iam.delivery import outbox
from iam.jobs import Worker
from iam.oidc.logout.backchannel import judge
from iam.oidc.model import Client
from tests.flows.backchannel.listening import listen, messages, sign_off, signed_in, worker_of
from tests.kit.peers.relying_party import RelyingParty
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import World

At = Callable[[datetime], None]


def test_oi_04_an_application_that_is_down_for_ten_minutes_is_told_afterwards_with_a_fresh_token(
    world: World, worker: Worker, wilma: RelyingParty, frozen: datetime, at: At
) -> None:
    browser, _, _ = signed_in(world)
    wilma.down()
    sign_off(browser)
    attempts = []
    for seconds in range(0, 601, 5):
        at(frozen + timedelta(seconds=seconds))
        if worker.deliver()["failed"]:
            attempts.append(seconds)
    assert attempts == [0, 5, 35, 155]
    wilma.up()
    at(frozen + timedelta(seconds=755))
    assert worker.deliver() == {"delivered": 1, "failed": 0, "given_up": 0}
    assert oidc_world.verified(world, wilma.tokens[0], "logout+jwt")["iat"] == int(clock.now().timestamp())


def test_oi_04_after_a_day_it_is_given_up_and_listed_and_can_be_tried_again(
    world: World, worker: Worker, wilma: RelyingParty, frozen: datetime, at: At
) -> None:
    browser, _, _ = signed_in(world)
    wilma.down()
    sign_off(browser)
    counts: list[tuple[str, datetime]] = []
    while not any(name == "given_up" for name, _ in counts):
        at(messages(world)[0].due_at)
        counts += [(name, clock.now()) for name, n in worker.deliver().items() if n]
    assert [name for name, _ in counts] == ["failed"] * len(outbox.WAITS) + ["given_up"]
    assert timedelta(hours=23) < counts[-1][1] - frozen <= timedelta(hours=24)
    (message,) = messages(world)
    assert (message.given_up_at, message.delivered_at) == (counts[-1][1], None)
    assert message.last_error == "no answer: ConnectionRefusedError"
    (told,) = world.events("outbox:message:given-up")
    assert told.envelope["target"] == "wilma"
    wilma.up()
    assert worker.deliver()["delivered"] == 0
    with Session(world.engine) as session, session.begin():
        assert outbox.again(session, message.id)
        assert not outbox.again(session, message.id)
    assert worker.deliver()["delivered"] == 1


def test_an_application_that_refuses_the_token_is_not_asked_again(
    world: World, worker: Worker, wilma: RelyingParty, frozen: datetime, at: At
) -> None:
    browser, _, _ = signed_in(world)
    wilma.status = 400
    sign_off(browser)
    assert worker.deliver() == {"delivered": 0, "failed": 0, "given_up": 1}
    at(frozen + timedelta(days=2))
    assert worker.deliver()["given_up"] == 0
    assert (len(wilma.tokens), messages(world)[0].last_error) == (1, "status 400")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((status, "delivered") for status in (200, 204)),
        (400, "refused"),
        *((status, "failed") for status in (201, 302, 307, 401, 403, 404, 408, 429, 500, 501, 503)),
    ],
)
def test_what_an_answer_means(status: int, verdict: str) -> None:
    assert judge(status).verdict == verdict


def test_an_address_that_the_service_does_not_go_to_is_given_up_and_nothing_is_sent(
    world: World, tmp_path: Path, wilma: RelyingParty
) -> None:
    listen(world, "wilma", wilma.url)
    browser, _, _ = signed_in(world)
    sign_off(browser)
    assert worker_of(world, tmp_path).deliver()["given_up"] == 1
    assert wilma.tokens == []
    assert str(messages(world)[0].last_error).startswith("address: ")


@pytest.mark.parametrize("change", [{"retired": True}, {"backchannel_logout_uri": None}])
def test_an_application_that_has_ceased_to_listen_is_left_alone(
    world: World, worker: Worker, wilma: RelyingParty, change: dict[str, Any]
) -> None:
    browser, _, _ = signed_in(world)
    sign_off(browser)
    world.change(Client, Client.client_id == "wilma", **change)
    assert worker.deliver()["delivered"] == 1
    assert wilma.tokens == []
