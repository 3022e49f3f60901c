"""AU-09, C-08, C-18: a stage is left by its own success only, in the browser that began it, and never twice.

Every form of signing in, found among the routes, is sent empty, blank, with handles of another browser and with handles
of another stage, by nobody, by somebody with the password alone, and by the owner whose proof has grown old. Nothing
that signs anybody in may have changed afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, update
from sqlalchemy.orm import Session

from iam import clock
from iam.change import SYSTEM
from iam.signin.accounts.account import FailureBudget
from iam.signin.codes import first_code
from iam.tokens.session import LoginSessionRow
from iam.web import extension
from tests.kit.browser import Browser, hidden
from tests.kit.people import OTHER, PASSWORD, add_person
from tests.kit.proofs import Authenticator, code_of
from tests.kit.seen import dump
from tests.kit.worlds.factor import DOOR, LOGIN, answer, at_factor, fresh, opened, with_passkey, with_totp

FIELDS = (
    "flow",
    "login",
    "password",
    "code",
    "recovery_code",
    "credential",
    "code_handle",
    "new_password",
    "new_password_again",
    "current_password",
    "name",
    "passkey",
    "pending",
    "decision",
    "link",
    "capacity",
    "remember",
)
"""Every field of every form of these pages."""
SIGNS_IN = (
    "login_session",
    "credential",
    "passkey",
    "totp",
    "recovery_code",
    "connection_link",
    "remembered_device",
    "account",
)
"""The tables that say who can sign in how, and who has."""
HARMLESS = {"/logout", "/account/language", "/account/sessions/end-others"}
"""Forms that need nothing but the person's own wish."""


@pytest.fixture(scope="module")
def key(app: Flask) -> Authenticator:
    """Aino has time codes and this passkey."""
    owner = fresh(app)
    with_totp(owner)
    return with_passkey(owner)


def forms(app: Flask) -> list[str]:
    """The addresses that a form of signing in is sent to."""
    found = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("signin.") and "POST" in (rule.methods or ())
    }
    return sorted(found - HARMLESS)


def handle(app: Flask, browser: Browser) -> str:
    """The handle of a sign-in that this browser began."""
    asked = browser.get(DOOR)
    return parse_qs(urlsplit(asked.location or browser.get("/factor/set-up").location).query)["flow"][0]


def code_handle(app: Flask, browser: Browser, login: str) -> str:
    """The handle with which this browser may choose a password for a login."""
    parts = extension.parts_of(app)
    with Session(extension.engine_of(app)) as session, session.begin():
        code = first_code.issue(session, parts.vault, parts.settings, login, SYSTEM).code
    step = browser.fill(browser.get("/first-code"), "/first-code", login=login, code=code)
    return hidden(step, "/first-code")["code_handle"]


def misuses(app: Flask, mine: Browser) -> Iterator[tuple[str, dict[str, str]]]:
    """Ways to leave a stage other than by its success; each a set of fields."""
    other = Browser(app)
    theirs, own = handle(app, other), handle(app, mine)
    chosen = {"new_password": OTHER, "new_password_again": OTHER}
    stolen = code_handle(app, other, "kaisa")
    yield "empty", {}
    yield "blank", dict.fromkeys(FIELDS, "")
    yield "another browser's flow", {"flow": theirs, "login": LOGIN, "password": PASSWORD, "code": "000000"}
    yield "another browser's step", {"code_handle": stolen, "login": "kaisa", **chosen}
    yield "a flow for a step", {"code_handle": own, "pending": own, "flow": own, "credential": own, **chosen}
    yield "a step for a flow", {"flow": stolen, "pending": stolen, "credential": stolen, "code": stolen}
    yield "the session for a step", {name: str(mine.cookie("avain")) for name in FIELDS}
    yield "the password skipped", {"login": LOGIN, "code": "000000", **chosen}
    yield "only decisions", {"decision": "connect", "remember": "yes", "flow": own}


def browsers(app: Flask) -> Iterator[tuple[str, Browser]]:
    """Nobody; somebody with the password alone; the owner, six minutes after the last proof."""
    yield "nobody", Browser(app)
    with Session(extension.engine_of(app)) as session, session.begin():
        session.execute(delete(FailureBudget))
    yield "the password alone", fresh(app)
    # Six minutes ago, or the very proof of it would still count.
    owner = fresh(app)
    with Session(extension.engine_of(app)) as session, session.begin():
        aged = {
            "auth_time": clock.now() - timedelta(minutes=6),
            "acr": "urn:avain:acr:passkey",
            "amr": ["pwd", "hwk", "user"],
        }
        newest = session.query(LoginSessionRow).order_by(LoginSessionRow.id.desc()).first()
        assert newest is not None
        session.execute(update(LoginSessionRow).where(LoginSessionRow.id == newest.id).values(**aged))
    yield "an old proof", owner


def test_au_09_c_18_no_form_leaves_its_stage_but_by_success(
    app: Flask, engine: Engine, key: Authenticator, at: Callable[[datetime], None]
) -> None:
    # A session notes each minute that it was seen: here nothing may change but by a form.
    at(clock.now())
    with Session(engine) as session, session.begin():
        add_person(session, extension.parts_of(app).vault, "kaisa")
    assert len(forms(app)) >= 14
    for who, browser in browsers(app):
        page = browser.get("/login" if who == "nobody" else "/account")
        token = hidden(page, "/login" if who == "nobody" else "/logout")["csrf_token"]
        for how, fields in misuses(app, browser):
            before = dump(engine, *SIGNS_IN)
            for path in forms(app):
                given = {"csrf_token": token} | fields
                said = browser.post(path, given)
                assert said.status_code < 500, (who, how, path)
                assert dump(engine, *SIGNS_IN) == before, f"{who} left {path} by {how}"
                if who == "nobody":
                    assert "avain=" not in str(said.headers.getlist("Set-Cookie")), (
                        f"{who} got a session at {path} by {how}"
                    )
        assert not opened(browser) or who == "an old proof"


def test_au_09_a_stage_that_was_left_cannot_be_left_again(app: Flask, engine: Engine, key: Authenticator) -> None:
    """Going back and sending the same form: the code, the passkey's answer and the step are used up."""
    with Session(engine) as session, session.begin():
        for login in ("liisa", "back"):
            add_person(session, extension.parts_of(app).vault, login)
    browser = Browser(app)
    step = {"code_handle": code_handle(app, browser, "liisa"), "new_password": OTHER, "new_password_again": OTHER}
    form = hidden(browser.get("/first-code"), "/first-code") | step
    assert browser.post("/first-code", form).status_code == 303
    again = Browser(app)
    token = hidden(again.get("/first-code"), "/first-code")
    assert (
        again.post("/first-code", token | step | {"new_password": PASSWORD, "new_password_again": PASSWORD}).status_code
        == 422
    )
    browser.fill(browser.get("/account"), "/logout")
    token = hidden(browser.get("/first-code"), "/first-code")
    assert browser.post("/first-code", token | step).status_code == 422
    assert browser.get("/account").status_code == 303
    # The second factor: the answer that opened the door once opens nothing for the session that comes after.
    thief = fresh(app)
    page = at_factor(thief)
    options = thief.post(
        "/factor/passkey/options", hidden(page, "/factor/passkey"), Accept="application/json"
    ).get_json()
    given = {"credential": key.prove(options)}
    assert thief.fill(page, "/factor/passkey", **given).status_code == 303
    assert opened(thief)
    thief.fill(thief.get("/account"), "/logout")
    thief.sign_in(LOGIN, PASSWORD)
    assert thief.fill(at_factor(thief), "/factor/passkey", **given).status_code == 422
    assert not opened(thief)


def test_au_09_stages_in_another_order_lead_back_to_the_first(app: Flask, engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        add_person(session, extension.parts_of(app).vault, "order")
    browser = Browser(app)
    browser.sign_in("order", PASSWORD)
    token = hidden(browser.get("/account"), "/logout")
    # Confirming what was never begun, new codes without a factor, removing what is not there.
    assert browser.post("/factor/set-up/code", token | {"code": code_of("JBSWY3DPEHPK3PXP" * 2)}).status_code in (
        303,
        422,
    )
    assert browser.post("/factor/codes", token).status_code == 404
    assert browser.post("/factor/remove", token).status_code == 404
    assert browser.get("/factor/set-up/code").location.startswith("/factor/set-up")
    assert browser.get("/upstream/link?pending=x").status_code == 400
    assert dump(engine, "totp", "recovery_code").count(str(person(engine))) == 0
    assert not opened(browser)


def person(engine: Engine) -> str:
    """Who signed in last."""
    with Session(engine) as session:
        row = session.query(LoginSessionRow).order_by(LoginSessionRow.id.desc()).first()
        return str(row.person_id.hex) if row else ""


def test_c_08_what_an_attacker_began_nobody_else_finishes_and_what_ended_does_not_come_back(
    app: Flask, engine: Engine, key: Authenticator
) -> None:
    attacker, victim = Browser(app), Browser(app)
    prepared = handle(app, attacker)
    victim.get("/login")
    for path in ("/login", "/first-code", "/factor", "/factor/set-up"):
        assert victim.get(f"{path}?flow={prepared}").status_code in (303, 400), path
    assert victim.fill(victim.get("/login"), "/login", flow=prepared, login=LOGIN, password=PASSWORD).status_code == 400
    assert victim.get("/account").status_code == 303
    # Whoever plants their own cookies in the victim's browser is not signed in as the victim afterwards.
    for name in ("avain-form", "avain-device"):
        value = attacker.cookie(name)
        if value:
            victim.client.set_cookie(name, value, domain="localhost")
    assert victim.sign_in(LOGIN, PASSWORD).status_code == 303
    assert attacker.get("/account").status_code == 303
    assert attacker.cookie("avain") is None
    # Signing out without the cookie ends nothing; with it, its copy is dead, and another person's session gets another
    # id.
    copied = str(victim.cookie("avain"))
    nobody = Browser(app)
    nobody.fill(nobody.get("/logout"), "/logout", decision="sign-out") if "action" in nobody.get(
        "/logout"
    ).text else None
    assert victim.get("/account").status_code == 200
    victim.fill(victim.get("/account"), "/logout")
    thief = Browser(app)
    thief.client.set_cookie("avain", copied, domain="localhost")
    assert thief.get("/account").status_code == 303
    page = victim.get("/login")
    assert answer(victim, page, "/login/passkey", key).status_code == 303
    assert victim.cookie("avain") not in (None, copied)
