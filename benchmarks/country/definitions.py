"""Definitions that change: a narrow rule tried before it is published, an agreement's term, one clause of it."""

from __future__ import annotations

from typing import Any

from benchmarks.country import declared, seed
from benchmarks.country.case import Case, Found
from benchmarks.country.made import FIRST, Country
from benchmarks.country.town import name
from iam.access.commands import publish
from iam.apply.run import run_apply


def preview(country: Country) -> list[Found]:
    """What a rule of one occupation in one town would give."""
    pattern = declared.pattern("rehtori", "tyo:koulusihteeri", name(1))
    with country.sessions() as session:
        with country.meter.measure() as measure:
            shown = publish.preview(session, pattern, name(1))
        session.rollback()
    return [Found("preview of a narrow rule", "0.5 + 2 s", measure, f"{len(shown.effects.rows)} rights would be moved")]


def wide(country: Country) -> list[Found]:
    """What one occupation would get everywhere by another role."""
    pattern = declared.pattern("luokanopettaja", "tyo:koulusihteeri")
    with country.sessions() as session:
        with country.meter.measure() as measure:
            shown = publish.preview(session, pattern, declared.ROOT)
        session.rollback()
    told = f"{len(shown.effects.rows)} rights would be moved"
    return [Found("effects of a rule over everybody", "20 s", measure, told)]


def term(country: Country) -> list[Found]:
    """The agreement ends a year earlier."""
    return [
        _applied(country, "an agreement's term changed", "0 derived", declared.agreement(FIRST, last_day="2029-12-31"))
    ]


def clause(country: Country) -> list[Found]:
    """What the agreement's clause allows is more."""
    more = declared.agreement(FIRST, operations=("tiedot:read", "tiedot:write"))
    return [_applied(country, "one clause of an agreement changed", "only whom it can touch", more)]


CASES = (
    Case("preview", preview),
    Case("wide-rule", wide),
    Case("term", term),
    Case("clause", clause),
)


def _applied(country: Country, work: str, asked: str, agreement: Any) -> Found:
    """Apply a declaration as an administrator does; nothing is kept."""
    path = declared.write(country.feeds / "agreement.yaml", {"agreements": [agreement]})
    starter, _ = seed.operators(country.sessions)
    with country.sessions() as session:
        with country.meter.measure() as measure:
            report = run_apply(session, [path], {}, starter, country.vault)
        session.rollback()
    if report.problems:
        raise SystemExit("\n".join(map(str, report.problems)))
    held = report.held
    told = f"held: {held.gained} would gain, {held.lost} would lose" if held is not None else str(report.applied)
    return Found(work, asked, measure, told)
