"""Where a formula of a spreadsheet failed, or was never worked out: calamine reads such a cell as empty, or as 0, and
an end that is not known must not be read as none.

A place is ``(row, column)``, both from 0. Errors that were pasted as text are found by ``is_error``.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import IO, Literal
from xml.etree import ElementTree
from zipfile import ZipFile

Place = tuple[int, int]

_TEXT = re.compile(r"#(?:[A-ZÅÄÖ]+(?:/0)?[!?]|N/A|REF!)|Err:[0-9]{3}")
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_MAY_FAIL = re.compile(rb"""t\s*=\s*["']e["']|<(?:\w+:)?f[\s/>]|\0""")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_REPEATED = 1 << 20
_EVENTS: tuple[Literal["start"], Literal["end"]] = ("start", "end")


def is_error(text: str) -> bool:
    """Whether a text is what a spreadsheet shows in place of a value, in English, Finnish or Swedish."""
    return text[:1] in ("#", "E") and _TEXT.fullmatch(text.strip()) is not None


def places(book: ZipFile, sheet: str) -> set[Place]:
    """Return where the ``sheet`` of an .xlsx or .ods file has errors; raises what the XML parser and ``ZipFile``
    raise."""
    if "xl/workbook.xml" in book.namelist():
        path = _path_of(book, sheet)
        if not _MAY_FAIL.search(book.read(path)):
            return set()
        with book.open(path) as stream:
            return set(_of_excel(stream))
    with book.open("content.xml") as stream:
        return set(_of_calc(stream, sheet))


def _path_of(book: ZipFile, sheet: str) -> str:
    wanted = next(
        one.get(_RELATION) or next(value for name, value in one.attrib.items() if _local(name) == "id")
        for one in _tree(book, "xl/workbook.xml").iter()
        if _local(one.tag) == "sheet" and one.get("name") == sheet
    )
    relations = _tree(book, "xl/_rels/workbook.xml.rels")
    target = next(one.attrib["Target"] for one in relations if one.get("Id") == wanted)
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")


def _tree(book: ZipFile, part: str) -> ElementTree.Element:
    return ElementTree.fromstring(book.read(part))  # noqa: S314  the process it runs in has hard limits


def _of_excel(stream: IO[bytes]) -> Iterator[Place]:
    row = column = -1
    for event, one in ElementTree.iterparse(stream, _EVENTS):  # noqa: S314  as above
        tag = _local(one.tag)
        if event == "start":
            if tag == "row":
                row, column = int(one.get("r") or row + 2) - 1, -1
            elif tag == "c":
                row, column = _place(one.get("r"), row, column + 1)
        elif tag == "c" and _failed(one):
            yield row, column
        elif tag == "row":
            one.clear()


def _place(reference: str | None, row: int, column: int) -> Place:
    found = _REFERENCE.fullmatch(reference or "")
    if found is None:
        return row, column
    number = 0
    for letter in found[1]:
        number = number * 26 + ord(letter) - 64
    return int(found[2]) - 1, number - 1


def _failed(cell: ElementTree.Element) -> bool:
    if cell.get("t") == "e":
        return True
    held = {_local(part.tag): part for part in cell}
    if "f" not in held:
        return False
    # A formula that gives an empty text has a value, which is empty.
    return "v" not in held or (not held["v"].text and cell.get("t") != "str")


def _of_calc(stream: IO[bytes], sheet: str) -> Iterator[Place]:
    inside, row = False, 0
    for event, one in ElementTree.iterparse(stream, _EVENTS):  # noqa: S314  as above
        tag = _local(one.tag)
        if tag == "table" and event == "start":
            inside, row = _attribute(one, "name") == sheet, 0
        elif tag == "table-row" and event == "end":
            if inside:
                yield from ((row, column) for column in _failed_cells(one))
            row += _repeated(one, "number-rows-repeated")
            one.clear()


def _failed_cells(row: ElementTree.Element) -> Iterator[int]:
    column = 0
    for cell in row:
        kinds = [value for name, value in cell.attrib.items() if _local(name) == "value-type"]
        if "error" in kinds or (_attribute(cell, "formula") is not None and not kinds):
            yield column
        column += _repeated(cell, "number-columns-repeated")


def _repeated(one: ElementTree.Element, name: str) -> int:
    return min(int(_attribute(one, name) or 1), _REPEATED)


def _attribute(one: ElementTree.Element, wanted: str) -> str | None:
    return next((value for name, value in one.attrib.items() if _local(name) == wanted), None)


def _local(name: str) -> str:
    return name.rpartition("}")[2]
