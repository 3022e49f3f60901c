"""The web's database session: Flask-SQLAlchemy over our own engine, one transaction a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, Response
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine

from iam.database.base import Base
from iam.database.engine import make_engine
from iam.database.postgresql import PAGES
from iam.ephemeral import Generations
from iam.settings import Settings
from iam.vault import Vault

KEY = "avain"


@dataclass(frozen=True, slots=True)
class Parts:
    """What an application is made of; views reach it through ``iam.web.context``."""

    settings: Settings
    vault: Vault
    generations: Generations


class _Database(SQLAlchemy):
    """Flask-SQLAlchemy with the engine that the rest of Avain uses, so that pragmas and transactions are the same
    everywhere."""

    def _make_engine(self, bind_key: str | None, options: dict[str, Any], app: Flask) -> Engine:
        database = parts_of(app).settings.database
        return make_engine(database.url.get_secret_value(), pool_size=database.pool_size, patience=PAGES)

    def _apply_driver_defaults(self, options: dict[str, Any], app: Flask) -> None:
        """Nothing: ``make_engine`` knows the drivers."""


database = _Database(metadata=Base.metadata, session_options={"expire_on_commit": False}, add_models_to_shell=False)


def init(app: Flask, parts: Parts) -> None:
    """Give ``app`` its parts, its engine, and the commit before each response."""
    app.extensions[KEY] = parts
    # The extension wants an address to see; it is a mark only, so that no password stands in the configuration.
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    database.init_app(app)
    app.after_request(_finish)


def parts_of(app: Flask) -> Parts:
    """Return what ``init`` gave the application."""
    parts: Parts = app.extensions[KEY]
    return parts


def engine_of(app: Flask) -> Engine:
    """Return the application's engine."""
    with app.app_context():
        return database.engine


def abandon() -> None:
    """Roll the request's transaction back, when there is one."""
    if database.session.registry.has():
        database.session.rollback()


def settle() -> None:
    """Send what the view left to be written, so that what is wrong with it is its own."""
    if database.session.registry.has() and database.session().in_transaction():
        database.session.flush()


def _finish(response: Response) -> Response:
    # A server error must leave nothing half done; any other answer, a refusal included, keeps what the view wrote.
    if response.status_code >= 500:
        abandon()
    elif database.session.registry.has() and database.session().in_transaction():
        database.session.commit()
    return response
