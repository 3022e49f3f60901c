"""The HR connector: test and reading of one file."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from itertools import islice
from typing import ClassVar

from pydantic import BaseModel

from connectors.contract import Checkpoint, ConnectorError, Item, Reading
from connectors.csv_file import Layout
from connectors.drop.choice import newest
from connectors.drop.folder import DropFolder, opened
from connectors.hr.columns import COLUMNS, KEY, KEY_PARTS, KIND, NEEDED
from connectors.hr.employments import employments
from connectors.hr.settings import HrSettings, file_path, problems, wanted
from connectors.hr.tables import table_of
from connectors.input_file import InputFile
from connectors.problem import Problem
from connectors.records import Evidence, Sample
from connectors.sftp import fetched
from connectors.single_pass import Outcome, SinglePass


class HrConnector:
    """Reads employment relationships from a file."""

    settings_model: ClassVar[type[BaseModel]] = HrSettings
    kinds: ClassVar[tuple[str, ...]] = (KIND,)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {KIND: COLUMNS}
    names_setting: ClassVar[str] = "columns"
    needed: ClassVar[tuple[str, ...]] = NEEDED
    key: ClassVar[str] = KEY
    key_setting: ClassVar[str] = "key_of"
    key_parts: ClassVar[tuple[str, ...]] = KEY_PARTS
    days_setting: ClassVar[str] = "day_form"

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

    @property
    def has_own_names(self) -> bool:
        """See ``NamesColumns.has_own_names``: the fields of a file of fixed width have our names."""
        return not self._settings.fixed_width

    def sample(self, rows: int) -> Sample:
        """See ``NamesColumns.sample``."""
        with (
            self._open(None)[0] as file,
            closing(table_of(file, self._settings, Layout(columns=(), trailer=True, free=True))) as table,
        ):
            first = tuple(tuple(values) for _, values, _ in islice(table.rows(), rows))
            return Sample(KIND, table.header.columns, first)

    def read(self) -> Reading:
        """See ``ReadsAll.read``."""
        return SinglePass(self._items(None))

    def read_after(self, checkpoint: Checkpoint) -> Reading:
        """See ``ReadsAfter.read_after``: in a folder no file is read that is older than the one read last."""
        return SinglePass(self._items(checkpoint))

    def _items(self, last: Checkpoint | None) -> Generator[Item, None, Outcome]:
        file, checkpoint = self._open(last)
        with file, closing(table_of(file, self._settings)) as table:
            rows = yield from employments(table, self._settings)
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
        settings = self._settings
        if settings.sftp is not None:
            return fetched(settings.sftp, wanted(settings), last)
        if settings.folder is None:
            return InputFile(file_path(settings)), None
        folder = DropFolder(settings.folder)
        found = newest(folder, wanted(settings), last)
        return opened(folder, found), found.order.packed()
