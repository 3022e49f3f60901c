"""Registering in a minute: a new application at /admin/new-application, a client of one at
/admin/applications/KEY/new-client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.applications import client as application_client, setting_form
from admin_ui.applications.client import said
from admin_ui.applications.pages import ENTRIES, PATH, SECTION
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.parts.words import options
from iam.access.administration import Part
from iam.directory.organisation import Organisation
from iam.directory.pages import listing
from iam.errors import Conflict, Invalid
from iam.oidc.clients import by_page
from iam.oidc.clients.by_page import NewClient
from iam.oidc.fields.columns import ASKED
from iam.texts import N_, in_language
from iam.web import context, guard

TEMPLATES = {
    "web": (N_("Web application"), N_("It has a server of its own, where a secret can be kept.")),
    "single-page": (N_("Single-page application"), N_("It runs in the browser alone and can keep no secret.")),
    "native": (
        N_("Application on the device"),
        N_("It is installed on a phone or a computer, and people stay signed in."),
    ),
    "service": (N_("Service without people"), N_("A program that acts for itself; nobody signs in to it.")),
}
OFFERED = 300
"""So many organisations are offered as owners; any other is declared in a settings file."""
_NOT_OWNERS = ("school", "unit")
LONGEST = 20_000
_NEW, _NEW_CLIENT = "/admin/new-application", f"{PATH}/{{application}}/new-client"


@blueprint.get("/new-application")
@guard.requires("applications.write")
@guard.recent(_NEW)
def new_application() -> Response:
    """Show the empty form of an application with its first client."""
    return _application_page()


@blueprint.post("/new-application")
@guard.requires("applications.write")
@guard.recent(_NEW)
def add_application() -> AnyResponse:
    """Add an application and its first client, and show what its developer copies; its secret is in this answer
    only."""
    session, part, actor = context.db(), guard.part(), context.actor()
    entry = request.form.get("entry", "role")
    try:
        name, owner = request.form.get("name", "").strip(), request.form.get("owner", "")
        row = by_page.add_application(session, part, name, owner, actor, entry=entry if entry in ENTRIES else "role")
        made = _register(row.key)
    except Invalid as error:
        return _application_page(error.status, said(error))
    return application_client.show(row, made.client, secret=made.secret, fresh=True)


@blueprint.get("/applications/<application>/new-client")
@guard.requires("applications.write")
@guard.recent(_NEW_CLIENT)
def new_client(application: str) -> Response:
    """Show the empty form of another client of an application."""
    return _client_page(application)


@blueprint.post("/applications/<application>/new-client")
@guard.requires("applications.write")
@guard.recent(_NEW_CLIENT)
def add_client(application: str) -> AnyResponse:
    """Register another client of an application."""
    row = by_page.application(context.db(), guard.part(), application)
    try:
        made = _register(application)
    except (Invalid, Conflict) as error:
        return _client_page(application, error.status, said(error))
    return application_client.show(row, made.client, secret=made.secret, fresh=True)


def _register(application_key: str) -> NewClient:
    return by_page.register(
        context.db(),
        guard.part(),
        application_key,
        request.form.get("template", ""),
        {name: _addresses(name) for name in ASKED},
        context.actor(),
    )


def _addresses(name: str) -> list[str]:
    """Return the addresses of a field, one on a line, each once."""
    written = (line.strip() for line in request.form.get(name, "")[:LONGEST].splitlines())
    return list(dict.fromkeys(line for line in written if line))


def _application_page(status: int = 200, errors: Sequence[tuple[str | None, str]] = ()) -> Response:
    texts = context.texts()
    return _page(
        status,
        errors,
        action="/admin/new-application",
        name=None,
        breadcrumb=[(PATH, texts.gettext(N_("Applications")))],
        owners=owners(guard.part()),
        entries=options(ENTRIES),
    )


def _client_page(application: str, status: int = 200, errors: Sequence[tuple[str | None, str]] = ()) -> Response:
    texts = context.texts()
    row = by_page.application(context.db(), guard.part(), application)
    name = in_language(row.name, texts.language, row.key)
    above = [(PATH, texts.gettext(N_("Applications"))), (f"{PATH}/{row.key}", name)]
    return _page(
        status, errors, action=f"{PATH}/{row.key}/new-client", name=name, breadcrumb=above, owners=[], entries=[]
    )


def _page(status: int, errors: Sequence[tuple[str | None, str]], **values: Any) -> Response:
    texts = context.texts()
    cards = [(key, texts.gettext(title), texts.gettext(line)) for key, (title, line) in TEMPLATES.items()]
    return frame.render(
        "applications/new.html",
        status,
        section=SECTION,
        cards=cards,
        asked=[setting_form.asked(name, request.form.get(name, "")) for name in ASKED],
        given=request.form,
        errors=errors,
        wrong={field: sentence for field, sentence in errors if field},
        **values,
    )


def owners(part: Part) -> list[tuple[str, str]]:
    """Return the organisations of the part that can own an application; schools and units only when there is nothing
    above them."""
    language = context.texts().language
    query = listing.organisations(part)
    large = query.where(Organisation.kind.not_in(_NOT_OWNERS))
    for one in (large, query):
        found = context.db().scalars(one.order_by(*listing.organisation_keys(language)).limit(OFFERED)).all()
        if found:
            return [(row.key, row.name(language)) for row in found]
    return []
