"""Where a person was going when asked to sign in: a signed path, bound to the browser that asked (SE-02).

The handle travels as ``flow`` in links and forms. In another browser than the one it was made for it does not open, so
nobody can finish a sign-in that somebody else prepared.
"""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from flask import session as form_session
from itsdangerous import BadData, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode

from iam.web import context
from iam.web.redirect import local_path

HOURS = 12
_BROWSER = "browser"
_LONGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Flow:
    """Where a sign-in returns to.

    ``path`` is our own; ``service`` the names of the service by language; ``fresh`` demands signing in again;
    ``origin`` is that of the service's validated redirect URI (``https://wilma.example``), to which browsers must be
    let go on after the form; ``least`` the least level of sign-in asked for (``signin.levels``), or empty;
    ``application`` the key of the service, or empty; ``adds``: who is signed in proves something more, and the session
    goes on. ``proves``: the one way (``signin.proof``) by which a proof of the last minutes is asked for, or empty.
    ``links``: addresses of the service's own pages, by what each is (``policy_uri``, ``tos_uri``) and language ("":
    whatever the language). ``why`` says why the person is asked now (``signin.endpoints.sentences.WHY``), or is empty.
    """

    path: str
    service: Mapping[str, str] | None = None
    fresh: bool = False
    origin: str = ""
    least: str = ""
    application: str = ""
    adds: bool = False
    proves: str = ""
    links: Mapping[str, Mapping[str, str]] | None = None
    why: str = ""


def start(flow: Flow) -> str:
    """Return a handle for ``flow`` in this browser."""
    data = {
        "p": local_path(flow.path),
        "s": dict(flow.service or {}),
        "f": flow.fresh,
        "o": flow.origin,
        "l": flow.least,
        "a": flow.application,
        "m": flow.adds,
        "w": flow.proves,
        "u": dict(flow.links or {}),
        "y": flow.why,
    }
    return _serializer().dumps(data)


def read(handle: str | None) -> Flow | None:
    """Return what the handle says; None when it is forged, of another browser, or older than ``HOURS``."""
    if not handle or _BROWSER not in form_session:
        return None
    try:
        data = _serializer().loads(handle, max_age=HOURS * 3600)
    except BadData:
        return None
    return Flow(
        local_path(data["p"]),
        data["s"] or None,
        bool(data["f"]),
        str(data["o"]),
        str(data["l"]),
        str(data.get("a", "")),
        bool(data.get("m", False)),
        str(data.get("w", "")),
        data.get("u") or None,
        str(data.get("y", "")),
    )


def glimpse(handle: str) -> tuple[str, str]:
    """Return the path and the application's key of a handle that does not open any more; both empty when it says
    nothing.

    Nobody vouches for them: a path of our own to open, and a key to look an application up by, is all that they are
    good for.
    """
    body = handle.rpartition(".")[0].rpartition(".")[0]
    try:
        raw = base64_decode(body.removeprefix("."))
        data = json.loads(zlib.decompressobj().decompress(raw, _LONGEST) if body.startswith(".") else raw)
        return local_path(str(data["p"])), str(data.get("a", ""))
    except (BadData, zlib.error, ValueError, KeyError, TypeError, AttributeError):
        return "", ""


def browser() -> str:
    """Return the random name of this browser, kept in the signed form cookie since its first visit."""
    if _BROWSER not in form_session:
        form_session[_BROWSER] = secrets.token_urlsafe(16)
    return str(form_session[_BROWSER])


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(context.vault().derive("flow"), salt=browser())
