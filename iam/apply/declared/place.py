"""Where in a declaration something stands, so that a problem can say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from connectors.problem import Problem

Step = str | int


@dataclass(frozen=True, slots=True)
class Where:
    """A file, the way to a value in it, and the lines (from 1) of the file's values."""

    file: Path
    path: tuple[Step, ...]
    lines: Mapping[tuple[Step, ...], int] = field(repr=False, compare=False)

    def at(self, *steps: Step) -> Where:
        """Return the place of something inside."""
        return Where(self.file, (*self.path, *steps), self.lines)

    def problem(self, message: str, remedy: str, **params: object) -> Problem:
        """Return the problem that this place has."""
        return Problem(message, remedy, file=str(self.file), line=self.line, field=self.words or None, params=params)

    @property
    def words(self) -> str:
        """The way in words: ``applications[0].roles[1].content``."""
        text = ""
        for step in self.path:
            text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
        return text

    @property
    def line(self) -> int | None:
        """The line of the value, or of the nearest thing around it."""
        for length in range(len(self.path), -1, -1):
            line = self.lines.get(self.path[:length])
            if line is not None:
                return line
        return None
