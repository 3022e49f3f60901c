"""What is looked at in every row, from wherever it comes: the words of the format, and where references lead."""

from __future__ import annotations

from collections.abc import Mapping, Set as AbstractSet

from connectors.problem import Problem
from connectors.roster.files import BundleFile, Reference, Words


def spell(file: BundleFile, fields: dict[str, str]) -> Words | None:
    """Write the words of the format as it writes them; return the column of one that it does not have."""
    for words in file.words:
        told = fields[words.column].strip().lower()
        if (word := words.words.get(told)) is not None:
            fields[words.column] = word
        elif words.needed if not told else words.only and not _is_extension(words, told):
            return words
    return None


def _is_extension(words: Words, told: str) -> bool:
    return words.extension is not None and told.startswith(words.extension)


def no_word(words: Words, standard: str, place: str, line: int | None = None) -> Problem:
    """Return the problem of a word that the format called ``standard`` does not have."""
    return Problem(
        "The value is not one of %(standard)s.",
        "Use one of: %(allowed)s.",
        place,
        line,
        words.column,
        {"allowed": ", ".join(words.words.values()), "standard": standard},
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


def wrong_content(
    file: BundleFile, line: int, fields: dict[str, str], known: Mapping[str, AbstractSet[str]], standard: str
) -> Problem | None:
    """Return the problem of a word that the format does not have, or of the first reference that leads nowhere; a file
    that the bundle lacks is not asked."""
    if (wrong := spell(file, fields)) is not None:
        return no_word(wrong, standard, file.file, line)
    reference = lost_reference(file, fields, known)
    if reference is None:
        return None
    return Problem(
        "The field names a row that %(target)s.csv does not have, or that is to be deleted.",
        "Export the bundle again, both files at the same time.",
        file.file,
        line,
        reference.column,
        {"target": reference.file},
    )
