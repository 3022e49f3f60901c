"""The worker as its operator starts it: inside ``iam serve``, or as ``iam worker`` beside it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam.delivery.outbox import Message
from iam.oidc.model import Client
from iam.tokens import sign_out
from tests.kit.peers.relying_party import RelyingParty
from tests.kit.servers.avain import ROOT, Avain
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import Application, Browser, World


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    made = oidc_world.build(database_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def wilma(world: World) -> Iterator[RelyingParty]:
    with RelyingParty() as server:
        world.change(Client, Client.client_id == "wilma", backchannel_logout_uri=server.url)
        yield server


def end_a_session(world: World) -> None:
    """Sign Anna in to wilma and out again, leaving the message."""
    browser = Browser(world)
    session_id = browser.sign_in()
    assert Application(world).redeem(browser.code()).status_code == 200
    with Session(world.engine) as session, session.begin():
        assert sign_out.end(session, "test", person_id=world.ids["anna"], session_id=session_id)


def waiting(engine: Engine) -> bool:
    """Whether a message is still to be delivered."""
    with Session(engine) as session:
        return bool(session.scalars(select(Message).where(Message.delivered_at.is_(None))).all())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_iam_serve_delivers_by_itself(world: World, database_url: str, tmp_path: Path, wilma: RelyingParty) -> None:
    with Avain(database_url, tmp_path, {"IAM_EGRESS__HOSTS": f'["{wilma.host}"]'}):
        end_a_session(world)
        assert wilma.told(1)
    # The service is down: what was on its way when it was told to stop has been noted.
    assert not waiting(world.engine)


def test_iam_worker_delivers_beside_a_service_that_does_not_and_ends_when_told_to(
    world: World, database_url: str, tmp_path: Path, wilma: RelyingParty
) -> None:
    service = Avain(database_url, tmp_path, {"IAM_EGRESS__HOSTS": f'["{wilma.host}"]', "IAM_WORKER__INSIDE": "false"})
    with service:
        end_a_session(world)
        assert waiting(world.engine)
        worker = subprocess.Popen(
            [sys.executable, "-m", "iam.cli", "worker"],
            cwd=ROOT,
            env=dict(service.environment()),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert wilma.told(1)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0
        finally:
            worker.kill()
            worker.communicate()
    assert not waiting(world.engine)
    assert len(wilma.tokens) == 1
