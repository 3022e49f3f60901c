"""The suite's relying party: it sends no PKCE unless a module says so, and checks every answer, ID token and token
response it gets."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from werkzeug.test import TestResponse

from iam import clock
from iam.database.types import uuid7
from iam.oidc.clients.assertions import TYPE
from iam.tokens import jose
from tests.kit.factories.consortium import client
from tests.kit.worlds.oidc import ISSUER, PASSWORD, SECRET, Browser, World, form, verified

BACK = "https://suite.example/test/a/avain/callback"
BYE = "https://suite.example/test/a/avain/post_logout_redirect"
TOKEN_ENDPOINT = f"{ISSUER}/oauth2/token"
SCOPES = "openid profile email phone address offline_access"


@dataclass(frozen=True, slots=True)
class Tokens:
    """A token response that passed the checks every module makes, and the ID token's header and claims."""

    said: dict[str, Any]
    header: dict[str, Any]
    claims: dict[str, Any]

    @property
    def access(self) -> str:
        """The access token."""
        return str(self.said["access_token"])


@dataclass
class Party:
    """A relying party of the application verso, where everybody of the municipality may enter and nothing is asked."""

    world: World
    client_id: str = "suite"
    auth: str = "client_secret_basic"
    secret: str = SECRET
    key: jose.Key | None = None
    mode: str | None = None
    redirect_uri: str = BACK
    sent: dict[str, Any] = field(default_factory=dict)

    def request(self, **changes: Any) -> dict[str, Any]:
        """The parameters of an authorization request as the suite makes it; None leaves one out."""
        self.sent = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": secrets.token_urlsafe(8),
            "nonce": secrets.token_urlsafe(8),
            "response_type": "code",
            "response_mode": self.mode,
        } | changes
        return {name: value for name, value in self.sent.items() if value is not None}

    def ask(self, browser: Browser, **changes: Any) -> TestResponse:
        """Open the authorization endpoint."""
        return browser.get("/oauth2/authorize?" + urlencode(self.request(**changes)))

    def answered(self, response: TestResponse) -> dict[str, str]:
        """The answer at the redirect URI, by the response mode asked for and no other, with the state sent and our
        issuer."""
        if self.mode == "form_post":
            found = form(response)
            assert found.pop("action") == self.redirect_uri
            assert "Location" not in response.headers
        else:
            assert response.status_code in (302, 303), (response.status_code, response.text)
            assert response.location.startswith(self.redirect_uri + ("&" if "?" in self.redirect_uri else "?"))
            assert not urlsplit(response.location).fragment
            found = dict(parse_qsl(urlsplit(response.location).query))
        assert found["state"] == self.sent["state"]
        assert found["iss"] == ISSUER
        return found

    def refused(self, response: TestResponse) -> str:
        """The error the answer tells, with nothing in it that an error must not hold."""
        found = self.answered(response)
        assert not {"code", "access_token", "id_token"} & found.keys()
        assert found.keys() <= {"error", "error_description", "error_uri", "state", "iss"}
        assert not set('\r\n\t"\\') & set(found.get("error_description", ""))
        return found["error"]

    def post(self, data: dict[str, Any], path: str = "/oauth2/token") -> TestResponse:
        """Post to a protocol endpoint, proving who this is by its method."""
        headers: dict[str, str] = {}
        if self.auth == "client_secret_basic":
            headers["Authorization"] = "Basic " + b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        elif self.auth == "client_secret_post":
            data = data | {"client_id": self.client_id, "client_secret": self.secret}
        elif "client_assertion" not in data:
            data = data | self.assertion()
        http = self.world.app.test_client(use_cookies=False)
        return http.post(path, base_url=ISSUER, data=data, headers=headers)

    def assertion(self, audience: str = TOKEN_ENDPOINT) -> dict[str, str]:
        """A signed assertion as the suite makes it: to the token endpoint's address unless a module says otherwise."""
        assert self.key is not None
        now = int(clock.now().timestamp())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": audience,
            "jti": secrets.token_urlsafe(15),
            "nbf": now,
            "iat": now,
            "exp": now + 60,
        }
        return {"client_assertion_type": TYPE, "client_assertion": jose.sign(self.key, "JWT", claims)}

    def redeem(self, code: str, **more: Any) -> TestResponse:
        """Redeem a code."""
        return self.post({"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri} | more)

    def finish(self, response: TestResponse, **more: Any) -> Tokens:
        """The tokens for a good answer."""
        code = self.answered(response)["code"]
        assert len(code) >= 22
        return self.checked(self.redeem(code, **more))

    def tokens(self, browser: Browser, **changes: Any) -> Tokens:
        """Go all the way for a browser that needs no page."""
        return self.finish(self.ask(browser, **changes))

    def checked(self, response: TestResponse, nonce: str | None = "") -> Tokens:
        """A token response after the checks that every module makes; ``nonce`` empty: the one sent."""
        assert response.status_code == 200, response.text
        assert (response.mimetype, response.headers["Cache-Control"]) == ("application/json", "no-store")
        said = response.get_json()
        assert said["token_type"] == "Bearer"
        assert isinstance(said["expires_in"], int)
        header, claims = head(said["id_token"]), verified(self.world, said["id_token"], "JWT")
        assert header["kid"]
        assert (claims["iss"], claims["aud"]) == (ISSUER, self.client_id)
        assert claims["iat"] <= clock.now().timestamp() < claims["exp"]
        assert 0 < len(claims["sub"]) <= 255
        assert claims.get("nonce") == (self.sent.get("nonce") if nonce == "" else nonce)
        assert claims["at_hash"] == half_hash(said["access_token"])
        assert "name" not in claims
        return Tokens(said, header, claims)

    def userinfo(self, tokens: Tokens) -> dict[str, Any]:
        """What userinfo tells, of the same person as the ID token."""
        bearer = {"Authorization": f"Bearer {tokens.access}"}
        response = self.world.app.test_client().get("/oauth2/userinfo", base_url=ISSUER, headers=bearer)
        assert (response.status_code, response.mimetype) == (200, "application/json")
        found: dict[str, Any] = response.get_json()
        assert found["sub"] == tokens.claims["sub"]
        return found


def head(token: str) -> dict[str, Any]:
    """A token's header."""
    part = token.split(".")[0]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def half_hash(token: str) -> str:
    """``at_hash`` of a token, for the algorithms with SHA-256 (OIDC Core section 3.1.3.6)."""
    return urlsafe_b64encode(sha256(token.encode()).digest()[:16]).decode().rstrip("=")


def rsa_key() -> jose.Key:
    """An RS256 key of the relying party's own."""
    return jose.generate("RS256", uuid7().hex)


def sign_in(browser: Browser, sent: TestResponse) -> TestResponse:
    """Sign Anna in on the page a request led to, with her password; return what follows."""
    assert sent.status_code == 303
    page = browser.get(sent.location)
    assert 'name="password"' in page.text
    data = form(page) | {"login": "anna", "password": PASSWORD}
    done = browser.http.post("/login", base_url=ISSUER, data=data)
    assert done.status_code == 303, done.text
    return browser.get(done.location)


def register_declared(world: World) -> None:
    """Declare the clients that the plans with static clients ask for: two with Basic, one with its secret in the
    body."""
    for client_id, auth in (
        ("suite", "client_secret_basic"),
        ("suite-2", "client_secret_basic"),
        ("suite-post", "client_secret_post"),
    ):
        client(
            world,
            "verso",
            client_id,
            secret=SECRET,
            auth=auth,
            redirect_uris=[BACK],
            post_logout_redirect_uris=[BYE],
            grants=["authorization_code", "refresh_token"],
            scope=SCOPES,
            sector="suite.example",
            pkce="optional",
        )
