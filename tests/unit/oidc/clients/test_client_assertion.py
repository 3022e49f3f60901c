"""TK-07: a client's signed assertion is for the issuer alone, short-lived, and works once."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from iam.oidc.clients.assertions import Assertion, first_use, tidy, verify
from iam.tokens import foreign, jose
from tests.kit.made import ISSUER, NOW

EC, OTHER = jose.generate("ES256", "k1"), jose.generate("ES256", "k2")
PUBLIC = [jose.public_dict(EC)]
STAMP = int(NOW.timestamp())


def assertion(key: jose.Key = EC, typ: str = "JWT", **changes: Any) -> str:
    """A good assertion, or one with ``changes``; a change to None leaves the claim out."""
    claims = {"iss": "wilma", "sub": "wilma", "aud": ISSUER, "jti": "j1", "iat": STAMP, "exp": STAMP + 60} | changes
    return jose.sign(key, typ, {name: value for name, value in claims.items() if value is not None})


def check(token: str, keys: Any = PUBLIC) -> Assertion:
    return verify(token, keys, "wilma", [ISSUER], NOW)


@pytest.mark.parametrize("typ", ["JWT", "client-authentication+jwt"])
def test_a_good_assertion_is_accepted(typ: str) -> None:
    assert check(assertion(typ=typ)).jti == "j1"
    assert foreign.subject(assertion()) == "wilma"


@pytest.mark.parametrize(
    "audience",
    [
        f"{ISSUER}/oauth2/token",
        f"{ISSUER}/oauth2/par",
        [ISSUER],
        [ISSUER, "https://other.example"],
        [],
        f"{ISSUER}/",
        None,
        "",
        True,
    ],
)
def test_the_audience_is_the_issuer_as_a_single_value(audience: Any) -> None:
    with pytest.raises(jose.BadToken):
        check(assertion(aud=audience))


@pytest.mark.parametrize(
    "changes", [{"iat": STAMP + 8, "nbf": STAMP + 8}, {"exp": STAMP + 300}, {"iat": None}, {"exp": STAMP - 5}]
)
def test_a_clock_may_be_a_little_off(changes: dict[str, Any]) -> None:
    assert check(assertion(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"iat": STAMP + 61},
        {"nbf": STAMP + 61},
        {"exp": STAMP + 400},
        {"exp": STAMP - 60},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": -1},
        {"exp": 10**30},
        {"exp": [STAMP]},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 300},
        {"iss": "other"},
        {"sub": "other"},
        {"sub": None},
        {"iss": None},
    ],
)
def test_what_is_stale_foreign_or_malformed_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(jose.BadToken):
        check(assertion(**changes))


def test_infinite_times_are_refused() -> None:
    header, _, _ = assertion().split(".")
    payload = (
        urlsafe_b64encode(b'{"iss":"wilma","sub":"wilma","aud":"https://id.example","jti":"j","exp":1e400}')
        .decode()
        .rstrip("=")
    )
    with pytest.raises(jose.BadToken):
        check(f"{header}.{payload}.{'A' * 86}")
    with pytest.raises(jose.BadToken):
        foreign.instant({"exp": float("inf")}, "exp")


def test_another_key_or_kind_of_token_is_refused() -> None:
    for token in (assertion(OTHER), assertion(typ="at+jwt"), assertion(typ="logout+jwt")):
        with pytest.raises(jose.BadToken):
            check(token)


def test_a_key_without_algorithm_or_id_works_only_when_it_is_the_only_one() -> None:
    bare = {name: value for name, value in PUBLIC[0].items() if name not in ("alg", "kid")}
    unnamed = jose.load({**EC.as_dict(private=True), "kid": None} | {"kid": "k1"})
    assert check(assertion(unnamed), [{**bare, "kid": "k1"}])
    assert foreign._candidates([bare], {"alg": "ES256"})[0]["alg"] == "ES256"
    assert foreign._candidates([bare, {**bare, "x": "y"}], {"alg": "ES256"}) == []


def test_symmetric_and_private_keys_are_never_used() -> None:
    assert foreign._candidates([EC.as_dict(private=True)], {"alg": "ES256", "kid": "k1"}) == []
    mac = {"kty": "oct", "k": "c2VjcmV0", "kid": "k1", "alg": "HS256"}
    header = urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "k1", "typ": "JWT"}).encode()).decode().rstrip("=")
    with pytest.raises(jose.BadToken):
        check(f"{header}.{assertion().split('.')[1]}.{'A' * 43}", [mac])


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "a.b.c.d", "é.é.é", "x" * 20000, "W10.W10.W10"])
def test_garbage_is_refused(token: str) -> None:
    with pytest.raises(jose.BadToken):
        check(token)


def test_an_assertion_works_once_a_client(session: Session, at: Callable[[datetime], None]) -> None:
    good = check(assertion())
    assert first_use(session, "wilma", good)
    assert not first_use(session, "wilma", good)
    assert first_use(session, "another", good)
    at(NOW)
    tidy(session)
    assert not first_use(session, "wilma", good)
    at(NOW + timedelta(hours=1))
    tidy(session)
    assert first_use(session, "wilma", good)
