"""Registers clients over HTTP and looks after them, as applications do."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam.access.model.role import Application as ApplicationRow
from iam.change import SYSTEM
from iam.oidc.clients import initial_tokens as registration_terms
from iam.oidc.model import Client
from iam.tokens import jose
from tests.kit.worlds.oidc import ISSUER, JWT_KEY, World

BACK = "https://app.example/cb"

KEYS = {"keys": [jose.public_dict(JWT_KEY)]}


class Registrar:
    """A program that registers clients, with an initial access token for the application wilma."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.http = world.app.test_client(use_cookies=False)
        self.token = allow(world)

    def post(self, document: Any, token: str | None = None) -> TestResponse:
        """Register."""
        return self.send("POST", "/oauth2/register", document, token or self.token)

    def send(self, method: str, path: str, document: Any = None, token: str | None = None) -> TestResponse:
        """Ask for anything; a document that is bytes goes as it is."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = document if isinstance(document, bytes | None) else json.dumps(document).encode()
        return self.http.open(
            path, base_url=ISSUER, method=method, data=body, content_type="application/json", headers=headers
        )

    def made(self, **members: Any) -> dict[str, Any]:
        """Register a client that must be accepted; return the answer."""
        response = self.post({"redirect_uris": [BACK]} | members)
        assert response.status_code == 201, response.text
        found: dict[str, Any] = response.get_json()
        return found

    def manage(self, method: str, client: dict[str, Any], document: Any = None) -> TestResponse:
        """Ask at the client's own address with its own token."""
        path = urlsplit(client["registration_client_uri"]).path
        return self.send(method, path, document, client["registration_access_token"])

    def row(self, client: dict[str, Any]) -> Client:
        """Return the client as stored."""
        with Session(self.world.engine) as session:
            return session.scalars(select(Client).where(Client.client_id == client["client_id"])).one()


def allow(world: World, application: str = "wilma", uses: int = 100, *, pkce_optional: bool = False) -> str:
    with Session(world.engine, expire_on_commit=False) as session, session.begin():
        row = session.get_one(ApplicationRow, world.ids[application])
        return registration_terms.allow(session, row, SYSTEM, uses=uses, days=7, pkce_optional=pkce_optional)


def refused(response: TestResponse, error: str = "invalid_client_metadata") -> str:
    assert (response.status_code, response.get_json()["error"]) == (400, error), response.text
    description: str = response.get_json()["error_description"]
    assert description.isascii()
    return description
