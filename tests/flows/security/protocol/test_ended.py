"""C-09, JW-06, SE-04: whatever a token stands on, when any of it ends the token has ended; nothing that still holds
makes up for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.assignment import Assignment
from iam.access.model.role import Application as ApplicationRow, ApplicationEnabled
from iam.change import SYSTEM
from iam.directory.affiliation import Affiliation
from iam.directory.person import Hold
from iam.oidc.model import Client
from iam.tokens import keys
from iam.tokens.grant import GrantRow
from iam.tokens.session import LoginSessionRow
from iam.web import extension
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import NOON, Application, Browser, World

LASTING = "openid profile roles offline_access"
LATER = NOON + timedelta(days=300)


@contextmanager
def changed(world: World, model: Any, condition: Any, before: dict[str, Any], after: dict[str, Any]) -> Iterator[None]:
    """Rows are ``after`` inside the block, and ``before`` again behind it."""
    world.change(model, condition, **after)
    yield
    world.change(model, condition, **before)


@contextmanager
def held(world: World) -> Iterator[None]:
    """Everything of Anna's is ended now."""
    oidc_world.hold(world, world.ids["anna"])
    yield
    with Session(world.engine) as session, session.begin():
        session.execute(delete(Hold).where(Hold.person_id == world.ids["anna"]))


def ways(world: World) -> dict[str, Any]:
    """Each thing that a token of Anna's stands on, as what ends it for a while."""
    anna = world.ids["anna"]
    in_koivu = (Affiliation.person_id == anna) & (Affiliation.organisation_id == world.ids["KOIVU"])
    retired: tuple[dict[str, Any], dict[str, Any]] = ({"retired": False}, {"retired": True})
    return {
        "person": held(world),
        "capacity": changed(world, Affiliation, in_koivu, {"valid_to": LATER}, {"valid_to": NOON}),
        "right": changed(world, Assignment, Assignment.person_id == anna, {"valid_to": LATER}, {"valid_to": NOON}),
        "session": changed(
            world, LoginSessionRow, LoginSessionRow.person_id == anna, {"ended_at": None}, {"ended_at": NOON}
        ),
        "grant": changed(world, GrantRow, GrantRow.person_id == anna, {"revoked_at": None}, {"revoked_at": NOON}),
        "client": changed(world, Client, Client.client_id == "wilma", *retired),
        "application": changed(world, ApplicationRow, ApplicationRow.key == "wilma", *retired),
    }


def standing(world: World, tokens: dict[str, Any]) -> set[str]:
    """Where the tokens still count."""
    own, other = Application(world), Application(world, "wilma-old")
    doors = {
        "userinfo": own.userinfo(tokens["access_token"]).status_code == 200,
        "introspection": other.post("/oauth2/introspect", {"token": tokens["access_token"]})
        .get_json()
        .get("active", False),
        "own introspection": own.post("/oauth2/introspect", {"token": tokens["refresh_token"]})
        .get_json()
        .get("active", False),
    }
    return {name for name, open_ in doors.items() if open_}


@pytest.fixture
def tokens(anna: Browser, wilma: Application) -> dict[str, Any]:
    """Tokens of a fresh grant."""
    found: dict[str, Any] = wilma.redeem(anna.code(scope=LASTING)).get_json()
    return found


def test_c_09_jw_06_each_ending_alone_and_with_each_other_one_is_felt_at_once(
    world: World, tokens: dict[str, Any]
) -> None:
    assert len(standing(world, tokens)) == 3
    names = list(ways(world))
    for chosen in [*combinations(names, 1), *combinations(names, 2), tuple(names)]:
        ended = ways(world)
        with ExitStack() as stack:
            for name in chosen:
                stack.enter_context(ended[name])
            assert standing(world, tokens) == set(), chosen
        if len(chosen) == 1:
            assert len(standing(world, tokens)) == 3, chosen


@pytest.mark.parametrize("name", ["person", "capacity", "right", "session", "grant", "client", "application"])
def test_c_09_an_ending_is_felt_at_the_next_refresh_and_a_late_return_gives_nothing_back(
    world: World, wilma: Application, tokens: dict[str, Any], name: str
) -> None:
    """Who was refused a refresh because something had ended does not get the family back when that holds again."""
    with ways(world)[name]:
        assert wilma.refresh(tokens["refresh_token"]).status_code in (400, 401)
    if name in ("person", "capacity", "right"):
        assert wilma.refresh(tokens["refresh_token"]).get_json()["error"] == "invalid_grant"
        assert standing(world, tokens) == set()


def test_jw_06_an_organisation_that_no_longer_enables_an_application_is_felt_at_once(
    world: World, anna: Browser
) -> None:
    verso = Application(world, "verso")
    token = verso.redeem(anna.code("verso")).get_json()["access_token"]
    assert verso.introspect(token)["active"] is True
    with Session(world.engine) as session, session.begin():
        session.execute(delete(ApplicationEnabled).where(ApplicationEnabled.application_id == world.ids["verso"]))
    assert verso.introspect(token) == {"active": False}
    assert verso.userinfo(token).status_code == 401
    world.write(ApplicationEnabled(application_id=world.ids["verso"], organisation_id=world.ids["KUNTA"]))
    assert verso.introspect(token)["active"] is True


def test_jw_06_introspection_tells_nobody_of_what_is_not_theirs(world: World, tokens: dict[str, Any]) -> None:
    """Without proof there is no answer; with another application's there is only that it is not active."""
    for client_id in ("verso", "wilma-app"):
        said = Application(world, client_id).post("/oauth2/introspect", {"token": tokens["access_token"]})
        assert said.get_json() in (
            {"active": False},
            {"error": "invalid_client", "error_description": said.get_json().get("error_description")},
        ), client_id
    said = world.app.test_client().post(
        "/oauth2/introspect", data={"token": tokens["access_token"], "client_id": "wilma"}
    )
    assert said.status_code == 401
    assert "active" not in said.get_json()


def test_c_09_what_a_compromised_key_signed_ends_with_it(
    world: World, wilma: Application, tokens: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every token of that key, whatever else of it still stands; a refresh gives one of the new key."""
    monkeypatch.setattr("iam.oidc.keyring.SECONDS", -1.0)
    monkeypatch.setattr("iam.oidc.keyring.PUBLIC_SECONDS", -1.0)
    vault = extension.parts_of(world.app).vault
    # The witness knows no other clock than the machine's.
    with clock.fixed(datetime.now(UTC)), Session(world.engine) as session, session.begin():
        old = keys.current(session, vault, "RS256").kid
        keys.promote(session, vault, keys.create(session, vault, "RS256", SYSTEM).kid, SYSTEM, at_once=True)
    assert len(standing(world, tokens)) == 3
    with clock.fixed(datetime.now(UTC)), Session(world.engine) as session, session.begin():
        keys.remove(session, str(old), SYSTEM, compromised=True)
    assert standing(world, tokens) == {"own introspection"}
    assert len(standing(world, wilma.refresh(tokens["refresh_token"]).get_json())) == 3
