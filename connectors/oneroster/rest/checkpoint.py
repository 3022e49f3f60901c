"""The checkpoint of a OneRoster server: from when on to ask, when everything was read, and which deletions were
told."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

from connectors.contract import Checkpoint, CheckpointLost
from connectors.oneroster.rest.settings import OneRosterRestSettings
from connectors.problem import Problem

OVERLAP = timedelta(minutes=10)
"""How far before the start of a reading the next one begins: clocks differ. What comes twice is the same twice."""
MOST_TOLD = 400
"""Deletions that are remembered; one that is not is told again, which does no harm."""
_VERSION = "1"
_TIME = "%Y%m%d%H%M%SZ"


class _Words(NamedTuple):
    """The words of a checkpoint's text, in their order."""

    version: str
    since: str
    full: str
    scope: str
    told: str


Names = Mapping[tuple[str, str], str]
"""Kind and key of what is gone, and when it was marked."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """``since`` is from when on changes are asked for, ``full`` when everything was read, ``told`` which deletions were
    told."""

    since: datetime
    full: datetime
    told: frozenset[str] = field(default_factory=frozenset)

    def condition(self) -> str:
        """Return the filter that asks for what changed."""
        return f"dateLastModified>'{_as_told(self.since)}'"

    def was_told(self, kind: str, key: str, marked: str) -> bool:
        """Whether this deletion was told before."""
        return _mark(kind, key, marked) in self.told


def horizon(begun: datetime) -> datetime:
    """Return from when on the next reading asks, of one that started at ``begun`` by our own clock: an object that is
    stamped in the future would hide every later change."""
    return (begun - OVERLAP).astimezone(UTC).replace(microsecond=0)


def write_checkpoint(since: datetime, full: datetime, gone: Names, settings: OneRosterRestSettings) -> Checkpoint:
    """Return the checkpoint's text, under 4 KiB; of ``gone`` those are remembered that the next reading sees again."""
    again = (name for name, marked in gone.items() if name[0] == "org" or not marked or marked >= _as_told(since))
    told = "".join(_mark(kind, key, gone[kind, key]) for kind, key in _some(again))
    return f"{_VERSION} {since.strftime(_TIME)} {full.strftime(_TIME)} {_scope(settings)} {told or '-'}"


def read_checkpoint(checkpoint: Checkpoint, settings: OneRosterRestSettings, now: datetime) -> Remembered:
    """Return what the checkpoint remembers; raises ``CheckpointLost`` when it is none of these settings, of a time to
    come, or everything is to be read anew."""
    try:
        words = _Words(*checkpoint.split(" "))
        marks = "" if words.told == "-" else words.told
        memory = Remembered(
            _parsed(words.since), _parsed(words.full), frozenset(marks[n : n + 8] for n in range(0, len(marks), 8))
        )
    except (TypeError, ValueError):
        raise CheckpointLost(_foreign()) from None
    if words.version != _VERSION or words.scope != _scope(settings):
        raise CheckpointLost(_foreign())
    if memory.since > now:
        raise CheckpointLost(
            Problem(
                "The checkpoint is of a time that is still to come: a clock was wrong, or is.",
                "Check the clock of this service.",
            )
        )
    if now - memory.full >= timedelta(days=settings.full_every_days):
        raise CheckpointLost(
            Problem("It is time to read everything again (full_every_days).", "Read the source in full.")
        )
    return memory


def filter_refused() -> CheckpointLost:
    """Return the error of a server that does not tell what changed."""
    return CheckpointLost(
        Problem(
            "The server does not tell what changed: it refuses a filter by dateLastModified.",
            "Ask its keeper for it, or set full_every_days to 0.",
            field="full_every_days",
        )
    )


def _parsed(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def _as_told(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _some(names: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(names)[:MOST_TOLD]


def _mark(kind: str, key: str, marked: str) -> str:
    content = f"{kind}\x1f{key}\x1f{marked}".encode("utf-8", "surrogatepass")
    return base64.urlsafe_b64encode(blake2b(content, digest_size=6).digest()).decode()


def _scope(settings: OneRosterRestSettings) -> str:
    content = f"{settings.url}\x1f{settings.client_id}".encode()
    return blake2b(content, digest_size=8).hexdigest()


def _foreign() -> Problem:
    return Problem(
        "The checkpoint is not of this server, or the settings have changed since.", "Read the source in full."
    )
