"""What a registration must be, however it came: declared by an administrator or registered by the client itself (RFC
7591).

Pure. Each problem names the field it is in; an address is looked at here, and fetched only by ``iam.delivery.egress``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from connectors.problem import Problem
from iam.oidc.claims.compose import RESERVED, path
from iam.oidc.clients import settings as registration_metadata
from iam.oidc.fields.columns import COLUMNS
from iam.oidc.wire import parameters
from iam.texts import N_
from iam.tokens.key_set import BadKeys, public_keys

SECRET_METHODS = ("client_secret_basic", "client_secret_post")
LONGEST_URI, MOST_URIS = 2048, 100
LONGEST_CLAIM, DEEPEST_CLAIM = 100, 4
_RULE: Mapping[str, type] = {"name": str, "format": str, "nested": bool}
_CLAIM = re.compile(r"[\x21-\x7e]+")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What is to be checked of a client: settings that depend on one another, and whether it has a secret.

    ``settings`` are all of them by their names in the table, each to be judged by its own description.
    """

    auth: str
    grants: Sequence[str]
    scope: str
    redirect_uris: Sequence[str] = ()
    post_logout_redirect_uris: Sequence[str] = ()
    pkce: str = "required"
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None
    mapper: Mapping[str, Any] = field(default_factory=dict)
    resources: Sequence[str] = ()
    backchannel_logout_uri: str | None = None
    frontchannel_logout_uri: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    has_secret: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Mapping[str, Any], has_secret: bool) -> Registration:
        """Return what is to be checked of settings by their names in the table; what else is among them is let be."""
        named = {name: value for name, value in settings.items() if name in COLUMNS}
        depending = {name: value for name, value in named.items() if name in cls.__dataclass_fields__}
        return cls(**depending, settings=named, has_secret=has_secret)

    @property
    def native(self) -> bool:
        """Whether it runs on the person's own device."""
        return registration_metadata.is_native(self.auth, self.metadata)


def problems(one: Registration) -> Iterator[Problem]:
    """Yield what is wrong with a registration, each with the field it is in."""
    yield from _uri_problems("redirect_uris", one.redirect_uris, native=one.native)
    yield from _uri_problems("post_logout_redirect_uris", one.post_logout_redirect_uris, native=one.native)
    yield from _grant_problems(one)
    if one.pkce == "optional" and one.auth == "none":
        yield Problem(
            "A public client must use PKCE.", "Remove pkce, or choose another way to authenticate.", field="pkce"
        )
    if "openid" not in one.scope.split() and "authorization_code" in one.grants:
        yield Problem(
            "A client that people sign in to needs the scope openid.", "Add openid to the scope.", field="scope"
        )
    yield from _proof_problems(one)
    yield from mapper_problems(one.mapper)
    yield from _server_problems(one)
    yield from registration_metadata.problems(one.metadata)
    yield from (
        registration_metadata.not_allowed(name)
        for name, value in one.settings.items()
        if value is not None and not COLUMNS[name].values.permits(value)
    )


def _grant_problems(one: Registration) -> Iterator[Problem]:
    if "authorization_code" in one.grants and not one.redirect_uris:
        yield Problem("People cannot come back to this client.", "State its redirect addresses.", field="redirect_uris")
    if not one.grants:
        yield Problem("This client may ask for nothing.", "State at least one grant.", field="grants")
    if "refresh_token" in one.grants and "authorization_code" not in one.grants:
        yield Problem(
            "There is nothing to refresh.", "Add authorization_code, or remove refresh_token.", field="grants"
        )
    if "client_credentials" in one.grants and one.auth == "none":
        yield Problem(
            "A client that proves nothing cannot act for itself.", "Choose another way to authenticate.", field="grants"
        )


def _proof_problems(one: Registration) -> Iterator[Problem]:
    if one.has_secret and one.auth not in SECRET_METHODS:
        yield Problem("This client does not authenticate by a secret.", "Remove the secret.", field="secret")
    if not one.has_secret and one.auth in SECRET_METHODS:
        yield Problem("This client has no secret.", "State secret_file, or secret.", field="secret")
    if one.jwks is not None and one.jwks_uri is not None:
        yield Problem("This client states its keys in two ways.", "State either jwks or jwks_uri.", field="jwks_uri")
    if one.auth == "private_key_jwt" and one.jwks is None and one.jwks_uri is None:
        yield Problem("This client has no key.", "State its public keys as a JWK set.", field="jwks")
    if one.jwks is not None:
        try:
            public_keys(one.jwks)
        except BadKeys as error:
            yield Problem(str(error), error.remedy, field="jwks")


def mapper_problems(mapper: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with a claim mapper, each with ``mapper.`` and the claim as its field.

    A claim may take the name of another that it replaces, but no two may be given the same, nor one inside the other.
    """
    given: set[tuple[str, ...]] = set()
    for claim, rule in mapper.items():
        problem = _rule_problem(claim, rule, given)
        if problem is not None:
            yield problem


def _rule_problem(claim: str, rule: Any, given: set[tuple[str, ...]]) -> Problem | None:
    place = f"mapper.{claim}"
    if not (isinstance(rule, dict) and all(isinstance(one, _RULE.get(name, ())) for name, one in rule.items())):
        return Problem(
            "This is no rule for a claim.",
            "Write %(name)s: {name: other-name, format: code}.",
            field=place,
            params={"name": claim},
        )
    name, steps = rule.get("name", claim), path(claim, rule)
    if steps[0] in RESERVED:
        return Problem(
            "The name %(name)s belongs to the protocol itself.",
            "Choose another name.",
            field=place,
            params={"name": steps[0]},
        )
    if len(name) > LONGEST_CLAIM or not _CLAIM.fullmatch(name):
        return Problem(
            "A claim's name is at most 100 letters, numbers and marks without spaces.",
            "Write another name.",
            field=place,
        )
    if len(steps) > DEEPEST_CLAIM or not all(steps):
        return Problem(
            "A claim inside objects is at most four names with a dot between.",
            "Write it as in realm_access.roles.",
            field=place,
        )
    if any(steps[: len(one)] == one[: len(steps)] for one in given):
        return Problem(
            "Two claims would be called %(name)s.", "Give one of them another name.", field=place, params={"name": name}
        )
    given.add(steps)
    return None


def _server_problems(one: Registration) -> Iterator[Problem]:
    """The addresses that we, or the person's browser in the background, call (OIDC Back-Channel and Front-Channel
    Logout 1.0)."""
    for name in ("jwks_uri", "backchannel_logout_uri", "frontchannel_logout_uri"):
        uri = getattr(one, name)
        if uri is not None and not is_server_address(uri):
            yield Problem(
                "This is no address of a server.", "Write the whole address, beginning with https.", field=name
            )
    front = one.frontchannel_logout_uri
    if front is not None and _origin(front) not in [_origin(uri) for uri in one.redirect_uris]:
        yield Problem(
            "The page for logout must be where the client's redirect addresses are.",
            "State an address with the same scheme, host and port as one of them.",
            field="frontchannel_logout_uri",
        )
    try:
        parameters.resources(one.resources)
    except parameters.BadParameters:
        yield Problem("A resource is no absolute address.", "Write it as in https://api.example.", field="resources")


def is_server_address(uri: str) -> bool:
    """Whether this is an https address of a server, without credentials or fragment; http only on the same machine."""
    parts = _split(uri)
    if parts is None or not _plain(uri) or not parts.hostname or "@" in parts.netloc or "#" in uri or "\\" in uri:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def _origin(uri: str) -> tuple[str, str | None, int | None] | None:
    parts = _split(uri)
    if parts is None:
        return None
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _uri_problems(name: str, uris: Sequence[str], *, native: bool) -> Iterator[Problem]:
    if len(uris) > MOST_URIS:
        yield Problem("There are too many addresses.", "State at most a hundred.", field=name)
        return
    for uri in uris:
        message = _uri_fault(_split(uri), uri, native=native)
        if message is not None:
            yield Problem(message, "Write the whole address, as in https://app.example/callback.", field=name)


def _uri_fault(parts: SplitResult | None, uri: str, *, native: bool) -> str | None:
    """Say what is wrong with a redirect address (RFC 6749 section 3.1.2, RFC 8252 sections 7.1 and 8.4, RFC 9700
    section 2.1)."""
    if parts is None or not parts.scheme or "*" in uri or not _plain(uri):
        return N_("This is no address to come back to.")
    if "#" in uri:
        return N_("An address to come back to has no fragment.")
    web = parts.scheme in ("http", "https")
    if web and (not parts.hostname or "@" in parts.netloc or "\\" in uri):
        return N_("This is no address to come back to.")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        return N_("An address without TLS must be on the same machine (localhost).")
    if not web and not (native and "." in parts.scheme):
        return N_("Only an application on the person's own device has an address of its own scheme, with a dot in it.")
    return None


def _plain(uri: str) -> bool:
    return uri.isascii() and uri.isprintable() and " " not in uri and len(uri) <= LONGEST_URI


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        _ = parts.port  # says whether it is a number
    except ValueError:
        return None
    return parts
