"""Names that are invented, and choices by weight."""

from __future__ import annotations

import pytest

from iam.demo.chance import Chance, Weighted
from iam.demo.population.names import full_name


@pytest.mark.parametrize("language", ["fi", "sv", "se"])
def test_names_of_a_language_are_many_and_whole(language: str) -> None:
    names = [full_name(Chance("any"), "somebody", index, language) for index in range(300)]
    assert len({name.display for name in names}) > 200
    assert all(name.given.startswith(name.call) and name.family[0].isupper() for name in names)


def test_weights_are_followed() -> None:
    weighted = Weighted.of([("often", 9), ("seldom", 1)])
    found = [Chance("any").weigh("stream", index, weighted) for index in range(1000)]
    assert 850 < found.count("often") < 950
