"""AC-07: with any statement of a request failing, no code, no token, no claim and no session is given, and nothing is
told of why."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from iam.web import extension
from tests.flows.security.people.unread import Ask, denies
from tests.kit.browser import Browser as PageBrowser
from tests.kit.people import PASSWORD
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.factor import LOGIN
from tests.kit.worlds.oidc import Application, Browser, World


@pytest.mark.usefixtures("quiet")
def test_ac_07_no_answer_is_given_when_any_part_of_what_it_rests_on_cannot_be_read(provider: World) -> None:
    world, wilma = provider, Application(provider)
    world.app.testing = False
    scope = "openid profile roles offline_access"
    refresh_tokens: list[str] = []

    def authorizing() -> Ask:
        anna = Browser(world)
        anna.sign_in()
        page = anna.authorize(scope=scope)
        fields = oidc_world.form(page) if page.status_code == 200 else None
        if fields is None:
            return lambda: anna.authorize(scope=scope)
        chosen = anna.choose(page, world.ids["capacity KOIVU"]).location
        return lambda: anna.get(chosen)

    def redeeming() -> Ask:
        anna = Browser(world)
        anna.sign_in()
        code = anna.code(scope=scope)
        return lambda: wilma.redeem(code)

    def tokens() -> dict[str, Any]:
        found: dict[str, Any] = redeeming()().get_json()
        return found

    def refreshing() -> Ask:
        if not refresh_tokens:
            refresh_tokens.append(tokens()["refresh_token"])
        token = tokens()["refresh_token"]
        return lambda: wilma.refresh(token)

    standing = tokens()["access_token"]
    inspect = {"token": standing}
    doors: dict[str, tuple[Callable[[], Ask], Callable[[TestResponse], bool]]] = {
        "authorize": (authorizing, lambda said: "code=" in said.headers.get("Location", "")),
        "token": (redeeming, lambda said: "access_token" in said.text),
        "refresh": (refreshing, lambda said: "access_token" in said.text),
        "userinfo": (lambda: lambda: wilma.userinfo(standing), lambda said: '"sub"' in said.text),
        "introspect": (
            lambda: lambda: wilma.post("/oauth2/introspect", inspect),
            lambda said: '"active":true' in re.sub(r"\s", "", said.text),
        ),
    }
    counts = {name: denies(world.engine, prepare, gave) for name, (prepare, gave) in doors.items()}
    assert all(count >= 1 for count in counts.values()), counts
    assert counts["authorize"] >= 5


@pytest.mark.usefixtures("quiet")
def test_ac_07_nobody_signs_in_when_anything_about_it_cannot_be_read_or_written(app: Flask) -> None:
    app.testing = False

    def signing_in() -> Ask:
        browser = PageBrowser(app)
        page = browser.get("/login")
        return lambda: browser.fill(page, "/login", login=LOGIN, password=PASSWORD)

    assert (
        denies(
            extension.engine_of(app), signing_in, lambda said: "avain=avs_" in str(said.headers.getlist("Set-Cookie"))
        )
        > 5
    )
