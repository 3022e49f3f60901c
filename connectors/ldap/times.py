"""Moments as directories write them: generalized time (RFC 4517 section 3.3.13) and the FILETIME of Active Directory."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_GENERALIZED = re.compile(
    r"(?P<hour>[0-9]{10})(?:(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?)?(?:[.,](?P<fraction>[0-9]{1,9}))?"
    r"(?P<zone>Z|[+-][0-9]{2}(?:[0-9]{2})?)"
)
_LONGEST_OFFSET = timedelta(hours=14)


def moment(text: str) -> datetime | None:
    """Return the moment that a generalized time says, with its own offset; None for any other text.

    Minutes and seconds may be left out, the last unit may have a fraction, and a leap second is the second after it.
    """
    match = _GENERALIZED.fullmatch(text)
    if match is None:
        return None
    unit = timedelta(seconds=1) if match["second"] else timedelta(minutes=1) if match["minute"] else timedelta(hours=1)
    minute, second = int(match["minute"] or 0), int(match["second"] or 0)
    zone = _zone(match["zone"])
    if zone is None or minute > 59 or second > 60:
        return None
    try:
        told = datetime.strptime(match["hour"], "%Y%m%d%H").replace(tzinfo=zone)
        return told + timedelta(minutes=minute, seconds=second) + unit * float(f"0.{match['fraction'] or 0}")
    except (ValueError, OverflowError):
        return None


def _zone(text: str) -> timezone | None:
    if text == "Z":
        return UTC
    minutes = int(text[3:] or 0)
    offset = timedelta(hours=int(text[1:3]), minutes=minutes)
    if minutes > 59 or offset > _LONGEST_OFFSET:
        return None
    return timezone(-offset if text[0] == "-" else offset)
