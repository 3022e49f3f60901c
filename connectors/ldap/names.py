"""Names of entries: written in many ways (RFC 4514), compared as distinguishedNameMatch and caseIgnoreMatch say (RFC
4517, 4518).

Of ``ldap3`` only the search is used for them: its ``parse_dn`` refuses what RFC 4514 allows (a space escaped at an end,
``#`` and hexadecimal digits, an OID as type), leaves escapes where they are and knows nothing of matching.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SPECIAL = re.compile(r'[\\";]')
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9-]*=[A-Za-z0-9._@-]+(?: [A-Za-z0-9._@-]+)*")
"""A relative name that only capitals tell from its comparable form, as most are."""
_TOKEN = re.compile(r'=\s*"(?:\\.|[^"\\])*"|\\.|.', re.DOTALL)
"""A quoted value, an escaped character, or any other: a separator parts only where it is a token."""
_ESCAPED = re.compile(r"\\(?:([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_HEXADECIMAL = re.compile(r"#((?:[0-9A-Fa-f]{2})+)")
_BREAKS = re.compile(r"[\t\n\v\f\r\x85]")
_PASSED_OVER = dict.fromkeys((0x034F, 0x1806, 0xFFFC, *range(0x180B, 0x180E), *range(0xFE00, 0xFE10)), "")
_RDN, _VALUE, _RAW, _UNREADABLE = "\x01", "\x02", "\x03", "\x04"
"""Marks in a comparable form; no prepared value holds a control character."""

_TYPES = {
    "2.5.4.3": "cn",
    "2.5.4.7": "l",
    "2.5.4.8": "st",
    "2.5.4.10": "o",
    "2.5.4.11": "ou",
    "2.5.4.6": "c",
    "2.5.4.9": "street",
    "0.9.2342.19200300.100.1.25": "dc",
    "0.9.2342.19200300.100.1.1": "uid",
}
"""The types that have a short name everywhere (RFC 4514 section 3)."""
_STRINGS = {0x04: "utf-8", 0x0C: "utf-8", 0x13: "ascii", 0x16: "ascii", 0x1E: "utf-16-be"}
"""BER tags of strings: octet string, UTF8String, PrintableString, IA5String, BMPString."""


def normal(dn: str) -> str:
    """Return a form of ``dn`` that is the same text for two names exactly if they name one entry.

    Every escape is undone once, values joined by ``+`` are a set, spaces around separators count for nothing, and
    values are compared as ``prepared``, whatever their attribute. Semicolons part as commas do and a value may be
    quoted (RFC 2253). What is no distinguished name is compared as text and equals no name of an entry.
    """
    own, comma, above = dn.partition(",")
    if comma and _SPECIAL.search(dn) is None:
        parts = [_rdn(own), _above(above)]
    else:
        parts = [_rdn(part) for part in _parts(dn, ",;")]
    return _RDN.join(parts) if all(parts) else _UNREADABLE + dn.casefold()


def prepared(value: str) -> str:
    """Return ``value`` as two that match are the same (RFC 4518, caseIgnoreMatch).

    Capitals and compatible forms are one, control and format characters are nothing, spaces inside are one and those at
    the ends none.
    """
    if not value.isascii():
        folded = unicodedata.normalize("NFKC", value).casefold()
        value = unicodedata.normalize("NFKC", "".join(map(_mapped, folded.translate(_PASSED_OVER))))
    elif not value.isprintable():
        value = "".join(map(_mapped, value))
    return " ".join(value.lower().split())


@lru_cache(maxsize=1024)
def _above(names: str) -> str:
    """Return the comparable form of what stands above an entry, which thousands of others have too, ``""`` for what is
    none; it holds nothing ``_SPECIAL``."""
    rdns = [_rdn(part) for part in names.split(",")]
    return _RDN.join(rdns) if all(rdns) else ""


@lru_cache(maxsize=8192)
def _rdn(text: str) -> str:
    """Return the comparable form of a relative name, ``""`` for what is none."""
    if _PLAIN.fullmatch(text):
        return text.lower()
    pairs = [_pair(part) for part in _parts(text, "+")]
    return _VALUE.join(sorted(set(pairs))) if all(pairs) else ""


def _parts(text: str, separators: str) -> list[str]:
    if not _SPECIAL.search(text):
        return text.split(separators[0])
    parts, start = list[str](), 0
    for token in _TOKEN.finditer(text):
        if token[0] in separators:
            parts.append(text[start : token.start()])
            start = token.end()
    return [*parts, text[start:]]


def _pair(text: str) -> str:
    name, equals, value = text.partition("=")
    kind = name.strip().lower().removeprefix("oid.")
    return f"{_TYPES.get(kind, kind)}={_value(value)}" if equals and kind else ""


def _value(text: str) -> str:
    plain = text.strip()
    hexadecimal = _HEXADECIMAL.fullmatch(plain)
    if hexadecimal is not None:
        data = bytes.fromhex(hexadecimal[1])
        told = _string(data)
        return _RAW + data.hex() if told is None else prepared(told)
    if len(plain) > 1 and plain[0] == plain[-1] == '"':
        text = plain[1:-1]
    return prepared(_unescaped(text) if "\\" in text else text)


def _unescaped(text: str) -> str:
    """Undo every escape once; what stands escaped is never read again."""
    whole, end = bytearray(), 0
    for match in _ESCAPED.finditer(text):
        whole += _bytes(text[end : match.start()])
        whole += bytes.fromhex(match[1]) if match[1] else _bytes(match[2])
        end = match.end()
    return (whole + _bytes(text[end:])).decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _string(data: bytes) -> str | None:
    """Return the text of a string in BER with a definite length; None for anything else."""
    encoding, start = _STRINGS.get(data[0]), 2
    if encoding is None or len(data) < 2:
        return None
    size = data[1]
    if size > 0x80:
        start += size & 0x7F
        size = int.from_bytes(data[2:start], "big")
    try:
        return data[start:].decode(encoding) if len(data) - start == size else None
    except UnicodeDecodeError:
        return None


def _mapped(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] == "Z" or _BREAKS.match(character):
        return " "
    return "" if category in ("Cc", "Cf") else character
