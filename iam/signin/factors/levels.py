"""How sure we are of who signed in: what was really done, as ``acr`` and ``amr`` say it (OIDC Core section 2, RFC
8176)."""

from __future__ import annotations

from collections.abc import Iterable

PASSWORD = "urn:avain:acr:password"  # noqa: S105 - a name of a level, not a password
TWO_FACTOR = "urn:avain:acr:two-factor"
PASSKEY = "urn:avain:acr:passkey"
LEVELS = (PASSWORD, TWO_FACTOR, PASSKEY)
"""From the weakest: one factor, or an upstream's word; a password and a time code; a passkey with the person
verified."""


def reaches(done: str, asked: str | None) -> bool:
    """Whether a sign-in of level ``done`` is enough where ``asked`` is the least; an unknown level is never reached."""
    if asked is None:
        return True
    return asked in LEVELS and done in LEVELS and LEVELS.index(done) >= LEVELS.index(asked)


def stronger(one: str, other: str) -> str:
    """Return the stronger of two levels."""
    return one if reaches(one, other) else other


def acr_of(amr: Iterable[str]) -> str:
    """Return the level that these methods reach: ``hwk`` or ``swk`` with ``user`` is a passkey, ``otp`` or ``mfa`` two
    factors."""
    done = set(amr)
    if done & {"hwk", "swk"} and "user" in done:
        return PASSKEY
    return TWO_FACTOR if done & {"otp", "mfa"} else PASSWORD
