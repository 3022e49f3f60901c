"""A small consortium as ``iam apply`` reads it, with a client for each way a relying party may be registered. All of it
is invented."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from joserfc import jwk

from iam.apply.run import run_apply
from iam.change import SYSTEM
from iam.database.engine import make_engine, make_sessions
from iam.tokens import jose
from iam.vault import Vault

BACK = "https://sovellus.example/callback"
"""The redirect URI of the clients; nothing listens there, the tests hand what arrives to the relying party."""
BYE = "https://sovellus.example/bye"
SECRET = "sovelluksen-salaisuus-vain-testeille-42"
RESOURCE = "https://rajapinta.example"
AUDIENCE = "https://oppi.example"
PASSWORDS = {"anna": "kolme vanhaa mäntyä", "eero": "neljä nuorta koivua"}
ASSERTING = {name: f"oppi-{name.lower()}" for name in jose.ALGORITHMS}
"""Clients that authenticate by a signed assertion, by its algorithm."""
_SCOPE = "openid profile email phone roles groups offline_access"

CLIENTS: dict[str, dict[str, Any]] = {
    "oppi-basic": {
        "auth": "client_secret_basic",
        "secret": SECRET,
        "resources": [RESOURCE],
        "scope": f"{_SCOPE} oppi.read",
        "grants": ["authorization_code", "refresh_token", "client_credentials"],
        "post_logout_redirect_uris": [BYE],
    },
    "oppi-post": {"auth": "client_secret_post", "secret": SECRET, "token_format": "opaque", "userinfo_alg": "ES256"},
    "oppi-public": {
        "auth": "none",
        "id_token_alg": "ES256",
        "grants": ["authorization_code", "refresh_token"],
        "scope": _SCOPE,
    },
    "oppi-pushing": {"auth": "client_secret_basic", "secret": SECRET, "par_required": True},
}
"""The clients of the application ``oppi`` that do not sign."""


@cache
def key_of(algorithm: str) -> jwk.Key:
    """Return the key pair of the client that asserts itself with an algorithm."""
    fields = {"kid": f"client-{algorithm}", "alg": algorithm, "use": "sig"}
    if algorithm == "ES256":
        return jwk.ECKey.generate_key("P-256", fields, private=True)
    return jwk.RSAKey.generate_key(2048, fields, private=True)


def declaration(**more: Mapping[str, Any]) -> str:
    """Return the YAML of the consortium; ``more`` are further clients of ``oppi``, by id with _ for -."""
    clients = CLIENTS | {client_id: _asserting(name) for name, client_id in ASSERTING.items()}
    clients |= {name.replace("_", "-"): dict(client) for name, client in more.items()}
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
                *(
                    _application(key, [usual | {"client_id": key} | CLIENTS["oppi-public"]], subject="public")
                    for key in ("tori", "halli")
                ),
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
    )


def _application(key: str, clients: list[dict[str, Any]], subject: str = "pairwise") -> dict[str, Any]:
    name = {"fi": key.title()}
    role = {"key": "opettaja", "enforcement": "by token", "content": ["oppilaat:read"], "name": {"fi": "Opettaja"}}
    return {
        "key": key,
        "owner": "suvila",
        "name": name,
        "audience": f"https://{key}.example",
        "enabled": ["suvila"],
        "notice": "none",
        "entry": "everyone",
        "ask_capacity": True,
        "subject": subject,
        "roles": [role],
        "clients": clients,
    }


def _asserting(algorithm: str) -> dict[str, Any]:
    keys = {"keys": [jose.public_dict(key_of(algorithm))]}
    return {"auth": "private_key_jwt", "jwks": keys, "id_token_alg": algorithm}


def _person(login: str) -> dict[str, Any]:
    employed = {"organisation": "koivu", "kind": "employee", "title": "Opettaja", "from": "2020-08-01"}
    return {
        "login": login,
        "given_names": login.title(),
        "family_name": "Esimerkki",
        "email": f"{login}@suvila.example",
        "password": PASSWORDS[login],
        "affiliations": [employed],
    }


def private_key(algorithm: str) -> dict[str, Any]:
    """Return the private key of the client that asserts with an algorithm, as a JWK."""
    found: dict[str, Any] = json.loads(jose.private_json(key_of(algorithm)))
    return found


def apply(database_url: str, state: Path, text: str) -> None:
    """Do what ``iam apply`` does, in this process; nothing may be wrong with the declaration. ``state`` holds the
    vault's key file."""
    file = state / "consortium.yaml"
    file.write_text(text, encoding="utf-8")
    engine = make_engine(database_url)
    with make_sessions(engine).begin() as session:
        report = run_apply(session, [file], {}, SYSTEM, Vault.open(state / "vault.key"))
    engine.dispose()
    assert [str(problem) for problem in report.problems] == []
