"""ID tokens that lie about what they say or who signed them let nobody in."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from uuid import UUID

import pytest
from joserfc import jwk, jws
from sqlalchemy import Engine

from tests.kit.browser import Browser
from tests.kit.peers.openid_provider import Claims, OpenidProvider
from tests.kit.upstream import answer, parts, refused

# --- the ID token (C-22, C-24)


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"nonce": "another"}, "another nonce"),
        ({"aud": "another"}, "another audience"),
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"exp": 1_700_000_000}, "expired"),
        ({"iat": 1_700_000_000}, "issued long ago, or from the future"),
        ({"at_hash": "AAAA"}, "another access token"),
    ],
)
def test_a_claim_that_does_not_fit_lets_nobody_in(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, claims: Claims, why: str
) -> None:
    provider.behave.claims = claims
    assert refused(browser.get(answer(browser, provider)), engine) == why


def unsigned(provider: OpenidProvider, claims: Claims) -> str:
    return parts({"alg": "none", "kid": "key-RS256", "typ": "JWT"}, claims) + "."


def unsigned_with_a_signature(provider: OpenidProvider, claims: Claims) -> str:
    return parts({"alg": "none", "kid": "key-RS256", "typ": "JWT"}, claims) + ".AAAA"


def hmac_with_the_public_key(provider: OpenidProvider, claims: Claims) -> str:
    text = parts({"alg": "HS256", "kid": "key-RS256", "typ": "JWT"}, claims)
    secret = provider.keys["RS256"].as_pem(private=False)  # type: ignore[attr-defined]
    return f"{text}.{urlsafe_b64encode(hmac.digest(secret, text.encode(), 'sha256')).decode().rstrip('=')}"


def unknown_key(provider: OpenidProvider, claims: Claims) -> str:
    return provider.signed(claims, kid="never-published")


def foreign_key(provider: OpenidProvider, claims: Claims) -> str:
    return provider.signed(claims, key=OTHERS)


def own_key_in_the_header(provider: OpenidProvider, claims: Claims) -> str:
    key = jwk.ECKey.generate_key("P-256", private=True)
    header = {"alg": "ES256", "kid": "key-ES256", "jwk": key.as_dict(private=False)}
    return jws.serialize_compact(header, json.dumps(claims), key, algorithms=["ES256"])


def without_kid(provider: OpenidProvider, claims: Claims) -> str:
    return jws.serialize_compact({"alg": "RS256"}, json.dumps(claims), provider.keys["RS256"], algorithms=["RS256"])


def another_type(provider: OpenidProvider, claims: Claims) -> str:
    header = {"alg": "RS256", "kid": "key-RS256", "typ": "at+jwt"}
    return jws.serialize_compact(header, json.dumps(claims), provider.keys["RS256"], algorithms=["RS256"])


def no_token(provider: OpenidProvider, claims: Claims) -> str:
    return "not.a.token"


OTHERS = jwk.RSAKey.generate_key(2048, private=True)


@pytest.mark.parametrize(
    ("sign", "why"),
    [
        (unsigned, "not a compact signed token"),
        (unsigned_with_a_signature, "unknown key"),
        (hmac_with_the_public_key, "unknown key"),
        (unknown_key, "unknown key"),
        (foreign_key, "the signature does not fit"),
        (own_key_in_the_header, "a header member that is not allowed"),
        (without_kid, "names no key"),
        (another_type, "another kind of token"),
        (no_token, "not a compact signed token"),
    ],
)
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(
    browser: Browser,
    provider: OpenidProvider,
    engine: Engine,
    known: UUID,
    why: str,
    sign: Callable[[OpenidProvider, Claims], str],
) -> None:
    provider.behave.sign = sign
    assert refused(browser.get(answer(browser, provider)), engine) == why
