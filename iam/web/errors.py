"""Errors as answers: problem+json (RFC 9457) for programs, a page for people; an exception's own text never leaves
(HT-06)."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, jsonify, redirect, request
from sqlalchemy.exc import OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as AnyResponse

from connectors.problem import Problem
from iam.database.taken import is_taken
from iam.errors import AvainError, Conflict, Unavailable
from iam.texts import N_
from iam.web import context, extension, guard, onward, pages
from iam.web.onward import Way
from iam.web.redirect import local_path, see_other

_log = structlog.get_logger("avain.web")

TITLES = {
    400: N_("The request was not understood"),
    401: N_("You are not signed in"),
    403: N_("You may not do this"),
    404: N_("This page is not here"),
    405: N_("The request was not understood"),
    409: N_("Somebody else changed this first"),
    412: N_("Somebody else changed this first"),
    413: N_("That is too large"),
    422: N_("Something needs mending"),
    429: N_("Too many tries"),
    500: N_("Something went wrong with us"),
    503: N_("The service does not answer just now"),
}
_WHAT = {
    404: Problem("There is no such page, or it is outside your part."),
    413: Problem("What was sent is larger than this page takes.", "Send less at a time."),
    500: Problem("The fault is ours and has been recorded.", "Try again in a moment."),
    503: Problem("Something the service depends on does not answer.", "Nothing was changed. Try again in a moment."),
}
_SAME = Problem(
    N_("Somebody else wrote the same at this moment. Nothing of yours was written."), N_("Look at it, and try again.")
)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_DEFAULT = Problem("The request was not understood.", "Go back and try again.")


def init(app: Flask) -> None:
    """Answer every exception of ``app``."""
    app.register_error_handler(AvainError, _expected)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)
    app.before_request(_as_routed)


def answer(
    status: int, code: str, problems: Sequence[Problem], ways: Sequence[Way] = (), title: str | None = None
) -> Response:
    """Return an error as this caller understands it; nothing of the request's transaction stays.

    ``ways`` are what a person may go on to, before what every page of an error offers; ``title`` says more than the
    status does.
    """
    extension.abandon()
    if context.wants_page():
        return _page(status, title or _title(status), problems, [*ways, *onward.ways(status)])
    texts = context.texts()
    body: dict[str, Any] = {
        "type": f"urn:avain:problem:{code}",
        "title": texts.gettext(_title(status)),
        "status": status,
        "instance": f"urn:uuid:{context.request_id()}",
        "problems": [_told(problem) for problem in problems],
    }
    if problems:
        body["detail"] = texts.sentence(problems[0])
    response = jsonify(body)
    response.status_code, response.content_type = status, "application/problem+json"
    return response


def _as_routed() -> AnyResponse | None:
    """Redirect to the address as its route has it (a missing slash). Werkzeug's own answer names the Host header, which
    anybody can forge (HT-02)."""
    error = request.routing_exception
    if not isinstance(error, RequestRedirect):
        return None
    path = urlsplit(error.new_url)._replace(scheme="", netloc="").geturl()
    return redirect(local_path(path), error.code)


def _told(problem: Problem) -> dict[str, Any]:
    texts = context.texts()
    told = {
        "message": texts.filled(problem.message, problem.params),
        "remedy": texts.filled(problem.remedy, problem.params) if problem.remedy else None,
        "field": problem.field,
        "file": problem.file,
        "line": problem.line,
    }
    return {name: value for name, value in told.items() if value is not None}


def _page(status: int, title: str, problems: Sequence[Problem], ways: Sequence[Way]) -> Response:
    texts = context.texts()
    told = [_told(problem) for problem in problems]
    return pages.page(
        "error.html",
        status,
        title=texts.gettext(title),
        what=" ".join(one["message"] for one in told),
        remedy=" ".join(one["remedy"] for one in told if "remedy" in one) or _remedy(status),
        ways=[(texts.gettext(label) % params, path) for label, path, params in ways],
        correlation_id=context.request_id(),
    )


def _remedy(status: int) -> str | None:
    """Return what to do about a page that is not there: the same for whoever may not know that it is."""
    if status != HTTPStatus.NOT_FOUND:
        return None
    return context.texts().gettext(
        N_(
            "Check the address. If your work needs the page, ask your manager or whoever looks after user "
            "rights where you work."
        )
    )


def _title(status: int) -> str:
    return TITLES.get(status, TITLES[500] if status >= 500 else TITLES[400])


def _expected(error: AvainError) -> Response:
    if error.status in (403, 404):
        guard.denied(error)
    if error.status >= 500:
        _log.warning("unavailable", code=error.code, exc_info=error)
    problems = error.problems or [_WHAT.get(error.status, _DEFAULT)]
    return answer(error.status, error.code, problems, getattr(error, "ways", ()), getattr(error, "title", None))


def _http(error: HTTPException) -> AnyResponse:
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        return _unexpected(error.original_exception)
    status = error.code or 500
    lost = status == HTTPStatus.METHOD_NOT_ALLOWED and not request.path.startswith(context.API)
    page = onward.page_above() if lost else None
    if page is not None:
        return see_other(page)
    code = HTTPStatus(status).phrase.lower().replace(" ", "-")
    response = answer(status, code, [_WHAT.get(status, _DEFAULT)])
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        response.headers["Allow"] = ", ".join(allowed)
    return response


def _unexpected(error: BaseException) -> Response:
    # The database gone or too busy is not our fault to hide as a 500: trying again helps.
    if isinstance(error, OperationalError | TimeoutError):
        _log.error("the database does not answer", exc_info=error)
        return answer(Unavailable.status, Unavailable.code, [_WHAT[503]])
    if isinstance(error, OSError) and error.errno in _FULL:
        _log.error("the disk is full", exc_info=error)
        return answer(Unavailable.status, Unavailable.code, [_WHAT[503]])
    if is_taken(error):
        _log.warning("two wrote the same", exc_info=error)
        return answer(Conflict.status, Conflict.code, [_SAME])
    _log.error("unexpected error", exc_info=error)
    return answer(500, "error", [_WHAT[500]])
