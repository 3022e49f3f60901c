"""Settings of an HR source, and what can be wrong with them before any file is looked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from connectors.contract import Settings
from connectors.hr.columns import COLUMNS, NEEDED
from connectors.problem import Problem


class HrSettings(Settings):
    """Settings of an HR source."""

    path: Path = Field(description="The file (CSV, .xlsx, .xls or .ods), as an absolute path on the server.")
    columns: dict[str, str] = Field(
        default={}, description="Our columns with the names that the file has for them; without it, the names are ours."
    )
    sheet: str | None = Field(default=None, description="The sheet of a spreadsheet; without it, the first one seen.")


def problems(settings: HrSettings) -> list[Problem]:
    """Return what is wrong with the settings, without touching a file."""
    return [*_of_place(settings), *_of_columns(settings)]


def _of_place(settings: HrSettings) -> Iterator[Problem]:
    if not settings.path.is_absolute():
        yield Problem("The path is not absolute.", "Write it from the root, as in /srv/feeds/hr.csv.", field="path")


def _of_columns(settings: HrSettings) -> Iterator[Problem]:
    names = settings.columns
    if not names:
        return
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        yield Problem(
            "These are no columns of an employment row: %(unknown)s.",
            "Write ours before the colon and the file's after it; ours are: %(columns)s.",
            field="columns",
            params={"unknown": ", ".join(unknown), "columns": ", ".join(COLUMNS)},
        )
    missing = [name for name in NEEDED if name not in names]
    if missing:
        yield Problem(
            "It is not said how the file calls these columns: %(missing)s.",
            "Add them; no employment relationship can be read without.",
            field="columns",
            params={"missing": ", ".join(missing)},
        )
    written = [" ".join(name.lower().split()) for name in names.values()]
    if "" in written or len(set(written)) < len(written):
        yield Problem(
            "A column of the file has no name, or stands for two of ours.",
            "Give each of our columns a column of the file of its own; capitals do not tell two names apart.",
            field="columns",
        )
