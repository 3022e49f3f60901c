"""Whose keys are one person's by what they share, and where that cannot be."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from iam.sources.identity.sharing import Told, linked, reason

PAIRS = st.lists(st.tuples(st.sampled_from("abcdefg"), st.integers(0, 9)), max_size=25)


@given(pairs=PAIRS)
def test_those_who_share_something_are_in_one_group_and_so_are_those_whom_others_link(
    pairs: list[tuple[str, int]],
) -> None:
    groups = linked(pairs)
    assert sorted(key for group in groups for key in group) == sorted({key for key, _ in pairs})
    assert {frozenset(group) for group in groups} == _one_by_one(pairs)
    assert groups == sorted(sorted(group) for group in groups)


def _one_by_one(pairs: list[tuple[str, int]]) -> set[frozenset[str]]:
    """The groups, found by joining two that have a mark in common until there are none."""
    groups = [({key}, {mark}) for key, mark in pairs]
    for _ in groups:
        for one in groups:
            for other in groups:
                if one is not other and (one[0] & other[0] or one[1] & other[1]):
                    one[0].update(other[0])
                    one[1].update(other[1])
    return {frozenset(keys) for keys, _ in groups}


def told(n: int, names: str = "", code: str = "", *, known: bool = False) -> Told:
    return Told(f"K{n}", UUID(int=n), known, code.encode() or None, frozenset(names.split()))


LAINE, VIRTA = "aada laine", "kaarina virta"
CASES = {
    "the same name": ([told(1, LAINE), told(2, LAINE)], None),
    "one word of the name is the same": ([told(1, LAINE), told(2, "aada virta")], None),
    "no name is told": ([told(1, LAINE), told(2)], None),
    "another name with the same code": ([told(1, LAINE, "a"), told(2, VIRTA, "a")], None),
    "another name without a code": ([told(1, LAINE, "a"), told(2, VIRTA)], "shared"),
    "two names twice": ([told(1, LAINE), told(2, VIRTA), told(3, LAINE), told(4, VIRTA)], "shared"),
    "another code": ([told(1, LAINE, "a"), told(2, LAINE, "b")], "codes"),
    "another code than the known one's": ([told(1, LAINE, "a", known=True), told(2, LAINE, "b")], "codes"),
    "two known people": ([told(1, LAINE, known=True), told(2, LAINE, known=True)], "several"),
    "another name than that of somebody known without one": ([told(1, LAINE, known=True), told(2, VIRTA)], "shared"),
}


@pytest.mark.parametrize(("chain", "why"), CASES.values(), ids=CASES)
def test_a_number_joins_nobody_whose_code_or_name_is_another(chain: list[Told], why: str | None) -> None:
    assert reason(chain, ()) == why


def test_of_somebody_known_by_name_the_names_of_before_count_and_not_those_of_the_run() -> None:
    assert reason([told(1, LAINE, known=True), told(2, VIRTA)], {UUID(int=1)}) is None
