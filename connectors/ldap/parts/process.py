"""The process that reads one part of the persons: what to read comes by standard input, rows go by standard output.

Each message is its length in four bytes and then a pickle: rows in batches, the error that ended it, or how many there
were. Standard input stays open while anybody wants the rows: at its end the process ends, whatever it waits for.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Iterator
from itertools import islice
from threading import Thread
from typing import BinaryIO, NamedTuple

from connectors.contract import ConnectorError
from connectors.ldap.directory import Directory, connected
from connectors.ldap.names import normal, prepared
from connectors.ldap.rows import row
from connectors.ldap.settings import LdapSettings
from connectors.network.deadline import Deadline
from connectors.problem import Problem
from connectors.records import Record, Rejected

BATCH = 250
SIZE = 4
"""Bytes of a message's length."""


class Person(NamedTuple):
    """A person as read, and the comparable forms of the name and the logins by which groups may name them."""

    item: Record | Rejected
    uuid: str
    name: str
    logins: tuple[str, ...]


class Failed(NamedTuple):
    """What ended the reading: the error's class and what it tells."""

    error: type[ConnectorError]
    problem: Problem


class Ended(NamedTuple):
    """The part was read to its end."""

    rows: int


def persons(directory: Directory, settings: LdapSettings, within: str = "") -> Iterator[Person]:
    """Yield the persons whom the filter ``within`` holds too."""
    for entry in directory.persons(*settings.person_attributes, within=within):
        logins = tuple(prepared(login) for login in directory.logins(entry))
        yield Person(row("person", entry, settings.person_attributes), entry.uuid, normal(entry.dn), logins)


def main() -> None:
    """Read what standard input asks for, and write it."""
    out = os.fdopen(os.dup(1), "wb")
    # Whatever else is printed goes where it disturbs nobody.
    os.dup2(2, 1)
    settings, within = pickle.load(sys.stdin.buffer)  # noqa: S301  # from our own parent
    Thread(target=_end_with_parent, daemon=True).start()
    try:
        rows = 0
        with connected(settings, Deadline(settings.deadline_seconds)) as directory:
            found = persons(directory, settings, within)
            while batch := [*islice(found, BATCH)]:
                rows += len(batch)
                _write(out, batch)
        _write(out, Ended(rows))
    except ConnectorError as error:
        _write(out, Failed(type(error), error.problem))


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


def _write(out: BinaryIO, message: object) -> None:
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    out.write(len(data).to_bytes(SIZE, "big") + data)
    out.flush()
