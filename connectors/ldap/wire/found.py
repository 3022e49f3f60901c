"""Entries of a search as they come over the wire (RFC 4511 section 4.5.2), read without what nobody asks for.

``ldap3`` decodes every value twice, as text and as bytes, and copies all of it: of a large directory that is most of
the time. ``entry`` reads the one form that directories write; anything else it leaves to ``ldap3``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

_SEQUENCE, _SET, _INTEGER, _OCTETS, _ENTRY = 0x30, 0x31, 0x02, 0x04, 0x64
"""Tags of BER (X.690 section 8) and, last, of a SearchResultEntry."""
_LONG = 0x80
_LONGEST = 0x84
RECEIVED = 1 << 16
"""Bytes asked of a socket at once."""


class Found(NamedTuple):
    """One entry: its name, and its values by attribute in small letters, as the directory's bytes."""

    dn: str
    values: dict[str, list[bytes]]


class _NotPlain(Exception):
    """The message is no entry, or is written in another way than directories do."""


class Aside:
    """The entries among what comes over a connection, taken aside before ``ldap3`` decodes them."""

    def __init__(self, strategy: Any) -> None:
        """``strategy`` is how ldap3 waits for answers on the connection: one of its kind SYNC."""
        self._strategy, self._receive = strategy, strategy.receiving
        self._taken: list[Found] = []
        strategy.receiving, strategy.socket_size = self._others, RECEIVED

    def taken(self) -> list[Found]:
        """Return the entries that came since the last time this was asked."""
        taken, self._taken = self._taken, []
        return taken

    def _others(self) -> list[bytes]:
        """Return the messages that ldap3 is to decode; none only when the connection has ended."""
        while True:
            messages: list[bytes] = self._receive()
            others = [message for message in messages if not self._takes(message)]
            if others or not messages:
                return others

    def _takes(self, message: bytes) -> bool:
        found = entry(message)
        # One request is under way at a time; what answers another one is for ldap3 to refuse.
        if found is None or found[0] not in self._strategy._outstanding:
            return False
        self._taken.append(found[1])
        return True


def entry(message: bytes) -> tuple[int, Found] | None:
    """Return the number of the request that a message answers and the entry in it; None where ``ldap3`` must look:
    another kind of answer, controls, a name that is not UTF-8, lengths that do not fit."""
    try:
        return _entry(message)
    except (_NotPlain, IndexError, ValueError):
        return None


def _entry(message: bytes) -> tuple[int, Found]:
    at, end = _opened(message, 0, len(message), _SEQUENCE)
    start, at = _opened(message, at, end, _INTEGER)
    number = int.from_bytes(message[start:at], "big", signed=True)
    at, stop = _opened(message, at, end, _ENTRY)
    start, at = _opened(message, at, stop, _OCTETS)
    dn = message[start:at].decode()
    at, last = _opened(message, at, stop, _SEQUENCE)
    if not len(message) == end == stop == last:
        raise _NotPlain
    values: dict[str, list[bytes]] = {}
    while at < end:
        at, stop = _opened(message, at, end, _SEQUENCE)
        start, at = _opened(message, at, stop, _OCTETS)
        name = _small(message[start:at])
        at, last = _opened(message, at, stop, _SET)
        if last != stop:
            raise _NotPlain
        values[name] = _values(message, at, last)
        at = last
    return number, Found(dn, values)


def _values(message: bytes, at: int, end: int) -> list[bytes]:
    found = []
    while at < end:
        start, at = _opened(message, at, end, _OCTETS)
        found.append(message[start:at])
    return found


def _opened(message: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Return where the content begins and ends of what stands at ``at``, which has this tag and ends by ``end``."""
    length, start = message[at + 1], at + 2
    if length >= _LONG:
        if not _LONG < length <= _LONGEST:
            raise _NotPlain
        start += length - _LONG
        length = int.from_bytes(message[at + 2 : start], "big")
    if message[at] != tag or start + length > end:
        raise _NotPlain
    return start, start + length


@lru_cache(maxsize=512)
def _small(name: bytes) -> str:
    return name.decode("ascii").lower()
