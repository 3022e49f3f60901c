"""Moments as the API writes them (RFC 3339)."""

from __future__ import annotations

from datetime import datetime

from iam import clock


def start(at: datetime | None) -> str | None:
    """Return when something begins; None: since ever."""
    return None if at is None or at <= clock.LONG_AGO else at.isoformat()


def end(at: datetime | None) -> str | None:
    """Return the first moment at which something holds no more; None: without end."""
    return None if at is None or at >= clock.FOREVER else at.isoformat()


def moment(at: datetime | None) -> str | None:
    """Return a moment, or None."""
    return None if at is None else at.isoformat()
