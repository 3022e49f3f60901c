"""A person is told by mail what an administrator did to their account, at an address older than the act."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from iam.database.engine import make_sessions
from iam.delivery import outbox
from iam.delivery.mail import Mail
from iam.directory.person import PersonProfile
from iam.errors import Unavailable
from iam.jobs import Verdict
from iam.settings import Settings
from iam.signin.accounts.account import Account
from iam.signin.addresses import notices
from iam.signin.addresses.address import SignInAddress
from iam.vault import Vault
from tests.kit.people import add_person

OLD, NEW = "aino@koulu.example", "uusi@muualla.example"
HOUR = timedelta(hours=1)


class Bag:
    """Keeps the mails it is given, or fails."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.broken = False

    def send(self, mail: Mail) -> None:
        if self.broken:
            raise Unavailable
        self.mails.append(mail)

    def greet(self) -> None:
        """Nothing to greet."""


@pytest.fixture
def aino(engine: Engine, tmp_path: Path, frozen: Any) -> UUID:
    with Session(engine) as session, session.begin():
        person_id = add_person(session, Vault.open(tmp_path / "vault.key"), "aino")
        session.execute(update(PersonProfile).values(email=OLD))
        session.execute(update(Account).values(language="fi"))
    return person_id


def deliver(engine: Engine, bag: Bag | None) -> list[Verdict]:
    """Send what is due, as the worker does."""
    made = make_sessions(engine)
    notice = notices.Notice(made, Settings(), bag)
    with made() as session:
        due = outbox.take(session, [notices.KIND], 10)
        session.commit()
        return [notice(session, one)().verdict for one in due]


def test_the_mail_says_what_was_done_and_holds_no_code(engine: Engine, aino: UUID) -> None:
    bag = Bag()
    with Session(engine) as session, session.begin():
        for act in notices.ACTS:
            notices.tell(session, aino, act)
    assert deliver(engine, bag) == [Verdict.DELIVERED] * len(notices.ACTS)
    assert {mail.to for mail in bag.mails} == {OLD}
    assert len({mail.text for mail in bag.mails}) == len(notices.ACTS)
    for mail in bag.mails:
        assert "aino" in mail.text
        assert "http" not in mail.text


def test_an_address_that_came_with_or_after_the_act_is_not_told_and_the_one_before_is(
    engine: Engine, aino: UUID, at: Any, frozen: Any
) -> None:
    with Session(engine) as session, session.begin():
        since = frozen - 24 * HOUR
        session.add(SignInAddress(person_id=aino, address=OLD, since=since, usable_from=since, ended_at=frozen))
        session.flush()
        session.add(SignInAddress(person_id=aino, address=NEW, since=frozen, usable_from=frozen, ended_at=None))
        session.execute(update(PersonProfile).values(email=NEW))
        notices.tell(session, aino, notices.CODE)
    at(frozen + HOUR)
    bag = Bag()
    deliver(engine, bag)
    assert [mail.to for mail in bag.mails] == [OLD]


def test_a_notice_whose_mail_fails_is_tried_again_and_without_a_mail_server_nothing_waits(
    engine: Engine, aino: UUID
) -> None:
    bag = Bag()
    bag.broken = True
    with Session(engine) as session, session.begin():
        notices.tell(session, aino, notices.ENDED)
    assert deliver(engine, bag) == [Verdict.FAILED]
    with Session(engine) as session, session.begin():
        notices.tell(session, aino, notices.ENDED)
    assert deliver(engine, None) == [Verdict.DELIVERED]
