"""What a rule names must exist and lie in its owner's part of the tree."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from iam.access.commands.catalogue import amend_roles
from iam.access.commands.publish import publish
from iam.access.rules.names import Names
from iam.access.rules.naming import load
from iam.access.rules.resolve import check, resolves
from iam.change import SYSTEM
from iam.directory.affiliation import Group
from iam.directory.source import Source
from iam.errors import Invalid
from tests.kit.factories import access, facts

GIVES = {"role": "wilma:opettaja", "scope": "organisation of a"}


@pytest.fixture
def names(session: Session) -> Names:
    """A consortium of two municipalities; one has a school, a list, a group and an application."""
    ids = facts.tree(
        session,
        ("marjala", "consortium", None, True),
        ("kunta", "municipality", "marjala", True),
        ("koulu", "school", "kunta", False),
        ("naapuri", "municipality", "marjala", True),
    )
    town = ids["kunta"]
    wilma = access.application(session, town)
    access.role(session, wilma)
    access.code_list(session, "opettajat", "opettaja")
    facts.group(session, town, "tiimi")
    return load(session)


def with_a(gives: Any = GIVES, **conditions: Any) -> dict[str, Any]:
    """A rule that binds one affiliation."""
    return {"bind": {"a": {"affiliation": {"kind": "employee", **conditions}}}, "gives": gives}


def guardians(scope: Any = "organisation of c", relation: str = "guardian_of", **child: Any) -> dict[str, Any]:
    """A rule for whoever is related to an affiliated person."""
    bind = {
        "g": {"relationship": {"kind": relation}},
        "c": {"affiliation": {"of": "g", **(child or {"kind": "student"})}},
    }
    return {"bind": bind, "gives": {"role": "wilma:opettaja", "scope": scope}}


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("an unknown role", with_a({**GIVES, "role": "wilma:rehtori"}), "gives.role"),
    ("a role of an unknown application", with_a({**GIVES, "role": "primus:opettaja"}), "gives.role"),
    ("an unknown organisation", with_a(organisation="kuu"), "bind.a.affiliation.organisation.is"),
    ("under an unknown organisation", with_a(organisation={"under": "kuu"}), "bind.a.affiliation.organisation.under"),
    ("an unknown scope", with_a({**GIVES, "scope": {"organisation": "kuu"}}), "gives.scope.organisation"),
    ("an unknown area", with_a({**GIVES, "scope": {"covers_of": "kuu"}}), "gives.scope.covers_of"),
    ("an unknown list", with_a(occupation={"in_list": "rehtorit"}), "bind.a.affiliation.occupation"),
    (
        "an unknown group",
        {"bind": {"a": {"membership": {"group": "x", "owner": "kunta"}}}, "gives": GIVES},
        "bind.a.membership.group",
    ),
    (
        "a group of another organisation",
        {"bind": {"a": {"membership": {"group": "tiimi", "owner": "koulu"}}}, "gives": GIVES},
        "bind.a.membership.group",
    ),
    (
        "a group of an unknown organisation",
        {"bind": {"a": {"membership": {"group": "x", "owner": "kuu"}}}, "gives": GIVES},
        "bind.a.membership.owner",
    ),
    ("facts of another", with_a(organisation="naapuri"), "bind.a.affiliation.organisation.is"),
    ("facts under another", with_a(organisation={"under": "naapuri"}), "bind.a.affiliation.organisation.under"),
    (
        "facts under what is above the owner",
        with_a(organisation={"under": "marjala"}),
        "bind.a.affiliation.organisation.under",
    ),
    ("everybody", {"bind": {"a": {"affiliation": {}}}, "gives": GIVES}, "bind"),
    ("all members of anything", {"bind": {"a": {"membership": {}}}, "gives": GIVES}, "bind"),
    (
        "all guardians",
        {
            "bind": {"g": {"relationship": {"kind": "guardian_of"}}},
            "gives": {**GIVES, "scope": {"organisation": "kunta"}},
        },
        "bind",
    ),
    ("a manager as a capacity", guardians(relation="manager_of"), "bind.g.relationship.kind"),
    ("guardians' rights at another's", guardians({"organisation": "naapuri"}), "gives.scope.organisation"),
]


@pytest.mark.parametrize(("pattern", "place"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_a_rule_may_not_name_is_refused_with_its_place_and_a_remedy(
    names: Names, pattern: dict[str, Any], place: str
) -> None:
    checked, problems = check(pattern, "kunta", names)
    assert checked is None
    assert [problem.field for problem in problems] == [place]
    assert problems[0].remedy
    assert str(problems[0])


ALLOWED: list[tuple[str, dict[str, Any]]] = [
    ("the owner's own facts", with_a(organisation="kunta")),
    ("facts under the owner", with_a(organisation={"under": "koulu"}, occupation={"in_list": "opettajat"})),
    ("a right at another's, for a clause to allow", with_a({**GIVES, "scope": {"organisation": "naapuri"}})),
    ("a group", {"bind": {"a": {"membership": {"group": "tiimi", "owner": "kunta"}}}, "gives": GIVES}),
    ("the guardians of pupils", guardians()),
    ("the guardians of pupils, at the owner's", guardians({"organisation": "koulu"})),
]


@pytest.mark.parametrize("pattern", [case[1] for case in ALLOWED], ids=[case[0] for case in ALLOWED])
def test_a_rule_over_its_owners_part_is_accepted(names: Names, pattern: dict[str, Any]) -> None:
    assert check(pattern, "kunta", names)[1] == []


def test_an_owner_that_does_not_exist_is_refused(names: Names) -> None:
    checked, problems = check(with_a(), "kuu", names)
    assert (checked, [problem.field for problem in problems]) == (None, ["owner"])


def test_a_retired_role_can_no_longer_be_named(session: Session, names: Names) -> None:
    amend_roles(session, [{"id": names.roles["wilma:opettaja"][0], "retired": True}])
    assert [problem.field for problem in check(with_a(), "kunta", load(session))[1]] == ["gives.role"]


def test_a_rule_whose_list_is_gone_resolves_no_more_and_gives_nothing(session: Session, names: Names) -> None:
    pattern = with_a(occupation={"in_list": "opettajat"})
    checked, _ = check(pattern, "kunta", names)
    assert checked is not None
    assert resolves(checked, names, names.organisations["kunta"])
    facts.affiliation(session, facts.person(session), names.organisations["koulu"])
    access.rule(session, names.organisations["kunta"], pattern)
    assert access.derive_all(session).opened == 1
    access.code_list(session, "opettajat")
    assert not resolves(checked, load(session), names.organisations["kunta"])
    assert access.derive_all(session).closed == 1


def test_publishing_a_rule_with_a_mistake_tells_every_problem_and_writes_nothing(
    session: Session, names: Names
) -> None:
    with pytest.raises(Invalid) as caught:
        publish(session, "uusi", with_a(organisation="kuu", occupation={"in_list": "y"}), "kunta", SYSTEM)
    assert [problem.field for problem in caught.value.problems] == [
        "bind.a.affiliation.organisation.is",
        "bind.a.affiliation.occupation",
    ]


def test_a_rule_means_the_oldest_group_of_a_key_whatever_another_source_brings_later(session: Session) -> None:
    town = facts.organisation(session, "kunta", "municipality", entity=True)
    first = _of_a_source(session, town, "eka", 50)
    assert load(session).groups == {(town, "tiimi"): first}
    _of_a_source(session, town, "toka", 1)
    assert load(session).groups == {(town, "tiimi"): first}


@pytest.mark.parametrize(
    ("owner", "told_by", "opened", "fine"),
    [
        ("kunta", "kunta", None, True),
        ("kunta", "koulu", None, True),
        ("koulu", "kunta", None, True),
        ("kunta", "naapuri", None, False),
        ("kunta", "naapuri", "koulu", True),
        ("naapuri", "kunta", None, False),
    ],
)
def test_a_rule_names_only_sources_that_state_facts_in_its_owners_part(
    session: Session, names: Names, owner: str, told_by: str, opened: str | None, fine: bool
) -> None:
    told = facts.source(session, names.organisations[told_by], "primus")
    if opened is not None:
        facts.opening(session, told, names.organisations[opened])
    bind = {"m": {"membership": {"kind": "class", "source": "primus"}}}
    gives = {"role": "wilma:opettaja", "scope": "organisation of m"}
    _, problems = check({"bind": bind, "gives": gives}, owner, load(session))
    wanted = "bind.m.membership.source"
    assert [problem.field for problem in problems if problem.field == wanted] == ([] if fine else [wanted])


def test_a_source_that_does_not_exist_is_refused_in_the_same_words_as_anothers(session: Session, names: Names) -> None:
    facts.source(session, names.organisations["naapuri"], "primus")
    known = load(session)
    said = []
    for key in ("primus", "kuu"):
        bind = {"m": {"membership": {"kind": "class", "source": key}}}
        gives = {"role": "wilma:opettaja", "scope": "organisation of m"}
        said.append([(p.message, p.remedy, p.field) for p in check({"bind": bind, "gives": gives}, "kunta", known)[1]])
    assert said[0] == said[1] != []


def _of_a_source(session: Session, town: UUID, key: str, priority: int) -> UUID:
    source = Source(
        key=key,
        connector="hr",
        owner_id=town,
        settings={},
        matching=None,
        correlate=[],
        zone="Europe/Helsinki",
        priority=priority,
        purpose="p",
    )
    session.add(source)
    session.flush()
    group = Group(organisation_id=town, source_id=source.id, record_key="tiimi", key="tiimi", name="Tiimi")
    session.add(group)
    session.flush()
    return group.id
