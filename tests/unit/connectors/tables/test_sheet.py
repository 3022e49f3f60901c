"""The HR connector on spreadsheets: what people write into cells is read as it is meant, or told with its place."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from connectors.contract import Malformed
from connectors.hr import COLUMNS, HrConnector, HrSettings
from connectors.records import Record, Rejected
from connectors.single_pass import SinglePass
from tests.kit.feeds.csv_inputs import FIXTURES, hr, read_all, records, rejected
from tests.kit.feeds.old_sheets import compound, xls
from tests.kit.feeds.sheets import Cell, Failed, Formula, Table, good, ods, packed, xlsx, xlsx_of

Write = Callable[[Table], bytes]
KINDS = pytest.mark.parametrize("write", [xlsx, ods, xls])
NIMIKE, ALKAMISPVM, NUMERO = (COLUMNS.index(name) for name in ("nimike", "alkamispvm", "palvelussuhdenumero"))


def read(folder: Path, data: bytes, **settings: object) -> tuple[list[Record], list[Rejected], SinglePass]:
    """Read a file's rows to the end."""
    path = folder / "hr.bin"
    path.write_bytes(data)
    reading = HrConnector(HrSettings.model_validate({"path": path, **settings})).read()
    assert isinstance(reading, SinglePass)
    found = read_all(reading)
    return records(found), rejected(found), reading


def with_cell(column: str, cell: Cell) -> list[list[Cell]]:
    """The good rows, with one cell of the third person (row 4) altered."""
    rows = good()
    rows[3][COLUMNS.index(column)] = cell
    return rows


@KINDS
def test_a_sheet_gives_the_records_that_the_same_rows_give_as_csv(write: Write, tmp_path: Path) -> None:
    data = write(good())
    found, bad, reading = read(tmp_path, data)
    as_csv = records([*hr(FIXTURES / "good.csv")])
    assert [(one.key, one.fields, one.digest, one.line) for one in found] == [
        (one.key, one.fields, one.digest, one.line) for one in as_csv
    ]
    assert (bad, {one.file for one in found}) == ([], {"hr.bin [Taul1]"})
    evidence = reading.evidence
    assert (evidence.rows, evidence.declared, evidence.finished, evidence.full) == (4, None, True, True)
    assert evidence.digest == hashlib.sha256(data).hexdigest()


@KINDS
def test_columns_in_another_order_among_others_with_titles_above_them_are_found(write: Write, tmp_path: Path) -> None:
    plain = records([*hr(FIXTURES / "good.csv")])
    rows = [[None, "huomautus", *(name.upper() + " " if name == "nimike" else name for name in reversed(COLUMNS))]]
    rows += [[None, "x", *reversed(row)] for row in good()[1:]]
    found, bad, _ = read(tmp_path, write([["Palvelussuhteet"], [], [None, "tulostettu", date(2026, 9, 15)], *rows]))
    assert (bad, [one.digest for one in found]) == ([], [one.digest for one in plain])
    assert [one.line for one in found] == [5, 6, 7, 8]


@KINDS
@pytest.mark.parametrize(
    ("column", "cell", "text"),
    [
        ("alkamispvm", date(2026, 8, 1), "2026-08-01"),
        ("alkamispvm", datetime(2026, 8, 1, 22, 30), "2026-08-01T22:30:00"),
        ("alkamispvm", "1.8.2026", "1.8.2026"),
        ("henkilonumero", 1002, "1002"),
        ("henkilonumero", "0001002", "0001002"),
        ("henkilonumero", 123456789012345, "123456789012345"),
        ("kustannuspaikka", 3100.0, "3100"),
        ("viikkotunnit", 38.25, "38.25"),
        ("nimike", True, "TRUE"),
        ("nimike", Formula("Rehtori"), "Rehtori"),
        ("henkilonumero", Formula(1002), "1002"),
        ("nimike", "  Rehtori\nja opettaja ", "  Rehtori\nja opettaja "),
        ("nimike", "#1 rehtori", "#1 rehtori"),
    ],
)
def test_a_cell_is_the_text_that_is_meant_by_it(
    write: Write, column: str, cell: Cell, text: str, tmp_path: Path
) -> None:
    found, bad, _ = read(tmp_path, write(with_cell(column, cell)))
    assert bad == []
    assert found[2].fields[column] == text


@KINDS
@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("paattymispvm", Failed(), "holds an error"),
        ("paattymispvm", Failed("#REF!"), "holds an error"),
        ("paattymispvm", "#VIITTAUS!", "holds an error"),
        ("paattymispvm", "#N/A", "holds an error"),
        ("paattymispvm", "Err:502", "holds an error"),
        ("henkilonumero", date(2026, 2, 1), "a day where none belongs"),
        ("henkilonumero", 1234567890123456, "loses its last digits"),
        ("nimike", "301175-9153", "personal identity code"),
        ("nimike", "Reh\x85tori", "control character"),
    ],
)
def test_a_cell_that_cannot_be_read_with_certainty_takes_its_row_alone_and_is_told_with_its_place(
    write: Write, column: str, cell: Cell, words: str, tmp_path: Path
) -> None:
    found, (bad,), reading = read(tmp_path, write(with_cell(column, cell)))
    assert (bad.key, bad.problem.file, bad.problem.line, bad.problem.field) == ("P1002-1", "hr.bin [Taul1]", 4, column)
    assert words in str(bad.problem)
    assert bad.problem.remedy
    assert (len(found), reading.evidence.rows, reading.evidence.finished) == (3, 4, True)


@pytest.mark.parametrize("write", [xlsx, ods])
def test_a_formula_that_nobody_has_worked_out_is_not_an_empty_cell(write: Write, tmp_path: Path) -> None:
    found, (bad,), _ = read(tmp_path, write(with_cell("paattymispvm", Formula(None))))
    assert (bad.key, bad.problem.field, len(found)) == ("P1002-1", "paattymispvm", 3)


@KINDS
def test_an_error_in_a_column_that_is_not_read_takes_nothing(write: Write, tmp_path: Path) -> None:
    rows = [[*good()[0], "summa"], *([*row, Failed()] for row in good()[1:])]
    assert len(read(tmp_path, write(rows))[0]) == 4


@KINDS
def test_empty_rows_and_what_stands_in_other_columns_alone_are_no_rows(write: Write, tmp_path: Path) -> None:
    rows = good()
    empty: list[list[Cell]] = [[], [" ", "\xa0"], [*[None] * len(COLUMNS), "tulostettu"]]
    found, bad, reading = read(tmp_path, write([*rows[:2], *empty, *rows[2:], *empty, ["#rows", 4], []]))
    assert (len(found), bad, reading.evidence.declared) == (4, [], 4)


@KINDS
def test_a_trailer_that_says_more_than_came_is_handed_on(write: Write, tmp_path: Path) -> None:
    _, _, reading = read(tmp_path, write([*good(), ["#rows", "1448"]]))
    assert (reading.evidence.rows, reading.evidence.declared) == (4, 1448)


def test_a_sheet_that_goes_on_after_its_trailer_is_malformed(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="after its trailer"):
        read(tmp_path, xlsx([*good()[:3], ["#rows", 2], *good()[3:]]))


def test_the_same_number_twice_is_told_with_both_rows(tmp_path: Path) -> None:
    _, (bad,), _ = read(tmp_path, xlsx([*good(), good()[1]]))
    assert (bad.key, bad.problem.line, bad.problem.params) == ("P1001-1", 6, {"first": 2})


def test_without_a_setting_the_first_sheet_that_is_seen_is_read(tmp_path: Path) -> None:
    assert len(read(tmp_path, xlsx(good(), hidden="luettelot"))[0]) == 4


def test_a_sheet_is_read_by_its_name_and_one_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    assert len(read(tmp_path, xlsx(good(), "Syyskuu & muut"), sheet="Syyskuu & muut")[0]) == 4
    with pytest.raises(Malformed, match="it has: Syyskuu") as caught:
        read(tmp_path, xlsx(good(), "Syyskuu"), sheet="Elokuu")
    assert caught.value.problem.field == "sheet"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "None of the first 50 rows"),
        ([["Aino", "Esimerkki", "140381-902E"]], "None of the first 50 rows"),
        ([*[["x"]] * 50, *good()], "None of the first 50 rows"),
        ([[name for name in COLUMNS if name != "nimike"]], "lacks these columns, or has one of them twice: nimike"),
        ([[*COLUMNS, "nimike"]], "lacks these columns, or has one of them twice: nimike"),
    ],
)
def test_a_sheet_without_its_column_names_is_malformed_and_no_value_is_told(
    rows: list[list[Cell]], words: str, tmp_path: Path
) -> None:
    with pytest.raises(Malformed, match=words) as caught:
        read(tmp_path, xlsx(rows))
    assert "Esimerkki" not in str(caught.value)
    assert "140381" not in str(caught.value)
    assert caught.value.problem.remedy


def test_a_file_with_other_column_names_is_read_by_the_names_that_the_source_gives(tmp_path: Path) -> None:
    names = {
        "henkilonumero": "Henkilö\nnro",
        "palvelussuhdenumero": "Palv.suhde",
        "alkamispvm": "Alkaa",
        "hetu": "Hetu",
    }
    rows: list[list[Cell]] = [
        ["Nimi", "henkilö NRO", "Alkaa", "Palv.suhde", "Hetu"],
        ["Malli", 1002, date(2026, 8, 1), "7", "301175-9153"],
        ["301175-9153", 1003, None, "#", ""],
        ["Malli", "301175-9153", None, "8", ""],
    ]
    found, (bad,), _ = read(tmp_path, xlsx(rows), columns=names)
    told = {name: value for name, value in found[0].fields.items() if value}
    assert told == {
        "henkilonumero": "1002",
        "palvelussuhdenumero": "7",
        "alkamispvm": "2026-08-01",
        "hetu": "301175-9153",
    }
    assert [one.key for one in found] == ["7", "#"]
    assert (bad.key, bad.problem.field, bad.problem.params) == ("8", "Henkilö\nnro", {"column": "Hetu"})


def test_a_small_old_file_is_read_and_its_errors_are_found(tmp_path: Path) -> None:
    names = {"henkilonumero": "Nro", "palvelussuhdenumero": "Pals", "alkamispvm": "Alku"}
    rows: list[list[Cell]] = [["Nro", "Pals", "Alku"], [1, 2, Failed()], [3, 4, date(2026, 8, 1)]]
    assert len(xls(rows, small=True)) < 4096
    found, bad, _ = read(tmp_path, xls(rows, small=True), columns=names)
    assert ([one.key for one in found], [(one.key, one.problem.line) for one in bad]) == (["4"], [("2", 2)])


def cut(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def encrypted_ods() -> bytes:
    return packed({"mimetype": "x", "META-INF/manifest.xml": "<manifest:encryption-data/>", "content.xml": "\x07"})


def locked_xls() -> bytes:
    """An .xls whose second record says that those after it are encrypted."""
    stream = xls(good())
    stream = stream[stream.index(b"\x09\x08\x10\x00") :]
    return compound(stream[:20] + b"\x2f\x00\x06\x00\x01" + bytes(5) + stream[20:])


def bomb() -> bytes:
    """A kilobyte for each of six hundred megabytes."""
    return packed({"xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": " " * (600 << 20)})


def wide() -> bytes:
    """Two cells as far from each other as they can be: a reader that keeps what is between them fills the memory."""
    return xlsx_of('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (cut(xlsx(good())), "cut or broken"),
        (cut(ods(good())), "cut or broken"),
        (cut(xls(good())), "cut or broken"),
        (compound(b"nothing"), "cut or broken"),
        (b"PK\x03\x04", "cut or broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "cut or broken"),
        (packed({"holiday.jpg": "x"}), "cut or broken"),
        (packed({"xl/workbook.bin": "x"}), "binary spreadsheet"),
        (encrypted_ods(), "has a password"),
        (compound(b"x", name="EncryptedPackage"), "has a password"),
        (locked_xls(), "has a password"),
        (b"<html><table><tr><td>henkilonumero", "a web page or XML"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><Workbook>", "a web page or XML"),
    ],
)
def test_a_file_that_cannot_be_read_as_a_whole_says_so_in_words(data: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(Malformed, match=words) as caught:
        read(tmp_path, data)
    assert caught.value.problem.remedy


@pytest.mark.parametrize("make", [bomb, wide])
def test_a_file_that_would_fill_the_memory_is_refused_and_harms_nobody(
    make: Callable[[], bytes], tmp_path: Path
) -> None:
    with pytest.raises(Malformed, match="larger than is read"):
        read(tmp_path, make())


@pytest.mark.parametrize("kilobytes", ["1500000", "unlimited"])
def test_a_service_that_runs_under_lower_limits_reads_spreadsheets_within_those(kilobytes: str, tmp_path: Path) -> None:
    (path := tmp_path / "hr.xlsx").write_bytes(xlsx(good()))
    command = f'ulimit -v {kilobytes} && exec "$0" -m connectors.tables.sheet_process < "$1"'
    done = subprocess.run(["sh", "-c", command, sys.executable, path], capture_output=True, check=True, text=True)
    assert [json.loads(line) for line in done.stdout.splitlines()][-1] == "end"
