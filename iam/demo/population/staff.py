"""Everybody in the payroll, in the order of the file: the table's people, heads of units, special cases, and all the
others."""

from __future__ import annotations

from collections.abc import Iterator

from iam.demo.catalogue import MERGED, MERGED_INTO
from iam.demo.chance import Weighted
from iam.demo.organisations import Organisation
from iam.demo.population.cases import cases
from iam.demo.population.employee import Employee, Employment
from iam.demo.population.hiring import NAMED_HEADS, Hiring
from iam.demo.population.named import county, named
from iam.demo.profiles import Profile

OTHERS = 2000
"""First employee number of the people who are nobody in particular."""


def staff(hiring: Hiring, profile: Profile) -> Iterator[Employee]:
    """Yield every employee of the profile; exactly as many people, and employments or workplaces, as it asks for."""
    known = [*named(hiring), *heads(hiring), *cases(hiring, profile)]
    welfare = list(county(hiring, profile.county_workers))
    yield from known
    yield from welfare
    others = profile.employees - len(known)
    if profile.workplaces is None:
        second = (profile.employments or 0) - sum(len(one.employments) for one in known) - others
    else:
        second = profile.workplaces - sum(one.workplaces for one in (*known, *welfare)) - others
    if not 0 <= second <= others:
        raise ValueError("the counts of the profile leave no room for its special cases")
    yield from _others(hiring, others, second, by_workplace=profile.workplaces is not None)


def heads(hiring: Hiring) -> Iterator[Employee]:
    """Yield the head of every unit that has none in the table of people."""
    for unit in hiring.consortium.staffed:
        if unit.key not in NAMED_HEADS:
            number = hiring.head(unit.key)
            job = hiring.employ(number, 1, _leads_as(unit), unit.key, hiring.since(number, "head.since", 14, unit.key))
            yield Employee(number, hiring.code(number), hiring.name(number, unit.key), (job,))


def _leads_as(unit: Organisation) -> str:
    if unit.school:
        return "paivakodinjohtaja" if unit.school.high == 0 else "rehtori"
    return "sivistysjohtaja" if unit.key.endswith("-sivistys") else "paallikko"


def _others(hiring: Hiring, count: int, second: int, by_workplace: bool) -> Iterator[Employee]:
    """Yield ``count`` people; the first ``second`` of them have another workplace, or an earlier contract before the
    summer."""
    weighted = Weighted.of([(unit.key, unit.weight) for unit in hiring.consortium.staffed if unit.weight])
    siblings: dict[str, list[str]] = {}
    for unit in hiring.consortium.staffed:
        siblings.setdefault(unit.entity, []).append(unit.key)
    for n in range(count):
        number = OTHERS + n
        unit = hiring.consortium[hiring.chance.weigh("employee.unit", number, weighted)]
        if n >= second:
            jobs: tuple[Employment, ...] = (_job(hiring, number, unit),)
        elif by_workplace:
            jobs = (_two_places(hiring, number, unit, siblings[unit.entity]),)
        else:
            jobs = _after_the_summer(hiring, number, unit)
        yield Employee(number, hiring.code(number), hiring.name(number, unit.key), jobs)


def _job(hiring: Hiring, number: int, unit: Organisation) -> Employment:
    occupation, days = hiring.occupation(number, unit), hiring.days
    if occupation == "harjoittelija":
        return hiring.employ(number, 1, occupation, unit.key, days.month_start, days.autumn_end, kind="harjoittelija")
    if hiring.chance.below("employee.fixed-term", number, 10) < 3:
        return hiring.employ(number, 1, occupation, unit.key, days.school_start, days.school_end)
    return hiring.employ(number, 1, occupation, unit.key, hiring.since(number, "employee.since", 20, unit.key))


def _two_places(hiring: Hiring, number: int, unit: Organisation, siblings: list[str]) -> Employment:
    other = hiring.chance.pick("employee.other", number, [key for key in siblings if key != unit.key])
    since = hiring.since(number, "employee.since", 20, unit.key)
    return hiring.employ(number, 1, hiring.occupation(number, unit), ((unit.key, 70), (other, 30)), since)


def _after_the_summer(hiring: Hiring, number: int, unit: Organisation) -> tuple[Employment, Employment]:
    """Two contracts with the gap of a summer; what was taught in the merged school goes on in the one that continues
    it."""
    occupation, days = hiring.occupation(number, unit), hiring.days
    before = MERGED if unit.key == MERGED_INTO else unit.key
    spring = days.august(0).replace(month=5, day=31)
    earlier = hiring.employ(
        number, 1, occupation, before, max(days.august(1), unit.start), spring, manager=hiring.head(unit.key)
    )
    return earlier, hiring.employ(number, 2, occupation, unit.key, days.school_start, days.school_end)
