"""What went wrong with a client lately, in plain words: what happened, and what its developer should do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.audit.log import AuditEvent
from iam.texts import N_
from iam.web import context

SHOWN, LOOKED_AT = 50, 5000
"""So many errors of a client are shown, out of so many of the newest of all clients."""
REPLAYED, REFUSED_TOKEN, REFUSED_SIGN_IN = "oidc:token:replayed", "oidc:token:refused", "oidc:authorization:refused"

Told = tuple[str, str]
_SILENT = N_("If prompt=none is answered so, repeat the request without it, so that pages can be shown.")
TOKEN: dict[str, Told] = {
    "invalid_grant": (
        N_(
            "A code or refresh token did not work: it was used before, had expired, belonged to another "
            "request, or what it stood on has ended."
        ),
        N_(
            "Redeem a code once and at once, with the same redirect_uri and the code_verifier of its request; "
            "keep the newest refresh token. Otherwise begin a new sign-in."
        ),
    ),
    "invalid_client": (
        N_("The client did not prove who it is."),
        N_("Check the client id, the secret and the way in which they are sent; a replaced secret may have ended."),
    ),
    "invalid_request": (
        N_("A request lacked something, or said something twice."),
        N_("Send grant_type and what belongs to it once each, as a form (application/x-www-form-urlencoded)."),
    ),
    "unauthorized_client": (
        N_("The client asked for a grant that it is not registered for."),
        N_("Use one of the grants that are listed in the settings above."),
    ),
    "unsupported_grant_type": (
        N_("The client asked for a grant that does not exist here."),
        N_("Use one of the grants that are listed in the settings above."),
    ),
    "invalid_scope": (
        N_("The client asked for a scope that it may not have."),
        N_("Ask for scopes that are listed in the settings above."),
    ),
    "invalid_target": (
        N_("The client asked for a token for an interface that it has no right to."),
        N_("Leave resource and audience out, or have the resource registered."),
    ),
}
SIGN_IN: dict[str, Told] = {
    "no_right": (
        N_("Somebody signed in who has no right to this application."),
        N_(
            "Nothing is wrong with the application. The sign-in trace tells why, and the person's "
            "administrator can help."
        ),
    ),
    "access_denied": (
        N_("Somebody signed in who has no right to this application, in a request without pages."),
        N_(
            "Nothing is wrong with the application. The sign-in trace tells why, and the person's "
            "administrator can help."
        ),
    ),
    "login_required": (N_("A request without pages found that somebody had to sign in."), _SILENT),
    "interaction_required": (
        N_("A request without pages found that somebody had to choose or prove something."),
        _SILENT,
    ),
    "consent_required": (
        N_("A request without pages found that somebody had to be told what the application receives."),
        _SILENT,
    ),
    "unmet_authentication_requirements": (
        N_("The application demanded a way of signing in that does not exist here."),
        N_("Ask for one of the acr_values_supported of the discovery address."),
    ),
}
USED_TWICE: dict[str, Told] = {
    "refresh": (
        N_("An old refresh token was used again. Everything it had given was ended: somebody may have copied it."),
        N_(
            "Store the new refresh token of every answer, and let one process at a time refresh. If only one "
            "did, find out who has a copy."
        ),
    ),
    "code": (
        N_("A code was used twice. Everything it had given was ended: somebody may have copied it."),
        N_("Redeem each code once, also when the person reloads the page."),
    ),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """One error: when, what happened, what to do, and the protocol's word for it."""

    at: datetime
    what: str
    remedy: str
    code: str


def recent(session: Session, client_id: str) -> list[Failure]:
    """Return the latest errors of a client, the newest first; one statement, which looks at the newest errors only."""
    newest = select(AuditEvent.id).where(AuditEvent.type.in_((REFUSED_TOKEN, REFUSED_SIGN_IN, REPLAYED)))
    looked_at = newest.order_by(AuditEvent.id.desc()).limit(LOOKED_AT).subquery()
    query = select(AuditEvent).where(
        AuditEvent.id.in_(select(looked_at.c.id)), AuditEvent.envelope["client"].as_string() == client_id
    )
    return [_failure(event) for event in session.scalars(query.order_by(AuditEvent.id.desc()).limit(SHOWN))]


def cells(found: Sequence[Failure]) -> list[Sequence[Any]]:
    """Return errors as rows of a file."""
    return [(context.texts().moment(one.at), one.what, one.remedy, one.code) for one in found]


def _failure(event: AuditEvent) -> Failure:
    texts = context.texts()
    if event.type == REPLAYED:
        code = "refresh" if event.envelope.get("kind") == "refresh" else "code"
        told = USED_TWICE[code]
    else:
        code = str(event.envelope.get("error", ""))
        told = (TOKEN if event.type == REFUSED_TOKEN else SIGN_IN).get(code, (code, ""))
    return Failure(event.at, texts.gettext(told[0]), texts.gettext(told[1]) if told[1] else "", code)
