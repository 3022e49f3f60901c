"""The service, a person with a password, and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from iam.web import extension
from tests.flows.signin.steps import LOGIN
from tests.kit.browser import Browser, application
from tests.kit.people import add_person


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on the test's database."""
    with application(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def aino(app: Flask, engine: Engine) -> UUID:
    """Aino has a login and a password."""
    with Session(engine) as session, session.begin():
        return add_person(session, extension.parts_of(app).vault, LOGIN)


@pytest.fixture
def browser(app: Flask, aino: UUID) -> Browser:
    """A browser that has never been here, once Aino can sign in."""
    return Browser(app)
