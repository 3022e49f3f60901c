"""Payrolls that have no number for each employment, and such whose days could be two: what tells rows apart, and which
day it is, is said by the settings."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, strategies

from connectors.hr import HrConnector, HrSettings
from connectors.hr.row_key import RowKey
from connectors.records import Record, Rejected
from connectors.tables import day_forms
from tests.kit.feeds.csv_inputs import records, rejected
from tests.kit.feeds.sheets import xlsx

NAMES = {"henkilonumero": "Hlönro", "alkamispvm": "Alku", "yksikko_koodi": "Yksikkö", "nimike": "Nimike"}
KEY_OF = ["henkilonumero", "alkamispvm", "yksikko_koodi"]
HEADER = "Hlönro;Alku;Yksikkö;Nimike\n"


def read(folder: Path, text: str | bytes, **others: Any) -> tuple[list[Record], list[Rejected]]:
    """Read a file by ``NAMES``, its key made of ``KEY_OF`` unless something else is said."""
    (path := folder / "hr.bin").write_bytes(text if isinstance(text, bytes) else (HEADER + text).encode())
    connector = HrConnector(HrSettings.model_validate({"path": path, "columns": NAMES, "key_of": KEY_OF, **others}))
    assert connector.validate() == []
    found = [*connector.read()]
    return records(found), rejected(found)


def test_two_jobs_of_one_person_are_told_apart_by_several_columns_together(tmp_path: Path) -> None:
    found, bad = read(tmp_path, "7;1.8.2026;KOIVU;Opettaja\n7;1.8.2026;RANTA;Opettaja\n7;1.1.2027;KOIVU;Rehtori\n")
    assert bad == []
    assert [one.key for one in found] == ["7|2026-08-01|KOIVU", "7|2026-08-01|RANTA", "7|2027-01-01|KOIVU"]


def test_a_key_stays_the_same_however_its_day_is_written(tmp_path: Path) -> None:
    one, two = (read(tmp_path, f"7;{day};KOIVU;\n")[0][0] for day in ("1.8.2026", "2026-08-01"))
    (sheet,), _ = read(tmp_path, xlsx([["Hlönro", "Alku", "Yksikkö", "Nimike"], ["7", "01.08.2026", "KOIVU", ""]]))
    assert one.key == two.key == sheet.key


def test_two_rows_with_one_key_are_told_with_what_helps(tmp_path: Path) -> None:
    found, (bad,) = read(tmp_path, "7;1.8.2026;KOIVU;Opettaja\n7;01.08.2026;KOIVU;Rehtori\n")
    assert len(found) == 1
    assert (bad.problem.line, bad.problem.field, "key_of" in bad.problem.remedy) == (3, "Hlönro, Alku, Yksikkö", True)
    assert len(read(tmp_path, "7;1.8.2026;KOIVU;A\n7;1.8.2026;KOIVU;B\n", key_of=[*KEY_OF, "nimike"])[0]) == 2


@pytest.mark.parametrize("row", ["7;1.8.2026;;Opettaja", ";1.8.2026;KOIVU;Opettaja", "7;elokuu;KOIVU;Opettaja"])
def test_a_row_that_lacks_a_part_of_its_key_could_be_anybodys(row: str, tmp_path: Path) -> None:
    found, (bad,) = read(tmp_path, f"{row}\n")
    assert (found, bad.key) == ([], None)
    assert "of which it is made" in bad.problem.message


def test_whose_row_it_is_can_be_told_when_another_column_cannot_be_read(tmp_path: Path) -> None:
    found, (bad,) = read(tmp_path, "7;1.8.2026;KO\N{ZERO WIDTH SPACE}IVU;Opettaja\n")
    assert (found, bad.key) == ([], "7|2026-08-01|KOIVU")


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ({"key_of": ["henkilonumero", "hetu"]}, "not made of these columns: hetu"),
        ({"key_of": ["henkilonumero", "henkilonumero"]}, "not made of these columns"),
        ({"key_of": ["alkamispvm", "yksikko_koodi"]}, "not tell one person from another"),
        ({"key_of": [*KEY_OF, "toimiala"]}, "not said where these columns are in the file: toimiala"),
        ({"columns": NAMES | {"palvelussuhdenumero": "Nro"}}, "a number of the employment, and columns"),
        ({"key_of": []}, "not said where these columns are in the file: palvelussuhdenumero"),
    ],
)
def test_a_key_that_cannot_be_meant_is_told(others: dict[str, Any], told: str) -> None:
    settings = {"path": "/hr.csv", "columns": NAMES, "key_of": KEY_OF, **others}
    found = HrConnector(HrSettings.model_validate(settings)).validate()
    assert any(told in str(problem) for problem in found)


PARTS = strategies.lists(strategies.text("ab|\\", min_size=1), min_size=2, max_size=3)


@given(PARTS, PARTS)
@example(["a|b", "c"], ["a", "b|c"])
@example(["a\\", "b|c"], ["a|b\\", "c"])
def test_no_two_rows_that_differ_in_a_part_have_the_same_key(one: list[str], two: list[str]) -> None:
    def key(parts: list[str]) -> str:
        return RowKey(("x",) * len(parts), tuple(range(len(parts))), composed=True).of(parts)

    assert (key(one) == key(two)) == (one == two)


@pytest.mark.parametrize(("form", "day"), [("d/m/yyyy", "2026-02-01"), ("m/d/yyyy", "2026-01-02")])
def test_a_day_that_could_be_two_is_the_one_that_the_settings_say(form: str, day: str, tmp_path: Path) -> None:
    (one,), _ = read(tmp_path, "7;01/02/2026;KOIVU;\n", day_form=form)
    assert (one.key, one.fields["alkamispvm"]) == (f"7|{day}|KOIVU", day)


def test_a_day_in_another_form_than_the_settings_say_refuses_its_row(tmp_path: Path) -> None:
    found, (bad,) = read(
        tmp_path, "7;1.2.2026;KOIVU;\n", day_form="m/d/yyyy", key_of=["henkilonumero", "yksikko_koodi"]
    )
    assert (found, bad.key, bad.problem.field, bad.problem.params) == ([], "7|KOIVU", "Alku", {"form": "m/d/yyyy"})


def test_what_spreadsheets_and_databases_add_to_a_day_does_not_matter(tmp_path: Path) -> None:
    text = "7;01/02/2026 00:00:00;KOIVU;\n8;2026-02-01;KOIVU;\n9;;KOIVU;\n"
    found, _ = read(tmp_path, text, day_form="d/m/yyyy", key_of=["henkilonumero", "yksikko_koodi"])
    assert [one.fields["alkamispvm"] for one in found] == ["2026-02-01", "2026-02-01", ""]


def test_without_a_form_days_stand_as_they_came(tmp_path: Path) -> None:
    (one,), _ = read(tmp_path, "7;1.2.2026;KOIVU;\n")
    assert one.fields["alkamispvm"] == "1.2.2026"


@given(strategies.dates(min_value=date(1900, 1, 1)), strategies.sampled_from(day_forms.FORMS))
def test_every_day_is_read_as_it_was_written_in_every_form(day: date, form: str) -> None:
    parts = {
        "yyyy": f"{day.year:04}",
        "dd": f"{day.day:02}",
        "mm": f"{day.month:02}",
        "d": str(day.day),
        "m": str(day.month),
    }
    text = form
    for name in ("yyyy", "dd", "mm"):
        text = text.replace(name, parts[name])
    text = text.replace("d", parts["d"]).replace("m", parts["m"])
    assert day_forms.day(text, form) == day
    assert form in day_forms.fitting([text, ""])


@given(strategies.text(), strategies.sampled_from(day_forms.FORMS))
def test_no_text_breaks_the_reading_of_days(text: str, form: str) -> None:
    day_forms.day(text, form)
    day_forms.fitting([text])
