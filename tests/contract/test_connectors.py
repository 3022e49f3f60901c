"""Every connector passes the one conformance suite; a check that does not belong to a connector is not in its list."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from connectors import contract
from connectors.conformance.changing import a_foreign_checkpoint_is_lost, changes_and_deletions_come_once
from connectors.conformance.exhibit import Check, Exhibit
from connectors.conformance.reading import evidence_comes_after_the_last_item
from connectors.conformance.signing_in import an_empty_password_is_refused
from connectors.conformance.suite import checks
from connectors.conformance.testing import a_sound_system_tests_well
from connectors.conformance.verdict import Nonconforming
from connectors.contract import Authenticates, Connector, Item, Reading, ReadsAll, ReadsChanges
from connectors.hr import HrConnector
from connectors.ldap import LdapConnector
from connectors.memory import MemoryConnector
from connectors.oneroster import OneRosterConnector
from connectors.oneroster.rest_connector import OneRosterRestConnector
from connectors.problem import Problem
from connectors.records import Deleted, Evidence
from connectors.sds import SdsConnector
from connectors.simulators.oneroster import Roster, Simulator
from connectors.single_pass import Outcome, SinglePass
from tests.kit.feeds import fixed
from tests.kit.feeds.active_directory import ActiveDirectoryExhibit
from tests.kit.feeds.csv_inputs import read_all
from tests.kit.feeds.exhibits import (
    LdapExhibit,
    MemoryExhibit,
    OneRosterRestExhibit,
    hr_bytes_exhibit,
    hr_exhibit,
    hr_folder_exhibit,
    hr_sftp_exhibit,
    oneroster_exhibit,
    sds_exhibit,
)
from tests.kit.feeds.old_sheets import xls
from tests.kit.feeds.roster import folder
from tests.kit.feeds.sheets import good, ods, xlsx
from tests.kit.servers.slapd import Slapd

Make = Callable[[pytest.FixtureRequest, Path], Exhibit]


def _ldap(request: pytest.FixtureRequest, place: Path) -> Exhibit:
    return LdapExhibit(request.getfixturevalue("slapd"))


def _ldap_starttls(request: pytest.FixtureRequest, place: Path) -> Exhibit:
    slapd: Slapd = request.getfixturevalue("slapd")
    return LdapExhibit(slapd, url=slapd.url)


def _active_directory(request: pytest.FixtureRequest, place: Path) -> Exhibit:
    return ActiveDirectoryExhibit(request.getfixturevalue("samba"))


def _oneroster_rest(fault: str | None) -> Make:
    def make(request: pytest.FixtureRequest, place: Path) -> Exhibit:
        simulator = Simulator(Roster.of_bundle(folder(place)))
        request.addfinalizer(simulator.close)
        simulator.__enter__()
        return OneRosterRestExhibit(simulator, fault)

    return make


BORNE = (None, "busy", "gateway", "expired", "no-total")
"""What may go wrong with a school system without anybody noticing."""
SUITES: tuple[tuple[str, type[Connector], Make, bool], ...] = (
    ("memory", MemoryConnector, lambda request, place: MemoryExhibit(), True),
    ("hr", HrConnector, lambda request, place: hr_exhibit(place), False),
    ("hr-xlsx", HrConnector, lambda request, place: hr_bytes_exhibit(place, xlsx(good())), False),
    ("hr-xls", HrConnector, lambda request, place: hr_bytes_exhibit(place, xls(good())), False),
    ("hr-ods", HrConnector, lambda request, place: hr_bytes_exhibit(place, ods(good())), False),
    ("hr-fixed", HrConnector, lambda request, place: hr_bytes_exhibit(place, fixed.good(), **fixed.SETTINGS), False),
    ("hr-folder", HrConnector, lambda request, place: hr_folder_exhibit(place), False),
    ("hr-sftp", HrConnector, lambda request, place: hr_sftp_exhibit(request.getfixturevalue("sshd"), place), False),
    ("oneroster", OneRosterConnector, lambda request, place: oneroster_exhibit(place, packed=False), False),
    ("oneroster-zip", OneRosterConnector, lambda request, place: oneroster_exhibit(place, packed=True), False),
    (
        "oneroster-1.1",
        OneRosterConnector,
        lambda request, place: oneroster_exhibit(place, packed=False, old=True),
        False,
    ),
    ("sds", SdsConnector, lambda request, place: sds_exhibit(place, packed=False), False),
    ("sds-zip", SdsConnector, lambda request, place: sds_exhibit(place, packed=True), False),
    *((f"oneroster-rest-{fault or 'sound'}", OneRosterRestConnector, _oneroster_rest(fault), False) for fault in BORNE),
    ("ldaps", LdapConnector, _ldap, False),
    ("ldap-starttls", LdapConnector, _ldap_starttls, False),
    ("active-directory", LdapConnector, _active_directory, False),
)


def _cases() -> Iterator[object]:
    for name, connector, make, in_process in SUITES:
        marks = [pytest.mark.services] if connector is LdapConnector or name == "hr-sftp" else []
        for check in checks(connector, in_process=in_process):
            yield pytest.param(make, check, id=f"{name}-{check.__name__}", marks=marks)


@pytest.mark.parametrize(("make", "check"), [*_cases()])
def test_conformance(make: Make, check: Check, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    check(make(request, tmp_path))


@pytest.mark.parametrize(
    ("connector", "capabilities"),
    [
        (MemoryConnector, {contract.Testable, ReadsAll, ReadsChanges, Authenticates}),
        (LdapConnector, {contract.Testable, ReadsAll, ReadsChanges, Authenticates}),
        (HrConnector, {contract.Testable, ReadsAll, contract.ReadsAfter}),
        (OneRosterConnector, {contract.Testable, ReadsAll}),
        (SdsConnector, {contract.Testable, ReadsAll, contract.ReadsAfter}),
        (OneRosterRestConnector, {contract.Testable, ReadsAll, ReadsChanges}),
    ],
)
def test_each_connector_declares_exactly_these_capabilities(connector: type, capabilities: set[type]) -> None:
    assert {
        each
        for each in (contract.Testable, ReadsAll, contract.ReadsAfter, ReadsChanges, Authenticates)
        if issubclass(connector, each)
    } == capabilities


class _AcceptsEmpty(MemoryConnector):
    def authenticate(self, login: str, password: str) -> str | None:
        return "1"


class _ForgetsDeletions(MemoryConnector):
    def changes(self, checkpoint: str) -> Reading:
        return SinglePass(_without_deletions(super().changes(checkpoint)))


class _TakesAnyCheckpoint(MemoryConnector):
    def changes(self, checkpoint: str) -> Reading:
        return self.read()


class _FindsProblems(MemoryConnector):
    def test(self) -> list[Problem]:
        return [Problem("Something is wrong.", "Do something.")]


class _CountsNothing(MemoryConnector):
    def read(self) -> Reading:
        items = read_all(super().read())
        return SinglePass(_only_records(items))


def _without_deletions(reading: Reading) -> Generator[Item, None, Outcome]:
    yield from (item for item in reading if not isinstance(item, Deleted))
    return reading.evidence, reading.checkpoint


def _only_records(items: list[Item]) -> Generator[Item, None, Outcome]:
    yield from items
    return Evidence(0, "", "", finished=False), None


class _Careless(MemoryExhibit):
    """Shows a connector that breaks one sentence of the contract."""

    def __init__(self, spoiled: type[MemoryConnector]) -> None:
        super().__init__()
        self._spoiled = spoiled

    def connector(self) -> Connector:
        return self._spoiled(self.settings())


@pytest.mark.parametrize(
    ("spoiled", "sentence"),
    [
        (_AcceptsEmpty, an_empty_password_is_refused),
        (_ForgetsDeletions, changes_and_deletions_come_once),
        (_TakesAnyCheckpoint, a_foreign_checkpoint_is_lost),
        (_FindsProblems, a_sound_system_tests_well),
        (_CountsNothing, evidence_comes_after_the_last_item),
    ],
)
def test_the_suite_notices_a_connector_that_breaks_the_contract(
    spoiled: type[MemoryConnector], sentence: Check
) -> None:
    assert sentence in checks(spoiled, in_process=True)
    with pytest.raises(Nonconforming):
        sentence(_Careless(spoiled))
