"""The public keys of a client, also where it publishes them itself (``jwks_uri``, RFC 7591 section 2).

Fetched through the one door (``iam.delivery.egress``), believed for five minutes a process, and fetched again for a key
id that is not among them, at most once a minute: a client may change its keys at any time, and a stranger cannot make
us call it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from iam.delivery import egress
from iam.oidc.clients.registered import RegisteredClient
from iam.settings import Settings
from iam.tokens.key_set import BadKeys, usable_keys

BELIEVED = 300.0
"""Seconds for which fetched keys are believed."""
PAUSE = 60.0
"""Least seconds between two fetches of one address, whatever came of the first."""
_MOST = 2000
"""Addresses remembered by a process."""


@dataclass(slots=True)
class _Published:
    """What an address last said, and when it was last asked; the lock lets one thread ask while others wait for its
    answer."""

    lock: Lock = field(default_factory=Lock)
    asked_at: float = float("-inf")
    keys: Sequence[Mapping[str, Any]] = ()

    def wants(self, kid: str | None) -> bool:
        """Whether to ask: what is known is too old, or does not hold the key; and the last time is long enough ago."""
        age = time.monotonic() - self.asked_at
        known = bool(self.keys) and (kid is None or any(key.get("kid") == kid for key in self.keys))
        return age >= BELIEVED or (age >= PAUSE and not known)


_published: dict[str, _Published] = {}
_lock = Lock()


def keys(client: RegisteredClient, settings: Settings, kid: str | None = None) -> Sequence[Mapping[str, Any]]:
    """Return a client's public keys; ``kid`` is the one a signature names. Empty when they cannot be had.

    May take as long as ``egress.SECONDS``: hold no transaction meanwhile.
    """
    if client.jwks_uri is None:
        return client.keys
    with _lock:
        while len(_published) >= _MOST and client.jwks_uri not in _published:
            del _published[next(iter(_published))]
        known = _published.setdefault(client.jwks_uri, _Published())
    with known.lock:
        if known.wants(kid):
            known.keys = _fetch(client.jwks_uri, settings)
            known.asked_at = time.monotonic()
        return known.keys


def _fetch(uri: str, settings: Settings) -> Sequence[Mapping[str, Any]]:
    try:
        return usable_keys(egress.fetch_json(uri, settings.egress))
    except (egress.PlaceRefused, egress.Failed, BadKeys):
        return ()
