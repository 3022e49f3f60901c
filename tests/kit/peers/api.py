"""The consortium of the administration pages with an application that calls the API for administrators."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from werkzeug.test import TestResponse

from iam.access.administration import PERMISSIONS
from iam.access.client_asker import CLIENT_PERMISSIONS
from iam.access.model.assignment import ClientGrant
from iam.signin.factors import levels
from tests.kit.factories import consortium
from tests.kit.worlds import admin, wide
from tests.kit.worlds.admin import ISSUER, World, employ, person
from tests.kit.worlds.oidc import CHALLENGE, SECRET, VERIFIER

AUDIENCE = f"{ISSUER}/api/v1"
CLIENT = "virkavarmenne"
BACK = f"https://{CLIENT}.example/cb"
EVERYTHING = " ".join(PERMISSIONS)
PROGRAM = "raportit"
OWN = " ".join(sorted(CLIENT_PERMISSIONS))


def fill(world: World) -> None:
    """Add what the walker goes over, an administrator of a school, one without any part, and the application."""
    admin.fill(world)
    wide.build(world)
    wide.local(world)
    person(world, "nelli", "Nähtävä")
    # An application lets in who works where it is enabled: an administrator without a position calls nothing.
    for login, place in (("paula", "ROOT"), ("lauri", "KOIVU"), ("nelli", "KOIVU")):
        employ(world, login, place, "Suunnittelija")
    application(world)
    program(world)


def program(world: World) -> None:
    """Add a client that calls the API for nobody, with all that a client may over the school KOIVU."""
    more = {"redirect_uris": [], "grants": ["client_credentials"], "resources": [AUDIENCE]}
    consortium.client(world, CLIENT, PROGRAM, secret=SECRET, scope=OWN, **more)
    allow(world, "KOIVU", *sorted(CLIENT_PERMISSIONS))


def allow(world: World, place: str, *permissions: str, **changes: Any) -> None:
    """Grant the client permissions over a part, answered for by MANSIKKALA."""
    parts = {"organisation_id": world.ids[place], "owner_id": world.ids["MANSIKKALA"]}
    rows = [{"client_id": PROGRAM, "permission": one, **parts, **world.lasting(), **changes} for one in permissions]
    world.write(*(ClientGrant(**row) for row in rows))


def application(world: World) -> None:
    """Add an application that the operator let call the API: its client names the API among its resources."""
    consortium.application(world, CLIENT, "ROOT", notice="none", ask_capacity=False, entry="everyone")
    consortium.client(
        world, CLIENT, CLIENT, secret=SECRET, scope=f"openid {EVERYTHING}", resources=[AUDIENCE], redirect_uris=[BACK]
    )


class Caller:
    """An application that calls the API for an administrator who signed in to it."""

    def __init__(
        self, world: World, login: str, scope: str = EVERYTHING, *, acr: str = levels.PASSWORD, resource: str = AUDIENCE
    ) -> None:
        self.world = world
        browser = world.app.test_client()
        self.session_id = world.sign_in(browser, login, acr)
        self.http = world.app.test_client(use_cookies=False)
        self.token = self._token(browser, f"openid {scope}", resource)

    def _token(self, browser: Any, scope: str, resource: str) -> str:
        asked = {
            "client_id": CLIENT,
            "response_type": "code",
            "redirect_uri": BACK,
            "scope": scope,
            "resource": resource,
            "state": "s",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        answer = browser.get("/oauth2/authorize?" + urlencode(asked), base_url=ISSUER, headers={"Accept": "text/html"})
        code = dict(parse_qsl(urlsplit(answer.location or "").query)).get("code")
        assert code, (answer.status_code, answer.location)
        redeemed = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        told = self._redeemed(CLIENT, redeemed)
        assert told.status_code == 200, told.text
        return str(told.get_json()["access_token"])

    def get(self, path: str, **headers: str) -> TestResponse:
        """Ask; ``path`` is under the API, or the whole address of a next page."""
        return self.http.get(
            self._address(path), base_url=ISSUER, headers={"Authorization": f"Bearer {self.token}", **headers}
        )

    def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> TestResponse:
        """Do something."""
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return self.http.post(self._address(path), base_url=ISSUER, json=body or {}, headers=sent)

    def _redeemed(self, client_id: str, asked: dict[str, str]) -> TestResponse:
        basic = b64encode(f"{client_id}:{SECRET}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}"}
        return self.http.post("/oauth2/token", base_url=ISSUER, data=asked, headers=headers)

    @staticmethod
    def _address(path: str) -> str:
        return path.removeprefix(ISSUER) if path.startswith(ISSUER) else f"/api/v1{path}"


class Program(Caller):
    """The client that calls the API for nobody; without a ``scope`` it asks for all that it may have."""

    def __init__(self, world: World, scope: str = "") -> None:
        self.world = world
        self.http = world.app.test_client(use_cookies=False)
        self.answer = self.ask(scope)
        self.token = str((self.answer.get_json() or {}).get("access_token"))

    def ask(self, scope: str = "") -> TestResponse:
        """Ask for a token."""
        asked = {"grant_type": "client_credentials", "resource": AUDIENCE} | ({"scope": scope} if scope else {})
        return self._redeemed(PROGRAM, asked)
