"""What an upstream provider says of itself: which of its keys are taken, and how often it is asked; JW-03, JW-04."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwk

from iam.settings import Egress
from iam.signin.federation import upstream_metadata
from iam.signin.federation.upstream_metadata import Down, is_down, keys
from tests.kit.peers.hostile_http import HostileHttp, answer, answer_json


def public(key: jwk.Key, **more: Any) -> dict[str, Any]:
    return dict(key.as_dict(private=False)) | more


GOOD = public(jwk.ECKey.generate_key("P-256"), kid="good")
ROOMY = public(jwk.RSAKey.generate_key(2048), kid="roomy")
SHORT = rsa.generate_private_key(65537, 1024).public_key().public_numbers()


@pytest.fixture
def server() -> Iterator[HostileHttp]:
    with HostileHttp(answer_json({"keys": [GOOD]})) as started:
        yield started


def asked(server: HostileHttp, kid: str = "good") -> list[str]:
    found = keys(server.url("/tenant"), server.url("/keys"), kid, Egress(hosts=[server.place]))
    return [key["kid"] for key in found]


def number(value: int) -> str:
    return urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).decode().rstrip("=")


@pytest.mark.parametrize(
    "other",
    [
        {"kty": "RSA", "kid": "short", "n": number(SHORT.n), "e": "AQAB"},
        {"kty": "RSA", "kid": "huge", "n": "-" * 2000, "e": "AQAB"},
        {"kty": "RSA", "kid": "no number", "n": "ä", "e": "AQAB"},
        {"kty": "oct", "kid": "secret", "k": "AAAA"},
        {"kty": "OKP", "crv": "Ed25519", "kid": "other curve", "x": "AAAA"},
        public(jwk.ECKey.generate_key("P-384"), kid="P-384"),
        public(jwk.ECKey.generate_key("P-256")) | {"kid": None},
        GOOD | {"kid": "for encrypting", "use": "enc"},
        GOOD | {"kid": 7},
        "no key",
        None,
    ],
)
def test_a_key_that_cannot_be_used_is_left_out(server: HostileHttp, other: Any) -> None:
    server.behave = answer_json({"keys": [other, GOOD, ROOMY]})
    assert asked(server) == ["good", "roomy"]


def test_only_the_known_members_of_a_key_are_kept(server: HostileHttp) -> None:
    public_ = public(jwk.ECKey.generate_key("P-256"), kid="good")
    server.behave = answer_json({"keys": [public_ | {"x5c": ["AAAA"]}]})
    (kept,) = keys(server.url("/tenant"), server.url("/keys"), "good", Egress(hosts=[server.place]))
    assert kept.keys() == {"kty", "kid", "crv", "x", "y"}


def test_a_key_whose_private_half_was_published_is_left_out(server: HostileHttp) -> None:
    private = jwk.ECKey.generate_key("P-256").as_dict(private=True)
    server.behave = answer_json({"keys": [dict(private) | {"kid": "leaked"}, GOOD]})
    assert [
        key["kid"] for key in keys(server.url("/tenant"), server.url("/keys"), "good", Egress(hosts=[server.place]))
    ] == ["good"]


@pytest.mark.parametrize("said", [answer("no JSON"), answer_json([]), answer_json({"keys": {}}), answer("", 404)])
def test_what_is_no_key_set_is_refused(server: HostileHttp, said: Any) -> None:
    server.behave = said
    with pytest.raises(Down):
        asked(server)


def test_keys_are_asked_for_once_however_many_unknown_ones_are_named(server: HostileHttp) -> None:
    for kid in ("good", "one", "two", "three"):
        assert asked(server, kid) == ["good"]
    assert server.connections == 1


def test_a_key_that_is_new_is_found_after_the_pause(server: HostileHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(server)
    server.behave = answer_json({"keys": [GOOD, ROOMY]})
    monkeypatch.setattr(upstream_metadata, "PAUSE", 0.0)
    assert asked(server, "good") == ["good"]
    assert asked(server, "roomy") == ["good", "roomy"]


def test_a_provider_that_failed_is_down_for_a_while_and_then_asked_again(
    server: HostileHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.behave = answer("", 500)
    for _ in range(3):
        with pytest.raises(Down):
            asked(server)
    assert server.connections == 1
    assert is_down(server.url("/tenant"))
    server.behave = answer_json({"keys": [GOOD]})
    monkeypatch.setattr(upstream_metadata, "DOWN", 0.0)
    assert asked(server) == ["good"]
    assert not is_down(server.url("/tenant"))
