"""How a format describes its files: their columns, what they refer to, and the words it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.csv_header import Layout


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that names rows of another file by sourcedId; ``many`` says that it is a comma-separated list."""

    column: str
    file: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """A column with the words of the format, by the word in small letters.

    ``only`` says that no others are taken but such as begin with ``extension``, where there is one; ``needed`` that one
    must be there.
    """

    column: str
    words: Mapping[str, str]
    only: bool = False
    needed: bool = False
    extension: str | None = None


@dataclass(frozen=True, slots=True)
class BundleFile:
    """One file: ``kind`` is None where it is read for references only; ``required`` that a bundle must have it.

    A file whose rows others refer to has its id in the ``key`` of its layout. One whose rows have no id is keyed by
    ``parts``, and rows that are alike in those by ``apart`` besides.
    """

    name: str
    kind: str | None
    layout: Layout
    references: tuple[Reference, ...] = ()
    required: bool = False
    words: tuple[Words, ...] = ()
    parts: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The file's name in the bundle."""
        return f"{self.name}.csv"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are handed on."""
        return tuple(name for name in self.layout.columns if name not in self.layout.dropped)


def words(column: str, text: str, *, only: bool = False, needed: bool = False, extension: str | None = None) -> Words:
    """Return the words of a column, from ``text`` in which commas part them."""
    return Words(column, {word.lower(): word for word in text.split(",")}, only, needed, extension)
