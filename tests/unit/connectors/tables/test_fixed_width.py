"""The HR connector on lines of fixed width: what stands where is certain, or the line is told and not read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from connectors.contract import ConnectorError, Malformed, Reading
from connectors.hr import HrConnector, HrSettings
from connectors.records import Record, Rejected
from tests.kit.feeds import fixed
from tests.kit.feeds.csv_inputs import CODES, read_all, records, rejected

TRAILER = {"mark": "L", "start": 2, "length": 6}
SMALL = (
    {"name": "henkilonumero", "start": 1, "length": 4},
    {"name": "palvelussuhdenumero", "start": 5, "length": 4},
    {"name": "alkamispvm", "start": 9, "length": 8, "day": "ddmmyyyy"},
    {"name": "viikkotunnit", "start": 17, "length": 5, "decimals": 2, "blank": ("99999",)},
)
"""A line of 21 signs."""
LINE = "0012A-1 01082026 3825"


def reading(folder: Path, data: bytes | str, fields: object = SMALL, **others: Any) -> Reading:
    """Return a reading of a file."""
    (path := folder / "hr.txt").write_bytes(data.encode() if isinstance(data, str) else data)
    return HrConnector(HrSettings.model_validate({"path": path, "fixed_width": fields, **others})).read()


def read(folder: Path, data: bytes | str, **others: Any) -> tuple[list[Record], list[Rejected], Reading]:
    """Read a file's rows to the end."""
    found = reading(folder, data, **others)
    items = read_all(found)
    return records(items), rejected(items), found


def told(record: Record) -> dict[str, object]:
    """What a record says, without its empty columns."""
    return {name: value for name, value in record.fields.items() if value}


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-8", "utf-16"])
def test_a_file_gives_the_people_that_it_gives_as_csv(encoding: str, tmp_path: Path) -> None:
    found, bad, its = read(tmp_path, fixed.good(encoding), fields=fixed.fields())
    assert (bad, its.evidence.finished, its.evidence.rows) == ([], True, 4)
    for one, row in zip(found, fixed.good_rows(), strict=True):
        names = ("henkilonumero", "palvelussuhdenumero", "hetu", "sukunimi", "nimike", "toimipisteet")
        assert [one.fields[name] for name in names] == [row[name] for name in names]
    assert (found[0].fields["alkamispvm"], found[0].fields["viikkotunnit"]) == ("2026-08-01", "24.00")


@pytest.mark.parametrize(
    ("line", "column", "value"),
    [
        (LINE, "henkilonumero", "0012"),
        (LINE, "alkamispvm", "2026-08-01"),
        (LINE, "viikkotunnit", "38.25"),
        (LINE.replace("01082026", "00000000"), "alkamispvm", ""),
        (LINE.replace("01082026", " " * 8), "alkamispvm", ""),
        (LINE.replace(" 3825", "00005"), "viikkotunnit", "0.05"),
        (LINE.replace(" 3825", "99999"), "viikkotunnit", ""),
        (LINE.replace(" 3825", "-0100"), "viikkotunnit", "-1.00"),
    ],
)
def test_a_field_means_what_its_settings_say(line: str, column: str, value: str, tmp_path: Path) -> None:
    (one,), bad, _ = read(tmp_path, f"{line}\n")
    assert (one.fields[column], bad) == (value, [])


@pytest.mark.parametrize(
    ("line", "key", "field", "words"),
    [
        (LINE[:-1], None, None, "has 20 signs where 21"),
        (LINE + "x", None, None, "has 22 signs where 21"),
        (LINE.replace("01082026", "31022026"), "A-1", "alkamispvm", "no day of the form ddmmyyyy"),
        (LINE.replace("01082026", "1.8.2026"), "A-1", "alkamispvm", "no day of the form ddmmyyyy"),
        (LINE.replace(" 3825", "38,25"), "A-1", "viikkotunnit", "holds no number"),
        (LINE.replace("A-1 ", "    "), None, "palvelussuhdenumero", "has no key"),
        (LINE.replace("0012", "00\x012"), "A-1", "henkilonumero", "control character"),
    ],
)
def test_a_line_that_cannot_be_read_is_told_with_its_place_and_takes_no_other(
    line: str, key: str | None, field: str | None, words: str, tmp_path: Path
) -> None:
    found, bad, its = read(tmp_path, f"{LINE.replace('A-1', 'A-0')}\n{line}\n{LINE.replace('A-1', 'A-2')}\n")
    assert [one.key for one in found] == ["A-0", "A-2"]
    assert [(one.key, one.problem.file, one.problem.line, one.problem.field) for one in bad] == [
        (key, "hr.txt", 2, field)
    ]
    assert words in str(bad[0].problem)
    assert bad[0].problem.remedy
    assert its.evidence.rows == 3


def test_blanks_that_the_sender_left_out_are_read_as_blanks_only_where_that_is_agreed(tmp_path: Path) -> None:
    assert told(read(tmp_path, "0012A-1\n", trimmed=True)[0][0]) == {
        "henkilonumero": "0012",
        "palvelussuhdenumero": "A-1",
    }
    assert read(tmp_path, "0012A-1\n")[0] == []


def test_the_first_line_and_the_trailer_are_no_rows_and_the_trailer_tells_how_many_came(tmp_path: Path) -> None:
    text = f"OTSIKKO 20260915\n{LINE}\n\n{LINE.replace('A-1', 'A-2')}\nL000002\n\x1a"
    found, bad, its = read(tmp_path, text, head="OTSIKKO", trailer=TRAILER)
    assert ([one.line for one in found], bad) == ([2, 4], [])
    assert (its.evidence.rows, its.evidence.declared, its.evidence.finished) == (2, 2, True)


@pytest.mark.parametrize(
    ("text", "others"),
    [
        (f"{LINE}\n{LINE[:9]}", {}),
        (f"{LINE}\n{LINE[:9]}", {"trimmed": True}),
        (f"{LINE}\n", {"trailer": TRAILER}),
    ],
)
def test_a_file_that_is_cut_is_not_finished(text: str, others: dict[str, Any], tmp_path: Path) -> None:
    assert not read(tmp_path, text, **others)[2].evidence.finished


def test_a_last_line_without_a_line_break_is_whole_when_it_has_all_its_signs(tmp_path: Path) -> None:
    found, _, its = read(tmp_path, LINE)
    assert (len(found), its.evidence.finished) == (1, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{LINE}\nL000001\n{LINE}\n", "goes on after its trailer"),
        (f"{LINE}\nL00\n", "holds no number of rows"),
        (f"{LINE}\nLAHTI1\n", "holds no number of rows"),
    ],
)
def test_a_file_whose_trailer_cannot_be_right_is_malformed(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(Malformed, match=words):
        read(tmp_path, text, trailer=TRAILER)


def test_letters_of_an_encoding_that_cannot_be_found_out_are_read_by_the_one_that_is_told(tmp_path: Path) -> None:
    fields = ({"name": "sukunimi", "start": 22, "length": 6}, *SMALL)
    data = f"{LINE}Šiška \n".encode("windows-1252")
    assert read(tmp_path, data, fields=fields)[0] == []
    assert read(tmp_path, data, fields=fields, encoding="windows-1252")[0][0].fields["sukunimi"] == "Šiška"
    with pytest.raises(Malformed, match="encoding"):
        read(tmp_path, data, fields=fields, encoding="utf-8")
    with pytest.raises(Malformed, match="not in the encoding that its source says"):
        read(tmp_path, data.replace(b"k", b"\x81"), fields=fields, encoding="windows-1252")


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"fixed_width": [*SMALL, SMALL[0]]}, "fixed_width", "there twice"),
        (
            {"fixed_width": [*SMALL, {"name": "nimike", "start": 20, "length": 3}]},
            "fixed_width",
            "viikkotunnit and nimike lie on",
        ),
        (
            {"fixed_width": [*SMALL, {"name": "palkka", "start": 30, "length": 3}]},
            "fixed_width",
            "no columns of an employment row: palkka",
        ),
        ({"fixed_width": SMALL[1:]}, "fixed_width", "not said where these columns are in the file: henkilonumero"),
        ({"fixed_width": SMALL, "line_length": 20}, "line_length", "shorter than its fields"),
        ({"fixed_width": SMALL, "columns": {"nimike": "x"}}, "columns", "no column names"),
        ({"trimmed": True}, "trimmed", "of a file of fixed width: trimmed"),
    ],
)
def test_settings_that_cannot_be_meant_are_told_before_any_file_is_opened(
    change: dict[str, Any], field: str, words: str
) -> None:
    found = HrConnector(HrSettings.model_validate({"path": "/nowhere.txt", **change})).validate()
    assert (field, True) in [(problem.field, words in str(problem)) for problem in found]
    assert all(problem.remedy for problem in found)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(
        st.one_of(
            st.just(LINE), st.text(max_size=40), st.text("0123456789-A ", min_size=21, max_size=21), st.just("L000001")
        ),
        max_size=6,
    ),
    junk=st.binary(max_size=30),
    encoding=st.sampled_from([None, "utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"]),
    trimmed=st.booleans(),
)
def test_any_bytes_at_all_give_rows_or_words(
    lines: list[str], junk: bytes, encoding: str | None, trimmed: bool, tmp_path: Path
) -> None:
    data = "\n".join([*lines, CODES[0].rjust(21)]).encode("utf-8", "surrogatepass") + junk
    try:
        found = read_all(reading(tmp_path, data, encoding=encoding, trimmed=trimmed, trailer=TRAILER))
        messages = [str(item.problem) for item in found if isinstance(item, Rejected)]
    except ConnectorError as error:
        messages = [str(error)]
    assert not [text for text in messages if CODES[0] in text]
