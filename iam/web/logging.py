"""Logs: one JSON object a line on standard error, with the request's id, and never a secret or an identity code (security LG-03)."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from connectors import identity_code
from iam.web import context

HIDDEN = "…"
_SECRET_NAMES = re.compile(r"authorization|cookie|password|secret|token|assertion|code_verifier", re.IGNORECASE)
_SECRETS = re.compile(
    r"\b(av[cfikmoprs]_)[A-Za-z0-9_-]+|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+|\b(Bearer|Basic|DPoP)\s+[^\s\"',]+|(?<=:)[^:@/\s]+(?=@)"
)


def configure(level: str = "info") -> None:
    """Send everything that is logged, by us or by libraries, to standard error as JSON."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True), _describe_error, mask,
    ]  # fmt: skip
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
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
    private = isinstance(error, SQLAlchemyError) or type(error).__module__.startswith(("psycopg", "sqlite3"))
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return {
        "kind": f"{type(error).__module__}.{type(error).__qualname__}",
        "text": "" if private else str(error),
        "at": [
            f"{frame.filename.rsplit('/', 2)[-2]}/{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"
            for frame in frames
        ],
    }
