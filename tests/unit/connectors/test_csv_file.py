"""CSV files: encodings, headers, quotes, cut ends, controls, misplaced identity codes, and where each problem is."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import assume, given, settings, strategies as st

from connectors.contract import ConnectorError, Malformed
from connectors.csv_file import Layout, Row
from connectors.csv_text import CHUNK
from tests.kit.feeds.csv_inputs import LAYOUT, rows, table

HEADER = b"key;hetu;name\n"


def malformed(data: bytes, layout: Layout = LAYOUT) -> Malformed:
    with pytest.raises(Malformed) as caught:
        rows(data, layout)
    return caught.value


def problems(found: list[Row]) -> list[tuple[int | None, str | None]]:
    return [(problem.line, problem.field) for _, _, problem in found if problem is not None]


def test_rows_come_with_the_lines_on_which_they_begin() -> None:
    assert rows(HEADER + b"1;;Aino\n2;;Eero\n") == [(2, ["1", "", "Aino"], None), (3, ["2", "", "Eero"], None)]


def test_a_comma_is_found_where_it_is_the_delimiter() -> None:
    assert rows(b"key,hetu,name\r\n1,,Aino;Eero\r\n") == [(2, ["1", "", "Aino;Eero"], None)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-1"])
def test_the_encodings_agreed_are_told_apart(encoding: str) -> None:
    assert rows("key;hetu;name\n1;;Väinö Åkesson\n".encode(encoding))[0][1][2] == "Väinö Åkesson"


@pytest.mark.parametrize(("first", "second"), [("utf-8", "iso-8859-1"), ("iso-8859-1", "utf-8")])
@pytest.mark.parametrize("between", [0, 2 * CHUNK])
def test_a_line_in_another_encoding_is_named(first: str, second: str, between: int) -> None:
    plain = b"1;;x\n" * (between // 5)
    data = HEADER + "1;;Väinö\n".encode(first) + plain + "2;;Örjan\n".encode(second)
    assert malformed(data).problem.line == 3 + between // 5


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("count", [1, 5000])
def test_a_file_in_utf_16_is_read_with_and_without_its_mark(encoding: str, mark: str, count: int) -> None:
    data = (mark * (encoding != "utf-16") + "key;hetu;name\r\n" + "1;;Väinö Šarić\r\n" * count).encode(encoding)
    file = table(data)
    assert [values[2] for _, values, problem in file.rows() if problem is None] == ["Väinö Šarić"] * count
    assert file.finished
    assert file.digest == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_that_stops_in_the_middle_of_a_letter_is_cut(encoding: str) -> None:
    file = table("key;hetu;name\n1;;Aino\n2;;Eero".encode(encoding)[:-1])
    assert problems([*file.rows()]) == [(3, None)]
    assert not file.finished


@pytest.mark.parametrize("end", ["\n".encode("utf-16-le") + b"2", "\n2;;E".encode("utf-16-le") + b"e"])
def test_a_file_in_utf_16_that_stops_in_the_first_letter_of_a_line_is_cut(end: bytes) -> None:
    file = table("key;hetu;name\n1;;Aino".encode("utf-16-le") + end)
    assert problems([*file.rows()]) == [(3, None)]
    assert not file.finished


def test_half_a_pair_of_utf_16_is_named_with_its_line() -> None:
    text = str(malformed("key;hetu;name\n1;;Aino\n2;;\ud800\n".encode("utf-16-le", "surrogatepass")))
    assert "line 3" in text
    assert "UTF-16" in text


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "sep=,", "sep=\t", "sep=|"])
def test_the_delimiter_that_excel_s_first_line_names_is_used_and_lines_are_counted_with_it(first: str) -> None:
    text = "key;hetu;name\n1;;Aino\n2;;\n3\n".replace(";", first.strip('"')[-1])
    found = rows(f"{first}\r\n{text}".encode())
    assert found[0] == (3, ["1", "", "Aino"], None)
    assert problems(found) == [(5, None)]


def test_a_header_that_is_wrong_after_excel_s_first_line_is_told_with_its_own_line() -> None:
    assert malformed(b"sep=;\n\nkey;Hetu;name\n").problem.line == 3


def test_a_file_parted_by_tabs_is_read() -> None:
    assert rows(b"key\thetu\tname\n1\t\tAino; Eero, Hilla\n") == [(2, ["1", "", "Aino; Eero, Hilla"], None)]


def test_an_empty_file_is_refused() -> None:
    assert "empty" in str(malformed(b""))


def test_a_header_names_what_is_missing_and_what_is_unknown() -> None:
    text = str(malformed(b"key;Hetu;name\n"))
    assert "lacks hetu" in text
    assert "unknown columns: Hetu" in text


def test_a_header_in_another_order_is_told() -> None:
    assert "order" in str(malformed(b"hetu;key;name\n"))


@pytest.mark.parametrize("data", [b"key;hetu;name;more\n", b"key;hetu;name;name\n"])
def test_a_column_too_many_is_named(data: bytes) -> None:
    assert data.strip().split(b";")[-1].decode() in str(malformed(data))


PARTIAL = Layout(columns=("key", "name", "more"), optional=frozenset({"more"}))


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (b"key,name,more", ("key", "name", "more")),
        (b"key,name", ("key", "name")),
        (b"more;own;name;key", ("more", "name", "key")),
    ],
)
def test_optional_columns_may_be_left_out_and_all_stand_in_any_order(header: bytes, columns: tuple[str, ...]) -> None:
    assert table(header + b"\n", PARTIAL).header.columns == columns


@pytest.mark.parametrize(
    ("header", "missing"),
    [(b"key,Name", "name"), (b"key,more", "name"), (b"key,name,key", "key"), (b"key,name,more,more", "more")],
)
def test_a_column_that_is_not_optional_is_asked_for_with_its_capitals_and_once(header: bytes, missing: str) -> None:
    with pytest.raises(Malformed, match=f": {missing}. Write the column names exactly as agreed, capital letters too."):
        table(header + b"\n", PARTIAL)


@given(st.lists(st.sampled_from(["key", "name", "more", "Key", "own", ""]), max_size=6))
def test_a_partial_header_has_each_of_its_columns_once_or_is_refused(names: list[str]) -> None:
    fits = names.count("key") == names.count("name") == 1 and names.count("more") <= 1
    try:
        columns = table(",".join(names).encode() + b"\n", PARTIAL).header.columns
    except Malformed as error:
        assert error.problem.remedy  # noqa: PT017
        assert not fits
    else:
        assert fits
        assert columns == tuple(name for name in names if name in PARTIAL.columns)


def test_a_file_without_a_header_shows_none_of_its_values() -> None:
    text = str(malformed(b"1001;140381-902E;Aino\n"))
    assert "not the header" in text
    assert "140381" not in text
    assert "Aino" not in text


def test_an_odd_column_name_is_told_by_its_place_only() -> None:
    text = str(malformed(b"key;hetu;name;140381-902E\n"))
    assert "#4" in text
    assert "140381" not in text


def test_quotes_hold_delimiters_line_breaks_and_quotes() -> None:
    data = HEADER + b'1;;"a;b"\n2;;"c\nd"\n3;;"e""f"\n4;;g\n'
    assert [(line, values[2]) for line, values, _ in rows(data)] == [(2, "a;b"), (3, "c\nd"), (5, 'e"f'), (6, "g")]


def test_after_a_quote_that_never_closes_every_further_row_is_read() -> None:
    data = HEADER + b'1;;"Aino\n' + b"2;;Eero\n" * 120
    found = rows(data)
    assert problems(found) == [(2, "name")]
    assert len(found) == 121


def test_text_after_a_closing_quote_is_a_problem_of_its_line() -> None:
    assert problems(rows(HEADER + b'1;;"Aino"x\n2;;Eero\n')) == [(2, "name")]


@pytest.mark.parametrize("end", [b"2;", b'2;;"Ee', b"2", b'2;;"Eero""', b'2;"'])
@pytest.mark.parametrize("start", [b"1;;Aino\n", b'1;;"Aino"\n'])
def test_a_cut_last_line_is_reported_with_its_line_number(start: bytes, end: bytes) -> None:
    file = table(HEADER + start + end)
    found = [*file.rows()]
    assert problems(found) == [(3, None)]
    assert "may be cut" in str(found[-1][2])
    assert len(found) == 2
    assert not file.finished


@pytest.mark.parametrize("end", ["2;;Väinö", '2;;"Väinö"', "2;;Väinö\r", "2;;", "2;;Väinö\n\n  \n;;\n ; "])
@pytest.mark.parametrize("start", ["1;;Åsa\n", '1;;"Åsa"\n', ""])
def test_whoever_stands_on_a_last_line_with_all_its_fields_is_read(start: str, end: str) -> None:
    file = table(HEADER + (start + end).encode())
    found = [*file.rows()]
    assert found[-1][1] == ["2", "", "Väinö" if "V" in end else ""]
    assert problems(found) == []
    assert file.finished


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_last_line_that_stops_in_the_middle_of_a_letter_is_cut_and_not_in_another_encoding(quote: str) -> None:
    file = table(HEADER + f"1;;{quote}Åsa{quote}\n2;;Väin".encode() + "ö".encode()[:1])
    assert problems([*file.rows()]) == [(3, None)]
    assert not file.finished


def test_the_last_letter_of_a_file_in_iso_8859_1_stays() -> None:
    assert rows(HEADER + b"1;;Aino\n2;;Sepp\xe4")[1] == (3, ["2", "", "Sepp\u00e4"], None)


EMPTY = [
    b"\n",
    b";;\n",
    b" ; ;  \n",
    b'"";"";""\n',
    b'" ";;\n',
    b";;;;;;\n",
    b'="";="";\n',
    b"\xc2\xa0;;\n",
    b"\xef\xbb\xbf;;\n",
]


@pytest.mark.parametrize("empty", EMPTY)
@pytest.mark.parametrize("name", [b"Aino", b'"Aino"'])
def test_an_empty_row_is_no_row_wherever_it_stands(name: bytes, empty: bytes) -> None:
    file = table(empty + HEADER + empty + b"1;;" + name + b"\n" + empty + b";;Eero\n" + empty + b"#rows;2\n" + empty)
    assert [values for _, values, problem in file.rows() if problem is None] == [["1", "", "Aino"], ["", "", "Eero"]]
    assert (file.declared, file.finished) == (2, True)


def test_a_trailer_that_a_spreadsheet_filled_up_with_empty_fields_is_one() -> None:
    file = table(HEADER + b"1;;Aino\n#rows;1;\n")
    assert len([*file.rows()]) == 1
    assert file.declared == 1


SWALLOWED = [
    b'1;;"Aino\n2;;Eero\n3;;Hilla"\n4;;"Ville"\n',
    b'1;;"Aino;x\n2;;Eero\n3;;"\n4;;"Ville"\n',
    b'1;"Aino;\n2;;Eero\n3;";x\n4;;"Ville"\n',
    b'1;;"Aino\n2;;Eero\n3;;"Hilla"\n4;;"Ville"\n',
]


@pytest.mark.parametrize("data", SWALLOWED)
def test_whoever_stands_in_lines_that_an_open_quote_swallowed_is_read_where_the_line_is_whole(data: bytes) -> None:
    found = {line: (values, problem) for line, values, problem in rows(HEADER + data)}
    assert [line for line, (_, problem) in found.items() if problem is None] in ([3, 5], [3, 4, 5])
    assert found[3] == (["2", "", "Eero"], None)
    assert found[5] == (["4", "", "Ville"], None)
    assert found[2][1] is not None


def test_a_field_of_two_lines_is_still_one_field() -> None:
    assert rows(HEADER + b'1;;"Aino\nMaria"\n2;;"a;b"\n') == [
        (2, ["1", "", "Aino\nMaria"], None),
        (4, ["2", "", "a;b"], None),
    ]


def test_a_last_line_with_too_few_fields_leaves_the_file_unfinished() -> None:
    file = table(HEADER + b"1;;Aino\n2;\n")
    assert problems([*file.rows()]) == [(3, None)]
    assert not file.finished


def test_a_short_line_in_the_middle_is_rejected_and_the_file_is_finished() -> None:
    file = table(HEADER + b"1;\n2;;Eero\n")
    found = [*file.rows()]
    assert problems(found) == [(2, None)]
    assert "2 fields where the header has 3" in str(found[0][2])
    assert file.finished


@pytest.mark.parametrize("field", [b"Ai\x00no", b"Ai\x1fno", "Ai\x85no".encode(), b"Ai\rno", b"\x96 Aino"])
@pytest.mark.parametrize("quote", [b"", b'"'])
def test_a_control_character_is_named_by_line_and_field(field: bytes, quote: bytes) -> None:
    found = rows(HEADER + b"1;;Eero\n2;;" + quote + field + quote + b"\n")
    assert problems(found) == [(3, "name")]


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_an_identity_code_outside_its_column_is_named_and_never_shown(quote: bytes) -> None:
    data = HEADER + b"1;140381-902E;Eero\n2;301175-9153;" + quote + b"Aino 140381-902E" + quote + b"\n3;;x\n"
    found = rows(data)
    assert problems(found) == [(3, "name")]
    assert "140381" not in str(found[1][2])
    assert "hetu" in str(found[1][2])


def test_as_many_codes_elsewhere_as_are_missing_in_their_column_are_found() -> None:
    assert problems(rows(HEADER + b"1;;140381-902E\n140381-902E;;Eero\n")) == [(2, "name"), (3, "key")]


def test_an_identity_code_with_a_typographic_dash_is_found() -> None:
    assert problems(rows(HEADER + "1;;140381–902E\n".encode())) == [(2, "name")]


def test_a_trailer_declares_the_number_of_rows() -> None:
    file = table(HEADER + b"1;;Aino\n#rows;1\n")
    assert len([*file.rows()]) == 1
    assert file.declared == 1
    assert file.finished


@pytest.mark.parametrize("row", [b"2;;Eero\n", b'2;;"Eero"\n', b"2;\n", b"2;;Ee"])
def test_nothing_may_follow_the_trailer(row: bytes) -> None:
    assert malformed(HEADER + b"1;;Aino\n#rows;1\n" + row).problem.line == 4


@pytest.mark.parametrize("trailer", [b"#rows;many\n", b"#rows\n", b"#rows;-1\n"])
def test_a_trailer_that_says_nothing_is_a_broken_line(trailer: bytes) -> None:
    file = table(HEADER + b"1;;Aino\n" + trailer)
    assert problems([*file.rows()]) == [(3, None)]
    assert file.declared is None
    assert not file.finished


def test_a_dropped_column_is_never_handed_on() -> None:
    layout = Layout(columns=("id", "password", "name"), dropped=frozenset({"password"}), extension="metadata.")
    data = b"id,password,name,metadata.x\n1,140381-902E,Aino,secret\n"
    assert rows(data, layout) == [(2, ["1", "Aino"], None)]


def test_columns_after_the_agreed_ones_need_the_extension_prefix() -> None:
    layout = Layout(columns=("id", "name"), extension="metadata.")
    assert "more" in str(malformed(b"id,name,more\n", layout))


def test_the_digest_is_over_every_byte() -> None:
    data = b"\xef\xbb\xbf" + HEADER + "1;;Väinö\n".encode() * 5000 + b"2;"
    file = table(data)
    list(file.rows())
    assert file.digest == hashlib.sha256(data).hexdigest()


def test_an_endless_line_is_refused() -> None:
    assert malformed(HEADER + b"1;;" + b"x" * (3 << 20)).problem.line == 2


@given(
    st.lists(st.tuples(*[st.text("ab ÅäöÆ'°é", max_size=9)] * 3), max_size=60), st.sampled_from(["utf-8", "iso-8859-1"])
)
def test_with_and_without_quotes_the_rows_are_the_same(values: list[tuple[str, str, str]], encoding: str) -> None:
    # "Å°" in ISO-8859-1 is "Ű" in UTF-8: nobody can tell which was meant.
    assume(
        encoding == "utf-8"
        or not any(pair in "".join(row) for row in values for pair in ("Å°", "Æ°", "ä°", "ö°", "é°"))
    )
    plain = "".join(";".join(row) + "\n" for row in values)
    quoted = "".join('"' + '";"'.join(row) + '"\n' for row in values)
    expected = [[*row] for row in values if "".join(row).strip()]
    for text in (plain, quoted):
        assert [row for _, row, problem in rows(HEADER + text.encode(encoding)) if problem is None] == expected


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.booleans())
def test_arbitrary_bytes_give_rows_and_problems_or_a_connector_error(data: bytes, headed: bool) -> None:
    try:
        found = rows(HEADER + data if headed else data)
    except ConnectorError:
        return
    for line, values, problem in found:
        assert line >= 2
        assert problem is not None or len(values) == 3


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                '"',
                ";",
                "\n",
                "\r\n",
                "\r",
                "ä",
                "1",
                "#rows",
                "\0",
                "140381-902E",
                '="',
                "\ufeff",
                "\u202e",
                "a\u0308",
                "\t",
            ]
        ),
        max_size=40,
    )
)
def test_however_quotes_and_line_breaks_fall_lines_only_go_on_and_no_code_is_shown(parts: list[str]) -> None:
    data = HEADER + "".join(parts).encode()
    try:
        found = rows(data)
    except Malformed:
        return
    starts = [line for line, _, _ in found]
    assert starts == sorted(set(starts))
    assert not any("140381" in str(problem) for _, _, problem in found)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text("ab;", max_size=6).map(lambda text: text.replace(";", "ä")), min_size=2, max_size=9), st.data())
def test_wherever_two_quotes_too_many_fall_whoever_stands_on_the_other_lines_is_read(
    names: list[str], data: st.DataObject
) -> None:
    lines = [f"{n};;{name or 'x'}" for n, name in enumerate(names)]
    bent = set()
    for _ in range(2):
        n = data.draw(st.integers(0, len(lines) - 1))
        place = data.draw(st.integers(0, len(lines[n])))
        lines[n] = lines[n][:place] + '"' + lines[n][place:]
        bent.add(n)
    found = {line: values for line, values, problem in rows(HEADER + "\n".join(lines).encode() + b"\n") if not problem}
    for n, name in enumerate(names):
        assert n in bent or found[n + 2] == [str(n), "", name or "x"]
