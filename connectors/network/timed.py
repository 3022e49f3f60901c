"""A connection of which every step has only the time that is left, and that reads no more than an answer may have."""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any

Left = Callable[[], float]
"""The seconds that are left."""


class TooMuch(Exception):
    """The answer is larger than it may be."""


def some_of(left: Left) -> float:
    """Return the seconds that are left; raises ``TimeoutError`` when there are none."""
    seconds = left()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def connect(
    addresses: Sequence[str], port: int, left: Left, context: ssl.SSLContext | None, host: str
) -> socket.socket:
    """Connect to the first of the addresses that accepts, each given a fair part of the time, and with a ``context``
    begin TLS with ``host``; raises ``OSError``."""
    for more in range(len(addresses), 0, -1):
        try:
            link = socket.create_connection((addresses[-more], port), timeout=some_of(left) / more)
            break
        except OSError:
            if more == 1:
                raise
    if context is None:
        return link
    try:
        link.settimeout(some_of(left))
        return context.wrap_socket(link, server_hostname=host)
    except BaseException:
        link.close()
        raise


class TimedSocket:
    """All that ``http.client`` asks of a socket; it raises ``TooMuch`` after ``room`` bytes, ``TimeoutError`` after the
    time."""

    def __init__(self, link: socket.socket, left: Left, room: int) -> None:
        self._link, self._left, self._room = link, left, room

    def sendall(self, data: bytes) -> None:
        """Send all of it before the end."""
        self._link.settimeout(some_of(self._left))
        self._link.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What the answer is read from."""
        return io.BufferedReader(_Reader(self._link, self._left, self._room))

    def close(self) -> None:
        """Left to whoever connected."""


class _Reader(io.RawIOBase):
    def __init__(self, link: socket.socket, left: Left, room: int) -> None:
        self._link, self._left, self._room = link, left, room

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if self._room <= 0:
            raise TooMuch
        self._link.settimeout(some_of(self._left))
        count = self._link.recv_into(buffer)
        self._room -= count
        return count
