"""The part of My account that speaks of applications: what each receives, and taking it back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, request
from werkzeug.wrappers import Response

from iam.oidc import own
from iam.oidc.endpoints.page import own_name, received
from iam.texts import N_
from iam.web import context, guard
from iam.web.guard import NotSignedIn
from iam.web.redirect import see_other


def shown(person_id: UUID) -> list[dict[str, Any]]:
    """Return a person's applications as account.html wants them."""
    texts = context.texts()
    return [
        {
            "key": one.application.key, "name": one.application.name.get(texts.language) or one.application.name.get("fi") or one.application.key,
            "owner": one.owner.name(texts.language), "since": one.since, "until": one.until, "consented": one.agreed == "consent",
            "receives": [own_name(one.owner, pairwise=one.pairwise), *received(one.scopes)],
        }
        for one in own.used(context.db(), person_id)
    ]  # fmt: skip


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
