"""One world a file, on SQLite, at a moment that stands still: a test leaves behind nothing that another one could
meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iam.app import create_app
from iam.web import extension
from tests.flows.oidc.conftest import anna, wilma
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import World

__all__ = ["anna", "wilma"]
"""Who is in the world, as everywhere else."""


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The provider's world."""
    with oidc_world.of_a_file(sqlite_template, tmp_path_factory.mktemp("protocol")) as made:
        yield made


@pytest.fixture
def restarted(world: World) -> Iterator[Callable[[], World]]:
    """``restarted()`` is the same house after every process died: another application over the same database and key
    file."""
    made: list[World] = []

    def start() -> World:
        app = create_app(extension.parts_of(world.app).settings)
        app.testing = False
        made.append(World(app, extension.engine_of(app), world.ids))
        return made[-1]

    yield start
    for one in made:
        one.engine.dispose()
