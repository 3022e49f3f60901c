"""What the demonstration service remembers of those who signed in: in memory, behind a random id in its own cookie."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

MOST = 1000
"""Sessions kept at a time; the oldest goes first."""


@dataclass
class Visit:
    """One signed-in visit: the token response, the claims of the ID token, and those of the UserInfo endpoint."""

    token: dict[str, Any]
    claims: dict[str, Any]
    userinfo: dict[str, Any]


class Visits:
    """Visits by their random id; safe to use from several threads."""

    def __init__(self) -> None:
        self._visits: OrderedDict[str, Visit] = OrderedDict()
        self._lock = Lock()

    def open(self, visit: Visit) -> str:
        """Remember a visit and return its id, 256 bits of chance."""
        key = secrets.token_urlsafe(32)
        with self._lock:
            self._visits[key] = visit
            while len(self._visits) > MOST:
                self._visits.popitem(last=False)
        return key

    def get(self, key: str | None) -> Visit | None:
        """Return the visit of an id, or None."""
        with self._lock:
            return self._visits.get(key or "")

    def close(self, key: str | None) -> Visit | None:
        """Forget a visit and return it, or None."""
        with self._lock:
            return self._visits.pop(key or "", None)
