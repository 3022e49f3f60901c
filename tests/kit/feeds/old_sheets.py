"""An .xls file of the tests' own, as small as a reader takes it ([MS-XLS] in a compound file, [MS-CFB])."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from tests.kit.feeds.sheets import Cell, Failed, Formula, Table

_SECTOR, _FREE, _END, _FAT = 512, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_BEGINNING = datetime(1899, 12, 30)


def xls(rows: Table, name: str = "Taul1", *, small: bool = False) -> bytes:
    """An .xls file with one sheet of ``rows``."""
    title = name.encode("utf-16-le")
    general, day = (_record(0x00E0, struct.pack("<HH16x", 0, kind)) for kind in (0, 14))
    before = _record(0x0809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)) + general + day
    at = len(before) + 4 + 8 + len(title) + 4
    listed = _record(0x0085, struct.pack("<IBBBB", at, 0, 0, len(name), 1) + title)
    cells = b"".join(_cells(n, row) for n, row in enumerate(rows))
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)) + cells + _record(0x000A, b"")
    return compound(before + listed + _record(0x000A, b"") + sheet, small=small)


def compound(stream: bytes, *, small: bool = False, name: str = "Workbook") -> bytes:
    """A compound file whose stream of this ``name`` is ``stream``: among the ``small`` ones, or filled to where it is none."""
    held = stream if small else stream.ljust(4096, b"\0")
    body = held.ljust(-(-len(held) // _SECTOR) * _SECTOR, b"\0")
    sectors = len(body) // _SECTOR
    fats = -(-(sectors + 200) // 128)
    first = fats + 2
    fat = [_FAT] * fats + [_END, _END, *range(first + 1, first + sectors), _END]
    small_fat = [*range(1, len(body) // 64), _END]
    root, mine = ((first, len(body)), (0, len(stream))) if small else ((_END, 0), (first, len(held)))
    numbers = (0, fats, fats, 0, 4096, fats + 1 if small else _END, int(small), _END, 0)
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<5H6x9I", 0x3E, 3, 0xFFFE, 9, 6, *numbers)
    parts = [head, _numbers(range(fats), 109), _numbers(fat, fats * 128)]
    parts += [_entry("Root Entry", 5, *root, 1) + _entry(name, 2, *mine) + bytes(256), _numbers(small_fat, 128)]
    return b"".join([*parts, body])


def _numbers(told: Iterable[int], width: int) -> bytes:
    found = [*told]
    return (
        struct.pack(f"<{width}I", *found, *[_FREE] * (width - len(found))) if len(found) <= width else bytes(4 * width)
    )


def _entry(name: str, kind: int, start: int, size: int, child: int = _FREE) -> bytes:
    title = name.encode("utf-16-le").ljust(64, b"\0")
    return title + struct.pack("<HBBIII36xII4x", 2 * len(name) + 2, kind, 1, _FREE, _FREE, child, start, size)


def _record(kind: int, held: bytes) -> bytes:
    return struct.pack("<HH", kind, len(held)) + held


def _cells(row: int, cells: Sequence[Cell]) -> bytes:
    return b"".join(_cell(row, n, cell) for n, cell in enumerate(cells) if cell not in (None, ""))


def _cell(row: int, column: int, cell: Cell) -> bytes:
    place = struct.pack("<HHH", row, column, isinstance(cell, date))
    if isinstance(cell, Failed):
        result = struct.pack("<BBBBHH", 2, 0, 0x2A, 0, 0, 0xFFFF)
        return (
            _record(0x0006, place + result + bytes(8)) if "REF" in cell.shown else _record(0x0205, place + b"\x2a\x01")
        )
    if isinstance(cell, Formula):
        if isinstance(cell.value, str):
            text = struct.pack("<HB", len(cell.value), 1) + cell.value.encode("utf-16-le")
            return _record(0x0006, place + struct.pack("<BBBBHH", 0, 0, 0, 0, 0, 0xFFFF) + bytes(8)) + _record(
                0x0207, text
            )
        return _record(0x0006, place + struct.pack("<d", cell.value or 0) + bytes(8))
    if isinstance(cell, bool):
        return _record(0x0205, place + bytes([cell, 0]))
    if isinstance(cell, str):
        return _record(0x0204, place + struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le"))
    if isinstance(cell, date):
        moment = cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)
        cell = (moment - _BEGINNING).total_seconds() / 86400
    return _record(0x0203, place + struct.pack("<d", cell))
