"""The consortium of one profile: organisations with codes and dates, their relations, and who employs where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from iam.demo.catalogue import (
    CLOSING,
    ENTITIES,
    MERGED,
    MERGED_INTO,
    MORE_MUNICIPALITIES,
    ROOT,
    SCHOOLS,
    SMALL_SCHOOLS,
    SMALL_UNITS,
    SWEDISH,
    UNITS,
    Names,
    SchoolRow,
    UnitRow,
)
from iam.demo.chance import Chance
from iam.demo.codes import ORGANISATION_NODE, business_ids, test_oid
from iam.demo.days import Days
from iam.demo.profiles import Profile

FOUNDED = {"marjala-hva": date(2023, 1, 1), "hva-opiskeluhuolto": date(2023, 1, 1), "tyollisyysalue": date(2025, 1, 1)}
LONG_SINCE = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class School:
    """What only a school has: its codes, grades from ``low`` to ``high`` (0 = pre-primary, 10-12 = after basic
    education)."""

    oph_oid: str
    code: str
    low: int
    high: int
    parallel: int


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation. ``entity`` is the key of its legal entity, ``order`` its stable place in the catalogue of all
    profiles."""

    key: str
    kind: str
    names: Names
    parent: str | None
    entity: str
    order: int
    weight: int = 0
    business_id: str | None = None
    school: School | None = None
    language: str = "fi"
    start: date = LONG_SINCE
    end: date | None = None


@dataclass(frozen=True)
class Consortium:
    """All organisations of a profile, parents before children."""

    organisations: tuple[Organisation, ...]
    days: Days

    def __getitem__(self, key: str) -> Organisation:
        return self._by_key[key]

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    @cached_property
    def _by_key(self) -> dict[str, Organisation]:
        return {organisation.key: organisation for organisation in self.organisations}

    @cached_property
    def schools(self) -> tuple[Organisation, ...]:
        """The schools and day-care units that are open today."""
        return tuple(unit for unit in self.staffed if unit.school)

    @cached_property
    def staffed(self) -> tuple[Organisation, ...]:
        """The units that have staff of their own today: neither legal entities nor closed."""
        today = self.days.today
        return tuple(
            unit for unit in self.organisations if unit.key != unit.entity and (unit.end is None or unit.end >= today)
        )

    @cached_property
    def municipalities(self) -> tuple[Organisation, ...]:
        """The municipalities, the host first."""
        return tuple(organisation for organisation in self.organisations if organisation.kind == "municipality")

    def relations(self) -> list[tuple[str, str, str, date]]:
        """Return ``(organisation, kind, other, from)``: the area covers, the owners own, a merged school is
        continued."""
        towns = [town.key for town in self.municipalities]
        covers = [("tyollisyysalue", "covers", town, FOUNDED["tyollisyysalue"]) for town in towns]
        owns = [(town, "owns", "kuntatieto", LONG_SINCE) for town in towns]
        return [*covers, *owns, (MERGED_INTO, "continues", MERGED, self.days.school_start)]


def consortium(profile: Profile, chance: Chance, days: Days) -> Consortium:
    """Build the consortium of a profile; an organisation that two profiles share is the same in both."""
    found = {ROOT: Organisation(ROOT, "consortium", _ROOT_NAMES, None, ROOT, 0)}
    found |= {entity.key: entity for entity in _entities(profile)}
    for order, row in enumerate(_unit_rows(profile), start=20):
        found[row.key] = _unit(row, order, found[row.parent])
    for place, school in enumerate(_school_rows(profile)):
        found[school.key] = _school(school, place, found[school.parent], chance, days)
    wanted = {*SMALL_UNITS, *SMALL_SCHOOLS}
    kept = (one for one in found.values() if not profile.small or one.key == one.entity or one.key in wanted)
    return Consortium(tuple(kept), days)


_ROOT_NAMES = ("Marjalan kuntien yhteisö", "Marjala kommuners gemenskap", "Marjala Consortium")
_EDUCATION = ("Sivistyspalvelut", "Bildningstjänster", "Education services")


def _entities(profile: Profile) -> list[Organisation]:
    rows = [*ENTITIES, *((key, "municipality", names, "fi") for key, names in MORE_MUNICIPALITIES if profile.large)]
    return [
        Organisation(key, kind, names, ROOT, key, order, 0, number, None, language, FOUNDED.get(key, LONG_SINCE))
        for order, ((key, kind, names, language), number) in enumerate(
            zip(rows, business_ids(len(rows)), strict=True), start=1
        )
    ]


def _unit_rows(profile: Profile) -> list[UnitRow]:
    more = [UnitRow(f"{key}-sivistys", "unit", key, _EDUCATION, 6) for key, _ in MORE_MUNICIPALITIES if profile.large]
    return [*UNITS, *more]


def _unit(row: UnitRow, order: int, parent: Organisation) -> Organisation:
    return Organisation(
        row.key,
        row.kind,
        row.names,
        row.parent,
        row.parent,
        order,
        row.weight,
        language=parent.language,
        start=FOUNDED.get(row.key, LONG_SINCE),
    )


def _school_rows(profile: Profile) -> list[SchoolRow]:
    more = [
        SchoolRow(
            f"{key.upper()}-{n}",
            "school",
            f"{key}-sivistys",
            (f"{fi}, koulu {n}", f"{sv}, skola {n}", f"{en} School {n}"),
            (0, 9) if n < 3 else (1, 6),
            2,
        )
        for key, (fi, sv, en) in MORE_MUNICIPALITIES
        for n in range(1, 9)
        if profile.large
    ]
    return [*SCHOOLS, *more]


def _school(row: SchoolRow, place: int, parent: Organisation, chance: Chance, days: Days) -> Organisation:
    low, high = row.grades
    return Organisation(
        row.key,
        row.kind,
        row.names,
        parent.key,
        parent.entity,
        order=50 + place,
        weight=row.parallel * (high - low + 1) * 2,
        school=School(test_oid(chance, ORGANISATION_NODE, place), f"{99_001 + place}", low, high, row.parallel),
        language="sv" if row.key in SWEDISH else parent.language,
        start=LONG_SINCE,
        end={MERGED: days.school_start - timedelta(days=1), CLOSING: days.school_end}.get(row.key),
    )
