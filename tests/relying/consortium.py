"""A small consortium as ``iam apply`` reads it, with a client for each way a relying party may be registered. All of it is invented."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from iam.tokens import jose

BACK = "https://sovellus.example/callback"
"""The redirect URI of the clients; nothing listens there, the tests hand what arrives to the relying party."""
BYE = "https://sovellus.example/bye"
SECRET = "sovelluksen-salaisuus-vain-testeille-42"
RESOURCE = "https://rajapinta.example"
AUDIENCE = "https://oppi.example"
PASSWORDS = {"anna": "kolme vanhaa mäntyä", "eero": "neljä nuorta koivua"}
KEYS = {name: jose.generate(name, f"client-{name}") for name in jose.ALGORITHMS}
"""Key pairs of the clients that sign."""
ASSERTING = {name: f"oppi-{name.lower()}" for name in KEYS}
"""Clients that authenticate by a signed assertion, by its algorithm."""
_SCOPE = "openid profile email phone roles groups offline_access"

CLIENTS: dict[str, dict[str, Any]] = {
    "oppi-basic": {"auth": "client_secret_basic", "secret": SECRET, "resources": [RESOURCE], "scope": f"{_SCOPE} oppi.read",
                   "grants": ["authorization_code", "refresh_token", "client_credentials"], "post_logout_redirect_uris": [BYE]},
    "oppi-post": {"auth": "client_secret_post", "secret": SECRET, "token_format": "opaque", "userinfo_alg": "PS256"},
    "oppi-public": {"auth": "none", "id_token_alg": "ES256", "grants": ["authorization_code", "refresh_token"], "scope": _SCOPE},
    "oppi-pushing": {"auth": "client_secret_basic", "secret": SECRET, "par_required": True},
    **{client_id: {"auth": "private_key_jwt", "jwks": {"keys": [jose.public_dict(KEYS[name])]}, "id_token_alg": name}
       for name, client_id in ASSERTING.items()},
}  # fmt: skip
"""The clients of the application ``oppi``."""


def declaration(**more: Mapping[str, Any]) -> str:
    """Return the YAML of the consortium; ``more`` are further clients of ``oppi``, by id with _ for -."""
    clients = CLIENTS | {name.replace("_", "-"): dict(client) for name, client in more.items()}
    usual = {"redirect_uris": [BACK]}
    return yaml.safe_dump(
        {
            "organisations": [
                {"key": "suvila", "kind": "municipality", "name": {"fi": "Suvilan kunta"}, "legal_entity": True},
                {"key": "koivu", "kind": "school", "parent": "suvila", "name": {"fi": "Koivun koulu"}},
            ],
            "applications": [
                _application("oppi", [usual | {"client_id": key} | client for key, client in clients.items()]),
                _application("kirjasto", [usual | {"client_id": "kirjasto"} | CLIENTS["oppi-public"]]),
                *(_application(key, [usual | {"client_id": key} | CLIENTS["oppi-public"]], subject="public") for key in ("tori", "halli")),
            ],
            "rules": [
                {
                    "rule": "opettaja-oppiin",
                    "owner": "suvila",
                    "bind": {"a": {"affiliation": {"kind": "employee", "organisation": {"under": "suvila"}}}},
                    "gives": {"role": "oppi:opettaja", "scope": "organisation of a"},
                }
            ],
            "persons": [_person(login) for login in PASSWORDS],
        },
        allow_unicode=True,
    )  # fmt: skip


def _application(key: str, clients: list[dict[str, Any]], subject: str = "pairwise") -> dict[str, Any]:
    name = {"fi": key.title()}
    role = {"key": "opettaja", "enforcement": "by token", "content": ["oppilaat:read"], "name": {"fi": "Opettaja"}}
    return {
        "key": key, "owner": "suvila", "name": name, "audience": f"https://{key}.example", "enabled": ["suvila"], "notice": "none",
        "entry": "everyone", "ask_capacity": True, "subject": subject, "roles": [role], "clients": clients,
    }  # fmt: skip


def _person(login: str) -> dict[str, Any]:
    employed = {"organisation": "koivu", "kind": "employee", "title": "Opettaja", "from": "2020-08-01"}
    return {
        "login": login, "given_names": login.title(), "family_name": "Esimerkki", "email": f"{login}@suvila.example",
        "password": PASSWORDS[login], "affiliations": [employed],
    }  # fmt: skip


def private_key(algorithm: str) -> dict[str, Any]:
    """Return the private key of the client that asserts with an algorithm, as a JWK."""
    found: dict[str, Any] = json.loads(jose.private_json(KEYS[algorithm]))
    return found


def write(folder: Path, text: str) -> Path:
    """Write a declaration into a folder; return its path."""
    file = folder / "consortium.yaml"
    file.write_text(text, encoding="utf-8")
    return file
