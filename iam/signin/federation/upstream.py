"""Signing in by an upstream OpenID provider, as its client: the request, the code's redemption, the ID token.

Requests and answers are Authlib's; what it sends goes through ``iam.delivery.egress``, and ID tokens are verified by
``id_token``. Only ``response_type=code`` with S256, a state that works once in the browser that began (``one_shot``),
and a nonce (OI-07, RFC 9700).
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode

from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.client import OAuth2Client
from sqlalchemy.orm import Session

from iam import clock
from iam.delivery import egress
from iam.settings import Egress, Settings
from iam.signin.federation import id_token, upstream_metadata
from iam.signin.federation.connection import sealed_row
from iam.signin.federation.connections import Upstream
from iam.signin.federation.id_token import Expected
from iam.signin.federation.upstream_metadata import Down, Metadata
from iam.tokens import jose, one_shot
from iam.vault import Vault

KIND = "upstream"
SECONDS = 600
"""Life of a state: how long a person may take at the provider."""
PENDING = "upstream-link"
PENDING_SECONDS = 1800
"""How long an account there waits to be connected by a sign-in here."""


class UpstreamRefused(Exception):
    """The provider's answer is not believed; the text says which check failed, never what it held."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was sent to the provider and waits for its answer. ``flow`` is the handle of where the person was going."""

    connection: str
    nonce: str
    verifier: str
    flow: str
    fresh: bool
    at: float


@dataclass(frozen=True, slots=True)
class Pending:
    """A verified account there that nobody has connected yet; ``groups`` are those that its sign-in told
    (``claimed_groups.Told``), ``called`` is what the provider calls it, for its person to know it by."""

    connection: str
    subject: str
    flow: str
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    called: str = ""


def ask(session: Session, upstream: Upstream, flow: str, fresh: bool, browser: str) -> tuple[Asked, str]:
    """Remember a request for ``browser`` and return it with its state, which works once, there."""
    at = clock.now().timestamp()
    asked = Asked(upstream.key, secrets.token_urlsafe(32), secrets.token_urlsafe(48), flow, fresh, at)
    return asked, one_shot.issue(session, KIND, SECONDS, asdict(asked), client_id=browser, text=_secret())


def answered(session: Session, state: str, browser: str) -> Asked | None:
    """Use a state up and return its request; None when it is unknown, used, too old, or another browser's."""
    used = one_shot.consume(session, KIND, state, client_id=browser)
    return None if used is None else Asked(**used.data)


def offer(session: Session, pending: Pending, browser: str) -> str:
    """Let a verified account wait to be connected in this browser; return the secret that stands for it."""
    return one_shot.issue(session, PENDING, PENDING_SECONDS, asdict(pending), client_id=browser, text=_secret())


def offered(session: Session, value: str, browser: str, *, use_up: bool = False) -> Pending | None:
    """Return the account that waits to be connected in this browser, perhaps using the secret up; None when there is
    none."""
    read = one_shot.consume if use_up else one_shot.read
    used = read(session, PENDING, value, client_id=browser)
    return None if used is None else Pending(**used.data)


def request_url(upstream: Upstream, told: Metadata, asked: Asked, state: str, settings: Settings, hint: str) -> str:
    """Return where to send the browser (OpenID Connect Core 3.1.2.1); ``hint`` is the login that was typed, or
    empty."""
    fresh = {"prompt": "login", "max_age": "0"} if asked.fresh else {}
    url, _ = _client(upstream, told, settings).create_authorization_url(
        told.authorization_endpoint, state, asked.verifier, nonce=asked.nonce, login_hint=hint or None, **fresh
    )
    return str(url)


def redeem(
    upstream: Upstream, asked: Asked, answer: Mapping[str, str], settings: Settings, vault: Vault
) -> dict[str, Any]:
    """Return the claims of the ID token that the answer's code gives. Asks the provider: hold no transaction meanwhile.

    Raises ``UpstreamRefused``, and ``Down`` when the provider does not answer.
    """
    told = upstream_metadata.metadata(upstream.issuer, settings.egress)
    if answer.get("iss", upstream.issuer) != upstream.issuer or (told.names_itself and "iss" not in answer):
        raise UpstreamRefused("another issuer's answer")
    if "error" in answer or not answer.get("code"):
        raise UpstreamRefused("the provider refused")
    token = _token(_client(upstream, told, settings, vault), told, answer["code"], asked.verifier)
    text, access_token = token.get("id_token"), token.get("access_token")
    if not isinstance(text, str):
        raise UpstreamRefused("no ID token")
    since = datetime.fromtimestamp(asked.at, UTC) if asked.fresh else None
    bearer = access_token if isinstance(access_token, str) else None
    expected = Expected(upstream.issuer, upstream.client_id, asked.nonce, bearer, since)
    try:
        keys = upstream_metadata.keys(upstream.issuer, told.jwks_uri, id_token.kid_of(text), settings.egress)
        return id_token.verify(text, keys, expected, clock.now())
    except jose.BadToken as error:
        raise UpstreamRefused(str(error)) from error


def redirect_uri(upstream: Upstream, settings: Settings) -> str:
    """Return the address to register at the provider."""
    return f"{settings.issuer}/upstream/{upstream.key}/callback"


def _secret() -> str:
    return "avu_" + secrets.token_urlsafe(32)


def _client(upstream: Upstream, told: Metadata, settings: Settings, vault: Vault | None = None) -> OAuth2Client:
    secret = (
        vault.unwrap(upstream.secret, sealed_row(upstream.key)).decode()
        if vault is not None and upstream.secret is not None
        else None
    )
    client = OAuth2Client(
        _Door(settings.egress),
        upstream.client_id,
        secret,
        told.auth if upstream.secret is not None else "none",
        scope=upstream.scope,
        redirect_uri=redirect_uri(upstream, settings),
        code_challenge_method="S256",
    )
    client.register_client_auth_method(("client_secret_basic", _basic))
    return client


def _token(client: OAuth2Client, told: Metadata, code: str, verifier: str) -> Mapping[str, Any]:
    try:
        token: Mapping[str, Any] = client.fetch_token(
            told.token_endpoint, grant_type="authorization_code", code=code, code_verifier=verifier
        )
    except (egress.PlaceRefused, egress.Failed) as error:
        raise Down(str(error)) from error
    except (OAuth2Error, ValueError, TypeError) as error:
        raise UpstreamRefused("no token for the code") from error
    return token


def _basic(client: Any, method: str, uri: str, headers: dict[str, str], body: str) -> tuple[str, dict[str, str], str]:
    """Prove who we are as RFC 6749 section 2.3.1 says: name and secret form-encoded first, which Authlib leaves out."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret or '')}"
    return uri, headers | {"Authorization": "Basic " + b64encode(pair.encode()).decode()}, body


class _Door:
    """What Authlib posts through: one request by ``iam.delivery.egress``, and no connection of its own."""

    def __init__(self, allowed: Egress) -> None:
        self._allowed = allowed

    def post(self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> _Answer:
        """POST a form, with whatever ``auth`` adds to it."""
        _, sent, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        fields = dict(parse_qsl(body, keep_blank_values=True))
        return _Answer(*egress.post_form_json(url, fields, self._allowed, sent))


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer as Authlib reads it."""

    status_code: int
    said: Any

    def json(self) -> Any:
        """Return the body's JSON."""
        return self.said

    def raise_for_status(self) -> None:
        """Raise ``egress.Failed`` for an error that Authlib does not read."""
        if self.status_code >= 400:
            raise egress.Failed(f"status {self.status_code}")
