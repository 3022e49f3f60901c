"""Bounds on what a request may bring: body, form parts, depth of JSON (security HT-05)."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.json.provider import DefaultJSONProvider

BODY = 1024 * 1024
FORM_FIELD = 256 * 1024
FORM_PARTS = 500


class _BoundedJson(DefaultJSONProvider):
    """JSON whose nesting cannot exhaust the stack: too deep is as bad as malformed."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            return super().loads(s, **kwargs)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def init(app: Flask) -> None:
    """Set the limits: 1 MiB a body; in a multipart form 256 KiB a field and 500 parts; more is answered 413."""
    app.config.update(MAX_CONTENT_LENGTH=BODY, MAX_FORM_MEMORY_SIZE=FORM_FIELD, MAX_FORM_PARTS=FORM_PARTS)
    app.json = _BoundedJson(app)
