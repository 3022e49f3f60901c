"""What is wrong in a registration, or not supported, is refused and leaves nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.oidc.model import InitialAccessToken
from tests.kit.registrar import BACK, KEYS, Registrar
from tests.kit.worlds.oidc import World

_WRONG: dict[str, tuple[Any, ...]] = {
    "response_types": (["token"], ["code", "id_token"], ["code token"], ["none"], "code", [1], []),
    "grant_types": (
        ["implicit"],
        ["password"],
        ["refresh_token"],
        [],
        "authorization_code",
        [{}],
        ["urn:ietf:params:oauth:grant-type:device_code"],
        ["authorization_code", "client_credentials", "x"],
    ),
    "token_endpoint_auth_method": ("client_secret_jwt", "tls_client_auth", "", 1, ["none"], "private_key_jwt"),
    "application_type": ("browser", "", 1, ["web"], {}),
    "jwks": (
        {},
        {"keys": []},
        {"keys": "x"},
        {"keys": [1]},
        [],
        "x",
        {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]},
        {"keys": [KEYS["keys"][0] | {"d": "AA"}]},
        {"keys": [KEYS["keys"][0] | {"x": "AAAA"}]},
        {"keys": KEYS["keys"] * 21},
        {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]},
        {"keys": [KEYS["keys"][0] | {"kid": {"a": 1}}]},
        {"keys": [{"kty": "RSA", "n": "_" * 1400, "e": "AQAB"}]},
        {"keys": [KEYS["keys"][0] | {"kid": "\x00"}]},
    ),
    "jwks_uri": (
        "http://a.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://10.0.0.1/",
        "https://2130706433/",
        "https://u:p@a.example/",
        "ftp://a.example/",
        "file:///etc/passwd",
        "x",
        "",
        1,
        ["https://a.example/"],
        "https://a.example/\r\nX: y",
        "https://a.example/#x",
        "http://localhost:8080/oauth2/jwks",
        "\ud800",
    ),
    "sector_identifier_uri": ("http://a.example/", "https://127.0.0.1/", "https://localhost/", 1, {}),
    "subject_type": ("public", "x", 1, []),
    "id_token_signed_response_alg": ("none", "HS256", "RS512", "", 1, ["RS256"]),
    "userinfo_signed_response_alg": ("none", "HS256", "", 1),
    "request_object_signing_alg": ("none", "HS256", "", 1, {}),
    "default_max_age": (-1, "3600", 1.5, True, 10**30, [1]),
    "require_auth_time": ("true", 1, []),
    "default_acr_values": (["urn:mace:incommon:iap:silver"], "urn:avain:acr:password", [1]),
    "initiate_login_uri": ("http://a.example/", "javascript:alert(1)", 1),
    "contacts": ("a@b.example", [1], ["a"] * 21, ["a\x00"], ["\ud800"], [""]),
    "client_name": ("", 1, ["x"], "a\nb", "x" * 401, "\x00", "\ud800"),
    "client_name#fi": (1,),
    "client_name#fi-FI": ("\x00",),
    "logo_uri": ("http://127.0.0.1/", "javascript:alert(1)", "data:image/png,x", 1, "https://u@a.example/"),
    "client_uri": ("javascript:alert(1)",),
    "policy_uri": ("x",),
    "tos_uri": (1,),
    "backchannel_logout_uri": ("http://a.example/", "https://127.0.0.1:1/", "https://a.example/#x", 1),
    "backchannel_logout_session_required": ("yes",),
    "frontchannel_logout_uri": ("https://other.example/", "https://app.example:8443/", "http://app.example/", 1),
    "frontchannel_logout_session_required": (0,),
    "require_pushed_authorization_requests": ("true", 1),
    "scope": ("openid admin", "profile", 1, ["openid"], "openid wilma.write", "openid\x00"),
    "software_statement": ("a.b.c",),
    "id_token_encrypted_response_alg": ("RSA-OAEP",),
    "userinfo_encrypted_response_enc": ("A128GCM",),
    "request_object_encryption_alg": ("RSA-OAEP",),
    "tls_client_certificate_bound_access_tokens": (True,),
    "dpop_bound_access_tokens": (True,),
}

BAD: list[tuple[dict[str, Any], str]] = [
    *(
        ({"redirect_uris": uris}, "invalid_redirect_uri")
        for uris in (
            [],
            "https://a.example",
            [1],
            [None],
            [["https://a.example/"]],
            ["https://a.example/#x"],
            ["http://a.example/"],
            ["app:/cb"],
            ["com.example.app:/cb"],
            ["javascript:alert(1)"],
            ["https://*.example/"],
            ["/cb"],
            [""],
            ["https://"],
            ["https://u@a.example/"],
            ["https://a.example/\n"],
            ["https://a.example/ä"],
            ["https://a.example/ "],
            ["https://a.example\\@b/"],
            ["https://a.example:x/"],
            ["https://a.example/" + "a" * 2048],
            ["https://a.example/\x00"],
            ["\ud800"],
            ["https://a.example/cb"] * 2 + ["data:,x"],
            [f"https://a.example/{n}" for n in range(101)],
        )
    ),
    ({"post_logout_redirect_uris": ["http://a.example/"]}, "invalid_redirect_uri"),
    *(({name: value}, "invalid_client_metadata") for name, values in _WRONG.items() for value in values),
    ({"jwks": KEYS, "jwks_uri": "https://app.example/jwks"}, "invalid_client_metadata"),
    (
        {"token_endpoint_auth_method": "none", "grant_types": ["client_credentials"], "redirect_uris": []},
        "invalid_client_metadata",
    ),
    ({"grant_types": ["client_credentials"], "response_types": ["code"]}, "invalid_client_metadata"),
]


def test_what_is_wrong_or_not_supported_is_refused_and_leaves_nothing(world: World, registrar: Registrar) -> None:
    for members, error in BAD:
        response = registrar.post({"redirect_uris": [BACK]} | members)
        assert (response.status_code, response.get_json()["error"]) == (400, error), (members, response.text)
    assert world.events("oidc:client:registered") == []
    with Session(world.engine) as session:
        assert session.scalars(select(InitialAccessToken.uses)).all() == [100]
