"""The awkward cases of real payrolls, each as many times as the profile says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from iam.demo.organisations import Organisation
from iam.demo.population.employee import Absence, Employee
from iam.demo.population.hiring import Hiring
from iam.demo.population.names import Name
from iam.demo.profiles import Profile

CONCURRENT, ROVING, SUBSTITUTES, ABSENT, REPLACING = 1300, 1400, 1500, 1600, 1620
ENDED, STARTING, RETROACTIVE, SEPARATOR, SAME_NAME, FOREIGN, RENAMED = 1700, 1720, 1740, 1760, 1765, 1770, 1775
GUARDIAN_TEACHERS, ALL_THREE = 1780, 1790
"""First employee numbers of each case; ``ALL_THREE`` is a teacher, guardian and student in one."""


def cases(hiring: Hiring, profile: Profile) -> Iterator[Employee]:
    """Yield every special case; together with the people of the table they make the counts of the profile."""
    yield from _concurrent(hiring, profile)
    yield from _roving(hiring, profile.roving - 1)
    yield from _day_substitutes(hiring, profile)
    yield from _replacements(hiring, profile.long_absences)
    yield from _edges(hiring, profile)
    yield from _identities(hiring, profile.identity_cases)
    for number in [*range(GUARDIAN_TEACHERS, GUARDIAN_TEACHERS + profile.identity_cases), ALL_THREE]:
        yield _teacher(hiring, number, "KOIVU")


def _teacher(hiring: Hiring, number: int, unit: str, code: str | None = None) -> Employee:
    job = hiring.employ(number, 1, "luokanopettaja", unit, hiring.since(number, "case.since", 12, unit))
    return Employee(number, hiring.code(number) if code is None else code, hiring.name(number, unit), (job,))


def _first_school(hiring: Hiring, number: int) -> str:
    return hiring.chance.pick("case.school", number, _basic_schools(hiring)).key


def _basic_schools(hiring: Hiring) -> list[Organisation]:
    """The host city's schools, where most of the cases work."""
    return [unit for unit in hiring.consortium.schools if unit.parent == "perusopetus" and unit.end is None]


def _concurrent(hiring: Hiring, profile: Profile) -> Iterator[Employee]:
    """Two employments at a time, the first so many under two employers; Aino of the table is one of them."""
    for n in range(profile.concurrent - 1):
        number = CONCURRENT + n
        first = _first_school(hiring, number)
        other = hiring.chance.pick(
            "case.other", number, [unit.key for unit in _basic_schools(hiring) if unit.key != first]
        )
        second = "OPISTO" if n < profile.two_employers - 1 else other
        hourly = hiring.employ(
            number, 2, "tuntiopettaja", second, hiring.days.month_start, hiring.days.autumn_end, kind="tuntityo"
        )
        teacher = _teacher(hiring, number, first)
        yield replace(teacher, employments=(*teacher.employments, hourly))


def _roving(hiring: Hiring, count: int) -> Iterator[Employee]:
    """Special needs teachers who share one employment between two or three schools."""
    schools = [unit.key for unit in _basic_schools(hiring)]
    for number in range(ROVING, ROVING + count):
        first = hiring.chance.below("case.rove", number, len(schools))
        places = [schools[(first + step) % len(schools)] for step in range(min(len(schools), 2 + number % 2))]
        shares = (50, 50) if len(places) == 2 else (40, 30, 30)
        job = hiring.employ(
            number,
            1,
            "erityisopettaja",
            tuple(zip(places, shares, strict=True)),
            hiring.since(number, "case.since", 12, places[0]),
        )
        yield Employee(number, hiring.code(number), hiring.name(number, places[0]), (job,))


def _day_substitutes(hiring: Hiring, profile: Profile) -> Iterator[Employee]:
    """Substitutes of one to three days, all at work today, for the teachers who also work elsewhere; Sini of the table
    is one."""
    for n in range(profile.day_substitutes - 1):
        number, length = SUBSTITUTES + n, 1 + n % 3
        absent = CONCURRENT + n % (profile.concurrent - 1)
        unit = _first_school(hiring, absent)
        start = hiring.days.ahead(-1 if length > 1 and n % 2 else 0)
        job = hiring.employ(
            number,
            1,
            "luokanopettaja",
            unit,
            start,
            start + timedelta(days=length - 1),
            kind="sijainen",
            substitute_for=absent,
            updated=hiring.days.today,
        )
        yield Employee(number, hiring.code(number), hiring.name(number, unit), (job,))


def _replacements(hiring: Hiring, count: int) -> Iterator[Employee]:
    """Somebody on a long leave, and who does the work meanwhile."""
    for n in range(count):
        start, end = hiring.days.ahead(-20 - 5 * n), hiring.days.ahead(100 + 10 * n)
        absent = _teacher(hiring, ABSENT + n, _first_school(hiring, ABSENT + n))
        leave = Absence(start, end, ("perhevapaa", "opintovapaa", "virkavapaa")[n % 3])
        yield replace(absent, employments=(replace(absent.employments[0], absence=leave),))
        job = hiring.employ(
            REPLACING + n,
            1,
            "luokanopettaja",
            absent.employments[0].unit,
            start,
            end,
            kind="sijainen",
            substitute_for=absent.number,
        )
        yield Employee(REPLACING + n, hiring.code(REPLACING + n), hiring.name(REPLACING + n, job.unit), (job,))


def _edges(hiring: Hiring, profile: Profile) -> Iterator[Employee]:
    """Ended yesterday, starting tomorrow, and ends that the payroll learned of late."""
    days = hiring.days
    spans = [(ENDED + n, days.august(2), days.ahead(-1), days.ahead(-7)) for n in range(profile.ended_yesterday)]
    spans += [(STARTING + n, days.ahead(1), days.ahead(121), days.ahead(-2)) for n in range(profile.starting_tomorrow)]
    spans += [
        (RETROACTIVE + n, days.august(3), days.ahead(-10 - 6 * n), days.today) for n in range(profile.retroactive_ends)
    ]
    for number, start, end, updated in spans:
        unit = _first_school(hiring, number)
        job = hiring.employ(
            number, 1, "koulunkaynninohjaaja" if number % 2 else "luokanopettaja", unit, start, end, updated=updated
        )
        yield Employee(number, hiring.code(number), hiring.name(number, unit), (job,))


def _identities(hiring: Hiring, count: int) -> Iterator[Employee]:
    """Who is who: codes that differ in the separator only, namesakes born on one day, no code yet, a name that
    changed."""
    twins = (("140381Y902E", "Outi Anneli"), ("090275-9115", "Marja Helena"), ("090275Y9115", "Mirja Helena"))
    for n, (code, given) in enumerate(twins[: 2 * count - 1]):
        number = SEPARATOR + n
        teacher = _teacher(hiring, number, "RANTA", code)
        yield replace(teacher, name=Name(given, given.split()[0], teacher.name.family))
    yield from _namesakes(hiring, count)
    for number in range(FOREIGN, FOREIGN + count):
        yield _teacher(hiring, number, "RANTA", "")
    for number in range(RENAMED, RENAMED + count):
        former = hiring.name(number + 1000, "RANTA").family
        yield replace(_teacher(hiring, number, "RANTA"), former_family_name=former)


def _namesakes(hiring: Hiring, pairs: int) -> Iterator[Employee]:
    """Pairs with the same names and the same birth date who are different people."""
    for n in range(pairs):
        first = _teacher(hiring, SAME_NAME + 2 * n, "KOIVU")
        second = _teacher(hiring, first.number + 1, "RANTA", hiring.code(first.number + 1, born_with=first.number))
        yield first
        yield replace(second, name=first.name)
