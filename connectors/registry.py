"""Connectors by name, found through the entry points of the group ``iam.connectors``."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from importlib import resources
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import yaml

from connectors.contract import Connector

GROUP = "iam.connectors"


class UnknownConnector(LookupError):
    """No installed package offers a connector of this name; the message names those there are."""


def names() -> tuple[str, ...]:
    """Return the names of all connectors installed, sorted, without importing them."""
    return tuple(sorted(_entry_points()))


def connector(name: str) -> type[Connector]:
    """Return the class of the connector called ``name``; raises ``UnknownConnector``."""
    found = _entry_points().get(name)
    if found is None:
        raise UnknownConnector(f"there is no connector {name!r}; there are {', '.join(names()) or 'none'}")
    loaded: type[Connector] = found.load()
    return loaded


@cache
def _entry_points() -> dict[str, EntryPoint]:
    return {entry_point.name: entry_point for entry_point in entry_points(group=GROUP)}


def matching(name: str) -> dict[str, Any]:
    """Return how the columns of a connector's records are usually read: the data of ``matching.yaml`` beside its class.

    Empty when it has none (its sources then bring their own); raises ``UnknownConnector``.
    """
    return deepcopy(_matching(connector(name).__module__.rpartition(".")[0]))


@cache
def _matching(package: str) -> dict[str, Any]:
    file = resources.files(package) / "matching.yaml"
    return dict(yaml.safe_load(file.read_text(encoding="utf-8"))) if file.is_file() else {}
