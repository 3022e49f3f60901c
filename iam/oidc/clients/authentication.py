"""How a client says who it is: exactly one method a request, the one it is registered with (RFC 6749 section 2.3)."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from iam.oidc.clients import assertions as client_assertion
from iam.tokens import foreign
from iam.tokens.jose import BadToken


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request presents: the method, who the client says it is, and the proof (a secret or an assertion)."""

    method: str
    client_id: str | None
    proof: str = ""


class Contradiction(ValueError):
    """A request that authenticates in two ways, or names two clients."""


def presented(authorization: str | None, form: Mapping[str, str]) -> Presented:
    """Return how the request authenticates its client; raises ``Contradiction``. What is malformed proves nothing."""
    ways = [way for way in (_basic(authorization), _secret(form), _assertion(form)) if way is not None]
    if len(ways) > 1:
        raise Contradiction("Use one way of client authentication only.")
    way = ways[0] if ways else Presented("none", form.get("client_id"))
    if "client_id" in form and way.client_id is not None and way.client_id != form["client_id"]:
        raise Contradiction("The request names two clients.")
    return way


def _basic(authorization: str | None) -> Presented | None:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = b64decode(encoded.strip(), validate=True).decode("ascii").partition(":")
    except ValueError:
        return Presented("client_secret_basic", None)
    named = unquote_plus(name)
    # A name that no parameter could hold is nobody's, and no database would take it for text.
    whole = bool(colon) and named.isascii() and named.isprintable()
    return Presented("client_secret_basic", named if whole else None, unquote_plus(secret))


def _secret(form: Mapping[str, str]) -> Presented | None:
    return (
        Presented("client_secret_post", form.get("client_id"), form["client_secret"])
        if "client_secret" in form
        else None
    )


def _assertion(form: Mapping[str, str]) -> Presented | None:
    if "client_assertion" not in form and "client_assertion_type" not in form:
        return None
    assertion = form.get("client_assertion", "")
    if form.get("client_assertion_type") != client_assertion.TYPE:
        return Presented("private_key_jwt", None)
    try:
        return Presented("private_key_jwt", foreign.subject(assertion), assertion)
    except BadToken:
        return Presented("private_key_jwt", None)
