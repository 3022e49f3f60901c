"""Passwords that a directory keeps: the source's connector is asked to bind. A directory that is down hurts only its
own people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors import registry
from connectors.contract import Authenticates, ConnectorError
from iam.directory.source import Source
from iam.ephemeral import Breaker

_log = structlog.get_logger("avain.signin")
_SOURCE = select(Source.id, Source.connector, Source.settings, Source.disabled)
_breakers: dict[str, Breaker] = {}


class DirectoryDown(Exception):
    """The directory did not answer, or cannot be trusted or used; whether the password is right is not known."""


def accepts(session: Session, data: Mapping[str, Any], login: str, password: str) -> UUID | None:
    """Return the source whose directory binds ``login`` and means the credential's own record; None when it does not.

    A source that is disabled is not asked. ``data`` is ``{"source": key, "record_key": …}``. Raises ``DirectoryDown``;
    after three failures within five seconds the directory is left alone for ten, so that people who wait for it do not
    use up the threads of everybody else.
    """
    if not password:
        return None
    key = str(data.get("source", ""))
    breaker = _breakers.setdefault(key, Breaker())
    if not breaker.open():
        raise DirectoryDown
    source = session.execute(_SOURCE.where(Source.key == key)).one_or_none()
    if source is None:
        raise DirectoryDown
    if source.disabled:
        return None
    try:
        right = _directory(source).authenticate(login, password) == data.get("record_key")
        return source.id if right else None
    except ConnectorError as error:
        breaker.failed()
        _log.warning("a directory does not answer sign-ins", source=key, problem=str(error.problem))
        raise DirectoryDown from error


def _directory(row: Any) -> Authenticates:
    try:
        kind = registry.connector(row.connector)
        directory = kind(kind.settings_model.model_validate(row.settings))
    except (registry.UnknownConnector, ValidationError) as error:
        raise DirectoryDown from error
    if not isinstance(directory, Authenticates):
        raise DirectoryDown
    return directory
