"""C-21: the database dies in the middle of an answer: it is 503, and what stands afterwards is what the answer said."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from iam import clock
from iam.oidc.clients.assertions import TYPE
from iam.tokens import jose
from iam.web import extension
from tests.kit.servers.postgresql import PostgreSQL
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, JWT_KEY, NOON, Application, Browser, World

LASTING = "openid roles offline_access"

MOMENTS = {
    "at the grant": ("grant_", "AFTER UPDATE", ""),
    "at the event": ("audit_event", "BEFORE INSERT", ""),
    "at the commit": ("audit_event", "AFTER INSERT", "DEFERRABLE INITIALLY DEFERRED"),
}
"""When the server ends the connection: the table, and what happens to it."""


@pytest.fixture(scope="module")
def world(
    postgresql: PostgreSQL, postgresql_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """The provider's world on PostgreSQL, whose connections can be ended."""
    folder: Path = tmp_path_factory.mktemp("storage")
    name = postgresql.fresh_database(postgresql_template)
    with clock.fixed(NOON), pytest.MonkeyPatch.context() as patch:
        patch.setattr("iam.oidc.clients.registered.SECONDS", -1.0)
        made = oidc_world.build(postgresql.url(name), folder)
        yield made
        extension.engine_of(made.app).dispose()
    postgresql.drop_database(name)


@contextmanager
def dying(world: World, moment: str) -> Iterator[None]:
    """Whoever comes to that moment loses the connection, as when the server is killed."""
    table, happens, deferred = MOMENTS[moment]
    with world.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE OR REPLACE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END$$"
        )
        kind = "CONSTRAINT TRIGGER" if deferred else "TRIGGER"
        connection.exec_driver_sql(
            f"CREATE {kind} dying {happens} ON {table} {deferred} FOR EACH ROW EXECUTE FUNCTION die()"
        )
    try:
        with capture_logs():
            yield
    finally:
        with world.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP TRIGGER dying ON {table}")


@pytest.fixture
def tokens(anna: Browser, wilma: Application) -> dict[str, Any]:
    """Tokens of a fresh grant."""
    found: dict[str, Any] = wilma.redeem(anna.code(scope=LASTING)).get_json()
    return found


def unavailable(said: TestResponse) -> None:
    assert (said.status_code, said.get_json()["error"]) == (503, "temporarily_unavailable")
    assert said.headers["Cache-Control"] == "no-store"
    assert "terminat" not in said.text


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_c_21_a_revocation_that_was_not_stored_is_not_reported_as_done(
    world: World, wilma: Application, tokens: dict[str, Any], moment: str, kind: str
) -> None:
    """The token still counts after the 503, and repeating the request ends it."""
    with dying(world, moment):
        unavailable(wilma.post("/oauth2/revoke", {"token": tokens[kind]}))
    assert wilma.introspect(tokens["access_token"])["active"] is True
    assert wilma.post("/oauth2/revoke", {"token": tokens[kind]}).status_code == 200
    assert wilma.introspect(tokens["access_token"]) == {"active": False}
    assert wilma.refresh(tokens["refresh_token"]).get_json()["error"] == "invalid_grant"


@pytest.mark.parametrize("moment", MOMENTS)
def test_c_21_a_refresh_that_was_not_stored_gives_nothing_and_moves_nothing(
    world: World, wilma: Application, tokens: dict[str, Any], moment: str
) -> None:
    with dying(world, moment):
        unavailable(wilma.refresh(tokens["refresh_token"]))
    assert wilma.introspect(tokens["refresh_token"])["active"] is True
    assert wilma.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("moment", ["at the event", "at the commit"])
def test_c_21_a_code_whose_use_was_not_stored_gives_nothing_and_is_good_for_another_try(
    world: World, anna: Browser, wilma: Application, moment: str
) -> None:
    code = anna.code()
    with dying(world, moment):
        unavailable(wilma.redeem(code))
    assert wilma.redeem(code).status_code == 200


def test_c_21_a_replay_whose_ending_was_not_stored_is_no_plain_refusal(
    world: World, wilma: Application, tokens: dict[str, Any], at: Any
) -> None:
    """Who replays a token is told of the failure, not that the family is dead, which it is not until somebody tries
    again."""
    second = wilma.refresh(tokens["refresh_token"]).get_json()
    at(oidc_world.instant(11))
    with dying(world, "at the commit"):
        unavailable(wilma.refresh(tokens["refresh_token"]))
    assert wilma.introspect(second["access_token"])["active"] is True
    assert wilma.refresh(tokens["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert wilma.introspect(second["access_token"]) == {"active": False}


def test_tk_08_a_name_that_no_database_takes_for_text_is_nobodys(world: World) -> None:
    """Half a letter, or nothing at all, in a client's name: a client that is not known, and no server error."""
    http, stamp = world.app.test_client(), int(NOON.timestamp())
    for name in ("\x00", "wilma\x00", "\ud800", "w\u00e4", "\x7f"):
        quoted = quote(name, errors="surrogatepass")
        basic = {"Authorization": "Basic " + b64encode(f"{quoted}:x".encode()).decode()}
        assert (
            http.post("/oauth2/token", data={"grant_type": "client_credentials"}, headers=basic).status_code == 401
        ), ascii(name)
        claims = {"iss": name, "sub": name, "aud": ISSUER, "exp": stamp + 60, "jti": "x"}
        proof = {"client_assertion_type": TYPE, "client_assertion": jose.sign(JWT_KEY, "JWT", claims)}
        assert http.post("/oauth2/token", data={"grant_type": "client_credentials"} | proof).status_code == 401, ascii(
            name
        )
        proof["client_assertion"] = jose.sign(
            JWT_KEY, "JWT", claims | {"iss": "wilma-key", "sub": "wilma-key", "jti": name}
        )
        assert http.post("/oauth2/token", data={"grant_type": "client_credentials"} | proof).status_code == (
            200 if name == "w\u00e4" else 401
        ), ascii(name)
