"""What a connector's author shows to the suite, and what a check of the suite is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from connectors.contract import Connector

Names = set[tuple[str, str]]
"""Kind and key of records."""


class Exhibit(Protocol):
    """What a connector's author shows: the connector against a sound system, and against none.

    The sound system gives at least one record of every kind named in ``gives`` and is the same each time ``connector``
    is called, but for ``change``. ``secrets`` are texts that must never be seen, ``personal`` values of records that no
    message may hold.
    """

    gives: frozenset[str]
    secrets: tuple[str, ...]
    personal: tuple[str, ...]

    def connector(self) -> Connector:
        """Return a new connector to the sound system."""

    def unreachable(self) -> Connector:
        """Return a connector with sensible settings whose system is not there."""

    def change(self) -> tuple[Names, Names]:
        """Change the sound system (for ``ReadsChanges``); return what must come as records, and what as deleted."""

    def login(self) -> tuple[str, str]:
        """Return a login and its password (for ``Authenticates``)."""


Check = Callable[[Exhibit], None]
"""Raises ``verdict.Nonconforming`` where the connector breaks the contract."""
