"""A town's feed: unchanged, 1 % changed, loaded for the first time; and a night of all towns."""

from __future__ import annotations

from benchmarks.country import declared, seed, town
from benchmarks.country.case import Case, Found
from benchmarks.country.made import Country
from benchmarks.meter import Measure
from iam.sources import runner
from iam.sources.report import Report

NIGHT = 10
"""So many towns are run for the night; the whole one is reckoned from them."""
_NEW = 311
"""The number of the first town that the benchmark itself adds."""


def unchanged(country: Country) -> list[Found]:
    """A town's file as it was."""
    _write(country, 1)
    return [Found("one town unchanged", "0.2 + 0.1 s", _run(country, 1, changed=False))]


def changed(country: Country) -> list[Found]:
    """One person in a hundred told otherwise, and one more."""
    return [Found("1 % of one town changed", "0.5 + 0.5 s", _run(country, _next(country, 1)))]


def first_load(country: Country) -> list[Found]:
    """A town that is new: shown and accepted."""
    number = _NEW + country.counted("first load", 0)
    seed.apply(country.sessions, country.vault, [declared.new_town(country.feeds, number)])
    _write(country, number)
    starter, accepter = seed.operators(country.sessions)
    key, found = town.source_of(number), []
    with country.meter.measure() as shown:
        _told(runner.run(country.sessions, country.vault, key, starter))
    found.append(Found("a town's first load: shown", "", shown))
    with country.meter.measure() as accepted:
        seed.good(runner.accept(country.sessions, country.vault, key, accepter))
    found.append(Found("a town's first load: accepted", "", accepted))
    return [*found, Found("a town's first load: both", "2 + 2 s", _sum(shown, accepted))]


def night(country: Country) -> list[Found]:
    """Several towns, 1 % changed each."""
    numbers = [2 + n for n in range(min(NIGHT, country.towns - 2))]
    for number in numbers:
        _next(country, number)
    whole = _sum(*(_run(country, number) for number in numbers))
    times = country.towns / len(numbers)
    reckoned = Measure(whole.wall * times, whole.own * times, whole.database * times)
    told = f"reckoned from {len(numbers)} towns"
    return [Found(f"a night: {country.towns} towns, 1 % changed", "320 s for 310", reckoned, told)]


CASES = (
    Case("unchanged", unchanged),
    Case("changed", changed),
    Case("first-load", first_load),
    Case("night", night),
)


def _next(country: Country, number: int) -> int:
    country.counted("edition", number)
    _write(country, number)
    return number


def _write(country: Country, number: int) -> None:
    town.write(declared.file_of(country.feeds, number), number, country.present("edition", number))


def _run(country: Country, number: int, *, changed: bool = True) -> Measure:
    starter, _ = seed.operators(country.sessions)
    with country.meter.measure() as measure:
        report = runner.run(country.sessions, country.vault, town.source_of(number), starter)
    seed.good(report)
    if bool(report.counts["changed"]) is not changed:
        raise SystemExit(f"{report.counts['changed']} rows of {town.source_of(number)} were changed")
    return measure


def _told(report: Report) -> None:
    print(f"    {report.state}: {report.phases} {report.counts}", flush=True)


def _sum(*measures: Measure) -> Measure:
    return Measure(
        sum(one.wall for one in measures), sum(one.own for one in measures), sum(one.database for one in measures)
    )
