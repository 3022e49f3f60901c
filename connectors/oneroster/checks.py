"""What is looked at in every row, from wherever it comes: the words of the standard, and where references lead."""

from __future__ import annotations

from collections.abc import Mapping, Set as AbstractSet

from connectors.oneroster.files import BundleFile, Reference, Words
from connectors.problem import Problem


def spell(file: BundleFile, fields: dict[str, str]) -> Words | None:
    """Write the words of the standard as it writes them; return the column of one that it does not have."""
    for words in file.words:
        told = fields[words.column].strip().lower()
        if (word := words.words.get(told)) is not None:
            fields[words.column] = word
        elif told and words.only and not told.startswith("ext:"):
            return words
    return None


def no_word(words: Words, place: str, line: int | None = None) -> Problem:
    """Return the problem of a word that the standard does not have."""
    return Problem(
        "The value is not one of OneRoster 1.2.",
        "Use one of: %(allowed)s.",
        place,
        line,
        words.column,
        {"allowed": ", ".join(words.words.values())},
    )


def lost_reference(
    file: BundleFile, fields: Mapping[str, str], known: Mapping[str, AbstractSet[str]]
) -> Reference | None:
    """Return the first reference that leads nowhere; what ``known`` lacks is not asked."""
    for reference in file.references:
        text, there = fields[reference.column], known.get(reference.file)
        named = {part.strip() for part in text.split(",")} if reference.many else {text}
        if text and there is not None and not there >= named:
            return reference
    return None
