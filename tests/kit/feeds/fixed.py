"""Files of fixed width of the tests' own, laid out as old payroll systems do it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from typing import Any

from tests.kit.feeds.csv_inputs import FIXTURES

LENGTHS = {
    "henkilonumero": 8,
    "palvelussuhdenumero": 10,
    "hetu": 11,
    "sukunimi": 20,
    "kutsumanimi": 15,
    "etunimet": 30,
    "palvelussuhteen_laji": 16,
    "yksikko_koodi": 10,
    "toimipisteet": 20,
    "nimike": 30,
    "alkamispvm": 8,
    "paattymispvm": 8,
    "viikkotunnit": 4,
    "tyopuhelin": 15,
}
"""Our columns in the order of a line, each with its signs."""

_DAY = {"day": "yyyymmdd", "blank": ["99999999"]}
_MORE: Mapping[str, Mapping[str, Any]] = {"alkamispvm": _DAY, "paattymispvm": _DAY, "viikkotunnit": {"decimals": 2}}


def fields() -> list[dict[str, Any]]:
    """The fields of a line, as a source states them."""
    found, start = [], 1
    for name, length in LENGTHS.items():
        found.append({"name": name, "start": start, "length": length, **_MORE.get(name, {})})
        start += length
    return found


SETTINGS: dict[str, Any] = {"fixed_width": fields()}


def line(row: Mapping[str, str]) -> str:
    """A row of the HR file as a line: days without points, hours without a comma."""
    told = dict(row)
    for name in ("alkamispvm", "paattymispvm"):
        day = told.get(name, "").split(".")
        told[name] = f"{day[2]}{int(day[1]):02}{int(day[0]):02}" if len(day) == 3 else "00000000"
    told["viikkotunnit"] = f"{round(float(told['viikkotunnit']) * 100):04}" if told.get("viikkotunnit") else ""
    return "".join(told.get(name, "").ljust(length) for name, length in LENGTHS.items())


def text(rows: Iterable[Mapping[str, str]], end: str = "\n") -> str:
    """Rows as lines."""
    return "".join(line(row) + end for row in rows)


def good_rows() -> list[dict[str, str]]:
    """The rows of the good HR file."""
    with (FIXTURES / "good.csv").open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file, delimiter=";")]


def good(encoding: str = "iso-8859-1") -> bytes:
    """The good HR file, as an old system writes it."""
    return text(good_rows(), "\r\n").encode(encoding)
