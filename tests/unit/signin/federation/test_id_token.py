"""An upstream's ID token is believed only when every check holds: OI-07, C-22, C-24, C-25, C-26, JW-04."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from joserfc import jwk, jws

from iam.signin.federation.id_token import Expected, kid_of, methods, verify
from iam.tokens.jose import BadToken

AT = datetime(2026, 9, 15, 9, 0, tzinfo=UTC)
NOW = int(AT.timestamp())
ISSUER, CLIENT, ACCESS = "https://id.kunta.example", "avain", "an access token"
KEY = jwk.ECKey.generate_key("P-256", {"kid": "one"}, private=True)
PUBLIC = {name: str(KEY.as_dict(private=False)[name]) for name in ("kty", "kid", "crv", "x", "y")}
EXPECTED = Expected(ISSUER, CLIENT, "a nonce", ACCESS)
RIGHT = {"iss": ISSUER, "sub": "s", "aud": CLIENT, "iat": NOW, "exp": NOW + 300, "nonce": "a nonce"}


def signed(claims: dict[str, Any], **header: Any) -> str:
    said = {name: value for name, value in (RIGHT | claims).items() if value is not None}
    head = {"alg": "ES256", "kid": "one", "typ": "JWT"} | header
    kept = {name: value for name, value in head.items() if value is not None}
    return jws.serialize_compact(kept, json.dumps(said), KEY, algorithms=["ES256"])


def read(claims: dict[str, Any], expected: Expected = EXPECTED, key: dict[str, str] = PUBLIC, **header: Any) -> Any:
    return verify(signed(claims, **header), [key], expected, AT)


def half_of(text: str) -> str:
    return urlsafe_b64encode(sha256(text.encode()).digest()[:16]).decode().rstrip("=")


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": [CLIENT]},
        {"aud": ["another", CLIENT], "azp": CLIENT},
        {"azp": CLIENT},
        {"at_hash": half_of(ACCESS)},
        {"exp": NOW - 20},
        {"iat": NOW + 20, "nbf": NOW + 20},
        {"iat": NOW - 300, "nbf": NOW - 300},
        {"iat": NOW + 0.5},
    ],
)
def test_a_token_that_is_right_is_read(claims: dict[str, Any]) -> None:
    assert read(claims)["sub"] == "s"


def test_a_token_without_a_type_is_read() -> None:
    assert read({}, typ=None)["sub"] == "s"


@pytest.mark.parametrize(
    "header", [{"x5t": "AAAA"}, {"x5t#S256": half_of("a certificate")}, {"x5t": "AAAA", "x5c": ["MIIB"]}]
)
def test_a_certificate_that_the_header_names_is_not_looked_at(header: dict[str, Any]) -> None:
    assert read({}, **header)["sub"] == "s"
    with pytest.raises(BadToken, match=r"^the signature does not fit$"):
        read({}, key=PUBLIC | {"x": PUBLIC["y"]}, **header)


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"iss": ISSUER + "/"}, "another issuer"),
        ({"iss": [ISSUER]}, "another issuer"),
        ({"iss": None}, "another issuer"),
        ({"iss": ISSUER[:-1]}, "another issuer"),
        ({"iss": ISSUER + ".evil.example"}, "another issuer"),
        ({"iss": "https://evil.example/" + ISSUER}, "another issuer"),
        ({"iss": ISSUER.upper()}, "another issuer"),
        ({"iss": []}, "another issuer"),
        ({"iss": ""}, "another issuer"),
        ({"sub": None}, "no subject"),
        ({"sub": ""}, "no subject"),
        ({"sub": 7}, "no subject"),
        ({"sub": "x" * 256}, "no subject"),
        ({"sub": "a\x00b"}, "no subject"),
        ({"aud": None}, "another audience"),
        ({"aud": "another"}, "another audience"),
        ({"aud": []}, "another audience"),
        ({"aud": {CLIENT: 1}}, "another audience"),
        ({"aud": ["another"], "azp": CLIENT}, "another audience"),
        ({"aud": [CLIENT, "another"]}, "another audience"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "another authorized party"),
        ({"azp": "another"}, "another authorized party"),
        ({"exp": None}, "expired"),
        ({"exp": NOW - 31}, "expired"),
        ({"exp": "2033"}, "a time that is none"),
        ({"exp": True}, "a time that is none"),
        ({"exp": 1e300}, "a time that is none"),
        ({"exp": 10**400}, "a time that is none"),
        ({"exp": -1}, "a time that is none"),
        ({"iat": None}, "issued long ago, or from the future"),
        ({"iat": NOW + 31}, "issued long ago, or from the future"),
        ({"iat": NOW - 631}, "issued long ago, or from the future"),
        ({"nbf": NOW + 31}, "from the future"),
        ({"nonce": None}, "another nonce"),
        ({"nonce": ""}, "another nonce"),
        ({"nonce": "another"}, "another nonce"),
        ({"nonce": ["a nonce"]}, "another nonce"),
        ({"nonce": None, "nonce_supported": False}, "another nonce"),
        ({"nonce": "another", "nonce_supported": "no"}, "another nonce"),
        ({"at_hash": half_of("another")}, "another access token"),
        ({"at_hash": ""}, "another access token"),
        ({"at_hash": 1}, "another access token"),
    ],
)
def test_a_claim_that_does_not_fit_is_refused(claims: dict[str, Any], why: str) -> None:
    with pytest.raises(BadToken, match=f"^{why}$"):
        read(claims)


def test_a_hash_of_an_access_token_that_did_not_come_is_refused() -> None:
    with pytest.raises(BadToken, match="another access token"):
        read({"at_hash": half_of(ACCESS)}, Expected(ISSUER, CLIENT, "a nonce", None))


@pytest.mark.parametrize("told", [None, NOW - 3600, "now"])
def test_a_fresh_sign_in_that_was_asked_for_must_be_told(told: Any) -> None:
    with pytest.raises(BadToken):
        read({"auth_time": told}, Expected(ISSUER, CLIENT, "a nonce", ACCESS, AT - timedelta(minutes=1)))
    assert read({"auth_time": NOW}, Expected(ISSUER, CLIENT, "a nonce", ACCESS, AT - timedelta(minutes=1)))


@pytest.mark.parametrize(
    ("key", "header", "why"),
    [
        (PUBLIC, {"typ": "at+jwt"}, "another kind of token"),
        (PUBLIC | {"alg": "ES384"}, {}, "unknown key"),
        (PUBLIC | {"kid": "two"}, {}, "unknown key"),
        (PUBLIC, {"kid": None}, "names no key"),
        (PUBLIC, {"crit": ["b64"], "b64": True}, "a header member that is not allowed"),
        (PUBLIC, {"jwk": PUBLIC}, "a header member that is not allowed"),
        (PUBLIC, {"jku": "https://evil.example/keys"}, "a header member that is not allowed"),
        (PUBLIC, {"x5u": "https://evil.example/key.pem", "x5t": "AAAA"}, "a header member that is not allowed"),
        (PUBLIC, {"x5t": "AAAA", "kid": None}, "names no key"),
        (PUBLIC | {"x": PUBLIC["y"]}, {}, "the signature does not fit"),
    ],
)
def test_a_header_or_key_that_does_not_fit_is_refused(key: dict[str, str], header: dict[str, Any], why: str) -> None:
    with pytest.raises(BadToken, match=f"^{why}$"):
        read({}, key=key, **header)


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "e30.e30.AAAA", "W10.e30.AAAA", "ä.b.c", "." * 9, "x" * 20_000])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(BadToken):
        kid_of(text)
    with pytest.raises(BadToken):
        verify(text, [PUBLIC], EXPECTED, AT)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (["mfa", "pwd"], ["pwd", "mfa"]),
        (["otp"], []),
        (["otp", "pin"], ["pin", "otp"]),
        (["user", "hwk", "fido"], ["hwk"]),
        ("pwd", []),
        (None, []),
        ([["pwd"], {"a": 1}], []),
    ],
)
def test_only_words_that_we_know_are_kept_and_a_lone_code_is_no_second_factor(told: Any, kept: list[str]) -> None:
    assert methods({"amr": told}) == kept
