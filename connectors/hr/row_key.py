"""The key of a row: its number, or several columns of it joined where the payroll has no number for each employment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.csv_inspection import readable_key
from connectors.hr.columns import DAYS, KEY
from connectors.hr.days import in_iso
from connectors.problem import Problem

_SIGN, _ESCAPE = "|", "\\"


@dataclass(frozen=True, slots=True)
class RowKey:
    """Where in a row the columns are that make its key, as the file calls them; and which of them are days, in which
    ``form``.

    One column is the key as it stands. Several are joined so that no two rows that differ in one have the same key; a
    day is ``yyyy-mm-dd`` in it, however it is written.
    """

    columns: tuple[str, ...]
    places: tuple[int, ...]
    days: frozenset[int] = frozenset()
    form: str | None = None
    composed: bool = False

    @property
    def name(self) -> str:
        """What the columns are called in a problem."""
        return ", ".join(self.columns)

    def of(self, values: Sequence[str]) -> str:
        """Return the key of a row; empty where a column is, or holds no day where it should."""
        parts = [self._part(place, values[place]) for place in self.places]
        if not self.composed:
            return parts[0]
        if not all(parts):
            return ""
        return _SIGN.join(part.replace(_ESCAPE, _ESCAPE * 2).replace(_SIGN, _ESCAPE + _SIGN) for part in parts)

    def readable(self, values: Sequence[str], problem: Problem) -> str | None:
        """Return the key of a row that has a ``problem``, if it can be told."""
        if len(values) <= max(self.places):
            return None
        bare = list(values)
        for column, place in zip(self.columns, self.places, strict=True):
            told = readable_key(values[place], column, problem)
            if told is None:
                return None
            bare[place] = told
        return self.of(bare) or None

    def _part(self, place: int, text: str) -> str:
        if not self.composed:
            return text
        return (in_iso(text, self.form) or "") if place in self.days else text.strip()


def row_key(columns: Sequence[str], names: Mapping[str, str], key_of: Sequence[str], form: str | None) -> RowKey:
    """Return how the key of a row is made whose file has ``columns``, and ours under ``names``: of the columns
    ``key_of``; of its number where there are none."""
    composed, ours = bool(key_of), key_of or (KEY,)
    theirs = tuple(names.get(one, one) for one in ours)
    places = tuple(columns.index(one) for one in theirs)
    days = frozenset(place for place, one in zip(places, ours, strict=True) if one in DAYS)
    return RowKey(theirs, places, days, form, composed)
