"""The mail that tells somebody that a factor of theirs is being replaced, with a real mail server; and the worker that
puts it in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from iam.cli.operating import worker
from iam.directory.person import PersonProfile
from iam.signin.accounts.factor import Totp
from tests.flows.test_forgotten import ADDRESS, LOGIN, World, world_over
from tests.kit.browser import Browser
from tests.kit.peers.mail import MailServer
from tests.kit.people import PASSWORD
from tests.kit.proofs import code_of
from tests.kit.servers.certificates import Authority
from tests.kit.servers.ports import HOST
from tests.kit.worlds.factor import follow, scan, with_totp


@pytest.fixture
def post(tmp_path: Path) -> Iterator[tuple[Authority, MailServer]]:
    (tmp_path / "authority").mkdir()
    authority = Authority(tmp_path / "authority")
    with MailServer(authority.issue("mail", HOST), "starttls") as server:
        yield authority, server


@pytest.fixture
def world(database_url: str, tmp_path: Path, engine: Engine, post: tuple[Authority, MailServer]) -> Iterator[World]:
    with world_over(database_url, tmp_path, engine, post[1], post[0]) as made:
        yield made


def test_whose_time_codes_are_replaced_is_told_at_the_address_they_had_and_in_a_day_the_worker_does_it(
    world: World, post: tuple[Authority, MailServer], frozen: datetime, at: Callable[[datetime], None]
) -> None:
    world.person(LOGIN, ADDRESS)
    aino = Browser(world.app)
    aino.sign_in(LOGIN, PASSWORD)
    _, codes = with_totp(aino)
    (before,) = world.rows(Totp)
    thief = Browser(world.app)
    thief.sign_in(LOGIN, PASSWORD)
    thief.fill(follow(thief, thief.get("/factor/replace")), "/factor", recovery_code=codes[0])
    waiting = follow(thief, thief.fill(thief.get("/factor/replace"), "/factor/replace/code"))
    assert thief.fill(waiting, "/factor/replace/code", code=code_of(scan(waiting))).location == "/account"
    world.change(PersonProfile, email="thief@marjala.example")
    assert world.work() == {"delivered": 1, "failed": 0, "given_up": 0}
    (mail,) = post[1].took(1)
    assert mail.recipients == [f"TO:<{ADDRESS}>"]
    assert "http://localhost:8080/account" in mail.text
    made = worker.make(world.parts.settings, world.parts.vault, world.engine)
    assert made.tidy()["replaced factors"] == 0
    at(frozen + timedelta(hours=24))
    made = worker.make(world.parts.settings, world.parts.vault, world.engine)
    assert made.tidy()["replaced factors"] == 1
    (after,) = world.rows(Totp)
    assert after.secret != before.secret
