"""A person with a browser that runs no scripts: opens the provider's pages over https, fills in their forms, stops at
the application."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests

from tests.relying.consortium import PASSWORDS

_FORM = re.compile(r'<form method="post" action="([^"]*)"[^>]*>(.*?)</form>', re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_MOST = 12
"""Steps from the application and back; more is a circle."""


@dataclass(frozen=True)
class Arrival:
    """Where the provider sent the browser at last: an address of the application's, with the fields posted there, if
    any."""

    url: str
    form: dict[str, str] | None
    pages: list[str] = field(default_factory=list)
    """The paths of the provider's pages that were shown on the way."""


class Person:
    """Somebody of the consortium. ``shown`` are the provider's pages as she last saw them, by path."""

    def __init__(self, login: str, issuer: str, ca_file: Path) -> None:
        self.login, self.issuer = login, issuer
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.verify = str(ca_file)
        self.http.headers["Accept"] = "text/html"
        # A connection left open would keep the provider from ending at once.
        self.http.headers["Connection"] = "close"
        self.shown: dict[str, str] = {}

    def visit(self, url: str) -> Arrival:
        """Open an address of the provider and do what its pages ask, until one leads elsewhere or asks nothing."""
        pages: list[str] = []
        response = self.get(url)
        for _ in range(_MOST):
            if response.is_redirect:
                url = urljoin(url, response.headers["Location"])
                if not self._of_provider(url):
                    return Arrival(url, None, pages)
                response = self.get(url)
                continue
            assert response.status_code == 200, (url, response.status_code, response.text)
            pages.append(urlsplit(url).path)
            self.shown[pages[-1]] = response.text
            form = _FORM.search(response.text)
            if form is None:
                return Arrival(url, None, pages)
            action = urljoin(url, html.unescape(form[1]))
            hidden = {name: html.unescape(value) for name, value in _HIDDEN.findall(form[2])}
            if not self._of_provider(action):
                return Arrival(action, hidden, pages)
            response = self.post(action, hidden | self._answer(pages[-1]))
        raise AssertionError(f"a circle: {pages}")

    def get(self, url: str) -> requests.Response:
        """Open an address without following where it leads."""
        return self.http.get(url, allow_redirects=False, timeout=20)

    def post(self, url: str, fields: dict[str, str]) -> requests.Response:
        """Post a form without following where it leads."""
        return self.http.post(url, data=fields, allow_redirects=False, timeout=20)

    def _of_provider(self, url: str) -> bool:
        return url.startswith(f"{self.issuer}/")

    def _answer(self, path: str) -> dict[str, str]:
        """What this person writes on a page and presses."""
        if path == "/login":
            return {"login": self.login, "password": PASSWORDS[self.login]}
        if path in ("/logout", "/oauth2/logout"):
            return {"decision": "sign-out"}
        return {"decision": "continue"}
