"""Refusals of an authorization or token request, under the names their specifications give them."""

from __future__ import annotations

from collections.abc import Iterable

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError

from iam.oidc.clients.registered import RegisteredClient

__all__ = ["BadRequestObject", "BadRequestUri", "BadTarget", "InvalidRequest", "check_resources"]

InvalidRequest = InvalidRequestError
"""A request that is not as it must be (RFC 6749 section 4.1.2.1)."""


class BadRequestObject(OAuth2Error):
    """A request object that is not this client's, not for us, or does not say what a request can say (RFC 9101 section
    7)."""

    error = "invalid_request_object"


class BadRequestUri(OAuth2Error):
    """A ``request_uri`` that this client did not push, or that has been used or run out (RFC 9101 section 7)."""

    error = "invalid_request_uri"


class BadTarget(OAuth2Error):
    """A resource for which this client gets no tokens (RFC 8707 section 2)."""

    error = "invalid_target"


def check_resources(client: RegisteredClient, resources: Iterable[str]) -> None:
    """Raise ``BadTarget`` for a resource this client gets no tokens for."""
    if not set(resources) <= {client.audience, *client.resources}:
        raise BadTarget("The resource is not one this client gets tokens for.")
