"""Logs: one JSON object a line on standard output, with the request's id, and never a secret or an identity code
(security LG-03).

Nothing that is logged can make the logging fail: a line whose values cannot be told says so and comes without them.
"""

from __future__ import annotations

import json
import logging
import re
import sqlite3
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import PurePath
from typing import Any, TextIO

import psycopg
import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from connectors import identity_code
from iam.web import context

HIDDEN = "…"
UNTOLD = "a line could not be told"
_OURS = ("level", "logger", "timestamp", "request_id", "_record", "_from_structlog")
_SECRET_NAMES = re.compile(r"authorization|cookie|password|secret|token|assertion|code_verifier", re.IGNORECASE)
_SECRETS = re.compile(
    r"\b(av[cfikmoprs]_)[A-Za-z0-9_-]+|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+"
    r"|\b(Bearer|Basic|DPoP)\s+[^\s\"',]+|(?<=:)[^:@/\s]+(?=@)"
)


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Send everything that is logged, by us or by libraries, to standard output as JSON; a command that prints an
    answer of its own names another ``stream``."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _private,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        _Formatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    # A record that cannot be written would otherwise be printed raw, past the mask.
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("werkzeug", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def init(app: Flask) -> None:
    """Put the request's id on every line that is logged while it is answered."""
    app.before_request(_bind)


def _bind() -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=context.request_id())


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Writes a line whatever happens."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; of a record that cannot be told, where it comes from and why."""
        try:
            return super().format(record)
        except Exception as error:  # noqa: BLE001 - a record that is lost may be the one that tells of the disaster
            at = f"{record.module}:{record.lineno}"
            return json.dumps(
                {
                    "event": UNTOLD,
                    "why": type(error).__qualname__,
                    "at": at,
                    "level": record.levelname.lower(),
                    "logger": record.name,
                }
            )


def _private(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Describe the error and hide what is secret; of an event that cannot be looked through, only what is ours."""
    kept = {name: event[name] for name in _OURS if name in event}
    try:
        return mask(logger, method, _describe_error(logger, method, event))
    except Exception as error:  # noqa: BLE001 - who logs must not be stopped by it, least of all while answering
        return {**kept, "event": UNTOLD, "why": type(error).__qualname__}


def mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide secrets by their prefix or their name, and identity codes by their shape, at any depth."""
    for name in list(event):
        event[name] = _masked(name, event[name])
    return event


def masked(text: str) -> str:
    """Return ``text`` without secrets and identity codes."""
    text = _SECRETS.sub(lambda match: f"{match[1] or (match[2] and match[2] + ' ') or ''}{HIDDEN}", text)
    return identity_code.QUICK.sub(HIDDEN, text) if identity_code.holds_code(text) else text


def _masked(name: str, value: Any) -> Any:
    if _SECRET_NAMES.search(name) and value is not None:
        return HIDDEN
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {str(key): _masked(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_masked("", inner) for inner in value]
    return value if isinstance(value, bool | int | float | None) or name.startswith("_") else masked(str(value))


def _describe_error(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    # A database error's text holds the row's values: only its kind and place are told.
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["error"] = [_described(one) for one in _chain(error)]
    return event


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _described(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    told = {
        "kind": f"{type(error).__module__}.{type(error).__qualname__}",
        "text": _text(error),
        "at": [f"{'/'.join(PurePath(frame.filename).parts[-2:])}:{frame.lineno}" for frame in frames],
    }
    code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    return told | ({"code": code} if code else {})


def _text(error: BaseException) -> str:
    """Return what an error says. Of the database's only what tells of the server (gone, full, busy): others quote the
    row's values."""
    if isinstance(error, psycopg.OperationalError | sqlite3.OperationalError):
        return str(error).partition("\n")[0]
    private = isinstance(error, SQLAlchemyError) or type(error).__module__.startswith(("psycopg", "sqlite3"))
    return "" if private else str(error)
