"""Pupils, their families, and students who have come of age.

Families come in rounds of six with ten pupils and eighteen guardian links, so that a longer list only adds families at
its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from iam.demo.chance import Chance, Weighted
from iam.demo.codes import PERSON_NODE, Oids
from iam.demo.days import Days
from iam.demo.organisations import Consortium, Organisation, School
from iam.demo.population.cases import ALL_THREE, GUARDIAN_TEACHERS
from iam.demo.population.names import Name, family_name, full_name
from iam.demo.profiles import Profile

CHILDREN = (1, 2, 1, 3, 1, 2)
"""Children of the six families of a round; the last has one guardian, the others two."""
NAMED_FAMILY, TEACHERS_FAMILY, ALL_THREE_FAMILY, SINGLE = 1, 3, 4, 5
NAMED_PUPILS = {
    1: (Name("Onni Olavi", "Onni", "Oppilas"), "KOIVU", 3),
    2: (Name("Ilona", "Ilona", "Oppilas"), "RANTA", 7),
}
NAMED_GUARDIAN = Name("Helena Maria", "Helena", "Huoltaja")


@dataclass(frozen=True, slots=True)
class Guardian:
    """A guardian. ``role`` is OneRoster's: parent, or guardian for one whom a court appointed; ``ended`` is when
    custody ended."""

    sourced_id: str
    name: Name | None
    role: str = "parent"
    employee: int | None = None
    ended: date | None = None


@dataclass(frozen=True, slots=True)
class Pupil:
    """A pupil or student in one school; ``section`` is the letter of the class, ``employee`` set for one who is in the
    payroll."""

    sourced_id: str
    name: Name | None
    learner_number: str
    school: str
    grade: int
    section: str
    start: date
    end: date | None = None
    employee: int | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """Children and those who have, or had, custody of all of them."""

    pupils: tuple[Pupil, ...]
    guardians: tuple[Guardian, ...]


@dataclass(frozen=True)
class Families:
    """Makes the families and grown-up students of one profile."""

    chance: Chance
    consortium: Consortium
    profile: Profile
    days: Days

    def families(self) -> Iterator[Family]:
        """Yield every family, in the order of the first pupil."""
        first = 0
        for number in range(6 * self.profile.family_rounds):
            children = CHILDREN[number % 6]
            yield Family(tuple(self._pupil(number, first + n) for n in range(children)), self._guardians(number))
            first += children

    def adults(self) -> Iterator[Pupil]:
        """Yield students without guardians; the first works in a school, some study in two schools on two cards."""
        colleges = self._weighted([unit for unit in self.consortium.schools if unit.entity == "marjala-kky"])
        for n in range(self.profile.adults):
            school = self.chance.weigh("adult.school", n, colleges)
            high = self._school(school).high
            grade = min(high, 10 + self.chance.below("adult.grade", n, 3))
            student = Pupil(
                f"opiskelija-{n:05d}",
                full_name(self.chance, "adult", n, "fi"),
                self._learner_number(90_000_000 + n),
                school,
                grade,
                self._section(n, school, "adult"),
                self.days.august(grade - 10),
            )
            if n == 0:
                yield Pupil(
                    f"henkilo-{ALL_THREE}",
                    None,
                    student.learner_number,
                    "OPISTO",
                    10,
                    "A",
                    student.start,
                    employee=ALL_THREE,
                )
                continue
            yield student
            if n <= self.profile.identity_cases:
                yield Pupil(
                    f"{student.sourced_id}-2", student.name, student.learner_number, "LUKIO", 10, "A", student.start
                )

    def _learner_number(self, index: int) -> str:
        return self._oids.take(index)

    @cached_property
    def _oids(self) -> Oids:
        return Oids(self.chance, PERSON_NODE)

    def _school(self, key: str) -> School:
        school = self.consortium[key].school
        assert school is not None
        return school

    def _section(self, index: int, school: str, stream: str) -> str:
        return chr(ord("A") + self.chance.below(f"{stream}.section", index, self._school(school).parallel))

    @staticmethod
    def _weighted(schools: list[Organisation]) -> Weighted:
        return Weighted.of([(unit.key, unit.weight) for unit in schools])

    @cached_property
    def _towns(self) -> Weighted:
        towns: dict[str, int] = {}
        for unit in self.consortium.schools:
            if self.consortium[unit.entity].kind == "municipality":
                towns[unit.entity] = towns.get(unit.entity, 0) + unit.weight
        return Weighted.of(list(towns.items()))

    @cached_property
    def _choices(self) -> dict[tuple[str, int, str], Weighted | None]:
        return {}

    def _schools_for(self, town: str, grade: int, language: str) -> Weighted | None:
        """Return the schools a child may go to: of the town and language where there are any, of all for the oldest."""
        key = (town, grade, language)
        if key not in self._choices:
            fitting = [
                unit for unit in self.consortium.schools if unit.school and unit.school.low <= grade <= unit.school.high
            ]
            near = [unit for unit in fitting if unit.entity in (town, "lahdesaatio") or grade > 9]
            own = [unit for unit in near if (unit.language == "sv") == (language == "sv")] or near
            self._choices[key] = self._weighted(own) if own else None
        return self._choices[key]

    def _language(self, number: int) -> str:
        town = self.chance.weigh("family.town", number, self._towns)
        roll = self.chance.below("family.language", number, 20)
        return {"rantasaari": "sv" if roll < 11 else "fi", "jakalajarvi": "se" if roll < 9 else "fi"}.get(
            town, "sv" if roll < 1 else "fi"
        )

    def _pupil(self, number: int, index: int) -> Pupil:
        language = self._language(number)
        name = Name(
            *_split(
                full_name(self.chance, "pupil", index, language), family_name(self.chance, "family", number, language)
            )
        )
        school, grade = self._place(number, index, language)
        if index in NAMED_PUPILS:
            name, school, grade = NAMED_PUPILS[index]
        if number in self._teachers_families and index == self._first_child(number):
            school, grade = "KOIVU", 3
        start = self.days.august(min(grade - self._school(school).low, 8))
        moves = self._moves(index, start)
        return Pupil(
            f"oppilas-{index:05d}",
            name,
            self._learner_number(index),
            school,
            grade,
            self._section(index, school, "pupil"),
            *moves,
        )

    @staticmethod
    def _first_child(number: int) -> int:
        return 10 * (number // 6) + sum(CHILDREN[: number % 6])

    @cached_property
    def _teachers_families(self) -> dict[int, int]:
        return {TEACHERS_FAMILY + 6 * n: GUARDIAN_TEACHERS + n for n in range(self.profile.identity_cases)}

    def _place(self, number: int, index: int, language: str) -> tuple[str, int]:
        town = self.chance.weigh("family.town", number, self._towns)
        grade = self.chance.below("pupil.grade", index, 13)
        schools = self._schools_for(town, grade, language)
        while schools is None:
            grade = grade % 12 + 1
            schools = self._schools_for(town, grade, language)
        return self.chance.weigh("pupil.school", index, schools), grade

    def _moves(self, index: int, start: date) -> tuple[date, date | None]:
        """Return when a pupil comes and goes; some of them within fifteen days of today."""
        stride = 10 * self.profile.family_rounds // self.profile.moving
        if index % stride != stride - 2:
            return start, None
        day = max(self.days.ahead(self.chance.below("pupil.moves", index, 30) - 14), self.days.school_start)
        return (day, None) if (index // stride) % 2 else (start, day)

    def _guardians(self, number: int) -> tuple[Guardian, ...]:
        found = [self._guardian(number, n) for n in range(1 if number % 6 == SINGLE else 2)]
        if number == NAMED_FAMILY:
            found[0] = Guardian("huoltaja-00001-1", NAMED_GUARDIAN)
        employee = ALL_THREE if number == ALL_THREE_FAMILY else self._teachers_families.get(number)
        if employee:
            found[0] = Guardian(f"henkilo-{employee}", None, employee=employee)
        if number % 6 == SINGLE and number // 6 < self.profile.identity_cases:
            found.append(
                Guardian(f"huoltaja-{number:05d}-9", self._guardian(number, 9).name, ended=self.days.ahead(-12))
            )
        return tuple(found)

    def _guardian(self, number: int, n: int) -> Guardian:
        language, index = self._language(number), 10 * number + n
        name = full_name(self.chance, "guardian", index, language)
        if self.chance.below("guardian.same-name", index, 10) < 7:
            name = Name(*_split(name, family_name(self.chance, "family", number, language)))
        appointed = number % 60 == SINGLE
        return Guardian(f"huoltaja-{number:05d}-{n + 1}", name, "guardian" if appointed else "parent")


def _split(name: Name, family: str) -> tuple[str, str, str]:
    return name.given, name.call, family
