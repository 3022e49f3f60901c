"""Numbers with check characters that belong to nobody: identity codes 900-999, OIDs of nodes 98 and 99, 9-prefixed
business ids."""

from __future__ import annotations

from datetime import date, timedelta

from iam.demo.chance import Chance

CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
PERSON_NODE = 98
ORGANISATION_NODE = 99
SEPARATORS = {18: "+", 19: "-YXWVU", 20: "ABCDEF"}
"""Which separators a century may have; they are not part of the check, so two codes may differ in nothing else."""


def identity_code(born: date, separator: str, number: int) -> str:
    """Return a test identity code.

    ``number`` is 900-999, which the population register never gives; raises ``ValueError`` for any other number, and
    for a separator that does not belong to the century of ``born``.
    """
    if not 900 <= number <= 999:
        raise ValueError("a demonstration may only hold identity codes with an individual number of 900-999")
    if separator not in SEPARATORS.get(born.year // 100, ""):
        raise ValueError("the separator does not belong to that century")
    digits = f"{born:%d%m%y}{number:03d}"
    return f"{digits[:6]}{separator}{digits[6:]}{CHECK_CHARACTERS[int(digits) % 31]}"


def is_test_identity_code(text: str) -> bool:
    """Tell whether ``text`` is a well-formed identity code with a 900-999 number and a right check character."""
    if len(text) != 11 or text[7:8] != "9" or not (text[:6] + text[7:10]).isdecimal():
        return False
    known = any(text[6] in separators for separators in SEPARATORS.values())
    return known and CHECK_CHARACTERS[int(text[:6] + text[7:10]) % 31] == text[10]


def luhn(digits: str) -> int:
    """Return the Luhn check digit of ``digits``: every second one doubled, starting from the rightmost."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    return -sum(number - 9 if number > 9 else number for number in doubled) % 10


def oid(node: int, serial: int) -> str:
    """Return an OID of the national education registers with its Luhn digit; only the test nodes 98 and 99.

    ``serial`` has ten digits and does not start with 0; raises ``ValueError`` otherwise.
    """
    if node not in (PERSON_NODE, ORGANISATION_NODE) or not 1_000_000_000 <= serial <= 9_999_999_999:
        raise ValueError("an OID of a demonstration has node 98 or 99 and ten digits")
    return f"1.2.246.562.{node}.{serial}{luhn(str(serial))}"


def test_oid(chance: Chance, node: int, index: int) -> str:
    """Return the OID number ``index`` of a node (98 or 99) under a seed."""
    return oid(node, 1_000_000_000 + chance.below(f"oid.{node}", index, 9_000_000_000))


def business_id(serial: int) -> str | None:
    """Return the business id of a seven-digit serial (9000000-9999999), or None when that serial cannot be used."""
    if not 9_000_000 <= serial <= 9_999_999:
        raise ValueError("a demonstration may only hold business ids that start with 9")
    rest = sum(int(digit) * weight for digit, weight in zip(str(serial), (7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    return None if rest == 1 else f"{serial}-{(11 - rest) % 11}"


def business_ids(count: int) -> list[str]:
    """Return the first ``count`` usable business ids from 9000001 on."""
    usable = (business_id(serial) for serial in range(9_000_001, 9_000_001 + 2 * count + 10))
    return [number for number in usable if number is not None][:count]


class Oids:
    """Gives each index an OID of its own; a taken one is tried again in a sub-stream."""

    def __init__(self, chance: Chance, node: int) -> None:
        self._chance, self._node = chance, node
        self._taken: set[str] = set()

    def take(self, index: int) -> str:
        """Return a free OID for ``index``; ask once."""
        found, attempt = test_oid(self._chance, self._node, index), 0
        while found in self._taken:
            serial = 1_000_000_000 + self._chance.below(f"oid.{self._node}/retry/{attempt}", index, 9_000_000_000)
            found, attempt = oid(self._node, serial), attempt + 1
        self._taken.add(found)
        return found


class IdentityCodes:
    """Gives each employee number its own test identity code, the same every time under one seed."""

    def __init__(self, chance: Chance, reserved: tuple[str, ...] = ()) -> None:
        self._chance = chance
        self._taken = set(reserved)

    def take(self, number: int, born: date) -> str:
        """Return a free code for the employee ``number`` (unique) born on ``born``; a taken one is tried again in a
        sub-stream."""
        code, attempt = (
            identity_code(
                born, SEPARATORS[born.year // 100][0], 900 + self._chance.below("employee.code", number, 100)
            ),
            0,
        )
        while code in self._taken:
            spot = self._chance.below(f"employee.code/retry/{attempt}", number, 600)
            code = identity_code(born, SEPARATORS[born.year // 100][spot % 6], 900 + spot // 6)
            attempt += 1
        self._taken.add(code)
        return code


def birthday(chance: Chance, number: int) -> date:
    """Return when the employee ``number`` was born: 1959-2003, whatever day the demonstration is run on."""
    return date(1959, 1, 1) + timedelta(days=chance.below("employee.birthday", number, 45 * 365))
