"""Bounds on what a request may bring: body, form fields, form parts, depth of JSON (security HT-05)."""

from __future__ import annotations

import io
from typing import IO, Any

from flask import Flask, Request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

BODY = 128 * 1024
FORM_PARTS = 500
_FORM = "application/x-www-form-urlencoded"


class _BoundedForms(FormDataParser):
    """Forms of bounded length and number of fields, which Werkzeug bounds in multipart ones only: read, a body takes a
    hundred times its size."""

    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> Any:
        """See ``FormDataParser``; raises ``RequestEntityTooLarge``."""
        if mimetype == _FORM:
            data = stream.read(BODY + 1)
            if len(data) > BODY or data.count(b"&") >= FORM_PARTS:
                raise RequestEntityTooLarge
            stream, content_length = io.BytesIO(data), len(data)
        return super().parse(stream, mimetype, content_length, options)


class _BoundedRequest(Request):
    form_data_parser_class = _BoundedForms


class _BoundedJson(DefaultJSONProvider):
    """JSON whose nesting cannot exhaust the stack: too deep is as bad as malformed."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            return super().loads(s, **kwargs)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def init(app: Flask) -> None:
    """Set the limits: 128 KiB a body, 500 fields a form; more is answered 413."""
    app.config.update(MAX_CONTENT_LENGTH=BODY, MAX_FORM_MEMORY_SIZE=BODY, MAX_FORM_PARTS=FORM_PARTS)
    app.request_class = _BoundedRequest
    app.json = _BoundedJson(app)
