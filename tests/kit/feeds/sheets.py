"""Spreadsheets of the tests' own, as small as a reader takes them: .xlsx and .ods."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from xml.sax.saxutils import escape, quoteattr

from tests.kit.feeds.csv_inputs import FIXTURES


@dataclass(frozen=True)
class Failed:
    """A cell whose formula failed; ``shown`` is what the spreadsheet shows."""

    shown: str = "#N/A"


@dataclass(frozen=True)
class Formula:
    """A cell whose value is worked out by a formula; None where nobody has worked it out."""

    value: str | float | None


Cell = str | int | float | bool | date | Failed | Formula | None
Table = Iterable[Sequence[Cell]]

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_BEGINNING = datetime(1899, 12, 30)


def good() -> list[list[Cell]]:
    """The rows of the good HR file, as text."""
    with (FIXTURES / "good.csv").open(encoding="utf-8", newline="") as file:
        return [[*row] for row in csv.reader(file, delimiter=";")]


def xlsx(rows: Table, name: str = "Taul1", *, hidden: str | None = None) -> bytes:
    """An .xlsx file with one sheet of ``rows``, and before it a ``hidden`` one of that name."""
    sheets = [(hidden, "<row/>", ' state="hidden"')] if hidden else []
    body = "".join(f'<row r="{n}">{_excel_row(row, n)}</row>' for n, row in enumerate(rows, 1))
    sheets.append((name, body, ""))
    listed = "".join(
        f'<sheet name={quoteattr(each)} sheetId="{n}" r:id="r{n}"{state}/>'
        for n, (each, _, state) in enumerate(sheets, 1)
    )
    related = "".join(
        f'<Relationship Id="r{n}" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="b" '
        f'Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{related}'
        f'<Relationship Id="s" Type="{_DOCUMENT}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/>'
        "</cellXfs></styleSheet>",
    }
    for n, (_, held, _) in enumerate(sheets, 1):
        parts[f"xl/worksheets/sheet{n}.xml"] = f'<worksheet xmlns="{_MAIN}"><sheetData>{held}</sheetData></worksheet>'
    return packed(parts)


def xlsx_of(body: str) -> bytes:
    """An .xlsx file whose one sheet holds ``body`` as it is written."""
    with zipfile.ZipFile(io.BytesIO(xlsx([]))) as book:
        parts = {name: book.read(name).decode() for name in book.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    return packed(parts | {sheet: parts[sheet].replace("<sheetData>", f"<sheetData>{body}")})


def ods(rows: Table, name: str = "Taul1") -> bytes:
    """An .ods file with one sheet of ``rows``."""
    names = "".join(
        f' xmlns:{each}="urn:oasis:names:tc:opendocument:xmlns:{each}:1.0"' for each in ("office", "table", "text")
    )
    body = "".join(f"<table:table-row>{''.join(map(_calc_cell, row))}</table:table-row>" for row in rows)
    content = (
        f'<office:document-content{names} xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
        f"<office:body><office:spreadsheet><table:table table:name={quoteattr(name)}>{body}</table:table>"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return packed({"mimetype": kind, "META-INF/manifest.xml": manifest, "content.xml": content})


def packed(parts: dict[str, str]) -> bytes:
    """A zip file of ``parts``."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in parts.items():
            book.writestr(name, text)
    return data.getvalue()


def _excel_row(row: Sequence[Cell], number: int) -> str:
    return "".join(_excel_cell(cell, f"{_letters(n)}{number}") for n, cell in enumerate(row) if cell not in (None, ""))


def _excel_cell(cell: Cell, place: str) -> str:
    if isinstance(cell, Failed):
        return f'<c r="{place}" t="e"><f>X</f><v>{cell.shown}</v></c>'
    if isinstance(cell, Formula):
        kind = ' t="str"' if isinstance(cell.value, str) else ""
        return f'<c r="{place}"{kind}><f>X</f>{"" if cell.value is None else f"<v>{cell.value}</v>"}</c>'
    if isinstance(cell, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
    if isinstance(cell, bool):
        return f'<c r="{place}" t="b"><v>{cell:d}</v></c>'
    if isinstance(cell, date):
        moment = cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)
        return f'<c r="{place}" s="1"><v>{(moment - _BEGINNING).total_seconds() / 86400}</v></c>'
    return f'<c r="{place}"><v>{cell}</v></c>'


def _letters(n: int) -> str:
    return (_letters(n // 26 - 1) if n >= 26 else "") + chr(65 + n % 26)


def _calc_cell(cell: Cell) -> str:
    if cell is None or cell == "":
        return "<table:table-cell/>"
    if isinstance(cell, Failed):
        kinds = 'office:value-type="float" office:value="0" calcext:value-type="error"'
        return f'<table:table-cell table:formula="of:=X" {kinds}><text:p>{cell.shown}</text:p></table:table-cell>'
    formula = ' table:formula="of:=X"' if isinstance(cell, Formula) else ""
    value = cell.value if isinstance(cell, Formula) else cell
    if value is None:
        return f"<table:table-cell{formula}/>"
    if isinstance(value, str):
        return (
            f'<table:table-cell{formula} office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'
        )
    if isinstance(value, bool):
        kinds = f'office:value-type="boolean" office:boolean-value="{str(value).lower()}"'
    elif isinstance(value, date):
        kinds = f'office:value-type="date" office:date-value="{value.isoformat()}"'
    else:
        kinds = f'office:value-type="float" office:value="{value}"'
    return f"<table:table-cell{formula} {kinds}><text:p>x</text:p></table:table-cell>"
