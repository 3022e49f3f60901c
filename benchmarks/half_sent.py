"""Forms that are sent half and then nothing: what a page takes beside them, and what becomes of them."""

from __future__ import annotations

import socket
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.browser import Browser

FORMS, PAGES = 400, 200
_HALF = (
    b"POST /login HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.7\r\nContent-Length: 1000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nlogin=aino"
)


@dataclass
class HalfSent:
    """Seconds that 95 % of the pages took without and beside the forms; the statuses that the forms got, and after how
    many seconds the last had its answer."""

    without: float
    beside: float
    statuses: Counter[int]
    lasted: float


def measure(issuer: str) -> HalfSent:
    """Send the forms, fetch pages beside them, and wait for the end of both."""
    without = _pages(issuer)
    parts = urlsplit(issuer)
    with ExitStack() as stack:
        place, started = (parts.hostname or "", parts.port or 80), time.perf_counter()
        forms = [stack.enter_context(socket.create_connection(place, timeout=30)) for _ in range(FORMS)]
        for one in forms:
            one.sendall(_HALF)
        beside = _pages(issuer)
        statuses = Counter(_status(one) for one in forms)
        return HalfSent(without, beside, statuses, time.perf_counter() - started)


def _status(form: socket.socket) -> int:
    words = form.recv(4096).split()
    return int(words[1]) if len(words) > 1 else 0


def _pages(issuer: str) -> float:
    """Fetch the sign-in page again and again, each time on a connection of its own."""
    took = []
    for _ in range(PAGES):
        started, browser = time.perf_counter(), Browser(issuer)
        browser.get("/login")
        browser.close()
        took.append(time.perf_counter() - started)
    return sorted(took)[int(PAGES * 0.95)]
