"""The request at hand as Authlib sees it: parameters that come once each, from a form body only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Payload
from flask import request

from iam.oidc.wire import parameters


class _Payload(OAuth2Payload):
    """The parameters of a request, already known to come once each."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    @property
    def data(self) -> Mapping[str, str]:
        return self._values

    @property
    def datalist(self) -> dict[str, list[str]]:
        return {name: [value] for name, value in self._values.items()}


class ProviderRequest(OAuth2Request):
    """The request at hand as Authlib sees it. Its address is the issuer's, never the Host header's."""

    def __init__(self, issuer: str, values: Mapping[str, str], resources: Sequence[str] = ()) -> None:
        super().__init__(request.method, issuer + request.path, headers=request.headers)
        self.payload = _Payload(values)
        self.resources = resources

    @property
    def form(self) -> Mapping[str, str]:
        """The parameters of the body."""
        return self.payload.data


def body() -> dict[str, str]:
    """Return the parameters of a form body; raises ``InvalidRequestError`` for any other body."""
    if request.mimetype != "application/x-www-form-urlencoded":
        raise InvalidRequestError("Send the parameters as application/x-www-form-urlencoded.")
    try:
        return parameters.single(request.form.lists())
    except parameters.BadParameters as error:
        raise InvalidRequestError(str(error)) from None


def resources() -> list[str]:
    """Return the resources that a form body names; raises ``InvalidRequestError``."""
    try:
        return parameters.resources(request.form.getlist("resource"))
    except parameters.BadParameters as error:
        raise InvalidRequestError(str(error)) from None
