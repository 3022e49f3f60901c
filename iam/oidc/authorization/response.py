"""The answer of the authorization endpoint: where it goes and what it says, by query or by form, always with ``iss``
(RFC 9207)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

MODES = ("query", "form_post")
"""How an answer can travel (OAuth 2.0 Multiple Response Types section 2.1, Form Post Response Mode)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a validated redirect URI."""

    redirect_uri: str
    mode: str
    parameters: Mapping[str, str]

    @property
    def location(self) -> str:
        """The address with the answer in its query; the registered query stays as it is (RFC 6749 section 3.1.2)."""
        separator = "&" if urlsplit(self.redirect_uri).query else "" if self.redirect_uri.endswith("?") else "?"
        return f"{self.redirect_uri}{separator}{urlencode(self.parameters)}"

    @property
    def origin(self) -> str:
        """Scheme and authority the answer goes to, for the content security policy; a private-use scheme stands
        alone."""
        parts = urlsplit(self.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def granted(redirect_uri: str, mode: str, issuer: str, state: str | None, code: str) -> Answer:
    """Return the answer that hands over a code."""
    return Answer(redirect_uri, mode, _with_state({"code": code}, state, issuer))


def refused(redirect_uri: str, mode: str, issuer: str, state: str | None, error: str, description: str = "") -> Answer:
    """Return the answer that says why there is no code (RFC 6749 section 4.1.2.1)."""
    parameters = {"error": error, "error_description": description} if description else {"error": error}
    return Answer(redirect_uri, mode, _with_state(parameters, state, issuer))


def _with_state(parameters: dict[str, str], state: str | None, issuer: str) -> dict[str, str]:
    return {**parameters, **({"state": state} if state else {}), "iss": issuer}
