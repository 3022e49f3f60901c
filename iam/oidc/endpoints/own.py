"""What the sign-in pages say of applications: what each receives, taking it back, and where one begins."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import flash, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from iam.access.model.role import Application
from iam.oidc.clients.registered import ADMIN
from iam.oidc.clients.settings import said
from iam.oidc.endpoints.page import own_name, received
from iam.oidc.issuing import connected as own
from iam.oidc.model import Client
from iam.texts import N_, in_language
from iam.web import context, guard
from iam.web.guard import NotSignedIn
from iam.web.redirect import see_other


def shown(person_id: UUID) -> list[dict[str, Any]]:
    """Return a person's applications as account.html wants them."""
    texts = context.texts()
    return [
        {
            "key": one.application.key,
            "name": in_language(one.application.name, texts.language, one.application.key),
            "owner": one.owner.name(texts.language),
            "since": one.since,
            "until": one.until,
            "consented": one.agreed == "consent",
            "receives": [own_name(one.owner, pairwise=one.pairwise), *received(one.scopes)],
        }
        for one in own.used(context.db(), person_id)
    ]


def start(application: str) -> tuple[str, str] | None:
    """Return the name of an application and the address where a person begins with it; None when none is registered.

    ``initiate_login_uri`` is told which provider it is for (OIDC Core section 4).
    """
    texts = context.texts()
    if application == ADMIN:
        return texts.gettext(N_("the administration")), "/admin/"
    told = select(Application.name, Client.metadata_).join(Application, Application.id == Client.application_id)
    living = Application.key == application, ~Application.retired, ~Client.retired
    for name, metadata in context.db().execute(told.where(*living).order_by(Client.client_id)):
        called = in_language(name, texts.language, application)
        home, begin = (said(metadata, member, texts.language) for member in ("client_uri", "initiate_login_uri"))
        if home or begin:
            return (
                called,
                home or f"{begin}{'&' if '?' in str(begin) else '?'}{urlencode({'iss': context.settings().issuer})}",
            )
    return None


@guard.signed_in
def take_back() -> Response:
    """Take back what an application was given."""
    login = context.login()
    if login is None:
        raise NotSignedIn
    own.take_back(context.db(), login.person_id, request.form.get("application", "")[:100], context.actor())
    flash(
        context.texts().gettext(
            N_("The application can no longer ask for anything about you. It tells you again at the next sign-in.")
        ),
        "success",
    )
    return see_other("/account#applications")
