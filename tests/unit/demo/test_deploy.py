"""The declarations in deploy/demo fit the feeds of every profile and one another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.simulators.oneroster import Simulator
from connectors.simulators.oneroster.server import BASE
from iam.access.rules.conditions.of_affiliation import Occupation
from iam.access.rules.conditions.of_membership import InGroup
from iam.access.rules.pattern import parse
from iam.cli.demo import directory
from iam.demo.agreements import WELFARE_AGREEMENT
from iam.demo.catalogue import ENTITIES
from iam.demo.people import TRY
from iam.signin.passwords import password
from tests.unit.demo.conftest import Written

FOLDER = Path(__file__).parents[3] / "deploy" / "demo"


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    """Return everything the files declare, by top-level key."""
    found: dict[str, Any] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for kind, rows in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            found.setdefault(kind, []).extend(rows)
    return found


def _roles(declared: dict[str, Any]) -> dict[str, list[str]]:
    return {f"{app['key']}:{role['key']}": role["content"] for app in declared["applications"] for role in app["roles"]}


def test_every_organisation_that_is_named_exists_in_the_smallest_profile(
    declared: dict[str, Any], small: Written
) -> None:
    known = {row["key"] for row in small.consortium()["organisations"]}
    owned = ("applications", "rules", "sources", "agreement_templates")
    named = {one["owner"] for kind in owned for one in declared[kind]}
    named |= {key for app in declared["applications"] for key in app["enabled"]}
    named |= {one["organisation"] for kind in ("administrators", "groups") for one in declared[kind]}
    named |= {key for rule in declared["rules"] for key in _named_by(rule)}
    assert named <= known


def _named_by(rule: dict[str, Any]) -> Iterator[str]:
    pattern, problems = parse({name: rule[name] for name in ("bind", "unless", "gives") if name in rule})
    assert pattern is not None, problems
    for bound in pattern.bound:
        yield from (key for asked in bound.conditions for _, key in asked.organisations)
    yield from filter(None, (pattern.scope.organisation, pattern.scope.covers_of))


def test_every_rule_gives_a_known_role_and_asks_known_code_lists_and_groups(declared: dict[str, Any]) -> None:
    lists = {one["key"] for one in declared["code_lists"]}
    groups = {(one["key"], one["organisation"]) for one in declared["groups"]}
    for rule in declared["rules"]:
        pattern, problems = parse({name: rule[name] for name in ("bind", "unless", "gives") if name in rule})
        assert pattern is not None, problems
        assert pattern.role in _roles(declared)
        for bound in pattern.bound:
            position, member = bound.asks(Occupation), bound.asks(InGroup)
            assert position is None or position.code_list is None or position.code_list in lists
            assert member is None or member.group is None or (member.group, member.owner) in groups


def test_every_rule_is_of_an_organisation_that_hands_the_role_out_and_whose_people_enter(
    declared: dict[str, Any],
) -> None:
    enabled = {app["key"]: app["enabled"] for app in declared["applications"]}
    for rule in declared["rules"]:
        assert rule["owner"] in enabled[rule["gives"]["role"].partition(":")[0]], rule["rule"]


def test_rules_and_roles_are_named_once_and_there_are_enough_of_them(declared: dict[str, Any]) -> None:
    keys = [rule["rule"] for rule in declared["rules"]]
    assert len(set(keys)) == len(keys) >= 20
    assert {role.partition(":")[2] for role in _roles(declared) if role.startswith("wilma:")} == {
        "opettaja",
        "rehtori",
        "oppilas",
        "huoltaja",
        "sihteeri",
        "sijainen",
        "psykologi",
        "kuraattori",
        "terveydenhoitaja",
    }


@pytest.mark.parametrize(
    ("agreement", "occupation", "role"),
    [
        (WELFARE_AGREEMENT, "psykologi", "wilma:psykologi"),
        (WELFARE_AGREEMENT, "kuraattori", "wilma:kuraattori"),
        (WELFARE_AGREEMENT, "terveydenhoitaja", "wilma:terveydenhoitaja"),
        ("tyollisyys-nevakumpu", "tyollisyysohjaaja", "tyollisyys:ohjaaja"),
    ],
)
def test_a_role_across_entities_is_no_wider_than_its_clause(
    declared: dict[str, Any], small: Written, agreement: str, occupation: str, role: str
) -> None:
    found = next(one for one in small.consortium()["agreements"] if one["key"] == agreement)
    allowed = [clause["allows"][occupation] for clause in found["clauses"] if occupation in clause["allows"]]
    assert allowed
    assert all(set(_roles(declared)[role]) <= set(uses) for uses in allowed)


@pytest.mark.parametrize(
    ("template", "agreement"), [("opiskeluhuolto", WELFARE_AGREEMENT), ("tyollisyyspalvelut", "tyollisyys-nevakumpu")]
)
def test_a_template_says_what_the_agreement_of_its_kind_does(
    declared: dict[str, Any], small: Written, template: str, agreement: str
) -> None:
    found = next(one for one in small.consortium()["agreements"] if one["key"] == agreement)
    said = next(one for one in declared["agreement_templates"] if one["key"] == template)
    assert (said["purpose"], said["legal_basis"]) == (found["purpose"], found["legal_basis"])
    assert said.get("competence") == found["decided"].get("competence")
    assert said.get("supervision") == found.get("supervision")
    allows = [one["allows"] for one in found["clauses"]]
    assert [one["allows"] for one in said["clauses"]] == [one for n, one in enumerate(allows) if one not in allows[:n]]


def test_the_accounts_are_those_of_the_table(declared: dict[str, Any]) -> None:
    accounts = [
        (one["login"], one["password"], (one["person"]["identifier"], one["person"]["issuer"], one["person"]["value"]))
        for one in declared["accounts"]
    ]
    assert accounts == [(one.login, one.password, one.identifier) for one in TRY]


def test_passwords_of_the_table_are_long_and_different() -> None:
    organisations = [name for _, _, names, _ in ENTITIES for name in names]
    for one in TRY:
        assert password.problems(one.password, [one.login, "Avain", "Marjala", *organisations]) == [], one.login
    passwords = {one.password for one in TRY}
    assert len(passwords) == len(TRY)
    assert all(len(password) >= 15 for password in passwords)


def test_everybody_of_the_table_is_in_the_feeds_of_every_profile(small: Written, normal: Written) -> None:
    for written in (small, normal):
        numbers = {row["henkilonumero"] for row in written.hr()}
        ids = {row["sourcedId"] for row in written.roster("users")}
        assert all(str(one.number) in numbers if one.number else one.sourced_id in ids for one in TRY)


def test_the_guardian_of_the_table_has_the_pupil_of_the_table_and_his_sister(small: Written) -> None:
    users = {row["sourcedId"]: row for row in small.roster("users")}
    children = [
        row["givenName"] for key, row in users.items() if "huoltaja-00001-1" in row["agentSourcedIds"].split(",")
    ]
    assert children == ["Onni", "Ilona"]
    assert users["oppilas-00001"]["username"] == "onni.oppilas"


def test_administrators_and_members_have_accounts(declared: dict[str, Any]) -> None:
    logins = {one["login"] for kind in ("accounts", "persons") for one in declared[kind]}
    assert {one["login"] for one in declared["administrators"]} <= logins
    assert {login for one in declared["groups"] for login in one.get("members", [])} <= logins


def test_the_sources_read_what_was_generated(declared: dict[str, Any], small: Written) -> None:
    paths = [source["settings"]["path"] for source in declared["sources"] if "path" in source["settings"]]
    assert [path for path in paths if not Path(path.replace("${DATA}", str(small.folder))).exists()] == []
    assert len(paths) == 2


def test_what_runs_beside_the_demonstration_is_asked_with_the_secrets_that_it_knows(declared: dict[str, Any]) -> None:
    asked = {source["key"]: source["settings"] for source in declared["sources"]}
    school, staff = asked["oneroster-rest"], asked["ldap"]
    assert (school["client_id"], school["client_secret"]) == (Simulator.client, Simulator.secret)
    assert (staff["bind_dn"], staff["bind_password"]) == (directory.READER, directory.PASSWORD)
    assert school["url"] == "${URL}" + BASE
