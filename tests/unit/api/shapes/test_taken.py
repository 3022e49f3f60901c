"""What comes in is either taken as the shape says, or refused field by field."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from iam.api.shapes.base import MOST
from iam.api.shapes.persons import PersonQuery
from iam.api.shapes.rights import WithReason


@given(st.dictionaries(st.sampled_from(["q", "organisation", "kind", "state", "size", "after"]), st.text(max_size=300)))
def test_whatever_an_address_holds_is_taken_or_refused(query: dict[str, str]) -> None:
    try:
        taken = PersonQuery.model_validate(query)
    except ValidationError as error:
        named = {str(one["loc"][0]) for one in error.errors()}
    else:
        named = set() if 1 <= taken.size <= MOST and "\x00" not in taken.q else {"taken"}
    assert named <= query.keys()


def test_a_name_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValidationError, match="tuntematon"):
        PersonQuery.model_validate({"tuntematon": "1"})


def test_a_reason_of_blanks_is_none() -> None:
    with pytest.raises(ValidationError, match="reason"):
        WithReason.model_validate({"reason": "  "})
