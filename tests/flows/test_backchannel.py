"""OI-04: a login session's end reaches every application that received tokens in it, whatever ended it, also one that
is down."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from json import loads
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import pytest
import structlog
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from iam import clock
from iam.change import SYSTEM, Actor
from iam.database.engine import make_sessions
from iam.delivery import outbox
from iam.delivery.outbox import Message
from iam.ephemeral import SqlGenerations
from iam.jobs import BATCH, PARALLEL, Worker
from iam.lifecycle import leave
from iam.oidc.issuer import Issuer
from iam.oidc.logout.backchannel import Backchannel, judge
from iam.oidc.model import Client
from iam.settings import Settings
from iam.signin.accounts import ending
from iam.tokens import session as login_sessions, sign_out, witness
from iam.tokens.grant import GrantRow
from iam.web import extension
from tests.kit.peers.relying_party import RelyingParty
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, Application, Browser, World, form

At = Callable[[datetime], None]
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def world(database_url: str, tmp_path: Path, frozen: datetime) -> Iterator[World]:
    made = oidc_world.build(database_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def wilma() -> Iterator[RelyingParty]:
    with RelyingParty() as server:
        yield server


@pytest.fixture
def worker(world: World, tmp_path: Path, wilma: RelyingParty) -> Worker:
    listen(world, "wilma", wilma.url)
    return worker_of(world, tmp_path, wilma.host)


def worker_of(world: World, folder: Path, *hosts: str) -> Worker:
    """A worker over the world's database that may go to these hosts."""
    settings = Settings(issuer=ISSUER, vault={"key_file": folder / "vault.key"}, egress={"hosts": list(hosts)})
    issuer = Issuer(settings, extension.parts_of(world.app).vault, SqlGenerations())
    return Worker(make_sessions(world.engine), {sign_out.KIND: Backchannel(issuer, settings.egress)})


def listen(world: World, client_id: str, url: str | None) -> None:
    """Register a client's back-channel address."""
    world.change(Client, Client.client_id == client_id, backchannel_logout_uri=url)


def signed_in(world: World, client_id: str = "wilma", name: str = "anna") -> tuple[Browser, UUID, dict[str, Any]]:
    """Sign a person in to an application; return the browser, the session's id and the ID token's claims."""
    browser = Browser(world)
    session_id = browser.sign_in(name)
    answer = Application(world, client_id).redeem(browser.code(client_id)).get_json()
    return browser, session_id, oidc_world.verified(world, answer["id_token"], "JWT")


def sign_off(browser: Browser) -> None:
    """Sign out at /logout."""
    fields = form(browser.get("/logout"))
    assert browser.http.post("/logout", base_url=ISSUER, data=fields | {"decision": "sign-out"}).status_code == 303


def messages(world: World) -> list[Message]:
    """The outbox, oldest first."""
    with Session(world.engine) as session:
        return list(session.scalars(select(Message).order_by(Message.id)))


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


def test_oi_04_an_application_that_is_down_for_ten_minutes_is_told_afterwards_with_a_fresh_token(
    world: World, worker: Worker, wilma: RelyingParty, frozen: datetime, at: At
) -> None:
    browser, _, _ = signed_in(world)
    wilma.down()
    sign_off(browser)
    attempts = []
    for seconds in range(0, 601, 5):
        at(frozen + timedelta(seconds=seconds))
        if worker.deliver()["failed"]:
            attempts.append(seconds)
    assert attempts == [0, 5, 35, 155]
    wilma.up()
    at(frozen + timedelta(seconds=755))
    assert worker.deliver() == {"delivered": 1, "failed": 0, "given_up": 0}
    assert oidc_world.verified(world, wilma.tokens[0], "logout+jwt")["iat"] == int(clock.now().timestamp())


def test_oi_04_after_a_day_it_is_given_up_and_listed_and_can_be_tried_again(
    world: World, worker: Worker, wilma: RelyingParty, frozen: datetime, at: At
) -> None:
    browser, _, _ = signed_in(world)
    wilma.down()
    sign_off(browser)
    counts: list[tuple[str, datetime]] = []
    while not any(name == "given_up" for name, _ in counts):
        at(messages(world)[0].due_at)
        counts += [(name, clock.now()) for name, n in worker.deliver().items() if n]
    assert [name for name, _ in counts] == ["failed"] * len(outbox.WAITS) + ["given_up"]
    assert timedelta(hours=23) < counts[-1][1] - frozen <= timedelta(hours=24)
    (message,) = messages(world)
    assert (message.given_up_at, message.delivered_at) == (counts[-1][1], None)
    assert message.last_error == "no answer: ConnectionRefusedError"
    (told,) = world.events("outbox:message:given-up")
    assert told.envelope["target"] == "wilma"
    wilma.up()
    assert worker.deliver()["delivered"] == 0
    with Session(world.engine) as session, session.begin():
        assert outbox.again(session, message.id)
        assert not outbox.again(session, message.id)
    assert worker.deliver()["delivered"] == 1


def test_an_application_that_refuses_the_token_is_not_asked_again(
    world: World, worker: Worker, wilma: RelyingParty, frozen: datetime, at: At
) -> None:
    browser, _, _ = signed_in(world)
    wilma.status = 400
    sign_off(browser)
    assert worker.deliver() == {"delivered": 0, "failed": 0, "given_up": 1}
    at(frozen + timedelta(days=2))
    assert worker.deliver()["given_up"] == 0
    assert (len(wilma.tokens), messages(world)[0].last_error) == (1, "status 400")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((status, "delivered") for status in (200, 204)),
        (400, "refused"),
        *((status, "failed") for status in (201, 302, 307, 401, 403, 404, 408, 429, 500, 501, 503)),
    ],
)
def test_what_an_answer_means(status: int, verdict: str) -> None:
    assert judge(status).verdict == verdict


def test_an_address_that_the_service_does_not_go_to_is_given_up_and_nothing_is_sent(
    world: World, tmp_path: Path, wilma: RelyingParty
) -> None:
    listen(world, "wilma", wilma.url)
    browser, _, _ = signed_in(world)
    sign_off(browser)
    assert worker_of(world, tmp_path).deliver()["given_up"] == 1
    assert wilma.tokens == []
    assert str(messages(world)[0].last_error).startswith("address: ")


@pytest.mark.parametrize("change", [{"retired": True}, {"backchannel_logout_uri": None}])
def test_an_application_that_has_ceased_to_listen_is_left_alone(
    world: World, worker: Worker, wilma: RelyingParty, change: dict[str, Any]
) -> None:
    browser, _, _ = signed_in(world)
    sign_off(browser)
    world.change(Client, Client.client_id == "wilma", **change)
    assert worker.deliver()["delivered"] == 1
    assert wilma.tokens == []


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_the_token_is_signed_as_the_clients_id_tokens_are_and_the_witness_accepts_it(
    world: World, worker: Worker, wilma: RelyingParty, at: At, algorithm: str
) -> None:
    # The witness knows no other clock than the machine's.
    at(datetime.now(UTC))
    world.change(Client, Client.client_id == "wilma", id_token_alg=algorithm)
    browser, _, _ = signed_in(world)
    sign_off(browser)
    worker.deliver()
    head = loads(urlsafe_b64decode(wilma.tokens[0].split(".")[0] + "=="))
    assert (head["typ"], head["alg"]) == ("logout+jwt", algorithm)
    published = world.app.test_client().get("/oauth2/jwks", base_url=ISSUER).get_json()["keys"]
    (public,) = [one for one in published if one["kid"] == head["kid"]]
    assert witness.accepts(wilma.tokens[0], public, "wilma")


def test_a_logout_token_is_no_hint_and_opens_nothing(world: World, worker: Worker, wilma: RelyingParty) -> None:
    browser, _, _ = signed_in(world)
    sign_off(browser)
    worker.deliver()
    (token,) = wilma.tokens
    assert Application(world).userinfo(token).status_code == 401
    assert Application(world).introspect(token) == {"active": False}
    again = Browser(world)
    again.sign_in()
    assert again.get(f"/oauth2/logout?id_token_hint={token}").status_code == 200
    assert again.get("/account").status_code == 200


def test_no_log_line_holds_a_token(world: World, worker: Worker, wilma: RelyingParty) -> None:
    browser, _, _ = signed_in(world)
    wilma.status = 503
    sign_off(browser)
    with structlog.testing.capture_logs() as lines:
        worker.deliver()
    (token,) = wilma.tokens
    assert lines[0]["target"] == "wilma"
    assert lines[0]["error"] == "status 503"
    assert not any(part in str(lines) for part in token.split("."))


def test_of_several_workers_one_has_a_message(
    world: World, worker: Worker, tmp_path: Path, wilma: RelyingParty
) -> None:
    _, session_id, _ = signed_in(world)
    payload = {"client": "wilma", "session": str(session_id), "person": str(world.ids["anna"])}
    with Session(world.engine) as session, session.begin():
        outbox.leave(session, sign_out.KIND, [("wilma", payload)] * 40)
    workers = [worker, worker_of(world, tmp_path, wilma.host)]
    with ThreadPoolExecutor(2) as pool:
        counts = [one.result() for one in [pool.submit(each.deliver) for each in workers]]
    assert sum(count["delivered"] for count in counts) == len(wilma.tokens) == 40
    assert {message.attempts for message in messages(world)} == {1}


def test_one_worker_has_at_most_so_many_messages_on_their_way(
    world: World, worker: Worker, wilma: RelyingParty
) -> None:
    _, session_id, _ = signed_in(world)
    payload = {"client": "wilma", "session": str(session_id), "person": str(world.ids["anna"])}
    with Session(world.engine) as session, session.begin():
        outbox.leave(session, sign_out.KIND, [("wilma", payload)] * (PARALLEL + 4))
    wilma.held = Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(worker.deliver)
        assert wilma.crowded(PARALLEL)
        wilma.held.set()
        assert running.result()["delivered"] == PARALLEL + 4
    assert wilma.most == PARALLEL


def test_a_message_whose_worker_died_is_taken_by_another_when_its_lease_is_over(
    world: World, worker: Worker, wilma: RelyingParty, frozen: datetime, at: At
) -> None:
    browser, _, _ = signed_in(world)
    sign_off(browser)
    with Session(world.engine) as session, session.begin():
        (taken,) = outbox.take(session, [sign_out.KIND], 10)
    assert worker.deliver()["delivered"] == 0
    at(frozen + outbox.LEASE)
    assert worker.deliver()["delivered"] == 1
    with Session(world.engine) as session, session.begin():
        outbox.refused(session, taken, "too late to say so")
    assert messages(world)[0].given_up_at is None


def test_a_message_that_cannot_be_prepared_keeps_no_other_from_being_delivered(
    world: World, worker: Worker, wilma: RelyingParty
) -> None:
    browser, _, _ = signed_in(world)
    with Session(world.engine) as session, session.begin():
        outbox.leave(session, sign_out.KIND, [("wilma", {"session": "no id"})])
    sign_off(browser)
    assert worker.deliver() == {"delivered": 1, "failed": 1, "given_up": 0}


def test_messages_are_forgotten_some_time_after_they_arrived_or_were_given_up(
    world: World, worker: Worker, wilma: RelyingParty, frozen: datetime, at: At
) -> None:
    browser, _, _ = signed_in(world)
    sign_off(browser)
    worker.deliver()
    for moved, left in ((outbox.KEEP, 1), (outbox.KEEP + timedelta(seconds=1), 0)):
        at(frozen + moved)
        with Session(world.engine) as session, session.begin():
            outbox.tidy(session)
        assert len(messages(world)) == left


def test_an_application_that_is_down_does_not_keep_others_waiting_behind_its_own_messages(
    world: World, tmp_path: Path, wilma: RelyingParty, frozen: datetime, at: At
) -> None:
    listen(world, "wilma", wilma.url)
    _, session_id, _ = signed_in(world)
    payload = {"client": "wilma", "session": str(session_id), "person": str(world.ids["anna"])}
    with Session(world.engine) as session, session.begin():
        outbox.leave(session, sign_out.KIND, [("wilma", payload)] * 50)
    worker = worker_of(world, tmp_path, wilma.host)
    wilma.down()
    assert worker.deliver() == {"delivered": 0, "failed": BATCH, "given_up": 0}
    assert sorted({message.due_at for message in messages(world)}) == [frozen + outbox.WAITS[0], frozen + outbox.HELD]
    wilma.up()
    at(frozen + outbox.HELD)
    assert worker.deliver()["delivered"] == 50


def test_a_message_older_than_a_day_has_one_more_attempt_only(
    world: World, worker: Worker, wilma: RelyingParty, frozen: datetime, at: At
) -> None:
    browser, _, _ = signed_in(world)
    wilma.status = 503
    sign_off(browser)
    at(frozen + outbox.LONGEST)
    assert worker.deliver() == {"delivered": 0, "failed": 0, "given_up": 1}
