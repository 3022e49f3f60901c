"""One thing that is wrong with an input: what, where, and what to do about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, in words that name no personal value.

    ``message`` and ``remedy`` are English sentences with ``%(name)s`` places, filled from ``params`` when shown; they
    are the message ids of the translations, so they must be literals where a ``Problem`` is made. What has names by
    language is given as all of them, ``{"fi": …, "sv": …, "en": …}``. A value that may hold personal data never goes
    into ``params``.
    """

    message: str
    remedy: str = ""
    file: str | None = None
    line: int | None = None
    field: str | None = None
    params: Mapping[str, object] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        place = ", ".join(str(part) for part in (self.file, self.line and f"line {self.line}", self.field) if part)
        text = f"{filled(self.message, self.params)} {filled(self.remedy, self.params)}".strip()
        return f"{place}: {text}" if place else text


def filled(sentence: str, params: Mapping[str, object], language: str = "en") -> str:
    """Return a sentence with its ``%(name)s`` places filled; what has names by language is called as in it."""
    return sentence % {name: _called(value, language) for name, value in params.items()}


def _called(value: object, language: str) -> object:
    if not isinstance(value, Mapping):
        return value
    return value.get(language) or value.get("fi") or next(iter(value.values()), "")
