"""A rule as data is taken only if every database keeps it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from iam.api.shapes.rules import LONGEST, RuleSaid, storable

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.text(max_size=5), ANYTHING))
def test_whatever_is_sent_is_kept_as_it_is_or_refused(pattern: dict[str, Any]) -> None:
    try:
        kept = storable(pattern)
    except ValueError:
        return
    text = json.dumps(kept, ensure_ascii=False)
    assert "\\u0000" not in text
    assert json.loads(text.encode().decode()) == pattern


@pytest.mark.parametrize("wrong", ["a\x00", "\ud800", float("nan"), float("inf"), "x" * LONGEST])
def test_what_a_database_cannot_keep_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError, match="pattern"):
        RuleSaid(pattern={"bind": [wrong]})
