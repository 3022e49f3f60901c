"""AC-05, AC-06, AC-07, C-39: rules name things so that nothing else is meant, are data and no program, and what cannot
be read denies."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_ui.rules.form import RuleForm
from iam.access.commands.publish import publish
from iam.access.model.assignment import Assignment
from iam.access.model.rule import Rule, RuleVersion
from iam.access.rules.pattern import parse
from iam.change import SYSTEM
from iam.directory.affiliation import Group, Membership
from tests.flows.security.people.unread import denies
from tests.kit.seen import dump, statements
from tests.kit.worlds.admin import Reader, World
from tests.unit.admin_ui.rules.test_rules import GOOD, NEW, send

PAYLOADS = (
    "'; DROP TABLE person; --",
    "' OR '1'='1",
    "x') OR 1=1 --",
    "{{7*7}}",
    "${7*7}",
    "__import__('os').system('x')",
    "a.__class__.__mro__",
    "lambda: 1",
    "%s",
    "%(a)s",
    "\\",
    "\x00",
    "a\nb",
    ":named",
    "?",
    "1e400",
    '{"$ne": null}',
    "*)(uid=*",
    "../../etc/passwd",
    "now()",
)


def test_ac_05_a_group_is_meant_together_with_its_organisation_and_never_by_its_name_alone(office: World) -> None:
    other = Group(organisation_id=office.ids["KUUSI"], key="4B", kind="class", name="4B")
    office.write(other)
    office.write(Membership(group_id=other.id, person_id=office.ids["ville"], **office.lasting()))
    pattern = {
        "bind": {"m": {"membership": {"group": "4B", "owner": "KOIVU"}}},
        "gives": {"role": "wilma:opettaja", "scope": "organisation of m"},
    }
    with Session(office.engine) as session, session.begin():
        publish(session, "ryhma", pattern, "ROOT", SYSTEM)
        mine = select(RuleVersion.id).join(Rule, Rule.id == RuleVersion.rule_id).where(Rule.key == "ryhma")
        holders = set(
            session.scalars(
                select(Assignment.person_id).where(Assignment.rule_version_id.in_(mine), Assignment.closed_by.is_(None))
            )
        )
    assert holders == {office.ids["oona"]}
    nameless, problems = parse({**pattern, "bind": {"m": {"membership": {"group": "4B"}}}})
    assert (nameless, bool(problems)) == (None, True)


def test_ac_06_whatever_is_written_into_a_rule_is_a_value_and_never_a_part_of_a_statement(office: World) -> None:
    paula = Reader(office, "paula").enter()
    before = dump(office.engine, "rule", "rule_version", "assignment", "person")
    texts = [field.name for field in fields(RuleForm) if field.type == "str"]
    for n, payload in enumerate(PAYLOADS):
        # Into one field by turns, and into all at once.
        name = texts[n % len(texts)]
        for act, given in (
            ("publish", {**GOOD, name: payload}),
            (("preview", "test")[n % 2], dict.fromkeys(texts, payload)),
        ):
            with statements(office.engine) as sent:
                page = send(paula, NEW, **given, act=act)
            assert page.status_code in (200, 422), (payload, name, act)
            assert not [one for one in sent if len(payload) > 2 and payload in one], (payload, name)
            assert "<main" in page.text
    assert dump(office.engine, "rule", "rule_version", "assignment", "person") == before


def test_ac_06_a_rule_has_no_more_steps_than_its_few_facts_and_no_depth() -> None:
    deep: Any = "x"
    for _ in range(3000):
        deep = {"of": deep}
    wide = {f"a{n}": {"affiliation": {"kind": "employee"}} for n in range(1000)}
    gives = {"role": "wilma:opettaja", "scope": "organisation of a"}
    binds: tuple[Any, ...] = (
        deep,
        wide,
        {"a": {"affiliation": deep}},
        {"a": {"affiliation": {"organisation": deep}}},
        [[[[]]]] * 100,
    )
    for bind in binds:
        pattern, problems = parse({"bind": bind, "gives": gives})
        assert (pattern, bool(problems)) == (None, True)


@pytest.mark.usefixtures("quiet")
def test_ac_07_no_page_opens_and_nobody_signs_in_when_it_cannot_be_read_who_may(office: World) -> None:
    office.app.testing = False
    sanna = Reader(office, "sanna").enter()
    here = f"/admin/persons/{office.ids['anna']}"
    assert denies(office.engine, lambda: lambda: sanna.get(here), lambda said: "Virtanen" in said.text) > 10
    assert denies(office.engine, lambda: lambda: sanna.get("/account"), lambda said: "Sihteeri" in said.text) > 3


def test_c_39_neither_a_forged_place_in_a_list_nor_an_order_of_ones_own_reaches_a_statement(office: World) -> None:
    paula = Reader(office, "paula").enter()
    lists = (
        "persons",
        "organisations",
        "rules",
        "roles",
        "sources",
        "applications",
        "agreements",
        "undelivered",
        "sources/hr",
    )
    forged = (
        "1 OR 1=1",
        "'; DROP TABLE person; --",
        "0192f000-0000-7000-8000-000000000000",
        "id DESC, secret_hash",
        "sort_name); --",
        "-1",
        "1e9",
        "[]",
    )
    for path in lists:
        for n, value in enumerate(forged):
            names = (
                "after",
                "before",
                "sort",
                "order",
                "order_by",
                "page",
                "limit",
                "offset",
                "cursor",
                "q",
                "kind",
                "state",
                "organisation",
            )
            query = urlencode(dict.fromkeys(names if n % 2 else names[n % len(names) :: 3], value))
            with statements(office.engine) as sent:
                page = paula.get(f"/admin/{path}?{query}")
            assert page.status_code in (200, 404), (path, value)
            assert not [one for one in sent if len(value) > 3 and value in one], (path, value)
