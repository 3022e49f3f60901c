"""How much of everything each profile has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """Counts of one profile; people of the table to try are among them.

    ``employees`` leaves out the county's welfare workers. ``employments`` counts rows of the HR file without theirs, or
    is None where ``workplaces`` (rows × places of work, theirs included) is the aim instead. ``family_rounds`` is how
    many times ten pupils, in families of one to three children, come with eighteen guardian links; ``adults`` are
    students without guardians.
    """

    key: str
    employees: int
    county_workers: int
    employments: int | None = None
    workplaces: int | None = None
    concurrent: int = 3
    two_employers: int = 2
    roving: int = 2
    day_substitutes: int = 3
    long_absences: int = 1
    ended_yesterday: int = 1
    starting_tomorrow: int = 1
    retroactive_ends: int = 1
    identity_cases: int = 1
    family_rounds: int = 1
    adults: int = 1
    moving: int = 2
    directory_people: int = 2000

    @property
    def small(self) -> bool:
        """Whether only the organisations that the table of people needs are there."""
        return self.key == "small"

    @property
    def large(self) -> bool:
        """Whether the further municipalities are there."""
        return self.key == "large"


_WHOLE = {
    "concurrent": 60,
    "two_employers": 25,
    "roving": 30,
    "day_substitutes": 40,
    "long_absences": 8,
    "ended_yesterday": 12,
    "starting_tomorrow": 5,
    "retroactive_ends": 3,
    "identity_cases": 2,
}
PROFILES = {
    profile.key: profile
    for profile in (
        Profile("small", employees=38, county_workers=3, employments=43),
        Profile(
            "normal",
            employees=1200,
            county_workers=37,
            employments=1450,
            family_rounds=500,
            adults=1000,
            moving=40,
            **_WHOLE,
        ),
        Profile(
            "large",
            employees=100_000 - 37,
            county_workers=37,
            workplaces=150_000,
            family_rounds=10,
            adults=20,
            **_WHOLE,
        ),
    )
}
