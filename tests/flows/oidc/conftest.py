"""The provider's world, and who is in it, for every test of this folder."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import Application, Browser, World


@pytest.fixture
def world(database_url: str, tmp_path: Path, frozen: datetime, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world, at a moment that stands still; a client that a test changes is read afresh at once."""
    monkeypatch.setattr("iam.oidc.clients.registered.SECONDS", -1.0)
    return oidc_world.build(database_url, tmp_path)


@pytest.fixture
def anna(world: World) -> Browser:
    """Anna's browser, signed in."""
    browser = Browser(world)
    browser.sign_in()
    return browser


@pytest.fixture
def wilma(world: World) -> Application:
    """The application that most tests sign in to."""
    return Application(world)
