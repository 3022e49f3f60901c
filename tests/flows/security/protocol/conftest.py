"""One world a file, on SQLite, at a moment that stands still: a test leaves behind nothing that another one could meet."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iam import clock
from iam.app import create_app
from iam.web import extension
from tests.flows import oidc_world
from tests.flows.oidc_world import Application, Browser, World

NOON = datetime(2026, 9, 15, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The provider's world; a client that a test changes is read afresh at once."""
    folder = tmp_path_factory.mktemp("protocol")
    copy = shutil.copy(sqlite_template, folder / "avain.db")
    with clock.fixed(NOON), pytest.MonkeyPatch.context() as patch:
        patch.setattr("iam.oidc.client.SECONDS", -1.0)
        made = oidc_world.build(f"sqlite:///{copy}", folder)
        yield made
        extension.engine_of(made.app).dispose()


@pytest.fixture
def anna(world: World) -> Browser:
    """Anna's browser, signed in just now."""
    browser = Browser(world)
    browser.sign_in()
    return browser


@pytest.fixture
def wilma(world: World) -> Application:
    """The application that most tests sign in to."""
    return Application(world)


@pytest.fixture
def restarted(world: World) -> Iterator[Callable[[], World]]:
    """``restarted()`` is the same house after every process died: another application over the same database and key file."""
    made: list[World] = []

    def start() -> World:
        app = create_app(extension.parts_of(world.app).settings)
        app.testing = False
        made.append(World(app, extension.engine_of(app), world.ids))
        return made[-1]

    yield start
    for one in made:
        one.engine.dispose()
