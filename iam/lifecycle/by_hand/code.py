"""Personal identity codes as somebody types them (Government Decree 690/2022)."""

from __future__ import annotations

import re
from datetime import date

_CODE = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})([-+A-FU-Y])[0-9]{3}[0-9A-FHJ-NPR-Y]")
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
    if _CHECK[int(code[:6] + code[7:10]) % 31] != code[10]:
        return None
    try:
        return date(_CENTURIES[found[4]] + int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        return None
