"""The OneRoster connector that asks a server over REST: its capabilities.

It is a connector of its own and not a second way of ``oneroster``: what a connector can do is asked of its class, and
files tell no changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

from pydantic import BaseModel

from connectors.contract import Checkpoint, ConnectorError, Reading
from connectors.oneroster.connector import OneRosterConnector
from connectors.oneroster.rest.checkpoint import read_checkpoint
from connectors.oneroster.rest.client import Client
from connectors.oneroster.rest.reading import COLLECTIONS, changed, everything
from connectors.oneroster.rest.settings import OneRosterRestSettings, problems
from connectors.problem import Problem
from connectors.single_pass import SinglePass


class OneRosterRestConnector:
    """Reads organisations, users with their roles, classes and enrollments from a server."""

    settings_model: ClassVar[type[BaseModel]] = OneRosterRestSettings
    kinds: ClassVar[tuple[str, ...]] = OneRosterConnector.kinds
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = OneRosterConnector.columns

    def __init__(self, settings: OneRosterRestSettings) -> None:
        self._settings = settings

    def validate(self) -> list[Problem]:
        """See ``Connector.validate``."""
        return problems(self._settings)

    def test(self) -> list[Problem]:
        """See ``Testable.test``: a token is given, and every collection may be read."""
        try:
            client = Client(self._settings)
            pages = {name: client.get(name, {"limit": "1", "offset": "0"}) for name in COLLECTIONS}
        except ConnectorError as error:
            return [error.problem]
        told = pages["users"].told
        if isinstance(told, dict) and told.get("users"):
            return []
        return [Problem("No user is found.", "Ask the server's keeper what client_id may read.", field="client_id")]

    def read(self) -> Reading:
        """See ``ReadsAll.read``."""
        return SinglePass(everything(self._settings))

    def changes(self, checkpoint: Checkpoint) -> Reading:
        """See ``ReadsChanges.changes``; a record may come again although nothing in it changed."""
        return SinglePass(changed(self._settings, read_checkpoint(checkpoint, self._settings, datetime.now(UTC))))
