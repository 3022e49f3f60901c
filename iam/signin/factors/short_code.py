"""Codes short enough to be read from paper and typed: what they are made of, and their one form however they are
typed."""

from __future__ import annotations

import re
import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Letters and digits that are not mistaken for one another on paper."""
LENGTH, GROUP = 10, 5
"""Characters of a code (49 bits), and of each of its groups."""


def new() -> str:
    """Return a fresh code in groups: "7KMPQ-R3XYZ"."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{code[:GROUP]}-{code[GROUP:]}"


def plain(typed: str) -> str:
    """Return a code without what people put between its characters, in capitals."""
    return re.sub(r"[^0-9A-Z]", "", typed.upper())
