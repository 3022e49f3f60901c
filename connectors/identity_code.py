"""Something shaped like a Finnish personal identity code, found cheaply and never repeated.

The shape is DDMMYY, a separator of the 2023 reform (``+ - A–F U–Y``), three digits and a check character. A code in a
place where none belongs is a leak, so the shape alone is enough; its check character is asked only where the shape is
glued to letters, as in the middle of some other key.
"""

from __future__ import annotations

import re

_CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_SHAPE = re.compile(
    r"(?<![0-9])((?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])[0-9]{2})"
    r"[-+\u2010-\u2015\u2212A-FU-Ya-fu-y]([0-9]{3})([0-9A-Ya-y])(?![0-9])"
)
_UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")

QUICK = re.compile(r"[0-3][0-9][01][0-9]{3}[-+\u2010-\u2015\u2212A-FU-Ya-fu-y][0-9]{3}[0-9A-Ya-y]")
"""Matches wherever ``holds_code`` may say yes, and sometimes where it says no."""

_DIGITS, _SEPARATORS = b"0123456789", b"+-ABCDEFUVWXYabcdefuvwxy"
MARKS = bytes(0x30 if b in _DIGITS else 0x2D if b in _SEPARATORS else 0x2E for b in range(256))
"""Translation of ASCII-compatible text to marks: digits become ``0``, separators ``-``, all else ``.``."""
MARK = b"000000-000"
"""What every code of ASCII characters looks like among the marks; counting it costs a nanosecond a byte."""


def holds_code(text: str) -> bool:
    """Return whether ``text`` holds something shaped like a personal identity code; a part of a UUID is none."""
    if QUICK.search(text) is None:
        return False
    text = _UUID.sub(" ", text)
    return any(_stands_alone(text, match) or _check_character_fits(match) for match in _SHAPE.finditer(text))


def _stands_alone(text: str, match: re.Match[str]) -> bool:
    around = text[max(match.start() - 1, 0) : match.start()] + text[match.end() : match.end() + 1]
    return not any(character.isalnum() for character in around)


def _check_character_fits(match: re.Match[str]) -> bool:
    born, number, check = match.groups()
    return _CHECK_CHARACTERS[int(born + number) % 31] == check.upper()
