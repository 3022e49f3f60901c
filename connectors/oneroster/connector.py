"""The OneRoster connector: settings, test and reading of one bundle."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, Field

from connectors.contract import ConnectorError, Item, Reading, Retryable, Settings
from connectors.csv_file import CsvFile
from connectors.csv_inspection import readable_key
from connectors.oneroster.bundle import Bundle, open_bundle
from connectors.oneroster.checks import lost_reference, no_word, spell
from connectors.oneroster.files import FILES, BundleFile
from connectors.oneroster.manifest import read_manifest
from connectors.oneroster.survey import TO_BE_DELETED, Survey, check_header, survey
from connectors.problem import Problem
from connectors.records import Deleted, Evidence, Record, Rejected, digest_of
from connectors.single_pass import Outcome, SinglePass


class OneRosterSettings(Settings):
    """Settings of a OneRoster source."""

    path: Path = Field(description="The bundle: a folder or a zip file, as an absolute path on the server.")


class OneRosterConnector:
    """Reads organisations, users, roles, classes and enrollments from a bundle."""

    settings_model: ClassVar[type[BaseModel]] = OneRosterSettings
    kinds: ClassVar[tuple[str, ...]] = tuple(file.kind for file in FILES if file.kind)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        file.kind: tuple(name for name in file.layout.columns if name not in file.layout.dropped)
        for file in FILES
        if file.kind
    }

    def __init__(self, settings: OneRosterSettings) -> None:
        self._settings = settings

    def validate(self) -> list[Problem]:
        """See ``Connector.validate``."""
        if self._settings.path.is_absolute():
            return []
        return [
            Problem("The path is not absolute.", "Write it from the root, as in /srv/feeds/roster.zip.", field="path")
        ]

    def test(self) -> list[Problem]:
        """See ``Testable.test``: the bundle opens, its manifest holds, and every header is right."""
        try:
            with open_bundle(self._settings.path) as bundle:
                files, _ = read_manifest(bundle)
                for file in files:
                    check_header(bundle, file, Survey())
        except ConnectorError as error:
            return [error.problem]
        return []

    def read(self) -> Reading:
        """See ``ReadsAll.read``."""
        return SinglePass(self._items())

    def _items(self) -> Generator[Item, None, Outcome]:
        with open_bundle(self._settings.path) as bundle:
            files, manifest = read_manifest(bundle)
            known = survey(bundle, files)
            rows = deleted = 0
            for file in files:
                if file.kind is not None:
                    stay, go = yield from _items_of(bundle, file, file.kind, known)
                    rows, deleted = rows + stay, deleted + go
            evidence = Evidence(
                rows=rows,
                digest=_digest({"manifest": manifest, **known.digests}),
                header=_digest(known.headers),
                finished=not known.unfinished,
                deleted=deleted,
            )
            return evidence, None


def _digest(parts: dict[str, str]) -> str:
    return sha256("".join(f"{name} {parts[name]}\n" for name in sorted(parts)).encode()).hexdigest()


def _items_of(bundle: Bundle, file: BundleFile, kind: str, known: Survey) -> Generator[Item, None, tuple[int, int]]:
    """Yield the rows of one file as items; return how many of them were no deletions, and how many were."""
    name, rows, deleted = f"{file.name}.csv", 0, 0
    first_lines: dict[str, int] = {}
    with bundle.open(name) as stream:
        table = CsvFile(stream, name, file.layout)
        columns = table.header.columns
        for line, values, problem in table.rows():
            if problem is not None:
                key = readable_key(values[0], "sourcedId", problem) if values else None
                item: Item = Rejected(kind, key, problem)
            elif (wrong := _wrong(file, line, values, first_lines)) is not None:
                item = Rejected(kind, values[0] or None, wrong)
            elif values[1] == TO_BE_DELETED:
                yield Deleted(kind, values[0])
                deleted += 1
                continue
            else:
                fields = dict(zip(columns, values, strict=True))
                lost = _problem(file, line, fields, known)
                record = Record(kind, values[0], fields, digest_of(fields.values()), name, line)
                item = record if lost is None else Rejected(kind, values[0], lost)
            rows += 1
            yield item
    _note(table, file, known)
    return rows, deleted


def _note(table: CsvFile, file: BundleFile, known: Survey) -> None:
    """Keep what the end of a file tells; raise ``Retryable`` when it is not the file that was surveyed."""
    if known.digests.setdefault(file.name, table.digest) != table.digest:
        raise Retryable(
            Problem(
                "The bundle changed while it was read.", "Run the source again when the transfer has ended.", table.name
            )
        )
    if not table.finished:
        known.unfinished.add(file.name)


def _wrong(file: BundleFile, line: int, values: list[str], first_lines: dict[str, int]) -> Problem | None:
    """Return what is wrong with the row's own sourcedId or status."""
    key, status = values[0], values[1].strip().lower()
    name = f"{file.name}.csv"
    if not key:
        return Problem("The row has no sourcedId.", "Give every row one.", name, line, "sourcedId")
    first = first_lines.setdefault(key, line)
    if first != line:
        return Problem(
            "The sourcedId is already on line %(first)d.",
            "Give every row of a file a sourcedId of its own.",
            name,
            line,
            "sourcedId",
            {"first": first},
        )
    if status not in ("", "active", TO_BE_DELETED):
        return Problem(
            "The status is not one of OneRoster 1.2.", "Leave it empty in a bulk file.", name, line, "status"
        )
    values[1] = status
    return None


def _problem(file: BundleFile, line: int, fields: dict[str, str], known: Survey) -> Problem | None:
    """Return the problem of a word that the standard does not have, or of the first reference that leads nowhere; a
    file that the bundle lacks is not asked."""
    name = f"{file.name}.csv"
    words = spell(file, fields)
    if words is not None:
        return no_word(words, name, line)
    reference = lost_reference(file, fields, known.ids)
    if reference is None:
        return None
    return Problem(
        "The field names a row that %(target)s.csv does not have, or that is to be deleted.",
        "Export the bundle again, both files at the same time.",
        name,
        line,
        reference.column,
        {"target": reference.file},
    )
