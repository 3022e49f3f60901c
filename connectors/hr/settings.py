"""Settings of an HR source, and what can be wrong with them before any file is looked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from connectors.contract import Refused, Settings
from connectors.drop.choice import Wanted
from connectors.hr.columns import COLUMNS, KEY, KEY_PARTS, NEEDED, PERSON
from connectors.problem import Problem
from connectors.sftp import SftpSettings, problems as sftp_problems
from connectors.sftp.settings import SECRETS_GO_BY
from connectors.tables import fixed_layout
from connectors.tables.day_forms import Form
from connectors.tables.fixed_layout import FixedField, FixedLines, FixedTrailer


class HrSettings(Settings):
    """Settings of an HR source."""

    secrets_go_by: ClassVar[frozenset[str] | None] = frozenset(f"sftp.{name}" for name in SECRETS_GO_BY)

    path: Path | None = Field(
        default=None, description="The file (CSV, .xlsx, .xls, .ods, fixed width), as an absolute path on the server."
    )
    folder: Path | None = Field(default=None, description="In place of one file: a folder whose newest file is read.")
    sftp: SftpSettings | None = Field(
        default=None,
        description="A folder of another server. "
        "It needs all of these but the port, one key or password, and file names.",
    )
    pattern: str | None = Field(default=None, min_length=1, description="What file names are like: hr_*.csv.")
    marker: str | None = Field(
        default=None, pattern=r"\.[A-Za-z0-9]{1,16}", description="Read only what such a file says is whole: .ok."
    )
    settle_seconds: float = Field(default=60, ge=0, le=86_400, description="How long a file must have stood still.")
    oldest_days: int | None = Field(default=None, ge=0, le=366, description="How old it may be; 0: it is of today.")
    columns: dict[str, str] = Field(
        default={}, description="Our columns with the names that the file has for them; without it, the names are ours."
    )
    key_of: tuple[str, ...] = Field(
        default=(), description="Our columns that tell one employment from another, where no number does."
    )
    day_form: Form | None = Field(default=None, description="How days are written, where one could be two.")
    sheet: str | None = Field(default=None, description="The sheet of a spreadsheet; without it, the first one seen.")
    encoding: Literal["utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"] | None = Field(
        default=None, description="The encoding of a text file; without it, it is found out."
    )
    fixed_width: tuple[FixedField, ...] = Field(
        default=(),
        description="The fields of a line, by our columns' names, where the file has neither header nor CSV.",
    )
    line_length: int | None = Field(default=None, ge=1, description="Signs of a line; without it, to its last field.")
    trimmed: bool = Field(default=False, description="Whether lines lack the blanks at their ends.")
    head: str | None = Field(default=None, min_length=1, description="What a first line begins with that is no row.")
    trailer: FixedTrailer | None = Field(default=None, description="The last line, which tells the number of rows.")


def file_path(settings: HrSettings) -> Path:
    """Return the file; raises ``Refused`` for settings that ``problems`` objects to."""
    if settings.path is None:
        raise Refused(next(_of_place(settings)))
    return settings.path


def wanted(settings: HrSettings) -> Wanted:
    """Return which file of a folder is read; raises ``Refused`` for settings that ``problems`` objects to."""
    if settings.pattern is None:
        raise Refused(next(_of_place(settings)))
    return Wanted(settings.pattern, settings.marker, settings.settle_seconds, settings.oldest_days)


def fixed_lines(settings: HrSettings) -> FixedLines:
    """Return how the lines of a file of fixed width lie."""
    length = settings.line_length or max(field.end for field in settings.fixed_width)
    return FixedLines(
        fields=settings.fixed_width,
        length=length,
        trimmed=settings.trimmed,
        head=settings.head,
        trailer=settings.trailer,
    )


def problems(settings: HrSettings) -> list[Problem]:
    """Return what is wrong with the settings, without touching a file."""
    return [*_of_place(settings), *_of_columns(settings), *_of_key(settings), *_of_lines(settings)]


def _of_place(settings: HrSettings) -> Iterator[Problem]:
    places = [name for name in ("path", "folder", "sftp") if getattr(settings, name) is not None]
    if len(places) != 1:
        yield Problem(
            "The source needs a file, a folder or a folder of another server, and just one of them.",
            "Give path, or folder with pattern, or sftp with pattern.",
            field=places[1] if places else "path",
        )
    for name in ("path", "folder"):
        place = getattr(settings, name)
        if place is not None and not place.is_absolute():
            yield Problem("The path is not absolute.", "Write it from the root, as in /srv/feeds/hr.csv.", field=name)
    if settings.sftp is not None:
        yield from sftp_problems(settings.sftp, "sftp")
    yield from _of_folder(settings, settings.folder is not None or settings.sftp is not None)


def _of_folder(settings: HrSettings, is_folder: bool) -> Iterator[Problem]:
    if is_folder and (settings.pattern is None or "/" in settings.pattern):
        yield Problem(
            "It is not said what the names of the files in the folder are like.",
            "Give pattern, as hr_*.csv; it names files and no folders.",
            field="pattern",
        )
    others = [name for name in ("pattern", "marker", "oldest_days") if getattr(settings, name) is not None]
    if not is_folder and others:
        yield Problem(
            "These settings are of a folder: %(names)s.",
            "Give folder in place of path, or leave them out.",
            field=others[0],
            params={"names": ", ".join(others)},
        )


def _of_columns(settings: HrSettings) -> Iterator[Problem]:
    names = settings.columns
    if not names:
        return
    yield from _unfit(names, "columns", settings.key_of)
    written = [" ".join(name.lower().split()) for name in names.values()]
    if "" in written or len(set(written)) < len(written):
        yield Problem(
            "A column of the file has no name, or stands for two of ours.",
            "Give each of our columns a column of the file of its own; capitals do not tell two names apart.",
            field="columns",
        )


def _of_key(settings: HrSettings) -> Iterator[Problem]:
    key_of = settings.key_of
    if not key_of:
        return
    unfit = [name for name in key_of if name not in KEY_PARTS]
    if unfit or len(set(key_of)) < len(key_of):
        yield Problem(
            "A key is not made of these columns: %(unfit)s.",
            "Take each once of: %(columns)s.",
            field="key_of",
            params={"unfit": ", ".join(unfit or key_of), "columns": ", ".join(KEY_PARTS)},
        )
    if PERSON not in key_of:
        yield Problem("The key would not tell one person from another.", "Add henkilonumero to key_of.", field="key_of")
    if KEY in settings.columns or any(field.name == KEY for field in settings.fixed_width):
        yield Problem(
            "There is a number of the employment, and columns that make one.",
            "Leave out palvelussuhdenumero, or key_of.",
            field="key_of",
        )


def _of_lines(settings: HrSettings) -> Iterator[Problem]:
    lines = [name for name in ("line_length", "trimmed", "head", "trailer") if getattr(settings, name)]
    if not settings.fixed_width:
        if lines:
            yield Problem(
                "These settings are of a file of fixed width: %(names)s.",
                "Add fixed_width, or leave them out.",
                field=lines[0],
                params={"names": ", ".join(lines)},
            )
        return
    if settings.columns:
        yield Problem(
            "A file of fixed width has no column names.",
            "Leave columns out, and give the fields of fixed_width our names.",
            field="columns",
        )
    yield from _unfit([field.name for field in settings.fixed_width], "fixed_width", settings.key_of)
    yield from fixed_layout.problems(settings.fixed_width, settings.line_length)


def _unfit(names: Collection[str], setting: str, key_of: Collection[str]) -> Iterator[Problem]:
    """Tell which of ``names`` are no columns of ours, and which of ours that are needed are not among them."""
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        yield Problem(
            "These are no columns of an employment row: %(unknown)s.",
            "Use our names of columns; they are: %(columns)s.",
            field=setting,
            params={"unknown": ", ".join(unknown), "columns": ", ".join(COLUMNS)},
        )
    needed = dict.fromkeys([*(name for name in NEEDED if name != KEY or not key_of), *key_of])
    missing = [name for name in needed if name not in names]
    if missing:
        yield Problem(
            "It is not said where these columns are in the file: %(missing)s.",
            "Add them; no employment relationship can be read without.",
            field=setting,
            params={"missing": ", ".join(missing)},
        )
