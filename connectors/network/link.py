"""One request and its answer, with an end: in bytes, and in seconds from the look-up of the name to the last byte.

``http.client`` over a socket of our own: a library's timeout starts anew with every byte that comes.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.network.deadline import Deadline
from connectors.network.timed import TimedSocket, TooMuch, connect

LARGEST_ANSWER = 32 << 20
"""Bytes of one answer, its head among them."""


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
        timed: Any = TimedSocket(link, deadline.remaining, LARGEST_ANSWER)
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
    return connect(addresses, where.port, deadline.remaining, context, where.host)


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise BadTrust from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
