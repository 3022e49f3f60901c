"""The ways on from a page that says no: every one leads somewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from flask import request

from iam.texts import LANGUAGES, N_
from iam.web import context, guard
from iam.web.forms import csrf, kept


class Way(NamedTuple):
    """A way on: an English message marked with ``N_``, a path of our own or a registered address, and what the message
    names."""

    label: str
    path: str
    params: Mapping[str, str] = {}


ACCOUNT = Way(N_("To My account"), "/account")
SIGN_IN = Way(N_("To the sign-in page"), "/login")
SOMEBODY_ELSE = Way(N_("Sign in as somebody else"), "/logout")
ADMINISTRATION = Way(N_("To the overview"), "/admin/")
_UNREACHED = 500


def ways(status: int) -> list[Way]:
    """Return where a person may go on from the page of an error; nothing is asked of a database that may not answer."""
    if status >= _UNREACHED:
        again = [Way(N_("Try again"), request.full_path.rstrip("?"))] if request.method in csrf.SAFE else []
        return [*again, Way(N_("To the front page"), "/")]
    first = _first(status)
    if context.login() is None:
        return [*first, SIGN_IN]
    overview = [ADMINISTRATION] if request.path.startswith("/admin/") and guard.asker().held else []
    others = [SOMEBODY_ELSE] if status in (403, 404) and not overview else []
    return [*first, *overview, ACCOUNT, *others]


def page_above() -> str | None:
    """Return the page to which the address of a form leads a person who opens it, as a bookmark or the back button
    does; else None."""
    if request.method != "GET" or "text/html" not in request.headers.get("Accept", ""):
        return None
    path = kept.nearest()
    language = request.args.get("lang")
    return None if path == "/" else f"{path}?lang={language}" if language in LANGUAGES else path


def _first(status: int) -> list[Way]:
    """Return the way back to the page of a form that was refused, filled in where it may be."""
    if request.method in csrf.SAFE or status not in (400, 403, 409, 413, 422, 429):
        return []
    path = kept.page()
    return [Way(N_("Back to the form"), kept.keep(path) if status == csrf.ForgedPost.status else path)]
