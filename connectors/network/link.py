"""One request and its answer, with an end: in bytes, and in seconds from the look-up of the name to the last byte.

``http.client`` over a socket of our own: a library's timeout starts anew with every byte that comes.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.network.deadline import Deadline

LARGEST_ANSWER = 32 << 20
"""Bytes of one answer, its head among them."""


class TooMuch(Exception):
    """The answer is larger than a page ever is."""


class BadTrust(Exception):
    """The authorities to trust cannot be read."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to connect, and the path that is asked there."""

    host: str
    port: int
    tls: bool
    path: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said; the names of ``headers`` are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: ``target`` is the path with its query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None = None


def ask(where: Place, request: Request, ca_file: Path | None, seconds: float) -> Answer:
    """Send a request and return the answer; raises ``OSError`` (``ssl.SSLError`` and ``TimeoutError``
    among them), ``DeadlinePassed``, ``http.client.HTTPException``, ``ValueError``, ``TooMuch`` or ``BadTrust``."""
    deadline = Deadline(seconds)
    sent = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Avain", "Connection": "close"}
    with _connect(where, ca_file, deadline) as link:
        door = http.client.HTTPConnection(where.host, where.port)
        timed: Any = _Timed(link, deadline)  # all that http.client asks of a socket
        door.sock = timed
        door.request(request.method, request.target, request.body, {**sent, **request.headers})
        with door.getresponse() as answer:
            # Of the length that the head claims, memory would be taken at once.
            body = answer.read(LARGEST_ANSWER + 1)
            if len(body) > LARGEST_ANSWER:
                raise TooMuch
            if answer.length:
                raise http.client.IncompleteRead(body)
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, headers, body)


def _connect(where: Place, ca_file: Path | None, deadline: Deadline) -> socket.socket:
    context = _context(ca_file) if where.tls else None
    # A resolver has no deadline of its own.
    found = deadline.run(lambda: socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM), lambda: None)
    addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    for left in range(len(addresses), 0, -1):
        try:
            link = socket.create_connection((addresses[-left], where.port), timeout=_left(deadline) / left)
            break
        except OSError:
            if left == 1:
                raise
    if context is None:
        return link
    try:
        link.settimeout(_left(deadline))
        return context.wrap_socket(link, server_hostname=where.host)
    except BaseException:
        link.close()
        raise


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise BadTrust from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _left(deadline: Deadline) -> float:
    left = deadline.remaining()
    if left <= 0:
        raise TimeoutError
    return left


class _Timed:
    """A socket whose every step has only the time that is left, and that reads no more than an answer may have."""

    def __init__(self, link: socket.socket, deadline: Deadline) -> None:
        self._link, self._deadline = link, deadline

    def sendall(self, data: bytes) -> None:
        """Send all of it before the end."""
        self._link.settimeout(_left(self._deadline))
        self._link.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What the answer is read from."""
        return io.BufferedReader(_Reader(self._link, self._deadline))

    def close(self) -> None:
        """Left to whoever connected."""


class _Reader(io.RawIOBase):
    def __init__(self, link: socket.socket, deadline: Deadline) -> None:
        self._link, self._deadline, self._room = link, deadline, LARGEST_ANSWER

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if self._room <= 0:
            raise TooMuch
        self._link.settimeout(_left(self._deadline))
        count = self._link.recv_into(buffer)
        self._room -= count
        return count
