"""What a view may ask about its request: session, settings, vault, who asks, in which language."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app, g, request
from sqlalchemy.orm import Session

from iam.change import Actor
from iam.database.types import uuid7
from iam.ephemeral import Generations
from iam.settings import Settings
from iam.texts import LANGUAGES, Texts
from iam.tokens import session as login_sessions
from iam.tokens.session import LoginSession
from iam.vault import Vault
from iam.web import extension

_SECRET_LENGTH = 128
# PostgreSQL answers each statement by itself, a single write durably: beginning and ending a transaction would be half
# of the work.
_READS: dict[str, dict[str, Any]] = {"sqlite": {"read_only": True}, "postgresql": {"isolation_level": "AUTOCOMMIT"}}
_WRITES_LAST: dict[str, dict[str, Any]] = {"sqlite": {}, "postgresql": {"isolation_level": "AUTOCOMMIT"}}
LANGUAGE_COOKIE = "avain-language"
API = "/api/"
"""Where addresses begin that answer programs only."""


def db() -> Session:
    """Return the request's session. Its transaction commits before the response is sent; an error rolls it back.

    In a view marked ``guard.read_only`` the transaction takes no write lock on SQLite; after ``read_only`` and
    ``writes_last`` there is none on PostgreSQL.
    """
    session = database_session()
    options: dict[str, dict[str, Any]] | None = g.get("connection")
    if options is not None and not session.in_transaction():
        session.connection(execution_options=options[session.get_bind().dialect.name])
    return session


def read_only() -> None:
    """Promise that this request writes nothing; to be said before the first statement."""
    g.connection = _READS


def writes_last() -> None:
    """Promise that all this request writes is its event, and before that only what would do no harm without one; to be
    said before the first statement."""
    g.connection = _WRITES_LAST


def database_session() -> Session:
    """Return the request's session without beginning a transaction."""
    return extension.database.session()


def settings() -> Settings:
    """Return the settings of the application."""
    return extension.parts_of(current_app).settings


def vault() -> Vault:
    """Return the vault of the application."""
    return extension.parts_of(current_app).vault


def generations() -> Generations:
    """Return the cache generations of the application."""
    return extension.parts_of(current_app).generations


def request_id() -> str:
    """Return the id of the request: in its log lines, its audit events, and on its error page."""
    if "request_id" not in g:
        g.request_id = str(uuid7())
    value: str = g.request_id
    return value


def cookie_name() -> str:
    """Return the name of the login cookie: ``__Host-avain`` on https, ``avain`` on http."""
    return "__Host-avain" if settings().https else "avain"


def login() -> LoginSession | None:
    """Return the living login session of the browser's cookie; one look-up a request."""
    if "login" not in g:
        value = request.cookies.get(cookie_name(), "")
        known = value.startswith("avs_") and len(value) <= _SECRET_LENGTH and value.isascii()
        g.login = login_sessions.find(db(), value) if known else None
        g.person_id = g.login.person_id if g.login else None
    found: LoginSession | None = g.login
    return found


def actor() -> Actor:
    """Return who acts: the person signed in, a client for nobody, or nobody, with the request's id and address."""
    login()
    person_id: UUID | None = g.person_id
    return Actor(person_id, request_id(), request.remote_addr or "", g.get("acting_client"))


def texts() -> Texts:
    """Return the texts in the reader's language: ``?lang=``, then the cookie, then what the browser asks for."""
    if "texts" not in g:
        asked = (tag.split("-")[0].lower() for tag, _ in request.accept_languages)
        wanted = (request.args.get("lang"), request.cookies.get(LANGUAGE_COOKIE), *asked)
        chosen = next((language for language in wanted if language in LANGUAGES), None) or LANGUAGES[0]
        g.texts = Texts(chosen, zone())
    value: Texts = g.texts
    return value


def wants_page() -> bool:
    """Whether who asks reads pages: a browser, save at the administration API, which answers programs only."""
    return "text/html" in request.headers.get("Accept", "") and not request.path.startswith(API)


def zone() -> ZoneInfo:
    """Return the time zone in which days are days."""
    return ZoneInfo(settings().zone)
