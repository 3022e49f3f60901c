"""A consortium, a signed-in person's application, and the worker that sends messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from iam.jobs import Worker
from tests.flows.backchannel.listening import listen, worker_of
from tests.kit.peers.relying_party import RelyingParty
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import World


@pytest.fixture
def world(database_url: str, tmp_path: Path, frozen: datetime) -> Iterator[World]:
    made = oidc_world.build(database_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def wilma() -> Iterator[RelyingParty]:
    with RelyingParty() as server:
        yield server


@pytest.fixture
def worker(world: World, tmp_path: Path, wilma: RelyingParty) -> Worker:
    listen(world, "wilma", wilma.url)
    return worker_of(world, tmp_path, wilma.host)
