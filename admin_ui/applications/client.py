"""A client of an application at /admin/applications/KEY/clients/ID: settings, secrets, what people are told, recent
errors; retiring."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from flask import Response, request
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.applications import client_errors, setting_rows, told
from admin_ui.applications.pages import PATH, SECTION
from admin_ui.parts import exports, frame
from admin_ui.parts.frame import blueprint
from connectors.problem import Problem
from iam.access.administration import may_touch
from iam.access.model.role import Application
from iam.access.pages import listing
from iam.errors import AvainError, Invalid, NotFound
from iam.oidc import metadata
from iam.oidc.clients import by_page, controllers as controllers_words
from iam.oidc.clients.rules import SECRET_METHODS
from iam.oidc.fields.columns import COLUMNS
from iam.oidc.fields.values import LONGEST_TEXT
from iam.oidc.model import Client
from iam.texts import N_, in_language
from iam.web import context, guard

USUAL_DAYS = 7
"""Days for which the form offers to keep the old secret."""
_ENDPOINTS = (
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "end_session_endpoint",
    "introspection_endpoint",
    "revocation_endpoint",
)

COPIED = {field.wire: field for field in COLUMNS.values() if field.label and field.wire is not None}
"""Settings by the names that a library of the application knows."""

Errors = Sequence[tuple[str | None, str]]


@blueprint.get("/applications/<application>/clients/<client_id>")
@guard.requires("applications.read")
def client(application: str, client_id: str) -> Response:
    """Show a client."""
    return show(*_found(application, client_id))


@blueprint.get("/applications/<application>/clients/<client_id>/settings.json")
@guard.requires("applications.read")
def client_settings_file(application: str, client_id: str) -> Response:
    """Take home the settings to copy, as a program reads them; no secret is in them."""
    _, found = _found(application, client_id)
    response = Response(as_json(found), mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="client.json"'
    return response


@blueprint.get("/applications/<application>/clients/<client_id>/errors.csv")
@guard.requires("applications.read")
def client_errors_file(application: str, client_id: str) -> Response:
    """Take home the recent errors of a client."""
    _found(application, client_id)
    header = N_("When"), N_("What happened"), N_("What to do"), N_("Error")
    return exports.csv_file(
        "errors",
        header,
        lambda session: client_errors.cells(client_errors.recent(session, client_id)),
        {"client": client_id},
    )


@blueprint.post("/applications/<application>/clients/<client_id>/secret")
@guard.requires("applications.write")
@guard.recent(f"{PATH}/{{application}}/clients/{{client_id}}")
def new_secret(application: str, client_id: str) -> AnyResponse:
    """Give another secret, shown in this answer only; the old one works for some days more."""
    found = by_page.found(context.db(), guard.part(), application, client_id)
    days = request.form.get("days", "")
    try:
        number = int(days) if days.isascii() and days.isdigit() and len(days) < 4 else -1
        made = by_page.new_secret(context.db(), guard.part(), application, client_id, number, context.actor())
    except Invalid as error:
        return show(*found, error.status, said(error))
    return show(*found, secret=made.secret)


@blueprint.post("/applications/<application>/clients/<client_id>/words")
@guard.requires("config.apply")
@guard.recent(f"{PATH}/{{application}}/clients/{{client_id}}")
def tell_people(application: str, client_id: str) -> AnyResponse:
    """Write what people are told before they go on; as for a declaration, the whole consortium must be the reader's
    part."""
    session, part = context.db(), guard.part()
    try:
        controllers_words.tell(session, part, application, client_id, told.given(request.form), context.actor())
    except Invalid as error:
        errors = said(error)
        return show(*by_page.found(session, part, application, client_id), error.status, errors)
    return frame.done(
        context.texts().gettext(N_("What people are told was saved.")), address(application, client_id) + "#told"
    )


@blueprint.post("/applications/<application>/clients/<client_id>/retire")
@guard.requires("applications.write")
def retire_client(application: str, client_id: str) -> AnyResponse:
    """Take the client out of use; its id is written as a confirmation."""
    found = by_page.found(context.db(), guard.part(), application, client_id)
    if request.form.get("confirm", "").strip() != client_id:
        wrong = Invalid(
            Problem("The client id does not match.", "Write it exactly as it stands in the settings.", field="confirm")
        )
        return show(*found, wrong.status, said(wrong))
    by_page.retire(context.db(), guard.part(), application, client_id, context.actor())
    return frame.done(
        context.texts().gettext(N_("The client was retired. Nobody can sign in through it any more.")),
        f"{PATH}/{application}",
    )


def show(
    row: Application,
    found: Client,
    status: int = 200,
    errors: Errors = (),
    *,
    secret: str | None = None,
    fresh: bool = False,
) -> Response:
    """Return the page. ``secret`` is one that was just given; ``fresh``: the client was just registered."""
    session, language, texts = context.db(), context.texts().language, context.texts()
    mine = may_touch(session, frame.part_of("applications.write"), row.owner_id)
    response = frame.render(
        "applications/client.html",
        status,
        section=SECTION,
        application=row,
        client=found,
        name=in_language(row.name, language, row.key),
        breadcrumb=[
            (PATH, texts.gettext(N_("Applications"))),
            (f"{PATH}/{row.key}", in_language(row.name, language, row.key)),
        ],
        here=address(row.key, found.client_id),
        issuer=context.settings().issuer,
        setting_rows=setting_rows.rows,
        as_text=as_text(found),
        as_json=as_json(found),
        secret=secret,
        fresh=fresh,
        secrets=by_page.living_secrets(session, found.client_id),
        has_secret=found.auth in SECRET_METHODS,
        mine=mine,
        errors=errors,
        wrong={field: sentence for field, sentence in errors if field},
        usual_days=USUAL_DAYS,
        days=request.form.get("days", str(USUAL_DAYS)),
        failures=client_errors.recent(session, found.client_id),
        told=told.as_given(request.form) if "purpose-fi" in request.form else told.of_client(found.metadata_),
        may_tell=frame.part_of("config.apply").everything,
        longest_text=LONGEST_TEXT,
    )
    if secret is not None:
        response.headers["Cache-Control"] = "no-store"
    return response


def address(application_key: str, client_id: str) -> str:
    """Return the address of a client's page."""
    return f"{PATH}/{application_key}/clients/{quote(client_id, safe='')}"


def said(error: AvainError) -> list[tuple[str | None, str]]:
    """Return what is wrong with a form, field by field, in the reader's words; what the views wrote is taken back."""
    context.db().rollback()
    texts = context.texts()
    return [(one.field, texts.said(one)) for one in error.problems]


def settings(found: Client) -> dict[str, Any]:
    """Return what a developer copies into the application, by the names that most libraries use. The secret is not in
    it."""
    issuer = context.settings().issuer
    published = metadata.openid_provider(issuer)
    return {
        "issuer": issuer,
        "discovery": f"{issuer}/.well-known/openid-configuration",
        **{name: published[name] for name in _ENDPOINTS},
        "client_id": found.client_id,
        **{name: field.of(found) for name, field in COPIED.items() if field.of(found) is not None},
        "response_type": "code",
        "code_challenge_method": "S256",
    }


def as_json(found: Client) -> str:
    """Return the settings as JSON."""
    return json.dumps(settings(found), ensure_ascii=False, indent=2)


def as_text(found: Client) -> str:
    """Return the settings a line each, for a letter or a form."""
    told = settings(found)
    return "\n".join(
        f"{name}: {' '.join(value) if isinstance(value, list) else value}" for name, value in told.items() if value
    )


def _found(application: str, client_id: str) -> tuple[Application, Client]:
    """Return a client of an application that concerns the reader's part; raises ``NotFound``."""
    session = context.db()
    row, _ = listing.application_of(session, guard.part(), application)
    query = select(Client).where(Client.application_id == row.id, Client.client_id == client_id, ~Client.retired)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound(Problem("There is no such client, or it is outside your part."))
    return row, found
