"""What two versions of a rule say otherwise is told in words: of whom, during an absence, which role, and where."""

from __future__ import annotations

from typing import Any

from iam.access.pages.rule_difference import differences
from iam.access.rules.names import Labels
from iam.access.rules.pattern import parse

NAMES = Labels(
    {"koivu": {"en": "Koivurinne School", "fi": "Koivurinteen koulu"}}, {"wilma:opettaja": {"en": "Teacher"}}
)
LEAD = {"affiliation": {"kind": "employee", "occupation": "opettaja"}}


def rule(
    bind: Any = None, role: str = "wilma:opettaja", scope: Any = "organisation of a", **more: Any
) -> dict[str, Any]:
    gives = {"role": role, "scope": scope} | {name: more.pop(name) for name in ("needs_relationship",) if name in more}
    return {"bind": bind or {"a": LEAD}, "gives": gives, **more}


def told(before: dict[str, Any], after: dict[str, Any], language: str = "en") -> list[tuple[Any, ...]]:
    parsed = [parse(one)[0] for one in (before, after)]
    assert parsed[0] is not None
    assert parsed[1] is not None
    return [(one.what, list(one.before), list(one.after)) for one in differences(parsed[0], parsed[1], NAMES, language)]


def test_what_is_the_same_is_not_told() -> None:
    assert told(rule(), rule()) == []


def test_another_position_and_place_are_told_and_what_stays_is_not() -> None:
    other = {"a": {"affiliation": {"kind": "employee", "occupation": "rehtori", "organisation": {"is": "koivu"}}}}
    assert told(rule(), rule(other)) == [("Who", ["opettaja"], ["rehtori", "Koivurinne School"])]


def test_another_role_place_and_absence_are_told_each_by_itself() -> None:
    after = rule(role="wilma:rehtori", scope={"organisation": "koivu"}, unless={"absence_of": "a"})
    assert told(rule(), after) == [
        ("While absent", ["the role stays"], ["the role rests"]),
        ("Role", ["Teacher"], ["wilma:rehtori"]),
        ("Where", ["in that organisation"], ["Koivurinne School"]),
    ]


def test_a_fact_that_is_asked_besides_is_told_whole_in_the_readers_language() -> None:
    joined = rule({"a": LEAD, "m": {"membership": {"group": "tiimi", "owner": "koivu"}}})
    ((what, before, after),) = told(rule(), joined, "fi")
    assert (what, before) == ("Kuka", [])
    assert "Koivurinteen koulu" in " ".join(after)


def test_that_a_relationship_is_asked_for_is_told() -> None:
    assert told(rule(), rule(needs_relationship=True)) == [
        ("A relationship", ["is not asked for"], ["is asked for at use"])
    ]
