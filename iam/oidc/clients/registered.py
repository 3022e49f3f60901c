"""Clients as the provider knows them, kept per process until their generation grows (``iam.ephemeral``)."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from authlib.oauth2.rfc6749 import ClientMixin
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.role import Application
from iam.ephemeral import Generations
from iam.oidc.clients import settings as registration_metadata
from iam.oidc.fields.columns import COLUMNS
from iam.oidc.model import Client, ClientSecret
from iam.oidc.wire import redirects
from iam.texts import LANGUAGES
from iam.tokens import secret as secrets

SECONDS = 0.5
"""How long a process believes that no client has changed; what is written of one is felt everywhere within a second."""

GENERATION = "clients"
"""The generation that ``registration.changed`` raises after a client, its secrets or its application was written."""

ADMIN = "avain-admin"
"""The client of our own administration pages. It is in no table and redeems its codes in process only."""

PERSON_SCOPES = ("openid", "profile", "email", "phone", "address", "roles", "groups", "offline_access")
"""Scopes that speak of a person; a client acting for itself has none of them."""

ANNOUNCED = tuple(scope for scope in PERSON_SCOPES if scope != "address")
"""Those that give something: no source tells addresses yet."""

_SHARED = "public:"


@dataclass(frozen=True, slots=True)
class RegisteredClient(ClientMixin):
    """A client with what its application says; Authlib asks it through the methods below (RFC 6749 section 2)."""

    client_id: str
    application_id: UUID
    names: Mapping[str, str]
    audience: str
    auth: str
    redirect_uris: Sequence[str]
    sector: str
    scope: str
    grants: Sequence[str] = ("authorization_code",)
    post_logout_redirect_uris: Sequence[str] = ()
    id_token_alg: str = "RS256"  # noqa: S105 - an algorithm, no password
    pkce: str = "required"
    keys: Sequence[Mapping[str, Any]] = ()
    mapper: Mapping[str, Any] = field(default_factory=dict)
    ask_capacity: bool = True
    entry: str = "role"
    secrets: Sequence[tuple[bytes, datetime | None]] = ()
    token_format: str = "jwt"  # noqa: S105 - a format, no password
    userinfo_alg: str | None = None
    par_required: bool = False
    default_max_age: int | None = None
    legacy_audience: bool = False
    resources: Sequence[str] = ()
    jwks_uri: str | None = None
    backchannel_logout_uri: str | None = None
    frontchannel_logout_uri: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    notice: str = "inform"
    least_acr: str | None = None
    application_key: str = ""

    @property
    def native(self) -> bool:
        """Whether the client runs on the person's own device and listens on a loopback port there."""
        return registration_metadata.is_native(self.auth, self.extra)

    @property
    def pairwise(self) -> bool:
        """Whether no other application knows people by the same names."""
        return not self.sector.startswith(_SHARED)

    @property
    def is_ours(self) -> bool:
        """Whether this is our own administration."""
        return self.client_id == ADMIN

    @property
    def client_metadata(self) -> dict[str, Any]:
        """What Authlib's logout endpoint asks for."""
        return {"post_logout_redirect_uris": list(self.post_logout_redirect_uris)}

    def name(self, language: str) -> str:
        """The application's name in ``language``, or in whatever language it has one."""
        return self.names.get(language) or next(iter(self.names.values()), self.client_id)

    def said(self, name: str, language: str) -> str | None:
        """Return what is stated of the client under a name, in ``language`` where it is."""
        return registration_metadata.said(self.extra, name, language)

    def in_languages(self, name: str) -> dict[str, str]:
        """Return what is stated of the client under a name, by language; "" is the language of what has none."""
        said = {language: self.extra.get(f"{name}#{language}" if language else name) for language in ("", *LANGUAGES)}
        return {language: text for language, text in said.items() if text}

    def get_client_id(self) -> str:
        """Return the client's id."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """Return nothing: every request names its redirect URI (OIDC Core section 3.1.2.1)."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return the asked scopes that the client may have; None when none is left. Unknown ones are ignored (OIDC Core
        3.1.2.1)."""
        allowed = self.scope.split()
        return " ".join(dict.fromkeys(word for word in (scope or "").split() if word in allowed)) or None

    def own_scope(self, scope: str | None) -> str | None:
        """Return the scope of a token for the client itself: exactly what it asks, or all it may have; None when it
        asks for more."""
        allowed = [word for word in self.scope.split() if word not in PERSON_SCOPES]
        asked = (scope or "").split()
        return " ".join(dict.fromkeys(asked or allowed)) if set(asked) <= set(allowed) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether the redirect URI is registered (RFC 9700 section 2.1)."""
        return redirects.registered(self.redirect_uris, redirect_uri, native=self.native)

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether this is one of the client's living secrets; all are compared, each in constant time."""
        given, now = secrets.hash_of(client_secret), clock.now()
        matches = [hmac.compare_digest(given, known) and (ends is None or ends > now) for known, ends in self.secrets]
        return bool(client_secret) and any(matches)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Whether the client authenticates this way, the same at every endpoint."""
        return self.auth == method

    def check_response_type(self, response_type: str) -> bool:
        """Whether the client may use the authorization endpoint: ``code`` is the only response type (security
        AZ-03)."""
        return response_type == "code" and "authorization_code" in self.grants

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether the grant is among the client's own (security TK-06)."""
        return grant_type in self.grants


class Clients:
    """The clients of one process."""

    def __init__(self, issuer: str, generations: Generations) -> None:
        self._generations = generations
        self._cache: tuple[int, dict[str, RegisteredClient]] = (-1, {})
        self._asked = (-SECONDS, -1)
        self._admin = RegisteredClient(
            ADMIN,
            UUID(int=0),
            {"fi": "Avaimen hallinta", "sv": "Administration av Avain", "en": "Avain administration"},
            issuer,
            "in-process",
            (f"{issuer}/admin/callback",),
            ADMIN,
            "openid profile",
            ask_capacity=False,
        )

    def get(self, session: Session, client_id: str) -> RegisteredClient | None:
        """Return a client that is in use; None when it is unknown or retired, or its application is."""
        if client_id == ADMIN:
            return self._admin
        generation = self._generation(session)
        cached, known = self._cache
        if cached != generation:
            # A fresh dictionary: another thread that read an older row keeps it in the older dictionary, which nobody
            # asks again.
            known = {}
            self._cache = generation, known
        found = known.get(client_id) or load(session, client_id)
        if found is not None:
            known[client_id] = found
        return found

    def _generation(self, session: Session) -> int:
        """The generation, asked at most every ``SECONDS``."""
        asked_at, known = self._asked
        if time.monotonic() - asked_at > SECONDS:
            known = self._generations.current(session, GENERATION)
            self._asked = time.monotonic(), known
        return known


def load(session: Session, client_id: str) -> RegisteredClient | None:
    """Read a client that is in use from the database."""
    row = session.execute(
        select(Client, Application)
        .join(Application, Application.id == Client.application_id)
        .where(Client.client_id == client_id, ~Client.retired, ~Application.retired)
    ).one_or_none()
    if row is None:
        return None
    known = session.execute(
        select(ClientSecret.hash, ClientSecret.expires_at).where(ClientSecret.client_id == client_id)
    )
    return view(row[0], row[1], [(hash_, ends) for hash_, ends in known])


def is_public(client: Client, application: Application) -> bool:
    """Whether a client knows people by names that other applications of the same owner know too."""
    return bool(client.metadata_.get("subject_type", application.subject_mode) == "public")


def view(
    client: Client, application: Application, known: Sequence[tuple[bytes, datetime | None]] = ()
) -> RegisteredClient:
    """Return a client's registration together with its application's."""
    shared = f"{_SHARED}{application.owner_id}"
    return RegisteredClient(
        client_id=client.client_id,
        application_id=application.id,
        application_key=application.key,
        names=dict(application.name),
        audience=application.audience,
        ask_capacity=application.ask_capacity,
        entry=application.entry,
        notice=application.notice,
        least_acr=application.least_acr,
        sector=shared if is_public(client, application) else client.sector,
        keys=tuple((client.jwks or {}).get("keys", ())),
        secrets=tuple(known),
        extra=dict(client.metadata_),
        **{field.name: _kept(field.of(client)) for field in COLUMNS.values() if field.name in _SETTINGS},
    )


_SETTINGS = RegisteredClient.__dataclass_fields__.keys()
"""Settings of these names are known to the provider as they are stored."""


def _kept(value: Any) -> Any:
    """Return a value that no longer changes with the row it was read from."""
    return tuple(value) if isinstance(value, list) else dict(value) if isinstance(value, dict) else value
