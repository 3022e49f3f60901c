"""Generates a demonstration: feed files and the consortium they belong to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from iam.demo.chance import Chance
from iam.demo.days import Days
from iam.demo.feeds import consortium_file, hr, oneroster
from iam.demo.feeds.ldif import Directory
from iam.demo.organisations import consortium
from iam.demo.population.families import Families
from iam.demo.population.hiring import Hiring
from iam.demo.population.staff import staff
from iam.demo.population.teachers import Teachers
from iam.demo.profiles import PROFILES

SEED = "open-cities-demo-1"
TODAY = date(2026, 9, 15)
"""Five weeks into a school year; the day of the worked example."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written: counts of the files' content."""

    profile: str
    seed: str
    today: str
    organisations: int
    schools: int
    employees: int
    employments: int
    affiliations: int
    county_workers: int
    pupils: int
    guardian_links: int
    users: int
    directory_people: int

    def as_dict(self) -> dict[str, str | int]:
        """Return the summary as JSON carries it."""
        return asdict(self)


def generate(
    profile: str, out: Path, seed: str = SEED, today: date = TODAY, advance: Callable[[int, int], None] | None = None
) -> Summary:
    """Write ``hr.csv``, ``oneroster/``, ``directory.ldif`` and ``consortium.yaml`` into ``out``, made when missing.

    The same arguments give the same bytes. ``advance`` is told how many employees of how many are written. Raises
    ``KeyError`` for an unknown profile and ``OSError`` where ``out`` cannot be written.
    """
    sizes, chance, days = PROFILES[profile], Chance(seed), Days(today)
    world = consortium(sizes, chance, days)
    teachers, directory = Teachers(world), Directory(world, chance, sizes.directory_people)
    out.mkdir(parents=True, exist_ok=True)
    total = sizes.employees + sizes.county_workers
    employees = employments = affiliations = 0
    for employee in hr.write(out / "hr.csv", staff(Hiring(chance, world, days), sizes)):
        teachers.see(employee)
        directory.see(employee)
        employees, employments = employees + 1, employments + len(employee.employments)
        affiliations += employee.workplaces
        if advance and (employees % 500 == 0 or employees == total):
            advance(employees, total)
    bundle = oneroster.gather(Families(chance, world, sizes, days), teachers)
    bundle.write(out / "oneroster")
    consortium_file.write(out / "consortium.yaml", world)
    return Summary(
        profile,
        seed,
        today.isoformat(),
        len(world.organisations),
        sum(one.school is not None for one in world.organisations),
        employees,
        employments,
        affiliations,
        sizes.county_workers,
        10 * sizes.family_rounds + sizes.adults,
        bundle.guardian_links,
        len(bundle.rows["users"]),
        directory.write(out / "directory.ldif"),
    )
