"""Passwords that a directory keeps: the source's connector is asked to bind. A directory that is down hurts only its own people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors import registry
from connectors.contract import Authenticates, ConnectorError
from iam.directory.source import Source
from iam.ephemeral import Breaker

_log = structlog.get_logger("avain.signin")
_breakers: dict[str, Breaker] = {}


class DirectoryDown(Exception):
    """The directory did not answer, or cannot be trusted or used; whether the password is right is not known."""


def accepts(session: Session, data: Mapping[str, Any], login: str, password: str) -> bool:
    """Return whether the directory of a ``directory`` credential binds ``login`` and means the credential's own record.

    ``data`` is ``{"source": key, "record_key": …}``. Raises ``DirectoryDown``; after three failures within five seconds the directory
    is left alone for ten, so that people who wait for it do not use up the threads of everybody else.
    """
    if not password:
        return False
    key = str(data.get("source", ""))
    breaker = _breakers.setdefault(key, Breaker())
    if not breaker.open():
        raise DirectoryDown
    try:
        return _directory(session, key).authenticate(login, password) == data.get("record_key")
    except ConnectorError as error:
        breaker.failed()
        _log.warning("a directory does not answer sign-ins", source=key, problem=str(error.problem))
        raise DirectoryDown from error


def _directory(session: Session, key: str) -> Authenticates:
    row = session.execute(select(Source.connector, Source.settings).where(Source.key == key)).one_or_none()
    if row is None:
        raise DirectoryDown
    try:
        kind = registry.connector(row.connector)
        directory = kind(kind.settings_model.model_validate(row.settings))
    except (registry.UnknownConnector, ValidationError) as error:
        raise DirectoryDown from error
    if not isinstance(directory, Authenticates):
        raise DirectoryDown
    return directory
