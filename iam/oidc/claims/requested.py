"""The ``claims`` parameter: which claims an application asks for one by one (OIDC Core section 5.5). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from iam.tokens import jose

SCOPES = {
    "name": "profile",
    "given_name": "profile",
    "family_name": "profile",
    "preferred_username": "profile",
    "locale": "profile",
    "zoneinfo": "profile",
    "updated_at": "profile",
    "email": "email",
    "email_verified": "email",
    "phone_number": "phone",
    "phone_number_verified": "phone",
    "roles": "roles",
    "entitlements": "roles",
    "groups": "groups",
}
"""Claims that can be asked one by one, with the scope that gives them with others: a client may ask those of its own
scopes."""

CAPACITY = "capacity"
"""Stands among the scopes of what is received for the capacity a person acts in: every application but our own is told
it unasked."""


class BadClaims(ValueError):
    """A ``claims`` parameter that is not as the specification says."""


@dataclass(frozen=True, slots=True)
class ClaimsRequest:
    """What is asked of the ID token and of userinfo, by claim; None: voluntary, without conditions."""

    id_token: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    userinfo: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)

    def allowed(self, scope: str) -> frozenset[str]:
        """The claims asked anywhere that a client with these scopes may receive."""
        return allowed(self.id_token, scope) | allowed(self.userinfo, scope)

    @property
    def subject(self) -> str | None:
        """The person who must be the one signing in (section 5.5.1)."""
        found = self._values("sub")
        return found[0] if found else None

    @property
    def essential_acr(self) -> tuple[str, ...]:
        """The levels of which one must be reached (section 5.5.1.1); empty: none is asked."""
        asked = self.id_token.get("acr")
        return self._values("acr") if asked is not None and asked.get("essential") is True else ()

    @property
    def voluntary_acr(self) -> tuple[str, ...]:
        """The levels that are wished for."""
        return () if self.essential_acr else self._values("acr")

    def _values(self, name: str) -> tuple[str, ...]:
        asked = self.id_token.get(name) or {}
        values = asked.get("values", [asked["value"]] if "value" in asked else [])
        return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def parse(text: str | None) -> ClaimsRequest:
    """Return what a ``claims`` parameter asks; raises ``BadClaims``. Members we do not know are ignored (section
    5.5)."""
    if text is None:
        return ClaimsRequest()
    try:
        value = jose.json_object(text)
    except jose.BadToken:
        raise BadClaims("The claims parameter is no JSON object.") from None
    return ClaimsRequest(_member(value, "id_token"), _member(value, "userinfo"))


def _member(value: Mapping[str, Any], name: str) -> Mapping[str, Mapping[str, Any] | None]:
    found = value.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(one is None or isinstance(one, dict) for one in found.values()):
        raise BadClaims(f"The member {name} of the claims parameter is not as it must be.")
    return found


def allowed(asked: Mapping[str, Any], scope: str) -> frozenset[str]:
    """Return the claims among those asked that a client with these scopes may receive."""
    words = scope.split()
    return frozenset(name for name in asked if SCOPES.get(name) in words)


def received(scope: str, asked: Iterable[str], *, capacity: bool) -> str:
    """Return a scope with what counts as scope besides: each claim ``asked`` one by one as the scope that gives it, and
    ``CAPACITY`` when one is told. So a person is told, agrees to and later reads the same, however an application asked
    for it."""
    words = [*scope.split(), *sorted(SCOPES[name] for name in asked), *([CAPACITY] if capacity else [])]
    return " ".join(dict.fromkeys(words))
