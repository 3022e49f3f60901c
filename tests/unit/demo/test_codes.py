"""The algorithms against vectors that were computed elsewhere."""

from __future__ import annotations

from datetime import date

import pytest

from iam.demo.chance import Chance, value
from iam.demo.codes import (
    IdentityCodes,
    Oids,
    business_ids,
    identity_code,
    is_test_identity_code,
    luhn,
    oid,
    test_oid as oid_of,
)

CODES = [
    (date(1981, 3, 14), "-", 902, "140381-902E"),
    (date(1981, 3, 14), "Y", 902, "140381Y902E"),
    (date(1975, 11, 30), "-", 915, "301175-9153"),
    (date(2012, 8, 9), "A", 944, "090812A944T"),
    (date(2012, 8, 9), "B", 944, "090812B944T"),
    (date(2018, 2, 28), "A", 931, "280218A931B"),
    (date(1899, 12, 31), "+", 901, "311299+9019"),
    (date(2019, 5, 1), "F", 998, "010519F998S"),
    (date(2000, 1, 1), "A", 900, "010100A900F"),
    (date(1999, 12, 31), "U", 999, "311299U999E"),
]


@pytest.mark.parametrize(("born", "separator", "number", "code"), CODES)
def test_an_identity_code_has_the_known_check_character(born: date, separator: str, number: int, code: str) -> None:
    assert identity_code(born, separator, number) == code
    assert is_test_identity_code(code)


@pytest.mark.parametrize("number", [2, 899, 1000])
def test_a_number_that_a_real_person_may_have_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="900-999"):
        identity_code(date(1981, 3, 14), "-", number)


def test_a_separator_of_another_century_is_refused() -> None:
    with pytest.raises(ValueError, match="century"):
        identity_code(date(2012, 8, 9), "-", 944)


@pytest.mark.parametrize("text", ["140381-902F", "140381-102E", "140381902E", "1a0381-902E", "140381*902E", ""])
def test_what_is_not_a_test_identity_code_is_told(text: str) -> None:
    assert not is_test_identity_code(text)


def test_luhn_digits_of_organisations_are_the_known_ones() -> None:
    assert [luhn(serial) for serial in ("1000000000", "1234567890", "9876543210")] == [9, 3, 3]


def test_oids_of_the_known_seed_are_the_known_ones() -> None:
    chance = Chance("open-cities-demo-1")
    found = [oid_of(chance, 98, index) for index in range(3)]
    assert found == ["1.2.246.562.98.91562632157", "1.2.246.562.98.61598209775", "1.2.246.562.98.50106529345"]


@pytest.mark.parametrize(
    ("node", "serial"), [(24, 1_000_000_000), (10, 1_000_000_000), (98, 999_999_999), (99, 10_000_000_000)]
)
def test_an_oid_of_a_real_register_is_refused(node: int, serial: int) -> None:
    with pytest.raises(ValueError, match="98 or 99"):
        oid(node, serial)


def test_business_ids_leave_out_the_unusable_numbers() -> None:
    assert business_ids(10) == [
        "9000001-1",
        "9000003-8",
        "9000004-6",
        "9000005-4",
        "9000006-2",
        "9000007-0",
        "9000008-9",
        "9000009-7",
        "9000011-8",
        "9000012-6",
    ]


def test_a_choice_is_the_known_hash() -> None:
    seed = "open-cities-demo-1"
    assert [value(seed, "person.birthday", index, 36525) for index in range(4)] == [20267, 25184, 15911, 28769]
    serials = [1_000_000_000 + value(seed, "oid.98", index, 9_000_000_000) for index in range(4)]
    assert serials == [9156263215, 6159820977, 5010652934, 2861666743]


def test_a_code_is_never_given_twice() -> None:
    codes = IdentityCodes(Chance("any"), ("140381-902E",))
    found = [codes.take(number, date(1981, 3, 14)) for number in range(400)]
    assert len({*found, "140381-902E"}) == 401
    assert all(map(is_test_identity_code, found))


def test_an_oid_is_never_given_twice() -> None:
    oids = Oids(Chance("any"), 98)
    assert oids.take(1) != oids.take(1)
