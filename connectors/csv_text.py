"""Bytes of a CSV file to whole lines of text: encoding, line ends, and a digest of every byte, in one streaming pass.

Encodings are UTF-8, UTF-16, each with or without byte order mark, and ISO-8859-1. UTF-16 is told by its first two signs
and read as if it were UTF-8. Between the others the first line with a non-ASCII byte tells, and a later line that
contradicts it makes the whole input ``Malformed``, since no name in it can be trusted.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from connectors.contract import Malformed
from connectors.identity_code import MARKS
from connectors.problem import Problem

CHUNK = 1 << 15
"""Bytes of one read: small enough that the rows of a chunk stay in the processor's cache."""
LONGEST_LINE = 1 << 20
"""Bytes; a longer line is no row of any system, but could fill the memory."""

_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16 = (
    (re.compile(rb"\xff\xfe|[^\0]\0[^\0]\0", re.DOTALL), "utf-16-le"),
    (re.compile(rb"\xfe\xff|\0[^\0]\0[^\0]", re.DOTALL), "utf-16-be"),
)
"""How a file in UTF-16 begins: with a byte order mark, or with two signs of a header."""
_UTF8_PAIR = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
_ALLOWED_CONTROLS = b"\t\n\r"


def _with_controls(*, upper: bool) -> bytes:
    """Return ``MARKS`` with control characters as NUL; ``upper`` adds those of ISO-8859-1 (0x80 to 0x9F)."""
    table = bytearray(MARKS)
    for byte in (*range(0x20), 0x7F, *(range(0x80, 0xA0) if upper else ())):
        table[byte] = 0x2E if byte in _ALLOWED_CONTROLS else 0
    if not upper:
        # Lead bytes of upper controls, typographic dashes, unseen signs and whatever may be written in two ways: those
        # lines are looked at closely.
        for lead in (0xC2, 0xCC, 0xCD, *range(0xD6, 0xF5)):
            table[lead] = 0
    else:
        table[0xAD] = 0
    return bytes(table)


_MARKS_UTF8, _MARKS_ISO = _with_controls(upper=False), _with_controls(upper=True)


class ByteSource(Protocol):
    """What a file is read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes, and none only at the end."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines of text, parted by ``\\n``, or at the very end of a file one line that does not end.

    ``line`` is the 1-based number of the first; ``marks`` are the ``identity_code.MARKS`` of its bytes, with a NUL
    wherever something needs a closer look; ``ended`` is false for a last line without a line break, and ``cut`` true
    where such a line stops in the middle of a sign.
    """

    text: str
    line: int
    marks: bytes
    ended: bool
    cut: bool = False


class CsvText:
    """The text of ``stream`` in chunks. After the last one ``digest`` tells about the file.

    ``encoding`` is the one it has; without it, it is found out. Iterating raises ``Malformed`` for mixed encodings and
    over-long lines; ``name`` is the file's name in problems.
    """

    def __init__(self, stream: ByteSource, name: str, encoding: str | None = None) -> None:
        self._stream = stream
        self._given = encoding
        self._name = name
        self._sha = hashlib.sha256()
        self._encoding: str | None = None
        self._wide: codecs.IncrementalDecoder | None = None
        self._half = False

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of the bytes read so far."""
        return self._sha.hexdigest()

    def __iter__(self) -> Iterator[Chunk]:
        tail, line = self._start(), 1
        while data := self._read():
            head, newline, rest = data.rpartition(b"\n")
            if newline:
                yield self._chunk(tail + head + newline, line)
                line += head.count(b"\n") + 1
                tail = rest
            else:
                tail += rest
            if len(tail) > LONGEST_LINE:
                raise Malformed(self._problem_long(line))
        tail, line, complete = self._split_last(tail, line)
        if complete is not None:
            yield complete
        if tail or self._half:
            yield self._last(tail, line)

    def _start(self) -> bytes:
        """Find out the encoding where the first bytes tell it, and return those that are text."""
        data = b""
        while len(data) < 4 and (more := self._bytes(4 - len(data))):
            data += more
        wide = next((name for beginning, name in _UTF16 if beginning.match(data)), None)
        if self._given is not None:
            self._encoding = "utf-8"
            if self._given != "utf-8":
                self._wide = codecs.getincrementaldecoder(self._given)()
        elif wide is not None:
            self._wide, self._encoding = codecs.getincrementaldecoder(wide)("surrogatepass"), "utf-8"
        data = self._narrow(data)
        if not data.startswith(_UTF8_BOM):
            return data
        self._encoding = "utf-8"
        return data.removeprefix(_UTF8_BOM)

    def _split_last(self, tail: bytes, line: int) -> tuple[bytes, int, Chunk | None]:
        """Give the lines of a file shorter than its first read, which have not been handed on yet."""
        head, newline, rest = tail.rpartition(b"\n")
        if not newline:
            return tail, line, None
        return rest, line + head.count(b"\n") + 1, self._chunk(head + newline, line)

    def _read(self) -> bytes:
        """Return the next bytes in an encoding that agrees with ASCII, and none only at the end."""
        while data := self._bytes(CHUNK):
            if text := self._narrow(data):
                return text
        if self._wide is not None:
            self._half = self._wide.getstate()[0] != b""
        return b""

    def _bytes(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._sha.update(data)
        return data

    def _narrow(self, data: bytes) -> bytes:
        if self._wide is None:
            return data
        try:
            return self._wide.decode(data).encode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise Malformed(self._problem_given()) from None

    def _last(self, data: bytes, line: int) -> Chunk:
        """Return the last line, which has no line break; the beginning of a sign whose end is missing is left out."""
        whole = data if self._encoding == "iso-8859-1" else _without_begun_sign(data)
        if self._encoding is None and whole.isascii():
            # Nothing but this one byte tells the encoding: the last letter of a file in ISO-8859-1.
            whole = data
        return self._chunk(whole.removesuffix(b"\r"), line, ended=False, cut=self._half or whole != data)

    def _chunk(self, data: bytes, line: int, *, ended: bool = True, cut: bool = False) -> Chunk:
        text = self._decode(data, line)
        marks = data.translate(_MARKS_ISO if self._encoding == "iso-8859-1" else _MARKS_UTF8)
        if "\r" in text:
            text = text.replace("\r\n", "\n")
            if "\r" in text:
                marks += b"\0"
        return Chunk(text, line, marks, ended, cut)

    def _decode(self, data: bytes, line: int) -> str:
        if data.isascii():
            return data.decode("ascii")
        if self._encoding is None:
            self._encoding = _encoding_of(data)
        if self._encoding == "utf-8":
            try:
                return data.decode("utf-8")
            except UnicodeDecodeError as error:
                raise Malformed(self._problem_mixed(line + data.count(b"\n", 0, error.start))) from None
        self._require_iso(data, line)
        return data.decode("iso-8859-1")

    def _require_iso(self, data: bytes, line: int) -> None:
        if _UTF8_PAIR.search(data) is None:
            return
        for number, content in enumerate(data.split(b"\n"), line):
            if not content.isascii() and _is_utf8(content):
                raise Malformed(self._problem_mixed(number))

    def _problem_mixed(self, line: int) -> Problem:
        return Problem(
            "The line is not in the encoding of the lines before it (%(encoding)s).",
            "Send the whole file in one encoding, best UTF-8.",
            file=self._name,
            line=line,
            params={
                "encoding": "UTF-16"
                if self._wide is not None and self._given is None
                else (self._encoding or "").upper()
            },
        )

    def _problem_given(self) -> Problem:
        return Problem(
            "The file is not in the encoding that its source says (%(encoding)s).",
            "Correct the setting encoding; without it the encoding is found out.",
            self._name,
            params={"encoding": (self._given or "UTF-16").upper()},
        )

    def _problem_long(self, line: int) -> Problem:
        limit = {"limit": LONGEST_LINE}
        return Problem(
            "The line is longer than %(limit)d bytes.",
            "Check that this is the right file.",
            self._name,
            line,
            params=limit,
        )


def _encoding_of(data: bytes) -> str:
    """Return the encoding that the first non-ASCII line of ``data`` has."""
    if _is_utf8(data):
        return "utf-8"
    first = next(content for content in data.split(b"\n") if not content.isascii())
    return "utf-8" if _is_utf8(first) else "iso-8859-1"


def _without_begun_sign(data: bytes) -> bytes:
    """Return ``data`` without the beginning of a UTF-8 sign at its end, where all before it is UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end == len(data) and error.reason == "unexpected end of data":
            return data[: error.start]
    return data


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
