"""The LDAP connector: its capabilities."""

from __future__ import annotations

import unicodedata
from typing import ClassVar

from pydantic import BaseModel

from connectors.contract import Checkpoint, ConnectorError, Reading
from connectors.ldap.checkpoint import read_checkpoint
from connectors.ldap.directory import accepts, connected
from connectors.ldap.reading import changed, everything, numbered
from connectors.ldap.settings import OBJECT_GUID, LdapSettings, problems
from connectors.network.deadline import Deadline
from connectors.problem import Problem
from connectors.single_pass import SinglePass

SIGN_IN_SECONDS = 3.0
"""A sign-in waits no longer, whatever ``deadline_seconds`` says."""
LONGEST_LOGIN = 256
LONGEST_PASSWORD = 1024


class LdapConnector:
    """Reads persons, groups and memberships from a directory, and signs persons in by bind."""

    settings_model: ClassVar[type[BaseModel]] = LdapSettings
    kinds: ClassVar[tuple[str, ...]] = ("person", "group", "membership")

    def __init__(self, settings: LdapSettings) -> None:
        self._settings = settings

    def validate(self) -> list[Problem]:
        """See ``Connector.validate``."""
        return problems(self._settings)

    def test(self) -> list[Problem]:
        """See ``Testable.test``: the server is trusted, the credentials are accepted, and a person can be read."""
        try:
            with connected(self._settings, Deadline(self._settings.deadline_seconds)) as directory:
                found = next(directory.persons(), None)
        except ConnectorError as error:
            return [error.problem]
        if found is not None:
            return []
        return [
            Problem(
                "No person is found.", "Check base_dn, person_filter and what bind_dn may read.", field="person_filter"
            )
        ]

    def read(self) -> Reading:
        """See ``ReadsAll.read``."""
        return SinglePass(everything(self._settings))

    def changes(self, checkpoint: Checkpoint) -> Reading:
        """See ``ReadsChanges.changes``; a record may come again although nothing in it changed."""
        told = numbered if self._settings.id_attribute == OBJECT_GUID else changed
        return SinglePass(told(self._settings, read_checkpoint(checkpoint, self._settings)))

    def authenticate(self, login: str, password: str) -> str | None:
        """See ``Authenticates.authenticate``; a login that two entries have is nobody's."""
        if not _is_plain(login, LONGEST_LOGIN) or not _is_plain(password, LONGEST_PASSWORD):
            return None
        deadline = Deadline(min(SIGN_IN_SECONDS, self._settings.deadline_seconds))
        with connected(self._settings, deadline) as directory:
            person = directory.by_login(login, deadline)
        if person is None or not accepts(self._settings, person.dn, password, deadline):
            return None
        return person.uuid


def _is_plain(text: str, longest: int) -> bool:
    """Say whether ``text`` may be sent: not empty, not too long, and without control characters and lone surrogates."""
    return 0 < len(text) <= longest and not any(unicodedata.category(character) in ("Cc", "Cs") for character in text)
