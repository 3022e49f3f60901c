"""The HR connector on good and bad files: nothing is lost, and each problem says file, line, field and remedy."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from connectors.contract import ConnectorError, Malformed, Refused, Retryable, Unreachable
from connectors.hr import COLUMNS, HrConnector, HrSettings
from connectors.records import digest_of
from tests.kit.feeds.csv_inputs import CODES, FIXTURES, hr, read_all, records, rejected


@pytest.mark.parametrize(
    "name", ["good.csv", "good-iso-8859-1.csv", "good-comma-bom-crlf.csv", "good-with-trailer.csv"]
)
def test_every_agreed_form_of_a_file_gives_the_same_records(name: str) -> None:
    reading = hr(FIXTURES / name)
    found = [*reading]
    assert [(item.key, item.line, item.file) for item in records(found)] == [
        ("P1001-1", 2, name),
        ("P1001-2", 3, name),
        ("P1002-1", 4, name),
        ("P1003-1", 5, name),
    ]
    last = records(found)[-1]
    assert last.fields["sukunimi"] == "Åkesson"
    assert last.digest == digest_of(str(last.fields[column]) for column in COLUMNS)
    assert len(found) == 4


def test_the_evidence_says_rows_digest_and_that_the_file_is_whole() -> None:
    path = FIXTURES / "good-with-trailer.csv"
    reading = hr(path)
    read_all(reading)
    evidence = reading.evidence
    assert (evidence.rows, evidence.declared, evidence.finished, evidence.full) == (4, 4, True, True)
    assert evidence.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_without_a_trailer_nothing_is_declared() -> None:
    reading = hr(FIXTURES / "good.csv")
    read_all(reading)
    assert reading.evidence.declared is None


def test_a_trailer_that_says_more_than_came_is_handed_on() -> None:
    reading = hr(FIXTURES / "trailer-says-more.csv")
    read_all(reading)
    assert (reading.evidence.rows, reading.evidence.declared) == (4, 1448)


@pytest.mark.parametrize(
    ("name", "line", "field", "key", "words"),
    [
        ("code-in-nimike.csv", 4, "nimike", "P1002-1", "identity code"),
        ("same-number-twice.csv", 5, "palvelussuhdenumero", "P1001-1", "already on line 2"),
        ("last-line-cut.csv", 5, None, None, "may be cut"),
    ],
)
def test_a_bad_row_is_rejected_with_its_place_and_the_others_are_read(
    name: str, line: int, field: str | None, key: str | None, words: str
) -> None:
    reading = hr(FIXTURES / name)
    found = [*reading]
    (bad,) = rejected(found)
    assert (bad.problem.file, bad.problem.line, bad.problem.field, bad.key) == (name, line, field, key)
    assert words in str(bad.problem)
    assert bad.problem.remedy
    assert len(records(found)) == 3
    assert reading.evidence.rows == 4


@pytest.mark.parametrize("name", ["impossible-date.csv", "unknown-unit.csv", "retroactive-end.csv"])
def test_what_a_column_means_is_not_judged_here(name: str) -> None:
    assert len(records([*hr(FIXTURES / name)])) == 4


def test_a_cut_file_is_not_finished() -> None:
    reading = hr(FIXTURES / "last-line-cut.csv")
    read_all(reading)
    assert not reading.evidence.finished


def test_a_file_that_is_cut_in_its_last_field_is_told_by_how_many_rows_came() -> None:
    reading = hr(FIXTURES / "cut-in-half.csv")
    assert records(read_all(reading))[-1].fields["paivitetty"] == "10."
    assert (reading.evidence.finished, reading.evidence.rows) == (True, 2)


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("mixed-encodings.csv", 5, "encoding"),
        ("no-header.csv", 1, "not the header"),
        ("wrong-header.csv", 1, "lacks hetu, yksikko_koodi"),
    ],
)
def test_a_file_that_cannot_be_read_as_a_whole_is_malformed(name: str, line: int, words: str) -> None:
    with pytest.raises(Malformed, match=words) as caught:
        [*hr(FIXTURES / name)]
    assert (caught.value.problem.file, caught.value.problem.line) == (name, line)
    assert caught.value.problem.remedy


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.csv")), ids=lambda path: path.name)
def test_no_message_about_any_file_holds_a_code_or_a_name(path: Path) -> None:
    messages = []
    try:
        messages = [str(item.problem) for item in rejected([*hr(path)])]
    except ConnectorError as error:
        messages = [str(error), repr(error)]
    assert not [text for text in messages for value in (*CODES, "Esimerkki", "Malli", "Aino") if value in text]


def test_a_code_in_place_of_the_key_is_not_given_as_the_key(tmp_path: Path) -> None:
    text = (FIXTURES / "good.csv").read_text().replace("P1002-1", "301175-9153")
    (bad,) = rejected([*hr(_write(tmp_path, text.encode()))])
    assert (bad.key, bad.problem.field) == (None, "palvelussuhdenumero")


def test_a_row_without_a_key_is_rejected(tmp_path: Path) -> None:
    text = (FIXTURES / "good.csv").read_text().replace("P1002-1", "").replace("P1003-1", "")
    assert [(bad.key, bad.problem.line) for bad in rejected([*hr(_write(tmp_path, text.encode()))])] == [
        (None, 4),
        (None, 5),
    ]


@pytest.mark.parametrize("text", ['"=""P1002-1"""', '="P1002-1"', '"P1002-1"'])
def test_a_number_that_excel_writes_as_a_formula_of_text_is_that_number(text: str, tmp_path: Path) -> None:
    data = (FIXTURES / "good.csv").read_text().replace("P1002-1", text)
    assert [item.key for item in records([*hr(_write(tmp_path, data.encode()))])][2] == "P1002-1"


@pytest.mark.parametrize("formula", ["=1+1", '="a"&"b"', '="a', '+"a"', '=HYPERLINK("a")'])
def test_any_other_formula_is_text(formula: str, tmp_path: Path) -> None:
    data = (FIXTURES / "good.csv").read_text().replace("Rehtori", formula)
    assert records([*hr(_write(tmp_path, data.encode()))])[2].fields["nimike"] == formula


def test_an_identity_code_in_a_formula_is_found_where_it_does_not_belong(tmp_path: Path) -> None:
    data = (FIXTURES / "good.csv").read_text().replace("Rehtori", '"=""301175-9153"""')
    (bad,) = rejected([*hr(_write(tmp_path, data.encode()))])
    assert (bad.key, bad.problem.field) == ("P1002-1", "nimike")
    assert "301175" not in str(bad.problem)


@pytest.mark.parametrize("sign", ["\ufeff", "\u200b", "\xad", "\u2060", "\u200d", "\u202e"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_key_with_a_sign_that_nobody_sees_is_refused_with_its_line_and_it_is_told_whose_it_is(
    sign: str, quote: str, tmp_path: Path
) -> None:
    data = (FIXTURES / "good.csv").read_text().replace("P1002-1", f"{quote}P1002{sign}-1{quote}")
    (bad,) = rejected([*hr(_write(tmp_path, data.encode()))])
    assert (bad.key, bad.problem.line, bad.problem.field) == ("P1002-1", 4, "palvelussuhdenumero")
    assert bad.problem.params == {"sign": f"{ord(sign):04X}"}


@pytest.mark.parametrize(
    ("old", "new", "key", "field"),
    [
        ("Rehtori", '"Rehtori', "P1002-1", "nimike"),
        ("Rehtori", '"Rehtori"x', "P1002-1", "nimike"),
        ("Rehtori", '"Reh;tori', None, None),
        ("P1002-1", '"P1002-1', None, "palvelussuhdenumero"),
        ("1002;", '"1002;', None, None),
    ],
)
def test_whose_row_it_is_where_quotes_do_not_close_is_told_only_when_it_is_certain(
    old: str, new: str, key: str | None, field: str | None, tmp_path: Path
) -> None:
    data = (FIXTURES / "good.csv").read_text().replace(old, new, 1)
    found = [*hr(_write(tmp_path, data.encode()))]
    assert [(bad.key, bad.problem.line, bad.problem.field) for bad in rejected(found)] == [(key, 4, field)]
    assert len(records(found)) == 3


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-8"])
def test_a_soft_hyphen_in_a_key_is_refused_in_either_encoding(encoding: str, tmp_path: Path) -> None:
    data = (FIXTURES / "good.csv").read_text().replace("P1002-1", "P1002\xad-1")
    (bad,) = rejected([*hr(_write(tmp_path, data.encode(encoding)))])
    assert bad.problem.params == {"sign": "00AD"}


def test_a_key_typed_with_combining_marks_is_the_one_typed_with_whole_letters(tmp_path: Path) -> None:
    data = (FIXTURES / "good.csv").read_text().replace("P1002-1", "A\u0308-1")
    assert records([*hr(_write(tmp_path, data.encode()))])[2].key == "\u00c4-1"


def test_a_byte_order_mark_at_the_beginning_of_the_file_is_fine(tmp_path: Path) -> None:
    assert len(records([*hr(_write(tmp_path, b"\xef\xbb\xbf" + (FIXTURES / "good.csv").read_bytes()))])) == 4


def test_a_missing_file_can_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(Unreachable) as caught:
        [*hr(tmp_path / "hr.csv")]
    assert isinstance(caught.value, Retryable)


def test_a_folder_and_a_pipe_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises((Malformed, Refused)):
            read_all(hr(path))


def test_a_file_that_grows_while_it_is_read_can_be_tried_again(tmp_path: Path) -> None:
    path = _write(tmp_path, (FIXTURES / "good.csv").read_bytes())
    items = iter(hr(path))
    next(items)
    with path.open("ab") as file:
        file.write(b"more\n")
    with pytest.raises(Retryable, match="changed while it was read"):
        list(items)


def test_a_relative_path_is_a_problem_of_the_settings() -> None:
    (problem,) = HrConnector(HrSettings(path=Path("hr.csv"))).validate()
    assert problem.field == "path"


def test_closing_early_closes_the_file(tmp_path: Path) -> None:
    path = _write(tmp_path, (FIXTURES / "good.csv").read_bytes())
    before = len(os.listdir("/proc/self/fd"))
    reading = hr(path)
    next(iter(reading))
    reading.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_rows_of_many_chunks_all_come_in_order(tmp_path: Path) -> None:
    lines = (FIXTURES / "good.csv").read_text().splitlines(keepends=True)
    rows = "".join(lines[4].replace("P1003-1", f"P{i}") for i in range(5000))
    reading = hr(_write(tmp_path, (lines[0] + rows).encode()))
    assert [item.key for item in records(read_all(reading))] == [f"P{i}" for i in range(5000)]
    assert reading.evidence.finished


def _write(folder: Path, data: bytes) -> Path:
    path = folder / "hr.csv"
    path.write_bytes(data)
    return path
