"""Column matching as data: what it may say, and how a wrong one is told."""

from __future__ import annotations

from typing import Any

import pytest

from connectors import registry
from iam.errors import Invalid
from iam.sources.reading import matching


@pytest.mark.parametrize("connector", ["hr", "oneroster", "ldap"])
def test_the_usual_matching_of_a_connector_can_be_read(connector: str) -> None:
    found = matching.read(registry.matching(connector))
    assert found.kinds
    assert found.correlate
    assert list(matching.faults(found, registry.connector(connector))) == []


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"employment": {"persn": {}}}, "kinds.employment.persn"),
        ({"employment": {"person": {"as": "x"}}}, "kinds.employment.person.key"),
        (
            {"employment": {"affiliation": {"organisations": {"column": "a"}, "kind": "boss"}}},
            "employment.affiliation.kind",
        ),
        (
            {"employment": {"affiliation": {"organisations": {}, "kind": {"column": "a", "values": {"x": "boss"}}}}},
            "employment.affiliation.kind",
        ),
        ({"employment": {"relationships": [{"kind": "friend_of", "column": "a"}]}}, "employment.relationships"),
        (
            {"employment": {"relationships": [{"kind": "manager_of", "column": "a", "this_person_is": "x"}]}},
            "kinds.employment.relationships.0.this_person_is",
        ),
    ],
)
def test_a_wrong_matching_is_told_by_its_place(data: dict[str, Any], place: str) -> None:
    with pytest.raises(Invalid) as caught:
        matching.read(data)
    assert [problem.field for problem in caught.value.problems] == [place]
