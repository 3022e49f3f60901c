"""Earlier versions of a rule, a role and an agreement's clauses in a browser, in Finnish and on a phone: beside what is
now, with who gains and loses, restored by one and accepted by another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from iam import clock
from iam.access.commands.catalogue import NewVersion, publish_versions
from iam.access.derivation.derive import derive
from iam.access.model import agreements
from iam.access.model.agreement import Agreement
from iam.access.model.assignment import Assignment
from iam.access.model.role import Application, Role
from iam.access.model.rule import Rule, RuleVersion
from iam.audit.log import AuditEvent
from iam.change import SYSTEM, begin
from iam.plans import rule_proposals
from tests.kit.servers.chromium import PATIENCE, Chromium, axe
from tests.kit.worlds.consortium import PASSWORDS, SMALL, Consortium, prepared, served

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
FIRST, SECOND = "paula.paakayttaja", "veera.varahenkilo"
KEY, RULE = "opiskeluhuolto-2026", "luokanopettaja-wilmaan"
AGREEMENT = f"/admin/agreements/{KEY}"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demonstration, in which a rule was altered, and the clauses of an agreement that was used were closed but
    one."""
    with served(prepared(tmp_path_factory, *SMALL), tmp_path_factory.mktemp("demo")) as (consortium, server):
        _used(consortium)
        with consortium.sessions.begin() as session:
            change = begin(session, "command", SYSTEM, "test")
            role = session.scalars(
                select(Role).join(Application).where(Application.key == "wilma", Role.key == "opettaja")
            ).first()
            assert role is not None
            said = NewVersion(role.id, {"fi": "Ope", "sv": "Lärare", "en": "Teacher"}, "at use", [("oppilaat", "read")])
            publish_versions(session, change, [said])
            query = select(Rule.key, RuleVersion.pattern).join(RuleVersion, RuleVersion.rule_id == Rule.id)
            patterns: dict[str, Any] = dict(session.execute(query).all())
            bound = dict(patterns[RULE])
            bound.pop("unless", None)
            rule_proposals.publish(session, RULE, bound, "mansikkala", SYSTEM)
            id_ = session.scalars(select(Agreement.id).where(Agreement.key == KEY)).one()
            stays = list(agreements.clauses(session, of=[id_])[id_].values())[:1]
            agreements.set_clauses(session, begin(session, "command", SYSTEM, "test"), {id_: stays})
            derive(session, change)
        yield server.issuer


def _used(consortium: Consortium) -> None:
    """Tokens that were given by the agreement, on two days."""
    with consortium.sessions.begin() as session:
        query = select(Assignment.person_id, Assignment.capacity_id).where(Assignment.clause_id.is_not(None))
        for person_id, capacity_id in session.execute(query.distinct()).all():
            for days in (1, 4, 4):
                envelope = {"client": "demo-palvelu", "capacity": str(capacity_id), "by": "refresh_token"}
                at = clock.now() - timedelta(days=days)
                row = {"type": "oidc:token:issued", "request_id": "", "envelope": envelope}
                session.add(AuditEvent(at=at, subject_id=person_id, **row))


def administrator(chromium: Chromium, issuer: str, login: str) -> Page:
    page = chromium.context(language="fi-FI").new_page()
    page.goto(f"{issuer}/admin/")
    page.fill("#login", login)
    page.fill("#password", PASSWORDS[login])
    page.locator("main form:has(#password) button[type=submit]").first.click()
    expect(page.locator(".side-menu")).to_be_visible()
    return page


def looked_at(page: Page, save: Callable[[Page, str], Path], name: str) -> None:
    """Sound on a desk and on a phone."""
    assert axe(page) == []
    save(page, name)
    page.set_viewport_size({"width": 390, "height": 844})
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    save(page, f"{name}-phone")
    page.set_viewport_size({"width": 1280, "height": 800})


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_rule_says_again_what_it_said_before(
    chromium: Chromium, issuer: str, save_screenshot: Callable[[Page, str], Path]
) -> None:
    paula = administrator(chromium, issuer, FIRST)
    paula.goto(f"{issuer}/admin/rules/{RULE}")
    looked_at(paula, save_screenshot, "restore-rule-versions")
    paula.get_by_role("link", name="Vertaa versiota 1").click()
    expect(paula.locator("main")).to_contain_text("rooli on tauolla")
    looked_at(paula, save_screenshot, "restore-rule")
    press(paula, "Palauta tämä versio")
    expect(paula.locator("main")).to_contain_text("Sääntö sanoo taas sen, minkä se silloin sanoi")


def test_the_clauses_of_an_agreement_come_back_from_its_history(
    chromium: Chromium, issuer: str, save_screenshot: Callable[[Page, str], Path]
) -> None:
    paula = administrator(chromium, issuer, FIRST)
    paula.goto(f"{issuer}{AGREEMENT}/people")
    expect(paula.locator("main")).to_contain_text("Käyttöpäiviä")
    expect(paula.get_by_role("row", name="Pirkko Psykologi")).to_contain_text("klo")
    looked_at(paula, save_screenshot, "agreement-used")
    paula.goto(f"{issuer}{AGREEMENT}/history")
    looked_at(paula, save_screenshot, "restore-history")
    paula.get_by_role("link", name="Palauta kohdat sellaisiksi kuin ne olivat ennen tätä muutosta").first.click()
    paula.fill("#delegation", "§ 4: johtaja voi tehdä teknisiä muutoksia")
    press(paula, "Näytä vaikutus")
    expect(paula.locator("main")).to_contain_text("Vaikutus")
    looked_at(paula, save_screenshot, "restore-clauses")
    press(paula, "Palauta kohdat")
    expect(paula.locator("main")).to_contain_text("odottaa")
    veera = administrator(chromium, issuer, SECOND)
    veera.goto(f"{issuer}{AGREEMENT}/proposal")
    looked_at(veera, save_screenshot, "restore-clauses-decide")
    press(veera, "Hyväksy")
    expect(veera.locator("main")).to_contain_text("Kohdat ovat taas sellaiset kuin ne olivat.")


def test_a_role_says_again_what_it_said_before(
    chromium: Chromium, issuer: str, save_screenshot: Callable[[Page, str], Path]
) -> None:
    paula = administrator(chromium, issuer, FIRST)
    paula.goto(f"{issuer}/admin/roles/wilma/opettaja")
    paula.get_by_role("link", name="Kaikki versiot").click()
    looked_at(paula, save_screenshot, "restore-role-versions")
    paula.get_by_role("link", name="Versio 1").click()
    looked_at(paula, save_screenshot, "restore-role")
