"""Whatever a spreadsheet holds, reading it gives rows or says in words why not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from connectors.contract import ConnectorError
from connectors.hr import HrConnector, HrSettings
from connectors.records import Record, Rejected
from connectors.tables.workbook import OLE, ZIP
from tests.kit.feeds.csv_inputs import CODES
from tests.kit.feeds.old_sheets import xls
from tests.kit.feeds.sheets import Table, good, ods, xlsx, xlsx_of

FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""Each reading starts a process."""
ROW = '<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>'
PIECES = st.sampled_from(
    [
        "<row",
        "</row>",
        "<c",
        ' r="A1"',
        ' r="ZZZZ9"',
        ' r="A0"',
        ' r="-1"',
        ' t="e"',
        ' t="s"',
        ' s="9"',
        "<v>",
        "</v>",
        "1e999",
        "NaN",
        "-1",
        ">",
        "/>",
        "</c>",
        "<f/>",
        "&x;",
        "&#0;",
        "\0",
        "<!--",
        "]]>",
        '<mergeCell ref="A1:"/>',
        "9" * 30,
        ROW,
    ]
)


def read(path: Path) -> list[object]:
    """Read a file to its end, or the error that tells why not."""
    try:
        return [*HrConnector(HrSettings(path=path)).read()]
    except ConnectorError as error:
        return [error]


def said_soundly(found: list[object]) -> bool:
    """Whether only records, rejected rows and errors came, and no message tells an identity code."""
    told = [str(one.problem) if isinstance(one, Rejected) else str(one) for one in found if not isinstance(one, Record)]
    return all(isinstance(one, Record | Rejected | ConnectorError) for one in found) and not [
        text for text in told for code in CODES if code in text
    ]


@FEW
@given(data=st.data(), kind=st.sampled_from([xlsx, ods, xls]))
def test_bytes_changed_anywhere_in_a_spreadsheet_never_end_in_anything_but_words(
    data: st.DataObject, kind: Callable[[Table], bytes], tmp_path: Path
) -> None:
    whole = bytearray(kind(good()))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    (path := tmp_path / "hr.xlsx").write_bytes(bytes(whole[: data.draw(st.integers(4, len(whole)))]))
    assert said_soundly(read(path))


@FEW
@given(body=st.lists(PIECES, max_size=25).map("".join))
def test_any_cells_at_all_never_end_in_anything_but_words(body: str, tmp_path: Path) -> None:
    (path := tmp_path / "hr.xlsx").write_bytes(xlsx_of(ROW + body))
    assert said_soundly(read(path))


@FEW
@given(rest=st.binary(max_size=2000), beginning=st.sampled_from([ZIP, OLE]))
def test_anything_that_begins_as_a_spreadsheet_never_ends_in_anything_but_words(
    rest: bytes, beginning: bytes, tmp_path: Path
) -> None:
    (path := tmp_path / "hr.xls").write_bytes(beginning + rest)
    assert said_soundly(read(path))


@pytest.mark.parametrize("cells", [[["a", 1.5, None]], [["\ud7ff\U0001f600", "]]>&<"]]])
def test_any_text_is_read_as_it_is(cells: list[list[str | float | None]], tmp_path: Path) -> None:
    (path := tmp_path / "hr.xlsx").write_bytes(xlsx([*good(), *cells]))
    assert said_soundly(read(path))
