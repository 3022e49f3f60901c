"""A form that was sent too early or too late: kept sealed while its person proves who they are, and brought back
filled.

Nothing is done by itself: the page of the form is shown as it was filled (``iam.web.forms.filled``), one press from
done. What is secret is never kept. A form is kept for the person who sent it and for the browser it came from, for half
an hour.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_urlsafe
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from uuid import UUID

from flask import current_app, request
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from iam import clock, vault
from iam.tokens import one_shot, secret as secrets
from iam.tokens.session import LoginSessionRow
from iam.web import context, flow
from iam.web.forms import csrf
from iam.web.redirect import local_path

PAGE = "from_page"
"""The hidden field of every form with the address of the page it stands on."""
AGAIN = "again"
"""The parameter that brings a kept form back on its page."""
SECRETS = frozenset(
    {
        "password",
        "current_password",
        "new_password",
        "new_password_again",
        "code",
        "recovery_code",
        "proof",
        "credential",
    }
)
"""Fields that are asked again."""
SECONDS = 30 * 60
_LONGEST = 64 * 1024
_LATE = timedelta(hours=12)
_KIND = "form"
_OURS = frozenset({"csrf_token", PAGE, "lang"})

Fields = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A form as it was sent: where to, and what was in it, without what is secret."""

    action: str
    fields: Fields


def page() -> str:
    """Return the address of the page that the answer's forms stand on: this one, or the one whose form is being
    answered."""
    if request.method in csrf.SAFE:
        query = [(name, value) for name, value in request.args.items(multi=True) if name not in (AGAIN, "lang")]
        return local_path(_with(quote(request.path), query))
    named = named_page()
    return named if named != "/" else nearest()


def named_page() -> str:
    """Return the page that a form says it stood on; ``/`` when it says none, or came from elsewhere. It is good for a
    link only."""
    try:
        return local_path(request.form.get(PAGE)) if csrf.came_from_here() else "/"
    except HTTPException:
        return "/"


def page_in(language: str, **more: str | None) -> str:
    """Return the address of the same page in another language; a form that came back comes along. ``more`` is for its
    query."""
    further = {"lang": language, **{name: value for name, value in more.items() if value}}
    here = urlsplit("" if request.method in csrf.SAFE else page())
    given = parse_qsl(here.query, keep_blank_values=True) if here.path else list(request.args.items(multi=True))
    return _with(here.path, [*((name, value) for name, value in given if name not in further), *further.items()])


def nearest() -> str:
    """Return the page nearest above an address that only takes forms; ``/`` when there is none."""
    parts = request.path.rstrip("/").split("/")
    above = ("/".join(parts[:length]) for length in range(len(parts), 1, -1))
    return next((path for path in above if _opens(path)), "/")


def keep(path: str) -> str:
    """Keep the form that was sent and return ``path`` with what brings it back there; ``path`` alone when it may not be
    kept.

    Kept is only what came from a form of ours, of somebody who is signed in or was in this browser until lately.
    """
    person_id = _sender()
    if person_id is None or not csrf.ours():
        return path
    fields = {name: request.form.getlist(name) for name in request.form if name not in SECRETS | _OURS}
    text = json.dumps([request.path, fields])
    if len(text) > _LONGEST:
        return path
    data = {"sealed": b64encode(vault.seal(_key(), "form", text, str(person_id))).decode()}
    value = one_shot.issue(
        context.db(), _KIND, SECONDS, data, client_id=flow.browser(), person_id=person_id, text=token_urlsafe(32)
    )
    here = urlsplit(path)
    query = [(name, given) for name, given in parse_qsl(here.query, keep_blank_values=True) if name != AGAIN]
    return _with(here.path, [*query, (AGAIN, value)])


def kept() -> Kept | None:
    """Return the form that this request brings back; None when there is none of this person in this browser."""
    value, login = request.args.get(AGAIN, ""), context.login()
    if not value or login is None:
        return None
    used = one_shot.read(context.db(), _KIND, value, flow.browser())
    if used is None or used.person_id != login.person_id:
        return None
    action, fields = json.loads(vault.unseal(_key(), "form", b64decode(used.data["sealed"]), str(login.person_id)))
    return Kept(action, fields)


def _opens(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    try:
        return adapter is not None and bool(adapter.match(path, method="GET"))
    except HTTPException:
        return False


def _sender() -> UUID | None:
    """Return whose form it is: who is signed in, or whose session in this browser ended or ran out lately."""
    login, value = context.login(), request.cookies.get(context.cookie_name(), "")
    if login is not None or not value:
        return login.person_id if login else None
    row = LoginSessionRow
    lately = row.secret_hash == secrets.hash_of(value), row.seen_at > clock.now() - _LATE
    return context.db().scalars(select(row.person_id).where(*lately)).first()


def _with(path: str, query: Sequence[tuple[str, str]]) -> str:
    return path + ("?" + urlencode(query) if query else "")


def _key() -> bytes:
    return context.vault().derive("kept form")
