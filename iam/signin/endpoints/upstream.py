"""``/upstream``: signing in by another provider, and connecting an account there with the person here.

Whether an account there is unknown, or its person's access has ended, looks the same to whoever holds it (security
AU-06).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import flash, redirect, request
from werkzeug.wrappers import Response

from iam.audit import log
from iam.errors import NotFound
from iam.signin import my_account as own
from iam.signin.endpoints import browser
from iam.signin.endpoints.factor import with_flow
from iam.signin.endpoints.factors import lately
from iam.signin.endpoints.login import FlowLost, choosing, in_words, wanted
from iam.signin.federation import claimed_groups, connections, id_token, reach, upstream, upstream_metadata
from iam.signin.federation.connections import Upstream
from iam.signin.federation.upstream import Asked, Pending
from iam.signin.federation.upstream_metadata import Down
from iam.signin.flow import enter
from iam.signin.passwords import credentials
from iam.texts import N_
from iam.web import context, flow, pages
from iam.web.edge.metrics import SIGN_INS
from iam.web.flow import Flow
from iam.web.guard import own_login, public
from iam.web.redirect import see_other

_ACCOUNT = "/account"
_ONCE = ("state", "code", "iss", "error")
_LONGEST_HINT = 255


@public
def start(key: str) -> Response:
    """Send the browser to the provider."""
    handle, session = request.args.get("flow", ""), context.db()
    going, found = wanted(handle), connections.find(session, key)
    if found is None:
        raise NotFound
    session.rollback()  # the provider may take its time: no transaction waits for it
    try:
        told = upstream_metadata.metadata(found.issuer, context.settings().egress)
    except Down:
        return _down(found, handle)
    asked, state = upstream.ask(session, found, handle, going.fresh, flow.browser())
    hint = request.args.get("login_hint", "")[:_LONGEST_HINT]
    url = upstream.request_url(found, told, asked, state, context.settings(), hint)
    if not hint:
        return redirect(url, 303)
    # A form led here, and browsers hold a form's redirects to our own pages (form-action): the way out is a page of its
    # own.
    return pages.page("sign_in/upstream_onward.html", name=in_words(found.name), url=url, flow=handle)


@public
def callback(key: str) -> Response:
    """Take the provider's answer. Its state is used up before anything else, and for good."""
    session = context.db()
    once = all(len(request.args.getlist(name)) <= 1 for name in _ONCE)
    asked = upstream.answered(session, request.args.get("state", ""), flow.browser())
    found = connections.find(session, key) if asked is not None and asked.connection == key and once else None
    if asked is None:
        # Anybody may send what we never asked for, as often as they like: it leaves nothing in the log.
        return _not_accepted(None)
    if found is None:
        return _refused(key, "connection", None)
    session.commit()  # used up, whatever follows; and no transaction waits for the provider
    going = wanted(asked.flow)
    try:
        claims = upstream.redeem(found, asked, request.args, context.settings(), context.vault())
    except Down:
        upstream_metadata.failed(found.issuer)
        return _down(found, asked.flow)
    except upstream.UpstreamRefused as refused:
        return _refused(key, str(refused), found, asked.flow)
    return _entered(found, asked, going, claims)


def _entered(found: Upstream, asked: Asked, going: Flow, claims: dict[str, Any]) -> Response:
    """Sign in whose account it is; one that is nobody's waits to be connected."""
    session, subject = context.db(), str(claims["sub"])
    person_id = connections.linked(session, found, subject)
    known_by = connections.told(session, found, claims) if person_id is None else None
    outcome, who = None, person_id or known_by
    if who is not None:
        known = credentials.whoever(session, who)
        around = browser.around(known.login, adds=going.adds)
        outcome = enter(
            session,
            known,
            around,
            "signin:upstream:accepted",
            id_token.methods(claims),
            proof=reach.of_connection(found.id),
            connection_id=found.id,
        )
        if outcome.refusal is None and known_by is not None:
            connections.link(session, found, subject, known_by, context.actor(), "identifier")
        if outcome.refusal is None:
            claimed_groups.follow(
                session, found, subject, who, claimed_groups.heard(session, found, claims), around.actor
            )
    SIGN_INS.labels("upstream", "accepted" if outcome and outcome.refusal is None else "unknown").inc()
    if outcome is None or outcome.refusal is not None:
        groups = claimed_groups.heard(session, found, claims)
        pending = Pending(found.key, subject, asked.flow, groups, connections.called(claims))
        value = upstream.offer(session, pending, flow.browser())
        return see_other("/upstream/unknown?" + urlencode({"pending": value}))
    response = see_other(going.path)
    browser.keep(response, outcome)
    return response


@public
def unknown() -> Response:
    """Say that the account is not connected, and that a sign-in here connects it."""
    value, pending, found = _waiting()
    going = wanted(pending.flow)
    back = "/upstream/link?" + urlencode({"pending": value})
    link = Flow(back, going.service, fresh=True, origin=going.origin, links=going.links, why="connect")
    return pages.page(
        "sign_in/upstream_unknown.html", name=in_words(found.name), url=with_flow("/login", flow.start(link))
    )


def _link_page() -> str:
    return "/upstream/link?" + urlencode({"pending": _waiting()[0]})


@lately(_link_page)
def confirm() -> Response:
    """Ask whether the account there is to be connected with who has just signed in here."""
    value, pending, found = _waiting()
    known = credentials.whoever(context.db(), own_login().person_id)
    person = own.name_of(context.db(), known.person_id) or known.login
    return pages.page(
        "sign_in/upstream_link.html",
        name=in_words(found.name),
        person=person,
        login=known.login,
        pending=value,
        called=pending.called,
        forms_to=wanted(pending.flow).origin,
    )


@lately(_link_page)
def connect() -> Response:
    """Connect the account, or leave it."""
    value, pending, found = _waiting()
    upstream.offered(context.db(), value, flow.browser(), use_up=True)
    going, login = wanted(pending.flow), own_login()
    if request.form.get("decision") == "connect":
        if not connections.link(context.db(), found, pending.subject, login.person_id, context.actor(), "confirmed"):
            return _refused(found.key, "another person's", found, pending.flow)
        claimed_groups.follow(context.db(), found, pending.subject, login.person_id, pending.groups, context.actor())
        flash(context.texts().gettext(N_("The account was connected.")), "success")
    return see_other(going.path)


@lately(lambda: _ACCOUNT)
def disconnect() -> Response:
    """Remove one of my links; one that is not mine looks as if it did not exist."""
    try:
        chosen = UUID(request.form.get("link", ""))
    except ValueError:
        raise NotFound from None
    if not connections.unlink(context.db(), own_login().person_id, chosen, context.actor()):
        raise NotFound
    flash(context.texts().gettext(N_("It was removed.")), "success")
    return see_other(_ACCOUNT)


def shown(person_id: UUID) -> dict[str, Any]:
    """Return a person's links, and what else could be connected, as account.html wants them."""
    session = context.db()
    links, others = connections.of_person(session, person_id)
    handle = flow.start(Flow(_ACCOUNT))
    return {
        "links": [{"id": str(one.id), "name": in_words(one.name), "created": one.created_at} for one in links],
        "others": [{"name": in_words(one.name), "url": with_flow(f"/upstream/{one.key}", handle)} for one in others],
    }


def _waiting() -> tuple[str, Pending, Upstream]:
    """Return what waits to be connected in this browser; raises ``FlowLost`` when nothing does."""
    value = request.form.get("pending") or request.args.get("pending", "")
    pending = upstream.offered(context.db(), value, flow.browser())
    found = connections.find(context.db(), pending.connection) if pending else None
    if pending is None or found is None:
        raise FlowLost
    return value, pending, found


def _refused(key: str, reason: str, found: Upstream | None, handle: str = "") -> Response:
    """Say that the sign-in did not succeed; why stands in the log, without anything that the answer held."""
    envelope = {"connection": key[:63], "reason": reason, "address": context.actor().address}
    log.write(context.db(), "signin:upstream:refused", context.actor(), envelope=envelope)
    return _not_accepted(found, handle)


def _not_accepted(found: Upstream | None, handle: str = "") -> Response:
    SIGN_INS.labels("upstream", "refused").inc()
    texts = context.texts()
    return _page(
        400,
        handle,
        title=texts.gettext(N_("The sign-in did not succeed")),
        what=texts.gettext(N_("The answer of %(name)s could not be accepted.")) % {"name": in_words(found.name)}
        if found
        else texts.gettext(N_("This answer was used already, has expired, or was begun in another browser.")),
    )


def _down(found: Upstream, handle: str) -> Response:
    texts = context.texts()
    sentence = texts.gettext(N_("%(name)s does not answer just now.")) % {"name": in_words(found.name)}
    return _page(503, handle, title=texts.gettext(N_("The sign-in did not succeed")), what=sentence)


def _page(status: int, handle: str, **said: str) -> Response:
    texts = context.texts()
    return pages.page(
        "error.html",
        status,
        **said,
        remedy=texts.gettext(N_("Try again, or sign in another way.")),
        ways=[(texts.gettext(N_("To the sign-in page")), choosing(handle))],
        correlation_id=context.request_id(),
    )
