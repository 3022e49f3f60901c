"""How long a sign-in lasts (security SE-03): the installation's limits, the administrators', and the organisations'
own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam.access.commands import delegation
from iam.change import SYSTEM, begin
from iam.clock import FOREVER
from iam.directory.organisation import Organisation
from iam.signin.accounts import session_policy
from iam.tokens.session import LoginSessionRow
from iam.web import extension
from tests.kit.browser import Browser, application
from tests.kit.factories import facts
from tests.kit.people import PASSWORD, add_person

LOGIN = "aino.virtanen"
Tree = dict[str, UUID]


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on the test's database."""
    with application(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def tree(app: Flask, engine: Engine, frozen: datetime) -> Tree:
    """A municipality with two schools; Aino works in the first, nobody in the second."""
    with Session(engine) as session, session.begin():
        town = facts.organisation(session, "KUNTA", "municipality")
        first, second = (facts.organisation(session, key, under=town) for key in ("RANTA", "METSA"))
        aino = add_person(session, extension.parts_of(app).vault, LOGIN)
        facts.affiliation(session, aino, first)
        return {"town": town, "first": first, "second": second, "aino": aino}


def limit(engine: Engine, **limits: tuple[int | None, int | None] | None) -> None:
    """Let organisations (by key) say how long sign-ins last."""
    with Session(engine) as session, session.begin():
        ids = dict(session.execute(select(Organisation.key, Organisation.id)).all())
        session_policy.state(session, {ids[key]: given for key, given in limits.items()})


def lasts(engine: Engine, browser: Browser) -> tuple[timedelta, timedelta]:
    """Sign in; return how long that may be unused, and how long it lasts at most."""
    assert browser.sign_in(LOGIN, PASSWORD).status_code == 303
    with Session(engine) as session:
        row = session.scalars(select(LoginSessionRow).order_by(LoginSessionRow.id.desc())).first()
        assert row is not None
        return row.idle_until - row.started_at, row.expires_at - row.started_at


def minutes(n: int) -> timedelta:
    return timedelta(minutes=n)


def test_se_03_the_shortest_limit_of_a_persons_organisations_holds(app: Flask, engine: Engine, tree: Tree) -> None:
    hours = timedelta(hours=1)
    assert lasts(engine, Browser(app)) == (8 * hours, 12 * hours)
    limit(engine, KUNTA=(60, 6))
    assert lasts(engine, Browser(app)) == (hours, 6 * hours)
    limit(engine, RANTA=(30, None))
    assert lasts(engine, Browser(app)) == (minutes(30), 6 * hours)
    limit(engine, METSA=(5, 1))
    assert lasts(engine, Browser(app)) == (minutes(30), 6 * hours)
    limit(engine, KUNTA=None, RANTA=(None, 90 * 24))
    assert lasts(engine, Browser(app)) == (8 * hours, 12 * hours)


def test_se_03_administrators_are_signed_out_sooner(app: Flask, engine: Engine, tree: Tree, frozen: datetime) -> None:
    with Session(engine) as session, session.begin():
        change = begin(session, "command", SYSTEM)
        delegation.set_grants(session, change, {(tree["aino"], tree["town"]): [("persons.read", frozen, FOREVER)]})
    assert lasts(engine, Browser(app)) == (minutes(60), timedelta(hours=12))


def test_se_03_use_puts_the_idle_end_off_but_never_the_last_one(
    app: Flask, engine: Engine, tree: Tree, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    limit(engine, RANTA=(30, 1))
    browser = Browser(app)
    lasts(engine, browser)
    for passed in (29, 58):
        at(frozen + minutes(passed))
        assert browser.get("/account").status_code == 200
    at(frozen + minutes(60))
    assert browser.get("/account").status_code == 303


def test_se_03_a_sign_in_unused_longer_than_its_organisation_allows_is_over(
    app: Flask, engine: Engine, tree: Tree, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    limit(engine, RANTA=(30, None))
    browser = Browser(app)
    lasts(engine, browser)
    at(frozen + minutes(30))
    assert browser.get("/account").status_code == 303
