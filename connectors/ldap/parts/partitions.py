"""The persons of a large directory, read in parts by processes of their own, each with its own connection and paging.

A part is a range of entryUUID (RFC 4530, uuidOrderingMatch), which no entry ever changes: whatever happens meanwhile,
nobody is in two parts or between them. Only OpenLDAP is asked so: others may not order it, and would find nobody.
Batches are taken from the parts in turn, so that a part is never far ahead and the order is the same every time.
"""

from __future__ import annotations

import os
import pickle
import select
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import IO, Any

from connectors.contract import TimedOut, Unreachable
from connectors.ldap.directory import Directory
from connectors.ldap.parts.process import SIZE, Ended, Failed, Person, main, persons
from connectors.ldap.settings import ENTRY_UUID, LdapSettings
from connectors.problem import Problem

_SAMPLE = 4096
_STARTING = 30.0
"""Seconds that a process may take before its first page, besides its deadlines."""


class Persons:
    """All persons; a single pass. ``counted`` is how many a look before it found, None where there was none."""

    def __init__(self, settings: LdapSettings, directory: Directory) -> None:
        self._settings, self._directory = settings, directory
        self.counted: int | None = None

    def __iter__(self) -> Iterator[Person]:
        """Yield every person; raises ``ConnectorError`` when a part fails or takes too long."""
        bounds = self._bounds()
        if not bounds:
            yield from persons(self._directory, self._settings)
            return
        with ExitStack() as stack:
            parts = [stack.enter_context(_part(self._settings, within)) for within in filters(bounds)]
            while parts:
                for part in [*parts]:
                    batch = next(part, None)
                    if batch is None:
                        parts.remove(part)
                    else:
                        yield from batch

    def _bounds(self) -> list[str]:
        """Return the ids that part the persons into as many parts as there are to be processes; none where one reads
        all."""
        settings = self._settings
        if settings.processes == 1 or settings.id_attribute != ENTRY_UUID or not self._directory.is_openldap():
            return []
        sample, step, self.counted = list[str](), 1, 0
        for uuid in self._directory.person_ids():
            if self.counted % step == 0:
                sample.append(uuid)
            self.counted += 1
            if len(sample) == _SAMPLE:
                sample, step = sample[::2], step * 2
        sample.sort()
        return sorted({sample[len(sample) * n // settings.processes] for n in range(1, settings.processes) if sample})


def filters(bounds: list[str]) -> list[str]:
    """Return the filters of the parts before, between and after these ids; every id is in exactly one of them."""
    lower = ["", *(f"(entryUUID>={bound})" for bound in bounds)]
    upper = [*(f"(!(entryUUID>={bound}))" for bound in bounds), ""]
    return [one + other for one, other in zip(lower, upper, strict=True)]


@contextmanager
def _part(settings: LdapSettings, within: str) -> Iterator[Iterator[list[Person]]]:
    """Start a process that reads a part, and end it, by its process id, with the block."""
    # Not -m: what it writes must be of the module that we know, and not of __main__.
    command = [sys.executable, "-c", f"from {main.__module__} import main; main()"]
    child = subprocess.Popen(  # noqa: S603  # our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=_environment()
    )
    with child:
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(pickle.dumps((settings, within)))
            with closing(_batches(child.stdout, 2 * settings.deadline_seconds + _STARTING)) as batches:
                yield batches
        finally:
            child.kill()


def _environment() -> dict[str, str]:
    """Return our environment, in which the process finds the modules that we found."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def _batches(stream: IO[bytes], patience: float) -> Generator[list[Person], None, None]:
    while True:
        size = int.from_bytes(_exactly(stream, SIZE, patience), "big")
        message: Any = pickle.loads(_exactly(stream, size, patience))  # noqa: S301  # from our own child
        if isinstance(message, Failed):
            raise message.error(message.problem)
        if isinstance(message, Ended):
            return
        yield message


def _exactly(stream: IO[bytes], size: int, patience: float) -> bytes:
    until, data = time.monotonic() + patience, b""
    while len(data) < size:
        if not select.select([stream], [], [], max(until - time.monotonic(), 0))[0]:
            raise TimedOut(_late())
        more = os.read(stream.fileno(), size - len(data))
        if not more:
            raise Unreachable(_cut())
        data += more
    return data


def _late() -> Problem:
    return Problem(
        "A part of the directory was not read in time.",
        "Run the source again. If it goes on, set processes to 1.",
        field="processes",
    )


def _cut() -> Problem:
    return Problem(
        "A process that read a part of the directory ended before its end.",
        "Run the source again. If it goes on, set processes to 1.",
        field="processes",
    )
