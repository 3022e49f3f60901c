"""The checkpoint of a directory: from when on to ask, of which directory, with which settings, and a sketch of
everything it held."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

from connectors.contract import Checkpoint, CheckpointLost
from connectors.ldap.settings import LdapSettings
from connectors.ldap.sketch import WIDTH, Sketch
from connectors.ldap.wire.server import Server
from connectors.problem import Problem

OVERLAP = timedelta(minutes=10)
"""How far before the start of a reading the next one begins: clocks differ, and replicas lag. What comes twice is the
same twice."""

_TIME = "%Y%m%d%H%M%SZ"
_TIME_ASKED = "%Y%m%d%H%M%S.0Z"
_VERSION = "2"
_KINDS = ("person", "group", "membership")
_MARKS = {kind: bytes([n]) for n, kind in enumerate(_KINDS)}
Name = tuple[str, str]
"""Kind and key of a record."""


class _Parts(NamedTuple):
    """The words of a checkpoint's text, in their order."""

    version: str
    since: str
    server: str
    scope: str
    sketch: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What a checkpoint remembers: from when on changes are asked for, of which ``Server``, and a sketch of all
    records."""

    since: datetime
    server: str
    sketch: Sketch

    def asked(self) -> str:
        """Return ``since`` as LDAP writes a time (RFC 4517 section 3.3.13)."""
        return self.since.strftime(_TIME_ASKED)


def horizon(server: Server, ours: datetime) -> datetime:
    """Return from when on the next reading asks, of one that started at ``ours``.

    It rests on the server's clock where it tells its time and else on ours, never on an entry: one stamped in the
    future would hide every later change.
    """
    return ((server.time or ours) - OVERLAP).astimezone(UTC).replace(microsecond=0)


def write_checkpoint(memory: Memory, settings: LdapSettings) -> Checkpoint:
    """Return the checkpoint's text, under 4 KiB."""
    return f"{_VERSION} {memory.since.strftime(_TIME)} {memory.server} {_scope(settings)} {memory.sketch}"


def read_checkpoint(checkpoint: Checkpoint, settings: LdapSettings) -> Memory:
    """Return what the checkpoint remembers; raises ``CheckpointLost`` when it is none of these settings."""
    try:
        parts = _Parts(*checkpoint.split(" "))
        since = datetime.strptime(parts.since, _TIME).replace(tzinfo=UTC)
        memory = Memory(since, parts.server, Sketch.parse(parts.sketch))
    except (TypeError, ValueError):
        raise CheckpointLost(_lost()) from None
    if parts.version != _VERSION or parts.scope != _scope(settings):
        raise CheckpointLost(_lost())
    return memory


def check(memory: Memory, server: Server, now: datetime) -> None:
    """Raise ``CheckpointLost`` when the memory is of another directory, or of a time after ``now``, the horizon of this
    reading."""
    if memory.server != server.name:
        raise CheckpointLost(_lost())
    if memory.since > now:
        raise CheckpointLost(
            Problem(
                "The checkpoint is of a time that is still to come: a clock was wrong, or is.",
                "Check the clocks of the directory and of this service.",
            )
        )


def not_told() -> CheckpointLost:
    """Return the error of an entry that may have changed without anybody being told."""
    return CheckpointLost(
        Problem(
            "The directory does not tell of every entry when it was changed.",
            "Give bind_dn the right to read modifyTimestamp (Active Directory: whenChanged) of every entry.",
            field="bind_dn",
        )
    )


def difference(before: Sketch, now: Sketch) -> tuple[list[Name], set[Name]]:
    """Return the records of ``before`` that ``now`` lacks, in the order of kinds, and those that are new.

    Raises ``CheckpointLost`` for too many.
    """
    found = before.difference(now)
    if found is None:
        raise CheckpointLost(
            Problem("More is gone from the directory, or new, than a checkpoint can tell.", "Read the source in full.")
        )
    gone, new = found
    return [_name(element) for element in sorted(gone)], {_name(element) for element in new}


def sketch_of(names: Iterable[Name]) -> Sketch:
    """Return the sketch of these records."""
    return Sketch(_element(kind, key) for kind, key in names)


def _element(kind: str, key: str) -> bytes:
    uuids = bytes.fromhex(key.replace("-", "").replace("/", ""))
    return _MARKS[kind] + uuids.ljust(WIDTH - 1, b"\0")


def _name(element: bytes) -> Name:
    kind = _KINDS[min(element[0], len(_KINDS) - 1)]
    first, second = str(UUID(bytes=element[1:17])), str(UUID(bytes=element[17:33]))
    return kind, f"{first}/{second}" if kind == "membership" else first


def _scope(settings: LdapSettings) -> str:
    """Return a digest of the settings that say what is read."""
    parts = (
        settings.id_attribute,
        settings.base_dn,
        settings.person_filter,
        settings.group_filter,
        settings.login_attribute,
        *settings.person_attributes,
    )
    return blake2b("\x1f".join(parts).encode(), digest_size=8).hexdigest()


def _lost() -> Problem:
    return Problem(
        "The checkpoint is not of this directory, or the settings have changed since.", "Read the source in full."
    )
