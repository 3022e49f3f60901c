"""One provider a file, on SQLite, with the suite's relying party: each test has a browser of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from iam import clock
from iam.change import SYSTEM
from iam.signin.passwords import credentials
from iam.web import extension
from tests.flows.suite.party import Party, register_declared
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import PASSWORD, Browser, World

At = Callable[[datetime], None]


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The provider of a file, at a moment that stands still."""
    with oidc_world.of_a_file(sqlite_template, tmp_path_factory.mktemp("suite")) as made:
        register_declared(made)
        with Session(made.engine) as session, session.begin():
            vault = extension.parts_of(made.app).vault
            credentials.set_password(session, vault, made.ids["anna"], PASSWORD, SYSTEM)
        yield made


@pytest.fixture
def browser(world: World) -> Browser:
    """Anna's browser, signed in."""
    made = Browser(world)
    made.sign_in()
    return made


@pytest.fixture
def stranger(world: World) -> Browser:
    """A browser without cookies."""
    return Browser(world)


@pytest.fixture
def party(request: pytest.FixtureRequest, world: World) -> Party:
    """The relying party with the declared client; a class of modules says by which ``mode`` it is answered."""
    return Party(world, mode=getattr(request.cls, "mode", None))


@pytest.fixture
def later(at: At) -> Callable[[float], None]:
    """``later(seconds)`` moves the clock of this test on."""
    return lambda seconds: at(clock.now() + timedelta(seconds=seconds))
