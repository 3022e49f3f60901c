"""The kinds of client that an administrator chooses among on a page, and what each is registered as; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from iam.oidc.fields.columns import ASKED


@dataclass(frozen=True, slots=True)
class Template:
    """What a kind of application is registered as, unless it states otherwise."""

    auth: str
    grants: tuple[str, ...]
    scope: str
    kind: str | None = None

    @property
    def is_for_people(self) -> bool:
        """Whether people sign in to it, so that it has addresses to come back to."""
        return "authorization_code" in self.grants

    @property
    def metadata(self) -> dict[str, Any]:
        """What the client states of itself (RFC 7591 section 2)."""
        return {"application_type": self.kind} if self.kind else {}

    def columns(self, stated: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Return the columns of a client of this kind, with what is stated of the settings that the form asks;
        addresses that nobody comes back to are left out."""
        asked = {name: list(stated.get(name, ())) if self.is_for_people else [] for name in ASKED}
        return {"auth": self.auth, "grants": list(self.grants), "scope": self.scope, **asked}


TEMPLATES: dict[str, Template] = {
    "web": Template("client_secret_basic", ("authorization_code",), "openid profile email roles groups"),
    "single-page": Template("none", ("authorization_code",), "openid profile email roles groups", "web"),
    "native": Template(
        "none", ("authorization_code", "refresh_token"), "openid profile email roles groups offline_access", "native"
    ),
    "service": Template("client_secret_basic", ("client_credentials",), ""),
}
"""Kinds of application: with a server of its own, in the browser alone, on the person's device, and a service without
people."""
