"""The username that a name makes."""

from __future__ import annotations

import pytest

from iam.signin.accounts.username import LONGEST_PART, of_names
from iam.signin.usernames.give import usable


@pytest.mark.parametrize(
    ("given", "family", "made"),
    [
        ("Aino", "Väisänen", "aino.vaisanen"),
        ("Åsa", "Öhman", "asa.ohman"),
        ("Anna-Liisa", "von Wright", "anna-liisa.von-wright"),
        ("Ánne Máret", "Nuorgámoš", "anne-maret.nuorgamos"),
        ("Seán", "O’Neill", "sean.oneill"),
        ("Łukasz", "Größe", "lukasz.grosse"),
        ("Đặng", "Ђорђе", "dang"),
        (None, "Virtanen", "virtanen"),
        ("Иван", "Петров", ""),
        ("  ", None, ""),
        ("Aino 2", "Virtanen (os. Mäki)", "aino.virtanen-os-maki"),
    ],
)
def test_a_name_becomes_latin_letters_with_a_dot_between(given: str | None, family: str | None, made: str) -> None:
    assert of_names(given, family) == made


def test_a_very_long_name_is_cut_and_ends_in_no_hyphen() -> None:
    long = of_names("A" * 29 + "-" + "Maria", "B" * 200)
    assert long == f"{'a' * 29}.{'b' * LONGEST_PART}"


def test_what_a_source_or_a_person_writes_is_a_username_only_where_it_can_be_typed_and_tells_no_identity_code() -> None:
    assert all(map(usable, ("aino.vaisanen", "a", "x@kunta.example", "äiti")))
    assert not any(map(usable, ("", "aino v", "a\u200bb", "010190-952l", "x" * 201, "a\tb")))
