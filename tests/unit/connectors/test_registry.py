"""Connectors are found by name, and each is what the contract says a connector is."""

from __future__ import annotations

import pytest

from connectors.contract import Settings
from connectors.registry import UnknownConnector, connector, names


def test_the_connectors_of_this_repository_are_installed() -> None:
    assert {"hr", "ldap", "memory", "oneroster", "oneroster-rest", "sds"} <= set(names())


@pytest.mark.parametrize("name", ["hr", "ldap", "memory", "oneroster", "oneroster-rest", "sds"])
def test_every_name_gives_a_class_of_the_contract(name: str) -> None:
    found = connector(name)
    assert issubclass(found.settings_model, Settings)
    assert found.kinds
    assert {"validate", "read"} <= set(dir(found))


def test_an_unknown_name_names_those_there_are() -> None:
    with pytest.raises(UnknownConnector, match=r"no connector 'paper'.*hr"):
        connector("paper")
