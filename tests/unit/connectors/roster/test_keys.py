"""A row without an id has a key of what it is."""

from __future__ import annotations

from hypothesis import given, strategies as st

from connectors.roster.keys import joined, prefix

PARTS = st.lists(st.text(alphabet="a/%2F", max_size=4), min_size=2, max_size=2)


@given(PARTS, PARTS)
def test_different_rows_have_different_keys(one: list[str], other: list[str]) -> None:
    assert (joined(*one) == joined(*other)) == (one == other)


@given(PARTS, st.text(alphabet="a/%2F", max_size=4))
def test_a_key_begins_as_those_of_its_own_person_only(one: list[str], person: str) -> None:
    assert joined(*one).startswith(prefix(person)) == (one[0] == person)
