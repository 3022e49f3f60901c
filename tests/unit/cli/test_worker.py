"""``iam worker``: what it does once, what it tidies, that it ends when told to, and that ``iam serve`` does the
same."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from iam import clock, settings
from iam.cli import main
from iam.database.engine import make_sessions
from iam.delivery import outbox
from iam.delivery.outbox import Message
from iam.jobs import Chore, Outcome, Verdict, Worker
from iam.oidc.model import AssertionSeen, Attempt, OpaqueToken
from iam.signin.accounts.factor import RememberedDevice
from iam.tokens.keyed_request import KeyedRequest
from iam.tokens.one_shot import OneShot
from iam.vault import Vault
from tests.kit.people import add_person

At = Callable[[datetime], None]
DAY = timedelta(days=1)


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    settings.load.cache_clear()
    yield {"IAM_DATABASE__URL": database_url, "IAM_VAULT__KEY_FILE": str(tmp_path / "vault.key"), "LC_ALL": "C"}
    settings.load.cache_clear()


def run(environment: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(main, ["worker", *arguments], env=environment)


def old_and_new(session: Session, tmp_path: Path) -> None:
    """One row of each kind that is to be forgotten now, and one that is not."""
    now = clock.now()
    person_id = add_person(session, Vault.open(tmp_path / "vault.key"), "aino")
    for name, ago in (("old", 40 * DAY), ("new", -DAY)):
        at, value = now - ago, name.encode()
        session.add_all(
            [
                Attempt(at=now - max(ago, timedelta()), request_id=name, client_id="wilma", outcome="issued", steps=[]),
                OpaqueToken(hash=value, claims={}, expires_at=at),
                AssertionSeen(client_id="wilma", jti_hash=value, expires_at=at),
                RememberedDevice(hash=value, person_id=person_id, expires_at=at),
                OneShot(hash=value, kind="code", data={}, expires_at=at),
                KeyedRequest(caller="wilma", key=name, digest=value, at=min(at, now)),
                Message(kind="test", target=name, payload={}, created_at=now, due_at=now, delivered_at=min(at, now)),
            ]
        )


TIDIED = (Attempt, OpaqueToken, AssertionSeen, RememberedDevice, OneShot, Message, KeyedRequest)


def test_once_delivers_and_tidies_and_says_what_it_did(
    environment: dict[str, str], engine: Engine, session: Session, tmp_path: Path
) -> None:
    old_and_new(session, tmp_path)
    session.commit()
    done = run(environment, "--once", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.output)
    assert said["messages"] == {"delivered": 0, "failed": 0, "given_up": 0}
    assert said["tidied"] == {
        "one-shot secrets": 1,
        "throttle": 0,
        "client assertions": 1,
        "attempts": 1,
        "sources amiss": 0,
        "sources read": 0,
        "opaque tokens": 1,
        "remembered devices": 1,
        "messages": 1,
        "requests done once": 1,
        "agreements that end": 0,
        "sign-in addresses": 0,
        "login sessions": 0,
        "rights mended": 0,
        "requests for help": 0,
        "replaced factors": 0,
        "network failures": 0,
        "sealed values": 0,
        "plans": 0,
        "plans told of": 0,
        "administrators that end": 0,
    }
    with Session(engine) as after:
        assert [after.scalar(select(func.count()).select_from(model)) for model in TIDIED] == [1] * len(TIDIED)


def test_once_says_the_same_in_words(environment: dict[str, str]) -> None:
    assert "delivered: 0\nfailed: 0\ngiven_up: 0\none-shot secrets: 0\n" in run(environment, "--once").output


def test_a_chore_is_done_again_when_its_time_has_passed(engine: Engine, frozen: datetime, at: At) -> None:
    made = Worker(make_sessions(engine), {}, [Chore("count", DAY, lambda _session: 7)])
    assert [made.tidy(), made.tidy()] == [{"count": 7}, {}]
    at(frozen + DAY)
    assert made.tidy() == {"count": 7}


def test_it_goes_on_when_the_database_did_not_answer(engine: Engine) -> None:
    calls: list[bool] = []
    made = Worker(make_sessions(engine), {})

    def fails_first(_session: Session) -> int:
        calls.append(True)
        if len(calls) == 1:
            raise OperationalError("select 1", {}, Exception("gone"))
        made.stop.set()
        return 0

    made.chores = [Chore("fails", timedelta(), fails_first)]
    thread = threading.Thread(target=made.run)
    thread.start()
    thread.join(20)
    assert len(calls) == 2


def test_a_message_of_a_kind_that_nobody_delivers_waits(engine: Engine, session: Session) -> None:
    outbox.leave(session, "letter", [("somebody", {})])
    outbox.leave(session, "known", [("somebody", {})])
    session.commit()
    made = Worker(make_sessions(engine), {"known": lambda _session, _due: lambda: Outcome(Verdict.DELIVERED)})
    assert made.deliver() == {"delivered": 1, "failed": 0, "given_up": 0}
    assert outbox.has_due(session, ["letter"])


def test_a_handler_that_breaks_while_sending_fails_its_message_without_its_text(
    engine: Engine, session: Session
) -> None:
    def broken() -> Outcome:
        raise RuntimeError("a secret")

    outbox.leave(session, "known", [("somebody", {})])
    session.commit()
    made = Worker(make_sessions(engine), {"known": lambda _session, _due: broken})
    assert made.deliver()["failed"] == 1
    assert session.scalars(select(Message)).one().last_error == "error RuntimeError"
