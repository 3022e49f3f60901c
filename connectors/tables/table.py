"""What every reader of rows gives: a header, rows with their line, and what is known of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from connectors.csv_file import Row
from connectors.csv_header import Header


class Table(Protocol):
    """The rows of one file; ``digest``, ``finished`` and ``declared`` are known after the last of them.

    ``name`` is the file's in problems. ``rows`` raises ``Malformed`` where the file as a whole cannot be read.
    """

    name: str
    header: Header
    declared: int | None

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of the file."""

    @property
    def finished(self) -> bool:
        """Whether the file ended as it should."""

    def rows(self) -> Iterator[Row]:
        """Yield every row once; empty rows and the trailer are none."""

    def close(self) -> None:
        """Release what reading took; may be called at any time, more than once."""
