"""Whatever ends a session, its applications are told, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from iam import clock
from iam.change import SYSTEM, Actor
from iam.jobs import Worker
from iam.lifecycle import leave
from iam.signin.accounts import ending
from iam.tokens import session as login_sessions, sign_out
from iam.tokens.grant import GrantRow
from iam.web import extension
from tests.flows.backchannel.listening import listen, messages, sign_off, signed_in, worker_of
from tests.kit.peers.relying_party import RelyingParty
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, Application, Browser, World, form

At = Callable[[datetime], None]

EVENT = "http://schemas.openid.net/event/backchannel-logout"


def test_signing_out_reaches_the_application_with_a_logout_token_that_says_what_the_specification_asks(
    world: World, worker: Worker, wilma: RelyingParty
) -> None:
    browser, _, told = signed_in(world)
    sign_off(browser)
    assert worker.deliver() == {"delivered": 1, "failed": 0, "given_up": 0}
    (token,) = wilma.tokens
    said = oidc_world.verified(world, token, "logout+jwt")
    now = int(clock.now().timestamp())
    assert said.pop("jti")
    assert said == {
        "iss": ISSUER,
        "aud": "wilma",
        "iat": now,
        "exp": now + 120,
        "events": {EVENT: {}},
        "sid": told["sid"],
        "sub": told["sub"],
    }
    assert wilma.types == ["application/x-www-form-urlencoded"]
    assert worker.deliver()["delivered"] == 0
    assert messages(world)[0].delivered_at == clock.now()


def by_my_account(world: World, browser: Browser, session_id: UUID, _hint: str) -> None:
    token = form(browser.get("/logout"))["csrf_token"]
    browser.http.post("/account/sessions/end", base_url=ISSUER, data={"csrf_token": token, "session": str(session_id)})


def by_an_application(world: World, browser: Browser, session_id: UUID, hint: str) -> None:
    browser.get(f"/oauth2/logout?id_token_hint={hint}")


def by_ending_now(world: World, browser: Browser, session_id: UUID, _hint: str) -> None:
    with Session(world.engine) as session, session.begin():
        leave.end_now(session, world.ids["anna"], "test", Actor(UUID(int=1), "r"))


def by_an_administrator(world: World, browser: Browser, session_id: UUID, _hint: str) -> None:
    with Session(world.engine) as session, session.begin():
        ending.end(session, SYSTEM, "ended by an administrator", world.ids["anna"], session_id)


def by_a_new_password(world: World, browser: Browser, session_id: UUID, _hint: str) -> None:
    with Session(world.engine) as session, session.begin():
        ending.end(session, SYSTEM, "password set", world.ids["anna"])


CAUSES = [by_my_account, by_an_application, by_ending_now, by_an_administrator, by_a_new_password]


@pytest.mark.parametrize("end", CAUSES, ids=lambda cause: cause.__name__)
def test_whatever_ends_the_session_its_applications_are_told(
    world: World, worker: Worker, wilma: RelyingParty, end: Callable[[World, Browser, UUID, str], None]
) -> None:
    browser = Browser(world)
    session_id = browser.sign_in()
    hint = Application(world).redeem(browser.code()).get_json()["id_token"]
    end(world, browser, session_id, hint)
    assert browser.get("/account").status_code == 303
    assert worker.deliver()["delivered"] == 1
    assert (
        oidc_world.verified(world, wilma.tokens[0], "logout+jwt")["sid"]
        == oidc_world.verified(world, hint, "JWT")["sid"]
    )


def test_each_application_of_the_session_gets_one_token_with_its_own_names_for_person_and_session(
    world: World, tmp_path: Path, wilma: RelyingParty
) -> None:
    with RelyingParty() as verso:
        listen(world, "wilma", wilma.url)
        listen(world, "verso", verso.url)
        worker = worker_of(world, tmp_path, wilma.host, verso.host)
        browser = Browser(world)
        browser.sign_in()
        for client_id in ("wilma", "wilma", "verso", "wilma-app"):
            assert Application(world, client_id).redeem(browser.code(client_id)).status_code == 200
        sign_off(browser)
        assert worker.deliver()["delivered"] == 2
        said = [oidc_world.verified(world, server.tokens[0], "logout+jwt") for server in (wilma, verso)]
        assert [len(wilma.tokens), len(verso.tokens)] == [1, 1]
        assert [one["aud"] for one in said] == ["wilma", "verso"]
        assert said[0]["sub"] != said[1]["sub"]
        assert said[0]["sid"] != said[1]["sid"]


def test_nobody_is_told_of_another_session_or_of_one_that_gave_nothing_or_by_a_change_that_is_taken_back(
    world: World, worker: Worker, wilma: RelyingParty
) -> None:
    browser, session_id, _ = signed_in(world)
    other, _, _ = signed_in(world, "wilma-app")
    sign_off(other)
    idle = Browser(world)
    idle.sign_in()
    sign_off(idle)
    with Session(world.engine) as session:
        ending.end(session, SYSTEM, "test", world.ids["anna"], session_id)
        session.rollback()
    assert messages(world) == []
    assert browser.get("/account").status_code == 200


def test_ending_fifty_sessions_takes_as_many_statements_as_ending_two_to_tell_their_applications(
    world: World, worker: Worker
) -> None:
    def end_all() -> None:
        with Session(world.engine) as session, session.begin():
            sign_out.end(session, "test", person_id=world.ids["anna"])

    assert _statements(world, 2, end_all) == _statements(world, 50, end_all)
    assert len(messages(world)) == 52


def _statements(world: World, count: int, end_all: Callable[[], None]) -> int:
    """Give Anna so many sessions with a grant each, and count what ending them all sends to the database."""
    now = clock.now()
    world.write(
        *(
            GrantRow(
                person_id=world.ids["anna"],
                client_id="wilma",
                session_id=Browser(world).sign_in(),
                scope="openid",
                auth_time=now,
                acr="",
                created_at=now,
                expires_at=now + timedelta(hours=1),
            )
            for _ in range(count)
        )
    )
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(world.engine, "before_cursor_execute", note)
    end_all()
    event.remove(world.engine, "before_cursor_execute", note)
    return len(sent)


def test_an_application_is_told_once_of_a_session_that_ran_out_and_what_it_gave_lives_on(
    world: World, worker: Worker, wilma: RelyingParty, at: At
) -> None:
    start = datetime.now(UTC)  # ids of sessions know no other clock than the machine's
    at(start)
    browser = Browser(world)
    browser.sign_in()
    code = browser.code(scope="openid offline_access")
    tokens = Application(world).redeem(code).get_json()
    at(start + timedelta(hours=8, seconds=-1))
    assert run_out(world) == 0
    at(start + timedelta(hours=8, seconds=1))
    assert [run_out(world), run_out(world)] == [1, 0]
    assert worker.deliver()["delivered"] == 1
    said = oidc_world.verified(world, wilma.tokens[0], "logout+jwt")
    assert said["sid"] == oidc_world.verified(world, tokens["id_token"], "JWT")["sid"]
    assert browser.get("/account").status_code == 303
    again = Application(world).refresh(tokens["refresh_token"])
    assert again.status_code == 200
    with Session(world.engine) as session, session.begin():
        assert ending.end(session, SYSTEM, "test", world.ids["anna"]) == 1
    assert Application(world).refresh(again.get_json()["refresh_token"]).status_code == 400
    assert worker.deliver()["delivered"] == 0


def test_a_session_runs_out_at_its_latest_end_though_it_is_used_and_sessions_of_long_ago_are_left_alone(
    world: World, worker: Worker, at: At
) -> None:
    start = datetime.now(UTC)
    at(start)
    browsers = [signed_in(world)[0] for _ in range(2)]
    at(start + timedelta(hours=6))
    assert [browser.get("/account").status_code for browser in browsers] == [200, 200]
    at(start + timedelta(hours=12) + login_sessions.LATE + timedelta(hours=1))
    assert run_out(world) == 0
    at(start + timedelta(hours=12))
    assert [run_out(world, 1), run_out(world), run_out(world)] == [1, 1, 0]
    assert len(messages(world)) == 2


def run_out(world: World, limit: int = 100) -> int:
    """Look for sessions that have run out, as the worker does."""
    with Session(world.engine) as session, session.begin():
        return sign_out.run_out(session, extension.parts_of(world.app).settings.tokens, limit)


def test_ending_many_sessions_ends_their_grants_in_as_many_statements_and_events_as_ending_two(world: World) -> None:
    def end_all() -> None:
        with Session(world.engine) as session, session.begin():
            ending.end(session, SYSTEM, "test", world.ids["anna"])

    assert _statements(world, 2, end_all) == _statements(world, 20, end_all)
    assert [len(event.envelope["sessions"]) for event in world.events("signin:session:ended")] == [2, 20]
    with Session(world.engine) as session:
        assert session.scalars(select(GrantRow).where(GrantRow.revoked_at.is_(None))).all() == []
