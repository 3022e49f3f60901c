"""A client as the JSON of RFC 7591: read from what a client sends, and written as the answer.

Names are those of the specifications and no others: what a client may not set of itself (its application, sector,
mapper, resources) has no name here. Unknown members are ignored, null counts as left out (RFC 7592 section 2.2); a
member whose meaning we know and do not support is refused rather than silently dropped, save ``request_uris``:
discovery says that none is fetched, and the answer, which leaves them out, says it again (RFC 7591 section 3.2.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from connectors.problem import Problem
from iam.oidc.clients import settings as registration_metadata
from iam.oidc.clients.registered import PERSON_SCOPES
from iam.oidc.clients.rules import SECRET_METHODS, Registration, problems
from iam.oidc.clients.write import default_scope
from iam.oidc.fields.columns import COLUMNS
from iam.oidc.fields.field import Field
from iam.oidc.fields.values import BadValue, Choices
from iam.oidc.model import Client
from iam.tokens import jose

LONGEST = 64 * 1024
"""Bytes of a registration."""

METADATA, REDIRECT = "invalid_client_metadata", "invalid_redirect_uri"
"""Errors of RFC 7591 section 3.2.2."""

_STATED = [one for one in COLUMNS.values() if one.by_client]
_UNSUPPORTED: Mapping[str, Sequence[Any]] = {
    "software_statement": (),
    "tls_client_certificate_bound_access_tokens": (False,),
    "dpop_bound_access_tokens": (False,),
    "introspection_signed_response_alg": (),
    "authorization_signed_response_alg": (),
    "backchannel_token_delivery_mode": (),
    "authorization_details_types": ([],),
    **{
        f"{what}_encrypted_response_{how}": ()
        for what in ("id_token", "userinfo", "introspection", "authorization")
        for how in ("alg", "enc")
    },
    "request_object_encryption_alg": (),
    "request_object_encryption_enc": (),
    **{f"tls_client_auth_{name}": () for name in ("subject_dn", "san_dns", "san_uri", "san_ip", "san_email")},
}
"""Members of later specifications, with the values that ask for nothing; any other value is refused."""


class BadDocument(ValueError):
    """A registration that is refused, as RFC 7591 section 3.2.2 says; ``str()`` is for the developer and repeats no
    value."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


@dataclass(frozen=True, slots=True)
class Document:
    """What a client asks to be: every setting that it may state, by its name in the table."""

    settings: Mapping[str, Any]
    metadata: Mapping[str, Any]

    @property
    def auth(self) -> str:
        """How it proves itself."""
        return str(self.settings["auth"])

    @property
    def redirect_uris(self) -> Sequence[str]:
        """Where people come back to."""
        return list(self.settings["redirect_uris"])

    def address(self, name: str) -> str | None:
        """Return the address that it states under a name."""
        address: str | None = self.settings[name]
        return address

    def columns(self) -> dict[str, Any]:
        """Return the columns of ``model.Client`` to write."""
        return {**self.settings, "metadata_": dict(self.metadata)}


def parse(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body; raises ``BadDocument`` for anything else, however long, deep or doubled."""
    if len(body) > LONGEST:
        raise BadDocument(METADATA, "The registration is too long.")
    try:
        found = jose.json_object(body)
    except jose.BadToken:
        raise BadDocument(METADATA, "The body is no JSON object.") from None
    return {name: value for name, value in found.items() if value is not None}


def read(given: Mapping[str, Any], *, subject_type: str, further_scopes: Sequence[str] = ()) -> Document:
    """Return what is asked; raises ``BadDocument``.

    ``subject_type`` is the application's; a client of a public one may be pairwise. ``further_scopes`` are those of its
    own that it may have besides a person's.
    """
    _refuse_unsupported(given, subject_type)
    settings = {one.name: _stated(given, one) for one in _STATED}
    _response_types(given, settings["grants"])
    settings["scope"] = _scope(settings["scope"], settings["grants"], further_scopes)
    said = {name: value for name, value in given.items() if registration_metadata.is_clients(name)}
    document = Document(settings, {"application_type": "web"} | said)
    _check(document)
    return document


def _stated(given: Mapping[str, Any], field: Field) -> Any:
    """Return what a client states of a setting, or what it is where it states nothing."""
    value = given.get(field.wire or "")
    try:
        return copy(field.default) if value is None else field.values.read(value)
    except BadValue as error:
        raise BadDocument(_error(field.wire), f"{field.wire}: {error}") from None


def _check(document: Document) -> None:
    has_secret = document.auth in SECRET_METHODS  # one is made with the client
    for problem in problems(Registration.of({**document.settings, "metadata": document.metadata}, has_secret)):
        known = COLUMNS.get(problem.field or "")
        where = (known.wire if known else None) or problem.field or ""
        raise BadDocument(_error(where), f"{where}: {_words(problem)}")


def _error(where: str | None) -> str:
    return REDIRECT if where in _REDIRECTS else METADATA


_REDIRECTS = ("redirect_uris", "post_logout_redirect_uris")


def _words(problem: Problem) -> str:
    return problem.message % problem.params


def _refuse_unsupported(given: Mapping[str, Any], subject_type: str) -> None:
    for name, harmless in _UNSUPPORTED.items():
        if name in given and given[name] not in harmless:
            raise BadDocument(METADATA, f"{name}: This is not supported.")
    if given.get("subject_type", subject_type) not in (subject_type, "pairwise"):
        raise BadDocument(METADATA, f"subject_type: Clients of this application have subjects that are {subject_type}.")


def _response_types(given: Mapping[str, Any], grants: Sequence[str]) -> None:
    """``code`` goes with its grant, and is the only response type (RFC 7591 section 2.1)."""
    usual = ["code"] if "authorization_code" in grants else []
    if _stated(given, Field(wire="response_types", values=Choices(("code",)), default=usual)) != usual:
        raise BadDocument(METADATA, "response_types: These do not go with grant_types.")


def _scope(stated: str, grants: Sequence[str], further: Sequence[str]) -> str:
    words = stated.split() or f"{default_scope(grants)} phone".split()
    if not set(words) <= {*PERSON_SCOPES, *further}:
        raise BadDocument(METADATA, "scope: This client cannot have all of these.")
    return " ".join(dict.fromkeys(words))


def describe(client: Client, subject_type: str) -> dict[str, Any]:
    """Return all that is registered of a client, defaults included, without its secrets (RFC 7591 section 3.2.1)."""
    said = {
        "client_id": client.client_id,
        "client_id_issued_at": (client.id.int >> 80) // 1000,
        "response_types": ["code"] if "authorization_code" in client.grants else [],
        "subject_type": subject_type,
        **{one.wire: one.of(client) for one in COLUMNS.values() if one.wire is not None},
        **client.metadata_,
    }
    return {name: value for name, value in said.items() if value not in (None, [])}
