"""A person and an application at the provider, both in this process, so that the clock may stand where a test puts
it."""

from __future__ import annotations

import html
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from werkzeug.test import TestResponse

from iam.cli.demo.run import CLIENT, SECRET
from iam.cli.demo_state import ISSUER, RELYING
from iam.web import context
from tests.kit.browser import Browser
from tests.kit.worlds.consortium import PASSWORDS, SCHOOLS, Consortium

SCOPE = "openid profile roles groups offline_access"
_VERIFIER = "v" * 43


@dataclass(frozen=True)
class Told:
    """What the application was told at one time: the token response and the claims of the UserInfo endpoint."""

    token: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def roles(self) -> list[str]:
        """The roles, as ``code@organisation``."""
        return list(self.claims["roles"])


class Visitor:
    """A person's browser, and behind the redirect URI the demonstration application's server; both in this process."""

    def __init__(self, consortium: Consortium) -> None:
        self.browser = Browser(consortium.app)
        self.browser.client.set_cookie(context.LANGUAGE_COOKIE, "fi", domain="localhost")
        self.server = consortium.app.test_client(use_cookies=False)

    def enter(self, login: str, password: str = "") -> TestResponse:
        """Go from the application to the provider and sign in; return the page that follows, or the answer to the
        application."""
        page = self.ask()
        return self._follow(self.browser.fill(page, "/login", login=login, password=password or PASSWORDS[login]))

    def ask(self, **more: str) -> TestResponse:
        """Send the browser to the provider as the application does, with ``more`` parameters."""
        challenge = urlsafe_b64encode(sha256(_VERIFIER.encode()).digest()).decode().rstrip("=")
        query = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": f"{RELYING}/callback",
            "scope": SCOPE,
            "state": "s",
            "nonce": "n",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return self._follow(self.browser.get("/oauth2/authorize?" + urlencode(query | more)))

    def choose(self, page: TestResponse, school: str) -> TestResponse:
        """Choose the capacity in a school, by the school's key, on the page that asks for it."""
        values = [html.unescape(value) for value in re.findall(r'<input type="radio"[^>]* value="([^"]+)"', page.text)]
        labels = re.findall(r"<label for=\"capacity-\d+\">(.*?)</label>", page.text, re.DOTALL)
        (chosen,) = (value for value, label in zip(values, labels, strict=True) if SCHOOLS[school] in label)
        action = re.search(r'<form method="post" action="(/capacity[^"]*)"', page.text)
        assert action is not None
        return self._follow(self.browser.fill(page, html.unescape(action[1]), capacity=chosen, decision="continue"))

    def told(self, answer: TestResponse) -> Told:
        """Redeem the code of an answer as the application does."""
        code = dict(parse_qsl(urlsplit(answer.location).query))["code"]
        redirect_uri = f"{RELYING}/callback"
        done = self.token(
            grant_type="authorization_code", code=code, redirect_uri=redirect_uri, code_verifier=_VERIFIER
        )
        assert done.status_code == 200, done.text
        return self._look(done.get_json())

    def refresh(self, told: Told) -> TestResponse:
        """Use the refresh token."""
        return self.token(grant_type="refresh_token", refresh_token=told.token["refresh_token"])

    def token(self, **form: str) -> TestResponse:
        """Ask the token endpoint."""
        return self.server.post("/oauth2/token", base_url=ISSUER, data=form, auth=(CLIENT, SECRET))

    def _look(self, token: Mapping[str, Any]) -> Told:
        bearer = {"Authorization": f"Bearer {token['access_token']}"}
        return Told(token, self.server.get("/oauth2/userinfo", base_url=ISSUER, headers=bearer).get_json())

    def _follow(self, response: TestResponse) -> TestResponse:
        while response.status_code in (302, 303) and not response.location.startswith(RELYING):
            response = self.browser.get(response.location.removeprefix(ISSUER))
        told = re.search(r'<form method="post" action="(/consent[^"]*)"', response.text)
        if told is None:
            return response
        return self._follow(self.browser.fill(response, html.unescape(told[1]), decision="continue"))
