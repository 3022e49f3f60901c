"""Where the cells of an .xls file failed: its records read anew, since calamine gives such a cell as empty.

An .xls is a compound file ([MS-CFB]) whose stream ``Workbook`` holds records ([MS-XLS] 2.3): a kind, a length, data.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from connectors.tables.error_cells import Place

_SHEET, _BEGIN, _END, _BOOL_OR_ERROR, _PASSWORD = 0x0085, 0x0809, 0x000A, 0x0205, 0x002F
_FORMULAS = (0x0006, 0x0206, 0x0406)
_STREAMS = ("Workbook", "Book")
_END_OF_CHAIN = 0xFFFFFFFA
"""From here on a number of a sector means that there is none."""


def places(data: bytes, sheet: int) -> set[Place]:
    """Return where the ``sheet`` (from 0) of an .xls file has errors; raises ``ValueError``, ``IndexError`` or
    ``struct.error`` for a file that is broken."""
    book = _workbook(data)
    starts = [_number(held, 0) for kind, held in _records(book, 0) if kind == _SHEET]
    return {struct.unpack_from("<HH", held) for kind, held in _records(book, starts[sheet]) if _failed(kind, held)}


def is_locked(data: bytes) -> bool:
    """Whether an .xls file has a password ([MS-XLS] 2.4.117); raises as ``places`` does."""
    return any(kind == _PASSWORD for kind, _ in _records(_workbook(data), 0))


def _failed(kind: int, held: bytes) -> bool:
    if kind == _BOOL_OR_ERROR:
        return held[7] == 1
    # The result of a formula is a number, or two bytes of ones at its end and what it is at its beginning: 2 an error.
    return kind in _FORMULAS and held[12:14] == b"\xff\xff" and held[6] == 2


def _records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield kind and data of the records from ``at`` to the end of what begins there; a chart inside is passed over."""
    depth = 0
    while True:
        kind, length = struct.unpack_from("<HH", book, at)
        at += 4 + length
        depth += (kind == _BEGIN) - (kind == _END)
        if depth <= 1:
            yield kind, book[at - length : at]
        if depth == 0:
            return


def _workbook(data: bytes) -> bytes:
    """Return the stream of the records."""
    size = 1 << data[30]
    sectors = [data[at : at + size] for at in range(size, len(data), size)]
    fat = _numbers(b"".join(sectors[n] for n in _fat_sectors(data, sectors)))
    folder = _chain(sectors, fat, _number(data, 48))
    entries = {_name(folder[at : at + 128]): folder[at + 116 : at + 124] for at in range(0, len(folder) - 127, 128)}
    start, length = struct.unpack("<II", next(entries[name] for name in _STREAMS if name in entries))
    if length >= _number(data, 56):
        return _chain(sectors, fat, start)[:length]
    held, small = _chain(sectors, fat, _number(entries["Root Entry"], 0)), 1 << data[32]
    small_fat = _numbers(_chain(sectors, fat, _number(data, 60)))
    return _chain([held[at : at + small] for at in range(0, len(held), small)], small_fat, start)[:length]


def _fat_sectors(data: bytes, sectors: list[bytes]) -> list[int]:
    """Return which sectors say what follows what: 109 are told in the header, the others in a chain of their own."""
    found, more = [*_numbers(data[76:512])], _number(data, 68)
    for _ in sectors:
        if more >= _END_OF_CHAIN:
            break
        *told, more = _numbers(sectors[more])
        found += told
    return [n for n in found if n < _END_OF_CHAIN]


def _chain(sectors: list[bytes], fat: tuple[int, ...], first: int) -> bytes:
    found: list[bytes] = []
    while first < _END_OF_CHAIN:
        if len(found) > len(fat):
            raise ValueError("a chain of sectors that has no end")
        found.append(sectors[first])
        first = fat[first]
    return b"".join(found)


def _numbers(held: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(held) // 4}I", held[: len(held) // 4 * 4])


def _number(held: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", held, at)[0])


def _name(entry: bytes) -> str:
    length = max(int.from_bytes(entry[64:66], "little") - 2, 0)
    return entry[:length].decode("utf-16-le", "replace")
