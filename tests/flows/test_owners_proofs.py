"""Whom a town's own sign-in proves: its own people, in their positions there, whatever else they are elsewhere (issue
8, line 8)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from iam import clock
from iam.access.model.assignment import AdminGrant, Assignment
from iam.access.model.role import Application as ApplicationRow, ApplicationEnabled
from iam.change import SYSTEM
from iam.directory.person import Identifier
from iam.settings import Egress
from iam.signin.accounts.account import Account
from iam.signin.factors import levels
from iam.signin.federation import connections, reach
from iam.signin.federation.connection import Connection, ConnectionOpening, Link
from iam.signin.passwords import credentials
from iam.tokens.session import OWN, LoginSessionRow
from iam.web import extension
from tests.kit.browser import Browser
from tests.kit.factories import consortium
from tests.kit.peers.openid_provider import CLIENT, SECRET as ITS_SECRET, OpenidProvider
from tests.kit.proofs import code_of
from tests.kit.upstream import follow, local
from tests.kit.worlds.admin import World, administer, build, employ, person
from tests.kit.worlds.factor import answer, with_passkey, with_totp
from tests.kit.worlds.oidc import SECRET, Application, request_of

PASSWORD = "sininen hauki ui vastavirtaan"
UNKNOWN = "Your account is not connected yet"
MORE = "Prove yourself once more"


@pytest.fixture
def town() -> Iterator[OpenidProvider]:
    """The provider of Mansikkala."""
    with OpenidProvider() as server:
        yield server


@pytest.fixture
def neighbour() -> Iterator[OpenidProvider]:
    """The provider of Mustikkala."""
    with OpenidProvider() as server:
        yield server


@pytest.fixture
def world(database_url: str, tmp_path: Path, town: OpenidProvider, neighbour: OpenidProvider) -> Iterator[World]:
    """Two towns with a provider each; Anna teaches in a school of both, and is connected at Mansikkala."""
    made = build(database_url, tmp_path, egress=Egress(hosts=[town.place, neighbour.place]))
    with made.transaction() as session:
        session.execute(update(ApplicationRow).values(notice="none"))
        session.execute(update(Account).values(language="en"))
        anna = made.ids["anna"]
        credentials.set_password(session, extension.parts_of(made.app).vault, anna, PASSWORD, SYSTEM)
    consortium.client(
        made,
        "wilma",
        "wilma",
        secret=SECRET,
        redirect_uris=["https://wilma.example/cb"],
        scope="openid roles offline_access",
        grants=["authorization_code", "refresh_token"],
    )
    made.write(ApplicationEnabled(application_id=made.ids["wilma"], organisation_id=made.ids["MUSTIKKALA"]))
    connection(made, town, "mansikkala", "MANSIKKALA")
    connection(made, neighbour, "mustikkala", "MUSTIKKALA")
    known(made, "mansikkala", "anna")
    yield made
    made.engine.dispose()


def connection(world: World, provider: OpenidProvider, key: str, owner: str | None, **more: Any) -> None:
    values: dict[str, Any] = {
        "key": key,
        "name": {"fi": key, "sv": key, "en": key},
        "issuer": provider.issuer,
        "client_id": CLIENT,
        "domains": [],
        "secret": extension.parts_of(world.app).vault.wrap(ITS_SECRET.encode()),
        "identifier": {},
    }
    row = Connection(owner_id=world.ids[owner] if owner else None, **(values | more))
    world.write(row)
    world.ids[f"connection {key}"] = row.id


def known(world: World, key: str, login: str, subject: str = "subject-1") -> None:
    """Let an account at a provider be a person's."""
    with world.transaction() as session:
        issuer = session.scalars(select(Connection.issuer).where(Connection.key == key)).one()
        row = {"connection_id": world.ids[f"connection {key}"], "issuer": issuer, "subject": subject}
        session.add(Link(person_id=world.ids[login], created_at=clock.now(), **row))


def opened(world: World, key: str, organisation: str, days: int = 100) -> None:
    now = clock.now()
    world.write(
        ConnectionOpening(
            connection_id=world.ids[f"connection {key}"],
            organisation_id=world.ids[organisation],
            valid_from=now - timedelta(days=1),
            valid_to=now + timedelta(days=days),
            opened_by=consortium.CHANGE,
        )
    )


def enter(browser: Browser, provider: OpenidProvider, path: str) -> TestResponse:
    """Press a provider's button, sign in there, and follow to a page of ours or out of the house."""
    back = browser.get(local(provider.authorize(browser.get(path).location)))
    return to_page(browser, back)


def to_page(browser: Browser, said: TestResponse) -> TestResponse:
    while said.status_code in (302, 303) and not said.location.startswith("https://"):
        said = browser.get(local(said.location))
    return said


def by(world: World, provider: OpenidProvider, key: str) -> Browser:
    browser = Browser(world.app)
    enter(browser, provider, f"/upstream/{key}")
    return browser


def signed_in(browser: Browser) -> bool:
    return browser.get("/account").status_code == 200


def authorize(browser: Browser, **changes: Any) -> TestResponse:
    return to_page(browser, browser.get("/oauth2/authorize?" + urlencode(request_of("wilma", **changes))))


def prove_more(page: TestResponse) -> str:
    """Where a page leads for another proof."""
    (found,) = re.findall(r'href="(/login\?flow=[^"]+)"', page.text)
    return html.unescape(found)


def sessions(world: World) -> list[LoginSessionRow]:
    with world.transaction() as session:
        return list(session.scalars(select(LoginSessionRow).order_by(LoginSessionRow.id)))


# --- who is let in


def test_a_town_signs_nobody_of_another_town_in(world: World, town: OpenidProvider) -> None:
    known(world, "mansikkala", "ville", "ville")
    town.behave.subject = "ville"
    assert UNKNOWN in enter(Browser(world.app), town, "/upstream/mansikkala").text
    assert sessions(world) == []
    (told,) = world.events("signin:proof:refused")
    assert told.envelope["proof"] == f"connection:{world.ids['connection mansikkala']}"


def test_who_left_the_town_is_not_let_in_by_it_any_more(world: World, town: OpenidProvider) -> None:
    leo = person(world, "leo", "Lähtenyt")
    employ(world, "leo", "KOIVU", "Opettaja", valid_to=clock.now() - timedelta(days=1))
    employ(world, "leo", "KUUSI", "Opettaja", number="9")
    known(world, "mansikkala", "leo", str(leo))
    town.behave.subject = str(leo)
    assert UNKNOWN in enter(Browser(world.app), town, "/upstream/mansikkala").text
    assert sessions(world) == []


def test_a_connection_without_an_owner_lets_nobody_in(world: World, town: OpenidProvider) -> None:
    opened(world, "mansikkala", "MANSIKKALA")
    with world.transaction() as session:
        session.execute(update(Connection).where(Connection.key == "mansikkala").values(owner_id=None))
    assert not signed_in(by(world, town, "mansikkala"))


def test_an_in_house_companys_one_tenant_serves_the_towns_that_opened_themselves_to_it(
    world: World, town: OpenidProvider
) -> None:
    consortium.organisation(world, "SERVICES", "in-house", "ROOT")
    with world.transaction() as session:
        row = update(Connection).where(Connection.key == "mansikkala").values(owner_id=world.ids["SERVICES"])
        session.execute(row)
    known(world, "mansikkala", "ville", "ville")
    town.behave.subject = "ville"
    assert not signed_in(by(world, town, "mansikkala"))
    opened(world, "mansikkala", "MUSTIKKALA", days=3)
    assert signed_in(by(world, town, "mansikkala"))
    proof, ville = reach.of_connection(world.ids["connection mansikkala"]), world.ids["ville"]
    with clock.fixed(clock.now() + timedelta(days=4)), world.transaction() as session:
        assert not reach.lets_in(session, proof, ville), "until its last day"


def test_a_guardian_is_let_in_where_a_child_goes_to_school(world: World, town: OpenidProvider) -> None:
    known(world, "mansikkala", "gitta", "gitta")
    town.behave.subject = "gitta"
    assert signed_in(by(world, town, "mansikkala"))
    with world.transaction() as session:
        session.execute(update(Connection).values(owner_id=world.ids["MUSTIKKALA"]))
    assert not signed_in(by(world, town, "mansikkala"))


# --- what the session opens


def test_the_session_offers_the_positions_of_that_town_only_and_after_the_password_the_others_too(
    world: World, town: OpenidProvider
) -> None:
    browser = by(world, town, "mansikkala")
    page = authorize(browser)
    assert "Koivu en" in page.text
    assert "Kuusi en" not in page.text
    assert MORE in page.text
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    (action,) = re.findall(r'<form method="post" action="(/capacity[^"]*)"', page.text)
    forged = form | {"capacity": str(world.ids["anna KUUSI"]), "decision": "continue"}
    again = to_page(browser, browser.post(html.unescape(action), forged))
    assert "Kuusi en" not in again.text
    (before,) = sessions(world)
    there = browser.get(prove_more(page))
    assert "You are signed in already." in there.text
    both = to_page(browser, browser.fill(there, "/login", login="anna", password=PASSWORD))
    assert "Koivu en" in both.text
    assert "Kuusi en" in both.text
    assert MORE not in both.text
    (after,) = sessions(world)
    assert (after.id, after.connection_id) == (before.id, world.ids["connection mansikkala"])
    assert after.proofs == [f"connection:{world.ids['connection mansikkala']}", OWN]
    assert after.secret_hash != before.secret_hash


def test_a_passkey_opens_the_others_too(world: World, town: OpenidProvider) -> None:
    own = Browser(world.app)
    own.sign_in("anna", PASSWORD)
    key = with_passkey(own)
    browser = by(world, town, "mansikkala")
    there = browser.get(prove_more(authorize(browser)))
    page = to_page(browser, answer(browser, there, "/login/passkey", key))
    assert "Koivu en" in page.text
    assert "Kuusi en" in page.text


def test_a_passkey_as_the_further_factor_is_the_persons_own_and_a_time_code_is_not(
    world: World, town: OpenidProvider
) -> None:
    own = Browser(world.app)
    own.sign_in("anna", PASSWORD)
    (secret, _), key = with_totp(own), with_passkey(own)
    by_code, by_passkey = (by(world, town, "mansikkala") for _ in range(2))
    asked = authorize(by_code, acr_values=levels.TWO_FACTOR)
    page = to_page(by_code, by_code.fill(asked, "/factor", code=code_of(secret, 1)))
    assert "Koivu en" in page.text
    assert "Kuusi en" not in page.text
    page = to_page(
        by_passkey, answer(by_passkey, authorize(by_passkey, acr_values=levels.PASSKEY), "/factor/passkey", key)
    )
    assert "Koivu en" in page.text
    assert "Kuusi en" in page.text


def test_the_other_towns_connection_opens_the_positions_there_in_the_same_session(
    world: World, town: OpenidProvider, neighbour: OpenidProvider
) -> None:
    known(world, "mustikkala", "anna")
    town.behave.claims = {"amr": ["pwd"]}
    neighbour.behave.claims = {"amr": ["pwd", "mfa"]}
    browser = by(world, town, "mansikkala")
    there = browser.get(prove_more(authorize(browser)))
    (button,) = re.findall(r'href="(/upstream/mustikkala[^"]*)"', there.text)
    neighbour.behave.claims |= {"auth_time": int(clock.now().timestamp())}
    page = enter(browser, neighbour, html.unescape(button))
    assert "Koivu en" in page.text
    assert "Kuusi en" in page.text
    (row,) = sessions(world)
    assert row.amr == ["pwd"], "what one town asked does not make the other's word any surer"


def test_another_persons_proof_opens_nothing_for_the_first(world: World, town: OpenidProvider) -> None:
    with world.transaction() as session:
        vault = extension.parts_of(world.app).vault
        credentials.set_password(session, vault, world.ids["ville"], PASSWORD, SYSTEM)
    browser = by(world, town, "mansikkala")
    there = browser.get(prove_more(authorize(browser)))
    to_page(browser, browser.fill(there, "/login", login="ville", password=PASSWORD))
    first, second = sessions(world)
    assert first.ended_at is not None
    assert (second.person_id, second.proofs) == (world.ids["ville"], [OWN])


def test_a_service_that_only_the_other_positions_open_says_what_to_do(world: World, town: OpenidProvider) -> None:
    with world.transaction() as session:
        session.execute(
            update(Assignment).where(Assignment.scope_id == world.ids["KOIVU"]).values(closed_by=consortium.CHANGE)
        )
    browser = by(world, town, "mansikkala")
    page = authorize(browser)
    assert MORE in page.text
    assert "Kuusi" not in page.text
    silent = browser.get("/oauth2/authorize?" + urlencode(request_of("wilma", prompt="none")))
    assert "error=interaction_required" in silent.location


def test_what_an_application_was_given_ends_when_the_town_is_closed_to_the_connection(
    world: World, town: OpenidProvider
) -> None:
    with world.transaction() as session:
        session.execute(
            update(Connection).where(Connection.key == "mansikkala").values(owner_id=world.ids["MUSTIKKALA"])
        )
    opened(world, "mansikkala", "KOIVU")
    employ(world, "anna", "MANSIKKALA", "Muu", number="3")
    browser = by(world, town, "mansikkala")
    page = authorize(browser, scope="openid roles offline_access")
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    (action,) = re.findall(r'<form method="post" action="(/capacity[^"]*)"', page.text)
    data = form | {"capacity": str(world.ids["anna KOIVU"]), "decision": "continue"}
    sent = to_page(browser, browser.post(html.unescape(action), data))
    wilma = Application(world)  # type: ignore[arg-type]
    (code,) = re.findall(r"code=([^&]+)", sent.location)
    tokens = wilma.redeem(code).get_json()
    again = wilma.refresh(tokens["refresh_token"]).get_json()
    assert again["access_token"]
    with world.transaction() as session:
        session.execute(update(ConnectionOpening).values(closed_by=consortium.CHANGE))
    assert wilma.userinfo(again["access_token"]).status_code == 401
    assert wilma.refresh(again["refresh_token"]).get_json()["error"] == "invalid_grant"


# --- administrators


def test_an_administrator_by_connection_sees_only_that_part_until_the_passkey(
    world: World, town: OpenidProvider
) -> None:
    administer(world, "anna", "KOIVU", "persons.read")
    administer(world, "anna", "MUSTIKKALA", "persons.read")
    own = Browser(world.app)
    own.sign_in("anna", PASSWORD)
    key = with_passkey(own)
    browser = by(world, town, "mansikkala")
    to_page(browser, browser.get("/admin/"))
    page = browser.get("/admin/persons").text
    assert "Sihteeri" in page
    assert "Vieras" not in page
    assert browser.get(f"/admin/persons/{world.ids['ville']}").status_code == 404
    there = browser.get(prove_more(browser.get("/account")))
    to_page(browser, answer(browser, there, "/login/passkey", key))
    assert browser.get(f"/admin/persons/{world.ids['ville']}").status_code == 200


def test_an_administrator_of_elsewhere_is_asked_for_more_at_the_door_of_the_administration(
    world: World, town: OpenidProvider
) -> None:
    administer(world, "anna", "MUSTIKKALA", "persons.read")
    browser = by(world, town, "mansikkala")
    there = to_page(browser, browser.get("/admin/"))
    assert 'name="password"' in there.text
    shown = to_page(browser, browser.fill(there, "/login", login="anna", password=PASSWORD))
    assert shown.status_code == 200
    assert browser.get(f"/admin/persons/{world.ids['ville']}").status_code == 200


@pytest.mark.parametrize("starts", [-1, 40])
def test_an_identifier_finds_nobody_who_administers_now_or_later(
    world: World, town: OpenidProvider, starts: int
) -> None:
    with world.transaction() as session:
        number = session.scalars(select(Identifier.value).where(Identifier.person_id == world.ids["sanna"])).one()
        session.execute(
            update(Connection).values(identifier={"claim": "number", "kind": "employee-number", "issuer": "hr"})
        )
    town.behave.subject, town.behave.claims = "sanna", {"number": number}
    assert UNKNOWN in enter(Browser(world.app), town, "/upstream/mansikkala").text
    with world.transaction() as session:
        soon = clock.now() + timedelta(days=starts)
        session.execute(update(AdminGrant).where(AdminGrant.person_id == world.ids["sanna"]).values(valid_from=soon))
    assert UNKNOWN in enter(Browser(world.app), town, "/upstream/mansikkala").text
    with world.transaction() as session:
        session.execute(
            update(AdminGrant).where(AdminGrant.person_id == world.ids["sanna"]).values(closed_by=consortium.CHANGE)
        )
    assert signed_in(by(world, town, "mansikkala"))


# --- another way to sign in


def test_who_signed_in_by_one_towns_account_makes_no_other_way_in_before_something_of_their_own(
    world: World, town: OpenidProvider
) -> None:
    browser = by(world, town, "mansikkala")
    page = to_page(browser, browser.get("/factor/set-up"))
    assert 'name="password"' in page.text
    done = to_page(browser, browser.fill(page, "/login", login="anna", password=PASSWORD))
    assert "/factor/set-up" in done.text


def test_who_is_of_that_town_only_sets_a_first_factor_up_after_its_sign_in(world: World, town: OpenidProvider) -> None:
    person(world, "leena", "Lehtori")
    employ(world, "leena", "KOIVU", "Lehtori", number="7")
    known(world, "mansikkala", "leena", "leena")
    town.behave.subject = "leena"
    with_passkey(by(world, town, "mansikkala"))


def test_the_question_whether_to_connect_says_which_account_it_is(world: World, neighbour: OpenidProvider) -> None:
    neighbour.behave.claims = {"name": "<b>Anna</b> V.", "preferred_username": "anna@mustikkala.example", "email": 7}
    browser = Browser(world.app)
    offered = enter(browser, neighbour, "/upstream/mustikkala")
    there = browser.get(prove_more(offered))
    page = follow(browser, browser.fill(there, "/login", login="anna", password=PASSWORD))
    assert "&lt;b&gt;Anna&lt;/b&gt; V., anna@mustikkala.example" in page.text
    assert "<b>Anna" not in page.text


def test_when_a_connection_is_retired_its_sessions_end_with_what_applications_were_given(
    world: World, town: OpenidProvider
) -> None:
    own = Browser(world.app)
    own.sign_in("anna", PASSWORD)
    browser = by(world, town, "mansikkala")
    assert signed_in(browser)
    with world.transaction() as session:
        connections.amend(session, [{"id": world.ids["connection mansikkala"], "retired": True}], SYSTEM)
    assert not signed_in(browser)
    assert signed_in(own)
    (told,) = world.events("signin:proof:ended")
    assert told.envelope["sessions"] == 1
