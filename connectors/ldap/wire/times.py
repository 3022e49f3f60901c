"""Moments as directories write them: generalized time (RFC 4517 section 3.3.13) and the FILETIME of Active
Directory."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_GENERALIZED = re.compile(
    r"(?P<hour>[0-9]{10})(?:(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?)?(?:[.,](?P<fraction>[0-9]{1,9}))?"
    r"(?P<zone>Z|[+-][0-9]{2}(?:[0-9]{2})?)"
)
_USUAL = len("20260801000000Z")
_LONGEST_OFFSET = timedelta(hours=14)
_NAMED_BY_MINUTE = re.compile(r"[0-9]{12}.*|.*Z")
_FILETIMES = frozenset(
    {
        "accountexpires",
        "badpasswordtime",
        "creationtime",
        "lastlogoff",
        "lastlogon",
        "lastlogontimestamp",
        "lockouttime",
        "ms-mcs-admpwdexpirationtime",
        "msds-lastfailedinteractivelogontime",
        "msds-lastsuccessfulinteractivelogontime",
        "msds-userpasswordexpirytimecomputed",
        "mslaps-passwordexpirationtime",
        "pwdlastset",
    }
)
"""The attributes of Active Directory that hold a FILETIME; nothing in a number itself tells."""
_FIRST_WITHOUT = "accountexpires"
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_NEVER = (0, 2**63 - 1)


def moment(text: str) -> datetime | None:
    """Return the moment that a generalized time says, with its own offset; None for any other text.

    Minutes and seconds may be left out, the last unit may have a fraction, and a leap second is the second after it.
    """
    if len(text) == _USUAL and text[-1] == "Z" and text[:-1].isdigit() and text.isascii() and text[12:14] < "60":
        return _usual(text)
    match = _GENERALIZED.fullmatch(text)
    if match is None:
        return None
    unit = timedelta(seconds=1) if match["second"] else timedelta(minutes=1) if match["minute"] else timedelta(hours=1)
    minute, second = int(match["minute"] or 0), int(match["second"] or 0)
    zone = _zone(match["zone"])
    if zone is None or minute > 59 or second > 60:
        return None
    try:
        hour = match["hour"]
        told = datetime(int(hour[:4]), int(hour[4:6]), int(hour[6:8]), int(hour[8:]), tzinfo=zone)
        return told + timedelta(minutes=minute, seconds=second) + unit * float(f"0.{match['fraction'] or 0}")
    except (ValueError, OverflowError):
        return None


def _usual(text: str) -> datetime | None:
    """Return the moment in the form that nearly all have, to the second and in UTC."""
    try:
        day = int(text[:4]), int(text[4:6]), int(text[6:8])
        return datetime(*day, int(text[8:10]), int(text[10:12]), int(text[12:14]), tzinfo=UTC)
    except ValueError:
        return None


def _zone(text: str) -> timezone | None:
    if text == "Z":
        return UTC
    minutes = int(text[3:] or 0)
    offset = timedelta(hours=int(text[1:3]), minutes=minutes)
    if minutes > 59 or offset > _LONGEST_OFFSET:
        return None
    return timezone(-offset if text[0] == "-" else offset)


def readable(attribute: str, text: str) -> str:
    """Return the value of an attribute with a moment in it written by ISO 8601, with its offset, to the second; any
    other as it is.

    A FILETIME (100 ns since 1601) is known by its attribute, a generalized time by its form. *Never* is ``""``: 0,
    2⁶³-1, what is past the year 9999, and the year 1601. ``accountExpires`` is the first moment without access: the
    last one with it is returned, so that midnight in a source's zone gives the day before.
    """
    name = attribute.partition(";")[0].lower()
    if name in _FILETIMES:
        return _filetime(text, timedelta(microseconds=name == _FIRST_WITHOUT))
    # Digits and an hour's offset may be the number of something.
    told = moment(text) if _NAMED_BY_MINUTE.fullmatch(text) else None
    if told is None:
        return text
    return "" if told.year == _EPOCH.year else told.isoformat(timespec="seconds")


def _filetime(text: str, less: timedelta) -> str:
    if not (text.isascii() and text.isdigit()):
        return text
    if int(text) in _NEVER:
        return ""
    try:
        return (_EPOCH + timedelta(microseconds=int(text) // 10) - less).isoformat(timespec="seconds")
    except OverflowError:
        return ""
