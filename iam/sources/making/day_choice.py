"""How the days of a source are written, where what stands in its columns could be read in more than one way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connectors.contract import ReadsDays
from connectors.tables import day_forms
from iam.sources.reading.days import day

_ZONE = "Europe/Helsinki"


def is_usual(text: str) -> bool:
    """Whether a text is a day, or none, without anybody saying how it is written."""
    try:
        return not text.strip() or bool(day(text.strip(), _ZONE))
    except ValueError:
        return False


def is_day(text: str, form: str) -> bool:
    """Whether a text is a day, or none, in a form, or without one."""
    if not form:
        return is_usual(text)
    told = (day_forms.day(text, one) for one in (form, "yyyy-mm-dd"))
    return not text.strip() or any(one is not None for one in told)


def setting(connector: object) -> str:
    """Return the setting of a connector that says how days are written; empty where it has none."""
    return connector.days_setting if isinstance(connector, ReadsDays) else ""


def forms(texts: Iterable[str]) -> Sequence[str]:
    """Return how the days of columns may be written that nobody would understand as they are; nothing where everybody
    does, or nobody could."""
    strange = [text for text in texts if not is_usual(text)]
    return day_forms.fitting(strange)


def example(texts: Iterable[str], form: str) -> tuple[str, str]:
    """Return the first text that could be two days, and the day that it is in a form, as it is usually written."""
    strange = [text for text in texts if not is_usual(text)]
    ways = forms(strange)
    told = next((one for one in strange if len({day_forms.day(one, way) for way in ways}) > 1), strange[0])
    found = day_forms.day(told, form)
    return told, f"{found.day}.{found.month}.{found.year}" if found is not None else ""
