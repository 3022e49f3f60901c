"""The HR connector: test and reading of one file."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from typing import ClassVar

from pydantic import BaseModel

from connectors.contract import Checkpoint, ConnectorError, Item, Reading
from connectors.drop.folder import newest
from connectors.hr.columns import COLUMNS, KIND
from connectors.hr.employments import employments
from connectors.hr.settings import HrSettings, drop_folder, file_path, problems
from connectors.hr.tables import table_of
from connectors.input_file import InputFile
from connectors.problem import Problem
from connectors.records import Evidence
from connectors.single_pass import Outcome, SinglePass


class HrConnector:
    """Reads employment relationships from a file."""

    settings_model: ClassVar[type[BaseModel]] = HrSettings
    kinds: ClassVar[tuple[str, ...]] = (KIND,)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {KIND: COLUMNS}

    def __init__(self, settings: HrSettings) -> None:
        self._settings = settings

    def validate(self) -> list[Problem]:
        """See ``Connector.validate``."""
        return problems(self._settings)

    def test(self) -> list[Problem]:
        """See ``Testable.test``: the file can be opened and its header is right."""
        try:
            with self._open(None)[0] as file:
                table_of(file, self._settings).close()
        except ConnectorError as error:
            return [error.problem]
        return []

    def read(self) -> Reading:
        """See ``ReadsAll.read``."""
        return SinglePass(self._items(None))

    def read_after(self, checkpoint: Checkpoint) -> Reading:
        """See ``ReadsAfter.read_after``: in a folder no file is read that is older than the one read last."""
        return SinglePass(self._items(checkpoint))

    def _items(self, last: Checkpoint | None) -> Generator[Item, None, Outcome]:
        file, checkpoint = self._open(last)
        with file, closing(table_of(file, self._settings)) as table:
            rows = yield from employments(table, self._settings.columns)
            file.require_unchanged()
            evidence = Evidence(
                rows=rows,
                digest=table.digest,
                header=table.header.digest,
                finished=table.finished,
                declared=table.declared,
            )
            return evidence, checkpoint

    def _open(self, last: Checkpoint | None) -> tuple[InputFile, Checkpoint | None]:
        """Open the file, or the newest of the folder, with the checkpoint that it gives."""
        folder = drop_folder(self._settings)
        if folder is None:
            return InputFile(file_path(self._settings)), None
        found = newest(folder, last)
        return found.open(), found.order.packed()
