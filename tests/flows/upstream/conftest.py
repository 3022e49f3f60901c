"""A provider or two, the application, and a person who may sign in by them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from iam.settings import Egress
from iam.web import extension
from tests.kit.browser import Browser, application
from tests.kit.peers.openid_provider import OpenidProvider
from tests.kit.people import add_person, employ
from tests.kit.upstream import KEY, LOGIN, add_connection, connect, fresh_door, towards_door


@pytest.fixture
def provider() -> Iterator[OpenidProvider]:
    """The municipality's own provider."""
    with OpenidProvider() as server:
        yield server


@pytest.fixture
def second() -> Iterator[OpenidProvider]:
    """Another provider."""
    with OpenidProvider() as server:
        yield server


@pytest.fixture
def app(database_url: str, tmp_path: Path, provider: OpenidProvider, second: OpenidProvider) -> Iterator[Flask]:
    """The application, which may fetch from both."""
    with application(database_url, tmp_path, egress=Egress(hosts=[provider.place, second.place])) as made:
        made.add_url_rule("/test/fresh", "fresh_door", fresh_door)
        made.add_url_rule("/test/towards/<application>", "towards_door", towards_door)
        yield made


@pytest.fixture
def aino(app: Flask, engine: Engine, provider: OpenidProvider) -> UUID:
    """Aino has a login and a password, and the municipality's provider is connected."""
    add_connection(app, engine, provider, KEY)
    with Session(engine) as session, session.begin():
        person_id = add_person(session, extension.parts_of(app).vault, LOGIN)
        employ(session, person_id, until_days=300)
        return person_id


@pytest.fixture
def browser(app: Flask, aino: UUID) -> Browser:
    """A browser that has never been here."""
    return Browser(app)


@pytest.fixture
def known(engine: Engine, aino: UUID, provider: OpenidProvider) -> UUID:
    """Aino's account at the provider is connected."""
    connect(engine, provider, aino)
    return aino
