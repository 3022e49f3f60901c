"""What a declaration would change is shown, and nothing of what stays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iam.apply.cli import in_words as table
from iam.apply.comparison.difference import in_words
from iam.apply.declared.differing import differing

from .conftest import ACCESS, CONSORTIUM, Apply

LONG = "Opiskeluhuollon palvelut järjestetään oppilaitoksessa yhdessä hyvinvointialueen kanssa, "


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("a", "b", ["x: a → b"]),
        (None, True, ["x: – → true"]),
        (
            {"p": {"q": 1, "r": 2}, "s": 3},
            {"p": {"q": 1, "r": 4}, "t": 5},
            ["x.p.r: 2 → 4", "x.s: 3 → –", "x.t: – → 5"],
        ),
        (["a", "b", "c"], ["a", "c", "d"], ["x: + d, − b"]),
        (["a", "b"], ["b", "a"], ["x: a, b → b, a"]),
        (
            [("KOIVU", "employee"), ("RANTA", "student")],
            [("KOIVU", "trainee"), ("RANTA", "student")],
            ["x: + KOIVU, trainee, − KOIVU, employee"],
        ),
        (
            f"{LONG}viikoittain.",
            f"{LONG}päivittäin.",
            ["x: …ointialueen kanssa, viikoittain. → …ointialueen kanssa, päivittäin."],
        ),
    ],
)
def test_only_what_differs_is_told(before: Any, after: Any, told: list[str]) -> None:
    found = list(differing("x", before, after, in_words))
    assert found == told


def test_a_condition_deep_in_a_rule_and_one_right_of_a_clause_are_shown_as_they_change(applied: Apply) -> None:
    rule, clause = "occupation: psykologi, organisation", "{psykologi: [nimi:read]}"
    changed = (CONSORTIUM + ACCESS).replace(rule, "occupation: koulupsykologi, organisation")
    changed = changed.replace(clause, "{psykologi: [nimi:read, luokka:read]}")
    lines = table(applied(changed, dry_run=True), dry_run=True).splitlines()
    assert any(line.strip() == "pattern.bind.a.affiliation.occupation: psykologi → koulupsykologi" for line in lines), (
        lines
    )
    assert any(line.strip() == "clauses.allows: + psykologi, luokka:read" for line in lines), lines


def test_what_is_secret_is_named_and_never_shown(applied: Apply) -> None:
    said = json.dumps(
        {
            "sources": [
                {
                    "key": "hr",
                    "connector": "hr",
                    "owner": "konsortio",
                    "purpose": "henkilöstöhallinto",
                    "priority": 10,
                    "settings": {"path": "/elsewhere.csv"},
                }
            ]
        }
    )
    lines = table(applied(said, dry_run=True), dry_run=True)
    assert "settings" in lines
    assert "elsewhere" not in lines
