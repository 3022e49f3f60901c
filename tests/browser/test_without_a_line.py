"""A consortium from nothing, on pages and without a line of YAML: organisations, administrators, a source, roles, rules,
an agreement with its signatures, sign-in, and the end of a right and of a job. What pages made is exported, and makes the
same elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from iam import clock
from tests.kit.beginning import agreement, application, payroll, people, tree
from tests.kit.beginning.application import LISTENS, TEACHES
from tests.kit.beginning.desk import Desk
from tests.kit.beginning.elsewhere import export_there
from tests.kit.beginning.installation import FIRST, Installation
from tests.kit.beginning.people import SECOND, SECRETARY
from tests.kit.beginning.signing_in import Wilma, redirect_uri, sign_in
from tests.kit.peers.relying_party import RelyingParty
from tests.kit.servers.chromium import PATIENCE, Chromium
from tests.kit.servers.databases import Databases
from tests.kit.servers.postgresql import PostgreSQL
from tests.kit.servers.redis import RedisServer

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
PASSWORDS = {
    FIRST: "vihreä lamppu pöydällä 1008",
    payroll.TEACHER: "kolmas koivu kasvaa 1001",
    payroll.LEAVER: "kolme kirjaa hyllyllä 1002",
    payroll.PSYCHOLOGIST: "kuuntelen koulun käytävillä 1005",
}


@pytest.fixture
def empty(
    postgresql: PostgreSQL, databases: Databases, redis: RedisServer, tmp_path: Path
) -> Iterator[tuple[Installation, str]]:
    """An empty installation that runs, and one more database that is empty."""
    names = [databases.lend() for _ in range(2)]
    first, second = map(postgresql.url, names)
    with Installation(first, tmp_path, {"IAM_REDIS__URL": redis.url}) as installation:
        yield installation, second
    for name in names:
        databases.take_back(name)


class Desks:
    """The people of the consortium, each at a desk of their own."""

    def __init__(self, desk: Callable[[], Desk]) -> None:
        self._desk = desk
        self.paula = desk()

    def visitor(self) -> Desk:
        """A browser that knows nobody."""
        return self._desk()

    def arrives(self, by: Desk, login: str, family: str, password: str) -> Desk:
        """Somebody signs in for the first time, by a code that ``by`` gave."""
        desk, code = self._desk(), people.code_for(by, family)
        desk.first_sign_in(login, code, password)
        return desk

    def administrator(self, who: people.Administrator) -> Desk:
        """An administrator whom the first one appointed, at the administration pages."""
        desk = self.arrives(self.paula, who.login, who.family, who.password)
        desk.enters_as_administrator()
        return desk


@pytest.fixture
def desks(
    empty: tuple[Installation, str], chromium: Chromium, save_screenshot: Callable[[Page, str], Path]
) -> Iterator[Desks]:
    """The desks; the first administrator has come in by the code of ``iam init``."""
    with ExitStack() as open_ones:

        def desk() -> Desk:
            made = Desk(chromium, empty[0].issuer, save_screenshot if "AVAIN_SCREENSHOTS" in os.environ else None)
            open_ones.callback(made.close)
            return made

        found = Desks(desk)
        found.paula.first_sign_in(FIRST, empty[0].begun(), PASSWORDS[FIRST])
        found.paula.enters_as_administrator()
        yield found


def test_a_consortium_begins_lives_and_ends_a_right_on_pages_alone_and_its_export_makes_it_again(
    empty: tuple[Installation, str], desks: Desks, tmp_path: Path
) -> None:
    installation, other = empty
    paula = desks.paula
    paula.looked_at("overview")
    tree.add_organisations(paula)
    for who in (SECOND, SECRETARY):
        people.add_by_hand(paula, who)
        people.appoint(paula, who)
    veera, sanna = desks.administrator(SECOND), desks.administrator(SECRETARY)
    sanna.looked_at("secretary")

    payroll.give_usernames(paula)
    payroll.make_source(paula, installation)
    payroll.accept(veera)

    with RelyingParty() as party:
        registered = application.add_application(paula, redirect_uri(party))
        wilma = Wilma(installation.issuer, registered, party)
        application.enable(paula, "Mansikkala", "Marjalan hyvinvointialue")
        for role in (application.TEACHER, application.PSYCHOLOGIST):
            application.add_role(paula, role)
        for rule in (TEACHES, LISTENS):
            application.publish_rule(paula, rule)
        paula.goto("/admin/")
        expect(paula.page.locator("#steps")).to_have_count(0)

        _agree(paula, veera)
        _sign_in_by_role(desks, sanna, wilma)

        told = installation.export()
        assert export_there(other, tmp_path / "elsewhere", told, second=SECOND.login) == told

        _leave(desks, installation, wilma)
        _end_agreement(desks, installation, wilma)


def _agree(paula: Desk, veera: Desk) -> None:
    agreement.make(paula)
    agreement.allow(paula, "psykologi", application.PSYCHOLOGIST.content)
    for party in (agreement.COUNTY, agreement.TOWN):
        agreement.sign(paula, party)
    agreement.accept(veera)
    veera.sees("Voimassa")


def _sign_in_by_role(desks: Desks, sanna: Desk, wilma: Wilma) -> None:
    """A teacher by her secretary's code, and the county's psychologist by the agreement."""
    for by, login, family, role in (
        (sanna, payroll.TEACHER, "Esimerkki", "opettaja@KOIVU"),
        (sanna, payroll.LEAVER, "Malli", "opettaja@KOIVU"),
        (desks.paula, payroll.PSYCHOLOGIST, "Psykologi", "psykologi@mansikkala"),
    ):
        desk = desks.arrives(by, login, family, PASSWORDS[login])
        claims = sign_in(wilma, desk, login, PASSWORDS[login])
        assert claims is not None
        assert claims["roles"] == [role]


def _leave(desks: Desks, installation: Installation, wilma: Wilma) -> None:
    """Somebody's job has ended by the file; others go on."""
    payroll.write(installation, P2=clock.today() - timedelta(days=1))
    payroll.run(desks.paula)
    desks.paula.sees("Valmis")
    assert sign_in(wilma, desks.visitor(), payroll.LEAVER, PASSWORDS[payroll.LEAVER]) is None
    assert sign_in(wilma, desks.visitor(), payroll.TEACHER, PASSWORDS[payroll.TEACHER]) is not None


def _end_agreement(desks: Desks, installation: Installation, wilma: Wilma) -> None:
    """Notice is given, to the end of tomorrow: two days later the psychologist's right is gone, and the teacher's not."""
    agreement.give_notice(desks.paula, agreement.TOWN)
    desks.paula.sees("Sopimus on irtisanottu.")
    assert sign_in(wilma, desks.visitor(), payroll.PSYCHOLOGIST, PASSWORDS[payroll.PSYCHOLOGIST]) is not None
    installation.stop()
    installation.ahead = 2
    installation.start()
    told = desks.visitor()
    assert sign_in(wilma, told, payroll.PSYCHOLOGIST, PASSWORDS[payroll.PSYCHOLOGIST]) is None
    told.looked_at("no-right")
    assert sign_in(wilma, desks.visitor(), payroll.TEACHER, PASSWORDS[payroll.TEACHER]) is not None
