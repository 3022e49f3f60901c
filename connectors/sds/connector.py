"""The School Data Sync connector: settings, test and reading of one bundle."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, Field

from connectors.contract import Checkpoint, ConnectorError, Item, Reading, Settings
from connectors.problem import Problem
from connectors.roster.bundle import not_absolute, open_bundle
from connectors.roster.reading import everything
from connectors.roster.survey import Survey, check_header
from connectors.sds.files import FILES
from connectors.sds.presence import opened, packed, present, require_same
from connectors.sds.rows import SdsRows
from connectors.single_pass import Outcome, SinglePass


class SdsSettings(Settings):
    """Settings of a source of School Data Sync files."""

    path: Path = Field(description="The bundle: a folder or a zip file, as an absolute path on the server.")


class SdsConnector:
    """Reads organisations, users, roles, classes, enrollments and relationships from a bundle."""

    settings_model: ClassVar[type[BaseModel]] = SdsSettings
    kinds: ClassVar[tuple[str, ...]] = tuple(file.kind for file in FILES if file.kind)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {file.kind: file.columns for file in FILES if file.kind}

    def __init__(self, settings: SdsSettings) -> None:
        self._settings = settings

    def validate(self) -> list[Problem]:
        """See ``Connector.validate``."""
        return not_absolute(self._settings.path)

    def test(self) -> list[Problem]:
        """See ``Testable.test``: the bundle opens, has the files that it needs, and every header is right."""
        try:
            with open_bundle(self._settings.path) as bundle:
                for file in opened(present(bundle)):
                    check_header(bundle, file, Survey())
        except ConnectorError as error:
            return [error.problem]
        return []

    def read(self) -> Reading:
        """See ``ReadsAll.read``."""
        return SinglePass(self._items(None))

    def read_after(self, checkpoint: Checkpoint) -> Reading:
        """See ``ReadsAfter.read_after``: a bundle without a file that came last time is not read."""
        return SinglePass(self._items(checkpoint))

    def _items(self, last: Checkpoint | None) -> Generator[Item, None, Outcome]:
        with open_bundle(self._settings.path) as bundle:
            names = present(bundle)
            if last is not None:
                require_same(names, last)
            evidence = yield from everything(bundle, opened(names), {}, SdsRows)
            return evidence, packed(names)
