"""The HR connector: settings, test and reading of one CSV file."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, Field

from connectors.contract import ConnectorError, Item, Reading, Settings
from connectors.csv_file import CsvFile, Layout
from connectors.csv_inspection import readable_key
from connectors.input_file import InputFile
from connectors.problem import Problem
from connectors.records import Evidence, Record, Rejected, digest_of
from connectors.single_pass import Outcome, SinglePass

COLUMNS = (
    "henkilonumero",
    "hetu",
    "etunimet",
    "kutsumanimi",
    "sukunimi",
    "palvelussuhdenumero",
    "palvelussuhteen_laji",
    "sijaistettava",
    "tehtavanimike_koodi",
    "nimike",
    "toimiala",
    "yksikko_koodi",
    "kustannuspaikka",
    "toimipisteet",
    "esihenkilo_henkilonumero",
    "alkamispvm",
    "paattymispvm",
    "keskeytys_alku",
    "keskeytys_loppu",
    "keskeytys_syy",
    "sopimusala",
    "viikkotunnit",
    "tyopuhelin",
    "paivitetty",
)
"""The header of the file, in order."""

KIND = "employment"
KEY = "palvelussuhdenumero"
LAYOUT = Layout(columns=COLUMNS, code_column="hetu", trailer=True, key=KEY)


class HrSettings(Settings):
    """Settings of an HR source."""

    path: Path = Field(description="The CSV file, as an absolute path on the server.")


class HrConnector:
    """Reads employment relationships from a CSV file."""

    settings_model: ClassVar[type[BaseModel]] = HrSettings
    kinds: ClassVar[tuple[str, ...]] = (KIND,)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {KIND: COLUMNS}

    def __init__(self, settings: HrSettings) -> None:
        self._settings = settings

    def validate(self) -> list[Problem]:
        """See ``Connector.validate``."""
        if self._settings.path.is_absolute():
            return []
        return [Problem("The path is not absolute.", "Write it from the root, as in /srv/feeds/hr.csv.", field="path")]

    def test(self) -> list[Problem]:
        """See ``Testable.test``: the file can be opened and its header is right."""
        try:
            with InputFile(self._settings.path) as file:
                CsvFile(file.stream, file.name, LAYOUT)
        except ConnectorError as error:
            return [error.problem]
        return []

    def read(self) -> Reading:
        """See ``ReadsAll.read``."""
        return SinglePass(self._items())

    def _items(self) -> Generator[Item, None, Outcome]:
        with InputFile(self._settings.path) as file:
            table = CsvFile(file.stream, file.name, LAYOUT)
            rows = yield from _employments(table)
            file.require_unchanged()
            evidence = Evidence(
                rows=rows,
                digest=table.digest,
                header=table.header.digest,
                finished=table.finished,
                declared=table.declared,
            )
            return evidence, None


def _employments(table: CsvFile) -> Generator[Item, None, int]:
    """Yield every row of ``table`` as an item; return how many there were."""
    place, name, rows = COLUMNS.index(KEY), table.name, 0
    first_lines: dict[str, int] = {}
    for line, values, problem in table.rows():
        rows += 1
        if problem is not None:
            key = readable_key(values[place], KEY, problem) if len(values) > place else None
            yield Rejected(KIND, key, problem)
            continue
        key = values[place]
        first = first_lines.setdefault(key, line)
        if first != line or not key:
            yield Rejected(KIND, key or None, _wrong_key(key, name, line, first))
            continue
        yield Record(KIND, key, dict(zip(COLUMNS, values, strict=False)), digest_of(values), name, line)
    return rows


def _wrong_key(key: str, file: str, line: int, first: int) -> Problem:
    if not key:
        return Problem(
            "The row has no key.", "Give every employment relationship a number of its own.", file, line, KEY
        )
    return Problem(
        "The key is already on line %(first)d.",
        "Give every employment relationship a number of its own; send a correction in place of the old row.",
        file,
        line,
        KEY,
        {"first": first},
    )
