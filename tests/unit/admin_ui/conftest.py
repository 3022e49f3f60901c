"""Fixtures of the tests of the administration pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kit.worlds.admin import Reader, World, build


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    """The consortium, on SQLite and on PostgreSQL."""
    made = build(database_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def reader(world: World) -> Callable[[str], Reader]:
    """``reader("sanna")`` is the browser of that administrator, let in."""
    return lambda login: Reader(world, login).let_in()
