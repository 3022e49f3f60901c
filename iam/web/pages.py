"""Pages in the reader's language: the template environment, what every page is given, and the language choice."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, make_response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from iam.texts import LANGUAGE_NAMES, LANGUAGES
from iam.web import context, headers
from iam.web.forms import csrf, filled, kept
from iam.web.stacked import stacked

_YEAR = 365 * 86400


def init(app: Flask) -> None:
    """Make ``_()``, the filters ``day``, ``first_day``, ``moment``, ``decimal``, ``stacked``, and base.html's context
    work in every template."""
    environment = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    install = getattr(environment, "install_gettext_callables")  # noqa: B009 - the extension above adds it
    install(_gettext, _ngettext, newstyle=True)
    environment.filters.update(day=_day, first_day=_first_day, moment=_moment, decimal=_decimal, stacked=stacked)
    environment.globals.update(form_page=kept.page, page_in=kept.page_in)
    app.context_processor(_common)
    app.after_request(_bring_back)
    app.after_request(_remember_language)


def page(template: str, status: int = 200, *, forms_to: str = "", **values: Any) -> Response:
    """Return a rendered page; ``forms_to`` is an origin its form may lead on to (``headers.allow_forms_to``)."""
    response = make_response(render_template(template, **values), status)
    if forms_to:
        headers.allow_forms_to(response, forms_to)
    return response


def set_language(response: BaseResponse, language: str) -> None:
    """Remember a language in the browser."""
    response.set_cookie(
        context.LANGUAGE_COOKIE, language, max_age=_YEAR, httponly=True, samesite="Lax", secure=context.settings().https
    )


def _common() -> dict[str, Any]:
    settings = context.settings()
    return {
        "language": context.texts().language,
        "language_names": LANGUAGE_NAMES,
        "consortium_name": settings.consortium,
        "home_url": "/",
        "help_url": settings.help_url,
        "privacy_url": settings.privacy_url,
        "accessibility_url": settings.accessibility_url,
        "csrf_token": csrf.token(),
        "flow": None,
    }


def _remember_language(response: Response) -> Response:
    chosen = request.args.get("lang")
    if chosen in LANGUAGES and request.cookies.get(context.LANGUAGE_COOKIE) != chosen:
        set_language(response, str(chosen))
    return response


def _bring_back(response: Response) -> Response:
    """Fill the form that this page was opened to bring back."""
    if kept.AGAIN in request.args and response.status_code == HTTPStatus.OK and response.mimetype == "text/html":
        form = kept.kept()
        if form is not None:
            response.set_data(filled.fill(response.get_data(as_text=True), form, _unsent))
    return response


def _unsent(found: bool, secret: bool) -> str:
    return render_template("_kept.html", found=found, secret=secret, id=filled.NOTICE)


def _gettext(message: str) -> str:
    return context.texts().gettext(message)


def _ngettext(singular: str, plural: str, number: int) -> str:
    return context.texts().ngettext(singular, plural, number)


def _day(value: datetime | None) -> str:
    return context.texts().day(value)


def _first_day(value: datetime | None) -> str:
    return context.texts().first_day(value)


def _moment(value: datetime | None) -> str:
    return context.texts().moment(value)


def _decimal(value: float, places: int) -> str:
    return context.texts().decimal(value, places)
