"""Walks over every page, list, file and request of the protocol, with a meter that counts what each of them sends to
the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, request, request_started
from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from tests.flows.oidc.test_logout import logout
from tests.flows.oidc.test_pushed import bring, pushed
from tests.kit import upstream
from tests.kit.browser import Browser
from tests.kit.peers.api import Caller
from tests.kit.peers.openid_provider import OpenidProvider
from tests.kit.proofs import code_of
from tests.kit.registrar import BACK, Registrar
from tests.kit.worlds import catalogue, oidc as oidc_world, wide
from tests.kit.worlds.admin import Reader, World
from tests.kit.worlds.factor import answer, at_factor, follow, fresh, scan, with_passkey, with_totp

LISTS_ASKED = {
    "administrators": "?q=sihteeri",
    "administrators/new": "?q=vir",
    "persons": "?q=vir&kind=employee",
    "organisations": "?q=koivu",
    "roles": "?q=opettaja",
    "rules": "?q=oma",
}
"""By the list, what is looked for in it besides opening all of it."""
TABS = ("rights", "facts", "timeline", "signin", "trace", "seen", "log")


class Meter:
    """Counts the statements that an application sends in each request, by route; ``sent`` holds the longest run of
    each.

    What only begins a transaction, which SQLite is told and PostgreSQL is not, counts for nothing.
    A route is named by method and rule; one that answers several questions has what tells them apart behind it.
    """

    def __init__(self, app: Flask, engine: Engine) -> None:
        self.app, self.sent = app, dict[str, list[str]]()
        self._name, self._statements = "", list[str]()
        self._answer, app.wsgi_app = app.wsgi_app, self  # type: ignore[method-assign]
        self._is_asked = False
        request_started.connect(self._begin, app)
        event.listen(engine, "before_cursor_execute", self._count)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer whole, so that what a file reads while it is sent is counted too."""
        self._name, self._statements, self._is_asked = "", [], True
        pieces = self._answer(environ, start_response)
        whole = list(pieces)
        getattr(pieces, "close", lambda: None)()
        self._is_asked = False
        if self._name and len(self._statements) >= len(self.sent.get(self._name, ())):
            self.sent[self._name] = self._statements
        return whole

    def _begin(self, _app: Flask, **_: Any) -> None:
        self._name = _name()

    def _count(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if self._is_asked and not statement.startswith("BEGIN"):
            self._statements.append(statement)


def _name() -> str:
    """Return what the request is called in the table."""
    apart = request.form.get("grant_type", "") if request.path == "/oauth2/token" else ""
    if request.endpoint == "admin.person":
        apart = request.args.get("tab", "rights")
    rule = "" if request.url_rule is None else request.url_rule.rule
    return " ".join(part for part in (request.method, rule, apart) if part) if rule else ""


def administration(world: World, login: str, *, everything: bool = True) -> None:
    """Open every page and file of the administration that somebody may open: of some who has every permission, each
    must open."""
    own, _, _ = wide.objects(world)
    reader = Reader(world, login).enter()
    for rule in wide.routes(world, "GET"):
        path = wide.fill(rule, own)
        answers = [reader.get(path + LISTS_ASKED.get(path.removeprefix("/admin/"), "")) for _ in range(2)]
        if rule.endpoint == "admin.person":
            answers += [reader.get(f"{path}?tab={tab}") for tab in TABS if everything or tab != "log"]
        assert not everything or {one.status_code for one in answers} == {200}, rule
    for browser in (reader, Reader(world, "anna")):
        assert browser.get("/account").status_code == 200


def called(world: World, login: str) -> None:
    """Read everything that the API tells an administrator, and its document."""
    own, caller = wide.objects(world)[0], Caller(world, login)
    for rule in wide.routes(world, "GET", "api."):
        path = wide.fill(rule, own, 3).removeprefix("/api/v1")
        for asked in (path, f"{path}?q=vir" if path == "/persons" else path):
            assert caller.get(asked).status_code == 200, asked


def fill(world: World) -> None:
    """Give anna a right of every kind, and let lauri do everything in her school."""
    wide.build(world)
    wide.local(world)
    catalogue.comes_under(world, "omasopimus", "anna", world.ids["KOIVU"])


def signing_in(app: Flask) -> None:
    """Go through every page of signing in: by password, code and passkey, with factors set up, used and replaced."""
    nobody = Browser(app)
    for path in ("/", "/login", "/first-code", "/forgotten", "/logged-out", "/healthz"):
        nobody.get(path)
    browser = fresh(app)
    browser.get("/logout")
    _, recovery = with_totp(browser)
    key = with_passkey(browser)
    browser.get("/account")
    browser.get("/factor/codes")
    browser.get("/factor/set-up/code")
    browser.get("/upstream/unlink")
    other = fresh(app)
    page = at_factor(other)
    other.get("/factor/passkey")
    answer(other, page, "/factor/passkey", key)
    _replacing(fresh(app), recovery)
    passwordless = Browser(app)
    answer(passwordless, passwordless.get("/login"), "/login/passkey", key)
    passwordless.get("/login/passkey")


def _replacing(browser: Browser, recovery: list[str]) -> None:
    at = follow(browser, browser.get("/factor/replace"))
    browser.fill(at, "/factor", recovery_code=recovery[0])
    waiting = follow(browser, browser.fill(browser.get("/factor/replace"), "/factor/replace/code"))
    browser.fill(waiting, "/factor/replace/code", code=code_of(scan(waiting)))
    browser.get("/factor/replace/stop")


def elsewhere(app: Flask, provider: OpenidProvider) -> None:
    """Come by a municipality's own provider, first unknown, then connected."""
    browser = Browser(app)
    confirm = upstream.to_confirm(browser, provider)
    browser.fill(confirm, "/upstream/link", decision="connect")
    again = Browser(app)
    upstream.enter(again, provider)
    again.get("/upstream/unlink")


def protocol(world: oidc_world.World) -> None:
    """Ask everything that an application asks, some of it twice: what a process keeps is there the second time."""
    anna = oidc_world.Browser(world)
    anna.sign_in()
    wilma, native = oidc_world.Application(world), oidc_world.Application(world, "wilma-app")
    for _ in range(2):
        _documents(anna)
        tokens = wilma.redeem(anna.code(scope="openid profile email groups roles offline_access")).get_json()
        native.redeem(anna.code("wilma-app"))
        _asked(anna, bring(anna, pushed(world, prompt="select_account")), native)
        fresh_tokens = wilma.refresh(tokens["refresh_token"]).get_json()
        assert wilma.userinfo(fresh_tokens["access_token"]).status_code == 200
        bearer = {"Authorization": f"Bearer {fresh_tokens['access_token']}"}
        assert wilma.post("/oauth2/userinfo", {}, authenticated=False, headers=bearer).status_code == 200
        assert wilma.introspect(fresh_tokens["access_token"])["active"]
        assert wilma.post("/oauth2/token", {"grant_type": "client_credentials"}).status_code == 200
        assert wilma.post("/oauth2/revoke", {"token": fresh_tokens["refresh_token"]}).status_code == 200
    _registration(world)
    wilma.post("/oauth2/logout", {"id_token_hint": native.redeem(anna.code("wilma-app")).get_json()["id_token"]})
    anna.sign_in()
    logout(anna, id_token_hint=wilma.redeem(anna.code()).get_json()["id_token"])


def _asked(anna: oidc_world.Browser, page: TestResponse, native: oidc_world.Application) -> None:
    """Come back to the page that asks for the capacity and to the one that tells what is given, and ask by a form."""
    assert anna.get(oidc_world.form(page)["action"]).status_code == 303
    assert anna.get(oidc_world.form(anna.authorize(native.client_id))["action"]).status_code == 303
    asked = oidc_world.request_of("wilma")
    assert anna.http.post("/oauth2/authorize", base_url=oidc_world.ISSUER, data=asked).status_code == 303


def _documents(anna: oidc_world.Browser) -> None:
    for path in ("openid-configuration", "oauth-authorization-server"):
        assert anna.get(f"/.well-known/{path}").status_code == 200
    assert anna.get("/oauth2/jwks").status_code == 200
    assert anna.get("/account").status_code == 200


def _registration(world: oidc_world.World) -> None:
    registrar = Registrar(world)
    client = registrar.made()
    for method, document in (("GET", None), ("PUT", {"redirect_uris": [BACK], "client_id": client["client_id"]})):
        registrar.manage(method, client, document)
    registrar.manage("DELETE", client)
