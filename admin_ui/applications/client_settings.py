"""The form at /admin/applications/KEY/clients/ID/settings: every setting of a client, seen before it is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hmac import compare_digest
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.applications import client as application_client, setting_form
from admin_ui.applications.client import address, said
from admin_ui.applications.pages import PATH, SECTION, SUBJECTS
from admin_ui.applications.setting_rows import AUTHS, PKCE
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.parts.words import word
from iam.access.model.role import Application
from iam.errors import Invalid
from iam.oidc import amending
from iam.oidc.clients import by_page
from iam.oidc.model import Client
from iam.texts import N_, in_language
from iam.web import context, guard

_SETTINGS = f"{PATH}/{{application}}/clients/{{client_id}}/settings"
CHOICES: Mapping[str, Mapping[str, str]] = {
    "auth": AUTHS,
    "pkce": PKCE,
    "subject_type": SUBJECTS,
    "token_format": {"jwt": N_("they tell what they are for (JWT)"), "opaque": N_("they tell nothing by themselves")},
    "application_type": {"web": N_("on a server or in a browser"), "native": N_("on the person's own device")},
    "grants": {
        "authorization_code": N_("people sign in to it"),
        "refresh_token": N_("people stay signed in"),
        "client_credentials": N_("it acts for itself, without people"),
    },
}
"""What is chosen, in words."""
Errors = Sequence[tuple[str | None, str]]


@blueprint.get("/applications/<application>/clients/<client_id>/settings")
@guard.requires("applications.write")
@guard.recent(_SETTINGS)
def client_settings(application: str, client_id: str) -> Response:
    """Show the form."""
    row, found = by_page.found(context.db(), guard.part(), application, client_id)
    return _page(row, found, amending.stated(found))


@blueprint.post("/applications/<application>/clients/<client_id>/settings")
@guard.requires("applications.write")
@guard.recent(_SETTINGS)
def change_client_settings(application: str, client_id: str) -> AnyResponse:
    """Show what would differ, or save it when just that was seen."""
    session, part = context.db(), guard.part()
    row, found = by_page.found(session, part, application, client_id)
    standing = amending.stated(found)
    given = setting_form.read(request.form, standing)
    try:
        if given.problems:
            raise Invalid(*given.problems)
        differs = amending.check(part, found, given.settings)
    except Invalid as error:
        return _page(row, found, given.settings, error.status, said(error))
    if not compare_digest(amending.digest_of(standing), request.form.get("stood", "")):
        moved = N_(
            "Somebody changed this client meanwhile. Below stands what you wrote, and how it differs from it now."
        )
        return _page(row, found, given.settings, 409, [(None, context.texts().gettext(moved))], differs=differs)
    if differs and compare_digest(amending.digest_of(given.settings), request.form.get("seen", "")):
        made = amending.amend(session, part, application, client_id, given.settings, context.actor())
        if made.secret is not None:
            return application_client.show(row, made.client, secret=made.secret)
        return frame.done(context.texts().gettext(N_("The settings are saved.")), address(application, client_id))
    return _page(row, found, given.settings, differs=differs, looked=True)


def _page(
    row: Application,
    found: Client,
    settings: Mapping[str, Any],
    status: int = 200,
    errors: Errors = (),
    *,
    differs: Mapping[str, tuple[Any, Any]] | None = None,
    looked: bool = False,
) -> Response:
    texts = context.texts()
    name, here = in_language(row.name, texts.language, row.key), address(row.key, found.client_id)
    above = [(PATH, texts.gettext(N_("Applications"))), (f"{PATH}/{row.key}", name), (here, found.client_id)]
    return frame.render(
        "applications/client_settings.html",
        status,
        section=SECTION,
        breadcrumb=above,
        action=f"{here}/settings",
        client=found,
        here=here,
        groups=setting_form.groups(settings),
        choice=lambda setting, value: word(CHOICES.get(setting, {}), value),
        errors=errors,
        wrong={_field(one): sentence for one, sentence in errors if one},
        differs=[_line(setting, pair) for setting, pair in (differs or {}).items()],
        looked=looked,
        stood=amending.digest_of(amending.stated(found)),
        seen=amending.digest_of(settings) if looked and differs else "",
    )


def _field(name: str) -> str:
    """The field of a problem: a member of several languages is told at the first."""
    plain, _, language = name.partition("#")
    one = amending.AMENDED_MEMBERS.get(plain)
    return f"{plain}-{language or 'fi'}" if one is not None and one.spoken else plain


def _line(setting: str, pair: tuple[Any, Any]) -> tuple[str, str, str]:
    """What a setting is called, and what it is before and after in words."""
    label, language = setting_form.label_of(setting)
    called = context.texts().gettext(label)
    before, after = (_words(setting.partition("#")[0], value) for value in pair)
    return f"{called} ({language})" if language else called, before, after


def _words(setting: str, value: Any) -> str:
    say = context.texts().gettext
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return say(N_("yes")) if value else say(N_("no"))
    if isinstance(value, dict):
        return say(N_("%(n)s keys")) % {"n": len(value.get("keys", ()))}
    if isinstance(value, list):
        return ", ".join(word(CHOICES.get(setting, {}), str(one)) for one in value)
    return word(CHOICES.get(setting, {}), str(value))
