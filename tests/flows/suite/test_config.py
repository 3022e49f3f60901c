"""The plan Config OP (oidcc-config-certification-test-plan)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from iam.app import create_app
from iam.change import SYSTEM
from iam.settings import Settings
from iam.tokens import jose, keys
from iam.web import extension

HTTPS = "https://avain.example"
SIGNING = {"RS256", "PS256", "ES256"}
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k"}


@pytest.fixture(scope="module")
def http(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A provider whose issuer is https, as the plan demands."""
    folder = tmp_path_factory.mktemp("config")
    database = shutil.copy(sqlite_template, folder / "avain.db")
    settings = Settings(
        issuer=HTTPS,
        database={"url": f"sqlite:///{database}"},
        vault={"key_file": folder / "vault.key"},
        state_dir=folder,
    )
    app = create_app(settings)
    engine = extension.engine_of(app)
    with Session(engine) as session, session.begin():
        keys.ensure(session, extension.parts_of(app).vault, SYSTEM)
    yield app.test_client()
    engine.dispose()


def test_discovery_endpoint_verification(http: FlaskClient) -> None:
    """oidcc-discovery-endpoint-verification"""
    response = http.get("/.well-known/openid-configuration", base_url=HTTPS)
    assert (response.status_code, response.mimetype) == (200, "application/json")
    said: dict[str, Any] = response.get_json()
    assert said["issuer"] == HTTPS
    for name in ("response_types_supported", "grant_types_supported", "scopes_supported", "claims_supported"):
        assert isinstance(said[name], list), name
        assert said[name], name
    assert "code" in said["response_types_supported"]
    assert "authorization_code" in said["grant_types_supported"]
    assert "openid" in said["scopes_supported"]
    assert set(said["subject_types_supported"]) <= {"pairwise", "public"}
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["claims_parameter_supported"] is True
    assert said["request_parameter_supported"] is True
    assert said["request_uri_parameter_supported"] is False
    assert all(tag == tag.lower() and tag.isalpha() for tag in said["ui_locales_supported"])


def test_every_endpoint_is_https_and_every_algorithm_list_names_rs256_and_never_none(http: FlaskClient) -> None:
    """oidcc-discovery-endpoint-verification: the endpoints and algorithms."""
    said: dict[str, Any] = http.get("/.well-known/openid-configuration", base_url=HTTPS).get_json()
    named = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "registration_endpoint", "jwks_uri")
    addresses = {name: said[name] for name in said if name.endswith("_endpoint") or name in named}
    assert addresses.keys() >= set(named)
    assert {urlsplit(address)[:2] for address in addresses.values()} == {("https", "avain.example")}
    lists = [value for name, value in said.items() if name.endswith("signing_alg_values_supported")]
    assert len(lists) >= 3
    assert {frozenset(one) for one in lists} == {frozenset(SIGNING)}


def test_the_published_keys_are_whole_public_and_told_apart(http: FlaskClient) -> None:
    """oidcc-discovery-endpoint-verification: the keys."""
    said: dict[str, Any] = http.get("/.well-known/openid-configuration", base_url=HTTPS).get_json()
    published = http.get(urlsplit(said["jwks_uri"]).path, base_url=HTTPS).get_json()["keys"]
    assert {key["alg"] for key in published} == SIGNING
    assert len({key["kid"] for key in published}) == len(published)
    assert all(key["use"] == "sig" and not PRIVATE & key.keys() for key in published)
    assert all(jose.load(key).kid == key["kid"] for key in published)
