"""The form of a rule against patterns: there and back, what it cannot show, and beside which field a problem stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from werkzeug.datastructures import MultiDict

from admin_ui.rules import form as rule_form
from admin_ui.rules.form import RuleForm
from connectors.problem import Problem
from iam.access.rules.pattern import parse

DEMONSTRATION = yaml.safe_load((Path(__file__).parents[4] / "deploy/demo/20-rules.yaml").read_text(encoding="utf-8"))[
    "rules"
]


def pattern_of(rule: dict[str, Any]) -> dict[str, Any]:
    return {name: rule[name] for name in ("bind", "unless", "gives") if name in rule}


@pytest.mark.parametrize("rule", DEMONSTRATION, ids=lambda rule: rule["rule"])
def test_every_rule_of_the_demonstration_is_shown_in_the_form_and_comes_back_the_same(rule: dict[str, Any]) -> None:
    form = rule_form.from_pattern(rule["rule"], rule["owner"], pattern_of(rule))
    assert form is not None
    again = rule_form.from_pattern(form.key, form.owner, rule_form.pattern(form))
    assert again == form
    assert parse(rule_form.pattern(form))[1] == []


@pytest.mark.parametrize(
    "bind",
    [
        {"a": {"affiliation": {"kind": "employee", "primary": True}}},
        {"a": {"affiliation": {"kind": "employee", "substitute": False}}},
        {
            "a": {"affiliation": {"kind": "employee"}},
            "b": {"affiliation": {"kind": "student", "organisation": {"same_as": "a"}}},
        },
        {"m": {"membership": {"kind": "class"}}},
    ],
)
def test_a_rule_that_says_more_than_the_form_is_not_shown_in_it(bind: dict[str, Any]) -> None:
    name = next(iter(bind))
    data = {"bind": bind, "gives": {"role": "wilma:opettaja", "scope": f"organisation of {name}"}}
    assert parse(data)[1] == []
    assert rule_form.from_pattern("x", "y", data) is None


def test_a_rule_with_a_living_customer_relationship_is_shown_in_the_form() -> None:
    data = rule_form.pattern(RuleForm(asked={"kinds": ("employee",)}, role="wilma:opettaja"))
    data["gives"]["needs_relationship"] = True
    assert parse(data)[1] == []
    form = rule_form.from_pattern("x", "y", data)
    assert form is not None
    assert form.needs_relationship


def test_the_absence_of_a_child_is_never_asked_for() -> None:
    form = RuleForm(fact="guardian", asked={"kinds": ("student",)}, role="wilma:huoltaja", unless=True)
    assert "unless" not in rule_form.pattern(form)


def test_codes_are_parted_by_commas_and_blanks_are_nothing() -> None:
    form = RuleForm(asked={"occupations": " rehtori ,, apulaisrehtori "}, role="wilma:rehtori")
    assert rule_form.pattern(form)["bind"]["a"]["affiliation"]["occupation"] == ["rehtori", "apulaisrehtori"]


def test_a_group_that_one_source_states_is_shown_in_the_form_and_comes_back_the_same() -> None:
    bind = {"m": {"membership": {"group": "7A", "owner": "KOIVU", "source": "primus"}}}
    data = {"bind": bind, "gives": {"role": "wilma:opettaja", "scope": "organisation of m"}}
    form = rule_form.from_pattern("x", "KOIVU", data)
    assert form is not None
    assert form.asked["source"] == "primus"
    assert rule_form.pattern(form) == data
    assert {one.name for one in form.fields} == {"group_owner", "group", "source"}


def test_what_was_sent_is_read_with_blanks_cut_and_unknown_choices_as_the_usual() -> None:
    sent = MultiDict(
        [
            ("key", " x "),
            ("kinds", "employee"),
            ("kinds", "substitute"),
            ("fact", "moon"),
            ("scope", "covers"),
            ("unless", "yes"),
        ]
    )
    form = rule_form.read(sent)
    assert (form.key, form.asked["kinds"], form.fact, form.scope, form.unless) == (
        "x",
        ("employee", "substitute"),
        "affiliation",
        "covers",
        True,
    )


def test_the_digest_is_another_one_as_soon_as_anything_of_the_rule_is() -> None:
    form = RuleForm(key="x", owner="KOIVU", asked={"kinds": ("employee",)}, role="wilma:opettaja")
    others = [
        replace(form, key="y"),
        replace(form, owner="RANTA"),
        replace(form, asked={}),
        replace(form, unless=True),
        replace(form, role="wilma:x"),
        replace(form, scope="named", scope_organisation="RANTA"),
    ]
    assert len({rule_form.digest(one) for one in [form, *others]}) == 7


@pytest.mark.parametrize(
    ("place", "fact", "field"),
    [
        ("bind", "affiliation", "kinds"),
        ("bind", "membership", "group"),
        ("bind.a.affiliation.kind", "affiliation", "kinds"),
        ("bind.a.affiliation.occupation", "affiliation", "code_list"),
        ("bind.a.affiliation.organisation.under", "affiliation", "place_under"),
        ("bind.c.affiliation.organisation.is", "guardian", "place_is"),
        ("bind.m.membership.owner", "membership", "group_owner"),
        ("bind.m.membership.group", "membership", "group"),
        ("gives.role", "affiliation", "role"),
        ("gives.scope.organisation", "affiliation", "scope_organisation"),
        ("owner", "affiliation", "owner"),
        ("rule", "affiliation", "name_fi"),
        ("key", "affiliation", "key"),
    ],
)
def test_a_problem_stands_beside_its_field(place: str, fact: str, field: str) -> None:
    assert rule_form.field_of(Problem("x", field=place), RuleForm(fact=fact)) == field
