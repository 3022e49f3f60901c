"""Aino, who signs in with a password and is asked for more, for every test of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from iam.web import extension
from tests.kit.browser import Browser, application
from tests.kit.people import PASSWORD, add_person
from tests.kit.worlds.factor import LOGIN, vault_door


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on the test's database, with a door that asks for more than a password."""
    with application(database_url, tmp_path) as made:
        made.add_url_rule("/test/vault", "vault_door", vault_door)
        yield made


@pytest.fixture
def aino(app: Flask, engine: Engine) -> UUID:
    """Aino has a login and a password."""
    with Session(engine) as session, session.begin():
        return add_person(session, extension.parts_of(app).vault, LOGIN)


@pytest.fixture
def browser(app: Flask, aino: UUID) -> Browser:
    """Aino's browser, signed in with her password."""
    made = Browser(app)
    made.sign_in(LOGIN, PASSWORD)
    return made
