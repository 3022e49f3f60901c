"""What is said of a rule."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AfterValidator

from iam.api.shapes.base import Taken
from iam.api.shapes.stated import KeyText, NamesWanted

LONGEST = 100_000
"""Characters of a rule as it is sent; the longest list of occupations is far shorter."""


def storable(pattern: dict[str, Any]) -> dict[str, Any]:
    """Return a rule as data if every database keeps it; raises ``ValueError`` for a NUL, for half a character, for what
    is no number, and for what is far too long."""
    text = json.dumps(pattern, ensure_ascii=False, allow_nan=False)
    if "\\u0000" in text or len(text.encode()) > LONGEST:
        raise ValueError
    return pattern


PatternWanted = Annotated[dict[str, Any], AfterValidator(storable)]


class RuleSaid(Taken):
    """All that a rule says: what it binds, what it subtracts (``unless``), what it gives."""

    pattern: PatternWanted


class RuleMade(RuleSaid):
    """A new rule: its key, for good, what it is called, and the key of the organisation that owns it."""

    key: KeyText
    names: NamesWanted
    owner: KeyText


class RuleNamed(Taken):
    """What a rule is called from now on."""

    names: NamesWanted
