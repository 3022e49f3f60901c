"""Personal identity codes as somebody types them (Government Decree 690/2022)."""

from __future__ import annotations

import re
from datetime import date

_CODE = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})([-+A-FU-Y])([0-9]{3})([0-9A-FHJ-NPR-Y])")
_CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_CENTURIES = {"+": 1800, **dict.fromkeys("-YXWVU", 1900), **dict.fromkeys("ABCDEF", 2000)}


def plain(text: str) -> str:
    """Return a code as it is kept: without blanks, in capital letters."""
    return "".join(text.split()).upper()


def born(code: str) -> date | None:
    """Return the day of birth that a code tells; None when it is no code."""
    found = _CODE.fullmatch(code)
    if found is None:
        return None
    day, month, year, sign, number, check = found.groups()
    if _CHECK[int(day + month + year + number) % 31] != check:
        return None
    try:
        return date(_CENTURIES[sign] + int(year), int(month), int(day))
    except ValueError:
        return None
