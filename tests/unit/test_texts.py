"""Days, moments, plurals and problems as a reader of each language sees them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.problem import Problem
from iam.texts import LANGUAGES, Texts

FI, SV, EN = (Texts(language) for language in LANGUAGES)


def test_a_half_open_end_is_shown_as_the_last_valid_day() -> None:
    assert FI.day(datetime(2027, 5, 31, 21, tzinfo=UTC)) == "31.5.2027"


def test_an_end_in_winter_time_is_counted_with_winter_time() -> None:
    assert FI.day(datetime(2026, 12, 18, 22, tzinfo=UTC)) == "18.12.2026"


def test_an_end_in_the_middle_of_a_day_is_shown_as_that_day() -> None:
    assert FI.day(datetime(2026, 12, 18, 12, tzinfo=UTC)) == "18.12.2026"


def test_a_start_is_shown_as_the_day_it_begins() -> None:
    assert FI.first_day(datetime(2026, 7, 31, 21, tzinfo=UTC)) == "1.8.2026"


@pytest.mark.parametrize(
    ("texts", "shown"), [(FI, "15.9.2026 klo 8.05"), (SV, "15.9.2026 kl. 8.05"), (EN, "15.9.2026 at 8.05")]
)
def test_a_moment_is_written_in_the_readers_way(texts: Texts, shown: str) -> None:
    assert texts.moment(datetime(2026, 9, 15, 5, 5, tzinfo=UTC)) == shown


def test_a_number_has_the_decimal_mark_of_the_language() -> None:
    assert [one.decimal(0.449, 1) for one in (FI, SV, EN)] == ["0,4", "0,4", "0.4"]
    assert FI.decimal(-12, 2) == "-12,00"


def test_no_time_is_an_empty_text() -> None:
    assert (FI.day(None), FI.first_day(None), FI.moment(None)) == ("", "", "")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        FI.moment(datetime(2026, 9, 15, 8))


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="'de'"):
        Texts("de")


def test_a_message_without_a_translation_is_shown_in_english() -> None:
    assert FI.gettext("No catalog has this.") == "No catalog has this."
    assert SV.ngettext("%(n)d cat", "%(n)d cats", 2) == "%(n)d cats"


def test_a_problem_is_told_with_its_place_and_its_remedy() -> None:
    problem = Problem("The file is empty.", "Ask for the file again.", "hr.csv", 3, "hetu")
    assert EN.sentence(problem) == "hr.csv, line 3, field hetu: The file is empty. Ask for the file again."
    assert FI.sentence(problem) == "hr.csv, rivi 3, kenttä hetu: Tiedosto on tyhjä. Pyydä tiedosto uudelleen."


def test_what_has_names_by_language_is_called_in_the_readers_own() -> None:
    names = {"fi": "Koivurinteen koulu", "sv": "Björkbrinkens skola", "en": "Koivurinne School"}
    message = "%(organisation)s: %(count)s of %(size)s people gain something at once, the limit is %(limit)s."
    problem = Problem(message, params={"organisation": names, "count": 9, "size": 13, "limit": 5})
    assert Texts("sv").sentence(problem).startswith("Björkbrinkens skola: 9 ")
    assert Texts("fi").sentence(problem).startswith("Koivurinteen koulu: ")
    assert str(problem).startswith("Koivurinne School: 9 of 13")
    assert Texts("en").filled("%(a)s", {"a": {"fi": "Vain suomeksi", "en": ""}}) == "Vain suomeksi"


def test_beside_a_field_it_is_said_without_the_place_and_each_thing_by_its_name_in_the_readers_language() -> None:
    names = {"fi": "Koulu", "sv": "Skola", "en": "School"}
    problem = Problem("There is no %(what)s.", "Look at %(what)s.", field="a", params={"what": names})
    assert Texts("sv").said(problem).count("Skola") == 2
    assert Texts("en").said(problem) == "There is no School. Look at School."
