"""Which factor of their own a person proved in a login session, and when: kept among the session's ``proofs``.

What an upstream provider tells of its own factors is in ``amr`` alone and leaves no mark here: it opens doors, and
changes no factor.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

PASSKEY, TOTP, RECOVERY = "passkey", "totp", "recovery"
RECENT = timedelta(minutes=5)
"""How fresh a proof must be for changing what one signs in with (security SE-06)."""
_FACTOR = "factor:"


def mark(way: str, at: datetime) -> str:
    """Return the mark of a factor that was proved at ``at``."""
    return f"{_FACTOR}{way}:{int(at.timestamp())}"


def marked(proofs: Iterable[str], way: str, at: datetime) -> list[str]:
    """Return the proofs with this factor proved at ``at``, in place of any earlier proof by it."""
    return [*(one for one in proofs if not one.startswith(f"{_FACTOR}{way}:")), mark(way, at)]


def factors(proofs: Iterable[str]) -> list[str]:
    """Return the marks among some proofs."""
    return [one for one in proofs if one.startswith(_FACTOR)]


def lately(proofs: Iterable[str], way: str, at: datetime) -> bool:
    """Whether this factor was proved within ``RECENT`` before ``at``."""
    begins = f"{_FACTOR}{way}:"
    times = [int(one.removeprefix(begins)) for one in proofs if one.startswith(begins)]
    return any(at.timestamp() - time <= RECENT.total_seconds() for time in times)
