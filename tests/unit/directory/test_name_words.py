"""Names as they are typed and ordered: what is meant alike becomes alike, and the order is the Finnish alphabet's."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, strategies as st

from iam.directory.name_words import LONGEST_KEY, LONGEST_WORD, fold, sort_key, typed_words, words

NAMES = st.text(max_size=40) | st.text(
    st.sampled_from("aáäåãøŋđšžİıüőÁÄÖ'’ʼ-–\u00ad \u200d\u0308\u030abZ"), max_size=12
)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Ánne Nuorgámoš", "anne nuorgamos"),
        ("Máŋgŋa", "mangna"),
        ("Čeavli Đaŧŧa", "ceavli datta"),
        ("Žuŋŋá", "zunna"),
        ("Işık İnan", "isik inan"),
        ("Łukasz", "lukasz"),
        ("Þóra Æsa", "thora aesa"),
        ("Sørensen", "sorensen"),
        ("Strauß", "strauss"),
        ("Ǥiđđa", "gidda"),
        ("Müller", "muller"),
        ("Иван", "иван"),
        ("Ǆon", "dzon"),
    ],
)
def test_letters_that_a_finnish_keyboard_lacks_are_typed_by_their_base_letter(name: str, typed: str) -> None:
    assert fold(name) == typed
    assert fold(name.upper()) == typed


@pytest.mark.parametrize("name", ["Åström", "Mäki", "Öhman"])
def test_letters_of_the_finnish_alphabet_stay_what_they_are_however_they_are_stored(name: str) -> None:
    assert fold(name) == fold(unicodedata.normalize("NFD", name)) == name.casefold()


@pytest.mark.parametrize(
    "written", ["O'Neill", "O’Neill", "Oʼneill", "O´Neill", "O-Neill", "O‐Neill", "O\u2011Neill", "O–NEILL"]
)
def test_apostrophes_and_hyphens_of_all_kinds_are_one(written: str) -> None:
    assert words([written]) == {"o", "neill", "oneill"}


def test_a_name_with_a_hyphen_is_found_by_its_parts_and_joined() -> None:
    assert words(["Anna-Liisa Maria", None, "Virtanen"]) == {"anna", "liisa", "annaliisa", "maria", "virtanen"}
    assert words(["Soft\u00adhyphen Zero\u200bwidth"]) == {"softhyphen", "zerowidth"}


def test_people_stand_in_the_order_of_the_finnish_alphabet() -> None:
    family = [
        "d'Arc",
        "Darcy",
        "Ŋálli",
        "Näkkäläjärvi",
        "Oksa",
        "Salo",
        "Šalo-Aho",
        "Salola",
        "Vuori",
        "Wirtanen",
        "Xu",
        "Yli",
        "Ülo",
        "Ymer",
        "Zidan",
        "Åberg",
        "Äijälä",
        "Ärling",
        "Öberg",
        "Økland",
        "Õunap",
    ]
    keys = [sort_key(name, "Aino") for name in family]
    assert keys == sorted(keys)


def test_all_of_one_family_name_come_before_those_who_joined_another_to_it() -> None:
    people = [("Salo", "Aino"), ("Salo", "Åke"), ("Salo-Aalto", "Aino"), ("Salo Berg", "Aino"), ("Salola", "Aino")]
    keys = [sort_key(*one) for one in people]
    assert keys == sorted(keys)
    assert sort_key(None, None) == ""
    assert sort_key(None, "Aino") == "aino"


@given(NAMES)
def test_what_was_made_alike_stays_alike(name: str) -> None:
    assert fold(fold(name)) == fold(name)
    assert fold(unicodedata.normalize("NFC", name)) == fold(unicodedata.normalize("NFD", name)) == fold(name)


@given(st.lists(NAMES, max_size=4))
def test_whoever_types_a_name_whole_or_in_part_finds_it(names: list[str]) -> None:
    found = words(names)
    for name in names:
        for parts in typed_words(name):
            assert {part[:LONGEST_WORD] for part in (*parts, "".join(parts))} <= found
    assert all(word and " " not in word and "-" not in word and len(word) <= LONGEST_WORD for word in found)


@given(NAMES, NAMES)
def test_the_order_does_not_depend_on_how_a_name_is_stored_or_how_long_it_is(family: str, first: str) -> None:
    key = sort_key(family, first)
    assert key == sort_key(unicodedata.normalize("NFD", family), unicodedata.normalize("NFD", first))
    assert len(key) <= LONGEST_KEY
    assert len(sort_key(family * 50, first)) <= LONGEST_KEY
