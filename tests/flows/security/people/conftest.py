"""One world a file, on SQLite: these tests look at doors and pages, and storage is looked at elsewhere."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
import structlog
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from iam.database.engine import make_engine
from iam.web import extension
from tests.kit.browser import application
from tests.kit.people import add_person
from tests.kit.worlds import admin as admin_world, oidc as oidc_world
from tests.kit.worlds.factor import LOGIN, vault_door


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the file's own."""
    return tmp_path_factory.mktemp("people")


@pytest.fixture(scope="module")
def database_url(sqlite_template: Path, folder: Path) -> str:
    """An empty, migrated database of the file's own."""
    return f"sqlite:///{shutil.copy(sqlite_template, folder / 'avain.db')}"


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on the file's database."""
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def app(database_url: str, folder: Path) -> Iterator[Flask]:
    """The application in which Aino signs in with a password; a door of it asks for more."""
    with application(database_url, folder) as made:
        made.add_url_rule("/test/vault", "vault_door", vault_door)
        with Session(extension.engine_of(made)) as session, session.begin():
            add_person(session, extension.parts_of(made).vault, LOGIN)
        yield made


@pytest.fixture(scope="module")
def office(database_url: str, folder: Path) -> Iterator[admin_world.World]:
    """The consortium of the administration pages: two municipalities and their administrators."""
    made = admin_world.build(database_url, folder)
    yield made
    made.engine.dispose()


@pytest.fixture(scope="module")
def provider(database_url: str, folder: Path) -> Iterator[oidc_world.World]:
    """The consortium of the provider: Anna, her two schools, and the applications; a client that is changed is read
    afresh at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("iam.oidc.clients.registered.SECONDS", -1.0)
        made = oidc_world.build(database_url, folder)
        yield made
        made.engine.dispose()


@pytest.fixture
def quiet() -> Iterator[None]:
    """No log is written: a test that makes hundreds of faults would spend its time on drawing them."""

    def drop(*_: object) -> NoReturn:
        raise structlog.DropEvent

    structlog.configure(processors=[drop])
    yield
    structlog.reset_defaults()
