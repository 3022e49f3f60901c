"""An employee as the payroll knows one: a person with one or more employment relationships."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from iam.demo.population.names import Name


@dataclass(frozen=True, slots=True)
class Occupation:
    """An occupation code with its Finnish title, sector, collective agreement and usual weekly hours."""

    code: str
    title: str
    sector: str
    agreement: str
    hours: int


OCCUPATIONS = {
    row[0]: Occupation(*row)
    for row in (
        ("luokanopettaja", "Luokanopettaja", "sivistys", "OVTES", 24),
        ("aineenopettaja", "Aineenopettaja", "sivistys", "OVTES", 21),
        ("erityisopettaja", "Erityisopettaja", "sivistys", "OVTES", 22),
        ("tuntiopettaja", "Tuntiopettaja", "sivistys", "OVTES", 6),
        ("rehtori", "Rehtori", "sivistys", "OVTES", 37),
        ("paivakodinjohtaja", "Päiväkodin johtaja", "sivistys", "OVTES", 38),
        ("varhaiskasvatuksenopettaja", "Varhaiskasvatuksen opettaja", "sivistys", "OVTES", 38),
        ("lastenhoitaja", "Varhaiskasvatuksen lastenhoitaja", "sivistys", "KVTES", 38),
        ("koulunkaynninohjaaja", "Koulunkäynninohjaaja", "sivistys", "KVTES", 36),
        ("koulusihteeri", "Koulusihteeri", "sivistys", "KVTES", 36),
        ("sivistysjohtaja", "Sivistysjohtaja", "sivistys", "KVTES", 37),
        ("paallikko", "Palvelupäällikkö", "hallinto", "KVTES", 37),
        ("hallintosihteeri", "Hallintosihteeri", "hallinto", "KVTES", 36),
        ("suunnittelija", "Suunnittelija", "hallinto", "KVTES", 36),
        ("insinoori", "Insinööri", "tekninen", "TS", 38),
        ("kiinteistonhoitaja", "Kiinteistönhoitaja", "tekninen", "TS", 38),
        ("tyollisyysasiantuntija", "Työllisyysasiantuntija", "työllisyys", "KVTES", 36),
        ("tyollisyysohjaaja", "Työllisyysohjaaja", "työllisyys", "KVTES", 36),
        ("psykologi", "Koulupsykologi", "opiskeluhuolto", "HYVTES", 38),
        ("kuraattori", "Koulukuraattori", "opiskeluhuolto", "HYVTES", 36),
        ("terveydenhoitaja", "Kouluterveydenhoitaja", "opiskeluhuolto", "SOTE-sopimus", 38),
        ("jarjestelmaasiantuntija", "Järjestelmäasiantuntija", "tietohallinto", "AVAINTES", 37),
        ("harjoittelija", "Harjoittelija", "hallinto", "KVTES", 36),
    )
}
TEACHERS = ("luokanopettaja", "tuntiopettaja", "aineenopettaja", "erityisopettaja")

Workplaces = tuple[tuple[str, int], ...]
"""Keys of units with the share of the work done there, in percent; the shares make 100."""


@dataclass(frozen=True, slots=True)
class Absence:
    """An absence; the reason is the payroll's word and says nothing of health."""

    start: date
    end: date
    reason: str


@dataclass(frozen=True, slots=True)
class Employment:
    """One employment relationship; ``end`` is the last day, ``substitute_for`` and ``manager`` are employee numbers."""

    number: str
    kind: str
    occupation: Occupation
    unit: str
    cost_centre: int
    workplaces: Workplaces
    manager: int | None
    start: date
    end: date | None
    updated: date
    substitute_for: int | None = None
    absence: Absence | None = None

    def covers(self, day: date) -> bool:
        """Tell whether the employment runs on ``day``."""
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class Employee:
    """A person in the payroll; ``code`` is a test identity code, or nothing for somebody who has none yet."""

    number: int
    code: str
    name: Name
    employments: tuple[Employment, ...]
    former_family_name: str | None = field(default=None)

    @property
    def workplaces(self) -> int:
        """How many affiliations this person has: places of work over all employments."""
        return sum(len(employment.workplaces) for employment in self.employments)
