"""A program beside the demonstration: it ends with it, by its process id, however the demonstration ends."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

HOST = "127.0.0.1"
_SECONDS = 10.0
_PAUSE = 0.05
_END_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


def free_port(wanted: int) -> int:
    """Return ``wanted`` when nobody has it on loopback, and else a port that nobody has."""
    for port in (wanted, 0):
        with suppress(OSError), socket.create_server((HOST, port)) as found:
            return int(found.getsockname()[1])
    raise OSError("no port is free")


@contextmanager
def running(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes] | None]:
    """Run a program for as long as the block does; None where it cannot be started. What it writes goes into ``log``.

    The signals that the caller has blocked are blocked in it too: call this before any is.
    """
    try:
        with log.open("wb") as out:
            child = subprocess.Popen(  # noqa: S603  # a program of our own choosing
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                preexec_fn=_mortal(os.getpid()),  # noqa: PLW1509  # nothing else runs in a thread yet
            )
    except OSError:
        yield None
        return
    try:
        yield child
    finally:
        _end(child)


def answers(child: subprocess.Popen[bytes] | None, port: int) -> bool:
    """Wait until the program answers on its port; False when it ended, or did not within ten seconds."""
    until = time.monotonic() + _SECONDS
    while child is not None and child.poll() is None and time.monotonic() < until:
        with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return True
        time.sleep(_PAUSE)
    return False


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _mortal(parent: int) -> Callable[[], None] | None:
    """Return what a child does first: where the kernel can (Linux), have itself ended when its parent is gone."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def first() -> None:
        prctl(_END_WITH_PARENT, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return first
