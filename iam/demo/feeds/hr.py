"""Writes ``hr.csv``: one row per employment relationship, as a municipal payroll hands it over."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from iam.demo.days import finnish
from iam.demo.population.employee import Employee, Employment


class PayrollRow(NamedTuple):
    """One employment as the payroll writes it; the fields are called as its columns are."""

    henkilonumero: int
    hetu: str
    etunimet: str
    kutsumanimi: str
    sukunimi: str
    palvelussuhdenumero: str
    palvelussuhteen_laji: str
    sijaistettava: int | str
    tehtavanimike_koodi: str
    nimike: str
    toimiala: str
    yksikko_koodi: str
    kustannuspaikka: int
    toimipisteet: str
    esihenkilo_henkilonumero: int | str
    alkamispvm: str
    paattymispvm: str
    keskeytys_alku: str
    keskeytys_loppu: str
    keskeytys_syy: str
    sopimusala: str
    viikkotunnit: int
    tyopuhelin: str
    paivitetty: str


HEADER = PayrollRow._fields


def write(path: Path, staff: Iterable[Employee]) -> Iterator[Employee]:
    """Write the file while passing every employee on; UTF-8, ``;``, lines end in a line feed."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(HEADER)
        for employee in staff:
            writer.writerows(row(employee, employment) for employment in employee.employments)
            yield employee


def row(employee: Employee, job: Employment) -> PayrollRow:
    """Return one employment as a row of the file."""
    leave, name = job.absence, employee.name
    return PayrollRow(
        employee.number,
        employee.code,
        name.given,
        name.call,
        name.family,
        job.number,
        job.kind,
        job.substitute_for or "",
        job.occupation.code,
        job.occupation.title,
        job.occupation.sector,
        job.unit,
        job.cost_centre,
        "|".join(f"{key}:{share}" for key, share in job.workplaces),
        job.manager or "",
        finnish(job.start),
        finnish(job.end),
        *((finnish(leave.start), finnish(leave.end), leave.reason) if leave else ("", "", "")),
        job.occupation.agreement,
        job.occupation.hours,
        _phone(employee.number),
        finnish(job.updated),
    )


def _phone(number: int) -> str:
    """Return a work phone that cannot be called, for every seventh employee of those without a name in the table."""
    return f"+358 00 {number:07d}" if number > 1100 and number % 7 == 0 else ""
