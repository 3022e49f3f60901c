"""Answers: JSON with an ETag, pages of a list with the address of the next, what a view may answer besides."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import Response, request
from pydantic import BaseModel

from connectors.problem import Problem
from iam.api.endpoints.caller import NAME, PATH
from iam.api.endpoints.repeated import done_once
from iam.api.shapes.base import PlaceInList
from iam.api.shapes.stated import Outcome
from iam.database.keyset import Cursor, Slice, keyset
from iam.errors import AvainError
from iam.web import context, guard
from iam.web.forms.csrf import csrf_exempt

View = TypeVar("View", bound=Callable[..., Any])
SCHEME = "avain"
PROBLEM, _JSON = "application/problem+json", "application/json"
blueprint = APIBlueprint(NAME, __name__, url_prefix=PATH)

_READING = {
    304: "It is as it was when the ETag in If-None-Match was given.",
    400: "The request cannot be read.",
    401: "There is no access token, it is not valid here, or a fresh sign-in is needed.",
    403: "The scope of the token does not have the permission, or the sign-in is not sure enough.",
    404: "There is no such thing, or it is outside the part of the caller.",
    422: "Something in the request is wrong; the problems say what.",
    503: "Something the service depends on does not answer.",
}
_WRITING = {
    409: "Somebody else changed it first, its state does not allow this now, or the first of its kind is being done.",
    412: "It is not any more as it was when the ETag in If-Match was given.",
    413: "What was sent is too large.",
}


class Stale(AvainError):
    """What was to be changed is not any more as the caller saw it (RFC 9110 section 13.1.1)."""

    code = "changed-meanwhile"
    status = 412

    def __init__(self) -> None:
        super().__init__(Problem("This was changed since you read it.", "Read it again and repeat what you did."))


def answers(
    shape: type[BaseModel], status: int = 200, *, writes: bool = False, waits: bool = False
) -> Callable[[View], View]:
    """Mark a view with what it answers; to be put above ``guard.requires``, whose permission the document names.
    ``waits``: what it does may wait for a second person (202)."""

    def mark(view: View) -> View:
        codes = {code: text for code, text in _READING.items() if not (writes and code == 304)}
        told: Any = {code: _problem(code, text) for code, text in (codes | (_WRITING if writes else {})).items()}
        if status == 201 and issubclass(shape, Outcome):
            told[200] = {"description": "What it would do.", "content": {_JSON: {"schema": _of(shape)}}}
        if waits:
            told[202] = {"description": "It waits for a second person.", "content": {_JSON: {"schema": _of(shape)}}}
        documented = blueprint.doc(responses=told, security=[{SCHEME: [guard.permission_of(view)]}])
        asked: Any = done_once(view) if writes else view
        made: View = documented(blueprint.output(shape, status_code=status)(csrf_exempt(asked)))
        return made

    return mark


def _of(shape: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _problem(code: int, text: str) -> dict[str, Any]:
    if code == 304:
        return {"description": text}
    return {"description": text, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}}


def answer(told: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return what is told as JSON; 304 where the caller has it already."""
    text = _text(told)
    response = Response(text, status, content_type="application/json")
    response.headers.extend(headers or {})
    response.set_etag(_tag(text))
    response.make_conditional(request)
    return response


def unchanged(told: Callable[[], Any]) -> None:
    """Raise ``Stale`` where the caller names in ``If-Match`` another state than what is told now."""
    if "If-Match" in request.headers and not request.if_match.contains(_tag(_text(told()))):
        raise Stale


def page(
    query: Any,
    keys: tuple[Any, ...],
    place: PlaceInList,
    told: Callable[[Sequence[Any]], Sequence[Any]],
    *,
    newest_first: bool = False,
) -> Response:
    """Return a page of a list with the address of the next one, in the body and as a ``Link`` (RFC 8288)."""
    found: Slice[Any] = keyset(
        context.db(), query, keys, Cursor(after=place.after, size=place.size), newest_first=newest_first
    )
    following = _following(found)
    links = {"Link": f'<{following}>; rel="next"'} if following else {}
    return answer({"items": list(told(found.rows)), "next": following}, headers=links)


def _following(found: Slice[Any]) -> str | None:
    if not found.later:
        return None
    query = {**request.args.to_dict(), "after": str(found.last)}
    return f"{context.settings().issuer}{request.path}?{urlencode(query)}"


def _text(told: Any) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _tag(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]
