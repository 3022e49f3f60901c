"""Reads the parts of a rule, and collects what is wrong with each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.problem import Problem


class Reader:
    """Collects problems while reading a pattern, each with its place."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, place: str, message: str, remedy: str, **params: object) -> None:
        """Note what is wrong at a place, and what to do."""
        self.problems.append(Problem(message, remedy, field=place, params=params))

    def mapping(self, value: Any, place: str) -> Mapping[str, Any]:
        """Return named settings; empty when there are none."""
        if isinstance(value, Mapping):
            return value
        self.wrong(place, "This must be a group of named settings.", "See the rule catalogue for its form.")
        return {}

    def texts(self, value: Any, place: str) -> tuple[str, ...]:
        """Return one text or several; empty when none is stated."""
        if value is None:
            return ()
        items = (value,) if isinstance(value, str) else value
        if isinstance(items, (list, tuple)) and items and all(_is_text(item) for item in items):
            return tuple(items)
        self.wrong(
            place,
            "This must be a text or a list of texts.",
            "Write the code as text, in quotes if it looks like a number.",
        )
        return ()

    def text(self, value: Any, place: str) -> str | None:
        """Return a text; None when none is stated."""
        if value is None or _is_text(value):
            return value  # type: ignore[no-any-return]
        self.wrong(place, "This must be a text.", "Write it as text, in quotes if it looks like a number.")
        return None

    def flag(self, value: Any, place: str) -> bool | None:
        """Return true or false; None when neither is stated."""
        if value is None or isinstance(value, bool):
            return value
        self.wrong(place, "This must be true or false.", "Write true or false without quotes.")
        return None

    def known(self, names: Mapping[str, Any], allowed: frozenset[str], place: str) -> None:
        """Note every setting that nothing here reads."""
        for name in sorted(str(name) for name in names if name not in allowed):
            self.wrong(
                f"{place}.{name}",
                "%(name)s is not something a rule can ask here.",
                "Use one of: %(allowed)s.",
                name=name,
                allowed=", ".join(sorted(allowed)),
            )

    def one_of(self, value: str | None, allowed: tuple[str, ...], place: str) -> None:
        """Note a kind that does not exist."""
        if value is not None and value not in allowed:
            self.wrong(place, "There is no such kind.", "Use one of: %(allowed)s.", allowed=", ".join(allowed))


def _is_text(value: object) -> bool:
    # What cannot be printed cannot be stored or looked for in every database either.
    return isinstance(value, str) and value != "" and value.isprintable()
