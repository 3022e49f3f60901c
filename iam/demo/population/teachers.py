"""Who teaches in which school today, as far as the classes need them; filled while the staff pass by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from iam.demo.organisations import Consortium
from iam.demo.population.cases import ALL_THREE, GUARDIAN_TEACHERS, RENAMED
from iam.demo.population.employee import TEACHERS, Employee
from iam.demo.population.named import AINO
from iam.demo.population.names import Name

WORTH_KEEPING = 60
"""Teachers remembered per school; enough for every class, and little for the large profile."""
_KEPT = {AINO, ALL_THREE, *range(GUARDIAN_TEACHERS, GUARDIAN_TEACHERS + 5), *range(RENAMED, RENAMED + 5)}


@dataclass(frozen=True, slots=True)
class Teacher:
    """A teacher with the schools where the first employment is worked."""

    number: int
    name: Name
    schools: tuple[str, ...]
    start: date
    end: date | None
    former_family_name: str | None = None


@dataclass
class Teachers:
    """The teachers by school, and those of the special cases by employee number."""

    consortium: Consortium
    by_number: dict[int, Teacher] = field(default_factory=dict)
    by_school: dict[str, list[Teacher]] = field(default_factory=dict)
    cards: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Learner number and grade of those who also study, by employee number."""
    _turns: Counter[str] = field(default_factory=Counter)

    def see(self, employee: Employee) -> None:
        """Remember an employee who teaches in a school of the bundle today, substitutes left out."""
        today = self.consortium.days.today
        for job in employee.employments:
            if job.occupation.code in TEACHERS and job.kind != "sijainen" and job.covers(today):
                self._remember(
                    employee, tuple(key for key, _ in job.workplaces if self.consortium[key].school), job.start, job.end
                )
                return

    def _remember(self, employee: Employee, schools: tuple[str, ...], start: date, end: date | None) -> None:
        if not schools:
            return
        teacher = Teacher(employee.number, employee.name, schools, start, end, employee.former_family_name)
        if employee.number in _KEPT:
            self.by_number[employee.number] = teacher
            self.by_school.setdefault(schools[0], []).insert(0, teacher)
        elif len(self.by_school.setdefault(schools[0], [])) < WORTH_KEEPING:
            self.by_school[schools[0]].append(teacher)

    def for_class(self, school: str, title: str) -> Teacher | None:
        """Return the teacher of a new class: Aino has 3A of Koivurinne, others take turns, special cases first; None
        without any."""
        known = self.by_school.get(school)
        if not known:
            return None
        if (school, title) == ("KOIVU", "3A"):
            return self.by_number[AINO]
        self._turns[school] += 1
        return known[(self._turns[school] - 1) % len(known)]
