"""What the claims connector makes of the claims of a sign-in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from connectors.claims import ClaimsConnector, ClaimsSettings
from connectors.claims.connector import MOST
from connectors.contract import ReadsAll, ReadsChanges, ReadsClaims

GROUPS = {"a": "heads", "b": "help", "c": "heads"}


def ear(**settings: Any) -> ClaimsConnector:
    return ClaimsConnector(ClaimsSettings.model_validate({"connection": "town", "groups": GROUPS} | settings))


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"groups": ["a", "b"]}, {"heads", "help"}),
        ({"groups": ["a", "c", "a"]}, {"heads"}),
        ({"groups": "b"}, {"help"}),
        ({"groups": ["A", " a", "unknown"]}, set()),
        ({"groups": []}, set()),
        ({"groups": ["x"] * MOST}, set()),
        ({"groups": ["x"] * (MOST + 1)}, None),
        ({"groups": ["a", None]}, None),
        ({"groups": {"a": "b"}}, None),
        ({"groups": None}, None),
        ({"roles": ["a"]}, None),
        ({}, None),
    ],
)
def test_values_that_are_named_stand_for_groups_and_what_is_no_list_of_texts_says_nothing(
    claims: dict[str, Any], told: set[str] | None
) -> None:
    assert ear().groups(claims) == told


def test_another_claim_may_be_read() -> None:
    assert ear(claim="roles").groups({"roles": ["a"], "groups": ["b"]}) == {"heads"}


def test_it_listens_and_reads_no_records() -> None:
    found = ear(days=7)
    assert isinstance(found, ReadsClaims)
    assert not isinstance(found, ReadsAll | ReadsChanges)
    assert (found.connection, found.lasts, found.known) == ("town", timedelta(days=7), {"heads", "help"})
    assert found.validate() == []


@pytest.mark.parametrize(
    "wrong", [{"groups": {}}, {"days": 0}, {"days": 401}, {"claim": ""}, {"connection": None}, {"group": "a"}]
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ear(**wrong)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["groups", "roles"]), _JSON))
def test_no_claim_whatever_tells_a_group_that_is_not_named(claims: dict[str, Any]) -> None:
    told = ear().groups(claims)
    assert told is None or told <= {"heads", "help"}
