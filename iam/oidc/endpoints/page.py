"""The pages of the provider, in the reader's language."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from iam.access.model.role import Application
from iam.access.right import Capacity
from iam.clock import FOREVER
from iam.directory import queries
from iam.directory.organisation import Organisation
from iam.oidc.authorization.interaction import Choose
from iam.oidc.authorization.response import Answer
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.logout.end_session import Frame
from iam.texts import N_
from iam.web import context, headers, onward, pages

KINDS = {
    "employee": N_("Employee"),
    "substitute": N_("Substitute"),
    "student": N_("Student"),
    "elected-official": N_("Elected official"),
    "contractor": N_("Contractor"),
    "trainee": N_("Trainee"),
    "visitor": N_("Visitor"),
    "guardian": N_("Guardian"),
}

RECEIVED = {
    "capacity": N_("what you act as, and in which organisation or on whose behalf"),
    "profile": N_("your name, username, position and language"),
    "email": N_("your e-mail address"),
    "phone": N_("your telephone number"),
    "roles": N_("your rights in this service"),
    "groups": N_("your groups in the organisation"),
}


def broken(description: str, client: RegisteredClient | None = None) -> Response:
    """Show that the application asked wrongly; the technical description, in English and apart, is for its developer.
    Nobody is redirected (AZ-02)."""
    _ = context.texts().gettext
    return pages.page(
        "error.html",
        400,
        title=_(N_("The service asked for the sign-in wrongly")),
        what=_(N_("The fault is in the service you came from, not in you.")),
        remedy=_(N_("Go back to the service and try again. If it does not help, tell its support this:")),
        technical=description,
        ways=_ways(client),
        correlation_id=context.request_id(),
    )


def used_up(client: RegisteredClient | None) -> Response:
    """Show that this sign-in was finished before, or begun too long ago, as the back button and a bookmark find it."""
    _ = context.texts().gettext
    return pages.page(
        "error.html",
        400,
        title=_(N_("This sign-in is over")),
        what=_(N_("It was finished before, or begun too long ago.")),
        remedy=_(N_("Open the service again from its own address or from your bookmarks.")),
        ways=_ways(client),
        correlation_id=context.request_id(),
    )


def logout_refused(description: str) -> Response:
    """Show that an application asked wrongly for signing out, and offer to sign out here. Nobody is taken to the
    address it named."""
    return pages.page(
        "provider/logout_refused.html",
        400,
        action="/logout",
        signed_in=context.login() is not None,
        description=description,
        correlation_id=context.request_id(),
    )


def _ways(client: RegisteredClient | None) -> list[tuple[str, str]]:
    texts = context.texts()
    home = client.said("client_uri", texts.language) if client is not None else None
    to_service = (
        [(texts.gettext(N_("To the service %(name)s")) % {"name": client.name(texts.language)}, home)]
        if client and home
        else []
    )
    return [*to_service, *((texts.gettext(way.label), way.path) for way in onward.ways(400))]


def choose(
    step: Choose,
    client: RegisteredClient,
    parameters: Mapping[str, Any],
    scope: str,
    handle: str,
    origin: str,
    prove_url: str | None = None,
) -> Response:
    """Ask in which capacity the person continues; ``prove_url`` leads to proving oneself for more of them."""
    texts = context.texts()
    shown = [*((c, False) for c in step.capacities), *((c, True) for c in step.coming)]
    notice = texts.gettext(N_("The capacity you chose has ended. Choose another.")) if step.ended else None
    return pages.page(
        "provider/capacity.html",
        forms_to=origin,
        action=f"/capacity?{urlencode(dict(parameters), doseq=True)}",
        flow=handle,
        client_name=client.name(texts.language),
        cards=[_card(capacity, coming, step.preselected) for capacity, coming in shown],
        notice=notice,
        receives=received(scope.split()),
        prove_url=prove_url,
    )


def received(scope: Collection[str]) -> list[str]:
    """Say in words what an application with these scopes receives."""
    return [context.texts().gettext(said) for word, said in RECEIVED.items() if word in scope]


def own_name(owner: Organisation, *, pairwise: bool) -> str:
    """Say what kind of name an application knows the person by."""
    texts = context.texts()
    if pairwise:
        return texts.gettext(N_("a name for you that only this service knows"))
    return texts.gettext(N_("a name for you that other services of %(owner)s know too")) % {
        "owner": owner.name(texts.language)
    }


def inform(client: RegisteredClient, parameters: Mapping[str, Any], scope: str, handle: str, origin: str) -> Response:
    """Tell what the application receives, or ask for consent."""
    texts, session = context.texts(), context.db()
    application = session.get_one(Application, client.application_id)
    owner = session.get_one(Organisation, application.owner_id)
    own = own_name(owner, pairwise=client.pairwise)
    return pages.page(
        "provider/inform.html",
        forms_to=origin,
        action=f"/consent?{urlencode(dict(parameters), doseq=True)}",
        flow=handle,
        client_name=client.name(texts.language),
        data=[own, *received(scope.split())],
        purpose=client.said("purpose", texts.language) or texts.gettext(N_("Signing in to the service")),
        legal_basis=client.said("legal_basis", texts.language),
        controller=owner.name(texts.language),
        notice_url=client.said("policy_uri", texts.language),
        terms_url=client.said("tos_uri", texts.language),
        consent=client.notice == "consent",
    )


def _card(capacity: Capacity, coming: bool, preselected: UUID | None) -> dict[str, Any]:
    texts = context.texts()
    return {
        "id": str(capacity.id),
        "kind": texts.gettext(KINDS.get(capacity.kind, capacity.kind)),
        "position": _position(capacity),
        "organisation": capacity.organisation_names.get(texts.language) or None,
        "last_day": None if capacity.valid_to >= FOREVER else capacity.valid_to,
        "starts": capacity.valid_from if coming else None,
        "chosen": capacity.id == preselected,
        "disabled": coming,
    }


def position_of(capacity: Capacity) -> str:
    """Return the position, or what kind of one it is, in the reader's language."""
    return _position(capacity) or context.texts().gettext(KINDS.get(capacity.kind, capacity.kind))


def _position(capacity: Capacity) -> str | None:
    """Return the position, or for whom a guardian acts; whose guardian one is, one knows, so a child's name tells no
    place."""
    if capacity.on_behalf_of is None:
        return capacity.called(context.texts().language)
    name = queries.profile(context.db(), capacity.on_behalf_of).display_name
    return f"{context.texts().gettext(KINDS['guardian'])}: {name}" if name else None


def post(told: Answer, client: RegisteredClient) -> Response:
    """Take an answer to the application by a post (OAuth 2.0 Form Post Response Mode section 2)."""
    return pages.page(
        "provider/post_redirect.html",
        forms_to=told.origin,
        action=told.redirect_uri,
        fields=list(told.parameters.items()),
        client_name=client.name(context.texts().language),
    )


def send(told: Answer, client: RegisteredClient) -> AnyResponse:
    """Send the answer where it goes; 303 after a post (RFC 9700 section 4.12)."""
    if told.mode == "form_post":
        return post(told, client)
    response = redirect(told.location, 303 if request.method == "POST" else 302, Response)
    response.headers["Cache-Control"] = "no-store"
    return response


def sign_out(client: RegisteredClient | None, parameters: Mapping[str, str], handle: str, origin: str) -> Response:
    """Ask whether the person wants to sign out."""
    name = client.name(context.texts().language) if client else None
    return pages.page(
        "provider/logout.html",
        forms_to=origin,
        action=f"/oauth2/logout?{urlencode(dict(parameters))}",
        client_name=name,
        handle=handle,
    )


def signed_out(client: RegisteredClient | None, login_url: str) -> Response:
    """Say that the person is signed out; ``login_url`` leads to signing in again."""
    name = client.name(context.texts().language) if client else None
    return pages.page("provider/logged_out.html", back_url=None, client_name=name, login_url=login_url, unreached=[])


def signing_out(client: RegisteredClient | None, back: str | None, frames: Sequence[Frame], login_url: str) -> Response:
    """Tell applications by hidden frames, say that the person is signed out, and lead on (Front-Channel Logout 1.0
    section 3)."""
    name = client.name(context.texts().language) if client else None
    response = pages.page(
        "provider/signing_out.html",
        frames=[frame.url for frame in frames],
        back_url=back,
        client_name=name,
        login_url=login_url,
    )
    headers.allow_frames_of(response, [frame.origin for frame in frames])
    return response


def chosen(value: str | None) -> UUID | None:
    """Return the capacity a form names; None when it names none."""
    try:
        return UUID(value or "")
    except ValueError:
        return None
