"""The contract between Avain and a connector: small capabilities, opaque checkpoints, a short error tree.

A connector is a class built from its settings. It has ``settings_model`` (a pydantic model, so that a settings page and
``iam source test`` can explain a wrong setting) and as many of the capabilities below as its system allows; callers ask
with ``isinstance``. One whose columns are fixed tells them in ``columns``, by kind of record. Reading is lazy and
single-pass: records come as they are read, evidence after the last one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from connectors.problem import Problem
from connectors.records import Deleted, Evidence, Record, Rejected, Sample, Whole

Item = Record | Rejected | Deleted | Whole
Checkpoint = str
"""Opaque to everyone but the connector that made it; at most 4 KiB of text."""


class Settings(BaseModel):
    """Base of every connector's settings; an unknown setting is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    secrets_go_by: ClassVar[frozenset[str] | None] = None
    """The settings that say where its secrets are sent, and how; None: any of them may. Whoever alters one on a page
    states the secrets anew."""


class Reading(Protocol):
    """One pass over a source. Iterate it to the end, then ask ``evidence`` and ``checkpoint``; close it in any case."""

    def __iter__(self) -> Iterator[Item]: ...

    @property
    def evidence(self) -> Evidence:
        """Evidence of completeness; raises ``RuntimeError`` before the last item."""

    @property
    def checkpoint(self) -> Checkpoint | None:
        """Where the next ``changes`` may continue; None where the source has no such thing."""

    def close(self) -> None:
        """Release files and connections; may be called at any time, more than once."""


@runtime_checkable
class Connector(Protocol):
    """Every connector: built from validated settings, and able to say offline whether they make sense."""

    settings_model: ClassVar[type[BaseModel]]
    kinds: ClassVar[tuple[str, ...]]
    """The record kinds it can emit, in the order in which they come."""

    def __init__(self, settings: Any) -> None: ...

    def validate(self) -> list[Problem]:
        """Check without touching the system; an empty list means the settings make sense."""


@runtime_checkable
class Testable(Protocol):
    """Can look whether the system answers, without reading its records."""

    def test(self) -> list[Problem]:
        """Touch the system: reachable, trusted, credentials accepted, header or schema as expected. Never raises a
        ``ConnectorError``: it returns them as problems."""


@runtime_checkable
class ReadsAll(Protocol):
    """Can read every record."""

    def read(self) -> Reading:
        """Start a full reading. Raises ``ConnectorError`` here or while iterating."""


@runtime_checkable
class NamesColumns(Protocol):
    """Reads a table whose columns may have any names: a setting says under which of them ours are."""

    names_setting: ClassVar[str]
    """The setting: our columns with the names that the table has for them; empty: the names are ours."""
    needed: ClassVar[tuple[str, ...]]
    """Our columns without which no row can be read."""

    @property
    def has_own_names(self) -> bool:
        """Whether the table that it is set to read has names of its own for its columns."""

    def sample(self, rows: int) -> Sample:
        """Return the table's own columns and its first rows, whatever the setting says and whatever is wrong with
        them; raises ``ConnectorError``."""


@runtime_checkable
class ComposesKey(Protocol):
    """Makes the key of a row of several of its columns, where none is its number."""

    key: ClassVar[str]
    """Our column that is the key, where there is one."""
    key_setting: ClassVar[str]
    """The setting: our columns that make it; empty: none do."""
    key_parts: ClassVar[tuple[str, ...]]
    """Our columns of which it may be made."""


@runtime_checkable
class ReadsDays(Protocol):
    """Can be told how days are written, where one text could be two days."""

    days_setting: ClassVar[str]
    """The setting: one of the forms of ``connectors.tables.day_forms``; without it they are found out."""


@runtime_checkable
class ReadsAfter(Protocol):
    """Can read every record, and tell an input that is older than the one it read last, or of which a part is missing
    that came then."""

    def read_after(self, checkpoint: Checkpoint) -> Reading:
        """Start a full reading as ``ReadsAll.read`` does. Raises ``Retryable``, here or before the first item, when
        what is there is older or less than what gave ``checkpoint``; one that is not its own tells it nothing."""


@runtime_checkable
class ReadsChanges(Protocol):
    """Can read what changed since a checkpoint, deletions included."""

    def changes(self, checkpoint: Checkpoint) -> Reading:
        """Start a reading from ``checkpoint``. Raises ``CheckpointLost``, here or before the first item, when only a
        full reading helps: the run then reads in full by itself."""


@runtime_checkable
class Authenticates(Protocol):
    """Can tell whether a login and a password belong together (a bind)."""

    def authenticate(self, login: str, password: str) -> str | None:
        """Return the record key of the person, or None when refused; raises ``ConnectorError`` when it cannot be told.

        An empty password is refused before anything is sent (RFC 4513 section 5.1.2)."""


@runtime_checkable
class ReadsClaims(Protocol):
    """Listens to what an OpenID provider tells of a person when they sign in by it; reads nothing by itself."""

    connection: str
    """The key of the connection whose sign-ins it listens to."""
    lasts: timedelta
    """How long what was told is believed."""
    known: frozenset[str]
    """The keys of the groups it can tell, local ones of the source's owner."""

    def groups(self, claims: Mapping[str, Any]) -> frozenset[str] | None:
        """Return the groups, among ``known``, that these claims put the person in; None when they say nothing of it."""


class ConnectorError(Exception):
    """Something the operator must know; carries a ``Problem`` and never a secret or a personal value."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Retryable(ConnectorError):
    """Trying again later may help; nothing is wrong with the settings or the data."""


class Unreachable(Retryable):
    """The system did not answer, or the connection broke."""


class TimedOut(Retryable):
    """The system answered too slowly: a hard deadline passed."""


class Permanent(ConnectorError):
    """Trying again the same way will not help."""


class Untrusted(Permanent):
    """The system could not prove who it is (certificate); nothing was sent to it."""


class Refused(Permanent):
    """The system refused our credentials or our request."""


class Malformed(Permanent):
    """The input as a whole cannot be read: header, encoding, manifest, truncation."""


class CheckpointLost(Permanent):
    """Changes cannot be told from this checkpoint any more; a full reading can."""
