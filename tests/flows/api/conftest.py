"""Fixtures of the flows of the administration API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kit.peers import api
from tests.kit.peers.api import Caller
from tests.kit.worlds.admin import World, build


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    """The consortium with an application that calls the API, on SQLite and on PostgreSQL."""
    made = build(database_url, tmp_path, api.fill)
    made.app.testing = False
    yield made
    made.engine.dispose()


@pytest.fixture
def caller(world: World) -> Callable[..., Caller]:
    """``caller("lauri")`` is the application with a token of that administrator; further: the token's scope."""
    return lambda login, *scope, **more: Caller(world, login, *scope, **more)
