"""What was measured, beside what is asked."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.country.case import Case, Found
from benchmarks.country.made import Country
from benchmarks.meter import Measure


def show(country: Country, found: Sequence[tuple[Case, list[Found]]]) -> None:
    """Print the table."""
    table = Table(title=f"A country of {country.towns} towns (CPU of application + database; PostgreSQL)")
    for heading in ("case", "work", "asked", "application + database", "wall", ""):
        table.add_column(heading, overflow="fold")
    for case, lines in found:
        for line in lines:
            cpu, wall = _words(line.measure) if line.measure is not None else ("", "")
            table.add_row(case.name, line.work, line.asked, cpu, wall, line.told)
    Console(width=150).print(table)


def _words(one: Measure) -> tuple[str, str]:
    if one.wall >= 0.5:
        return f"{one.own:.2f} + {one.database:.2f} s", f"{one.wall:.2f} s"
    return f"{one.own * 1000:.1f} + {one.database * 1000:.1f} ms", f"{one.wall * 1000:.1f} ms"
