"""A browser without scripts for tests: it fills in the forms it is shown, hidden fields and all."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from werkzeug.test import TestResponse

from iam.app import create_app
from iam.settings import Database, Settings, Signin, VaultSettings
from iam.signin.factors import levels
from iam.web import extension

HTML = {"Accept": "text/html,application/xhtml+xml", "Accept-Language": "en"}


class Browser:
    """One browser with its own cookies."""

    def __init__(self, app: Flask, *, https: bool = False) -> None:
        self.base = "https://id.example" if https else "http://localhost:8080"
        self.client = app.test_client()

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, base_url=self.base, headers=HTML | headers)

    def post(self, path: str, data: dict[str, str], **headers: str) -> TestResponse:
        return self.client.post(path, base_url=self.base, data=data, headers=HTML | headers)

    def fill(self, page: TestResponse, path: str, **fields: str) -> TestResponse:
        """Send the form of ``page`` that goes to ``path``."""
        return self.post(path, hidden(page, path) | fields)

    def sign_in(self, login: str, password: str, path: str = "/login") -> TestResponse:
        return self.fill(self.get(path), "/login", login=login, password=password)

    def cookie(self, name: str) -> str | None:
        found = self.client.get_cookie(name, self.base.split("//")[1].split(":")[0])
        return found.value if found else None


def hidden(page: TestResponse, path: str) -> dict[str, str]:
    """The hidden fields of the form that posts to ``path``."""
    form = re.search(rf'<form method="post" action="{re.escape(html.escape(path))}".*?</form>', page.text, re.DOTALL)
    assert form is not None, f"no form to {path} on the page:\n{page.text}"
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
    return {name: html.unescape(value) for name, value in found}


def settings_for(url: str, folder: Path, **values: object) -> Settings:
    """Settings over a database and a vault of the test's own; administrators come in with a password unless ``values``
    say more."""
    given: dict[str, object] = {
        "database": Database(url=url),  # type: ignore[arg-type]
        "vault": VaultSettings(key_file=folder / "vault.key"),
        "signin": Signin(administrators=levels.PASSWORD),
    }
    return Settings(**(given | values))  # type: ignore[arg-type]


@contextmanager
def application(url: str, folder: Path, **values: object) -> Iterator[Flask]:
    """The application over ``url``, as a process of its own would have it."""
    app = create_app(settings_for(url, folder, **values))
    yield app
    extension.engine_of(app).dispose()
