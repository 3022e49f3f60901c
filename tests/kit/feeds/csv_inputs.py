"""Small CSV inputs of the tests' own."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from connectors.contract import Item, Reading
from connectors.csv_file import CsvFile, Layout, Row
from connectors.hr import HrConnector, HrSettings
from connectors.records import Record, Rejected

FIXTURES = Path(__file__).parent / "hr"
CODES = ("140381-902E", "301175-9153", "010519F998S")
"""The test codes in the fixtures; no message may hold one."""

LAYOUT = Layout(columns=("key", "hetu", "name"), code_column="hetu", trailer=True)


def table(data: bytes, layout: Layout = LAYOUT) -> CsvFile:
    """Return ``data`` as a CSV file called rows.csv."""
    return CsvFile(BytesIO(data), "rows.csv", layout)


def rows(data: bytes, layout: Layout = LAYOUT) -> list[Row]:
    """Return all rows of ``data``."""
    return [*table(data, layout).rows()]


def hr(path: Path) -> Reading:
    """Return a reading of the HR file at ``path``."""
    return HrConnector(HrSettings(path=path)).read()


def read_all(reading: Reading) -> list[Item]:
    """Read to the end, so that there is evidence."""
    return [*reading]


def records(items: Sequence[Item]) -> list[Record]:
    """Return the records among ``items``."""
    return [item for item in items if isinstance(item, Record)]


def rejected(items: Sequence[Item]) -> list[Rejected]:
    """Return the rejected rows among ``items``."""
    return [item for item in items if isinstance(item, Rejected)]
