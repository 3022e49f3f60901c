"""The form at /admin/applications/KEY/clients/ID/claims: under which names and in which format a client is told its
claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.applications.client import address, said
from admin_ui.applications.pages import PATH, SECTION
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.parts.words import options
from iam.access.model.role import Application
from iam.errors import Invalid
from iam.oidc.claims.compose import MAPPABLE
from iam.oidc.clients import by_page
from iam.oidc.model import Client
from iam.texts import N_, in_language
from iam.web import context, guard

CLAIMS = {
    "capacity": N_("The position in which the person acts"),
    "roles": N_("Roles in this application"),
    "groups": N_("Groups in the organisation"),
    "entitlements": N_("What the roles allow"),
    "name": N_("Whole name"),
    "given_name": N_("Given name"),
    "family_name": N_("Family name"),
    "preferred_username": N_("Username"),
    "locale": N_("Language"),
    "zoneinfo": N_("Time zone"),
    "updated_at": N_("When the person's data last changed"),
    "email": N_("E-mail address"),
    "phone_number": N_("Telephone number"),
}
FORMATS = {"": N_("with the organisation: opettaja@KOIVU"), "code": N_("the code alone: opettaja")}
_CLAIMS = f"{PATH}/{{application}}/clients/{{client_id}}/claims"


@blueprint.get("/applications/<application>/clients/<client_id>/claims")
@guard.requires("applications.write")
@guard.recent(_CLAIMS)
def client_claims(application: str, client_id: str) -> Response:
    """Show the form."""
    row, found = by_page.found(context.db(), guard.part(), application, client_id)
    return _page(row, found, found.mapper)


@blueprint.post("/applications/<application>/clients/<client_id>/claims")
@guard.requires("applications.write")
@guard.recent(_CLAIMS)
def map_client_claims(application: str, client_id: str) -> AnyResponse:
    """Write what the form says, or show it again with what is wrong beside the fields."""
    row, found = by_page.found(context.db(), guard.part(), application, client_id)
    form = request.form
    given = {
        claim: {
            "name": form.get(claim, "").strip(),
            "format": form.get(f"{claim}-format", ""),
            "nested": f"{claim}-nested" in form,
        }
        for claim in MAPPABLE
    }
    try:
        by_page.map_claims(context.db(), guard.part(), application, client_id, given, context.actor())
    except Invalid as error:
        return _page(row, found, given, error.status, said(error))
    return frame.done(
        context.texts().gettext(N_("The claims were saved. The next token has them.")), address(application, client_id)
    )


def _page(
    row: Application,
    found: Client,
    given: Mapping[str, Mapping[str, Any]],
    status: int = 200,
    errors: Sequence[tuple[str | None, str]] = (),
) -> Response:
    texts = context.texts()
    name, here = in_language(row.name, texts.language, row.key), address(row.key, found.client_id)
    above = [(PATH, texts.gettext(N_("Applications"))), (f"{PATH}/{row.key}", name), (here, found.client_id)]
    wrong = {field: sentence for field, sentence in errors if field}
    return frame.render(
        "applications/claims.html",
        status,
        section=SECTION,
        breadcrumb=above,
        here=here,
        errors=errors,
        name=name,
        application=row,
        claims=[(claim, texts.gettext(CLAIMS[claim]), given.get(claim, {}), wrong.get(claim)) for claim in MAPPABLE],
        formats=options(FORMATS),
        codes=by_page.CODES,
    )
