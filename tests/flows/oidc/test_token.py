"""Token, userinfo, introspection and revocation endpoints (security 1.3 and 1.4)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from iam.access.model.role import Application as ApplicationRow
from iam.directory.affiliation import Affiliation
from iam.oidc.clients.assertions import TYPE
from iam.oidc.model import Client, ClientSecret
from iam.oidc.server import provider
from iam.tokens import grant as grants, jose, session as login_sessions
from iam.tokens.secret import hash_of
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, JWT_KEY, SECRET, VERIFIER, Application, Browser, World, request_of, verified

Clock = Callable[[datetime], None]
LASTING = "openid profile email phone roles groups offline_access"


@pytest.fixture
def tokens(anna: Browser, wilma: Application) -> dict[str, Any]:
    found: dict[str, Any] = wilma.redeem(anna.code(scope=LASTING)).get_json()
    return found


def test_a_refresh_gives_new_tokens_for_the_same_person_and_capacity(
    world: World, wilma: Application, tokens: dict[str, Any], at: Clock
) -> None:
    at(oidc_world.instant(240))
    refreshed = wilma.refresh(tokens["refresh_token"]).get_json()
    assert refreshed["refresh_token"] != tokens["refresh_token"]
    old, new = (verified(world, found["id_token"], "JWT") for found in (tokens, refreshed))
    assert {name: new[name] for name in new if name not in ("iat", "exp", "at_hash")} == {
        name: old[name] for name in old if name not in ("iat", "exp", "at_hash", "nonce")
    }
    assert new["iat"] - old["iat"] == 240


def test_a_retry_within_ten_seconds_gets_the_same_successor_and_a_later_one_ends_the_family(
    world: World, wilma: Application, tokens: dict[str, Any], at: Clock
) -> None:
    """TK-03."""
    first = wilma.refresh(tokens["refresh_token"]).get_json()
    at(oidc_world.instant(10))
    retried = wilma.refresh(tokens["refresh_token"]).get_json()
    assert retried["refresh_token"] == first["refresh_token"]
    at(oidc_world.instant(1))
    assert wilma.refresh(tokens["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert wilma.refresh(first["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert wilma.introspect(first["access_token"]) == {"active": False}
    assert [event.envelope["kind"] for event in world.events("oidc:token:replayed")] == ["refresh"]


def test_a_refresh_family_has_an_absolute_end(wilma: Application, tokens: dict[str, Any], at: Clock) -> None:
    """TK-04."""
    token, start = tokens["refresh_token"], oidc_world.instant(0)
    for day in (10, 20, 29):
        at(start + timedelta(days=day))
        token = wilma.refresh(token).get_json()["refresh_token"]
    at(start + timedelta(days=30))
    assert wilma.refresh(token).get_json()["error"] == "invalid_grant"


def test_a_refresh_may_narrow_and_never_widen(world: World, anna: Browser, wilma: Application) -> None:
    """TK-05, C-30."""
    first = wilma.redeem(anna.code(scope="openid roles offline_access")).get_json()
    wider = wilma.refresh(first["refresh_token"], scope="openid email")
    assert wider.get_json()["error"] == "invalid_scope"
    narrow = wilma.refresh(first["refresh_token"], scope="openid").get_json()
    assert narrow["scope"] == "openid"
    assert "roles" not in verified(world, narrow["access_token"], "at+jwt")
    assert wilma.refresh(narrow["refresh_token"]).get_json()["scope"] == "openid roles offline_access"


def test_a_refresh_token_is_its_clients_alone(world: World, wilma: Application, tokens: dict[str, Any]) -> None:
    assert Application(world, "wilma-app").refresh(tokens["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert wilma.refresh(tokens["refresh_token"]).status_code == 200


def test_a_public_client_refreshes_and_rotates_too(world: World, anna: Browser) -> None:
    app = Application(world, "wilma-app")
    first = app.redeem(anna.code("wilma-app", scope="openid offline_access")).get_json()
    assert app.refresh(first["refresh_token"]).get_json()["refresh_token"] != first["refresh_token"]


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_cut_or_padded_refresh_token_is_unknown(wilma: Application, tokens: dict[str, Any], cut: int) -> None:
    token = tokens["refresh_token"]
    for altered in (token[:-cut], token + "A" * cut, token + "=" * cut, token[:cut] + token[cut + 1 :]):
        assert wilma.refresh(altered).get_json()["error"] == "invalid_grant"
        assert wilma.introspect(altered) == {"active": False}
    assert wilma.introspect(token)["active"] is True


def _end_capacity(world: World) -> None:
    world.change(Affiliation, Affiliation.fact_id == world.ids["capacity KOIVU"], valid_to=oidc_world.instant(0))


def _sign_out(world: World) -> None:
    with Session(world.engine) as session, session.begin():
        login_sessions.end(session, "test", person_id=world.ids["anna"])


def _hold(world: World) -> None:
    oidc_world.hold(world, world.ids["anna"])


def _revoke(world: World) -> None:
    with Session(world.engine) as session, session.begin():
        grants.revoke(session, person_id=world.ids["anna"])


@pytest.mark.parametrize("ending", [_end_capacity, _sign_out, _hold, _revoke])
def test_a_grant_ends_with_what_it_stands_on(
    wilma: Application, world: World, tokens: dict[str, Any], ending: Callable[[World], None]
) -> None:
    """JW-06, C-09."""
    assert wilma.userinfo(tokens["access_token"]).status_code == 200
    ending(world)
    assert wilma.introspect(tokens["access_token"]) == {"active": False}
    assert wilma.introspect(tokens["refresh_token"]) == {"active": False}
    assert wilma.userinfo(tokens["access_token"]).status_code == 401
    assert wilma.refresh(tokens["refresh_token"]).get_json()["error"] == "invalid_grant"


def test_a_client_acts_for_itself_with_its_own_scopes_only(world: World, wilma: Application) -> None:
    """TK-05, C-30."""
    answered = wilma.post("/oauth2/token", {"grant_type": "client_credentials"}).get_json()
    said = verified(world, answered["access_token"], "at+jwt")
    assert (said["sub"], said["client_id"], said["aud"], said["scope"]) == (
        "wilma",
        "wilma",
        "https://wilma.example",
        "wilma.read",
    )
    assert not {"roles", "capacity"} & set(said)
    assert "refresh_token" not in answered
    for scope in ("openid", "wilma.write", "wilma.read wilma.write"):
        assert (
            wilma.post("/oauth2/token", {"grant_type": "client_credentials", "scope": scope}).get_json()["error"]
            == "invalid_scope"
        )
    assert wilma.userinfo(answered["access_token"]).status_code == 403
    assert wilma.introspect(answered["access_token"])["active"] is True


@pytest.mark.parametrize(
    ("client_id", "grant"),
    [
        ("verso", "client_credentials"),
        ("verso", "refresh_token"),
        ("wilma-key", "authorization_code"),
        ("wilma-app", "client_credentials"),
    ],
)
def test_a_client_uses_its_listed_grants_only(world: World, client_id: str, grant: str) -> None:
    """TK-06."""
    data = {"grant_type": grant, "refresh_token": "avr_x", "code": "avc_x"}
    if client_id == "wilma-key":
        data |= assertion()
    error = Application(world, client_id).post("/oauth2/token", data).get_json()["error"]
    assert error == ("invalid_client" if client_id == "wilma-app" else "unauthorized_client")


@pytest.mark.parametrize("grant", ["password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "x"])
def test_other_grants_are_not_supported(wilma: Application, grant: str) -> None:
    """AZ-03, TK-06."""
    assert wilma.post("/oauth2/token", {"grant_type": grant}).get_json() == {"error": "unsupported_grant_type"}


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{secret}".encode()).decode()}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, {}),
        ({}, {"client_id": "wilma"}),
        ({}, {"client_id": "wilma", "client_secret": ""}),
        (basic("wilma", ""), {}),
        (basic("wilma", "x"), {}),
        (basic("nobody", SECRET), {}),
        ({}, {"client_id": "wilma", "client_secret": SECRET}),
        (basic("wilma-old", SECRET), {}),
        (basic("wilma-app", ""), {}),
        (basic("verso", SECRET + " "), {}),
        ({"Authorization": "Basic %%%"}, {}),
        ({"Authorization": "Bearer x"}, {}),
        (basic("avain-admin", ""), {}),
        ({}, {"client_id": "avain-admin"}),
        ({}, {"client_id": "wilma-key"}),
    ],
)
@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"])
def test_what_does_not_prove_the_client_is_401(
    world: World, path: str, headers: dict[str, str], body: dict[str, str]
) -> None:
    """TK-08, TK-10, C-19."""
    data = {"grant_type": "authorization_code", "token": "x", "code": "avc_x"} | body
    response = world.app.test_client().post(path, base_url=ISSUER, data=data, headers=headers)
    assert response.status_code == 401
    assert response.get_json()["error"] == "invalid_client"
    assert response.headers["WWW-Authenticate"].startswith("Basic")
    assert response.headers["Cache-Control"] == "no-store"


def test_two_ways_of_authentication_at_once_are_refused(wilma: Application) -> None:
    both = wilma.post(
        "/oauth2/token", {"grant_type": "client_credentials", "client_id": "wilma", "client_secret": SECRET}
    )
    assert (both.status_code, both.get_json()["error"]) == (400, "invalid_request")


def test_two_secrets_are_valid_at_a_time(world: World) -> None:
    """TK-09."""
    second = "avk_" + "t" * 43
    world.write(ClientSecret(client_id="wilma", hash=hash_of(second), created_at=oidc_world.instant(0)))
    http = world.app.test_client()
    for secret in (SECRET, second):
        assert (
            http.post(
                "/oauth2/token",
                base_url=ISSUER,
                data={"grant_type": "client_credentials"},
                headers=basic("wilma", secret),
            ).status_code
            == 200
        )


def assertion(**changes: Any) -> dict[str, str]:
    stamp = int(oidc_world.instant(0).timestamp())
    claims = {"iss": "wilma-key", "sub": "wilma-key", "aud": ISSUER, "jti": "j1", "exp": stamp + 60} | changes
    return {"client_assertion_type": TYPE, "client_assertion": jose.sign(JWT_KEY, "JWT", claims)}


def test_a_signed_assertion_authenticates_once(world: World) -> None:
    """TK-07, C-20."""
    app, data = Application(world, "wilma-key"), {"grant_type": "client_credentials"}
    proof = assertion()
    assert app.post("/oauth2/token", data | proof).status_code == 200
    assert app.post("/oauth2/token", data | proof).get_json()["error"] == "invalid_client"
    assert app.post("/oauth2/token", data | assertion(jti="j2")).status_code == 200
    assert app.post("/oauth2/token", data | assertion(jti="j3", aud=f"{ISSUER}/oauth2/token")).status_code == 401
    assert app.post("/oauth2/token", data | assertion(jti="j4") | {"client_id": "wilma"}).status_code == 400


@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"])
@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"data": b""},
        {"json": {"grant_type": "authorization_code"}},
        {"data": b"\xff\x00%%%=&&==", "content_type": "application/x-www-form-urlencoded"},
        {
            "data": b"grant_type=authorization_code&grant_type=authorization_code",
            "content_type": "application/x-www-form-urlencoded",
        },
        {"data": b"grant_type=%00", "content_type": "application/x-www-form-urlencoded"},
        {"data": b"grant_type=authorization_code&code=%FF", "content_type": "application/x-www-form-urlencoded"},
        {"data": b"a" * 300_000, "content_type": "application/x-www-form-urlencoded"},
        {
            "data": b"--x\r\nContent-Disposition: form-data; name=grant_type\r\n\r\nx\r\n--x--",
            "content_type": "multipart/form-data; boundary=x",
        },
        {"data": b"<x/>", "content_type": "application/xml"},
    ],
)
def test_a_malformed_body_is_an_oauth_error_and_never_a_server_error(
    world: World, path: str, sent: dict[str, Any]
) -> None:
    response = world.app.test_client().post(path, base_url=ISSUER, headers=basic("wilma", SECRET), **sent)
    assert response.status_code in (400, 413)
    assert response.get_json()["error"] in ("invalid_request", "invalid_grant")
    assert response.headers["Cache-Control"] == "no-store"


def test_a_database_that_does_not_answer_is_503_without_a_word_of_it(world: World, wilma: Application) -> None:
    with world.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE one_shot")
    response = wilma.redeem("avc_x")
    assert response.status_code in (500, 503)
    assert response.get_json()["error"] in ("server_error", "temporarily_unavailable")
    assert "one_shot" not in response.text
    assert "Traceback" not in response.text


def test_userinfo_tells_what_was_asked_about_the_person(
    world: World, wilma: Application, tokens: dict[str, Any]
) -> None:
    said = wilma.userinfo(tokens["access_token"])
    assert said.headers["Cache-Control"] == "no-store"
    found = said.get_json()
    assert found["sub"] == verified(world, tokens["id_token"], "JWT")["sub"]
    assert (found["name"], found["email"], found["phone_number"], found["preferred_username"]) == (
        "Anna Virtanen",
        "anna@example.fi",
        "+358401234567",
        "anna",
    )
    assert found["roles"] == ["opettaja@KOIVU"]
    assert world.events("oidc:userinfo:disclosed")[0].subject_id == world.ids["anna"]


def test_userinfo_takes_the_token_by_header_or_by_a_posted_body_never_both_and_never_in_the_address(
    wilma: Application, tokens: dict[str, Any]
) -> None:
    token = tokens["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert wilma.http.post("/oauth2/userinfo", base_url=ISSUER, headers=bearer).status_code == 200
    assert wilma.http.post("/oauth2/userinfo", base_url=ISSUER, data={"access_token": token}).status_code == 200
    assert (
        wilma.http.post("/oauth2/userinfo", base_url=ISSUER, data={"access_token": token}, headers=bearer).status_code
        == 400
    )
    refused = wilma.http.get(f"/oauth2/userinfo?access_token={token}", base_url=ISSUER)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_no_other_kind_of_token_or_altered_one_is_an_access_token(
    world: World, anna: Browser, wilma: Application, tokens: dict[str, Any]
) -> None:
    """JW-02, JW-03."""
    access = tokens["access_token"]
    header, payload, signature = access.split(".")
    wrong = [
        tokens["id_token"],
        tokens["refresh_token"],
        anna.code(),
        SECRET,
        "",
        "x",
        access[:-1],
        access + "A",
        f"{header}.{payload}.",
        f"{header}.{payload}.{signature[:-4]}AAAA",
        f"eyJhbGciOiJub25lIn0.{payload}.",
        access + "=" * 4,
        "x" * 20_000,
    ]
    for token in wrong:
        refused = wilma.userinfo(token)
        assert refused.status_code == 401, token
        assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        if 0 < len(token) <= jose.MAX_TOKEN and token != tokens["refresh_token"]:
            assert wilma.introspect(token) == {"active": False}


@pytest.mark.parametrize("expires", [None, "soon", [1], True, 4e18, -1, 1e308, "1e400"])
def test_a_token_whose_end_makes_no_sense_is_refused(
    world: World, wilma: Application, tokens: dict[str, Any], expires: Any
) -> None:
    """JW-04, C-22."""
    claims = verified(world, tokens["access_token"], "at+jwt") | {"exp": expires}
    if expires is None:
        del claims["exp"]
    with world.app.test_request_context(), Session(world.engine) as session:
        key = provider().issuer.keyring.signer(session, "RS256")
    status = wilma.userinfo(jose.sign(key, "at+jwt", claims)).status_code
    assert status == (200 if expires == 4e18 and isinstance(expires, int) else 401)


def test_an_access_token_ends_after_five_minutes(wilma: Application, tokens: dict[str, Any], at: Clock) -> None:
    at(oidc_world.instant(299))
    assert wilma.userinfo(tokens["access_token"]).status_code == 200
    at(oidc_world.instant(1))
    assert wilma.userinfo(tokens["access_token"]).status_code == 401
    assert wilma.introspect(tokens["access_token"]) == {"active": False}


def test_introspection_answers_the_audience_only(world: World, wilma: Application, tokens: dict[str, Any]) -> None:
    """JW-06."""
    said = wilma.introspect(tokens["access_token"])
    assert said["active"] is True
    assert (said["client_id"], said["aud"], said["roles"]) == ("wilma", "https://wilma.example", ["opettaja@KOIVU"])
    assert Application(world, "wilma-old").introspect(tokens["access_token"])["active"] is True
    assert Application(world, "verso").introspect(tokens["access_token"]) == {"active": False}
    assert wilma.introspect(tokens["refresh_token"])["active"] is True
    assert Application(world, "wilma-old").introspect(tokens["refresh_token"]) == {"active": False}
    assert (
        Application(world, "wilma-app").post("/oauth2/introspect", {"token": tokens["access_token"]}).status_code == 401
    )


def test_introspection_reads_rights_afresh(world: World, wilma: Application, tokens: dict[str, Any]) -> None:
    oidc_world.give(world, world.ids["anna"], "opettaja", "KUNTA", world.ids["capacity KOIVU"])
    assert wilma.introspect(tokens["access_token"])["roles"] == ["opettaja@KOIVU", "opettaja@KUNTA"]


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_the_grant(
    world: World, wilma: Application, tokens: dict[str, Any], kind: str
) -> None:
    assert wilma.post("/oauth2/revoke", {"token": tokens[kind], "token_type_hint": "whatever"}).status_code == 200
    assert wilma.introspect(tokens["access_token"]) == {"active": False}
    assert wilma.refresh(tokens["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert len(world.events("oidc:token:revoked")) == 1
    assert wilma.post("/oauth2/revoke", {"token": tokens[kind]}).status_code == 200


@pytest.mark.parametrize("seconds", [0, 9, 60])
def test_giving_back_any_refresh_token_of_the_family_ends_it_though_a_newer_one_took_its_place(
    world: World, wilma: Application, tokens: dict[str, Any], at: Clock, seconds: int
) -> None:
    newer = wilma.refresh(tokens["refresh_token"]).get_json()
    newest = wilma.refresh(newer["refresh_token"]).get_json()
    at(oidc_world.instant(seconds))
    assert wilma.post("/oauth2/revoke", {"token": tokens["refresh_token"]}).status_code == 200
    assert wilma.introspect(newest["access_token"]) == {"active": False}
    assert wilma.userinfo(newest["access_token"]).status_code == 401
    for one in (tokens, newer, newest):
        assert wilma.refresh(one["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert len(world.events("oidc:token:revoked")) == 1
    assert world.events("oidc:token:replayed") == []


def test_no_stranger_ends_a_family_by_one_of_its_older_tokens_and_nobody_introspects_those(
    world: World, wilma: Application, tokens: dict[str, Any]
) -> None:
    newest = wilma.refresh(tokens["refresh_token"]).get_json()
    said = Application(world, "verso").post("/oauth2/revoke", {"token": tokens["refresh_token"]})
    assert said.get_json()["error"] == "invalid_grant"
    assert wilma.introspect(tokens["refresh_token"]) == {"active": False}
    wilma.post("/oauth2/revoke", {"token": tokens["refresh_token"][:-4] + "AAAA"})
    assert wilma.introspect(newest["access_token"])["active"] is True


def test_nobody_revokes_another_clients_token(world: World, wilma: Application, tokens: dict[str, Any]) -> None:
    """C-17."""
    assert (
        Application(world, "verso").post("/oauth2/revoke", {"token": tokens["access_token"]}).get_json()["error"]
        == "invalid_grant"
    )
    assert wilma.introspect(tokens["access_token"])["active"] is True
    assert wilma.post("/oauth2/revoke", {"token": "unknown"}).status_code == 200


def test_kinds_of_secrets_never_cross(wilma: Application, anna: Browser, tokens: dict[str, Any]) -> None:
    """TK-02, C-06."""
    code = anna.code()
    assert wilma.refresh(code).get_json()["error"] == "invalid_grant"
    assert wilma.redeem(tokens["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert wilma.redeem(tokens["access_token"]).get_json()["error"] == "invalid_grant"
    assert wilma.refresh(tokens["access_token"]).get_json()["error"] == "invalid_grant"
    assert wilma.redeem(code).status_code == 200


def test_a_refused_client_is_in_the_log_and_its_secret_is_not(world: World, wilma: Application) -> None:
    wilma.redeem("avc_unknown")
    event = world.events("oidc:token:refused")[0]
    assert event.envelope == {"client": "wilma", "error": "invalid_grant"}


def test_a_wrong_secret_is_told_of_the_named_client_once_a_minute_and_of_nobody_unknown(
    world: World, wilma: Application, at: Clock
) -> None:
    def guess(client_id: str, **fields: str) -> None:
        data = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": "guess"} | fields
        assert wilma.post("/oauth2/token", data, authenticated=False).status_code in (400, 401)

    for _ in range(3):
        guess("wilma-old")
        guess("nobody")
    guess("wilma-old", grant_type="password")
    told = [(event.envelope["client"], event.envelope["error"]) for event in world.events("oidc:token:refused")]
    assert told == [("wilma-old", "invalid_client"), ("wilma-old", "unsupported_grant_type")]
    assert "guess" not in str([event.envelope for event in world.events("oidc:token:refused")])
    at(oidc_world.instant(61))
    guess("wilma-old")
    assert len(world.events("oidc:token:refused")) == 3


def test_whoever_merely_names_a_public_client_fills_no_log(world: World) -> None:
    for n in range(3):
        Application(world, "wilma-app").redeem(f"avc_{n}")
    assert len(world.events("oidc:token:refused")) == 1


def test_a_token_in_the_query_of_the_token_endpoint_is_not_read(
    world: World, anna: Browser, wilma: Application
) -> None:
    code = anna.code()
    query = f"code={code}&grant_type=authorization_code&code_verifier={VERIFIER}&redirect_uri={request_of('wilma')['redirect_uri']}"
    assert (
        wilma.post(f"/oauth2/token?{query}", {"grant_type": "authorization_code"}).get_json()["error"]
        == "invalid_request"
    )
    assert wilma.redeem(code).status_code == 200


def test_a_client_of_a_public_subject_sector_shares_names_with_the_owners_others(world: World, anna: Browser) -> None:
    world.change(ApplicationRow, ApplicationRow.key.in_(("wilma", "verso")), subject_mode="public")
    world.change(Client, Client.client_id == "verso", mapper={})
    wilma = verified(world, Application(world).redeem(anna.code()).get_json()["id_token"], "JWT")["sub"]
    verso = verified(world, Application(world, "verso").redeem(anna.code("verso")).get_json()["id_token"], "JWT")["sub"]
    assert wilma == verso
