"""Files whose columns have the names of their own system, and which lack some of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.contract import Malformed
from connectors.hr import HrConnector, HrSettings
from connectors.records import Record, Rejected
from tests.kit.feeds.csv_inputs import records, rejected

NAMES = {
    "henkilonumero": "Hlönro",
    "palvelussuhdenumero": "Pals nro",
    "alkamispvm": "Alku",
    "hetu": "Hetu",
    "nimike": "Nimike",
}


def read(folder: Path, text: str) -> tuple[list[Record], list[Rejected]]:
    """Read a CSV file by ``NAMES``."""
    (path := folder / "hr.csv").write_text(text, encoding="iso-8859-1")
    found = [*HrConnector(HrSettings(path=path, columns=NAMES)).read()]
    return records(found), rejected(found)


def test_columns_are_found_by_their_own_names_in_any_order_and_the_others_are_empty(tmp_path: Path) -> None:
    ((one,), bad) = read(
        tmp_path, "Nimike;Alku;Palkka;HLÖNRO;Hetu;Pals  nro\nRehtori;1.8.2026;4000;0012;301175-9153;7\n"
    )
    assert bad == []
    assert {name: value for name, value in one.fields.items() if value} == {
        "henkilonumero": "0012",
        "hetu": "301175-9153",
        "palvelussuhdenumero": "7",
        "nimike": "Rehtori",
        "alkamispvm": "1.8.2026",
    }


@pytest.mark.parametrize("row", ["Rehtori;1.8.2026;;301175-9153;7", "301175-9153;1.8.2026;140381-902E;0012;7"])
def test_an_identity_code_in_a_column_of_another_name_is_found_wherever_the_columns_stand(
    row: str, tmp_path: Path
) -> None:
    found, (bad,) = read(tmp_path, f"Nimike;Alku;Hetu;Hlönro;Pals nro\n{row}\n")
    assert found == []
    assert (bad.key, bad.problem.params) == ("7", {"column": "Hetu"})


def test_a_row_with_a_field_too_many_is_never_read_as_if_its_columns_were_the_right_ones(tmp_path: Path) -> None:
    found, (bad,) = read(tmp_path, "Nimike;Alku;Hlönro;Hetu;Pals nro\nRehtori;vs;1.8.2026;0012;;7\n")
    assert (found, bad.key, bad.problem.params) == ([], None, {"found": 6, "expected": 5})


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("Nimike;Alku;Hlönro;Pals nro", "lacks these columns, or has one of them twice: Hetu"),
        ("Nimike;Alku;Hlönro;Hetu;Pals nro;ALKU", "lacks these columns, or has one of them twice: Alku"),
        ("Malli;Aino;1;2", "The first line is not the header"),
    ],
)
def test_a_header_that_lacks_a_column_says_which(header: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(Malformed, match=words) as caught:
        read(tmp_path, f"{header}\n")
    assert "Malli" not in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({**NAMES, "palkka": "Palkka"}, "no columns of an employment row: palkka"),
        ({"henkilonumero": "Hlönro"}, "where these columns are in the file: palvelussuhdenumero, alkamispvm"),
        ({**NAMES, "nimike": "  alku"}, "stands for two of ours"),
        ({**NAMES, "nimike": " "}, "has no name"),
    ],
)
def test_names_that_cannot_be_meant_are_told_before_any_file_is_opened(columns: dict[str, str], words: str) -> None:
    (problem,) = HrConnector(HrSettings(path=Path("/nowhere.csv"), columns=columns)).validate()
    assert (problem.field, words in str(problem)) == ("columns", True)
