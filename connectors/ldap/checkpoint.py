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
from connectors.ldap.wire.server import NUMBER, Server
from connectors.problem import Problem

OVERLAP = timedelta(minutes=10)
"""How far before the start of a reading the next one begins: clocks differ, and replicas lag. What comes twice is the
same twice."""

Since = datetime | int
"""A time of change, or in Active Directory the number of one (uSNChanged)."""

_TIME = "%Y%m%d%H%M%SZ"
_TIME_ASKED = "%Y%m%d%H%M%S.0Z"
_BY_TIME, _BY_NUMBER = "2", "3"
"""The versions of a checkpoint; what is known by objectGUID was of version 2 too, when it went by time."""
KINDS = ("person", "group", "membership")
"""The kinds of record, in their order."""
_MARKS = {kind: bytes([n]) for n, kind in enumerate(KINDS)}
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
    records, in Active Directory of all but memberships."""

    since: Since
    server: str
    sketch: Sketch

    def asked(self) -> str:
        """Return ``since`` as LDAP writes a number or a time (RFC 4517 section 3.3.13)."""
        return str(self.since) if isinstance(self.since, int) else self.since.strftime(_TIME_ASKED)

    def before(self, at: Since) -> bool:
        """Say whether something that was changed ``at`` then may be unread."""
        if isinstance(self.since, int) or isinstance(at, int):
            return isinstance(self.since, int) and isinstance(at, int) and self.since <= at
        return self.since <= at


def remember(server: Server, ours: datetime, names: Iterable[Name]) -> Memory:
    """Return what to remember of a reading that started at ``ours``, at this server, and handed these records on."""
    kept = names if server.usn is None else (name for name in names if name[0] != "membership")
    return Memory(horizon(server, ours), server.name, sketch_of(kept))


def horizon(server: Server, ours: datetime) -> Since:
    """Return from when on the next reading asks, of one that started at ``ours``.

    It rests on the server's count of changes, else on its clock where it tells its time and else on ours, never on an
    entry: one stamped in the future would hide every later change.
    """
    if server.usn is not None:
        return server.usn + 1
    return ((server.time or ours) - OVERLAP).astimezone(UTC).replace(microsecond=0)


def write_checkpoint(memory: Memory, settings: LdapSettings) -> Checkpoint:
    """Return the checkpoint's text, under 4 KiB."""
    since = memory.since
    version, told = (_BY_NUMBER, str(since)) if isinstance(since, int) else (_BY_TIME, since.strftime(_TIME))
    return f"{version} {told} {memory.server} {_scope(settings)} {memory.sketch}"


def read_checkpoint(checkpoint: Checkpoint, settings: LdapSettings) -> Memory:
    """Return what the checkpoint remembers; raises ``CheckpointLost`` when it is none of these settings."""
    try:
        parts = _Parts(*checkpoint.split(" "))
        memory = Memory(_since(parts), parts.server, Sketch.parse(parts.sketch))
    except (TypeError, ValueError):
        raise CheckpointLost(_lost()) from None
    if parts.scope != _scope(settings):
        raise CheckpointLost(_lost())
    return memory


def _since(parts: _Parts) -> Since:
    if parts.version == _BY_NUMBER and NUMBER.fullmatch(parts.since):
        return int(parts.since)
    if parts.version == _BY_TIME:
        return datetime.strptime(parts.since, _TIME).replace(tzinfo=UTC)
    raise ValueError("another version")


def check(memory: Memory, server: Server, now: Since) -> None:
    """Raise ``CheckpointLost`` when the memory is of another directory, or is after ``now``, the horizon of this
    reading."""
    if memory.server != server.name:
        raise CheckpointLost(_lost())
    if not memory.before(now):
        raise CheckpointLost(_set_back() if isinstance(memory.since, int) else _still_to_come())


def check_numbered(server: Server) -> None:
    """Raise ``CheckpointLost`` when Active Directory does not tell which of its servers answers, and what it counted to
    last."""
    if server.usn is None:
        raise CheckpointLost(
            Problem(
                "Active Directory does not tell which domain controller answers.",
                "Give bind_dn the right to read invocationId of the domain controllers' NTDS settings.",
                field="bind_dn",
            )
        )


def not_told() -> CheckpointLost:
    """Return the error of an entry that may have changed without anybody being told."""
    return CheckpointLost(
        Problem(
            "The directory does not tell of every entry when it was changed.",
            "Give bind_dn the right to read modifyTimestamp (Active Directory: uSNChanged) of every entry.",
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


def without(sketch: Sketch, names: Iterable[Name]) -> Sketch:
    """Return the sketch less these records; one that it never held is then found as new."""
    return sketch.less(_element(kind, key) for kind, key in names)


def sketch_of(names: Iterable[Name]) -> Sketch:
    """Return the sketch of these records."""
    return Sketch(_element(kind, key) for kind, key in names)


def _element(kind: str, key: str) -> bytes:
    uuids = bytes.fromhex(key.replace("-", "").replace("/", ""))
    return _MARKS[kind] + uuids.ljust(WIDTH - 1, b"\0")


def _name(element: bytes) -> Name:
    kind = KINDS[min(element[0], len(KINDS) - 1)]
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


def _still_to_come() -> Problem:
    return Problem(
        "The checkpoint is of a time that is still to come: a clock was wrong, or is.",
        "Check the clocks of the directory and of this service.",
    )


def _set_back() -> Problem:
    return Problem(
        "The domain controller counts fewer changes than it had: it was set back to an earlier state.",
        "Ask how it was restored: one that keeps its invocation id confuses the other domain controllers too.",
    )


def _lost() -> Problem:
    return Problem(
        "The checkpoint is not of this directory, or the settings have changed since.", "Read the source in full."
    )
