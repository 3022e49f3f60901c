"""What an upstream OpenID provider says of itself: its endpoints and its public keys (OpenID Connect Discovery 1.0).

Fetched through the one door (``iam.delivery.egress``) and believed for an hour a process. A provider that did not
answer is left alone for half a minute, so that a dead one costs neither us nor those who sign in another way anything.
Hold no transaction meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from iam.delivery import destination, egress
from iam.settings import Egress
from iam.tokens.key_set import BadKeys, usable_keys

BELIEVED = 3600.0
"""Seconds for which what was fetched is believed."""
PAUSE = 60.0
"""Least seconds between two fetches of the keys, however many unknown ones a token names."""
DOWN = 30.0
"""Seconds for which a provider that did not answer is not asked again."""
AUTH = ("client_secret_basic", "client_secret_post")
"""The ways we can prove who we are, in the order of our liking; the first is the default (Discovery section 3)."""
_PLACES = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_MOST_PROVIDERS = 1000


class Down(Exception):
    """The provider does not answer, or what it says of itself cannot be used; the text says what and holds nothing of
    it."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The part of a provider's metadata that we use. ``names_itself``: its answers carry ``iss`` (RFC 9207)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    auth: str
    names_itself: bool


@dataclass(slots=True)
class _Known:
    """What one process knows of a provider; the lock lets one thread ask while the others wait for its answer."""

    lock: Lock = field(default_factory=Lock)
    metadata: Metadata | None = None
    keys: Sequence[Mapping[str, str]] = ()
    told_at: float = float("-inf")
    keys_at: float = float("-inf")
    failed_at: float = float("-inf")


_known: dict[str, _Known] = {}
_lock = Lock()


def metadata(issuer: str, allowed: Egress) -> Metadata:
    """Return what a provider says of itself; its ``issuer`` must equal ours of it, exactly. Raises ``Down``."""
    known = _of(issuer)
    with known.lock:
        if known.metadata is None or time.monotonic() - known.told_at >= BELIEVED:
            url = issuer.removesuffix("/") + "/.well-known/openid-configuration"
            known.metadata = _read(issuer, _fetch(known, url, allowed), allowed)
            known.told_at = time.monotonic()
        return known.metadata


def keys(issuer: str, jwks_uri: str, kid: str, allowed: Egress) -> Sequence[Mapping[str, str]]:
    """Return a provider's public keys, asked for again when ``kid`` is not among them; raises ``Down``."""
    known = _of(issuer)
    with known.lock:
        age = time.monotonic() - known.keys_at
        if age >= BELIEVED or (age >= PAUSE and all(key["kid"] != kid for key in known.keys)):
            known.keys = _public_keys(_fetch(known, jwks_uri, allowed))
            known.keys_at = time.monotonic()
        return known.keys


def is_down(issuer: str) -> bool:
    """Whether a provider has just failed to answer, as far as this process knows; asks nobody."""
    with _lock:
        known = _known.get(issuer)
    return known is not None and time.monotonic() - known.failed_at < DOWN


def failed(issuer: str) -> None:
    """Remember that a provider did not answer."""
    _of(issuer).failed_at = time.monotonic()


def _of(issuer: str) -> _Known:
    with _lock:
        while len(_known) >= _MOST_PROVIDERS and issuer not in _known:
            del _known[next(iter(_known))]
        return _known.setdefault(issuer, _Known())


def _fetch(known: _Known, url: str, allowed: Egress) -> Any:
    if time.monotonic() - known.failed_at < DOWN:
        raise Down("it did not answer a moment ago")
    try:
        return egress.fetch_json(url, allowed)
    except (egress.PlaceRefused, egress.Failed) as error:
        known.failed_at = time.monotonic()
        raise Down(str(error)) from error


def _read(issuer: str, document: Any, allowed: Egress) -> Metadata:
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        raise Down("its metadata are another issuer's")
    places = {name: _place(document.get(name), allowed) for name in _PLACES}
    offered = document.get("token_endpoint_auth_methods_supported", AUTH[:1])
    auth = next((one for one in AUTH if isinstance(offered, list | tuple) and one in offered), None)
    if auth is None:
        raise Down("it takes no client secret")
    named = document.get("authorization_response_iss_parameter_supported") is True
    return Metadata(**places, auth=auth, names_itself=named)


def _place(url: Any, allowed: Egress) -> str:
    text = url if isinstance(url, str) else ""
    try:
        destination.place_of(text, allowed.hosts)
    except egress.PlaceRefused as error:
        raise Down("its metadata name an address that cannot be used") from error
    return text


def _public_keys(document: Any) -> list[dict[str, str]]:
    """Return the provider's keys that have a name: a token says which of them signed it."""
    try:
        return [key for key in usable_keys(document) if "kid" in key]
    except BadKeys as error:
        raise Down("its keys are no JWK set") from error
