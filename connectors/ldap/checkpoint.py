"""The checkpoint of a directory: when it was read, with which settings, and a sketch of everything it held."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from uuid import UUID

from connectors.contract import Checkpoint, CheckpointLost
from connectors.ldap.settings import LdapSettings
from connectors.ldap.sketch import WIDTH, Sketch
from connectors.problem import Problem

OVERLAP = timedelta(minutes=5)
"""How far back changes are asked for again: replicas lag, and one second may hold a change before and after a reading."""

_TIME = "%Y%m%d%H%M%SZ"
_TIME_ASKED = "%Y%m%d%H%M%S.0Z"
_GENERALIZED_TIME = re.compile(rb"([0-9]{14})(?:[.,][0-9]+)?Z")
_KINDS = ("person", "group", "membership")
Name = tuple[str, str]
"""Kind and key of a record."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a checkpoint remembers: the latest time of a change seen, and a sketch of all records."""

    latest: datetime
    sketch: Sketch

    @property
    def horizon(self) -> datetime:
        """From when on changes are asked for."""
        return self.latest - OVERLAP

    def since(self) -> str:
        """Return ``horizon`` as LDAP writes a time (RFC 4517 section 3.3.13)."""
        return self.horizon.strftime(_TIME_ASKED)


def write_checkpoint(memory: Memory, settings: LdapSettings) -> Checkpoint:
    """Return the checkpoint's text, under 4 KiB."""
    return f"1 {memory.latest.strftime(_TIME)} {_scope(settings)} {memory.sketch}"


def read_checkpoint(checkpoint: Checkpoint, settings: LdapSettings) -> Memory:
    """Return what the checkpoint remembers; raises ``CheckpointLost`` when it is none of these settings."""
    try:
        version, latest, scope, sketch = checkpoint.split(" ")
        memory = Memory(datetime.strptime(latest, _TIME).replace(tzinfo=UTC), Sketch.parse(sketch))
        memory.since()
    except (ValueError, OverflowError):
        raise CheckpointLost(_lost()) from None
    if version != "1" or scope != _scope(settings):
        raise CheckpointLost(_lost())
    return memory


def too_much_changed() -> CheckpointLost:
    """Return the error of more differences than a sketch can tell."""
    return CheckpointLost(
        Problem("More is gone from the directory, or new, than a checkpoint can tell.", "Read the source in full.")
    )


def sketch_of(names: Iterable[Name]) -> Sketch:
    """Return the sketch of these records."""
    return Sketch(_element(kind, key) for kind, key in names)


def gone(before: Sketch, now: Sketch) -> list[Name]:
    """Return the records of ``before`` that ``now`` lacks, in the order of kinds; raises ``CheckpointLost`` for too many."""
    elements = before.gone(now)
    if elements is None:
        raise too_much_changed()
    return [_name(element) for element in sorted(elements)]


def modified(value: bytes) -> datetime | None:
    """Return the time that a modifyTimestamp says (RFC 4517 section 3.3.13), without fractions; None for another form."""
    match = _GENERALIZED_TIME.fullmatch(value)
    if match is None:
        return None
    try:
        return datetime.strptime(match[1].decode("ascii"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _element(kind: str, key: str) -> bytes:
    uuids = b"".join(UUID(part).bytes for part in key.split("/"))
    return bytes([_KINDS.index(kind)]) + uuids.ljust(WIDTH - 1, b"\0")


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
        *settings.person_attributes,
    )
    return blake2b("\x1f".join(parts).encode(), digest_size=8).hexdigest()


def _lost() -> Problem:
    return Problem(
        "The checkpoint is not of this directory, or the settings have changed since.", "Read the source in full."
    )
