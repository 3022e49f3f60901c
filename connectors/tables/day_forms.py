"""Days as tables write them, where one text could be two days: a form says which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, get_args

Form = Literal[
    "d.m.yyyy", "yyyy-mm-dd", "d/m/yyyy", "m/d/yyyy", "d-m-yyyy", "m-d-yyyy", "yyyy/m/d", "yyyymmdd", "ddmmyyyy"
]
FORMS: tuple[str, ...] = get_args(Form)
EARLIEST = 1900
"""Years before this are a number that is no day."""
_PARTS = {
    "d": r"(?P<d>\d{1,2})",
    "m": r"(?P<m>\d{1,2})",
    "yyyy": r"(?P<y>\d{4})",
    "dd": r"(?P<d>\d\d)",
    "mm": r"(?P<m>\d\d)",
}
_MIDNIGHT = r"(?:[ T]0?0:00(?::00(?:\.0{1,9})?)?)?"
"""What databases write after a day."""


def _pattern(form: str) -> re.Pattern[str]:
    body = re.sub(r"yyyy|dd|mm|d|m|[^a-z]", lambda found: _PARTS.get(found[0], re.escape(found[0])), form)
    return re.compile(body + _MIDNIGHT, re.ASCII)


_PATTERNS: Mapping[str, re.Pattern[str]] = {form: _pattern(form) for form in FORMS}


def day(text: str, form: str) -> date | None:
    """Return the day that ``text`` is in a ``form``, with or without a midnight after it; None where it is none."""
    found = _PATTERNS[form].fullmatch(text.strip())
    if found is None or int(found["y"]) < EARLIEST:
        return None
    try:
        return date(int(found["y"]), int(found["m"]), int(found["d"]))
    except ValueError:
        return None


def fitting(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the forms in which every text that is not empty is a day; none where there is no text."""
    told = {text.strip() for text in texts} - {""}
    return tuple(form for form in FORMS if told and all(day(text, form) is not None for text in told))
