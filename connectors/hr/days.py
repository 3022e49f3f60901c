"""Days of a row, in the form that the settings say, or as they are usually written."""

from __future__ import annotations

from connectors.problem import Problem
from connectors.tables.day_forms import day

ISO = "yyyy-mm-dd"
USUAL = ("d.m.yyyy", ISO)


def in_iso(text: str, form: str | None) -> str | None:
    """Return a day as ``yyyy-mm-dd``; None where it is none. That one is read whatever ``form`` is: no other looks like
    it, and a spreadsheet's days come so."""
    found = next((told for one in ((form, ISO) if form else USUAL) if (told := day(text, one)) is not None), None)
    return found.isoformat() if found is not None else None


def no_day(form: str, file: str, line: int, column: str) -> Problem:
    """Return the problem of a field that holds no day of that form."""
    return Problem(
        "The field holds no day of the form %(form)s.",
        "Correct it in the sending system, or day_form in the settings.",
        file,
        line,
        column,
        {"form": form},
    )
