"""Signs in text that nobody sees: which no value may hold, which are left out of a name, and how to write the rest in
one way (NFC)."""

from __future__ import annotations

import re
import unicodedata

FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb]")
"""Controls but tab and line feed, and signs that turn the direction of text: no value may hold one."""
_JOINERS = "\u200c\u200d"
UNSEEN = re.compile(
    r"[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2064\u3164\ufe00-\ufe0f\ufeff\uffa0"
    r"\U000e0000-\U000e01ef]"
)
"""Signs without width: soft hyphen, zero-width space, byte order mark and their like. No key may hold one, and a name
needs none."""


def composed(text: str) -> str:
    """Return ``text`` in NFC: one letter is one sign, however it was typed."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def without_unseen(text: str) -> str:
    """Return ``text`` without the signs of ``UNSEEN``; a joiner between two letters stays, since some scripts need
    it."""
    return UNSEEN.sub(lambda found: found[0] if _joins(text, found) else "", text)


def bare(key: str) -> str:
    """Return ``key`` without any sign that nobody sees: which key was meant, though it is not taken."""
    return UNSEEN.sub("", FORBIDDEN.sub("", key))


def name_of(sign: str) -> str:
    """Return the number by which Unicode knows a sign, as ``FEFF``."""
    return f"{ord(sign):04X}"


def _joins(text: str, found: re.Match[str]) -> bool:
    around = text[max(found.start() - 1, 0) : found.start()], text[found.end() : found.end() + 1]
    return found[0] in _JOINERS and all(sign and unicodedata.category(sign)[0] in "LM" for sign in around)
