"""One of every kind of secret that the provider gives out, each made as it is made in life, and fresh whenever it is
asked for."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask.sessions import SecureCookieSessionInterface
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.role import Application as ApplicationRow
from iam.change import SYSTEM
from iam.oidc.authorization import code, pushed as par
from iam.oidc.clients import initial_tokens as registration_terms
from iam.oidc.logout import token as logout_token
from iam.signin.codes import first_code
from iam.signin.factors import passkey, policy
from iam.signin.factors.passkey import Site
from iam.signin.federation import connections, upstream
from iam.signin.federation.upstream import Pending
from iam.tokens import jose, keys
from iam.web import extension
from tests.flows.security.protocol.forge import decode
from tests.kit.worlds.oidc import ISSUER, JWT_KEY, SECRET, Application, Browser, World, form, request_of

LASTING = "openid profile roles offline_access"
CONNECTION = "kunta"
URN = "urn:ietf:params:oauth:request_uri:"

ONE_SHOT = (
    code.KIND,
    par.KIND,
    first_code.BY_HAND,
    first_code.BY_MAIL,
    first_code._HANDLE,
    passkey._KIND,
    upstream.KIND,
    upstream.PENDING,
)
"""The kinds that share the one table of secrets that work once."""


class Kinds:
    """Makes secrets for Anna in one browser. ``browser`` is signed in; what is bound to a browser is bound to this
    one."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.browser = Browser(world)
        self.browser.sign_in()
        self.browser.get("/login")
        self.registered = self.last_flow = ""
        self._assertions = count()

    def all(self) -> dict[str, str]:
        """One of each kind."""
        return {name: make(self) for name, make in KINDS.items()}

    def fresh(self, kind: str) -> str:
        """Another of this kind, which nobody has used."""
        return KINDS[kind](self)

    def run(self, work: Callable[[Session], Any]) -> Any:
        """Do something in a transaction of its own."""
        with Session(self.world.engine, expire_on_commit=False) as session, session.begin():
            return work(session)

    @property
    def vault(self) -> Any:
        """The vault of the application."""
        return extension.parts_of(self.world.app).vault

    @property
    def browser_name(self) -> str:
        """The name of the browser in its form cookie."""
        cookie = self.browser.http.get_cookie("avain-form", "localhost")
        serializer = SecureCookieSessionInterface().get_signing_serializer(self.world.app)
        assert cookie is not None
        assert serializer is not None
        return str(serializer.loads(cookie.value)["browser"])

    def code(self) -> str:
        """An authorization code."""
        return self.browser.code(scope=LASTING)

    def tokens(self, name: str) -> str:
        """A token of a fresh grant."""
        return str(Application(self.world).redeem(self.code()).get_json()[name])

    def opaque(self) -> str:
        """An opaque access token."""
        return str(Application(self.world, "verso").redeem(self.browser.code("verso")).get_json()["access_token"])

    def pushed(self) -> str:
        """The secret in the address of a pushed request."""
        sent = Application(self.world).post("/oauth2/par", request_of("wilma", prompt="none"))
        return str(sent.get_json()["request_uri"]).removeprefix(URN)

    def initial(self) -> str:
        """An initial access token."""
        return str(
            self.run(
                lambda session: registration_terms.allow(
                    session,
                    session.get_one(ApplicationRow, self.world.ids["wilma"]),
                    SYSTEM,
                    uses=5,
                    days=1,
                    pkce_optional=False,
                )
            )
        )

    def management(self) -> str:
        """The management token of a client that registered itself; its id is ``registered`` afterwards."""
        said = (
            self.world.app.test_client()
            .post(
                "/oauth2/register",
                base_url=ISSUER,
                json={"redirect_uris": ["https://app.example/cb"]},
                headers={"Authorization": f"Bearer {self.initial()}"},
            )
            .get_json()
        )
        self.registered = said["client_id"]
        return str(said["registration_access_token"])

    def cookie(self, name: str) -> str:
        """A cookie of Anna's browser."""
        found = self.browser.http.get_cookie(name, "localhost")
        assert found is not None
        return found.value

    def form_token(self) -> str:
        """The token of this browser's forms."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.browser.get("/account").text)
        assert found is not None
        return html.unescape(found[1])

    def flow(self) -> str:
        """The handle of where a sign-in goes on to."""
        self.last_flow = parse_qs(urlsplit(self.browser.authorize(prompt="login").location).query)["flow"][0]
        return self.last_flow

    def passage(self) -> str:
        """The handle of a page between the request and its answer."""
        return form(self.browser.authorize(prompt="select_account"))["flow"]

    def leaving(self) -> str:
        """The handle of the page that asks whether to sign out."""
        return form(self.browser.get("/oauth2/logout"))["handle"]

    def first_code(self) -> str:
        """A one-time code that an administrator hands over."""
        settings = extension.parts_of(self.world.app).settings
        return str(self.run(lambda session: first_code.issue(session, self.vault, settings, "anna", SYSTEM)).code)

    def handle(self) -> str:
        """The handle that a one-time code gives."""
        page = self.browser.get("/first-code")
        sent = form(page) | {"login": "anna", "code": self.first_code()}
        return form(self.browser.http.post("/first-code", base_url=ISSUER, data=sent))["code_handle"]

    def challenge(self) -> str:
        """The challenge for a passkey."""
        site = Site(ISSUER, "Kunta", self.browser_name)
        return str(self.run(lambda session: passkey.asking(session, site))["challenge"])

    def waiting(self) -> str:
        """The secret of an upstream account that waits to be connected."""
        return str(
            self.run(lambda session: upstream.offer(session, Pending(CONNECTION, "subject-1", ""), self.browser_name))
        )

    def upstream_state(self) -> str:
        """The state of a request to the upstream provider, as its button makes it."""

        def ask(session: Session) -> str:
            found = connections.find(session, CONNECTION)
            assert found is not None
            return upstream.ask(session, found, "", False, self.browser_name)[1]

        return str(self.run(ask))

    def remembered(self) -> str:
        """The cookie of a remembered device."""
        return str(self.run(lambda session: policy.remember(session, self.world.ids["anna"], 30)))

    def assertion(self) -> str:
        """A client's assertion."""
        stamp = int(clock.now().timestamp())
        said = {
            "iss": "wilma-key",
            "sub": "wilma-key",
            "aud": ISSUER,
            "jti": f"kinds-{next(self._assertions)}",
            "iat": stamp,
            "exp": stamp + 60,
        }
        return jose.sign(JWT_KEY, "JWT", said)

    def request(self) -> str:
        """A client's request object."""
        return jose.sign(
            JWT_KEY, "oauth-authz-req+jwt", {"iss": "wilma", "aud": ISSUER, **request_of("wilma", prompt="none")}
        )

    def ours(self, typ: str, said: dict[str, Any]) -> str:
        """Anything that our own key signs."""
        key = self.run(lambda session: keys.current(session, self.vault, "RS256"))
        return jose.sign(key, typ, said)

    def logout_token(self) -> str:
        """A logout token for Anna's session."""
        hint = _claims(self.tokens("id_token"))
        return self.ours(logout_token.TYP, logout_token.claims(ISSUER, "wilma", hint["sid"], hint["sub"], clock.now()))


def _claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(decode(token.split(".")[1]))
    return found


KINDS: dict[str, Callable[[Kinds], str]] = {
    "code": Kinds.code,
    "refresh token": lambda made: made.tokens("refresh_token"),
    "access token": lambda made: made.tokens("access_token"),
    "ID token": lambda made: made.tokens("id_token"),
    "opaque access token": Kinds.opaque,
    "logout token": Kinds.logout_token,
    "pushed request": Kinds.pushed,
    "client secret": lambda made: SECRET,
    "initial access token": Kinds.initial,
    "management token": Kinds.management,
    "login cookie": lambda made: made.cookie("avain"),
    "form cookie": lambda made: made.cookie("avain-form"),
    "form token": Kinds.form_token,
    "flow": Kinds.flow,
    "passage": Kinds.passage,
    "leaving": Kinds.leaving,
    "first code": Kinds.first_code,
    "new password": Kinds.handle,
    "passkey challenge": Kinds.challenge,
    "upstream state": Kinds.upstream_state,
    "waiting link": Kinds.waiting,
    "remembered device": Kinds.remembered,
    "assertion": Kinds.assertion,
    "request object": Kinds.request,
    "state": lambda made: "st4te" + "x" * 40,
}
"""Every kind of secret, with how one is made."""
