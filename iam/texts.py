"""Sentences, numbers of things, days and moments in Finnish, Swedish and English; no web framework needed.

English sentences are the message ids. Translations are read from ``locale/<language>/LC_MESSAGES/avain.po`` when a
language is first used and are kept for the life of the process; there is no compiled catalog and no build step. A
message without a translation is shown in English rather than left out. ``locale/update.sh`` collects new messages from
code and templates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from connectors.problem import Problem, filled
from iam.clock import FOREVER, LONG_AGO

LANGUAGES: Final = ("fi", "sv", "en")
"""The languages pages and messages exist in, the default first."""

LANGUAGE_NAMES: Final = {"fi": "Suomi", "sv": "Svenska", "en": "English"}
"""Each language's own name for itself, as the language choice shows it."""

DEFAULT_ZONE: Final = ZoneInfo("Europe/Helsinki")
"""The zone whose days people mean when they say a date."""

_SOURCE_LANGUAGE: Final = "en"
_LOCALE_FOLDER: Final = Path(__file__).parent / "locale"
_SHORTEST_TIME: Final = timedelta(microseconds=1)


def N_(message: str) -> str:  # noqa: N802 - the marker gettext tools look for
    """Mark ``message`` for translation where it is defined, to be translated where it is shown; return it unchanged."""
    return message


@dataclass(frozen=True, slots=True)
class Texts:
    """What one reader is shown: their ``language`` and the ``zone`` their days are counted in.

    Raises ``ValueError`` for a language that is not in ``LANGUAGES``.
    """

    language: str
    zone: tzinfo = DEFAULT_ZONE

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise ValueError(f"no texts in language {self.language!r}; there are {', '.join(LANGUAGES)}")

    def gettext(self, message: str) -> str:
        """``message`` in this language, its ``%(name)s`` places left for the caller to fill."""
        return _translations(self.language).get(message, (message,))[0]

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """The form that suits ``number``, places unfilled: each language has one form for 1 and one for the rest."""
        forms = _translations(self.language).get(singular, ())
        if len(forms) == 2:
            return forms[0] if number == 1 else forms[1]
        return self.gettext(singular if number == 1 else plural)

    def day(self, end: datetime | None) -> str:
        """The last valid day before a half-open ``end``: 00:00 of 1 June is "31.5.2027"; ``None`` and an end that is
        not known are an empty text.

        Raises ``ValueError`` for a time without a zone.
        """
        return self.first_day(end - _SHORTEST_TIME) if end and end.year < FOREVER.year else ""

    def first_day(self, start: datetime | None) -> str:
        """The day on which ``start`` falls, as "1.8.2026"; ``None`` and a start that is not known are an empty text.

        Raises ``ValueError`` for a time without a zone.
        """
        if start is None or start.year <= LONG_AGO.year:
            return ""
        local = self._local(start)
        return f"{local.day}.{local.month}.{local.year}"

    def moment(self, at: datetime | None) -> str:
        """Day and time to the minute, as "15.9.2026 klo 8.00"; ``None`` is an empty text.

        Raises ``ValueError`` for a time without a zone.
        """
        if at is None:
            return ""
        local = self._local(at)
        clock = f"{local.hour}.{local.minute:02}"
        return self.gettext("%(day)s at %(time)s") % {"day": self.first_day(at), "time": clock}

    def decimal(self, value: float, places: int) -> str:
        """``value`` with so many decimals: 0.4 is "0,4" in Finnish and Swedish."""
        text = f"{value:.{places}f}"
        return text if self.language == _SOURCE_LANGUAGE else text.replace(".", ",")

    def sentence(self, problem: Problem) -> str:
        """One line on ``problem``: where it is, what is wrong and what to do about it."""
        place, text = self._place(problem), self.said(problem)
        return f"{place}: {text}" if place else text

    def said(self, problem: Problem) -> str:
        """What is wrong and what to do about it, for where its place is seen."""
        return " ".join(self.filled(one, problem.params) for one in (problem.message, problem.remedy) if one)

    def filled(self, message: str, params: Mapping[str, object]) -> str:
        """``message`` in this language with its places filled, each thing called as in this language."""
        return filled(self.gettext(message), params, self.language)

    def _place(self, problem: Problem) -> str:
        line = self.gettext("line %(line)s") % {"line": problem.line} if problem.line is not None else None
        column = self.gettext("field %(field)s") % {"field": problem.field} if problem.field else None
        return ", ".join(part for part in (problem.file, line, column) if part)

    def _local(self, at: datetime) -> datetime:
        if at.tzinfo is None:
            raise ValueError("a time without a zone has no day")
        return at.astimezone(self.zone)


def in_language(names: Mapping[str, Any], language: str, otherwise: str = "") -> str:
    """Return a name out of names by language: in ``language``, else in Finnish, else in any there is, else
    ``otherwise``."""
    found: str = names.get(language) or names.get("fi") or next(iter(names.values()), None) or otherwise
    return found


Wording = str | Mapping[str, Any]
"""A text as it was decided, or the same by language."""


def worded(said: Wording | None, language: str) -> str:
    """Return a wording in ``language``: a single text is the same in each; empty where there is none."""
    return in_language(said, language) if isinstance(said, Mapping) else str(said or "")


@lru_cache(maxsize=len(LANGUAGES))
def _translations(language: str) -> dict[str, tuple[str, ...]]:
    if language == _SOURCE_LANGUAGE:
        return {}
    with (_LOCALE_FOLDER / language / "LC_MESSAGES" / "avain.po").open("rb") as file:
        return _complete_messages(read_po(file, locale=language))


def _complete_messages(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    messages: dict[str, tuple[str, ...]] = {}
    for message in catalog:
        key = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        # A fuzzy entry is a guess by the update tool: it waits for a translator and is not shown.
        if key and not message.fuzzy and forms and all(forms):
            messages[key] = forms
    return messages
