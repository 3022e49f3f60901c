"""The people of the table to try, with the same numbers and names in every profile and under every seed."""

from __future__ import annotations

from collections.abc import Iterator

from iam.demo.population.employee import Absence, Employee
from iam.demo.population.hiring import Hiring
from iam.demo.population.names import Name

AINO, EERO, SINI, TAINA, PIRKKO, KAISA, SANNA, PAULA, VEERA = 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1010
DIRECTOR, COLLEGE_HEAD, ABSENT_TODAY = 1000, 1009, 1011
AINO_CODE, EERO_CODE = "140381-902E", "301175-9153"


def named(hiring: Hiring) -> Iterator[Employee]:
    """Yield everybody of the table but the county's two, and the three whom they need."""
    days = hiring.days
    yield _one(hiring, DIRECTOR, "Salme", "Sivistysjohtaja", "sivistysjohtaja", "perusopetus", 9)
    yield _aino(hiring)
    yield _eero(hiring)
    yield _substitute(hiring)
    yield _one(hiring, TAINA, "Taina", "Työvoima", "tyollisyysohjaaja", "nevakumpu-tyollisyys", 1)
    yield _one(hiring, SANNA, "Sanna", "Sihteeri", "koulusihteeri", "KOIVU", 6)
    yield _one(hiring, PAULA, "Paula", "Pääkäyttäjä", "jarjestelmaasiantuntija", "kuntatieto-palvelut", 4)
    yield _one(hiring, COLLEGE_HEAD, "Oiva", "Opisto", "rehtori", "OPISTO", 8)
    yield _one(hiring, VEERA, "Veera", "Varahenkilö", "jarjestelmaasiantuntija", "kuntatieto-palvelut", 3)
    absence = Absence(days.today, days.today, "virkavapaa")
    yield _one(hiring, ABSENT_TODAY, "Pentti", "Poissaoleva", "luokanopettaja", "KOIVU", 7, absence)


def county(hiring: Hiring, count: int) -> Iterator[Employee]:
    """Yield the county's ``count`` (at least 3) student-welfare workers: psychologists, curators and school nurses,
    the two of the table first."""
    unit = "hva-opiskeluhuolto"
    yield _one(hiring, PIRKKO, "Pirkko", "Psykologi", "psykologi", unit, 2)
    yield _one(hiring, KAISA, "Kaisa", "Kuraattori", "kuraattori", unit, 1)
    for number in range(1250, 1250 + count - 2):
        occupation = ("terveydenhoitaja", "kuraattori", "psykologi")[(number - 1250) % 3]
        job = hiring.employ(number, 1, occupation, unit, hiring.since(number, "county.since", 3, unit))
        yield Employee(number, hiring.code(number), hiring.name(number, unit), (job,))


def _aino(hiring: Hiring) -> Employee:
    """A class teacher in two schools of the city, who also teaches by the hour at the joint authority's college."""
    days = hiring.days
    updated = days.ahead(-5)
    school = hiring.employ(
        AINO,
        1,
        "luokanopettaja",
        (("KOIVU", 60), ("RANTA", 40)),
        days.school_start,
        days.school_end,
        manager=DIRECTOR,
        updated=updated,
    )
    college = hiring.employ(
        AINO, 2, "tuntiopettaja", "OPISTO", days.month_start, days.autumn_end, kind="tuntityo", updated=updated
    )
    return Employee(AINO, AINO_CODE, Name("Aino Maria", "Aino", "Esimerkki"), (school, college))


def _eero(hiring: Hiring) -> Employee:
    job = hiring.employ(EERO, 1, "rehtori", "KOIVU", hiring.days.august(7), updated=hiring.days.ahead(-5))
    return Employee(EERO, EERO_CODE, Name("Eero", "Eero", "Malli"), (job,))


def _substitute(hiring: Hiring) -> Employee:
    """A substitute for today only."""
    today = hiring.days.today
    job = hiring.employ(
        SINI, 1, "luokanopettaja", "KOIVU", today, today, kind="sijainen", substitute_for=ABSENT_TODAY, updated=today
    )
    return Employee(SINI, hiring.code(SINI), Name("Sini Inkeri", "Sini", "Sijainen"), (job,))


def _one(
    hiring: Hiring,
    number: int,
    call: str,
    family: str,
    occupation: str,
    unit: str,
    years: int,
    absence: Absence | None = None,
) -> Employee:
    job = hiring.employ(number, 1, occupation, unit, hiring.days.august(years), absence=absence)
    return Employee(number, hiring.code(number), Name(call, call, family), (job,))
