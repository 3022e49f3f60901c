"""Free loopback ports, and loopback addresses of one's own."""

from __future__ import annotations

import os
import random
import socket

HOST = "127.0.0.1"
LOWEST, HIGHEST = 20_000, 32_000
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))

_given: set[int] = set()


def free_port() -> int:
    """Return a TCP port of 127.0.0.1, from 20000 to 32000, that nobody listens on; the same one is never given twice.

    The range lies below the kernel's ephemeral ports, so an outgoing connection cannot take the port before its server
    does; each of parallel test workers has ports of its own, and the choice is random, so that two runs at a time
    hardly meet. Raises ``OSError`` when 200 tries find none.
    """
    chooser = random.SystemRandom()
    for _ in range(200):
        port = chooser.randrange(LOWEST + _WORKER, HIGHEST + 1, _WORKERS)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise OSError(f"no free port of {HOST} between {LOWEST} and {HIGHEST} after 200 tries")


def free_address(*ports: int) -> str:
    """Return a loopback address besides 127.0.0.1 on which nobody listens on these ports, for a server whose ports are
    fixed.

    It is one of millions and chosen at random, so that two runs at a time hardly meet. Raises ``OSError`` when 200
    tries find none.
    """
    chooser = random.SystemRandom()
    for _ in range(200):
        address = f"127.{chooser.randrange(1, 255)}.{chooser.randrange(256)}.{chooser.randrange(1, 255)}"
        if all(_is_free(port, address) for port in ports):
            return address
    raise OSError("no free address in 127.0.0.0/8 after 200 tries")


def answers(port: int, host: str = HOST) -> bool:
    """Whether something accepts TCP connections on this port (waits at most one second)."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def _is_free(port: int, host: str = HOST) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
