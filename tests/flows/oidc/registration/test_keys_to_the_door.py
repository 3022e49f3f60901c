"""Initial access tokens and management tokens: what each opens, and how often."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime

from sqlalchemy.orm import Session

from iam.access.model.role import Application as ApplicationRow
from iam.tokens import secret
from tests.kit.registrar import BACK, Registrar, allow, refused
from tests.kit.worlds.oidc import SECRET, World, instant

Clock = Callable[[datetime], None]


def test_only_an_initial_access_token_opens_the_door(world: World, registrar: Registrar, at: Clock) -> None:
    """C-28: nor does what manages a client, or proves one, register another."""
    client = registrar.made()
    others = [
        None,
        "x",
        "avi_" + "x" * 43,
        client["registration_access_token"],
        client["client_secret"],
        SECRET,
        secret.new("access"),
        registrar.token + "x",
        registrar.token[:-1],
        "avi_ä",
        "avi_" + "x" * 10_000,
    ]
    for token in others:
        response = registrar.send("POST", "/oauth2/register", {"redirect_uris": [BACK]}, token)
        assert (response.status_code, response.get_json()) == (401, {"error": "invalid_token"}), token
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    with Session(world.engine) as session, session.begin():
        session.get_one(ApplicationRow, world.ids["wilma"]).retired = True
    assert registrar.post({"redirect_uris": [BACK]}).status_code == 401
    with Session(world.engine) as session, session.begin():
        session.get_one(ApplicationRow, world.ids["wilma"]).retired = False
    at(instant(7 * 86400))
    assert registrar.post({"redirect_uris": [BACK]}).status_code == 401


def test_uses_count_down_to_none_also_when_many_ask_at_once(world: World, registrar: Registrar) -> None:
    registrar.token = allow(world, uses=3)
    refused(registrar.post({"redirect_uris": []}), "invalid_redirect_uri")
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(copy_context().run, registrar.post, {"redirect_uris": [BACK]}) for _ in range(8)]
    statuses = [one.result().status_code for one in asked]
    assert sorted(statuses) == [201] * 3 + [401] * 5
    assert len(world.events("oidc:client:registered")) == 3


def test_a_management_token_is_good_for_its_own_client_only(world: World, registrar: Registrar) -> None:
    """C-28. All refusals look alike: another client's token, an unknown client, a declared one, a deleted one, no
    token."""
    one, other = registrar.made(), registrar.made()
    gone = registrar.made()
    assert registrar.manage("DELETE", gone).status_code == 204
    seen = set()
    for method in ("GET", "PUT", "DELETE"):
        for path, token in [
            (one["client_id"], other["registration_access_token"]),
            ("unknown", one["registration_access_token"]),
            ("wilma", one["registration_access_token"]),
            (gone["client_id"], gone["registration_access_token"]),
            (one["client_id"], registrar.token),
            (one["client_id"], one["client_secret"]),
            (one["client_id"], "avm_x"),
            ("ä", one["registration_access_token"]),
        ]:
            response = registrar.send(
                method, f"/oauth2/register/{path}", {"client_id": path, "redirect_uris": [BACK]}, token
            )
            seen.add((response.status_code, response.text, response.headers["WWW-Authenticate"]))
    assert seen == {(401, '{"error": "invalid_token"}', 'Bearer error="invalid_token"')}
    assert registrar.manage("GET", one).status_code == 200
    assert len(world.events("oidc:client:deleted")) == 1
