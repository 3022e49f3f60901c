"""Every member of a registration is stored, told again and kept by an update."""

from __future__ import annotations

from typing import Any

from tests.kit.registrar import KEYS, Registrar

ROWS: dict[str, tuple[Any, str, Any]] = {
    "redirect_uris": (
        ["https://a.example/cb?x=1", "http://127.0.0.1/cb"],
        "redirect_uris",
        ["https://a.example/cb?x=1", "http://127.0.0.1/cb"],
    ),
    "response_types": (["code"], "grants", ["authorization_code"]),
    "grant_types": (["refresh_token", "authorization_code"], "grants", ["authorization_code", "refresh_token"]),
    "token_endpoint_auth_method": ("client_secret_post", "auth", "client_secret_post"),
    "application_type": ("native", "metadata_", {"application_type": "native"}),
    "jwks": (KEYS, "jwks", KEYS),
    "jwks_uri": ("https://app.example/jwks", "jwks_uri", "https://app.example/jwks"),
    "subject_type": ("pairwise", "metadata_", {"subject_type": "pairwise"}),
    "id_token_signed_response_alg": ("PS256", "id_token_alg", "PS256"),
    "userinfo_signed_response_alg": ("ES256", "userinfo_alg", "ES256"),
    "request_object_signing_alg": ("ES256", "metadata_", {"request_object_signing_alg": "ES256"}),
    "require_signed_request_object": (True, "metadata_", {"require_signed_request_object": True}),
    "token_endpoint_auth_signing_alg": ("ES256", "metadata_", {"token_endpoint_auth_signing_alg": "ES256"}),
    "default_max_age": (3600, "default_max_age", 3600),
    "require_auth_time": (True, "metadata_", {"require_auth_time": True}),
    "default_acr_values": (
        ["urn:avain:acr:two-factor"],
        "metadata_",
        {"default_acr_values": ["urn:avain:acr:two-factor"]},
    ),
    "initiate_login_uri": (
        "https://app.example/start",
        "metadata_",
        {"initiate_login_uri": "https://app.example/start"},
    ),
    "contacts": (["help@app.example"], "metadata_", {"contacts": ["help@app.example"]}),
    "client_name": ("Sovellus ä", "metadata_", {"client_name": "Sovellus ä"}),
    "client_name#sv-FI": ("Tillämpning", "metadata_", {"client_name#sv-FI": "Tillämpning"}),
    "logo_uri": ("https://app.example/logo.png", "metadata_", {"logo_uri": "https://app.example/logo.png"}),
    "client_uri": ("https://app.example", "metadata_", {"client_uri": "https://app.example"}),
    "policy_uri#fi": ("https://app.example/p", "metadata_", {"policy_uri#fi": "https://app.example/p"}),
    "tos_uri": ("https://app.example/tos", "metadata_", {"tos_uri": "https://app.example/tos"}),
    "software_id": ("4NRB1-0XZABZI9E6-5SM3R", "metadata_", {"software_id": "4NRB1-0XZABZI9E6-5SM3R"}),
    "software_version": ("2.1", "metadata_", {"software_version": "2.1"}),
    "post_logout_redirect_uris": (
        ["https://app.example/bye"],
        "post_logout_redirect_uris",
        ["https://app.example/bye"],
    ),
    "backchannel_logout_uri": ("https://app.example/out", "backchannel_logout_uri", "https://app.example/out"),
    "backchannel_logout_session_required": (True, "metadata_", {"backchannel_logout_session_required": True}),
    "frontchannel_logout_uri": ("https://app.example/front", "frontchannel_logout_uri", "https://app.example/front"),
    "frontchannel_logout_session_required": (True, "metadata_", {"frontchannel_logout_session_required": True}),
    "require_pushed_authorization_requests": (True, "par_required", True),
    "scope": ("openid email", "scope", "openid email"),
}
"""Each member of a registration with a value, the column it must reach, and what must stand there."""


def test_every_member_is_stored_told_again_and_kept_by_an_update(registrar: Registrar) -> None:
    for name, (value, column, stored) in ROWS.items():
        client = registrar.made(**{name: value})
        same = sorted if name == "grant_types" else (lambda found: found)
        assert same(client[name]) == same(value), name
        found = getattr(registrar.row(client), column)
        assert (found | stored if isinstance(stored, dict) and column == "metadata_" else found) == (
            {"application_type": "web"} | stored if column == "metadata_" else stored
        ), name
        shown = registrar.manage("GET", client).get_json()
        assert shown[name] == client[name], name
        ours = (
            "client_id_issued_at",
            "client_secret_expires_at",
            "registration_access_token",
            "registration_client_uri",
        )
        again = registrar.manage("PUT", client, {one: said for one, said in client.items() if one not in ours})
        assert again.status_code == 200, (name, again.text)
        assert again.get_json()[name] == client[name], name


def test_no_client_says_itself_what_it_may_be_told_for(registrar: Registrar) -> None:
    client = registrar.made(**{"purpose": "Kaikki", "legal_basis": "Laki", "purpose#sv": "Allt"})
    assert registrar.row(client).metadata_ == {"application_type": "web"}
