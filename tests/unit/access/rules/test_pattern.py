"""What a rule may not be is refused, each mistake with its place and the remedy; nothing that is given makes reading it
fail."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from iam.access.rules.conditions.of_affiliation import AffiliationKind, Place, Primary, Substitute
from iam.access.rules.conditions.of_membership import GroupKind, InGroup
from iam.access.rules.conditions.of_relationship import RelationshipKind
from iam.access.rules.pattern import Bound, Scope, parse

GIVES = {"role": "wilma:opettaja", "scope": "organisation of a"}
EMPLOYEE = {"affiliation": {"kind": "employee"}}


def rule(bind: Any = None, gives: Any = GIVES, **more: Any) -> dict[str, Any]:
    """A rule that is right but for what is given."""
    return {"bind": {"a": EMPLOYEE} if bind is None else bind, "gives": gives, **more}


def with_a(**conditions: Any) -> dict[str, Any]:
    """A rule that binds one affiliation with these conditions."""
    return rule({"a": {"affiliation": conditions}})


def giving(**values: Any) -> dict[str, Any]:
    """A rule that gives something else."""
    return rule(gives={**GIVES, **values})


GUARDIAN = {"relationship": {"kind": "guardian_of"}}
MEMBER = {"membership": {"group": "tiimi", "owner": "kunta"}}
REFUSED: list[tuple[str, Any, str]] = [
    ("no group of settings", ["bind"], "rule"),
    ("an unknown part", rule(when="now"), "rule.when"),
    ("no facts", {"gives": GIVES}, "bind"),
    ("facts as a list", rule([EMPLOYEE]), "bind"),
    ("too many facts", rule(dict.fromkeys("abcd", EMPLOYEE)), "bind"),
    ("a name that is no word", rule({"a b": EMPLOYEE}), "bind.a b"),
    ("a name that is a number", rule({1: EMPLOYEE, "a": EMPLOYEE}), "bind.1"),
    ("an unknown fact", rule({"a": {"age": {}}}), "bind.a"),
    ("two facts under one name", rule({"a": {**EMPLOYEE, **MEMBER}}), "bind.a"),
    ("a fact that is a text", rule({"a": "employee"}), "bind.a"),
    ("conditions as a text", rule({"a": {"affiliation": "employee"}}), "bind.a.affiliation"),
    ("an unknown condition", with_a(age=7), "bind.a.affiliation.age"),
    ("an unknown kind", with_a(kind="teacher"), "bind.a.affiliation.kind"),
    ("a kind that is a number", with_a(kind=1), "bind.a.affiliation.kind"),
    ("an empty kind", with_a(kind=[]), "bind.a.affiliation.kind"),
    ("an occupation that is a number", with_a(occupation=[1]), "bind.a.affiliation.occupation"),
    ("an occupation that cannot be stored", with_a(occupation="a\0"), "bind.a.affiliation.occupation"),
    ("an unknown question on the occupation", with_a(occupation={"like": "o%"}), "bind.a.affiliation.occupation.like"),
    ("a list that is no text", with_a(occupation={"in_list": 1}), "bind.a.affiliation.occupation.in_list"),
    ("primary as a text", with_a(primary="yes"), "bind.a.affiliation.primary"),
    ("substitute as a number", with_a(substitute=1), "bind.a.affiliation.substitute"),
    (
        "an unknown question on the organisation",
        with_a(organisation={"not": "kunta"}),
        "bind.a.affiliation.organisation.not",
    ),
    ("an organisation that is a number", with_a(organisation=1), "bind.a.affiliation.organisation"),
    ("an unknown kind of organisation", with_a(organisation={"kind": "moon"}), "bind.a.affiliation.organisation.kind"),
    ("the same as nothing", with_a(organisation={"same_as": "b"}), "bind.a.affiliation.organisation.same_as"),
    ("the same as itself", with_a(organisation={"same_as": "a"}), "bind.a.affiliation.organisation.same_as"),
    ("of nothing", with_a(of="g"), "bind.a.affiliation.of"),
    ("of an affiliation", rule({"b": EMPLOYEE, "a": {"affiliation": {"of": "b"}}}), "bind.a.affiliation.of"),
    (
        "a relationship bound too late",
        rule({"a": {"affiliation": {"of": "g"}}, "g": GUARDIAN}),
        "bind.a.affiliation.of",
    ),
    ("a relationship without kind", rule({"g": {"relationship": {}}, "a": EMPLOYEE}), "bind.g.relationship.kind"),
    (
        "an unknown relationship",
        rule({"g": {"relationship": {"kind": "friend_of"}}, "a": EMPLOYEE}),
        "bind.g.relationship.kind",
    ),
    ("a group without owner", rule({"a": {"membership": {"group": "tiimi"}}}), "bind.a.membership.owner"),
    ("groups of two kinds", rule({"a": {"membership": {"kind": ["class", "group"]}}}), "bind.a.membership.kind"),
    ("unless as a text", rule(unless="absent"), "unless"),
    ("unless nothing", rule(unless={}), "unless.absence_of"),
    ("the absence of nothing bound", rule(unless={"absence_of": "b"}), "unless.absence_of"),
    ("the absence of a membership", rule({"a": MEMBER}, unless={"absence_of": "a"}), "unless.absence_of"),
    ("another exception", rule(unless={"absence_of": "a", "on": "sunday"}), "unless.on"),
    ("gives nothing", {"bind": {"a": EMPLOYEE}}, "gives.role"),
    ("gives more", giving(until="2027"), "gives.until"),
    ("a role without application", giving(role="opettaja"), "gives.role"),
    ("a role that is a number", giving(role=7), "gives.role"),
    ("a flag that is a text", giving(needs_relationship="yes"), "gives.needs_relationship"),
    ("no scope", rule(gives={"role": "wilma:opettaja"}), "gives.scope"),
    ("a scope in other words", giving(scope="everywhere"), "gives.scope"),
    ("the organisation of nothing bound", giving(scope="organisation of b"), "gives.scope"),
    ("the organisation of a relationship", rule({"a": GUARDIAN}), "gives.scope"),
    ("two scopes", giving(scope={"organisation": "kunta", "covers_of": "alue"}), "gives.scope"),
    ("a scope that names nothing", giving(scope={"organisation": None}), "gives.scope"),
    ("an unknown scope", giving(scope={"world": "all"}), "gives.scope.world"),
    ("a scope that is a number", giving(scope={"organisation": 1}), "gives.scope.organisation"),
    (
        "a group's right in an area",
        rule({"a": MEMBER}, gives={**GIVES, "scope": {"covers_of": "alue"}}),
        "gives.scope.covers_of",
    ),
]


@pytest.mark.parametrize(("data", "place"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_mistake_is_refused_with_its_place_and_a_remedy(data: Any, place: str) -> None:
    pattern, problems = parse(data)
    assert pattern is None
    assert place in {problem.field for problem in problems}
    for problem in problems:
        assert problem.remedy
        assert str(problem).startswith(f"{problem.field}: ")


def test_every_mistake_is_told_at_once() -> None:
    _, problems = parse(
        {"bind": {"a": {"affiliation": {"kind": "teacher", "age": 7}}}, "gives": {"role": "x", "scope": "y"}}
    )
    assert {problem.field for problem in problems} == {
        "bind.a.affiliation.age",
        "bind.a.affiliation.kind",
        "gives.role",
        "gives.scope",
    }


def test_a_rule_is_read_as_it_is_written() -> None:
    where = {"kind": "school", "under": "kunta"}
    pattern, problems = parse(
        {
            "bind": {
                "g": GUARDIAN,
                "c": {
                    "affiliation": {
                        "kind": ["student"],
                        "of": "g",
                        "organisation": where,
                        "primary": True,
                        "substitute": False,
                    }
                },
                "m": {"membership": {"group": "tiimi", "owner": "kunta", "kind": "class"}},
            },
            "unless": {"absence_of": "c"},
            "gives": {"role": "wilma:huoltaja", "scope": "organisation of c", "needs_relationship": True},
        }
    )
    assert problems == []
    assert pattern is not None
    assert pattern.bound == (
        Bound("g", "relationship", (RelationshipKind("guardian_of"),)),
        Bound(
            "c",
            "affiliation",
            (
                AffiliationKind(("student",)),
                Place(kind="school", below="kunta"),
                Primary(True),
                Substitute(False),
            ),
            of="g",
        ),
        Bound("m", "membership", (InGroup("kunta", "tiimi"), GroupKind("class"))),
    )
    assert (pattern.absence_of, pattern.role, pattern.scope, pattern.needs_relationship) == (
        "c",
        "wilma:huoltaja",
        Scope(of="c"),
        True,
    )
    assert pattern.capacity.name == "g"


def test_the_capacity_is_the_holders_own_affiliation_where_one_is_bound() -> None:
    bind = {"m": MEMBER, "a": EMPLOYEE}
    assert (pattern := parse(rule(bind))[0]) is not None
    assert pattern.capacity.name == "a"
    assert (pattern := parse(rule({"a": MEMBER}))[0]) is not None
    assert pattern.capacity.name == "a"


words = st.sampled_from(
    [
        "bind",
        "unless",
        "gives",
        "role",
        "scope",
        "a",
        "b",
        "affiliation",
        "membership",
        "relationship",
        "kind",
        "occupation",
        "in_list",
        "organisation",
        "is",
        "under",
        "same_as",
        "of",
        "group",
        "owner",
        "absence_of",
        "covers_of",
        "employee",
        "guardian_of",
        "wilma:opettaja",
        "organisation of a",
        "primary",
        "needs_relationship",
        "organisation of ",
        "",
    ]
)
json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), words),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(words, st.text(max_size=3)), inner, max_size=4)
    ),
    max_leaves=20,
)
rules = st.one_of(
    json,
    st.fixed_dictionaries(
        {"bind": st.dictionaries(words, st.dictionaries(words, json, max_size=2)), "gives": json},
        optional={"unless": json},
    ),
)


@settings(max_examples=150, derandomize=True, database=None, deadline=None)
@given(rules)
def test_whatever_is_given_is_read_or_refused_and_never_fails(data: Any) -> None:
    pattern, problems = parse(data)
    assert (pattern is None) == bool(problems)
    for problem in problems:
        assert problem.field
        assert problem.remedy
        str(problem)
