"""Registering clients (RFC 7591 names where they exist): what a registration must be, and writing it. Takes sets.

The caller owns the transaction. Secrets are stored as hashes; a new one ends those before it at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.database.types import uuid7
from iam.ephemeral import SqlGenerations
from iam.oidc.client import GENERATION
from iam.oidc.model import Client, ClientSecret
from iam.texts import N_
from iam.tokens import secret as secrets

LEAST_SECRET = 32
"""Characters of a client secret: it is stored under one round of SHA-256, so it must be long and random."""
SECRET_METHODS = ("client_secret_basic", "client_secret_post")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


@dataclass(frozen=True, slots=True)
class Registration:
    """What is to be checked of a client."""

    auth: str
    redirect_uris: Sequence[str]
    post_logout_redirect_uris: Sequence[str]
    grants: Sequence[str]
    scope: str
    pkce: str
    jwks: Mapping[str, Any] | None
    mapper: Mapping[str, Any]
    has_secret: bool


def default_scope(grants: Sequence[str]) -> str:
    """Return the scopes of a client that states none."""
    return "openid profile email roles groups" + (" offline_access" if "refresh_token" in grants else "")


def problems(one: Registration) -> Iterator[Problem]:
    """Yield what is wrong with a registration, each with the field it is in."""
    yield from _uri_problems("redirect_uris", one.redirect_uris, native=one.auth == "none")
    yield from _uri_problems("post_logout_redirect_uris", one.post_logout_redirect_uris, native=one.auth == "none")
    if "authorization_code" in one.grants and not one.redirect_uris:
        yield Problem("People cannot come back to this client.", "State its redirect addresses.", field="redirect_uris")
    if not one.grants:
        yield Problem("This client may ask for nothing.", "State at least one grant.", field="grants")
    if "refresh_token" in one.grants and "authorization_code" not in one.grants:
        yield Problem(
            "There is nothing to refresh.", "Add authorization_code, or remove refresh_token.", field="grants"
        )
    if "client_credentials" in one.grants and one.auth == "none":
        yield Problem(
            "A client that proves nothing cannot act for itself.", "Choose another way to authenticate.", field="grants"
        )
    if one.pkce == "optional" and one.auth == "none":
        yield Problem(
            "A public client must use PKCE.", "Remove pkce, or choose another way to authenticate.", field="pkce"
        )
    if "openid" not in one.scope.split() and "authorization_code" in one.grants:
        yield Problem(
            "A client that people sign in to needs the scope openid.", "Add openid to the scope.", field="scope"
        )
    yield from _proof_problems(one)
    yield from _mapper_problems(one.mapper)


def _proof_problems(one: Registration) -> Iterator[Problem]:
    if one.has_secret and one.auth not in SECRET_METHODS:
        yield Problem("This client does not authenticate by a secret.", "Remove the secret.", field="secret")
    if not one.has_secret and one.auth in SECRET_METHODS:
        yield Problem("This client has no secret.", "State secret_file, or secret.", field="secret")
    if one.auth == "private_key_jwt" and one.jwks is None:
        yield Problem("This client has no key.", "State its public keys as a JWK set.", field="jwks")
    keys = (one.jwks or {}).get("keys")
    if one.jwks is not None and not (
        keys and isinstance(keys, list) and all(isinstance(key, dict) and "kty" in key for key in keys)
    ):
        yield Problem(
            "This is no JWK set.", "Write it as keys: a list of public keys (RFC 7517 section 5).", field="jwks"
        )
    elif any(_PRIVATE_MEMBERS & key.keys() for key in keys or ()):
        yield Problem(
            "This holds a private or secret key.",
            "State only the public part, and replace the key: it has leaked.",
            field="jwks",
        )


def _mapper_problems(mapper: Mapping[str, Any]) -> Iterator[Problem]:
    for name, rule in mapper.items():
        if not (
            isinstance(rule, dict)
            and rule.keys() <= {"name", "format"}
            and all(isinstance(text, str) for text in rule.values())
        ):
            yield Problem(
                "This is no rule for a claim.",
                "Write %(name)s: {name: other-name, format: code}.",
                field="mapper",
                params={"name": name},
            )


def _uri_problems(field: str, uris: Sequence[str], *, native: bool) -> Iterator[Problem]:
    for uri in uris:
        message = _uri_fault(_split(uri), uri, native=native)
        if message is not None:
            yield Problem(message, "Write the whole address, as in https://app.example/callback.", field=field)


def _uri_fault(parts: SplitResult | None, uri: str, *, native: bool) -> str | None:
    """Say what is wrong with a redirect address (RFC 6749 section 3.1.2, RFC 8252 sections 7.1 and 8.4, RFC 9700 section 2.1)."""
    if parts is None or not parts.scheme or "*" in uri or not uri.isascii() or not uri.isprintable() or " " in uri:
        return N_("This is no address to come back to.")
    if "#" in uri:
        return N_("An address to come back to has no fragment.")
    if parts.scheme in ("http", "https") and (not parts.hostname or "@" in parts.netloc):
        return N_("This is no address to come back to.")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        return N_("An address without TLS must be on the same machine (localhost).")
    if parts.scheme not in ("http", "https") and not (native and "." in parts.scheme):
        return N_("Only an application on the person's own device has an address of its own scheme, with a dot in it.")
    return None


def _split(uri: str) -> SplitResult | None:
    try:
        return urlsplit(uri)
    except ValueError:
        return None


def add(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add clients: whole rows with their ids."""
    if rows:
        session.execute(insert(Client), [dict(row) for row in rows])
        changed(session)


def amend(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write other columns of clients, found by ``id``."""
    if rows:
        session.execute(update(Client), [dict(row) for row in rows])
        changed(session)


def secret_hashes(session: Session) -> dict[str, set[bytes]]:
    """Return the hashes of the secrets that are valid now, by client id: one query."""
    query = select(ClientSecret.client_id, ClientSecret.hash).where(
        or_(ClientSecret.expires_at.is_(None), ClientSecret.expires_at > clock.now())
    )
    found: dict[str, set[bytes]] = {}
    for client_id, hash_ in session.execute(query):
        found.setdefault(client_id, set()).add(hash_)
    return found


def hash_of(secret: str) -> bytes:
    """Return the hash under which a client secret is stored."""
    return secrets.hash_of(secret)


def set_secrets(session: Session, hashes: Mapping[str, bytes]) -> None:
    """Make each hash the one valid secret of its client; others end now."""
    if not hashes:
        return
    now = clock.now()
    ending = update(ClientSecret).where(
        ClientSecret.client_id.in_(hashes), or_(ClientSecret.expires_at.is_(None), ClientSecret.expires_at > now)
    )
    session.execute(ending.values(expires_at=now).execution_options(synchronize_session=False))
    rows = [
        {"id": uuid7(), "client_id": client_id, "hash": hash_, "created_at": now} for client_id, hash_ in hashes.items()
    ]
    session.execute(insert(ClientSecret), rows)
    changed(session)


def changed(session: Session) -> None:
    """Make every process read its clients afresh; also after writing an application."""
    SqlGenerations().raise_(session, GENERATION)
