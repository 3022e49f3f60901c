"""Redirects stay in the house: only a path of our own is ever a place to go on to."""

from __future__ import annotations

import re

from flask import redirect
from werkzeug.wrappers import Response

_PATH = re.compile(r"/[!-\[\]-~]*")
"""Printable ASCII without a blank and without the backslash, which browsers read as a slash."""


def local_path(text: str | None) -> str:
    """Return ``text`` when it is a path (and query) of our own, else ``/``.

    Refused: ``//host``, ``/\\host``, tabs and other control characters, schemes, empty text (security C-02).
    """
    if not text or not _PATH.fullmatch(text) or "//" in re.split("[?#]", text, maxsplit=1)[0]:
        return "/"
    return text


def see_other(path: str) -> Response:
    """Return the answer to a form: 303, so that no browser posts again (RFC 9700 section 4.12). ``path`` is made
    local."""
    return redirect(local_path(path), 303)
