"""Making employees: names, codes, managers and the usual terms of an employment."""

from __future__ import annotations

from datetime import date

from iam.demo.chance import Chance, Weighted
from iam.demo.codes import IdentityCodes, birthday
from iam.demo.days import Days
from iam.demo.organisations import Consortium, Organisation
from iam.demo.population.employee import OCCUPATIONS, Absence, Employment, Workplaces
from iam.demo.population.names import Name, full_name

RESERVED_CODES = ("140381-902E", "140381Y902E", "301175-9153", "090275-9115", "090275Y9115")
"""Codes that are given by hand: the two of the worked example, and codes that differ only in the separator."""
NAMED_HEADS = {"perusopetus": 1000, "KOIVU": 1002, "OPISTO": 1009, "hva-opiskeluhuolto": 1250}
HEADS_FROM = 1100
COST_CENTRES = {"KOIVU": 3100, "RANTA": 3200, "OPISTO": 3300}
WITHOUT_MANAGER = 1002
"""The one deliberate hole in the chain of managers."""

_SCHOOL_WORK = Weighted.of(
    (
        ("luokanopettaja", 9),
        ("aineenopettaja", 6),
        ("erityisopettaja", 2),
        ("tuntiopettaja", 1),
        ("koulunkaynninohjaaja", 5),
        ("koulusihteeri", 1),
        ("kiinteistonhoitaja", 1),
    )
)
_LATER_SCHOOL_WORK = Weighted.of(
    (
        ("aineenopettaja", 12),
        ("erityisopettaja", 2),
        ("tuntiopettaja", 2),
        ("koulunkaynninohjaaja", 2),
        ("koulusihteeri", 1),
    )
)
_DAY_CARE_WORK = Weighted.of((("varhaiskasvatuksenopettaja", 4), ("lastenhoitaja", 6)))
_EMPLOYMENT_WORK = Weighted.of((("tyollisyysasiantuntija", 5), ("hallintosihteeri", 1)))
_LOCAL_EMPLOYMENT_WORK = Weighted.of((("tyollisyysohjaaja", 3), ("hallintosihteeri", 1)))
_TECHNICAL_WORK = Weighted.of((("insinoori", 2), ("kiinteistonhoitaja", 5), ("suunnittelija", 1)))
_IT_WORK = Weighted.of((("jarjestelmaasiantuntija", 5), ("suunnittelija", 2)))
_OFFICE_WORK = Weighted.of((("hallintosihteeri", 4), ("suunnittelija", 3), ("harjoittelija", 1)))


class Hiring:
    """What every employee of one demonstration is made with."""

    def __init__(self, chance: Chance, consortium: Consortium, days: Days) -> None:
        self.chance, self.consortium, self.days = chance, consortium, days
        self._codes = IdentityCodes(chance, RESERVED_CODES)

    def name(self, number: int, unit: str) -> Name:
        """Return the name of the employee ``number``; the language follows the unit for most."""
        language = self.consortium[unit].language
        roll = self.chance.below("employee.language", number, 20)
        spoken = language if language == "fi" or roll < 14 else "fi"
        return full_name(self.chance, "employee", number, "sv" if language == "fi" and roll == 0 else spoken)

    def code(self, number: int, born_with: int | None = None) -> str:
        """Return a fresh test identity code for the employee ``number``, born on the same day as ``born_with``; ask
        once."""
        return self._codes.take(number, birthday(self.chance, number if born_with is None else born_with))

    def since(self, number: int, stream: str, years: int, unit: str) -> date:
        """Return the 1 August, one to ``years`` school years ago, on which a grown-up ``number`` began in a unit that
        was there."""
        began = self.days.august(1 + self.chance.below(stream, number, years))
        grown = date(birthday(self.chance, number).year + 22, 8, 1)
        return max(self.consortium[unit].start, min(max(began, grown), self.days.school_start))

    def head(self, unit: str) -> int:
        """Return the employee number of the head of a unit, the same in every profile."""
        return NAMED_HEADS.get(unit, HEADS_FROM + self.consortium[unit].order)

    def manager(self, number: int, unit: str) -> int | None:
        """Return the employee number of the manager of ``number`` in ``unit``; None at the top of an employer, and for
        the hole."""
        if number == WITHOUT_MANAGER:
            return None
        head = self.head(unit)
        if head != number:
            return head
        above = self._above(self.consortium[unit])
        return None if above is None else self.head(above)

    def _above(self, unit: Organisation) -> str | None:
        if unit.parent is not None and unit.parent != unit.entity:
            return unit.parent
        first = next(one.key for one in self.consortium.staffed if one.entity == unit.entity)
        return None if first == unit.key else first

    def occupation(self, number: int, unit: Organisation) -> str:
        """Return an occupation code that belongs to the unit."""
        return self.chance.weigh("employee.occupation", number, _work(unit))

    def employ(
        self,
        number: int,
        serial: int,
        occupation: str,
        workplaces: str | Workplaces,
        start: date,
        end: date | None = None,
        *,
        kind: str | None = None,
        manager: int | None = None,
        updated: date | None = None,
        substitute_for: int | None = None,
        absence: Absence | None = None,
    ) -> Employment:
        """Return an employment; the first workplace is the unit that pays.

        Without ``kind`` it is permanent or fixed-term by its end; ``updated`` is otherwise the first day of this month.
        """
        places = ((workplaces, 100),) if isinstance(workplaces, str) else workplaces
        unit = places[0][0]
        return Employment(
            f"P{number}-{serial}",
            kind or ("maaraaikainen" if end else "vakinainen"),
            OCCUPATIONS[occupation],
            unit,
            COST_CENTRES.get(unit, 4000 + 10 * self.consortium[unit].order),
            places,
            manager or self.manager(number, unit),
            start,
            end,
            updated or self.days.month_start,
            substitute_for,
            absence,
        )


def _work(unit: Organisation) -> Weighted:
    if unit.school:
        return _DAY_CARE_WORK if unit.school.high == 0 else _LATER_SCHOOL_WORK if unit.school.low > 6 else _SCHOOL_WORK
    if unit.kind == "employment-area":
        return _EMPLOYMENT_WORK
    if unit.key.endswith("-tyollisyys"):
        return _LOCAL_EMPLOYMENT_WORK
    return {"mansikkala-tekninen": _TECHNICAL_WORK}.get(
        unit.key, _IT_WORK if unit.entity == "kuntatieto" else _OFFICE_WORK
    )
