"""Redirect URIs compare by exact string; only the port of a native client's loopback address may vary (RFC 9700 section
2.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LOOPBACK = re.compile(
    r"http://(?P<host>127\.0\.0\.1|\[::1\])(?::(?P<port>[0-9]{1,5}))?(?P<rest>[/?][\x21-\x22\x24-\x7e]*)?"
)


def registered(uris: Sequence[str], given: str, *, native: bool) -> bool:
    """Whether ``given`` is one of the registered ``uris``. ``native`` clients alone may use another loopback port (RFC
    8252 7.3)."""
    if given in uris:
        return True
    wanted = _loopback(given) if native else None
    return wanted is not None and any(_loopback(uri) == wanted for uri in uris)


def _loopback(uri: str) -> tuple[str, str] | None:
    """Return host and everything after the port of a loopback address by number; None for any other address."""
    match = _LOOPBACK.fullmatch(uri)
    if match is None or int(match["port"] or 80) > 65535:
        return None
    return match["host"], match["rest"] or ""
