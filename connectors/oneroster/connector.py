"""The OneRoster connector: settings, test and reading of one bundle."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, Field

from connectors.contract import ConnectorError, Item, Reading, Settings
from connectors.oneroster.files import FILES
from connectors.oneroster.manifest import Manifest, read_manifest
from connectors.oneroster.rows import Rows
from connectors.oneroster.version_1_1 import ROLES, USERS, OldRoles, in_columns_of_1_2
from connectors.problem import Problem
from connectors.roster.bundle import not_absolute, open_bundle
from connectors.roster.files import BundleFile
from connectors.roster.reading import Teller, everything
from connectors.roster.survey import Survey, check_header
from connectors.single_pass import Outcome, SinglePass


class OneRosterSettings(Settings):
    """Settings of a OneRoster source."""

    path: Path = Field(description="The bundle: a folder or a zip file, as an absolute path on the server.")


class OneRosterConnector:
    """Reads organisations, users, roles, classes and enrollments from a bundle."""

    settings_model: ClassVar[type[BaseModel]] = OneRosterSettings
    kinds: ClassVar[tuple[str, ...]] = tuple(file.kind for file in FILES if file.kind)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {file.kind: file.columns for file in FILES if file.kind}

    def __init__(self, settings: OneRosterSettings) -> None:
        self._settings = settings

    def validate(self) -> list[Problem]:
        """See ``Connector.validate``."""
        return not_absolute(self._settings.path)

    def test(self) -> list[Problem]:
        """See ``Testable.test``: the bundle opens, its manifest holds, and every header is right."""
        try:
            with open_bundle(self._settings.path) as bundle:
                for file in read_manifest(bundle).files:
                    check_header(bundle, file, Survey())
        except ConnectorError as error:
            return [error.problem]
        return []

    def read(self) -> Reading:
        """See ``ReadsAll.read``."""
        return SinglePass(self._items())

    def _items(self) -> Generator[Item, None, Outcome]:
        with open_bundle(self._settings.path) as bundle:
            manifest = read_manifest(bundle)
            evidence = yield from everything(
                bundle,
                manifest.files,
                {"manifest": manifest.digest},
                lambda file, columns, known: _teller(manifest, file, columns, known),
            )
            return evidence, None


def _teller(manifest: Manifest, file: BundleFile, columns: tuple[str, ...], known: Survey) -> Teller:
    if file is ROLES:
        return OldRoles(columns, known)
    return Rows(file, columns, known, manifest.version, in_columns_of_1_2 if file is USERS else None)
