"""Keys of rows that have no id of their own: made of what they are, so that they stay the same from run to run."""

from __future__ import annotations


def joined(*parts: str) -> str:
    """Return one key of several; different parts give different keys."""
    return "/".join(map(_escaped, parts))


def prefix(*parts: str) -> str:
    """Return how every key begins that has these parts and more, and no other."""
    return f"{joined(*parts)}/"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("/", "%2F")
