"""A client as the JSON of RFC 7591: read from what a client sends, and written as the answer.

Names are those of the specifications and no others: what a client may not set of itself (its application, sector,
mapper, resources) has no name here. Unknown members are ignored, null counts as left out (RFC 7592 section 2.2); a
member whose meaning we know and do not support is refused rather than silently dropped, save ``request_uris``:
discovery says that none is fetched, and the answer, which leaves them out, says it again (RFC 7591 section 3.2.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from connectors.problem import Problem
from iam.oidc.clients import settings as registration_metadata
from iam.oidc.clients.registered import PERSON_SCOPES
from iam.oidc.clients.rules import SECRET_METHODS, Registration, problems
from iam.oidc.clients.write import default_scope
from iam.oidc.model import AUTH_METHODS, GRANT_TYPES, Client
from iam.tokens import jose, key_set
from iam.tokens.jose import ALGORITHMS

LONGEST = 64 * 1024
"""Bytes of a registration."""

METADATA, REDIRECT = "invalid_client_metadata", "invalid_redirect_uri"
"""Errors of RFC 7591 section 3.2.2."""

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
    """What a client asks to be: columns of ``model.Client`` by their names."""

    auth: str
    grants: list[str]
    scope: str
    redirect_uris: list[str]
    post_logout_redirect_uris: list[str]
    id_token_alg: str
    userinfo_alg: str | None
    jwks: dict[str, Any] | None
    jwks_uri: str | None
    sector_identifier_uri: str | None
    backchannel_logout_uri: str | None
    frontchannel_logout_uri: str | None
    par_required: bool
    metadata_: dict[str, Any] = field(default_factory=dict)

    def columns(self) -> dict[str, Any]:
        """The columns to write."""
        return asdict(self)


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
    grants = _choices(given, "grant_types", GRANT_TYPES, ["authorization_code"])
    _response_types(given, grants)
    document = Document(
        auth=_choice(given, "token_endpoint_auth_method", AUTH_METHODS, "client_secret_basic"),
        grants=sorted(grants),
        scope=_scope(given, grants, further_scopes),
        redirect_uris=_texts(given, "redirect_uris", REDIRECT),
        post_logout_redirect_uris=_texts(given, "post_logout_redirect_uris", REDIRECT),
        id_token_alg=_choice(given, "id_token_signed_response_alg", ALGORITHMS, "RS256"),
        userinfo_alg=_choice(given, "userinfo_signed_response_alg", ALGORITHMS, "") or None,
        jwks=_jwks(given),
        jwks_uri=_text(given, "jwks_uri"),
        sector_identifier_uri=_text(given, "sector_identifier_uri"),
        backchannel_logout_uri=_text(given, "backchannel_logout_uri"),
        frontchannel_logout_uri=_text(given, "frontchannel_logout_uri"),
        par_required=_flag(given, "require_pushed_authorization_requests"),
        metadata_={"application_type": "web"}
        | {name: value for name, value in given.items() if registration_metadata.is_clients(name)},
    )
    _check(document)
    return document


def _check(document: Document) -> None:
    columns = document.columns()
    stated = {name: value for name, value in columns.items() if name in Registration.__dataclass_fields__}
    checked = Registration(
        **stated,
        metadata=document.metadata_,
        has_secret=document.auth in SECRET_METHODS,  # one is made with the client
    )
    for problem in problems(checked):
        where = _NAMES.get(problem.field or "", problem.field or "")
        raise BadDocument(REDIRECT if where in _REDIRECTS else METADATA, f"{where}: {_words(problem)}")


_NAMES = {"grants": "grant_types", "auth": "token_endpoint_auth_method"}
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
    if sorted(_choices(given, "response_types", ("code",), usual)) != usual:
        raise BadDocument(METADATA, "response_types: These do not go with grant_types.")


def _scope(given: Mapping[str, Any], grants: Sequence[str], further: Sequence[str]) -> str:
    scope = " ".join((_text(given, "scope") or "").split()) or f"{default_scope(grants)} phone"
    if not set(scope.split()) <= {*PERSON_SCOPES, *further}:
        raise BadDocument(METADATA, "scope: This client cannot have all of these.")
    return " ".join(dict.fromkeys(scope.split()))


def _jwks(given: Mapping[str, Any]) -> dict[str, Any] | None:
    if "jwks" not in given:
        return None
    try:
        return {"keys": key_set.public_keys(given["jwks"])}
    except key_set.BadKeys as error:
        raise BadDocument(METADATA, f"jwks: {error}") from None


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not (isinstance(value, str) and value.isascii() and value.isprintable() and value):
        raise BadDocument(METADATA, f"{name}: This is no text that can stand here.")
    return value


def _texts(given: Mapping[str, Any], name: str, error: str = METADATA) -> list[str]:
    value = given.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadDocument(error, f"{name}: This is no list of texts.")
    return list(dict.fromkeys(value))


def _flag(given: Mapping[str, Any], name: str) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise BadDocument(METADATA, f"{name}: This is neither true nor false.")
    return value


def _choice(given: Mapping[str, Any], name: str, known: Sequence[str], default: str) -> str:
    value = given.get(name, default)
    if not isinstance(value, str) or (value not in known and name in given):
        raise BadDocument(METADATA, f"{name}: This is not supported.")
    return value


def _choices(given: Mapping[str, Any], name: str, known: Sequence[str], default: Sequence[str]) -> list[str]:
    values = _texts(given, name) if name in given else list(default)
    if not set(values) <= set(known):
        raise BadDocument(METADATA, f"{name}: This is not supported.")
    return values


def describe(client: Client, subject_type: str) -> dict[str, Any]:
    """Return all that is registered of a client, defaults included, without its secrets (RFC 7591 section 3.2.1)."""
    said = {
        "client_id": client.client_id,
        "client_id_issued_at": (client.id.int >> 80) // 1000,
        "redirect_uris": client.redirect_uris,
        "post_logout_redirect_uris": client.post_logout_redirect_uris,
        "response_types": ["code"] if "authorization_code" in client.grants else [],
        "grant_types": client.grants,
        "token_endpoint_auth_method": client.auth,
        "scope": client.scope,
        "subject_type": subject_type,
        "id_token_signed_response_alg": client.id_token_alg,
        "userinfo_signed_response_alg": client.userinfo_alg,
        "jwks": client.jwks,
        "jwks_uri": client.jwks_uri,
        "sector_identifier_uri": client.sector_identifier_uri,
        "backchannel_logout_uri": client.backchannel_logout_uri,
        "frontchannel_logout_uri": client.frontchannel_logout_uri,
        "require_pushed_authorization_requests": client.par_required,
        **client.metadata_,
    }
    return {name: value for name, value in said.items() if value not in (None, [])}
