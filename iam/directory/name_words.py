"""Names as people type and order them: base letters for search, and a key whose plain binary order is the Finnish one.

Pure. Letters that a Finnish keyboard lacks are found by their base letter; å, ä and ö are letters of their own. Both
databases compare what is made here byte by byte, so that nothing depends on how a server was set up.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

LONGEST_WORD, LONGEST_KEY = 60, 200
"""Signs that are kept: an index holds no more than some hundred, and nobody types as many."""
_PARTED = re.compile(r"[ -]+")
_APOSTROPHES = "ʹʺʻʼʽʾʿˈˊˋ"
"""Modifier letters of names that are signs to the reader: Sámi, Estonian and Ukrainian soft signs and transliterated
stops."""
_BASES = {
    "ŋ": "n",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ø": "o",
    "æ": "ae",
    "œ": "oe",
    "ł": "l",
    "ħ": "h",
    "ŧ": "t",
    "ǥ": "g",
    "ʒ": "z",
    "ĸ": "k",
    "ı": "i",
    "ə": "e",
    "ɉ": "j",
    "ƶ": "z",
    "ƀ": "b",
    "ɨ": "i",
    "ſ": "s",
}
_FINNISH = {letter: letter for letter in "åäö"}
AFTER_Z = {"å": "{", "ä": "|", "ö": "}"}
_IN_ORDER = {**AFTER_Z, "æ": "|", "ø": "}", "œ": "}", "õ": "}", "ő": "}", "ü": "y"}
"""What stands for a letter in the order, as the Finnish alphabet has it: ``{|}`` follow ``z`` in ASCII
(``AFTER_Z``)."""


class _Letters(dict[int, str]):
    """What each sign becomes, worked out when it is first met."""

    def __init__(self, own: Mapping[str, str]) -> None:
        super().__init__()
        self._own = own

    def __missing__(self, code: int) -> str:
        found = self[code] = self._becomes(chr(code))
        return found

    def _becomes(self, sign: str) -> str:
        folded = sign.casefold()
        if folded in self._own or folded in _BASES:
            return self._own.get(folded) or _BASES[folded]
        kind = unicodedata.category(sign)
        if sign.isspace() or kind[0] == "Z":
            return " "
        if kind[0] in "PS" or sign in _APOSTROPHES:
            return "-"
        if kind in ("Mn", "Me") or kind[0] == "C":
            return ""
        apart = unicodedata.normalize("NFKD", folded)
        letter = unicodedata.normalize("NFC", apart[:2])
        if letter != sign and letter in self._own:
            return self._own[letter]
        return apart if apart == sign else apart.translate(self)


_FOLDED, _ORDERED = _Letters(_FINNISH), _Letters(_IN_ORDER)


def fold(text: str) -> str:
    """Return ``text`` in small base letters: every space as " ", every apostrophe, hyphen and other sign as "-".

    ``"Ánne-Máret O’Neill"`` becomes ``"anne-maret o-neill"``. å, ä and ö stay; marks and signs that nobody sees are
    left out.
    """
    return unicodedata.normalize("NFC", text).translate(_FOLDED)


def words(names: Iterable[str | None]) -> frozenset[str]:
    """Return the words by which names are found: each part of theirs, and names with signs in them also joined.

    ``"Anna-Liisa"`` gives ``anna``, ``liisa`` and ``annaliisa``.
    """
    return frozenset(word for name in names if name for part in name.split() for word in _words(part))


@lru_cache(maxsize=65536)
def _words(part: str) -> tuple[str, ...]:
    """The words of what stands between two spaces; the same names come again and again in a load."""
    found = (word for typed in typed_words(part) for word in ("".join(typed), *typed))
    return tuple(dict.fromkeys(word[:LONGEST_WORD] for word in found))


def typed_words(text: str) -> list[tuple[str, ...]]:
    """Return what somebody typed word by word, each in its parts: ``"Anna-Liisa Meri"`` is ``[("anna", "liisa"),
    ("meri",)]``."""
    found = (tuple(filter(None, word.split("-"))) for word in fold(text).split(" "))
    return [parts for parts in found if parts]


@lru_cache(maxsize=65536)
def _ordered(name: str, between: str) -> str:
    return _PARTED.sub(between, _bare(unicodedata.normalize("NFC", name)).translate(_ORDERED)).strip(" -")


def _bare(name: str) -> str:
    """A name without its apostrophes, which the order passes over (d'Arc stands with Darc)."""
    return re.sub(r"['’‘‛`´′＇" + _APOSTROPHES + "]", "", name)


def sort_key(family_name: str | None, first_names: str | None) -> str:
    """Return the text by which a person is ordered, compared byte by byte: the family name first.

    å, ä and ö follow z, w follows v, and all of one family name come before those who have it with another one joined
    to it.
    """
    parts = (_ordered(family_name or "", "-"), _ordered(first_names or "", " "))
    return " ".join(filter(None, parts))[:LONGEST_KEY]
