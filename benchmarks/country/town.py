"""What a town's payroll says: the same people in every town under their own town's codes, and in each edition of the
file one in a hundred otherwise than in the one before.

Identity codes are test codes (900-999), each person's own over all towns.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from iam.demo.chance import Chance
from iam.demo.codes import identity_code
from iam.demo.feeds.hr import HEADER
from iam.demo.population.names import full_name

PEOPLE = 3126
UNITS = ("hallinto", "sivistys", "koulu-1", "koulu-2", "koulu-3", "paivakoti-1", "paivakoti-2", "kirjasto", "tekninen")
SCHOOLS = ("koulu-1", "koulu-2", "koulu-3")
OCCUPATIONS = (
    "luokanopettaja",
    "aineenopettaja",
    "erityisopettaja",
    "tuntiopettaja",
    "rehtori",
    "koulusihteeri",
    "varhaiskasvatuksenopettaja",
    "lastenhoitaja",
    "paivakodinjohtaja",
    "kirjastonhoitaja",
    "kirjastovirkailija",
    "laitoshuoltaja",
    "ravitsemistyontekija",
    "kiinteistonhoitaja",
    "rakennustarkastaja",
    "kaavasuunnittelija",
    "palkanlaskija",
    "kirjanpitaja",
    "viestintasuunnittelija",
    "tietohallintoasiantuntija",
    "psykologi",
)
"""One in five persons has one of these, by which a rule gives one more right; the others are ``COMMON``."""
COMMON = "toimistosihteeri"
EVERY = 100
_SLOTS, _DAYS, _FIRST_DAY = 4000, 14_900, date(1959, 1, 1)


def name(number: int) -> str:
    """The key of a town."""
    return f"k{number:04d}"


def source_of(number: int) -> str:
    """The key of a town's source."""
    return f"{name(number)}-hr"


def code(number: int, person: int) -> str:
    """The test identity code of a town's person; one of its own over 375 towns."""
    index = number * _SLOTS + person
    return identity_code(_FIRST_DAY + timedelta(days=index % _DAYS), "-", 900 + index // _DAYS)


def write(path: Path, number: int, edition: int = 0) -> None:
    """Write a town's file, in the given edition; each edition brings one person more."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows(number, edition))


def rows(number: int, edition: int = 0) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a town's file."""
    names = _names()
    for person in range(PEOPLE + edition):
        yield _row(number, person, edition, *names[person % PEOPLE])


_KNOWN: list[tuple[str, str, str]] = []


def _names() -> list[tuple[str, str, str]]:
    if not _KNOWN:
        chance = Chance("country")
        made = (full_name(chance, "person", person, "fi") for person in range(PEOPLE))
        _KNOWN.extend((one.given, one.call, one.family) for one in made)
    return _KNOWN


def _row(number: int, person: int, edition: int, given: str, call: str, family: str) -> tuple[str, ...]:
    """One row. Of those who are told otherwise from edition to edition every second has another title, every fourth
    another family name, every fourth another last day."""
    place = UNITS[person % len(UNITS)]
    workplaces = f"{name(number)}-{place}:100"
    if person % 33 == 5:
        workplaces = f"{name(number)}-{place}:60|{name(number)}-{UNITS[(person + 1) % len(UNITS)]}:40"
    occupation = OCCUPATIONS[person // 5 % len(OCCUPATIONS)] if person % 5 == 0 else COMMON
    title, last, turn = occupation.capitalize(), "", person // EVERY % 4
    if edition and person % EVERY == 7:
        title += f" {edition}" if turn in (0, 2) else ""
        family += f"-{family} {edition}" if turn == 1 else ""
        last = f"30.6.{2030 + edition % 9}" if turn == 3 else ""
    away = ("1.9.2026", "31.12.2027", "x") if person % 40 == 3 else ("", "", "")
    leader = "" if person < len(UNITS) else str(1000 + person % len(UNITS))
    return (
        str(1000 + person),
        code(number, person),
        given,
        call,
        family,
        f"P{1000 + person}-1",
        "sijainen" if person % 20 == 9 else "vakinainen",
        "",
        occupation,
        title,
        "yleinen",
        f"{name(number)}-{place}",
        "1000",
        workplaces,
        leader,
        "1.8.2020",
        last,
        *away,
        "KVTES",
        "37",
        "",
        "1.9.2026",
    )
