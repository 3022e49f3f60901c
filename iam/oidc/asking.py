"""What an authorization request asks, wherever its parameters came: in the address, pushed before (PAR), or in a signed
object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from iam import clock
from iam.oidc.authorization import pushed as par, request_object
from iam.oidc.authorization.refusal import BadRequestUri, InvalidRequest
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.server import Provider


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters that count; ``carried`` are those of the address, which our pages bring back; ``pushed`` its
    ``request_uri``."""

    parameters: Mapping[str, str]
    resources: Sequence[str]
    carried: Mapping[str, Any]
    pushed: str | None = None


def resolve(server: Provider, given: Mapping[str, str], resources: Sequence[str], *, late: bool = False) -> Asked:
    """Return what a request in an address asks; raises ``OAuth2Error``. ``late``: its browser was on our pages
    before."""
    client = server.query_client(given.get("client_id", ""))
    if client is None:
        return Asked(given, resources, carried(given, resources))
    if "request_uri" in given:
        return _pushed(server, client, given, resources, late=late)
    if client.par_required:
        raise InvalidRequest("This client must push its authorization requests (RFC 9126).")
    return opened(server, client, given, resources)


def opened(server: Provider, client: RegisteredClient, given: Mapping[str, str], resources: Sequence[str]) -> Asked:
    """Return the request with its signed object opened, when it has one; raises ``OAuth2Error``."""
    if "request" not in given:
        _must_be_signed(client)
        return Asked(given, resources, carried(given, resources))
    keys = partial(server.keys_of, client)
    told, listed = request_object.read(given["request"], keys, client, server.issuer.url, clock.now())
    return Asked(told, listed, carried(given, resources))


def carried(given: Mapping[str, str], resources: Sequence[str]) -> dict[str, Any]:
    """Return the parameters of an address as our pages bring them back."""
    return {**given, "resource": list(resources)} if resources else dict(given)


def _must_be_signed(client: RegisteredClient) -> None:
    if client.extra.get("require_signed_request_object") is True:
        raise InvalidRequest("This client must sign its authorization requests (RFC 9101).")


def _pushed(
    server: Provider, client: RegisteredClient, given: Mapping[str, str], resources: Sequence[str], *, late: bool
) -> Asked:
    if "request" in given:
        raise InvalidRequest("Send either request or request_uri.")
    found = par.read(server.session, client.client_id, given["request_uri"], late=late)
    if found is None:
        raise BadRequestUri("The request_uri is not one this client pushed, or it was used or has run out.")
    return Asked(found.parameters, found.resources, carried(given, resources), given["request_uri"])
