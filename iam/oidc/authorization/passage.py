"""What a person did on our pages on the way, carried back to the authorization endpoint and signed, so that nobody can
make it up.

It names the authorization request by digest and the login session by id: it is worth nothing in another browser or for
another request. Pages never issue anything; they only return here with a passage.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from iam import clock

LIFE = timedelta(minutes=30)
"""How long a person may take on our pages."""

PARAMETER = "flow"
"""The name under which a passage travels; no protocol parameter has it."""

_UNCOUNTED = frozenset({PARAMETER, "lang"})


@dataclass(frozen=True, slots=True)
class Passage:
    """``asked_at``: when the request first came. ``session_id`` and ``capacity_id``: what was chosen, and in which
    session.

    ``informed``: whether the person has just been told what the application receives.
    """

    request: str
    asked_at: datetime
    session_id: UUID | None = None
    capacity_id: UUID | None = None
    informed: bool = False


class _Words(NamedTuple):
    """A passage as its text holds it, in this order."""

    request: str
    asked_at: str
    session_id: str | None
    capacity_id: str | None
    informed: bool


def digest(parameters: Mapping[str, Any]) -> str:
    """Return the digest of an authorization request, whatever the order of its parameters."""
    counted = sorted((name, value) for name, value in parameters.items() if name not in _UNCOUNTED)
    return sha256(json.dumps(counted).encode()).hexdigest()


def seal(key: bytes, passage: Passage) -> str:
    """Return the passage as signed text for a URL."""
    session, capacity = (str(value) if value else None for value in (passage.session_id, passage.capacity_id))
    words = _Words(passage.request, passage.asked_at.isoformat(), session, capacity, passage.informed)
    body = _encode(json.dumps(words).encode())
    return f"{body}.{_mac(key, body)}"


def unseal(key: bytes, text: str | None, request: str) -> Passage | None:
    """Return the passage that ``seal`` made for this very ``request`` within ``LIFE``; None for anything else."""
    body, _, mac = (text or "").partition(".")
    if not body or not hmac.compare_digest(mac.encode(), _mac(key, body).encode()):
        return None
    words = _Words(*json.loads(urlsafe_b64decode(body + "==")))
    passage = Passage(
        words.request,
        datetime.fromisoformat(words.asked_at),
        UUID(words.session_id) if words.session_id else None,
        UUID(words.capacity_id) if words.capacity_id else None,
        words.informed,
    )
    late = clock.now() - passage.asked_at > LIFE
    return None if late or passage.request != request else passage


def _mac(key: bytes, body: str) -> str:
    return _encode(hmac.digest(key, body.encode(), "sha256"))


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
