"""The first look at a bundle: every header is right, every file has rows, and which sourcedIds there are."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.contract import Malformed
from connectors.csv_file import CsvFile
from connectors.oneroster.bundle import Bundle
from connectors.oneroster.files import REFERRED, BundleFile
from connectors.problem import Problem

TO_BE_DELETED = "tobedeleted"


@dataclass(frozen=True, slots=True)
class Survey:
    """``ids`` of the rows that stay, by file; ``digests`` and ``finished`` of the files read whole for them; all
    ``headers``."""

    ids: dict[str, set[str]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    unfinished: set[str] = field(default_factory=set)


def survey(bundle: Bundle, files: tuple[BundleFile, ...]) -> Survey:
    """Look at every one of ``files``; raises ``Malformed`` before any record of the bundle is handed on."""
    found = Survey()
    for file in files:
        check_header(bundle, file, found)
    for file in files:
        if file.name in REFERRED:
            _collect(bundle, file, found)
    return found


def check_header(bundle: Bundle, file: BundleFile, found: Survey) -> None:
    """Note the file's header; raises ``Malformed`` for a wrong one and for a file without rows."""
    name = f"{file.name}.csv"
    with bundle.open(name) as stream:
        table = CsvFile(stream, name, file.layout)
        found.headers[file.name] = table.header.digest
        if next(table.rows(), None) is None:
            raise Malformed(
                Problem("The file has a header and no rows.", "Call a file without rows absent in the manifest.", name)
            )


def _collect(bundle: Bundle, file: BundleFile, found: Survey) -> None:
    name = f"{file.name}.csv"
    with bundle.open(name) as stream:
        table = CsvFile(stream, name, file.layout)
        found.ids[file.name] = {
            values[0]
            for _, values, problem in table.rows()
            if problem is None and values[1].strip().lower() != TO_BE_DELETED
        }
    found.digests[file.name] = table.digest
    if not table.finished:
        found.unfinished.add(file.name)
