"""Personal identity codes as somebody types them: a whole one tells its day of birth, anything else none."""

from __future__ import annotations

from datetime import date

from hypothesis import given, strategies as st

from iam.demo.codes import identity_code
from iam.lifecycle.by_hand import code as codes

SIGNS = {1800: "+", 1900: "-", 2000: "A"}


@given(st.dates(date(1850, 1, 1), date(2049, 12, 31)), st.integers(900, 999))
def test_a_code_tells_the_day_on_which_its_person_was_born(day: date, number: int) -> None:
    assert codes.born(identity_code(day, SIGNS[day.year // 100 * 100], number)) == day


@given(st.dates(date(1900, 1, 1), date(1999, 12, 31)), st.integers(900, 999), st.integers(0, 10))
def test_a_code_with_one_sign_mistyped_is_none(day: date, number: int, place: int) -> None:
    whole = identity_code(day, "-", number)
    assert codes.born(f"{whole[:place]}#{whole[place + 1 :]}") is None
    wrong = "0" if whole[-1] != "0" else "1"
    assert codes.born(whole[:-1] + wrong) is None


@given(st.text())
def test_whatever_is_typed_is_a_code_or_none_and_breaks_nothing(text: str) -> None:
    assert codes.born(codes.plain(text)) is None or len(codes.plain(text)) == 11


def test_blanks_and_small_letters_do_not_matter() -> None:
    whole = identity_code(date(1990, 5, 4), "-", 951)
    assert codes.plain(f" {whole.lower()} ") == whole
