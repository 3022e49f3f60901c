"""TK-02, C-06, JW-02, JW-05, C-23: a secret of one kind is nothing at every door of another kind, cookies included."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam.oidc.clients.assertions import TYPE
from iam.oidc.model import Client
from iam.signin.factors import policy
from iam.signin.federation.connection import Connection
from iam.tokens import jose, one_shot
from iam.web import extension
from tests.flows.security.protocol.forge import decode
from tests.flows.security.protocol.kinds import CONNECTION, KINDS, ONE_SHOT, URN, Kinds
from tests.kit.worlds.oidc import ISSUER, JWT_KEY, Application, Browser, World, form

BACK = "https://app.example/cb"


@pytest.fixture(scope="module")
def purse(world: World) -> Kinds:
    """Whoever has one of every kind. An upstream is connected that nobody can reach."""
    world.change(Client, Client.client_id == "wilma", jwks={"keys": [jose.public_dict(JWT_KEY)]})
    world.change(Client, Client.client_id == "verso", token_format="opaque", mapper={})
    extension.parts_of(world.app).settings.egress.hosts = ["localhost:1"]
    world.write(
        Connection(
            key=CONNECTION,
            name={"fi": "Kunta"},
            issuer="http://localhost:1",
            client_id="avain",
            domains=[],
            identifier={},
        )
    )
    return Kinds(world)


@pytest.fixture(scope="module")
def held(purse: Kinds) -> dict[str, str]:
    """One of every kind."""
    found = purse.all()
    assert len(found) == len(set(found.values())) == len(KINDS)
    return found


def posted(made: Kinds, path: str, client: str = "wilma", **data: str) -> TestResponse:
    return Application(made.world, client).post(path, data)


def unauthenticated(
    made: Kinds, path: str, data: Mapping[str, str], headers: dict[str, str] | None = None
) -> TestResponse:
    return made.world.app.test_client().post(path, base_url=ISSUER, data=data, headers=headers)


def as_code(made: Kinds, secret: str) -> bool:
    return Application(made.world).redeem(secret).status_code == 200


def as_refresh_token(made: Kinds, secret: str) -> bool:
    return Application(made.world).refresh(secret).status_code == 200


def as_basic_secret(made: Kinds, secret: str) -> bool:
    proof = b64encode(f"wilma:{secret}".encode()).decode()
    asked, header = {"grant_type": "client_credentials"}, {"Authorization": f"Basic {proof}"}
    return unauthenticated(made, "/oauth2/token", asked, header).status_code == 200


def as_posted_secret(made: Kinds, secret: str) -> bool:
    data = {"client_id": "wilma-old", "client_secret": secret, "token": "x"}
    return unauthenticated(made, "/oauth2/revoke", data).status_code == 200


def as_assertion(made: Kinds, secret: str) -> bool:
    data = {"grant_type": "client_credentials", "client_assertion_type": TYPE, "client_assertion": secret}
    return unauthenticated(made, "/oauth2/token", data).status_code == 200


def as_request_uri(made: Kinds, secret: str) -> bool:
    query = {"client_id": "wilma", "request_uri": URN + secret}
    return Browser(made.world).get("/oauth2/authorize?" + urlencode(query)).status_code != 400


def as_request(made: Kinds, secret: str) -> bool:
    query = {"client_id": "wilma", "request": secret}
    return Browser(made.world).get("/oauth2/authorize?" + urlencode(query)).status_code != 400


def as_bearer(made: Kinds, secret: str) -> bool:
    return Application(made.world).userinfo(secret).status_code == 200


def as_told_token(made: Kinds, secret: str) -> bool:
    both = (
        Application(made.world, client).post("/oauth2/introspect", {"token": secret}) for client in ("wilma", "verso")
    )
    return any(told.get_json().get("active", False) for told in both)


def as_token_given_back(made: Kinds, secret: str) -> bool:
    before = len(made.world.events("oidc:token:revoked"))
    answers = [posted(made, "/oauth2/revoke", client, token=secret).status_code for client in ("wilma", "verso")]
    return 400 in answers or len(made.world.events("oidc:token:revoked")) > before


def as_initial_token(made: Kinds, secret: str) -> bool:
    headers = {"Authorization": f"Bearer {secret}"}
    said = made.world.app.test_client().post(
        "/oauth2/register", base_url=ISSUER, json={"redirect_uris": [BACK]}, headers=headers
    )
    return said.status_code == 201


def as_management_token(made: Kinds, secret: str) -> bool:
    headers = {"Authorization": f"Bearer {secret}"}
    return (
        made.world.app.test_client()
        .get(f"/oauth2/register/{made.registered}", base_url=ISSUER, headers=headers)
        .status_code
        == 200
    )


def as_login_cookie(made: Kinds, secret: str) -> bool:
    browser = Browser(made.world)
    browser.http.set_cookie("avain", secret, domain="localhost")
    return browser.get("/account").status_code == 200


def as_form_cookie(made: Kinds, secret: str) -> bool:
    """A form cookie that is taken opens what is bound to its browser."""
    browser = Browser(made.world)
    browser.http.set_cookie("avain-form", secret, domain="localhost")
    return browser.get("/login?" + urlencode({"flow": made.last_flow})).status_code == 200


def as_form_token(made: Kinds, secret: str) -> bool:
    sent = {"csrf_token": secret, "language": "fi"}
    return made.browser.http.post("/account/language", base_url=ISSUER, data=sent).status_code == 303


def as_flow(made: Kinds, secret: str) -> bool:
    stranger = Browser(made.world)
    stranger.http.set_cookie("avain-form", made.cookie("avain-form"), domain="localhost")
    return stranger.get("/login?" + urlencode({"flow": secret})).status_code == 200


def as_passage(made: Kinds, secret: str) -> bool:
    """A passage that is taken carries the choice on; any other loses it."""
    fields = form(made.browser.authorize(prompt="select_account")) | {
        "flow": secret,
        "capacity": str(made.world.ids["capacity RANTA"]),
    }
    sent = made.browser.http.post(fields.pop("action"), base_url=ISSUER, data=fields | {"decision": "continue"})
    return "flow=" in sent.location


def as_leaving(made: Kinds, secret: str) -> bool:
    sent = made.browser.http.post("/oauth2/logout", base_url=ISSUER, data={"handle": secret, "decision": "stay"})
    return sent.status_code == 303


def as_new_password(made: Kinds, secret: str) -> bool:
    fields = form(made.browser.get("/first-code")) | {
        "code_handle": secret,
        "new_password": "x",
        "new_password_again": "x",
    }
    return made.browser.http.post("/first-code", base_url=ISSUER, data=fields).text.count('name="code_handle"') == 1


def as_upstream_state(made: Kinds, secret: str) -> bool:
    """A state that is taken makes us ask the provider, which does not answer."""
    return (
        made.browser.get(f"/upstream/{CONNECTION}/callback?" + urlencode({"state": secret, "code": "x"})).status_code
        == 503
    )


def as_waiting_link(made: Kinds, secret: str) -> bool:
    return made.browser.get("/upstream/unknown?" + urlencode({"pending": secret})).status_code == 200


def as_remembered_device(made: Kinds, secret: str) -> bool:
    return bool(made.run(lambda session: policy.remembered(session, made.world.ids["anna"], secret)))


DOORS: dict[Callable[[Kinds, str], bool], set[str]] = {
    as_code: {"code"},
    as_refresh_token: {"refresh token"},
    as_basic_secret: {"client secret"},
    as_posted_secret: {"client secret"},
    as_assertion: {"assertion"},
    as_request_uri: {"pushed request"},
    as_request: {"request object"},
    as_bearer: {"access token", "opaque access token"},
    as_told_token: {"access token", "opaque access token", "refresh token"},
    as_token_given_back: {"access token", "opaque access token", "refresh token"},
    as_initial_token: {"initial access token"},
    as_management_token: {"management token"},
    as_login_cookie: {"login cookie"},
    as_form_cookie: {"form cookie"},
    as_form_token: {"form token"},
    as_flow: {"flow"},
    as_passage: {"passage"},
    as_leaving: {"leaving"},
    as_new_password: {"new password"},
    as_upstream_state: {"upstream state"},
    as_waiting_link: {"waiting link"},
    as_remembered_device: {"remembered device"},
}
"""Every door that takes a secret, with the kinds it is for."""


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__.removeprefix("as_"))
def test_tk_02_a_door_takes_its_own_kind_and_no_other(
    purse: Kinds, held: dict[str, str], door: Callable[[Kinds, str], bool]
) -> None:
    own = DOORS[door]
    taken = {kind for kind, secret in held.items() if kind not in own and door(purse, secret)}
    assert taken == set()
    for kind in own:
        assert door(purse, purse.fresh(kind)), kind


OPAQUE: dict[Callable[[Kinds, str], bool], str] = {
    as_code: "code",
    as_refresh_token: "refresh token",
    as_bearer: "opaque access token",
    as_told_token: "opaque access token",
    as_request_uri: "pushed request",
    as_basic_secret: "client secret",
    as_initial_token: "initial access token",
    as_management_token: "management token",
    as_login_cookie: "login cookie",
    as_new_password: "new password",
    as_upstream_state: "upstream state",
    as_waiting_link: "waiting link",
    as_remembered_device: "remembered device",
}
"""Doors of the secrets that are known by their full hash."""


def altered(secret: str) -> list[str]:
    """The secret cut at either end, with more at either end, and with its letters changed."""
    cut = [secret[:-n] for n in (1, 2, 8, len(secret) // 2)] + [secret[1:], secret[4:], secret[:4]]
    return [
        *cut,
        f"{secret}A",
        f"{secret}=",
        f"{secret}{secret}",
        f"A{secret}",
        secret.swapcase(),
        secret[:-1] + ("A" if secret[-1] != "A" else "B"),
    ]


@pytest.mark.parametrize("door", OPAQUE, ids=lambda door: door.__name__.removeprefix("as_"))
def test_jw_05_c_23_a_secret_that_was_cut_or_lengthened_is_unknown(
    purse: Kinds, door: Callable[[Kinds, str], bool]
) -> None:
    secret = purse.fresh(OPAQUE[door])
    assert [other for other in altered(secret) if door(purse, other)] == []
    assert door(purse, secret)


SIGNED = ("access token", "ID token", "logout token", "assertion", "request object")
READERS = {
    as_bearer: {"access token"},
    as_told_token: {"access token"},
    as_assertion: {"assertion"},
    as_request: {"request object"},
}


def test_jw_02_each_kind_of_signed_token_is_read_where_it_belongs_and_nowhere_else(
    purse: Kinds, held: dict[str, str]
) -> None:
    """Five kinds against the doors for signed tokens; who reads a hint is asked below, for a bad one is merely not
    looked at."""
    for door, own in READERS.items():
        assert {kind for kind in SIGNED if kind not in own and door(purse, held[kind])} == set(), door.__name__


def test_jw_02_only_an_id_token_is_a_hint(purse: Kinds, held: dict[str, str]) -> None:
    browser = Browser(purse.world)
    browser.sign_in()
    for kind in SIGNED:
        if kind != "ID token":
            said = browser.get("/oauth2/logout?" + urlencode({"id_token_hint": held[kind], "client_id": "wilma"}))
            assert 'name="handle"' in said.text, kind
    hint = Application(purse.world).redeem(browser.code()).get_json()["id_token"]
    assert 'name="handle"' not in browser.get("/oauth2/logout?" + urlencode({"id_token_hint": hint})).text


def test_jw_02_what_we_sign_proves_nothing_of_a_client_that_registered_our_keys_as_its_own(
    purse: Kinds, held: dict[str, str]
) -> None:
    """A client that states our published keys, by fault or on purpose, is authenticated by none of our tokens, and asks
    for nothing by one."""
    world, both = purse.world, Client.client_id.in_(("wilma-key", "wilma"))
    published = world.app.test_client().get("/oauth2/jwks", base_url=ISSUER).get_json()
    world.change(Client, both, jwks=published)
    try:
        assert as_assertion(purse, purse.ours("JWT", json.loads(decode(purse.assertion().split(".")[1]))))
        for kind in ("access token", "ID token", "logout token"):
            assert not as_assertion(purse, held[kind]), kind
            assert not as_request(purse, held[kind]), kind
    finally:
        world.change(Client, both, jwks={"keys": [jose.public_dict(JWT_KEY)]})


def test_c_06_in_the_one_table_a_secret_is_found_under_its_own_kind_only(purse: Kinds) -> None:
    def cross(session: Session) -> set[tuple[str, str]]:
        made = {
            kind: one_shot.issue(session, kind, 60, {}, client_id="wilma", text=f"secret of {kind}")
            for kind in ONE_SHOT
        }
        wrong = {
            (kind, other)
            for kind, secret in made.items()
            for other in ONE_SHOT
            if other != kind
            and (
                one_shot.consume(session, other, secret, client_id="wilma")
                or one_shot.read(session, other, secret, "wilma", late=True)
                or one_shot.complete(session, other, secret, "wilma")
            )
        }
        assert all(one_shot.consume(session, kind, secret, client_id="wilma") for kind, secret in made.items())
        return wrong

    assert purse.run(cross) == set()
