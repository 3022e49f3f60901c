"""A small consortium for the provider's tests: two schools, Anna with a capacity in each, and the applications she
uses.

Everything is fictional. ``Browser`` is a person's browser at the provider, ``Application`` an application's server
talking to it.
"""

from __future__ import annotations

import re
import shutil
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from iam import clock
from iam.access.model.assignment import AdminGrant, Assignment
from iam.database.types import uuid7
from iam.directory.affiliation import Affiliation, Group, Membership, Relationship
from iam.directory.person import Hold, Person, PersonProfile
from iam.oidc.clients import write as registration
from iam.signin.accounts.account import Account
from iam.signin.factors import levels
from iam.tokens import jose
from tests.kit.factories import consortium

ISSUER, CHANGE = consortium.ISSUER, consortium.CHANGE
SECRET = "avk_" + "s" * 43
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
JWT_KEY = jose.generate("ES256", "client-1")
PASSWORD = "kolme vanhaa mäntyä"

CLIENTS: dict[str, dict[str, Any]] = {
    "wilma": {
        "scope": "openid profile email phone roles groups offline_access wilma.read",
        "grants": ["authorization_code", "refresh_token", "client_credentials"],
        "post_logout_redirect_uris": ["https://wilma.example/bye?x=1"],
    },
    "wilma-app": {
        "auth": "none",
        "redirect_uris": ["http://127.0.0.1/cb"],
        "grants": ["authorization_code", "refresh_token"],
        "scope": "openid roles offline_access",
        "id_token_alg": "ES256",
    },
    "wilma-old": {"pkce": "optional", "auth": "client_secret_post"},
    "wilma-key": {
        "auth": "private_key_jwt",
        "jwks": {"keys": [jose.public_dict(JWT_KEY)]},
        "grants": ["client_credentials"],
        "scope": "wilma.read",
        "id_token_alg": "ES256",
    },
    "verso": {
        "application": "verso",
        "redirect_uris": ["https://verso.example/cb"],
        "sector": "verso.example",
        "mapper": {"roles": {"name": "groups", "format": "code"}},
    },
}
"""Clients by id, with what differs from a confidential web client of the application wilma."""


class World(consortium.World):
    """The provider under test, and the ids of what is in it."""

    __slots__ = ()

    def change(self, model: Any, condition: Any, **values: Any) -> None:
        """Change the rows of ``model`` that fit."""
        with self.transaction() as session:
            for row in session.scalars(select(model).where(condition)):
                for name, value in values.items():
                    setattr(row, name, value)
            registration.changed(session)


NOON = datetime(2026, 9, 15, 9, 0, tzinfo=UTC)


@contextmanager
def of_a_file(template: Path, folder: Path) -> Iterator[World]:
    """The world that all tests of a file share, on SQLite, at ``NOON``; a client that a test changes is read afresh at
    once."""
    copy = shutil.copy(template, folder / "avain.db")
    with clock.fixed(NOON), pytest.MonkeyPatch.context() as patch:
        patch.setattr("iam.oidc.clients.registered.SECONDS", -1.0)
        made = build(f"sqlite:///{copy}", folder)
        yield made
        made.engine.dispose()


def build(database_url: str, folder: Path, **settings: Any) -> World:
    """Return the world at the clock's present, over a migrated database."""
    world = World.filled(_fill, database_url, folder, **settings)
    world.app.testing = False
    return world


def _fill(world: World) -> None:
    for key, parent in (("KUNTA", None), ("KOIVU", "KUNTA"), ("RANTA", "KUNTA"), ("OPISTO", None)):
        consortium.organisation(world, key, "school", parent, name=key)
    _applications(world)
    _anna(world)


def _applications(world: World) -> None:
    consortium.application(world, "wilma", "KUNTA", notice="none")
    consortium.application(world, "verso", "KUNTA", notice="none", ask_capacity=False, entry="everyone")
    for key, enforcement in (("opettaja", "by token"), ("neuvoja", "at use")):
        consortium.role(world, "wilma", key, name={"fi": key}, enforcement=enforcement)
    for client_id, changes in CLIENTS.items():
        values = {
            "redirect_uris": ["https://wilma.example/cb"],
            "scope": "openid roles",
            "sector": "wilma.example",
        } | changes
        has_secret = values.get("auth", "client_secret_basic").startswith("client_secret")
        consortium.client(
            world, values.pop("application", "wilma"), client_id, secret=SECRET if has_secret else None, **values
        )


def person(world: World, name: str, **profile: Any) -> UUID:
    """Add a person with a login."""
    row = Person(sort_name=name)
    world.write(row)
    world.write(
        Account(person_id=row.id, login=name, language="fi"),
        PersonProfile(
            person_id=row.id,
            given_names=name.title(),
            family_name="Virtanen",
            email=f"{name}@example.fi",
            **profile,
            **world.lasting(),
        ),
    )
    world.ids[name] = row.id
    return row.id


def _anna(world: World) -> None:
    anna = person(world, "anna", phone="+358401234567")
    employ(world, anna, "KOIVU", "Luokanopettaja", is_primary=True)
    give(world, anna, "opettaja", "KOIVU")
    employ(world, anna, "RANTA", "Rehtori")
    give(world, anna, "opettaja", "RANTA")
    give(world, anna, "neuvoja", "RANTA")
    group = Group(organisation_id=world.ids["KOIVU"], key="4B", name="4B")
    world.write(group)
    world.write(Membership(group_id=group.id, person_id=anna, **world.lasting()))


def employ(world: World, person_id: UUID, organisation: str, title: str, **changes: Any) -> UUID:
    """Give a person a capacity, known in ``ids`` as the organisation's key with "capacity" before it; return its id."""
    row = Affiliation(
        person_id=person_id,
        organisation_id=world.ids[organisation],
        kind="employee",
        title=title,
        **{**world.lasting(), **changes},
    )
    world.write(row)
    world.ids[f"capacity {organisation}"] = row.fact_id
    return row.fact_id


def give(
    world: World, person_id: UUID, role: str, organisation: str, capacity: UUID | None = None, **changes: Any
) -> None:
    """Give a person a role in an organisation, by the capacity there or another."""
    world.write(
        Assignment(
            person_id=person_id,
            capacity_id=capacity or world.ids[f"capacity {organisation}"],
            capacity_kind="employee",
            role_id=world.ids[role],
            role_version_id=world.ids[f"{role} v1"],
            scope_id=world.ids[organisation],
            holder_entity_id=world.ids["KUNTA"],
            scope_entity_id=world.ids["KUNTA"],
            origin="hand",
            reason="test",
            fact_1=uuid7(),
            place_id=uuid7(),
            **{**world.lasting(), **changes},
        )
    )


def guardian(world: World, person_id: UUID, child_id: UUID) -> UUID:
    """Make a person the guardian of another; return the capacity's id."""
    row = Relationship(person_id=person_id, kind="guardian_of", other_person_id=child_id, **world.lasting())
    world.write(row)
    return row.fact_id


def hold(world: World, person_id: UUID) -> None:
    """End everything a person may do, from now on."""
    now = clock.now()
    world.write(
        Hold(
            person_id=person_id, kind="end-now", reason="test", valid_from=now, valid_to=clock.FOREVER, opened_by=CHANGE
        )
    )


def administrator(world: World, person_id: UUID) -> None:
    """Make a person an administrator of everything."""
    world.write(
        AdminGrant(person_id=person_id, permission="admin", organisation_id=world.ids["KUNTA"], **world.lasting())
    )


class Browser:
    """A browser at the provider; it follows nothing by itself."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.http = world.app.test_client()

    def sign_in(self, name: str = "anna", acr: str = levels.PASSWORD) -> UUID:
        """Give the browser a fresh login session of a person; return the session's id."""
        return self.world.sign_in(self.http, name, acr)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        """Open a page."""
        return self.http.get(path, base_url=ISSUER, headers={"Accept": "text/html"}, **kwargs)

    def authorize(self, client_id: str = "wilma", **changes: Any) -> TestResponse:
        """Open the authorization endpoint as a good request of the client does, with ``changes``; None leaves a
        parameter out."""
        return self.get("/oauth2/authorize?" + urlencode(request_of(client_id, **changes), doseq=True))

    def choose(self, page: TestResponse, capacity: UUID | str, decision: str = "continue") -> TestResponse:
        """Post the capacity page's form."""
        fields = form(page)
        data = fields | {"capacity": str(capacity), "decision": decision}
        return self.http.post(fields["action"], base_url=ISSUER, data=data)

    def code(self, client_id: str = "wilma", capacity: str = "KOIVU", **changes: Any) -> str:
        """Return a code for Anna in a capacity, by way of the chooser when it is shown."""
        response = self.authorize(client_id, **changes)
        if response.status_code == 200 and "/capacity?" in response.text:
            response = self.get(self.choose(response, self.world.ids[f"capacity {capacity}"]).location)
        return answer(self.informed(response))["code"]

    def informed(self, response: TestResponse) -> TestResponse:
        """Go on from the page that tells what a native application receives, when it is shown."""
        if response.status_code != 200 or "/consent?" not in response.text:
            return response
        fields = form(response)
        sent = self.http.post(fields["action"], base_url=ISSUER, data=fields | {"decision": "continue"})
        return self.get(sent.location)


def request_of(client_id: str, **changes: Any) -> dict[str, Any]:
    """Return the parameters of a good authorization request."""
    redirect_uri = CLIENTS.get(str(client_id), {}).get("redirect_uris", ["https://wilma.example/cb"])[0]
    values = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": "openid roles",
        "state": "st4te",
        "nonce": "n0nce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | changes
    return {name: value for name, value in values.items() if value is not None}


def answer(response: TestResponse) -> dict[str, str]:
    """Return what the authorization endpoint answered the application; fails when it did not."""
    assert response.status_code in (302, 303), (response.status_code, response.text)
    return dict(parse_qsl(urlsplit(response.location).query))


def form(page: TestResponse) -> dict[str, str]:
    """Return the hidden fields of the page's form, and where it goes as ``action``."""
    assert page.status_code == 200, page.text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    action = re.search(r'<form method="post" action="([^"]*)"', page.text)
    assert action is not None
    return hidden | {"action": action[1].replace("&amp;", "&")}


class Application:
    """An application's server."""

    def __init__(self, world: World, client_id: str = "wilma") -> None:
        self.world, self.client_id = world, client_id
        self.http = world.app.test_client(use_cookies=False)

    def post(
        self, path: str, data: Any, *, authenticated: bool = True, headers: dict[str, str] | None = None
    ) -> TestResponse:
        """Post a form as the client."""
        auth = CLIENTS[self.client_id].get("auth", "client_secret_basic")
        headers = dict(headers or {})
        if authenticated and auth == "client_secret_basic":
            headers["Authorization"] = "Basic " + b64encode(f"{self.client_id}:{SECRET}".encode()).decode()
        elif authenticated and auth == "client_secret_post":
            data = data | {"client_id": self.client_id, "client_secret": SECRET}
        elif authenticated and auth == "none":
            data = data | {"client_id": self.client_id}
        return self.http.post(path, base_url=ISSUER, data=data, headers=headers)

    def redeem(self, code: str, **changes: Any) -> TestResponse:
        """Redeem a code as a good client does, with ``changes``."""
        redirect_uri = request_of(self.client_id)["redirect_uri"]
        data = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": VERIFIER,
        } | changes
        return self.post("/oauth2/token", {name: value for name, value in data.items() if value is not None})

    def refresh(self, token: str, **changes: Any) -> TestResponse:
        """Refresh."""
        return self.post("/oauth2/token", {"grant_type": "refresh_token", "refresh_token": token} | changes)

    def introspect(self, token: str) -> dict[str, Any]:
        """Ask what holds of a token."""
        response = self.post("/oauth2/introspect", {"token": token})
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.get_json()
        return found

    def userinfo(self, token: str) -> TestResponse:
        """Ask about the person."""
        return self.http.get("/oauth2/userinfo", base_url=ISSUER, headers={"Authorization": f"Bearer {token}"})


def verified(world: World, token: str, typ: str) -> dict[str, Any]:
    """Return a token's claims after checking its signature against the published keys."""
    published = world.app.test_client().get("/oauth2/jwks", base_url=ISSUER).get_json()["keys"]
    return jose.verify(token, typ, published)


def instant(seconds: float) -> datetime:
    """Return the clock's present moved by ``seconds``."""
    return clock.now() + timedelta(seconds=seconds)
