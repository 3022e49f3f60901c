"""The first look at a bundle: every header is right, every file has rows, which ids there are, and which rows without
one are alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.contract import Malformed
from connectors.csv_file import CsvFile
from connectors.problem import Problem
from connectors.roster.bundle import Bundle
from connectors.roster.files import BundleFile
from connectors.roster.keys import joined

TO_BE_DELETED = "tobedeleted"


@dataclass(frozen=True, slots=True)
class Survey:
    """``ids`` of the rows that stay, by file; ``repeated`` keys of rows that are alike; ``digests`` and ``unfinished``
    of the files read whole for them; all ``headers``."""

    ids: dict[str, set[str]] = field(default_factory=dict)
    repeated: dict[str, set[str]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    unfinished: set[str] = field(default_factory=set)


def survey(bundle: Bundle, files: Sequence[BundleFile]) -> Survey:
    """Look at every one of ``files``; raises ``Malformed`` before any record of the bundle is handed on."""
    found = Survey()
    for file in files:
        check_header(bundle, file, found)
    referred = {reference.file for file in files for reference in file.references}
    for file in files:
        if (file.name in referred and file.layout.keys) or file.apart:
            _collect(bundle, file, found)
    return found


def check_header(bundle: Bundle, file: BundleFile, found: Survey) -> None:
    """Note the file's header; raises ``Malformed`` for a wrong one and for a file without rows."""
    with bundle.open(file.file) as stream:
        table = CsvFile(stream, file.file, file.layout)
        found.headers[file.name] = table.header.digest
        if next(table.rows(), None) is None:
            raise Malformed(
                Problem(
                    "The file has a header and no rows.",
                    "Leave out a file that has no rows; where there is a manifest, call it absent there.",
                    file.file,
                )
            )


def base_key(file: BundleFile, fields: Mapping[str, str]) -> str:
    """Return the key of a row by its ``parts``, as it is before rows that are alike are told apart."""
    spelled = {words.column for words in file.words}
    told = [fields[part].strip().lower() if part in spelled else fields[part] for part in file.parts]
    return joined(*told) if len(told) > 1 else told[0]


def _collect(bundle: Bundle, file: BundleFile, found: Survey) -> None:
    with bundle.open(file.file) as stream:
        table = CsvFile(stream, file.file, file.layout)
        columns = table.header.columns
        if file.layout.keys:
            place, rows = columns.index(file.layout.keys[0]), (row for row in table.rows() if row[2] is None)
            found.ids[file.name] = {values[place] for _, values, _ in rows if _stays(columns, values)}
        else:
            found.repeated[file.name] = _repeated(
                base_key(file, dict(zip(columns, values, strict=True)))
                for _, values, _ in table.rows()
                if len(values) == len(columns)  # also where something else in the row is wrong
            )
    found.digests[file.name] = table.digest
    if not table.finished:
        found.unfinished.add(file.name)


def _repeated(keys: Iterable[str]) -> set[str]:
    seen, twice = set[str](), set[str]()
    for key in keys:
        (twice if key in seen else seen).add(key)
    return twice


def _stays(columns: Sequence[str], values: Sequence[str]) -> bool:
    return "status" not in columns or values[columns.index("status")].strip().lower() != TO_BE_DELETED
