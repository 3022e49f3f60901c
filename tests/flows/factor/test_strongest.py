"""The strongest proof guards itself: who holds a passkey changes their factors by a passkey, whatever else they can
prove (SE-06)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from iam.signin.accounts.factor import FactorReplacement, Passkey, Totp
from iam.signin.factors import levels
from iam.tokens.session import LoginSessionRow
from tests.kit.browser import Browser, hidden
from tests.kit.people import PASSWORD
from tests.kit.proofs import Authenticator, code_of
from tests.kit.worlds.factor import answer, at_factor, follow, fresh, opened, types, with_passkey, with_totp

Clock = Callable[[datetime], None]


def passkeys(engine: Engine) -> list[bytes]:
    with Session(engine) as session:
        return list(session.scalars(select(Passkey.credential_id)))


def replaced(engine: Engine, column: object) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(FactorReplacement).where(column.is_not(None))) or 0  # type: ignore[attr-defined]


def proved(browser: Browser, path: str, key: Authenticator) -> None:
    """Prove a passkey on the way to ``path``."""
    page = follow(browser, browser.get(path))
    assert answer(browser, page, "/factor/passkey", key).status_code == 303


@pytest.fixture
def upstream_mfa(app: Flask, engine: Engine, aino: UUID) -> Callable[[], Browser]:
    """A browser of Aino's in which her employer's provider has just said that she proved several factors to it."""

    def made() -> Browser:
        browser = fresh(app)
        with Session(engine) as session, session.begin():
            row = session.scalars(select(LoginSessionRow).order_by(LoginSessionRow.id.desc())).first()
            assert row is not None
            row.amr, row.acr = ["pwd", "otp", "mfa", "hwk"], levels.acr_of(["pwd", "otp", "mfa", "hwk"])
        return browser

    return made


def test_who_holds_a_passkey_adds_and_removes_none_and_gets_no_new_codes_with_a_time_code(
    app: Flask, browser: Browser, engine: Engine, frozen: datetime, at: Clock
) -> None:
    secret, _ = with_totp(browser)
    key = with_passkey(browser)
    (held,) = passkeys(engine)
    at(frozen + timedelta(minutes=2))
    thief = fresh(app)
    assert thief.fill(at_factor(thief), "/factor", code=code_of(secret)).status_code == 303
    assert opened(thief)
    account = thief.get("/account")
    with Session(engine) as session:
        id_ = session.scalars(select(Passkey.id)).one()
    for path, given in (
        ("/factor/remove", {"passkey": str(id_)}),
        ("/factor/remove", {}),
        ("/factor/codes", {}),
        ("/factor/set-up", {}),
        ("/factor/set-up/code", {}),
    ):
        page = follow(thief, thief.post(path, hidden(account, "/logout") | given))
        assert 'name="code"' not in page.text, path
        assert 'data-passkey="get"' in page.text, path
        assert thief.fill(page, "/factor/passkey", code=code_of(secret, 1)).status_code == 422
        assert thief.post("/factor", hidden(page, "/factor/passkey") | {"code": code_of(secret, 1)}).status_code == 200
    assert passkeys(engine) == [held]
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Totp)) == 1
    proved(thief, "/factor/set-up", key)
    with_passkey(thief)
    assert len(passkeys(engine)) == 2


def test_an_hour_after_the_passkey_a_time_code_does_not_make_its_proof_fresh(
    app: Flask, browser: Browser, engine: Engine, frozen: datetime, at: Clock
) -> None:
    secret, _ = with_totp(browser)
    key = with_passkey(browser)
    at(frozen + timedelta(minutes=2))
    other = fresh(app)
    assert answer(other, at_factor(other, levels.PASSKEY), "/factor/passkey", key).status_code == 303
    at(frozen + timedelta(hours=1))
    fields = {"current_password": PASSWORD, "new_password": "x", "new_password_again": "x"}
    page = follow(other, other.fill(other.get("/account"), "/account/password", **fields))
    assert other.fill(page, "/factor", code=code_of(secret)).status_code == 303
    assert 'data-passkey="get"' in follow(other, other.get("/factor/set-up")).text


def test_several_factors_at_another_provider_change_none_that_is_held_here(
    upstream_mfa: Callable[[], Browser], app: Flask, browser: Browser, engine: Engine, frozen: datetime, at: Clock
) -> None:
    secret, _ = with_totp(browser)
    at(frozen + timedelta(minutes=2))
    other = upstream_mfa()
    assert opened(other), "it opens what asks for a second factor"
    account = other.get("/account")
    for path in ("/factor/remove", "/factor/codes", "/factor/set-up"):
        assert 'name="code"' in follow(other, other.post(path, hidden(account, "/logout"))).text, path
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Totp)) == 1
    page = follow(other, other.get("/factor/set-up"))
    assert other.fill(page, "/factor", code=code_of(secret)).status_code == 303
    with_passkey(other)
    assert len(passkeys(engine)) == 1


def test_who_has_no_factor_here_sets_the_first_one_up_after_a_fresh_sign_in_at_another_provider_and_no_later(
    upstream_mfa: Callable[[], Browser], engine: Engine, frozen: datetime, at: Clock
) -> None:
    late, browser = upstream_mfa(), upstream_mfa()
    at(frozen + timedelta(minutes=4))
    with_passkey(browser)
    assert len(passkeys(engine)) == 1
    at(frozen + timedelta(minutes=6))
    assert late.get("/factor/set-up").location.startswith("/factor?flow=")


def lost(app: Flask, codes: list[str], n: int = 0) -> Browser:
    """A browser in which Aino has said, with a recovery code, that she lost something."""
    browser = fresh(app)
    page = follow(browser, browser.get("/factor/replace"))
    used = browser.fill(page, "/factor", recovery_code=codes[n])
    assert used.location.startswith("/factor/replace"), used.text
    return browser


def new_passkey(browser: Browser) -> Authenticator:
    """Ask that a new passkey takes the place of those that were lost."""
    page, key = browser.get("/factor/replace"), Authenticator()
    options = browser.post("/factor/replace/options", hidden(page, "/factor/replace"), Accept="application/json")
    done = browser.fill(page, "/factor/replace", credential=key.make(options.get_json()), name="uusi")
    assert done.location == "/account", done.text
    return key


def by_passkey(app: Flask, key: Authenticator) -> int:
    """What becomes of signing in with a passkey alone."""
    nobody = Browser(app)
    return answer(nobody, nobody.get("/login"), "/login/passkey", key).status_code


@pytest.fixture
def codes(browser: Browser) -> list[str]:
    """Aino's recovery codes; she has time codes and a passkey."""
    return with_totp(browser)[1]


def test_a_new_passkey_by_a_recovery_code_waits_a_day_is_told_and_then_takes_the_place_of_the_lost_one(
    app: Flask, browser: Browser, codes: list[str], engine: Engine, frozen: datetime, at: Clock
) -> None:
    old = with_passkey(browser)
    at(frozen + timedelta(minutes=10))
    other = lost(app, codes)
    new = new_passkey(other)
    assert passkeys(engine) == [old.credential_id]
    assert "Your passkeys are being replaced" in browser.get("/account").text
    assert by_passkey(app, new) == 422
    at(frozen + timedelta(hours=24, minutes=9))
    assert (by_passkey(app, new), by_passkey(app, old)) == (422, 303)
    at(frozen + timedelta(hours=24, minutes=10))
    assert by_passkey(app, new) == 303
    assert by_passkey(app, old) == 422
    assert passkeys(engine) == [new.credential_id]
    assert types(engine)[-2:] == ["signin:factor:replacing", "signin:factor:replaced"]
    again = fresh(app)
    assert again.fill(at_factor(again), "/factor", recovery_code=codes[1]).status_code == 303, "codes go on signing in"


def test_whoever_still_has_the_old_passkey_stops_the_new_one_and_nobody_else_does(
    app: Flask, browser: Browser, codes: list[str], engine: Engine, frozen: datetime, at: Clock
) -> None:
    old = with_passkey(browser)
    at(frozen + timedelta(minutes=10))
    thief = lost(app, codes)
    new_passkey(thief)
    page = follow(thief, thief.fill(thief.get("/account"), "/factor/replace/stop"))
    assert 'data-passkey="get"' in page.text
    assert replaced(engine, FactorReplacement.stopped_at) == 0
    at(frozen + timedelta(hours=20))
    owner = fresh(app)
    page = follow(owner, owner.fill(owner.get("/account"), "/factor/replace/stop"))
    assert answer(owner, page, "/factor/passkey", old).location.partition("?")[0] == "/account"
    assert owner.fill(owner.get("/account"), "/factor/replace/stop").location == "/account"
    assert replaced(engine, FactorReplacement.stopped_at) == 1
    at(frozen + timedelta(days=3))
    assert "are being replaced" not in fresh(app).get("/account").text
    assert passkeys(engine) == [old.credential_id]


def test_with_a_recovery_code_only_what_was_lost_is_replaced_and_nothing_is_added_or_removed(
    app: Flask, browser: Browser, codes: list[str], engine: Engine, frozen: datetime, at: Clock
) -> None:
    at(frozen + timedelta(minutes=10))
    other = lost(app, codes)
    page = other.get("/factor/replace")
    assert "/factor/replace/code" in page.text
    assert 'data-passkey="create"' not in page.text, "there is no passkey that could be lost"
    token = hidden(page, "/factor/replace/code")
    assert other.post("/factor/replace", token | {"credential": "{}"}).status_code == 404
    for path in ("/factor/set-up", "/factor/set-up/code", "/factor/codes", "/factor/remove"):
        assert other.post(path, token).location.startswith("/factor?flow="), path
    assert passkeys(engine) == []


def test_new_time_codes_by_a_recovery_code_wait_too(
    app: Flask, browser: Browser, frozen: datetime, at: Clock, engine: Engine
) -> None:
    old, codes = with_totp(browser)
    at(frozen + timedelta(minutes=10))
    other = lost(app, codes)
    waiting = follow(other, other.fill(other.get("/factor/replace"), "/factor/replace/code"))
    secret = waiting.text.split('id="totp-secret">')[1].split("<")[0]
    assert other.fill(waiting, "/factor/replace/code", code="000000").status_code == 422
    assert other.fill(waiting, "/factor/replace/code", code=code_of(secret)).location == "/account"
    at(frozen + timedelta(minutes=12))
    third = fresh(app)
    assert third.fill(at_factor(third), "/factor", code=code_of(secret)).status_code == 422
    assert third.fill(at_factor(third), "/factor", code=code_of(old)).status_code == 303
    at(frozen + timedelta(hours=25))
    fourth = fresh(app)
    assert fourth.fill(at_factor(fourth), "/factor", code=code_of(old)).status_code == 422
    assert fourth.fill(at_factor(fourth), "/factor", code=code_of(secret)).status_code == 303
